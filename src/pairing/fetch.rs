//! A fetch as a recording shows it.

use bitcode::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::cors::{CredentialsMode, Origin, RequestMode};
use crate::exchange::{Capture, Exchange};
use crate::fact::Fact;

/// What a page asked for: its redirect hops, each with an actual exchange and perhaps a preflight.
#[derive(Clone, Debug, Serialize, Deserialize, Encode, Decode)]
pub struct Fetch {
    /// The hops, in order; at least one.
    pub hops: Vec<Hop>,
    /// Origin of the page or worker that asked.
    pub initiator_origin: Fact<Origin>,
    /// Request mode.
    pub mode: Fact<RequestMode>,
    /// Credentials mode.
    pub credentials: Fact<CredentialsMode>,
}

/// One URL of a fetch's URL list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct Hop {
    /// Index of the actual exchange in its [`Capture`]; `None` when only its preflight was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<u32>,
    /// The hop's preflight.
    pub preflight: PreflightLink,
    /// Index of the earlier exchange of the URL whose stored response stands behind this one: refreshed by a 304, or
    /// given by the HTTP cache to a request that was recorded without any response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<u32>,
}

/// What a recording tells of a hop's preflight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
pub enum PreflightLink {
    /// None was recorded.
    None,
    /// The exchange of this index.
    Recorded(u32),
    /// An earlier one, of this index, whose answer the preflight cache still held.
    Cached(u32),
}

impl PreflightLink {
    /// Index of the exchange, recorded or cached.
    #[must_use]
    pub fn exchange(self) -> Option<u32> {
        match self {
            Self::None => None,
            Self::Recorded(index) | Self::Cached(index) => Some(index),
        }
    }
}

impl Fetch {
    /// The exchanges of this fetch, preflights before the request they serve, hop by hop.
    pub fn exchanges<'c>(&'c self, capture: &'c Capture) -> impl Iterator<Item = &'c Exchange> {
        self.hops
            .iter()
            .flat_map(|hop| [hop.preflight.exchange(), hop.exchange])
            .flatten()
            .filter_map(|index| capture.exchanges.get(index as usize))
    }

    /// The exchange that stands for a hop: the actual one, or its preflight where nothing else was recorded.
    #[must_use]
    pub fn hop_exchange<'c>(&self, capture: &'c Capture, hop: usize) -> Option<&'c Exchange> {
        let hop = self.hops.get(hop)?;
        capture
            .exchanges
            .get(hop.exchange.or(hop.preflight.exchange())? as usize)
    }

    /// The exchange of the first hop.
    #[must_use]
    pub fn first<'c>(&self, capture: &'c Capture) -> Option<&'c Exchange> {
        self.hop_exchange(capture, 0)
    }

    /// The exchange of the last hop.
    #[must_use]
    pub fn last<'c>(&self, capture: &'c Capture) -> Option<&'c Exchange> {
        self.hop_exchange(capture, self.hops.len().checked_sub(1)?)
    }
}

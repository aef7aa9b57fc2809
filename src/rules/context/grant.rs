//! What servers granted: by server, endpoint and origin that asked.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::endpoint_key::EndpointKey;
use crate::cors::Origin;
use crate::exchange::Time;
use crate::facts::{is_ip_host, is_shared_hosting_tenant, site_host};
use crate::few::Few;
use crate::finding::Sample;

/// What was seen of one server.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// Answers to cross-origin requests, by endpoint.
    pub endpoints: BTreeMap<EndpointKey, Endpoint>,
    /// A page of this origin was opened in a tab.
    pub is_document: bool,
    /// Answers whose body was known, preflights and blocked ones excluded.
    pub answers: u64,
    /// Those among them that are a beacon's receipt.
    pub receipts: u64,
    /// Answers with any grant at all.
    pub opted_in: u64,
}

/// What was seen of one endpoint.
#[derive(Clone, Debug, Default)]
pub struct Endpoint {
    /// By the origin that asked.
    pub origins: Few<Origin, Box<Grant>>,
    // How widely it grants, judged once for all fetches that ask.
    pub(super) reflection: OnceLock<Option<Reflection>>,
}

/// How an endpoint answered one origin.
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// Named the origin, with ok status.
    pub echoed: u64,
    /// `*`.
    pub star: u64,
    /// Named another origin.
    pub denied: u64,
    /// No grant, with ok status.
    pub absent: u64,
    /// Named the origin and allowed credentials, with ok status.
    pub credentialed: u64,
    /// Reads of these that carried the user's credentials.
    pub authenticated: u64,
    /// Answers that anyone may have.
    pub public: u64,
    /// The earliest.
    pub first: Option<Time>,
    /// The latest.
    pub last: Option<Time>,
    /// The first place in the recordings, by file name.
    pub place: Option<Sample>,
}

/// How widely an endpoint grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reflection {
    /// Mutually unrelated sites that were granted.
    pub sites: usize,
    /// An origin was granted that no allow-list holds.
    pub implausible: bool,
}

impl Reflection {
    /// Whether the grants leave no other explanation.
    #[must_use]
    pub fn is_proven(self) -> bool {
        self.implausible || self.sites >= 3
    }
}

impl Endpoint {
    /// Whether any origin was refused: the endpoint consults a list.
    #[must_use]
    pub fn refused_any(&self) -> bool {
        self.origins
            .values()
            .any(|grant| grant.denied > 0 || (grant.absent > 0 && grant.echoed == 0))
    }
}

impl Target {
    pub(super) fn merge(&mut self, other: Self) {
        self.is_document |= other.is_document;
        self.answers += other.answers;
        self.receipts += other.receipts;
        self.opted_in += other.opted_in;
        for (key, endpoint) in other.endpoints {
            let known = self.endpoints.entry(key).or_default();
            known.reflection.take();
            for (origin, grant) in endpoint.origins {
                known.origins.or_default(origin).merge(*grant);
            }
        }
    }
}

impl Grant {
    pub(super) fn note(&mut self, first: Option<Time>, last: Option<Time>, place: Option<Sample>) {
        self.first = [self.first, first].into_iter().flatten().min();
        self.last = self.last.max(last);
        self.place = [self.place.take(), place].into_iter().flatten().min();
    }

    /// Adds what another part saw of the same endpoint and origin.
    pub fn merge(&mut self, other: Self) {
        self.echoed += other.echoed;
        self.star += other.star;
        self.denied += other.denied;
        self.absent += other.absent;
        self.credentialed += other.credentialed;
        self.authenticated += other.authenticated;
        self.public += other.public;
        self.note(other.first, other.last, other.place);
    }
}

/// An origin that no allow-list of a real server names.
pub(crate) fn is_implausible(origin: &Origin, target: &Origin, target_is_public: bool) -> bool {
    let (Some(scheme), Some(host)) = (origin.scheme(), origin.host()) else {
        return true;
    };
    if scheme == "moz-extension" {
        return true;
    }
    let local = is_ip_host(host) || host == "localhost" || host.ends_with(".localhost");
    let own = target.host().map_or("", site_host);
    (target_is_public && local && origin.port().is_some())
        || (is_shared_hosting_tenant(host) && site_host(host) != own)
}

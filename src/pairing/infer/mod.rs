//! Inputs of the procedure that recordings only imply: the evidence ladders of `verdict.md`, section 7.
//!
//! Each ladder takes the first rung that exists; each fact carries its rung and how sure it is.

mod author_headers;
mod cookie_jar;
mod credentials;
mod mode;
mod origin;
mod recording;

pub use author_headers::{AuthorHeaders, author_headers};
pub(super) use credentials::credentials;
pub(super) use mode::mode;
pub(super) use origin::initiator_origin;
pub(crate) use recording::Whole;

use crate::exchange::{Capture, Exchange};

/// One hop as the ladders see it: the actual exchange, if recorded, and its preflight.
#[derive(Clone, Copy)]
pub(super) struct ObservedHop<'c> {
    /// The actual exchange.
    pub(super) actual: Option<&'c Exchange>,
    /// The recorded preflight; never a cached one.
    pub(super) preflight: Option<&'c Exchange>,
}

impl<'c> ObservedHop<'c> {
    /// The actual exchange, or the preflight where nothing else was recorded.
    pub(super) fn any(&self) -> &'c Exchange {
        match (self.actual, self.preflight) {
            (Some(exchange), _) | (None, Some(exchange)) => exchange,
            (None, None) => unreachable!("pairing builds no hop without an exchange"),
        }
    }
}

/// The page URL that an entry refers to.
pub(super) fn page_url<'c>(
    capture: &'c Capture,
    exchange: &Exchange,
) -> Option<&'c crate::url::Url> {
    capture
        .pages
        .get(exchange.hints.page? as usize)?
        .url
        .as_ref()
}

/// `Sec-Fetch-Site`.
pub(super) fn sec_fetch_site(exchange: &Exchange) -> Option<&str> {
    exchange.request.headers.first("sec-fetch-site")
}

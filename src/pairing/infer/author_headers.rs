//! Which request headers the page itself set.

use crate::cors::Engine;
use crate::exchange::Exchange;
use crate::fact::{Basis, Confidence};

/// The CORS-unsafe request-header names of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorHeaders {
    /// Lower case, sorted, without duplicates.
    pub unsafe_names: Vec<String>,
    /// [`Basis::PairedPreflight`] (the browser's own computation) or [`Basis::None`] (computed from the header lines).
    pub basis: Basis,
    /// How sure.
    pub confidence: Confidence,
}

/// Names that browsers, caches and DevTools add below the API. A page may set some of them too; a preflight tells.
const USUALLY_ADDED: &[&str] = &[
    "accept",
    "accept-language",
    "alt-used",
    "available-dictionary",
    "cache-control",
    "device-memory",
    "dictionary-id",
    "downlink",
    "dpr",
    "ect",
    "idempotency-key",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-event-id",
    "pragma",
    "priority",
    "purpose",
    "range",
    "rtt",
    "save-data",
    "service-worker",
    "service-worker-navigation-preload",
    "upgrade-insecure-requests",
    "user-agent",
    "viewport-width",
    "width",
    "x-client-data",
];

/// The CORS-unsafe names of a request: its preflight's own list, else all names without those that scripts cannot set
/// and those that browsers usually add.
#[must_use]
pub fn author_headers(exchange: &Exchange, preflight: Option<&Exchange>) -> AuthorHeaders {
    if let Some(preflight) = preflight {
        let list = preflight
            .request
            .headers
            .get("access-control-request-headers")
            .unwrap_or_default();
        let mut unsafe_names: Vec<String> = list
            .split(|byte| *byte == b',')
            .map(|name| String::from_utf8_lossy(crate::header::trim(name)).to_ascii_lowercase())
            .filter(|name| !name.is_empty())
            .collect();
        unsafe_names.sort_unstable();
        unsafe_names.dedup();
        return AuthorHeaders {
            unsafe_names,
            basis: Basis::PairedPreflight,
            confidence: Confidence::Certain,
        };
    }
    let mut unsafe_names: Vec<String> = exchange
        .request
        .headers
        .iter()
        .filter_map(|(name, value)| {
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            let added = name.starts_with(':')
                || crate::cors::is_forbidden(name.as_bytes(), value)
                || USUALLY_ADDED.contains(&name.as_str())
                || (name == "content-type"
                    && crate::cors::is_safelisted(b"content-type", value, Engine::Standard))
                || (name == "authorization" && is_browser_authorization(value));
            (!added).then_some(name)
        })
        .collect();
    unsafe_names.sort_unstable();
    unsafe_names.dedup();
    AuthorHeaders {
        unsafe_names,
        basis: Basis::None,
        confidence: Confidence::Medium,
    }
}

/// Schemes that browsers answer by themselves after a challenge; scripts hardly set them.
pub(super) fn is_browser_authorization(value: &[u8]) -> bool {
    let scheme = value.split(|byte| *byte == b' ').next().unwrap_or_default();
    ["basic", "digest", "negotiate", "ntlm"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known.as_bytes()))
}

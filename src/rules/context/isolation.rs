//! Documents that ask for cross-origin isolation (HTML Standard, section 7.1) and do not get it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::btree_map::Entry;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::exposure::{keep, key, place};
use super::is_top_level_document;
use crate::cors::Origin;
use crate::exchange::{Capture, Exchange, Response};
use crate::finding::Sample;

type Key = (Origin, Box<str>, IsolationDefect);

/// Such documents, by server, endpoint and defect.
#[derive(Clone, Debug, Default)]
pub(crate) struct Isolations {
    documents: BTreeMap<Key, Isolation>,
}

/// What keeps a document from being cross-origin isolated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum IsolationDefect {
    /// An embedder policy without `Cross-Origin-Opener-Policy: same-origin`.
    NoOpenerPolicy,
    /// `Cross-Origin-Opener-Policy: same-origin` and an embedder policy that only reports.
    ReportOnly,
    /// The embedder policy is not a known value.
    InvalidEmbedderPolicy,
    /// The opener policy is not a known value.
    InvalidOpenerPolicy,
}

/// A document that is not isolated, and what would fail if it were.
#[derive(Clone, Debug)]
pub(crate) struct Isolation {
    /// Where.
    pub(crate) place: Sample,
    /// How often.
    pub(crate) times: u64,
    /// `Cross-Origin-Opener-Policy`, raw; the least of those seen.
    pub(crate) opener: Vec<u8>,
    /// `Cross-Origin-Embedder-Policy`, or its reporting sister, raw; the least of those seen.
    pub(crate) embedder: Vec<u8>,
    /// Origins of subresources that `require-corp` refuses; the least few.
    pub(crate) refused: BTreeSet<Origin>,
}

/// Servers of opaque loads that say nothing of Cross-Origin-Resource-Policy, by the page or the origin that loaded them;
/// the least few of each.
#[derive(Debug, Default)]
pub(crate) struct OpaqueLoads {
    by_page: FxHashMap<u32, BTreeSet<Origin>>,
    by_referer: FxHashMap<Origin, BTreeSet<Origin>>,
}

/// The opaque loads of a recording, gathered when a document first asks for them: few recordings hold one that does.
pub(crate) type LazyLoads<'r> = LazyLock<OpaqueLoads, Box<dyn FnOnce() -> OpaqueLoads + Send + 'r>>;

impl Isolations {
    pub(super) fn observe_exchanges(
        &mut self,
        capture: &Capture,
        exchanges: &[Exchange],
        loads: &LazyLoads<'_>,
    ) {
        for exchange in exchanges {
            if let Some(response) = exchange.response()
                && response.is_ok_status()
                && is_top_level_document(exchange)
            {
                self.note(capture, exchange, response, loads);
            }
        }
    }

    fn note(
        &mut self,
        capture: &Capture,
        document: &Exchange,
        response: &Response,
        loads: &LazyLoads<'_>,
    ) {
        const OPENER: &str = "cross-origin-opener-policy";
        const EMBEDDER: &str = "cross-origin-embedder-policy";
        let headers = &response.headers;
        let reporting = headers.get("cross-origin-embedder-policy-report-only");
        let (opener, embedder) = (headers.get(OPENER), headers.get(EMBEDDER));
        let opener_token = opener.as_deref().map(token);
        let embedder_token = embedder.as_deref().map(token);
        let isolates =
            |token: Option<&[u8]>| matches!(token, Some(b"require-corp") | Some(b"credentialless"));
        let invalid_embedder =
            embedder_token.is_some_and(|token| !isolates(Some(token)) && token != b"unsafe-none");
        let invalid_opener = opener_token.is_some_and(|token| {
            !matches!(
                token,
                b"same-origin"
                    | b"same-origin-allow-popups"
                    | b"noopener-allow-popups"
                    | b"unsafe-none"
            )
        });
        let only_reports = embedder.is_none() && isolates(reporting.as_deref().map(token));
        let defect = if invalid_embedder {
            IsolationDefect::InvalidEmbedderPolicy
        } else if invalid_opener {
            IsolationDefect::InvalidOpenerPolicy
        } else if isolates(embedder_token) && opener_token != Some(b"same-origin") {
            IsolationDefect::NoOpenerPolicy
        } else if only_reports && opener_token == Some(b"same-origin") {
            IsolationDefect::ReportOnly
        } else {
            return;
        };
        let demanded = embedder.or(reporting).unwrap_or_default();
        let refused = if token(&demanded) == b"require-corp" {
            loads.of_document(document)
        } else {
            BTreeSet::new()
        };
        let isolation = Isolation {
            place: place(capture, document),
            times: 1,
            opener: opener.unwrap_or_default().into_owned(),
            embedder: demanded.into_owned(),
            refused,
        };
        let (origin, template) = key(document);
        self.insert((origin, template, defect), isolation);
    }

    fn insert(&mut self, key: Key, isolation: Isolation) {
        match self.documents.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(isolation);
            }
            Entry::Occupied(mut entry) => entry.get_mut().merge(isolation),
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (key, isolation) in other.documents {
            self.insert(key, isolation);
        }
    }

    /// The documents, in order.
    pub(crate) fn iter(
        &self,
    ) -> impl Iterator<Item = (&Origin, &str, IsolationDefect, &Isolation)> {
        self.documents
            .iter()
            .map(|((origin, path, defect), isolation)| (origin, &**path, *defect, isolation))
    }
}

impl Isolation {
    fn merge(&mut self, other: Self) {
        if other.place < self.place {
            self.place = other.place;
        }
        self.times += other.times;
        if other.opener < self.opener {
            self.opener = other.opener;
        }
        if other.embedder < self.embedder {
            self.embedder = other.embedder;
        }
        for origin in other.refused {
            keep(&mut self.refused, origin);
        }
    }
}

impl OpaqueLoads {
    /// Takes in exchanges of the recording.
    pub(crate) fn observe(&mut self, exchanges: &[Exchange]) {
        for exchange in exchanges {
            let headers = &exchange.request.headers;
            let silent = exchange
                .response()
                .is_some_and(|response| !response.headers.contains("cross-origin-resource-policy"));
            if headers.first("sec-fetch-mode") != Some("no-cors") || !silent {
                continue;
            }
            let origin = exchange.request.url.origin();
            if let Some(page) = exchange.hints.page {
                keep(self.by_page.entry(page).or_default(), origin.clone());
            }
            // Readers leave the origin and a slash of it.
            if let Some(page) = headers
                .first("referer")
                .and_then(|referer| Origin::parse(referer.trim_end_matches('/').as_bytes()))
            {
                keep(self.by_referer.entry(page).or_default(), origin.clone());
            }
        }
    }

    /// Those of a document that are not of its own origin.
    fn of_document(&self, document: &Exchange) -> BTreeSet<Origin> {
        let own = document.request.url.origin();
        let loads = match document.hints.page {
            Some(page) => self.by_page.get(&page),
            None => self.by_referer.get(own),
        };
        loads
            .into_iter()
            .flatten()
            .filter(|origin| !origin.is_same_origin(own))
            .cloned()
            .collect()
    }
}

/// The token of a structured item: what stands before its parameters.
fn token(value: &[u8]) -> &[u8] {
    let end = memchr::memchr(b';', value).unwrap_or(value.len());
    crate::header::trim(&value[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        for (value, expected) in [
            ("require-corp", "require-corp"),
            (" require-corp ; report-to=\"x\"", "require-corp"),
            ("require-corp, require-corp", "require-corp, require-corp"),
            ("", ""),
        ] {
            assert_eq!(token(value.as_bytes()), expected.as_bytes(), "{value}");
        }
    }
}

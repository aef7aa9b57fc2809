//! What a whole recording tells a single verdict.

use rustc_hash::FxHashSet;

use super::outcome::{RecordedOutcome, recorded_outcome};
use crate::cors::{Code, Origin, RequestMode};
use crate::exchange::{Capture, Exchange, Method, Recorder};
use crate::pairing::origin_header;

/// Facts of one recording, gathered once.
#[derive(Debug, Default)]
pub struct Session {
    /// Initiator and target origins between which a request was refused by Local Network Access checks. Permission
    /// belongs to the initiator's origin, and where the target's address lies does not change within a session, so
    /// other requests between them that failed without traffic failed for the same reason.
    local_network_refusals: FxHashSet<(Origin, Origin)>,
    /// Firefox measures the bodies that elements received, and one at least was received.
    measures_element_bodies: bool,
}

impl Session {
    /// Gathers the facts of a recording.
    #[must_use]
    pub fn new(capture: &Capture) -> Self {
        let mut session = Self::default();
        session.observe(capture, &capture.exchanges);
        session
    }

    /// Gathers facts of exchanges, which stand in a recording of `capture`'s kind.
    pub(crate) fn observe(&mut self, capture: &Capture, exchanges: &[Exchange]) {
        self.measures_element_bodies |= capture.recorder == Recorder::Firefox
            && exchanges.iter().any(|exchange| {
                is_element_load(exchange)
                    && exchange
                        .response()
                        .is_some_and(|response| response.body_size.unwrap_or(0) > 0)
            });
        for exchange in exchanges
            .iter()
            .filter(|exchange| exchange.hints.error.is_some())
        {
            let refused = recorded_outcome(capture.recorder, exchange)
                == RecordedOutcome::OtherReason(Code::LnaPermissionDenied);
            if refused && let Some(origin) = origin_header(exchange) {
                self.local_network_refusals
                    .insert((origin, exchange.request.url.origin().clone()));
            }
        }
    }

    /// Joins what another part of the recording told.
    pub(crate) fn merge(&mut self, other: Self) {
        self.local_network_refusals
            .extend(other.local_network_refusals);
        self.measures_element_bodies |= other.measures_element_bodies;
    }

    /// Whether the browser withheld a response that it had received from an element: Firefox's recorder measures what
    /// the element got (`content.size`), which is nothing, although the response announces a body. Seen on recorded runs
    /// wherever Opaque Response Blocking refused a body for what it holds.
    pub(super) fn is_withheld(&self, exchange: &Exchange) -> bool {
        self.measures_element_bodies
            && exchange.request.method == Method::Get
            && is_element_load(exchange)
            && exchange.response().is_some_and(|response| {
                matches!(response.status, 200 | 203 | 206)
                    && response.body_size == Some(0)
                    && response
                        .headers
                        .first("content-length")
                        .and_then(|length| length.parse::<u64>().ok())
                        .is_some_and(|length| length > 0)
            })
    }

    pub(super) fn refused_local_network(&self, initiator: &Origin, target: &Origin) -> bool {
        !self.local_network_refusals.is_empty()
            && self
                .local_network_refusals
                .contains(&(initiator.clone(), target.clone()))
    }
}

/// Whether an element loads the response without CORS.
fn is_element_load(exchange: &Exchange) -> bool {
    exchange.sec_fetch_mode() == Some(RequestMode::NoCors)
        && matches!(
            exchange.request.headers.first("sec-fetch-dest"),
            Some("audio" | "image" | "script" | "style" | "track" | "video")
        )
}

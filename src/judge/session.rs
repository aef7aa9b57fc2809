//! What a whole recording tells a single verdict.

use rustc_hash::FxHashSet;

use super::outcome::{RecordedOutcome, recorded_outcome};
use crate::cors::{Code, Origin};
use crate::exchange::Capture;
use crate::pairing::origin_header;

/// Facts of one recording, gathered once.
#[derive(Debug, Default)]
pub struct Session {
    /// Initiator and target origins between which a request was refused by Local Network Access checks. Permission
    /// belongs to the initiator's origin, and where the target's address lies does not change within a session, so
    /// other requests between them that failed without traffic failed for the same reason.
    local_network_refusals: FxHashSet<(Origin, Origin)>,
}

impl Session {
    /// Gathers the facts of a recording.
    #[must_use]
    pub fn new(capture: &Capture) -> Self {
        let mut session = Self::default();
        for exchange in capture
            .exchanges
            .iter()
            .filter(|exchange| exchange.hints.error.is_some())
        {
            let refused = recorded_outcome(capture.recorder, exchange)
                == RecordedOutcome::OtherReason(Code::LnaPermissionDenied);
            if refused && let Some(origin) = origin_header(exchange) {
                session
                    .local_network_refusals
                    .insert((origin, exchange.request.url.origin().clone()));
            }
        }
        session
    }

    pub(super) fn refused_local_network(&self, initiator: &Origin, target: &Origin) -> bool {
        !self.local_network_refusals.is_empty()
            && self
                .local_network_refusals
                .contains(&(initiator.clone(), target.clone()))
    }
}

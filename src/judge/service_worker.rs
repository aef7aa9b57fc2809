//! What a page made of a service worker's answer.

use super::outcome::{RecordedOutcome, recorded_outcome};
use crate::cors::{Class, Code, Phase, RequestMode, Verdict, Warnings};
use crate::exchange::Capture;
use crate::fact::Confidence;
use crate::pairing::Fetch;

/// The verdict of a page's request whose worker fetched with the given verdict. `None`: the worker's own fetch tells
/// all there is.
///
/// A worker that answers a cors request with an opaque response makes it fail (Fetch, HTTP fetch, step 5.5).
#[must_use]
pub fn judge_worker_answer(capture: &Capture, page: &Fetch, of_worker: Verdict) -> Option<Verdict> {
    let exchange = page.first(capture)?;
    let failed = matches!(
        recorded_outcome(capture.recorder, exchange),
        RecordedOutcome::Failed | RecordedOutcome::Refused
    );
    let refused =
        failed && of_worker.class() == Class::Opaque && page.mode.value == Some(RequestMode::Cors);
    refused.then(|| Verdict {
        code: Code::SwOpaqueForCors,
        confidence: Confidence::Medium,
        phase: Phase::Actual,
        hop: 0,
        engine: of_worker.engine,
        warnings: Warnings::default(),
    })
}

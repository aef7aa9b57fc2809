//! What the recorder itself says of an outcome. It never overrides the computation silently; it decides between
//! possibilities that the headers leave open, and it raises or lowers confidence.

use crate::cors::Code;
use crate::exchange::{Exchange, Outcome, Recorder};

/// The recorder's word on one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordedOutcome {
    /// The page got the response.
    Delivered,
    /// A response arrived and the browser refused it (`net::ERR_FAILED` beside a status).
    Refused,
    /// A reason that is none of CORS: the code that names it.
    OtherReason(Code),
    /// The load ended without a response, and the recorder gives a general reason only (`net::ERR_FAILED`).
    Failed,
    /// The page or the browser gave up (`net::ERR_ABORTED`); normal for responses nobody reads.
    Aborted,
    /// The recorder says nothing.
    Silent,
}

/// Reads the recorder's word on an exchange.
pub(super) fn recorded_outcome(recorder: Recorder, exchange: &Exchange) -> RecordedOutcome {
    if let Some(error) = exchange.hints.error.as_deref() {
        return match error.trim().trim_start_matches("net::") {
            "ERR_FAILED" => match exchange.outcome {
                Outcome::Response(_) => RecordedOutcome::Refused,
                Outcome::NoResponse | Outcome::NotRecorded => RecordedOutcome::Failed,
            },
            "ERR_ABORTED" | "NS_BINDING_ABORTED" | "ERR_CACHE_MISS" => RecordedOutcome::Aborted,
            "mixed-content" => RecordedOutcome::OtherReason(Code::MixedContent),
            "csp" | "ERR_BLOCKED_BY_CSP" => RecordedOutcome::OtherReason(Code::Csp),
            "ERR_BLOCKED_BY_ORB" => RecordedOutcome::OtherReason(Code::OrbBlocked),
            "ERR_BLOCKED_BY_RESPONSE.NotSameOrigin" => {
                RecordedOutcome::OtherReason(Code::CorpSameOrigin)
            }
            "ERR_BLOCKED_BY_RESPONSE.NotSameSite" => {
                RecordedOutcome::OtherReason(Code::CorpSameSite)
            }
            "ERR_BLOCKED_BY_RESPONSE.NotSameOriginAfterDefaultedToSameOriginByCoep" => {
                RecordedOutcome::OtherReason(Code::CorpCoep)
            }
            "ERR_UNSAFE_REDIRECT" | "ERR_INVALID_REDIRECT" => {
                RecordedOutcome::OtherReason(Code::RedirectBadScheme)
            }
            "ERR_TOO_MANY_REDIRECTS" => RecordedOutcome::OtherReason(Code::RedirectLimit),
            "ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS"
            | "ERR_BLOCKED_BY_PRIVATE_NETWORK_ACCESS_CHECKS" => {
                RecordedOutcome::OtherReason(Code::LnaPermissionDenied)
            }
            text if text.starts_with("ERR_") || text.starts_with("NS_ERROR_") => {
                RecordedOutcome::OtherReason(Code::NetworkError)
            }
            _ => RecordedOutcome::Silent,
        };
    }
    match (&exchange.outcome, recorder) {
        // These two mark every failed load, so a response without mark was delivered.
        (Outcome::Response(response), Recorder::DevTools | Recorder::Playwright)
            if exchange.hints.error_field || response.body_size.unwrap_or(0) > 0 =>
        {
            RecordedOutcome::Delivered
        }
        _ => RecordedOutcome::Silent,
    }
}

//! How sure a verdict is, and what it rests on.

use crate::cors::{Class, Code, Phase, Verdict};
use crate::fact::Confidence;
use crate::pairing::Fetch;

/// The least sure input that the code rests on. What the CORS check decides is never more than high without the
/// recorder's word.
pub(super) fn confidence_of_inputs(fetch: &Fetch, code: Code) -> Confidence {
    let origin = fetch.initiator_origin.confidence;
    let mode = fetch.mode.confidence.max(if fetch.mode.value.is_none() {
        Confidence::High
    } else {
        Confidence::Undetermined
    });
    match code.class() {
        Class::NotCors => origin,
        Class::Opaque => mode,
        _ => {
            let credentials = if (reads_credentials(code) || code == Code::OkWildcard)
                && fetch.credentials.value.is_some()
            {
                fetch.credentials.confidence
            } else {
                Confidence::High
            };
            origin.min(mode).min(credentials).min(Confidence::High)
        }
    }
}

/// Whether the code says that credentials were not allowed.
pub(super) fn reads_credentials(code: Code) -> bool {
    matches!(
        code,
        Code::WildcardWithCredentials
            | Code::AllowCredentialsNotTrue
            | Code::PreflightWildcardWithCredentials
            | Code::PreflightAllowCredentialsNotTrue
    )
}

pub(super) fn is_refused_preflight(verdict: &Verdict) -> bool {
    verdict.class() == Class::Blocked && verdict.phase == Phase::Preflight
}

//! One verdict from the possibilities that unknown inputs leave.

use super::weigh::is_refused_preflight;
use super::{Judge, Judgement};
use crate::cors::{Class, Code, CredentialsMode, RequestMode, Verdict, Warning};
use crate::fact::{Basis, Confidence, Fact};
use crate::pairing::Fetch;

/// One possibility: the values assumed for unknown inputs, and what follows.
pub(super) struct Possibility {
    pub(super) mode: RequestMode,
    pub(super) credentials: CredentialsMode,
    pub(super) verdict: Verdict,
}

impl Judge<'_> {
    /// One verdict from the possibilities: the one they share, or the one that the outcome leaves.
    pub(super) fn decide(&self, fetch: &mut Fetch, possibilities: Vec<Possibility>) -> Judgement {
        let first = &possibilities[0];
        if possibilities
            .iter()
            .all(|other| other.verdict.class() == first.verdict.class())
        {
            let mut verdict = first.verdict;
            if fetch.mode.value.is_none() && verdict.code == Code::UndeterminedResponse {
                verdict.code = Code::UndeterminedMode;
            }
            if possibilities
                .iter()
                .any(|other| other.verdict.code != verdict.code)
            {
                let blocked = verdict.class() == Class::Blocked;
                verdict.confidence = verdict.confidence.min(if blocked {
                    Confidence::Medium
                } else {
                    Confidence::High
                });
            }
            return Judgement {
                verdict,
                alternatives: Vec::new(),
            };
        }
        // The recorder's word: a verdict that contradicts it is not what happened.
        let consistent: Vec<&Possibility> = possibilities
            .iter()
            .filter(|other| !other.verdict.warnings.contains(Warning::OutcomeConflict))
            .collect();
        let mut left = if consistent.is_empty() {
            possibilities.iter().collect()
        } else {
            consistent
        };
        let mut confidence = Confidence::High;
        // The preflight passes under one credentials mode only, and no request followed it: the other was in use,
        // or the request was given up.
        if left
            .iter()
            .any(|other| is_refused_preflight(&other.verdict))
            && left.iter().all(|other| {
                is_refused_preflight(&other.verdict)
                    || other.verdict.code == Code::UndeterminedResponse
            })
        {
            left.retain(|other| is_refused_preflight(&other.verdict));
            confidence = Confidence::Medium;
        }
        let chosen = left[0];
        if left
            .iter()
            .all(|other| other.verdict.class() == chosen.verdict.class())
            && left.len() < possibilities.len()
        {
            let mut verdict = chosen.verdict;
            verdict.confidence = verdict.confidence.max(Confidence::Low).min(confidence);
            if fetch.credentials.value.is_none()
                && left
                    .iter()
                    .all(|other| other.credentials == chosen.credentials)
            {
                fetch.credentials = Fact::new(chosen.credentials, confidence, Basis::Outcome);
            }
            if fetch.mode.value.is_none() && left.iter().all(|other| other.mode == chosen.mode) {
                fetch.mode = Fact::new(chosen.mode, confidence, Basis::Outcome);
            }
            return Judgement {
                verdict,
                alternatives: Vec::new(),
            };
        }
        let same_mode = left.iter().all(|other| other.mode == chosen.mode);
        let code = match chosen.mode {
            _ if !same_mode => Code::UndeterminedMode,
            RequestMode::NoCors => Code::UndeterminedInitiatorType,
            _ => Code::UndeterminedCredentials,
        };
        let mut alternatives: Vec<Verdict> = Vec::new();
        for other in &left {
            if !alternatives
                .iter()
                .any(|known| known.code == other.verdict.code)
            {
                alternatives.push(other.verdict);
            }
        }
        Judgement {
            verdict: self.verdict(code, Confidence::Undetermined),
            alternatives,
        }
    }
}

/// The modes to evaluate: the known one, or all that the recording leaves open.
pub(super) fn possible_modes(fetch: &Fetch) -> Vec<RequestMode> {
    match fetch.mode.value {
        Some(mode) => vec![mode],
        None => vec![RequestMode::Cors, RequestMode::NoCors],
    }
}

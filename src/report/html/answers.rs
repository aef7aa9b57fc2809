//! The questions that somebody opens the report with, and short answers.

use super::shown::shown;
use crate::audit::Audit;
use crate::cors::Class;
use crate::finding::{Category, Certainty, Finding, Severity};
use crate::redact;
use crate::report::finding_row::notice_rows;
use crate::report::summary::fetches_of;
use crate::report::text::{counted, cross_origin};

/// Findings that an answer names.
const POINTS: usize = 3;

/// A question with its answer.
pub(super) struct Answer {
    pub(super) question: &'static str,
    /// `bad`, `warn`, `good` or `calm`: how it is set.
    pub(super) tone: &'static str,
    pub(super) verdict: String,
    pub(super) text: String,
    pub(super) points: Vec<Point>,
    pub(super) points_to_gaps: bool,
}

/// A finding that an answer rests on.
pub(super) struct Point {
    pub(super) fingerprint: String,
    pub(super) severity: &'static str,
    pub(super) text: String,
}

/// The answers, in the order of the questions' weight.
pub(super) fn answers(audit: &Audit) -> Vec<Answer> {
    vec![readers(audit), failures(audit), gaps(audit)]
}

/// Whether somebody who is not meant to can read.
fn is_exposing(finding: &Finding) -> bool {
    finding.severity > Severity::Info
        && matches!(finding.reach, "any-site" | "tenant" | "network" | "sibling")
}

/// Whether what is exposed belongs to a user: by what it holds, or by the credentials that it is answered for.
fn is_about_users(finding: &Finding) -> bool {
    let is_answered_for_credentials =
        finding.severity >= Severity::High && finding.allow_credentials.as_deref() == Some("true");
    finding.category == Category::CredentialRisk
        || !finding.sensitive_kinds.is_empty()
        || is_answered_for_credentials
}

fn readers(audit: &Audit) -> Answer {
    let exposing: Vec<&Finding> = audit.findings.iter().filter(|f| is_exposing(f)).collect();
    let of_users: Vec<&Finding> = exposing
        .iter()
        .copied()
        .filter(|f| is_about_users(f))
        .collect();
    let question = "Is anybody able to read my users\u{2019} data?";
    if !of_users.is_empty() {
        let proven = of_users.iter().any(|f| f.confidence == Certainty::Proven);
        return Answer {
            question,
            tone: "bad",
            verdict: if proven { "Yes" } else { "Very likely" }.to_owned(),
            text: format!(
                "Pages that should not can read what belongs to a user: {} on {}.",
                counted(of_users.len() as u64, "finding", "findings"),
                counted(hosts(&of_users), "server", "servers"),
            ),
            points: points(&of_users),
            points_to_gaps: false,
        };
    }
    if !exposing.is_empty() {
        return Answer {
            question,
            tone: "warn",
            verdict: "Not seen, but doors are open".to_owned(),
            text: "Pages that should not can read answers. None of the recorded ones held a user\u{2019}s data.".to_owned(),
            points: points(&exposing),
            points_to_gaps: false,
        };
    }
    if cross_origin(audit) == 0 {
        return Answer {
            question,
            tone: "calm",
            verdict: "Not known".to_owned(),
            text: "No cross-origin fetch could be read from the input, so nothing was judged."
                .to_owned(),
            points: Vec::new(),
            points_to_gaps: false,
        };
    }
    Answer {
        question,
        tone: "good",
        verdict: "No sign of it".to_owned(),
        text: "No recorded answer was open to pages that should not read it. A policy that no recorded request met is \
               not seen."
            .to_owned(),
        points: Vec::new(),
        points_to_gaps: false,
    }
}

fn failures(audit: &Audit) -> Answer {
    let failures: Vec<&Finding> = audit
        .findings
        .iter()
        .filter(|f| f.category == Category::Failure && f.severity > Severity::Info)
        .collect();
    let question = "What is broken?";
    let blocked = fetches_of(audit, Class::Blocked);
    let refused = format!(
        "Browsers refused {} of {}",
        counted(blocked, "fetch", "fetches"),
        counted(
            cross_origin(audit),
            "cross-origin fetch",
            "cross-origin fetches"
        ),
    );
    if failures.is_empty() {
        let (verdict, text) = match blocked {
            0 if cross_origin(audit) == 0 => ("Not known", "Nothing was judged.".to_owned()),
            0 => ("Nothing", "No recorded fetch was blocked.".to_owned()),
            _ => (
                "Nothing to repair",
                format!("{refused}; none of them is a defect by what was asked to be reported."),
            ),
        };
        return Answer {
            question,
            tone: if verdict == "Not known" {
                "calm"
            } else {
                "good"
            },
            verdict: verdict.to_owned(),
            text,
            points: Vec::new(),
            points_to_gaps: false,
        };
    }
    Answer {
        question,
        tone: "warn",
        verdict: counted(failures.len() as u64, "failure", "failures"),
        text: format!(
            "{refused}, on {}.",
            counted(hosts(&failures), "server", "servers")
        ),
        points: points(&failures),
        points_to_gaps: false,
    }
}

fn gaps(audit: &Audit) -> Answer {
    let untold = fetches_of(audit, Class::Undetermined);
    let notices = notice_rows(audit).count() as u64;
    let not_read = audit.errors.len() as u64;
    let mut parts = Vec::new();
    if not_read > 0 {
        parts.push(format!(
            "{} could not be audited",
            counted(not_read, "input", "inputs")
        ));
    }
    if untold > 0 {
        parts.push(format!(
            "{} without a verdict",
            counted(untold, "fetch", "fetches")
        ));
    }
    if notices > 0 {
        parts.push(counted(notices, "notice", "notices"));
    }
    let mut text = parts.join(", ");
    text.push_str(if text.is_empty() {
        "The recordings hold all that the verdicts needed."
    } else {
        "."
    });
    Answer {
        question: "What is not known?",
        tone: if not_read > 0 { "warn" } else { "calm" },
        verdict: match (not_read, untold) {
            (0, 0) => "Nothing that mattered".to_owned(),
            (0, n) => counted(n, "open verdict", "open verdicts"),
            (n, _) => counted(n, "input not read", "inputs not read"),
        },
        text,
        points: Vec::new(),
        points_to_gaps: not_read + untold + notices > 0,
    }
}

fn hosts(findings: &[&Finding]) -> u64 {
    let mut targets: Vec<&str> = findings.iter().map(|f| f.target_origin.as_str()).collect();
    targets.sort_unstable();
    targets.dedup();
    targets.len() as u64
}

fn points(findings: &[&Finding]) -> Vec<Point> {
    findings
        .iter()
        .take(POINTS)
        .map(|finding| Point {
            fingerprint: shown(&finding.fingerprint),
            severity: finding.severity.as_str(),
            text: shown(&format!(
                "{}: {}",
                redact::url_text(&finding.target_origin),
                finding.title
            )),
        })
        .collect()
}

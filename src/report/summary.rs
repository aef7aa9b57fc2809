//! Counts of an audit, as the summary row and the head of the text report tell them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::finding_row::notice_rows;
use crate::audit::Audit;
use crate::cors::Class;
use crate::finding::Severity;

/// The summary row.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    r#type: &'static str,
    tool: &'static str,
    version: &'static str,
    pub(super) inputs: u64,
    inputs_not_audited: usize,
    bytes: u64,
    pub(super) exchanges: u64,
    fetches: BTreeMap<&'static str, u64>,
    findings: BTreeMap<&'static str, usize>,
    suppressed: usize,
    notices: usize,
    capabilities: BTreeSet<String>,
}

/// Classes of verdicts in the order in which summaries name them.
pub(super) const CLASSES: [Class; 6] = [
    Class::Allowed,
    Class::Blocked,
    Class::Failed,
    Class::Opaque,
    Class::Undetermined,
    Class::NotCors,
];

/// Counts an audit.
pub(super) fn summary(audit: &Audit) -> Summary {
    Summary {
        r#type: "summary",
        tool: "corsaudit",
        version: env!("CARGO_PKG_VERSION"),
        inputs: audit.counts.inputs,
        inputs_not_audited: audit.errors.len(),
        bytes: audit.counts.bytes,
        exchanges: audit.counts.exchanges,
        fetches: CLASSES
            .into_iter()
            .map(|class| (class.as_str(), fetches_of(audit, class)))
            .collect(),
        findings: Severity::ALL
            .iter()
            .map(|severity| (severity.as_str(), findings_of(audit, *severity)))
            .collect(),
        suppressed: audit.suppressed.len(),
        notices: notice_rows(audit).count(),
        capabilities: capabilities(audit),
    }
}

/// How many fetches have a verdict of a class.
pub(super) fn fetches_of(audit: &Audit, class: Class) -> u64 {
    audit.counts.fetches.get(&class).copied().unwrap_or(0)
}

/// How many findings have a severity.
pub(super) fn findings_of(audit: &Audit, severity: Severity) -> usize {
    audit
        .findings
        .iter()
        .filter(|finding| finding.severity == severity)
        .count()
}

/// What the audit made use of: kinds of recordings, engines that decided.
fn capabilities(audit: &Audit) -> BTreeSet<String> {
    let readers = audit.recordings.iter().map(|recording| {
        if recording.is_har() {
            "reader:har"
        } else {
            "reader:capture"
        }
        .to_owned()
    });
    let engines = audit.verdicts().map(|verdict| verdict.engine);
    let mut seen: Vec<_> = Vec::new();
    for engine in engines {
        if !seen.contains(&engine) {
            seen.push(engine);
        }
    }
    readers
        .chain(
            seen.into_iter()
                .map(|engine| format!("engine:{}", engine.as_str())),
        )
        .collect()
}

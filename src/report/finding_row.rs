//! The rows of findings and notices.

use std::borrow::Cow;

use serde::Serialize;

use super::fetch_row::Source;
use crate::audit::Audit;
use crate::error::Error;
use crate::finding::Finding;
use crate::notice::Notice;
use crate::probe::{Probe, probes};
use crate::redact;

/// A finding, as `json` and `ndjson` print it, and as the other formats take it, secrets replaced.
#[derive(Debug, Serialize)]
pub(super) struct FindingRow<'a> {
    r#type: &'static str,
    pub(super) fingerprint: &'a str,
    pub(super) rule: &'a str,
    pub(super) category: &'static str,
    pub(super) severity: &'static str,
    pub(super) confidence: &'static str,
    pub(super) title: &'a str,
    pub(super) message: Cow<'a, str>,
    pub(super) reach: Option<&'a str>,
    pub(super) variant: Option<&'a str>,
    pub(super) phase: Option<&'a str>,
    pub(super) initiator_origins: Vec<Cow<'a, str>>,
    pub(super) target_origin: Cow<'a, str>,
    pub(super) endpoint: Cow<'a, str>,
    pub(super) methods: Vec<Cow<'a, str>>,
    pub(super) status: Option<u16>,
    pub(super) allow_origin: Option<String>,
    pub(super) allow_credentials: Option<String>,
    pub(super) browser_error: Option<&'a str>,
    pub(super) count: u64,
    pub(super) samples: Vec<Source<'a>>,
    pub(super) evidence: Vec<EvidenceRow<'a>>,
    pub(super) sensitive_kinds: &'a [&'static str],
    pub(super) fix: Cow<'a, str>,
    pub(super) references: &'a [&'static str],
    fetches: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) probes: Vec<ProbeRow>,
}

/// A request for a person to send, which would prove the finding.
#[derive(Debug, Serialize)]
pub(super) struct ProbeRow {
    method: String,
    url: String,
    headers: Vec<String>,
    pub(super) look_for: String,
    /// The request as a command of curl.
    pub(super) curl: String,
}

/// A recorded value that a finding rests on.
#[derive(Debug, Serialize)]
pub(super) struct EvidenceRow<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) value: String,
    pub(super) r#where: &'static str,
}

/// What was cut, unknown, skipped or not decryptable.
#[derive(Debug, Serialize)]
pub(super) struct NoticeRow<'a> {
    r#type: &'static str,
    pub(super) name: &'static str,
    pub(super) message: Cow<'a, str>,
    pub(super) source: Source<'a>,
    pub(super) count: u64,
}

/// The name of the notice that stands for an input that could not be audited.
pub(super) const INPUT_NOT_AUDITED: &str = "input-not-audited";

/// The row of a finding.
pub(super) fn finding_row(finding: &Finding) -> FindingRow<'_> {
    FindingRow {
        r#type: "finding",
        fingerprint: &finding.fingerprint,
        rule: finding.rule,
        category: finding.category.as_str(),
        severity: finding.severity.as_str(),
        confidence: finding.confidence.as_str(),
        title: finding.title,
        message: redact::text(&finding.message),
        reach: filled(finding.reach),
        variant: filled(finding.variant),
        phase: filled(finding.phase),
        initiator_origins: finding
            .initiator_origins
            .iter()
            .map(|o| redact::url_text(o))
            .collect(),
        target_origin: redact::url_text(&finding.target_origin),
        endpoint: redact::url_text(&finding.endpoint),
        methods: finding
            .methods
            .iter()
            .map(|method| redact::text(method))
            .collect(),
        status: finding.status,
        allow_origin: header(
            "access-control-allow-origin",
            finding.allow_origin.as_deref(),
        ),
        allow_credentials: header(
            "access-control-allow-credentials",
            finding.allow_credentials.as_deref(),
        ),
        browser_error: finding.browser_error.as_deref(),
        count: finding.count,
        samples: finding
            .samples
            .iter()
            .map(|sample| Source::new(&sample.file, Some(&sample.locus)))
            .collect(),
        evidence: finding
            .evidence
            .iter()
            .map(|evidence| EvidenceRow {
                name: redact::text(&evidence.name),
                value: redact::header_value(&evidence.name, evidence.value.as_bytes()),
                r#where: evidence.place,
            })
            .collect(),
        sensitive_kinds: &finding.sensitive_kinds,
        fix: redact::text(&finding.fix),
        references: &finding.references,
        fetches: &finding.fetches,
        probes: probes(finding).into_iter().map(probe_row).collect(),
    }
}

fn probe_row(probe: Probe) -> ProbeRow {
    let probe = Probe {
        url: redact::url_text(&probe.url).into_owned(),
        ..probe
    };
    ProbeRow {
        curl: probe.curl(),
        url: probe.url.clone(),
        headers: probe
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect(),
        method: probe.method,
        look_for: probe.look_for,
    }
}

/// The rows of notices, and behind them those of inputs that could not be audited.
pub(super) fn notice_rows(audit: &Audit) -> impl Iterator<Item = NoticeRow<'_>> {
    audit
        .notices
        .iter()
        .map(notice_row)
        .chain(audit.errors.iter().map(error_row))
}

fn notice_row(notice: &Notice) -> NoticeRow<'_> {
    NoticeRow {
        r#type: "notice",
        name: notice.name,
        message: redact::text(&notice.message),
        source: Source::new(&notice.file, notice.locus.as_ref()),
        count: notice.count,
    }
}

fn error_row(error: &Error) -> NoticeRow<'_> {
    NoticeRow {
        r#type: "notice",
        name: INPUT_NOT_AUDITED,
        message: Cow::Owned(redact::text(&error.kind.to_string()).into_owned()),
        source: Source::new(&error.input, None),
        count: 1,
    }
}

fn header(name: &str, value: Option<&str>) -> Option<String> {
    value.map(|value| redact::header_value(name, value.as_bytes()))
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

//! The report as one HTML page that needs nothing else: no network, no other file.
//!
//! What cannot wait is markup made by templates that escape: the answers, the charts, a plain list of the worst
//! findings for readers without script. Everything else is a block of JSON ([`data`]) from which the script makes
//! elements when they are asked for, always as text, never as markup. A Content-Security-Policy allows the page's own
//! style and script, by digest, and nothing else, so that even markup that slipped through would not run.

mod answers;
mod charts;
mod data;
mod detail;
mod shown;
mod tables;

use std::io::{self, Write};

use askama::Template;
use ring::digest::{SHA256, digest};

use self::answers::{Answer, answers};
use self::charts::severity::SeverityChart;
use self::charts::trust_map::TrustMap;
use self::charts::verdicts::VerdictChart;
use self::shown::shown;
use super::finding_row::{finding_row, notice_rows};
use super::text;
use crate::audit::Audit;
use crate::finding::Finding;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Findings of the list that needs no script.
const PLAIN_FINDINGS: usize = 50;
/// Notices that are told; the others are counted.
const NOTICES: usize = 200;
/// Inputs that the head names.
const INPUTS: usize = 3;

/// Writes the page.
pub(super) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    let data = data::Data::of(audit);
    let page = Page {
        style: STYLE,
        script: SCRIPT,
        style_digest: sha256(STYLE),
        script_digest: sha256(SCRIPT),
        version: env!("CARGO_PKG_VERSION"),
        glance: text::glance(audit),
        inputs: inputs(audit),
        answers: answers(audit),
        severities: SeverityChart::of(audit),
        verdicts: VerdictChart::of(audit),
        trust: TrustMap::of(audit),
        plain: audit
            .findings
            .iter()
            .take(PLAIN_FINDINGS)
            .map(PlainFinding::of)
            .collect(),
        findings: audit.findings.len(),
        requests: audit.fetches(),
        left_out: data.left_out(),
        unknown: unknown(audit),
        notices: notice_rows(audit).take(NOTICES).map(notice).collect(),
        more_notices: notice_rows(audit).count().saturating_sub(NOTICES),
        data: data.json(),
    };
    page.write_into(out)
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    style: &'static str,
    script: &'static str,
    style_digest: String,
    script_digest: String,
    version: &'static str,
    glance: String,
    inputs: String,
    answers: Vec<Answer>,
    severities: SeverityChart,
    verdicts: VerdictChart,
    trust: TrustMap,
    plain: Vec<PlainFinding>,
    findings: usize,
    requests: usize,
    left_out: Vec<String>,
    unknown: Vec<Unknown>,
    notices: Vec<NoticeLine>,
    more_notices: usize,
    data: String,
}

/// A finding of the list that needs no script.
struct PlainFinding {
    severity: &'static str,
    title: String,
    rule: &'static str,
    message: String,
    request: String,
    places: Vec<String>,
    evidence: Vec<String>,
    fix: String,
    certainty: &'static str,
}

impl PlainFinding {
    fn of(finding: &Finding) -> Self {
        let row = finding_row(finding);
        let request = format!(
            "{} {}{}",
            row.methods.join(", "),
            row.target_origin,
            row.endpoint
        );
        Self {
            severity: finding.severity.as_str(),
            title: shown(finding.title),
            rule: finding.rule,
            message: shown(&row.message),
            request: shown(request.trim()),
            places: places(finding),
            evidence: row
                .evidence
                .iter()
                .map(|item| shown(&format!("{}: {}: {}", item.r#where, item.name, item.value)))
                .collect(),
            fix: shown(&row.fix),
            certainty: finding.confidence.as_str(),
        }
    }
}

/// Where the samples of a finding stand.
fn places(finding: &Finding) -> Vec<String> {
    finding
        .samples
        .iter()
        .map(|sample| shown(&format!("{}, {}", sample.file, text::locus(&sample.locus))))
        .collect()
}

/// Fetches without a verdict, by what is missing.
struct Unknown {
    count: String,
    code: &'static str,
    advice: &'static str,
}

fn unknown(audit: &Audit) -> Vec<Unknown> {
    text::undetermined_codes(audit)
        .into_iter()
        .map(|(code, count)| Unknown {
            count: text::counted(count, "fetch", "fetches"),
            code: code.as_str(),
            advice: text::advice(code).unwrap_or("The recording lacks an input of the verdict."),
        })
        .collect()
}

struct NoticeLine {
    place: String,
    message: String,
    name: &'static str,
    count: u64,
}

fn notice(row: super::finding_row::NoticeRow<'_>) -> NoticeLine {
    NoticeLine {
        place: shown(&row.source.file),
        message: shown(&row.message),
        name: row.name,
        count: row.count,
    }
}

/// The names of the recordings, as many as are read at a glance.
fn inputs(audit: &Audit) -> String {
    let mut names: Vec<String> = audit
        .recordings
        .iter()
        .take(INPUTS)
        .map(|recording| shown(&recording.head().source))
        .collect();
    let more = audit.recordings.len().saturating_sub(INPUTS);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

/// The digest of a source expression of Content-Security-Policy: base64 of SHA-256.
fn sha256(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let hash = digest(&SHA256, text.as_bytes());
    let mut out = String::with_capacity(44);
    for group in hash.as_ref().chunks(3) {
        let bits = group.iter().enumerate().fold(0_u32, |bits, (at, byte)| {
            bits | u32::from(*byte) << (16 - 8 * at)
        });
        for at in 0..4 {
            let six = (bits >> (18 - 6 * at)) & 63;
            out.push(if at <= group.len() {
                char::from(ALPHABET[six as usize])
            } else {
                '='
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests() {
        assert_eq!(sha256(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(
            sha256("abc"),
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
        );
    }

    /// The elements that hold them end where they should.
    #[test]
    fn style_and_script_hold_no_end_tag() {
        for text in [STYLE, SCRIPT] {
            let text = text.to_ascii_lowercase();
            assert!(!text.contains("</style") && !text.contains("</script"));
            assert!(!text.contains("<!--") && !text.contains("innerhtml"));
        }
    }
}

//! The report for people.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Ansi};

use super::fetch_row::fetch_of_id;
use super::finding_row::{INPUT_NOT_AUDITED, finding_row};
use super::summary::{fetches_of, findings_of};
use super::wrap::{Link, Page};
use super::{Style, uri};
use crate::audit::Audit;
use crate::cors::{Class, Code};
use crate::exchange::Locus;
use crate::exit::Exit;
use crate::finding::{Category, Finding, Severity};
use crate::judge;
use crate::redact;

/// Column at which what stands beside a label starts.
const COLUMN: usize = 10;

/// Origins of a finding that are named; the others are counted.
const ORIGINS: usize = 5;

/// Writes the report.
pub(super) fn write(audit: &Audit, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out, style.width, style.color);
    page.text(0, &glance(audit))?;
    for severity in Severity::ALL.iter().rev() {
        group(audit, *severity, style.hyperlinks, &mut page)?;
    }
    if audit.findings.is_empty() {
        page.gap()?;
        page.text(0, &nothing_found(audit))?;
    }
    undetermined(audit, &mut page)?;
    notices(audit, &mut page)?;
    page.gap()?;
    page.text(0, &closing(audit, style.fail_on))
}

/// What was audited and what came out, in one sentence.
pub(super) fn glance(audit: &Audit) -> String {
    let counts = &audit.counts;
    let mut text = format!(
        "{}, {}, {}",
        counted(counts.inputs, "input", "inputs"),
        counted(counts.exchanges, "exchange", "exchanges"),
        counted(
            cross_origin(audit),
            "cross-origin fetch",
            "cross-origin fetches"
        ),
    );
    let parts: Vec<String> = [
        Class::Allowed,
        Class::Blocked,
        Class::Failed,
        Class::Opaque,
        Class::Undetermined,
    ]
    .into_iter()
    .filter_map(|class| match fetches_of(audit, class) {
        0 => None,
        n => Some(format!("{n} {}", class.as_str())),
    })
    .collect();
    if !parts.is_empty() {
        text = format!("{text}: {}", parts.join(", "));
    }
    let parts: Vec<String> = Severity::ALL
        .iter()
        .rev()
        .filter_map(|severity| match findings_of(audit, *severity) {
            0 => None,
            n => Some(format!("{n} {severity}")),
        })
        .collect();
    let findings = match audit.findings.len() {
        0 => "no findings".to_owned(),
        1 => format!("{} finding", parts.join(", ")),
        _ => format!("{} findings", parts.join(", ")),
    };
    match audit.suppressed.len() {
        0 => format!("{text}; {findings}"),
        known => format!("{text}; {findings}, and {known} known or accepted"),
    }
}

pub(super) fn cross_origin(audit: &Audit) -> u64 {
    audit
        .counts
        .fetches
        .iter()
        .filter(|(class, _)| **class != Class::NotCors)
        .map(|(_, count)| count)
        .sum()
}

fn group(
    audit: &Audit,
    severity: Severity,
    hyperlinks: bool,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let mut findings = audit
        .findings
        .iter()
        .filter(|f| f.severity == severity)
        .peekable();
    if findings.peek().is_none() {
        return Ok(());
    }
    page.gap()?;
    page.styled(
        0,
        &severity.as_str().to_uppercase(),
        color_of(severity).bold(),
    )?;
    for finding in findings {
        page.gap()?;
        one(audit, finding, hyperlinks, page)?;
    }
    Ok(())
}

fn one(audit: &Audit, finding: &Finding, hyperlinks: bool, page: &mut Page<'_>) -> io::Result<()> {
    let row = finding_row(finding);
    let heading = format!("{} [{}]", row.title, row.rule);
    let mut details: Vec<(&str, String)> = Vec::new();
    details.push(("", row.message.to_string()));
    details.push(("where", place(finding)));
    let target = format!(
        "{} {}{}",
        row.methods.join(", "),
        row.target_origin,
        row.endpoint
    );
    details.push(("request", target.trim().to_owned()));
    if !row.initiator_origins.is_empty() {
        let shown = row.initiator_origins.len().min(ORIGINS);
        let mut from = row.initiator_origins[..shown].join(", ");
        if shown < row.initiator_origins.len() {
            from.push_str(&format!(
                " and {} more",
                row.initiator_origins.len() - shown
            ));
        }
        details.push(("from", from));
    }
    // The browsers' sentences have a place of their own below.
    for evidence in row
        .evidence
        .iter()
        .filter(|evidence| evidence.r#where != "browser")
    {
        details.push((
            "evidence",
            format!(
                "{}: {}: {}",
                evidence.r#where, evidence.name, evidence.value
            ),
        ));
    }
    if !row.sensitive_kinds.is_empty() {
        details.push(("data", row.sensitive_kinds.join(", ")));
    }
    details.extend(
        sentences(audit, finding)
            .into_iter()
            .map(|said| ("browser", said)),
    );
    details.push(("fix", row.fix.to_string()));
    for probe in &row.probes {
        details.push((
            "to prove",
            format!("{}; look for {}", probe.curl, probe.look_for),
        ));
    }
    let reach = row
        .reach
        .map(|reach| format!(", reach {reach}"))
        .unwrap_or_default();
    details.push(("certainty", format!("{}{reach}", row.confidence)));
    drop_repeated_labels(&mut details);

    let (_, message) = details.remove(0);
    page.styled(2, &heading, Ansi::new().bold())?;
    page.text(4, &message)?;
    details
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .try_for_each(|(label, text)| match *label {
            "where" if hyperlinks => page.linked(4, label, COLUMN, text, &links(finding)),
            _ => page.labelled(4, label, COLUMN, text),
        })
}

/// The recordings of a finding, each once, as links to the files.
fn links(finding: &Finding) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for sample in &finding.samples {
        let is_new = links.iter().all(|link| link.name != *sample.file);
        if is_new && let Ok(path) = std::path::absolute(&*sample.file) {
            links.push(Link {
                name: sample.file.to_string(),
                uri: uri::of_path(&path.to_string_lossy()),
            });
        }
    }
    links
}

fn drop_repeated_labels(details: &mut [(&str, String)]) {
    let mut before = "";
    for (label, _) in details {
        if *label == before {
            *label = "";
        } else {
            before = label;
        }
    }
}

pub(super) fn place(finding: &Finding) -> String {
    let mut places: Vec<String> = finding
        .samples
        .iter()
        .map(|sample| format!("{}, {}", sample.file, locus(&sample.locus)))
        .collect();
    let more = finding.count.saturating_sub(finding.samples.len() as u64);
    if more > 0 && !places.is_empty() {
        places.push(format!("and {more} more"));
    }
    places.join("; ")
}

pub(super) fn locus(locus: &Locus) -> String {
    match locus {
        Locus::Entry(entry) => format!("entry {entry}"),
        Locus::Packets { first, last, .. } if first == last => format!("packet {first}"),
        Locus::Packets { first, last, .. } => format!("packets {first} to {last}"),
    }
}

/// What browsers print on their console about the fetches of a failure.
pub(super) fn sentences(audit: &Audit, finding: &Finding) -> Vec<String> {
    if finding.category != Category::Failure {
        return Vec::new();
    }
    let mut desk = audit.desk();
    finding
        .fetches
        .iter()
        .filter_map(|id| fetch_of_id(audit, &mut desk, id))
        .map(|excerpt| {
            let explanation = judge::explain(excerpt.view());
            [
                ("Chromium", explanation.chromium),
                ("Firefox", explanation.firefox),
                ("WebKit", explanation.webkit),
            ]
            .into_iter()
            .filter_map(|(browser, said)| {
                Some(format!("{browser}: {}", redact::text(&said?.message)))
            })
            .collect::<Vec<_>>()
        })
        .find(|sentences| !sentences.is_empty())
        .unwrap_or_default()
}

/// An audit without findings: how much that says.
pub(super) fn nothing_found(audit: &Audit) -> String {
    let judged = cross_origin(audit);
    let untold = fetches_of(audit, Class::Undetermined);
    let blocked = fetches_of(audit, Class::Blocked) + fetches_of(audit, Class::Failed);
    if judged == 0 {
        return "Nothing was found because nothing was judged: no cross-origin fetch could be read from the input."
            .to_owned();
    }
    let mut text = format!(
        "Nothing was found in {}.",
        counted(judged, "cross-origin fetch", "cross-origin fetches")
    );
    if untold > 0 {
        text.push_str(&format!(
            " Of {untold} the recording does not tell what the browser did."
        ));
    }
    if blocked > 0 {
        text.push_str(&format!(
            " {} no finding: look at the rows of --report ndjson, or report more with --min-confidence hint.",
            counted(blocked, "fetch that was blocked or failed is", "fetches that were blocked or failed are")
        ));
    }
    text
}

/// Undetermined fetches by code.
pub(super) fn undetermined_codes(audit: &Audit) -> BTreeMap<Code, u64> {
    let mut counts: BTreeMap<Code, u64> = BTreeMap::new();
    for verdict in audit.verdicts() {
        if verdict.class() == Class::Undetermined {
            *counts.entry(verdict.code).or_default() += 1;
        }
    }
    counts
}

/// Undetermined fetches by code, and what to record instead.
fn undetermined(audit: &Audit, page: &mut Page<'_>) -> io::Result<()> {
    let counts = undetermined_codes(audit);
    if counts.is_empty() {
        return Ok(());
    }
    page.gap()?;
    page.styled(0, "WHAT THE RECORDING DOES NOT TELL", Ansi::new().bold())?;
    for (code, count) in counts {
        page.gap()?;
        page.text(
            2,
            &format!("{} [{code}]", counted(count, "fetch", "fetches")),
        )?;
        page.text(4, advice(code).unwrap_or(LACKS_AN_INPUT))?;
    }
    Ok(())
}

/// Said of codes without advice of their own.
pub(super) const LACKS_AN_INPUT: &str = "The recording lacks an input of the verdict.";

/// What is missing for a verdict, and what to record instead.
pub(super) fn advice(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::UndeterminedOrigin => {
            "It does not tell which page asked. Record with request headers complete (Origin, Referer, Sec-Fetch-Site) \
             and with pages, as Chrome's and Firefox's own HAR export do."
        }
        Code::UndeterminedMode => {
            "It does not tell the request mode. Record with request headers complete (Sec-Fetch-Mode, Origin) or with \
             the kind of load (_resourceType), as Chrome's own HAR export does."
        }
        Code::UndeterminedCredentials => {
            "It does not tell whether the page asked with credentials, and the verdict depends on it. Export the HAR with \
             sensitive data, so that cookies stay visible, or capture packets with a TLS key log."
        }
        Code::UndeterminedInitiatorType => {
            "It does not tell sendBeacon from a fetch in mode no-cors, and nothing was blocked either way. Record with the \
             kind of load (_resourceType), as Chrome's own HAR export does."
        }
        Code::UndeterminedResponse => {
            "The response is missing. Record until all loads have ended, in a browser's own developer tools, which keep \
             the headers of responses that the page was not allowed to read."
        }
        Code::Undetermined304 => {
            "A 304 stands for a stored response that is not in the recording. Record from an empty cache, or with the \
             cache disabled."
        }
        Code::UndeterminedServiceWorker => {
            "A service worker answered. Record with service workers bypassed, or audit the worker's own fetches."
        }
        Code::UndeterminedPrivileged => {
            "An extension or another privileged page asked, for which browsers may skip CORS. Record in a profile without \
             extensions."
        }
        _ => return None,
    })
}

fn notices(audit: &Audit, page: &mut Page<'_>) -> io::Result<()> {
    if audit.notices.is_empty() && audit.errors.is_empty() {
        return Ok(());
    }
    page.gap()?;
    page.styled(0, "NOTICES", Ansi::new().bold())?;
    page.gap()?;
    for notice in &audit.notices {
        let place = notice
            .locus
            .as_ref()
            .map(|at| format!(", {}", locus(at)))
            .unwrap_or_default();
        let times = if notice.count > 1 {
            format!(" ({} times)", notice.count)
        } else {
            String::new()
        };
        let message = redact::text(&notice.message);
        page.text(
            2,
            &format!("{}{place}: {message}{times} [{}]", notice.file, notice.name),
        )?;
    }
    for error in &audit.errors {
        let message = error.kind.to_string();
        page.text(
            2,
            &format!(
                "{}: not audited: {} [{INPUT_NOT_AUDITED}]",
                error.input,
                redact::text(&message)
            ),
        )?;
    }
    Ok(())
}

/// What the exit code says.
pub(super) fn closing(audit: &Audit, fail_on: Option<Severity>) -> String {
    let exit = Exit::of(audit, fail_on);
    let reason = match (exit, fail_on) {
        (Exit::NotAudited, _) => format!(
            "{} could not be audited",
            counted(audit.errors.len() as u64, "input", "inputs")
        ),
        (_, None) => "findings do not count (--fail-on never)".to_owned(),
        (Exit::Findings, Some(least)) => {
            let count = audit
                .findings
                .iter()
                .filter(|f| f.severity >= least)
                .count();
            format!(
                "{} of severity {least} or above",
                counted(count as u64, "finding", "findings")
            )
        }
        (Exit::Clean, Some(least)) => format!("no finding of severity {least} or above"),
    };
    format!("Exit code {}: {reason}.", exit.code())
}

fn color_of(severity: Severity) -> Ansi {
    let color = match severity {
        Severity::Critical | Severity::High => AnsiColor::Red,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low => AnsiColor::Cyan,
        Severity::Info => AnsiColor::Blue,
    };
    Ansi::new().fg_color(Some(color.into()))
}

pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

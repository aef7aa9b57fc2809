//! One finding a row (RFC 4180), for spreadsheets.

use std::borrow::Cow;
use std::io::{self, Write};

use super::finding_row::{FindingRow, finding_row};
use crate::audit::Audit;
use crate::exchange::Locus;
use crate::finding::Finding;
use crate::redact;

/// Writes the header row and the findings.
pub(super) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    table.write_record(COLUMNS)?;
    for finding in &audit.findings {
        let cells = cells(finding, &finding_row(finding));
        table.write_record(cells.iter().map(|cell| neutral(cell).into_owned()))?;
    }
    table.flush()
}

const COLUMNS: [&str; 24] = [
    "fingerprint",
    "rule",
    "category",
    "severity",
    "confidence",
    "phase",
    "reach",
    "initiator_origin",
    "target_origin",
    "method",
    "endpoint",
    "status",
    "acao",
    "acac",
    "variant",
    "browser_error",
    "sensitive_kinds",
    "count",
    "file",
    "entry",
    "title",
    "message",
    "fix",
    "references",
];

fn cells<'a>(finding: &'a Finding, row: &FindingRow<'a>) -> [Cow<'a, str>; 24] {
    let sample = finding.samples.first();
    [
        row.fingerprint.into(),
        row.rule.into(),
        row.category.into(),
        row.severity.into(),
        row.confidence.into(),
        row.phase.unwrap_or_default().into(),
        row.reach.unwrap_or_default().into(),
        list(&row.initiator_origins),
        row.target_origin.clone(),
        list(&row.methods),
        row.endpoint.clone(),
        row.status
            .map(|status| status.to_string())
            .unwrap_or_default()
            .into(),
        row.allow_origin.clone().unwrap_or_default().into(),
        row.allow_credentials.clone().unwrap_or_default().into(),
        row.variant.unwrap_or_default().into(),
        row.browser_error.unwrap_or_default().into(),
        list(row.sensitive_kinds),
        row.count.to_string().into(),
        sample
            .map(|sample| &*sample.file)
            .unwrap_or_default()
            .into(),
        sample
            .map(|sample| place(&sample.locus))
            .unwrap_or_default()
            .into(),
        row.title.into(),
        row.message.clone(),
        row.fix.clone(),
        list(row.references),
    ]
}

/// The entry's index, or the first packet's number.
fn place(locus: &Locus) -> String {
    match locus {
        Locus::Entry(entry) => entry.to_string(),
        Locus::Packets { first, .. } => first.to_string(),
    }
}

fn list<'a, T: AsRef<str>>(items: &[T]) -> Cow<'a, str> {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    items.join("; ").into()
}

/// A cell that no spreadsheet takes for a formula and no terminal for a command. Tab and line ends, which belong to
/// cells, stay.
fn neutral(cell: &str) -> Cow<'_, str> {
    let guarded = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    };
    let stays = |c: char| matches!(c, '\t' | '\r' | '\n');
    if !guarded.contains(|c| redact::is_hidden(c) && !stays(c)) {
        return guarded;
    }
    let parts: Vec<Cow<'_, str>> = guarded
        .split_inclusive(stays)
        .map(|part| match part.strip_suffix(stays) {
            Some(body) => Cow::Owned(format!(
                "{}{}",
                redact::printable(body),
                &part[body.len()..]
            )),
            None => redact::printable(part),
        })
        .collect();
    Cow::Owned(parts.concat())
}

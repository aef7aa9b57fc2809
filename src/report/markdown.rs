//! Markdown (GitHub's flavour), for comments on changes and for tickets: a table of the findings, then each with its
//! evidence and fix.
//!
//! Nothing recorded acts as markup: a word that is more than letters stands in a code span, where neither mentions, nor
//! links, nor HTML are looked for. A comment holds 65,536 characters, so details end before that, and the report says
//! how many findings are left out.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Style;
use super::finding_row::{FindingRow, INPUT_NOT_AUDITED, finding_row};
use super::text::{
    LACKS_AN_INPUT, advice, closing, counted, glance, locus, nothing_found, place, sentences,
    undetermined_codes,
};
use crate::audit::Audit;
use crate::finding::{Finding, Severity};
use crate::redact;

/// Characters after which no further finding or notice is written; what ends the report fits behind them.
const BUDGET: usize = 60_000;

/// Writes the report.
pub(super) fn write(audit: &Audit, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::default();
    page.block(&format!("## corsaudit: {}", closing(audit, style.fail_on)));
    page.block(&prose(&glance(audit)));
    if audit.findings.is_empty() {
        page.block(&prose(&nothing_found(audit)));
    } else {
        table(audit, &mut page);
        details(audit, &mut page);
    }
    undetermined(audit, &mut page);
    notices(audit, &mut page);
    out.write_all(page.text.as_bytes())
}

/// Blocks, an empty line between them.
#[derive(Default)]
struct Page {
    text: String,
    used: usize,
}

impl Page {
    fn block(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.line("");
        }
        self.line(text);
    }

    fn line(&mut self, text: &str) {
        self.used += text.chars().count() + 1;
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn has_room(&self, text: &str) -> bool {
        self.used + text.chars().count() <= BUDGET
    }
}

fn table(audit: &Audit, page: &mut Page) {
    page.block("| severity | finding | request | times |");
    page.line("| --- | --- | --- | ---: |");
    let mut left = audit.findings.len();
    for finding in &audit.findings {
        let row = finding_row(finding);
        let line = format!(
            "| {} | {} | {} | {} |",
            row.severity,
            cell(&format!("{} ({})", prose(row.title), code(row.rule))),
            cell(&code(&request(&row))),
            row.count
        );
        // Half of the room is for the details.
        if page.used + line.chars().count() > BUDGET / 2 {
            break;
        }
        page.line(&line);
        left -= 1;
    }
    if left > 0 {
        page.block(&format!(
            "{} not in this table, which would be too long for a comment.",
            are(left, "finding is", "findings are")
        ));
    }
}

fn details(audit: &Audit, page: &mut Page) {
    let mut severity = None;
    for (index, finding) in audit.findings.iter().enumerate() {
        let mut text = String::new();
        if severity != Some(finding.severity) {
            text.push_str(&format!("### {}\n\n", heading(finding.severity)));
        }
        one(audit, finding, &mut text);
        if !page.has_room(&text) {
            let left = audit.findings.len() - index;
            page.block(&format!(
                "{} without details here, which would be too long for a comment; `--report text` has all of them.",
                are(left, "finding is", "findings are")
            ));
            return;
        }
        severity = Some(finding.severity);
        page.block(text.trim_end());
    }
}

fn one(audit: &Audit, finding: &Finding, out: &mut String) {
    let row = finding_row(finding);
    // Writing to a string cannot fail.
    let _ = writeln!(out, "#### {} ({})\n", prose(row.title), code(row.rule));
    let _ = writeln!(out, "{}\n", prose(&row.message));
    let mut item = |label: &str, text: String| {
        if !text.is_empty() {
            let _ = writeln!(out, "- **{label}:** {text}");
        }
    };
    item("Where", code(&place(finding)));
    item("Request", code(&request(&row)));
    item("From", codes(&row.initiator_origins));
    item("Data", row.sensitive_kinds.join(", "));
    item("Fix", prose(&row.fix));
    let reach = row
        .reach
        .map(|reach| format!(", reach {reach}"))
        .unwrap_or_default();
    item("Certainty", format!("{}{reach}", row.confidence));
    item("References", references(&row));
    let evidence: Vec<String> = row
        .evidence
        .iter()
        .filter(|evidence| evidence.r#where != "browser")
        .map(|evidence| {
            format!(
                "{}: {}: {}",
                evidence.r#where, evidence.name, evidence.value
            )
        })
        .chain(sentences(audit, finding))
        .collect();
    if !evidence.is_empty() {
        let _ = write!(out, "\n{}", fenced(&evidence));
    }
}

fn references(row: &FindingRow<'_>) -> String {
    let references: Vec<String> = row
        .references
        .iter()
        .map(|reference| {
            // Ours, not recorded: links may be links.
            if reference.starts_with("https://") && !reference.contains(char::is_whitespace) {
                format!("<{reference}>")
            } else {
                prose(reference)
            }
        })
        .collect();
    references.join(", ")
}

fn request(row: &FindingRow<'_>) -> String {
    let text = format!(
        "{} {}{}",
        row.methods.join(", "),
        row.target_origin,
        row.endpoint
    );
    text.trim().to_owned()
}

fn undetermined(audit: &Audit, page: &mut Page) {
    let counts = undetermined_codes(audit);
    if counts.is_empty() {
        return;
    }
    page.block("### What the recording does not tell");
    page.line("");
    for (code_of, count) in counts {
        page.line(&format!(
            "- {} ({}). {}",
            counted(count, "fetch", "fetches"),
            code(code_of.as_str()),
            prose(advice(code_of).unwrap_or(LACKS_AN_INPUT))
        ));
    }
}

fn notices(audit: &Audit, page: &mut Page) {
    if audit.notices.is_empty() && audit.errors.is_empty() {
        return;
    }
    page.block("### Notices");
    page.line("");
    // Errors first: they must not fall victim to a limit.
    let errors = audit.errors.iter().map(|error| {
        let message = error.kind.to_string();
        format!(
            "- **not audited:** {}: {} ({})",
            code(&error.input),
            prose(&redact::text(&message)),
            code(INPUT_NOT_AUDITED)
        )
    });
    let notices = audit.notices.iter().map(|notice| {
        let at = notice
            .locus
            .map(|at| format!(", {}", locus(&at)))
            .unwrap_or_default();
        let times = if notice.count > 1 {
            format!(", {} times", notice.count)
        } else {
            String::new()
        };
        format!(
            "- {}: {} ({}{times})",
            code(&format!("{}{at}", notice.file)),
            prose(&redact::text(&notice.message)),
            code(notice.name)
        )
    });
    let mut left = audit.errors.len() + audit.notices.len();
    for line in errors.chain(notices) {
        if !page.has_room(&line) {
            break;
        }
        page.line(&line);
        left -= 1;
    }
    if left > 0 {
        page.line(&format!(
            "- {} left out for length.",
            are(left, "notice is", "notices are")
        ));
    }
}

fn are(count: usize, one: &str, many: &str) -> String {
    counted(count as u64, one, many)
}

fn heading(severity: Severity) -> String {
    let mut name = severity.as_str().to_owned();
    name[..1].make_ascii_uppercase();
    name
}

/// Prose: words of letters and figures stay, everything else that stands between spaces becomes a code span.
fn prose(text: &str) -> String {
    let text = redact::printable(text);
    let words: Vec<String> = text
        .split_whitespace()
        .enumerate()
        .map(|(index, word)| self::word(word, index == 0))
        .collect();
    words.join(" ")
}

fn word(word: &str, is_first: bool) -> String {
    let inner = word.trim_start_matches('(');
    let open = &word[..word.len() - inner.len()];
    let inner = inner.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
    let close = &word[open.len() + inner.len()..];
    // `1.` at the start of a paragraph is a list.
    let lists =
        is_first && inner.bytes().all(|b| b.is_ascii_digit()) && close.starts_with(['.', ')']);
    if is_plain(inner) && !lists {
        return word.to_owned();
    }
    // In `(a)b.` brackets and points are part of the value.
    if inner.is_empty() {
        return code(word);
    }
    // A bracket that opened inside closes inside.
    let closing = inner
        .matches('(')
        .count()
        .saturating_sub(inner.matches(')').count());
    let kept = close
        .bytes()
        .take_while(|b| *b == b')')
        .count()
        .min(closing);
    let (more, close) = close.split_at(kept);
    format!("{open}{}{close}", code(&format!("{inner}{more}")))
}

fn is_plain(word: &str) -> bool {
    !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '\'' | '’'))
        && word.chars().any(char::is_alphanumeric)
        && !word.starts_with('-')
}

/// A code span around any text: its fence is longer than any run of backticks inside.
fn code(text: &str) -> String {
    let text = redact::printable(text);
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn codes<T: AsRef<str>>(texts: &[T]) -> String {
    const SHOWN: usize = 5;
    let mut shown: Vec<String> = texts
        .iter()
        .take(SHOWN)
        .map(|text| code(text.as_ref()))
        .collect();
    if texts.len() > SHOWN {
        shown.push(format!("and {} more", texts.len() - SHOWN));
    }
    shown.join(", ")
}

/// A text in a cell of a table: bars would end it, in code spans too.
fn cell(markdown: &str) -> String {
    markdown.replace('|', "\\|")
}

fn fenced(lines: &[String]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| redact::printable(line)).collect();
    let fence = "`".repeat(
        lines
            .iter()
            .map(|line| longest_run(line))
            .max()
            .unwrap_or(0)
            .max(2)
            + 1,
    );
    format!("{fence}text\n{}\n{fence}\n", lines.join("\n"))
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_words_are_no_markup() {
        for (text, markdown) in [
            (
                "plain words, (nothing) more.",
                "plain words, (nothing) more.",
            ),
            (
                "GET https://a.test/x_y_z: 1",
                "GET `https://a.test/x_y_z`: 1",
            ),
            ("ask @owner about #1!", "ask `@owner` about `#1`!"),
            ("<img src=x>", "`<img` `src=x>`"),
            ("[a](javascript:b)", "`[a](javascript:b)`"),
            ("**bold** _it_", "`**bold**` `_it_`"),
            ("`tick` ``", "`` `tick` `` ``` `` ```"),
            ("1. item", "`1`. item"),
            ("- item", "`-` item"),
            ("www.a.test", "`www.a.test`"),
            ("a\u{1b}[2Jb", "`a\\u{1b}[2Jb`"),
            ("...", "`...`"),
        ] {
            assert_eq!(prose(text), markdown, "{text}");
        }
    }

    #[test]
    fn bars_end_no_cell() {
        assert_eq!(cell(&code("a|b")), "`a\\|b`");
    }

    #[test]
    fn fences_outgrow_what_they_hold() {
        assert_eq!(fenced(&["````".to_owned()]), "`````text\n````\n`````\n");
    }
}

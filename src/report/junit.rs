//! JUnit XML, for test viewers: one suite of the inputs, one for each rule that found something.
//!
//! A finding that makes the exit code 1 is a failure, a weaker one a skipped case, which viewers show without counting
//! it. An input that could not be audited is an error. A rule that found nothing has no case: the report does not know
//! whether it was asked.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::Style;
use super::finding_row::{INPUT_NOT_AUDITED, finding_row};
use super::text::{locus, place};
use crate::audit::Audit;
use crate::finding::{Finding, Severity};
use crate::redact;

/// Writes the report.
pub(super) fn write(audit: &Audit, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut suites = vec![inputs(audit)];
    suites.extend(rules(audit, style.fail_on));
    let mut xml = Writer::new_with_indent(&mut *out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut root = BytesStart::new("testsuites");
    root.push_attribute(("name", "corsaudit"));
    for (name, count) in [
        ("tests", total(&suites, |_| true)),
        ("failures", total(&suites, Case::is_failure)),
        ("errors", total(&suites, Case::is_error)),
    ] {
        root.push_attribute((name, count.to_string().as_str()));
    }
    xml.write_event(Event::Start(root))?;
    for suite in &suites {
        suite.write(&mut xml)?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuites")))?;
    out.write_all(b"\n")
}

struct Suite {
    name: String,
    cases: Vec<Case>,
    /// What is said beside the cases.
    notes: Vec<String>,
}

struct Case {
    name: String,
    class: String,
    outcome: Outcome,
}

enum Outcome {
    Passed,
    Failed(Told),
    Errored(Told),
    Skipped(Told),
}

/// The type, the line that viewers show first, and the rest.
struct Told {
    kind: String,
    message: String,
    text: Vec<String>,
}

fn total(suites: &[Suite], is: fn(&Case) -> bool) -> usize {
    suites.iter().map(|suite| suite.count(is)).sum()
}

fn inputs(audit: &Audit) -> Suite {
    let audited = audit.recordings.iter().map(|recording| Case {
        name: recording.head().source.to_string(),
        class: "inputs".into(),
        outcome: Outcome::Passed,
    });
    let not_audited = audit.errors.iter().map(|error| {
        let message = redact::text(&error.kind.to_string()).into_owned();
        Case {
            name: error.input.clone(),
            class: "inputs".into(),
            outcome: Outcome::Errored(Told {
                kind: INPUT_NOT_AUDITED.into(),
                text: vec![message.clone()],
                message,
            }),
        }
    });
    let notes = audit.notices.iter().map(|notice| {
        let at = notice
            .locus
            .map(|at| format!(", {}", locus(&at)))
            .unwrap_or_default();
        let message = redact::text(&notice.message);
        format!(
            "{}{at}: {message} ({} times) [{}]",
            notice.file, notice.count, notice.name
        )
    });
    Suite {
        name: "inputs".into(),
        cases: audited.chain(not_audited).collect(),
        notes: notes.collect(),
    }
}

/// The rules that found something, in the order of their worst findings.
fn rules(audit: &Audit, fail_on: Option<Severity>) -> Vec<Suite> {
    let mut suites: Vec<Suite> = Vec::new();
    for finding in &audit.findings {
        let case = case(finding, fail_on);
        match suites.iter_mut().find(|suite| suite.name == finding.rule) {
            Some(suite) => suite.cases.push(case),
            None => suites.push(Suite {
                name: finding.rule.to_owned(),
                cases: vec![case],
                notes: Vec::new(),
            }),
        }
    }
    suites
}

fn case(finding: &Finding, fail_on: Option<Severity>) -> Case {
    let row = finding_row(finding);
    let mut lines = vec![
        row.message.to_string(),
        format!("where: {}", place(finding)),
        format!("severity: {}, certainty: {}", row.severity, row.confidence),
    ];
    if !row.initiator_origins.is_empty() {
        lines.push(format!("from: {}", row.initiator_origins.join(", ")));
    }
    for evidence in &row.evidence {
        lines.push(format!(
            "{}: {}: {}",
            evidence.r#where, evidence.name, evidence.value
        ));
    }
    lines.push(format!("fix: {}", row.fix));
    lines.push(format!("fingerprint: {}", row.fingerprint));
    let told = Told {
        kind: row.severity.to_owned(),
        message: format!("{}: {}", row.title, row.message),
        text: lines,
    };
    let mut name = format!(
        "{} {}{}",
        row.methods.join(", "),
        row.target_origin,
        row.endpoint
    );
    // Cases of one suite are told apart by their names.
    for part in [row.variant, row.reach].into_iter().flatten() {
        name.push_str(&format!(" [{part}]"));
    }
    Case {
        name: name.trim().to_owned(),
        class: row.rule.to_owned(),
        outcome: if fail_on.is_some_and(|least| finding.severity >= least) {
            Outcome::Failed(told)
        } else {
            Outcome::Skipped(told)
        },
    }
}

impl Suite {
    fn count(&self, is: fn(&Case) -> bool) -> usize {
        self.cases.iter().filter(|case| is(case)).count()
    }

    fn write<W: Write>(&self, xml: &mut Writer<W>) -> io::Result<()> {
        let mut suite = BytesStart::new("testsuite");
        suite.push_attribute(("name", &*shown(&self.name)));
        for (name, count) in [
            ("tests", self.cases.len()),
            ("failures", self.count(Case::is_failure)),
            ("errors", self.count(Case::is_error)),
            ("skipped", self.count(Case::is_skipped)),
        ] {
            suite.push_attribute((name, count.to_string().as_str()));
        }
        xml.write_event(Event::Start(suite))?;
        for case in &self.cases {
            case.write(xml)?;
        }
        if !self.notes.is_empty() {
            xml.write_event(Event::Start(BytesStart::new("system-out")))?;
            xml.write_event(Event::Text(BytesText::new(&lines(&self.notes))))?;
            xml.write_event(Event::End(BytesEnd::new("system-out")))?;
        }
        xml.write_event(Event::End(BytesEnd::new("testsuite")))
    }
}

impl Case {
    fn is_failure(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }

    fn is_error(&self) -> bool {
        matches!(self.outcome, Outcome::Errored(_))
    }

    fn is_skipped(&self) -> bool {
        matches!(self.outcome, Outcome::Skipped(_))
    }

    fn write<W: Write>(&self, xml: &mut Writer<W>) -> io::Result<()> {
        let mut case = BytesStart::new("testcase");
        case.push_attribute(("name", &*shown(&self.name)));
        case.push_attribute(("classname", &*shown(&self.class)));
        let (element, told) = match &self.outcome {
            Outcome::Passed => return xml.write_event(Event::Empty(case)),
            Outcome::Failed(told) => ("failure", told),
            Outcome::Errored(told) => ("error", told),
            Outcome::Skipped(told) => ("skipped", told),
        };
        xml.write_event(Event::Start(case))?;
        let mut outcome = BytesStart::new(element);
        outcome.push_attribute(("type", &*shown(&told.kind)));
        outcome.push_attribute(("message", &*shown(&told.message)));
        xml.write_event(Event::Start(outcome))?;
        xml.write_event(Event::Text(BytesText::new(&lines(&told.text))))?;
        xml.write_event(Event::End(BytesEnd::new(element)))?;
        xml.write_event(Event::End(BytesEnd::new("testcase")))
    }
}

/// Text of one line that XML 1.0 can hold: no control characters, and none of the two that are no characters.
fn shown(text: &str) -> String {
    redact::printable(text)
        .replace('\u{fffe}', "\\u{fffe}")
        .replace('\u{ffff}', "\\u{ffff}")
}

/// Lines that XML 1.0 can hold; a recorded line end starts none.
fn lines(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| shown(line)).collect();
    lines.join("\n")
}

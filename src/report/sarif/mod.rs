//! SARIF 2.1.0, for code scanning: rules with help, findings as results, notices and errors as notifications of the
//! one invocation.
//!
//! Places are the recording's file and, as a logical location, the entry (a JSON pointer) or the packets. The line of
//! an entry is not known after reading, so regions name the first line: consumers that show results beside lines
//! ask for one. A finding that is known or accepted carries `suppressions`.

mod object;

use std::borrow::Cow;
use std::io::{self, Write};

use super::finding_row::{FindingRow, INPUT_NOT_AUDITED, finding_row};
use super::json::write_row;
use super::summary::summary;
use super::{Style, uri};
use crate::audit::Audit;
use crate::control::Decision;
use crate::error::Error;
use crate::exchange::Locus;
use crate::exit::Exit;
use crate::finding::{Category, Finding, Sample, Severity};
use crate::notice::Notice;
use crate::redact;
use crate::rules::{self, Declaration};
use object::{
    Artifact, ArtifactLocation, AutomationDetails, Configuration, Descriptor, Driver, Fingerprints,
    Help, Invocation, Location, Log, LogicalLocation, Notification, PhysicalLocation, Region,
    Relationship, ResultProperties, ResultRow, Rule, RuleProperties, Run, Suppression, Taxon,
    TaxonReference, Taxonomy, TaxonomyReference, Text, Tool,
};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What consumers show of a description.
const DESCRIPTION_LENGTH: usize = 1000;

/// Writes the report.
pub(super) fn write(audit: &Audit, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    write_row(&log(audit, style), out)?;
    out.write_all(b"\n")
}

fn log<'a>(audit: &'a Audit, style: &Style) -> Log<'a> {
    let declarations: Vec<&'static Declaration> = rules::declarations().collect();
    let weaknesses = weaknesses(&declarations);
    let results = audit
        .findings
        .iter()
        .map(|finding| result(finding, &declarations))
        .chain(audit.suppressed.iter().map(|suppressed| ResultRow {
            suppressions: vec![suppression(&suppressed.decision)],
            ..result(&suppressed.finding, &declarations)
        }))
        .collect();
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: "corsaudit",
                version: env!("CARGO_PKG_VERSION"),
                semantic_version: env!("CARGO_PKG_VERSION"),
                short_description: Text::new(
                    "audits recorded browser traffic against the CORS protocol",
                ),
                rules: declarations
                    .iter()
                    .map(|rule| self::rule(rule, &weaknesses))
                    .collect(),
                supported_taxonomies: [TaxonomyReference {
                    name: "CWE",
                    index: 0,
                }],
            },
        },
        automation_details: AutomationDetails { id: "corsaudit/" },
        invocations: [invocation(audit, style)],
        artifacts: audit
            .recordings
            .iter()
            .map(|recording| Artifact {
                location: ArtifactLocation {
                    uri: uri::of_path(&recording.head().source),
                },
                roles: ["analysisTarget"],
            })
            .collect(),
        results,
        taxonomies: [Taxonomy {
            name: "CWE",
            organization: "MITRE",
            short_description: Text::new("Common Weakness Enumeration"),
            taxa: weaknesses.iter().map(|id| Taxon { id }).collect(),
        }],
        properties: summary(audit),
    };
    Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [run],
    }
}

/// Numbers of the weaknesses that rules name, each once, in order.
fn weaknesses(declarations: &[&'static Declaration]) -> Vec<&'static str> {
    let mut ids: Vec<&str> = declarations
        .iter()
        .flat_map(|rule| weaknesses_of(rule))
        .collect();
    ids.sort_by_key(|id| (id.len(), *id));
    ids.dedup();
    ids
}

fn weaknesses_of(rule: &'static Declaration) -> Vec<&'static str> {
    let references = rule.references().into_iter();
    references
        .filter_map(|reference| {
            let rest = reference.strip_prefix("CWE-")?;
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            (digits > 0).then_some(&rest[..digits])
        })
        .collect()
}

fn rule(rule: &'static Declaration, weaknesses: &[&'static str]) -> Rule {
    let own = weaknesses_of(rule);
    let mut tags: Vec<Cow<'static, str>> = vec![rule.category.as_str().into()];
    if is_security(rule.category) {
        tags.push("security".into());
    }
    tags.extend(own.iter().map(|id| format!("external/cwe/cwe-{id}").into()));
    let relationships = own
        .iter()
        .filter_map(|id| {
            let index = weaknesses.iter().position(|known| known == id)?;
            Some(Relationship {
                target: TaxonReference {
                    id,
                    index,
                    tool_component: TaxonomyReference {
                        name: "CWE",
                        index: 0,
                    },
                },
                kinds: ["relevant"],
            })
        })
        .collect();
    let documentation = rule.documentation();
    Rule {
        id: rule.id,
        short_description: Text::new(rule.title),
        full_description: Text::new(cut(&first_paragraph(rule))),
        default_configuration: Configuration {
            level: level(rule.severity),
        },
        help: Help {
            text: plain(&documentation),
            markdown: documentation,
        },
        help_uri: rule
            .references()
            .into_iter()
            .find(|reference| reference.starts_with("https://")),
        relationships,
        properties: RuleProperties {
            tags,
            security_severity: security_severity(rule.severity),
            since: rule.since,
        },
    }
}

/// Whether a category is about who can read or do what, rather than about what does not work.
fn is_security(category: Category) -> bool {
    match category {
        Category::Permissive | Category::CredentialRisk | Category::Cache | Category::Exposure => {
            true
        }
        Category::Failure | Category::Hygiene | Category::Performance => false,
    }
}

/// The first paragraph about what a rule finds, on one line.
fn first_paragraph(rule: &Declaration) -> String {
    let lines = rule
        .section(Declaration::SECTIONS[0])
        .lines()
        .map(str::trim);
    let words: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    words.join(" ")
}

/// At most as much as consumers show, cut between words.
fn cut(text: &str) -> String {
    if text.chars().count() <= DESCRIPTION_LENGTH {
        return text.to_owned();
    }
    let mut kept = String::new();
    for word in text.split_inclusive(' ') {
        if kept.chars().count() + word.chars().count() > DESCRIPTION_LENGTH {
            break;
        }
        kept.push_str(word);
    }
    format!("{} ...", kept.trim_end())
}

/// Markdown read as plain text: headings with a colon, no fences.
fn plain(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    for line in markdown.lines().filter(|line| !line.starts_with("```")) {
        match line.strip_prefix("## ") {
            Some(heading) => {
                out.push_str(heading);
                out.push(':');
            }
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn suppression(decision: &Decision) -> Suppression<'_> {
    Suppression {
        kind: "external",
        status: "accepted",
        justification: match decision {
            Decision::Baseline => "known in the baseline",
            Decision::Suppressed { reason } => reason,
        },
    }
}

/// A score as code scanning reads it, from 0.0 to 10.0.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}

fn result<'a>(finding: &'a Finding, declarations: &[&'static Declaration]) -> ResultRow<'a> {
    let row = finding_row(finding);
    let mut samples = finding.samples.iter();
    let text = format!("{}\n{}", row.message, row.fix);
    ResultRow {
        rule_id: finding.rule,
        rule_index: declarations.iter().position(|rule| rule.id == finding.rule),
        level: level(finding.severity),
        message: Text::new(verbatim(text.trim_end())),
        locations: samples
            .next()
            .map(|sample| location(sample, None))
            .into_iter()
            .collect(),
        related_locations: samples
            .enumerate()
            .map(|(index, sample)| location(sample, Some(index + 1)))
            .collect(),
        partial_fingerprints: Fingerprints {
            v1: &finding.fingerprint,
        },
        suppressions: Vec::new(),
        occurrence_count: (finding.count > 0).then_some(finding.count),
        properties: ResultProperties::new(finding.severity, row),
    }
}

/// Text in which SARIF sees neither placeholders nor links (SARIF 2.1.0, sections 3.11.5 and 3.11.6).
fn verbatim(text: &str) -> String {
    text.replace('{', "{{")
        .replace('}', "}}")
        .replace("](", "] (")
}

fn location(sample: &Sample, id: Option<usize>) -> Location {
    Location {
        id,
        ..place(&sample.file, Some(&sample.locus))
    }
}

fn place(file: &str, locus: Option<&Locus>) -> Location {
    Location {
        id: None,
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation {
                uri: uri::of_path(file),
            },
            region: Region { start_line: 1 },
        },
        logical_locations: locus.map(logical).into_iter().collect(),
    }
}

fn logical(locus: &Locus) -> LogicalLocation {
    match *locus {
        Locus::Entry(entry) => LogicalLocation {
            name: format!("entry {entry}"),
            fully_qualified_name: format!("/log/entries/{entry}"),
            kind: "object",
        },
        Locus::Packets {
            first,
            last,
            flow,
            stream,
        } => {
            let mut path = format!("packets/{first}-{last}");
            for (kind, number) in [("flow", flow), ("stream", stream)] {
                if let Some(number) = number {
                    path.push_str(&format!("/{kind}/{number}"));
                }
            }
            LogicalLocation {
                name: if first == last {
                    format!("packet {first}")
                } else {
                    format!("packets {first} to {last}")
                },
                fully_qualified_name: path,
                kind: "packets",
            }
        }
    }
}

fn invocation(audit: &Audit, style: &Style) -> Invocation {
    let exit = Exit::of(audit, style.fail_on);
    Invocation {
        execution_successful: audit.errors.is_empty(),
        exit_code: exit.code(),
        exit_code_description: match exit {
            Exit::Clean => "no finding at or above the severity asked for",
            Exit::Findings => "findings at or above the severity asked for",
            Exit::NotAudited => "an input could not be audited",
        },
        tool_execution_notifications: audit
            .notices
            .iter()
            .map(of_notice)
            .chain(audit.errors.iter().map(of_error))
            .collect(),
    }
}

fn of_notice(notice: &Notice) -> Notification {
    let times = if notice.count > 1 {
        format!(" ({} times)", notice.count)
    } else {
        String::new()
    };
    Notification {
        descriptor: Descriptor { id: notice.name },
        level: "note",
        message: Text::new(verbatim(&format!(
            "{}{times}",
            redact::text(&notice.message)
        ))),
        locations: [place(&notice.file, notice.locus.as_ref())],
    }
}

fn of_error(error: &Error) -> Notification {
    let message = error.kind.to_string();
    Notification {
        descriptor: Descriptor {
            id: INPUT_NOT_AUDITED,
        },
        level: "error",
        message: Text::new(verbatim(&redact::text(&message))),
        locations: [place(&error.input, None)],
    }
}

impl<'a> ResultProperties<'a> {
    fn new(severity: Severity, row: FindingRow<'a>) -> Self {
        Self {
            severity: severity.as_str(),
            security_severity: security_severity(severity),
            confidence: row.confidence,
            category: row.category,
            reach: row.reach,
            variant: row.variant,
            phase: row.phase,
            initiator_origins: row.initiator_origins,
            target_origin: row.target_origin,
            endpoint: row.endpoint,
            methods: row.methods,
            browser_error: row.browser_error,
            sensitive_kinds: row.sensitive_kinds,
            fix: row.fix,
            references: row.references,
        }
    }
}

//! Known findings: written once, so that later audits report what is new.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Severity};

/// Findings known before, by fingerprint, with the severity they had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    known: BTreeMap<String, Severity>,
}

const FORMAT: &str = "corsaudit-baseline";
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Document<'a> {
    format: &'a str,
    version: u32,
    #[serde(default)]
    findings: Vec<Row>,
}

/// A known finding. What follows the severity is for people who read the file.
#[derive(Serialize, Deserialize)]
struct Row {
    fingerprint: String,
    severity: String,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    target: String,
    #[serde(default)]
    endpoint: String,
}

impl Baseline {
    /// Reads what [`Baseline::write`] wrote.
    ///
    /// # Errors
    /// The reader's; [`io::ErrorKind::InvalidData`] for anything that is no baseline of a known version.
    pub fn read(mut input: impl Read) -> io::Result<Self> {
        let mut text = String::new();
        input.read_to_string(&mut text)?;
        let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        let document: Document<'_> = serde_json::from_str(&text)
            .map_err(|error| invalid(format!("not a baseline of corsaudit: {error}")))?;
        if document.format != FORMAT {
            return Err(invalid("not a baseline of corsaudit".to_owned()));
        }
        if document.version != VERSION {
            return Err(invalid(format!(
                "a baseline of version {}, of which nothing is known here; write it anew with --write-baseline",
                document.version
            )));
        }
        let mut known = BTreeMap::new();
        for row in document.findings {
            let severity = Severity::from_name(&row.severity)
                .ok_or_else(|| invalid(format!("unknown severity {:?}", row.severity)))?;
            known.insert(row.fingerprint, severity);
        }
        Ok(Self { known })
    }

    /// Writes findings as a baseline: JSON, ordered by fingerprint.
    ///
    /// # Errors
    /// The writer's.
    pub fn write<'f>(
        findings: impl IntoIterator<Item = &'f Finding>,
        mut out: impl Write,
    ) -> io::Result<()> {
        let rows: BTreeMap<&str, Row> = findings
            .into_iter()
            .map(|finding| {
                let row = Row {
                    fingerprint: finding.fingerprint.clone(),
                    severity: finding.severity.as_str().to_owned(),
                    rule: finding.rule.to_owned(),
                    target: finding.target_origin.clone(),
                    endpoint: finding.endpoint.clone(),
                };
                (&*finding.fingerprint, row)
            })
            .collect();
        let document = Document {
            format: FORMAT,
            version: VERSION,
            findings: rows.into_values().collect(),
        };
        serde_json::to_writer_pretty(&mut out, &document)?;
        out.write_all(b"\n")
    }

    /// Whether a finding is known, and no worse than it was.
    #[must_use]
    pub fn knows(&self, finding: &Finding) -> bool {
        self.known
            .get(&finding.fingerprint)
            .is_some_and(|severity| finding.severity <= *severity)
    }
}

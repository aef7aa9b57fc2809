//! Reports: an [`Audit`] as bytes on a writer, one file per format. Whatever is printed passes [`crate::redact`].

mod csv;
mod explain;
mod fetch_row;
mod finding_row;
mod html;
mod json;
mod junit;
mod markdown;
mod ndjson;
mod rule_pages;
mod rules;
mod sarif;
mod summary;
mod text;
mod uri;
mod why;
mod wrap;

pub use explain::{Unknown, explain};
pub use rule_pages::{rule_index, rule_page};
pub use rules::{list_json, list_text};
pub use why::{NotOne, Wanted, select, why};

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use crate::audit::Audit;
use crate::finding::Severity;
use crate::nearest::nearest;

/// Formats of reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One finding a row.
    Csv,
    /// One object.
    Json,
    /// One object a line.
    Ndjson,
    /// For code scanning.
    Sarif,
    /// A page for browsers.
    Html,
    /// For comments and tickets.
    Markdown,
    /// For test viewers.
    Junit,
}

/// How the text report looks, and what its last line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns.
    pub width: usize,
    /// Whether ANSI colours are used.
    pub color: bool,
    /// Whether names of recordings are hyperlinks.
    pub hyperlinks: bool,
    /// Findings from here upwards make the exit code 1; `None`: never.
    pub fail_on: Option<Severity>,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            width: 80,
            color: false,
            hyperlinks: false,
            fail_on: Some(Severity::High),
        }
    }
}

/// Writes a report.
///
/// # Errors
/// Those of the writer.
pub fn write(audit: &Audit, format: Format, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => text::write(audit, style, out),
        Format::Csv => csv::write(audit, out),
        Format::Json => json::write(audit, out),
        Format::Ndjson => ndjson::write(audit, out),
        Format::Sarif => sarif::write(audit, style, out),
        Format::Html => html::write(audit, out),
        Format::Markdown => markdown::write(audit, style, out),
        Format::Junit => junit::write(audit, style, out),
    }
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Text,
        Self::Csv,
        Self::Json,
        Self::Ndjson,
        Self::Sarif,
        Self::Html,
        Self::Markdown,
        Self::Junit,
    ];

    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Sarif => "sarif",
            Self::Html => "html",
            Self::Markdown => "markdown",
            Self::Junit => "junit",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let named = Self::ALL.iter().find(|format| format.as_str() == name);
        named.copied().ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|format| format.as_str()).collect();
            let (last, others) = names.split_last().expect("there are formats");
            let use_one = format!("use {} or {last}", others.join(", "));
            match nearest(name, names.iter().copied()) {
                Some(near) => format!("did you mean {near}? {use_one}"),
                None => use_one,
            }
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

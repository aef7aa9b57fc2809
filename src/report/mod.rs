//! Reports: an [`Audit`] as bytes on a writer, one file per format. Whatever is printed passes [`crate::redact`].

mod csv;
mod explain;
mod fetch_row;
mod finding_row;
mod html;
mod json;
mod ndjson;
mod rules;
mod summary;
mod text;
mod wrap;

pub use explain::{Unknown, explain};
pub use rules::{list_json, list_text};

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use crate::audit::Audit;
use crate::finding::Severity;

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
    /// A page for browsers.
    Html,
}

/// How the text report looks, and what its last line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns.
    pub width: usize,
    /// Whether ANSI colours are used.
    pub color: bool,
    /// Findings from here upwards make the exit code 1; `None`: never.
    pub fail_on: Option<Severity>,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            width: 80,
            color: false,
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
        Format::Html => html::write(audit, out),
    }
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Text, Self::Csv, Self::Json, Self::Ndjson, Self::Html];

    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Html => "html",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if let Some(format) = Self::ALL.into_iter().find(|format| format.as_str() == name) {
            return Ok(format);
        }
        Err(match name {
            "sarif" | "markdown" => {
                format!("{name} is not available yet; use text, csv, json, ndjson or html")
            }
            _ => "use text, csv, json, ndjson or html".to_owned(),
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

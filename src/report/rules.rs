//! The list of rules.

use std::io::{self, Write};

use serde::Serialize;

use super::Style;
use super::json::write_row;
use super::wrap::wrapped;
use crate::rules::{self, Declaration};

/// Titles get at least as many columns.
const NARROWEST_TITLE: usize = 24;

#[derive(Debug, Serialize)]
struct RuleRow {
    id: &'static str,
    category: &'static str,
    severity: &'static str,
    title: &'static str,
    since: &'static str,
}

/// Writes the rules as a table: id, category, severity, title. Titles wrap in a column of their own where the table is
/// wider than a terminal; anything else that reads gets a rule a line.
///
/// # Errors
/// Those of the writer.
pub fn list_text(style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<RuleRow> = rules::declarations().map(row).collect();
    let widest = |of: fn(&RuleRow) -> &str| rows.iter().map(|row| of(row).len()).max().unwrap_or(0);
    let (id, category, severity) = (
        widest(|r| r.id),
        widest(|r| r.category),
        widest(|r| r.severity),
    );
    let column = id + category + severity + 6;
    // On a narrow terminal the titles go below.
    let beside = style.width >= column + NARROWEST_TITLE;
    for row in &rows {
        let head = format!(
            "{:id$}  {:category$}  {:severity$}",
            row.id, row.category, row.severity
        );
        if !beside {
            writeln!(out, "{}", head.trim_end())?;
            for line in wrapped(
                row.title,
                style.width.saturating_sub(4).max(NARROWEST_TITLE),
            ) {
                writeln!(out, "    {line}")?;
            }
            continue;
        }
        for (index, line) in wrapped(row.title, style.width - column).iter().enumerate() {
            let head = if index == 0 { head.as_str() } else { "" };
            writeln!(out, "{head:0$}{line}", column)?;
        }
    }
    Ok(())
}

/// Writes the rules as a JSON array of objects.
///
/// # Errors
/// Those of the writer.
pub fn list_json(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"[")?;
    for (index, declaration) in rules::declarations().enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        write_row(&row(declaration), out)?;
    }
    out.write_all(b"\n]\n")
}

fn row(declaration: &'static Declaration) -> RuleRow {
    RuleRow {
        id: declaration.id,
        category: declaration.category.as_str(),
        severity: declaration.severity.as_str(),
        title: declaration.title,
        since: declaration.since,
    }
}

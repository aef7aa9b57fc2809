//! The list of rules.

use std::io::{self, Write};

use serde::Serialize;

use super::json::write_row;
use crate::rules::{self, Declaration};

#[derive(Debug, Serialize)]
struct RuleRow {
    id: &'static str,
    category: &'static str,
    severity: &'static str,
    title: &'static str,
    since: &'static str,
}

/// Writes the rules as a table: id, category, severity, title.
///
/// # Errors
/// Those of the writer.
pub fn list_text(out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<RuleRow> = rules::declarations().map(row).collect();
    let widest = |of: fn(&RuleRow) -> &str| rows.iter().map(|row| of(row).len()).max().unwrap_or(0);
    let (id, category, severity) = (
        widest(|r| r.id),
        widest(|r| r.category),
        widest(|r| r.severity),
    );
    for row in &rows {
        writeln!(
            out,
            "{:id$}  {:category$}  {:severity$}  {}",
            row.id, row.category, row.severity, row.title
        )?;
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

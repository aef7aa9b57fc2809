//! One JSON object a line: fetches, findings, notices, the summary last.

use std::io::{self, Write};

use serde::Serialize;

use super::fetch_row;
use super::finding_row::{finding_row, notice_rows};
use super::json::write_row;
use super::summary::summary;
use crate::audit::Audit;

/// Writes the report, row by row.
pub(super) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    fetch_row::for_each(audit, |row| write_line(&row, out))?;
    for finding in &audit.findings {
        write_line(&finding_row(finding), out)?;
    }
    for row in notice_rows(audit) {
        write_line(&row, out)?;
    }
    write_line(&summary(audit), out)
}

fn write_line<T: Serialize>(row: &T, out: &mut dyn Write) -> io::Result<()> {
    write_row(row, out)?;
    out.write_all(b"\n")
}

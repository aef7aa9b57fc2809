//! One JSON object: `fetches`, `findings`, `notices`, `summary`.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};

use super::fetch_row;
use super::finding_row::{finding_row, notice_rows};
use super::summary::summary;
use crate::audit::Audit;
use crate::redact::is_hidden;

/// Writes the report, row by row.
pub(super) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"{\"fetches\":[")?;
    let mut is_first = true;
    fetch_row::for_each(audit, |row| {
        out.write_all(if std::mem::take(&mut is_first) {
            b"\n"
        } else {
            b",\n"
        })?;
        write_row(&row, out)
    })?;
    out.write_all(b"],\n\"findings\":[")?;
    write_rows(audit.findings.iter().map(finding_row), out)?;
    out.write_all(b"],\n\"notices\":[")?;
    write_rows(notice_rows(audit), out)?;
    out.write_all(b"],\n\"summary\":")?;
    write_row(&summary(audit), out)?;
    out.write_all(b"}\n")
}

fn write_rows<T: Serialize>(rows: impl Iterator<Item = T>, out: &mut dyn Write) -> io::Result<()> {
    for (index, row) in rows.enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        write_row(&row, out)?;
    }
    Ok(())
}

/// Writes one object on one line.
pub(super) fn write_row<T: Serialize>(row: &T, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Visible);
    Ok(row.serialize(&mut serializer)?)
}

/// Compact JSON in which characters that act on a terminal are escaped: the same values, safe to look at.
struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // ASCII controls never arrive here but DEL: the serializer escapes them itself.
        if fragment.is_ascii() && !fragment.contains('\u{7f}') {
            return out.write_all(fragment.as_bytes());
        }
        write_escaped(fragment, is_hidden, out)
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(out, escape)
    }
}

/// Writes a part of a JSON string; characters that act on what shows it are written by number.
pub(super) fn write_escaped<W: ?Sized + Write>(
    fragment: &str,
    acts: impl Fn(char) -> bool,
    out: &mut W,
) -> io::Result<()> {
    let mut copied = 0;
    for (at, c) in fragment.char_indices().filter(|(_, c)| acts(*c)) {
        out.write_all(&fragment.as_bytes()[copied..at])?;
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
        copied = at + c.len_utf8();
    }
    out.write_all(&fragment.as_bytes()[copied..])
}

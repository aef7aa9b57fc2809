//! Lines of a fixed width: words wrap, long URLs break behind their delimiters, colour costs no column.

use std::io::{self, Write};

use anstyle::Style;

use crate::redact::printable;

/// Narrower than this nothing can be read.
const NARROWEST: usize = 24;

/// A text that leads somewhere.
pub(super) struct Link {
    /// The text.
    pub(super) name: String,
    /// Where it leads.
    pub(super) uri: String,
}

/// A place to print lines on.
pub(super) struct Page<'o> {
    out: &'o mut dyn Write,
    width: usize,
    color: bool,
}

impl<'o> Page<'o> {
    pub(super) fn new(out: &'o mut dyn Write, width: usize, color: bool) -> Self {
        Self {
            out,
            width: width.max(NARROWEST),
            color,
        }
    }

    /// An empty line.
    pub(super) fn gap(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }

    /// A paragraph.
    pub(super) fn text(&mut self, indent: usize, text: &str) -> io::Result<()> {
        self.hanging(indent, "", text, Style::new())
    }

    /// A paragraph in a style.
    pub(super) fn styled(&mut self, indent: usize, text: &str, style: Style) -> io::Result<()> {
        self.lines("", indent, indent, text, style)
    }

    /// A label, and a paragraph in a column of its own beside it.
    pub(super) fn labelled(
        &mut self,
        indent: usize,
        label: &str,
        column: usize,
        text: &str,
    ) -> io::Result<()> {
        let label = format!("{label:column$}");
        self.hanging(indent, &label, text, Style::new())
    }

    /// A text printed as it is, but for what a terminal would obey; it breaks where it is too long.
    pub(super) fn verbatim(&mut self, indent: usize, text: &str) -> io::Result<()> {
        for part in broken(&printable(text), self.width - indent) {
            writeln!(self.out, "{:indent$}{part}", "")?;
        }
        Ok(())
    }

    /// As [`Page::labelled`]; where a name stands whole on a line, it is a hyperlink (OSC 8).
    pub(super) fn linked(
        &mut self,
        indent: usize,
        label: &str,
        column: usize,
        text: &str,
        links: &[Link],
    ) -> io::Result<()> {
        let mut lines = Vec::new();
        let mut plain = Page::new(&mut lines, self.width, false);
        plain.labelled(indent, label, column, text)?;
        let mut lines = String::from_utf8_lossy(&lines).into_owned();
        for Link { name, uri } in links {
            let name = printable(name);
            lines = lines.replace(
                &*name,
                &format!("\u{1b}]8;;{uri}\u{1b}\\{name}\u{1b}]8;;\u{1b}\\"),
            );
        }
        self.out.write_all(lines.as_bytes())
    }

    fn hanging(&mut self, indent: usize, mark: &str, text: &str, style: Style) -> io::Result<()> {
        self.lines(mark, indent, indent + columns(mark), text, style)
    }

    fn lines(
        &mut self,
        mark: &str,
        indent: usize,
        rest: usize,
        text: &str,
        style: Style,
    ) -> io::Result<()> {
        // A long indent on a narrow page leaves half of it for the text, and a label that is longer gets a line.
        let beside = rest;
        let rest = rest.min(self.width / 2);
        let mut mark = mark;
        if beside > rest && !mark.trim_end().is_empty() {
            writeln!(self.out, "{:indent$}{}", "", mark.trim_end())?;
            mark = "";
        }
        let mut first = true;
        for line in wrapped(&printable(text), self.width - rest) {
            let before = if first && indent + columns(mark) <= rest {
                format!("{:indent$}{mark}", "")
            } else {
                String::new()
            };
            let before = format!("{before:rest$}");
            first = false;
            if self.color && style != Style::new() {
                writeln!(self.out, "{before}{style}{line}{style:#}")?;
            } else {
                writeln!(self.out, "{}", format!("{before}{line}").trim_end())?;
            }
        }
        Ok(())
    }
}

/// Lines of at most `width` columns; at least one.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        for (index, part) in broken(word, width).into_iter().enumerate() {
            let line = lines.last_mut().expect("there is always a line");
            let needed = columns(&part) + usize::from(!line.is_empty());
            if index == 0 && columns(line) + needed <= width {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(&part);
            } else if index == 0 && line.is_empty() {
                line.push_str(&part);
            } else {
                lines.push(part);
            }
        }
    }
    lines
}

/// A word in parts of at most `width` columns, cut behind delimiters of URLs where there are any in the second half.
fn broken(word: &str, width: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut used = 0;
    for c in word.chars() {
        let wide = char_columns(c);
        if used + wide > width && !part.is_empty() {
            let cut = part
                .rfind(['/', '?', '&', '=', ';', ',', '-', '.'])
                .map(|at| at + 1)
                .filter(|&at| at * 2 > part.len() && at < part.len())
                .unwrap_or(part.len());
            let next = part.split_off(cut);
            parts.push(std::mem::replace(&mut part, next));
            used = columns(&part);
        }
        part.push(c);
        used += wide;
    }
    parts.push(part);
    parts
}

/// Columns of a text on a terminal.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(char_columns).sum()
}

/// Columns of a character: two for those of East Asian scripts and pictures, none for combining marks.
fn char_columns(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f
        | 0x483..=0x489
        | 0x591..=0x5bd
        | 0x20d0..=0x20ff
        | 0xfe00..=0xfe0f
        | 0xfe20..=0xfe2f => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xa960..=0xa97c
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f000..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_break_behind_delimiters() {
        let url = "https://api.shop.test/orders/with/a/very/long/path?and=a&query=too";
        assert_eq!(
            wrapped(&format!("at {url} it ends"), 30),
            [
                "at",
                "https://api.shop.test/orders/",
                "with/a/very/long/path?and=a&",
                "query=too it ends"
            ]
        );
    }

    #[test]
    fn no_line_is_too_wide() {
        for width in 1..60 {
            for line in wrapped(
                "日本語のテキスト and https://a.test/x?y=0123456789abcdef é",
                width.max(2),
            ) {
                assert!(columns(&line) <= width.max(2), "{line} at {width}");
            }
        }
    }
}

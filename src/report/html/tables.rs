//! Tables of the block of JSON: what is said more than once is kept once, and named by its place.

use std::hash::Hash;
use std::io::{self, Write};

use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};

use super::shown::shown;
use crate::redact;
use crate::report::json::write_escaped;

/// The tables that findings and requests share.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) texts: Table<Box<str>>,
    /// Header lines: name and value.
    pub(super) lines: Table<[u32; 2]>,
    /// Recorded values: place, name, value.
    pub(super) evidence: Table<[u32; 3]>,
    /// Clauses: step, what it reads, the value, whether it holds.
    pub(super) clauses: Table<(u32, u32, u32, u8)>,
}

impl Tables {
    /// The place of a text of a recording, made fit to be shown.
    pub(super) fn add(&mut self, text: &str) -> u32 {
        let text = shown(text);
        self.texts.place(text.into())
    }

    /// The place of a text of this program, which may hold tabs.
    pub(super) fn add_own(&mut self, text: &str) -> u32 {
        self.texts.place(text.into())
    }

    /// The place of a header line of a recording, secrets replaced.
    pub(super) fn add_line(&mut self, name: &str, value: &str) -> u32 {
        let line = [self.add(name), self.add(value)];
        self.lines.place(line)
    }

    /// The place of a recorded value that proves something.
    pub(super) fn add_evidence(&mut self, place: &str, name: &str, value: &str) -> u32 {
        let evidence = [self.add(place), self.add(name), self.add(value)];
        self.evidence.place(evidence)
    }

    /// The place of a clause.
    pub(super) fn add_clause(&mut self, step: &str, reads: &str, value: &str, holds: bool) -> u32 {
        let clause = (
            self.add(step),
            self.add(reads),
            self.add(value),
            u8::from(holds),
        );
        self.clauses.place(clause)
    }

    /// Bytes of all tables.
    pub(super) fn size(&self) -> usize {
        self.texts.list.size()
            + self.lines.list.size()
            + self.evidence.list.size()
            + self.clauses.list.size()
    }
}

/// Values, each once.
#[derive(Default)]
pub(super) struct Table<T> {
    index: FxHashMap<T, u32>,
    list: List,
}

impl<T: Serialize + Hash + Eq> Table<T> {
    fn place(&mut self, value: T) -> u32 {
        if let Some(place) = self.index.get(&value) {
            return *place;
        }
        let place = self.list.push(&value);
        self.index.insert(value, place);
        place
    }

    /// The table as a JSON array.
    pub(super) fn json(&self) -> Vec<u8> {
        self.list.json()
    }
}

/// A JSON array in the making, without its brackets.
#[derive(Default)]
pub(super) struct List {
    bytes: Vec<u8>,
    length: usize,
}

impl List {
    /// Appends a value, and tells its place.
    pub(super) fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> u32 {
        if self.length > 0 {
            self.bytes.push(b',');
        }
        self.bytes.extend_from_slice(&json(value));
        self.length += 1;
        // Far below: the page would be larger than its limit long before.
        u32::try_from(self.length - 1).unwrap_or(u32::MAX)
    }

    /// How many values there are.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Bytes so far.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The array.
    pub(super) fn json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len() + 2);
        out.push(b'[');
        out.extend_from_slice(&self.bytes);
        out.push(b']');
        out
    }
}

/// A value as JSON that may stand in a `script` element.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Embedded);
    value
        .serialize(&mut serializer)
        .expect("plain values are written to memory");
    out
}

/// JSON that may stand in a `script` element: characters that markup, line ends of old scripts or terminals give a
/// meaning to are escaped.
struct Embedded;

impl Formatter for Embedded {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let acts = |c: char| matches!(c, '<' | '>' | '&') || redact::is_hidden(c);
        write_escaped(fragment, acts, out)
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(out, escape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_the_same_and_ends_no_element() {
        for text in [
            "</script><script>alert(1)</script>",
            "<!-- <script>",
            "]]>&lt;\u{2028}\u{2029}\u{202e}\u{0}\"\\",
            "\u{10ffff}\u{e0041}",
        ] {
            let written = String::from_utf8(json(text)).expect("UTF-8");
            assert!(!written.contains(['<', '>', '&']), "{written}");
            assert!(!written.contains(redact::is_hidden), "{written}");
            let read: String = serde_json::from_str(&written).expect("JSON");
            assert_eq!(read, text);
        }
    }

    #[test]
    fn texts_are_kept_once() {
        let mut texts = Tables::default();
        assert_eq!([texts.add("a"), texts.add("b"), texts.add("a")], [0, 1, 0]);
        assert_eq!(texts.texts.json(), b"[\"a\",\"b\"]");
    }
}

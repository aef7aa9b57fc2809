//! Header lists as recorded: compact, owned, in order, duplicates kept.

use std::borrow::Cow;
use std::fmt;

use bitcode::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// A header list (Fetch Standard, section 2.2.2), one allocation for all lines.
///
/// Lines keep their order and their bytes; names keep their case and compare without it. Values are stored without
/// leading and trailing HTTP whitespace.
#[derive(Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct HeaderList {
    // Per line: name length (u16 LE), value length (u32 LE), name, value.
    bytes: Box<[u8]>,
}

/// Collects the lines of a [`HeaderList`].
#[derive(Clone, Debug, Default)]
pub struct HeaderListBuilder {
    bytes: Vec<u8>,
}

const NAME_LENGTH: usize = 2;
const VALUE_LENGTH: usize = 4;

impl HeaderListBuilder {
    /// An empty builder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one line. A name longer than 65,535 bytes is no header name: such a line is dropped and `false` returned.
    pub fn push(&mut self, name: &[u8], value: &[u8]) -> bool {
        let value = trim(value);
        let (Ok(name_length), Ok(value_length)) =
            (u16::try_from(name.len()), u32::try_from(value.len()))
        else {
            return false;
        };
        self.bytes.extend_from_slice(&name_length.to_le_bytes());
        self.bytes.extend_from_slice(&value_length.to_le_bytes());
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(value);
        true
    }

    /// The finished list; the builder is empty afterwards and keeps its memory.
    #[must_use]
    pub fn take(&mut self) -> HeaderList {
        let list = HeaderList {
            bytes: self.bytes.as_slice().into(),
        };
        self.bytes.clear();
        list
    }
}

impl HeaderList {
    /// A list of the given lines.
    pub fn from_lines<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        lines: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut builder = HeaderListBuilder::new();
        for (name, value) in lines {
            builder.push(name.as_ref(), value.as_ref());
        }
        builder.take()
    }

    /// All lines in order.
    #[must_use]
    pub fn iter(&self) -> Lines<'_> {
        Lines { rest: &self.bytes }
    }

    /// Whether there is no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The values of all lines of a name, in order.
    pub fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let mut lines = self.iter();
        std::iter::from_fn(move || lines.next_of(name.as_bytes()))
    }

    /// *Get* a header (Fetch Standard, "get"): all lines of the name joined with `, `, or `None` without such a line.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let name = name.as_bytes();
        let mut lines = self.iter();
        let first = lines.next_of(name)?;
        let Some(second) = lines.next_of(name) else {
            return Some(Cow::Borrowed(first));
        };
        let mut joined = first.to_vec();
        for value in std::iter::once(second).chain(std::iter::from_fn(|| lines.next_of(name))) {
            joined.extend_from_slice(b", ");
            joined.extend_from_slice(value);
        }
        Some(Cow::Owned(joined))
    }

    /// The first line of a name as text, for headers that recorders write once. Not for decisions of the standard,
    /// which use [`HeaderList::get`].
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        let value = self.iter().next_of(name.as_bytes())?;
        std::str::from_utf8(value).ok()
    }

    /// Whether there is a line of the name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.iter().next_of(name.as_bytes()).is_some()
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.bytes.len()
    }
}

/// Pairs of name and value. Bytes that are no UTF-8 are written as Latin-1 behind U+FFFF, which no header holds.
impl Serialize for HeaderList {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|(name, value)| (text(name), text(value))))
    }
}

impl<'de> Deserialize<'de> for HeaderList {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let lines = Vec::<(String, String)>::deserialize(deserializer)?;
        Ok(Self::from_lines(
            lines
                .iter()
                .map(|(name, value)| (bytes(name), bytes(value))),
        ))
    }
}

const LATIN_1: char = '\u{ffff}';

fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let latin = bytes.iter().copied().map(char::from);
            Cow::Owned(std::iter::once(LATIN_1).chain(latin).collect())
        }
    }
}

fn bytes(text: &str) -> Cow<'_, [u8]> {
    match text.strip_prefix(LATIN_1) {
        None => Cow::Borrowed(text.as_bytes()),
        // What is no Latin-1 was not written here.
        Some(latin) => Cow::Owned(
            latin
                .chars()
                .map(|c| u8::try_from(c).unwrap_or(b'?'))
                .collect(),
        ),
    }
}

impl fmt::Debug for HeaderList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|(n, v)| {
                format!(
                    "{}: {}",
                    String::from_utf8_lossy(n),
                    String::from_utf8_lossy(v)
                )
            }))
            .finish()
    }
}

/// The lines of a [`HeaderList`]: name and value.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Lines<'a> {
    /// The value of the next line of a name. Lists are searched for a dozen names each, and nearly all lines are passed over by
    /// the length of theirs.
    fn next_of(&mut self, name: &[u8]) -> Option<&'a [u8]> {
        while let [n0, n1, v0, v1, v2, v3, rest @ ..] = self.rest {
            let name_length = usize::from(u16::from_le_bytes([*n0, *n1]));
            let value_length = u32::from_le_bytes([*v0, *v1, *v2, *v3]) as usize;
            let line = rest.get(..name_length + value_length)?;
            self.rest = &rest[line.len()..];
            if name_length == name.len() && line[..name_length].eq_ignore_ascii_case(name) {
                return Some(&line[name_length..]);
            }
        }
        None
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (name_length, rest) = self.rest.split_first_chunk::<NAME_LENGTH>()?;
        let (value_length, rest) = rest.split_first_chunk::<VALUE_LENGTH>()?;
        let (name, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*name_length)))?;
        let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*value_length) as usize)?;
        self.rest = rest;
        Some((name, value))
    }
}

/// Removes leading and trailing HTTP whitespace (Fetch Standard, "HTTP whitespace bytes").
#[must_use]
pub fn trim(mut value: &[u8]) -> &[u8] {
    while let [b'\t' | b'\n' | b'\r' | b' ', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b'\t' | b'\n' | b'\r' | b' '] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn get_joins_lines_and_ignores_case() {
        let list = HeaderList::from_lines([("A", " 1\t"), ("b", "2"), ("a", ""), ("a", "3")]);
        assert_eq!(list.get("a").as_deref(), Some(&b"1, , 3"[..]));
        assert_eq!(list.get("B").as_deref(), Some(&b"2"[..]));
        assert_eq!(list.get("c"), None);
        assert_eq!(list.lines("a").count(), 3);
        let values: Vec<_> = list.lines("A").collect();
        assert_eq!(values, [&b"1"[..], b"", b"3"]);
        assert_eq!((list.first("b"), list.first("ab")), (Some("2"), None));
        assert!(list.contains("B") && !list.contains(""));
    }
}

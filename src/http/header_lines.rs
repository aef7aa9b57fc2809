//! Header lines in the order and the spelling of the wire.

use std::fmt;

/// An owned list of header lines (RFC 9110, section 5): order, case and duplicates kept, values raw bytes.
///
/// One buffer holds all names and values, since a capture has millions of lines. Pseudo-headers and trailers are
/// not among them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HeaderLines {
    bytes: Vec<u8>,
    /// End of name and end of value in `bytes`; a name starts where the value before it ends.
    ends: Vec<(u32, u32)>,
}

impl HeaderLines {
    /// Makes room for `lines` lines of `bytes` bytes in all.
    pub(crate) fn with_capacity(lines: usize, bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            ends: Vec::with_capacity(lines),
        }
    }

    /// Appends a line. Lists are bounded long before 4 GiB by their readers.
    pub(crate) fn push(&mut self, name: &[u8], value: &[u8]) {
        self.bytes.extend_from_slice(name);
        let name_end = self.bytes.len() as u32;
        self.bytes.extend_from_slice(value);
        self.ends.push((name_end, self.bytes.len() as u32));
    }

    /// The lines as (name, value), in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut start = 0;
        self.ends.iter().map(move |&(name_end, value_end)| {
            let line = (
                &self.bytes[start..name_end as usize],
                &self.bytes[name_end as usize..value_end as usize],
            );
            start = value_end as usize;
            line
        })
    }

    /// The values of the lines named `name`, compared without case, in order.
    pub fn values<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The number of lines.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of memory held.
    pub(crate) fn held(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<(u32, u32)>()
    }
}

impl fmt::Debug for HeaderLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for (name, value) in self.iter() {
            list.entry(&format_args!(
                "{}: {}",
                name.escape_ascii(),
                value.escape_ascii()
            ));
        }
        list.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_case_and_duplicates_are_kept() {
        let mut lines = HeaderLines::default();
        lines.push(b"Vary", b"Origin");
        lines.push(b"x", b"");
        lines.push(b"vary", b"\xff");
        let all: Vec<_> = lines.iter().collect();
        assert_eq!(
            all,
            [
                (&b"Vary"[..], &b"Origin"[..]),
                (b"x", b""),
                (b"vary", b"\xff")
            ]
        );
        assert_eq!(
            lines.values(b"VARY").collect::<Vec<_>>(),
            [&b"Origin"[..], b"\xff"]
        );
        assert_eq!(lines.len(), 3);
    }
}

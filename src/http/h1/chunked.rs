//! The chunked transfer coding (RFC 9112, section 7.1), read without holding anything back.

use memchr::memchr;

use crate::http::limits;

/// Where the next byte stands.
///
/// ```text
///  Size --;--> Extension --LF--> Data --> DataEnd --LF--> Size
///    |            size 0 |
///    +-------------------+--> Trailer (start of line) --empty line--> done
/// ```
#[derive(Clone, Copy, Debug)]
pub(super) enum Chunked {
    /// In the size; `digits` were read.
    Size { value: u64, digits: u8 },
    /// Behind the size, up to the line's end.
    Extension { value: u64, seen: usize },
    /// In the chunk.
    Data { left: u64 },
    /// At the line end behind a chunk.
    DataEnd,
    /// In the trailer section; `empty` as long as the line is.
    Trailer { empty: bool, seen: usize },
}

/// What a step found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So many bytes of framing.
    Framing(usize),
    /// So many bytes of content.
    Content(usize),
    /// So many bytes, and the body ends behind them.
    End(usize),
    Malformed,
}

impl Chunked {
    pub(super) const START: Self = Self::Size {
        value: 0,
        digits: 0,
    };

    /// Reads on; `bytes` is not empty.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Step {
        match *self {
            Self::Size { value, digits } => {
                let Some(&byte) = bytes.first() else {
                    return Step::Framing(0);
                };
                match (char::from(byte).to_digit(16), byte) {
                    (Some(digit), _) if value >> 60 == 0 => {
                        let value = value << 4 | u64::from(digit);
                        // Zeros may lead without end; the count only has to say "some".
                        *self = Self::Size {
                            value,
                            digits: digits.saturating_add(1),
                        };
                        Step::Framing(1)
                    }
                    (None, b';' | b' ' | b'\t' | b'\r' | b'\n') if digits > 0 => {
                        *self = Self::Extension { value, seen: 0 };
                        Step::Framing(0)
                    }
                    _ => Step::Malformed,
                }
            }
            Self::Extension { value, seen } => match memchr(b'\n', bytes) {
                Some(end) => {
                    *self = match value {
                        0 => Self::Trailer {
                            empty: true,
                            seen: 0,
                        },
                        _ => Self::Data { left: value },
                    };
                    Step::Framing(end + 1)
                }
                None if seen + bytes.len() > limits::HEAD => Step::Malformed,
                None => {
                    *self = Self::Extension {
                        value,
                        seen: seen + bytes.len(),
                    };
                    Step::Framing(bytes.len())
                }
            },
            Self::Data { left } => {
                let take = left.min(bytes.len() as u64);
                self.advance(left, take);
                Step::Content(take as usize)
            }
            Self::DataEnd => match bytes.first() {
                Some(b'\r') => Step::Framing(1),
                Some(b'\n') => {
                    *self = Self::START;
                    Step::Framing(1)
                }
                _ => Step::Malformed,
            },
            Self::Trailer { empty, seen } => match bytes.first() {
                Some(b'\n') if empty => Step::End(1),
                Some(b'\r') if empty => Step::Framing(1),
                _ if seen > limits::HEAD => Step::Malformed,
                _ => {
                    let end = memchr(b'\n', bytes);
                    let used = end.map_or(bytes.len(), |end| end + 1);
                    *self = Self::Trailer {
                        empty: end.is_some(),
                        seen: seen + used,
                    };
                    Step::Framing(used)
                }
            },
        }
    }

    /// Skips a hole of `len` bytes if it lies inside a chunk.
    pub(super) fn gap(&mut self, len: u64) -> bool {
        match *self {
            Self::Data { left } if len <= left => {
                self.advance(left, len);
                true
            }
            _ => false,
        }
    }

    fn advance(&mut self, left: u64, by: u64) {
        *self = if left == by {
            Self::DataEnd
        } else {
            Self::Data { left: left - by }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Content read, and how many bytes the body took, or `None` if malformed or unended.
    fn read(body: &[u8], piece: usize) -> (Vec<u8>, Option<usize>) {
        let (mut state, mut content, mut at) = (Chunked::START, Vec::new(), 0);
        while at < body.len() {
            let bytes = &body[at..body.len().min(at + piece)];
            match state.step(bytes) {
                Step::Framing(used) => at += used,
                Step::Content(used) => {
                    content.extend_from_slice(&bytes[..used]);
                    at += used;
                }
                Step::End(used) => return (content, Some(at + used)),
                Step::Malformed => return (content, None),
            }
        }
        (content, None)
    }

    #[test]
    fn bodies() {
        for (body, content, end) in [
            (&b"5\r\nhello\r\n0\r\n\r\nHTTP"[..], &b"hello"[..], Some(15)),
            (
                b"3;a=b\r\nabc\r\n000A\n0123456789\n0\n\nx",
                b"abc0123456789",
                Some(31),
            ),
            (b"1\r\na\r\n0\r\nT: 1\r\nU: 2\r\n\r\n", b"a", Some(23)),
            (b"0\r\n\r\n", b"", Some(5)),
            (b"\r\n", b"", None),
            (b"x\r\n", b"", None),
            (b"2\r\nabc", b"ab", None),
            (b"11111111111111111\r\n", b"", None),
        ] {
            for piece in [1, 2, 3, 1000] {
                let what = body.escape_ascii();
                assert_eq!(
                    read(body, piece),
                    (content.to_vec(), end),
                    "{what} by {piece}"
                );
            }
        }
    }
}

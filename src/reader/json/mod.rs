//! A pull reader over JSON text in memory, lenient where recorders are careless and exact where it decides what is
//! an element: strings end, brackets match.
//!
//! It borrows strings as they stand between their quotes ([`Text`]) and decodes only those that somebody reads. Nothing
//! recurses: nesting of any depth is skipped with a bit per level, and below 64 levels by counting brackets.
//! Tolerated and not reported: raw control characters and bytes that are not UTF-8 inside strings that are skipped,
//! unknown escapes, a comma before a closing bracket, odd digits in numbers that are skipped.

mod string;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use string::string_end;
pub(crate) use string::unescape;

/// Why reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The text ended inside a value; more of it may help.
    Incomplete,
    /// Not JSON, at this byte.
    Syntax {
        /// Offset of the byte.
        at: usize,
        /// What stood to reason instead.
        expected: &'static str,
    },
}

/// A cursor over JSON text.
#[derive(Clone, Debug)]
pub(super) struct Json<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A string as it stands in the text, without its quotes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Text<'a> {
    raw: &'a [u8],
    /// Whether a backslash may stand in it.
    escaped: bool,
}

/// What a value is, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Array,
    /// Number, `true`, `false` or `null`.
    Literal,
    Object,
    String,
}

impl<'a> Json<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Offset of the next byte.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The text from `start` to here.
    pub(super) fn since(&self, start: usize) -> &'a [u8] {
        &self.bytes[start..self.at]
    }

    /// Skips white space and shows the byte behind it.
    #[inline]
    pub(super) fn peek(&mut self) -> Result<u8, Stop> {
        const SPACES: u64 = u64::from_ne_bytes([b' '; 8]);
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(&byte) => return Ok(byte),
                None => return Err(Stop::Incomplete),
            }
            // Indentation, eight columns a step.
            while let Some(word) = self.bytes[self.at..].first_chunk() {
                let others = u64::from_le_bytes(*word) ^ SPACES;
                if others != 0 {
                    self.at += others.trailing_zeros() as usize / 8;
                    break;
                }
                self.at += 8;
            }
        }
    }

    /// Takes the byte if it comes next.
    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> Result<bool, Stop> {
        let found = self.peek()? == byte;
        self.at += usize::from(found);
        Ok(found)
    }

    #[inline]
    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Stop> {
        if self.take(byte)? {
            return Ok(());
        }
        Err(self.syntax(expected))
    }

    fn syntax(&self, expected: &'static str) -> Stop {
        Stop::Syntax {
            at: self.at,
            expected,
        }
    }

    /// What the next value is.
    #[inline]
    pub(super) fn kind(&mut self) -> Result<Kind, Stop> {
        match self.peek()? {
            b'{' => Ok(Kind::Object),
            b'[' => Ok(Kind::Array),
            b'"' => Ok(Kind::String),
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => Ok(Kind::Literal),
            _ => Err(self.syntax("a value")),
        }
    }

    /// Reads an object, giving each key to `member`, which reads the value. Another value is skipped, and `false`
    /// returned.
    #[inline]
    pub(super) fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, &[u8]) -> Result<(), Stop>,
    ) -> Result<bool, Stop> {
        if self.kind()? != Kind::Object {
            self.skip()?;
            return Ok(false);
        }
        self.at += 1;
        loop {
            if self.take(b'}')? {
                return Ok(true);
            }
            let key = self.key()?;
            if key.escaped {
                member(self, key.decode().as_bytes())?;
            } else {
                member(self, key.raw)?;
            }
            if !self.take(b',')? {
                self.expect(b'}', "`,` or `}`")?;
                return Ok(true);
            }
        }
    }

    /// Reads an array, calling `element` before each element. Another value is skipped, and `false` returned.
    #[inline]
    pub(super) fn array(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), Stop>,
    ) -> Result<bool, Stop> {
        if self.kind()? != Kind::Array {
            self.skip()?;
            return Ok(false);
        }
        self.at += 1;
        loop {
            if self.take(b']')? {
                return Ok(true);
            }
            element(self)?;
            if !self.take(b',')? {
                self.expect(b']', "`,` or `]`")?;
                return Ok(true);
            }
        }
    }

    /// The values of an object that has two members, both strings, with these keys (in their quotes) in this order.
    /// Of any other value nothing is read: it may be anything, also incomplete.
    #[inline]
    pub(super) fn pair<const A: usize, const B: usize>(
        &mut self,
        first: &[u8; A],
        second: &[u8; B],
    ) -> Option<[Text<'a>; 2]> {
        let mut ahead = self.clone();
        let values = [ahead.member(b'{', first)?, ahead.member(b',', second)?];
        if !ahead.take(b'}').ok()? {
            return None;
        }
        *self = ahead;
        Some(values)
    }

    /// The string behind a byte, a key and its colon. Where it is something else, the cursor stands anywhere.
    #[inline]
    fn member<const N: usize>(&mut self, before: u8, key: &[u8; N]) -> Option<Text<'a>> {
        if !self.take(before).ok()? || self.peek().ok()? != b'"' {
            return None;
        }
        if self.bytes[self.at..].first_chunk() != Some(key) {
            return None;
        }
        self.at += N;
        if !self.take(b':').ok()? || self.peek().ok()? != b'"' {
            return None;
        }
        self.string().ok()
    }

    /// A key and its colon.
    #[inline]
    pub(super) fn key(&mut self) -> Result<Text<'a>, Stop> {
        if self.peek()? != b'"' {
            return Err(self.syntax("a key"));
        }
        let key = self.string()?;
        self.expect(b':', "`:`")?;
        Ok(key)
    }

    /// The next value if it is a string. Another value is skipped.
    #[inline]
    pub(super) fn text(&mut self) -> Result<Option<Text<'a>>, Stop> {
        if self.peek()? == b'"' {
            return self.string().map(Some);
        }
        self.skip()?;
        Ok(None)
    }

    /// The next value if it is a string, a number, `true` or `false`, as text. Another value is skipped.
    pub(super) fn scalar(&mut self) -> Result<Option<Text<'a>>, Stop> {
        match self.kind()? {
            Kind::String => self.string().map(Some),
            Kind::Literal => {
                let start = self.at;
                self.skip()?;
                let raw = self.since(start);
                Ok((raw != b"null").then_some(Text {
                    raw,
                    escaped: false,
                }))
            }
            Kind::Array | Kind::Object => self.skip().map(|()| None),
        }
    }

    /// The next value if it is a number, also one written as a string. Another value is skipped.
    pub(super) fn number(&mut self) -> Result<Option<f64>, Stop> {
        let text = self.scalar()?;
        Ok(text.and_then(|text| std::str::from_utf8(text.raw).ok()?.trim().parse().ok()))
    }

    /// Whether the next value says something: not null, `false`, zero, nor an empty string, list or object. It is
    /// skipped.
    pub(super) fn is_filled(&mut self) -> Result<bool, Stop> {
        Ok(self.filled()?.is_some())
    }

    /// The text of the next value if it says something. It is skipped.
    pub(super) fn filled(&mut self) -> Result<Option<&'a [u8]>, Stop> {
        let start = {
            self.peek()?;
            self.at
        };
        self.skip()?;
        let text = self.since(start);
        let says_something = match text {
            b"null" | b"false" | b"0" | b"\"\"" => false,
            [b'{' | b'[', inside @ .., b'}' | b']'] => {
                inside.iter().any(|byte| !byte.is_ascii_whitespace())
            }
            _ => true,
        };
        Ok(says_something.then_some(text))
    }

    /// Skips one value of any kind and depth.
    pub(super) fn skip(&mut self) -> Result<(), Stop> {
        // One bit per open bracket, the innermost lowest: set for an object.
        let mut open = 0_u64;
        let mut depth = 0_u32;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                bracket @ (b'{' | b'[') => {
                    let is_object = bracket == b'{';
                    if depth == u64::BITS {
                        self.at = skip_brackets(self.bytes, self.at)?;
                    } else {
                        self.at += 1;
                        if !self.take(if is_object { b'}' } else { b']' })? {
                            open = open << 1 | u64::from(is_object);
                            depth += 1;
                            if is_object {
                                self.key()?;
                            }
                            continue;
                        }
                    }
                }
                _ => self.literal()?,
            }
            // Behind a value.
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let is_object = open & 1 == 1;
                let close = if is_object { b'}' } else { b']' };
                if self.take(b',')? && self.peek()? != close {
                    if is_object {
                        self.key()?;
                    }
                    break;
                }
                self.expect(close, "`,` or a closing bracket")?;
                open >>= 1;
                depth -= 1;
            }
        }
    }

    /// A number, `true`, `false` or `null`. One that touches the end of the text may go on.
    fn literal(&mut self) -> Result<(), Stop> {
        let start = self.at;
        let length = self.bytes[start..]
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'A'..=b'Z' | b'a'..=b'z'))
            .ok_or(Stop::Incomplete)?;
        match &self.bytes[start..start + length] {
            b"true" | b"false" | b"null" => {}
            [b'-' | b'0'..=b'9', rest @ ..]
                if rest
                    .iter()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) => {
            }
            _ => return Err(self.syntax("a value")),
        }
        self.at = start + length;
        Ok(())
    }

    /// A string, the cursor standing on its opening quote.
    #[inline]
    fn string(&mut self) -> Result<Text<'a>, Stop> {
        let start = self.at + 1;
        let (end, escaped) = string_end(self.bytes, start).ok_or(Stop::Incomplete)?;
        self.at = end + 1;
        Ok(Text {
            raw: &self.bytes[start..end],
            escaped,
        })
    }
}

impl<'a> Text<'a> {
    /// The bytes between the quotes, escapes as they stand.
    pub(super) fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// The text. What is no Unicode (lone surrogates, bytes that are not UTF-8) becomes U+FFFD.
    pub(super) fn decode(self) -> Cow<'a, str> {
        if self.has_escapes() {
            return Cow::Owned(unescape(self.raw));
        }
        match std::str::from_utf8(self.raw) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(self.raw),
        }
    }

    /// The text's bytes, those that are not UTF-8 as they stand.
    #[inline]
    pub(super) fn unescape(self) -> Cow<'a, [u8]> {
        if self.has_escapes() {
            return Cow::Owned(unescape(self.raw).into_bytes());
        }
        Cow::Borrowed(self.raw)
    }

    fn has_escapes(self) -> bool {
        self.escaped && memchr::memchr(b'\\', self.raw).is_some()
    }

    /// Whether the bytes are UTF-8.
    pub(super) fn is_utf8(self) -> bool {
        std::str::from_utf8(self.raw).is_ok()
    }

    /// Bytes of the decoded text.
    pub(super) fn decoded_len(self) -> usize {
        if self.has_escapes() {
            self.decode().len()
        } else {
            self.raw.len()
        }
    }
}

/// Offset behind the bracket that closes the one at `at`, counting brackets outside strings.
pub(super) fn skip_brackets(bytes: &[u8], mut at: usize) -> Result<usize, Stop> {
    let mut depth = 0_usize;
    loop {
        match bytes.get(at).ok_or(Stop::Incomplete)? {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            b'"' => {
                at = string_end(bytes, at + 1).ok_or(Stop::Incomplete)?.0;
            }
            _ => {}
        }
        at += 1;
    }
}

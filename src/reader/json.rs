//! A pull reader over JSON text in memory, lenient where recorders are careless and exact where it decides what is
//! an element: strings end, brackets match.
//!
//! It borrows strings as they stand between their quotes ([`Text`]) and decodes only those that somebody reads. Nothing
//! recurses: nesting of any depth is skipped with a bit per level, and below 64 levels by counting brackets.
//! Tolerated and not reported: raw control characters and bytes that are not UTF-8 inside strings that are skipped,
//! unknown escapes, a comma before a closing bracket, odd digits in numbers that are skipped.

use std::borrow::Cow;

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

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = LOW << 7;
const QUOTES: u64 = LOW * b'"' as u64;
const BACKSLASHES: u64 = LOW * b'\\' as u64;

/// The high bit of each byte of `word` that is zero; exact.
#[inline]
fn zero_bytes(word: u64) -> u64 {
    !(((word & !HIGH).wrapping_add(!HIGH)) | word | !HIGH)
}

/// Where the string that begins at `from` ends (its closing quote), and whether a backslash may stand in it.
#[inline]
fn string_end(bytes: &[u8], from: usize) -> Option<(usize, bool)> {
    let mut at = from;
    // Names and most header values end within these.
    for _ in 0..8 {
        let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk()) else {
            break;
        };
        let word = u64::from_le_bytes(*word);
        let hits = zero_bytes(word ^ QUOTES) | zero_bytes(word ^ BACKSLASHES);
        if hits != 0 {
            let hit = at + hits.trailing_zeros() as usize / 8;
            return match bytes[hit] {
                b'"' => Some((hit, false)),
                // The backslash escapes what follows it.
                _ => long_string_end(bytes, hit + 1).map(|end| (end, true)),
            };
        }
        at += 8;
    }
    long_string_end(bytes, at).map(|end| (end, true))
}

/// As [`string_end`], for what is long or holds backslashes; does not look whether it does.
///
/// A byte search for quotes is fastest while they are rare: in base64, scripts, pages. In quoted JSON nearly every word stands
/// between `\"`, and stopping at each would cost several times as much as looking at whole blocks. So a quote that
/// comes soon behind the last one turns the search into one by blocks, for a while.
fn long_string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let quote = at + memchr::memchr(b'"', bytes.get(at..)?)?;
        if is_string_end(bytes, quote) {
            return Some(quote);
        }
        let distance = quote - at;
        at = quote + 1;
        if distance < BLOCK {
            match dense_string_end(bytes, at) {
                Ok(end) => return Some(end),
                Err(next) => at = next,
            }
        }
    }
}

/// As [`long_string_end`] behind an escaped quote, for some blocks: the offset of the end, or where to go on.
///
/// Nearly every quote inside a body is `\"` behind something else than a backslash. So a block is searched for quotes that are
/// not, by comparing it with itself one and two bytes earlier: plain loops that the compiler turns into vector code.
fn dense_string_end(bytes: &[u8], from: usize) -> Result<usize, usize> {
    let mut at = from;
    for _ in 0..DENSE_BLOCKS {
        let before = at.checked_sub(2).and_then(|start| bytes.get(start..));
        let Some(window) = before.and_then(|rest| rest.first_chunk()) else {
            break;
        };
        if may_hold_end(window)
            && let Some(end) = (at..at + BLOCK).find(|&index| is_string_end(bytes, index))
        {
            return Ok(end);
        }
        at += BLOCK;
    }
    Err(at)
}

const BLOCK: usize = 64;
const DENSE_BLOCKS: usize = 32;

/// Whether a block (all but the first two bytes) holds a quote that is not plainly `\"`.
#[inline]
fn may_hold_end(window: &[u8; BLOCK + 2]) -> bool {
    let mut found = 0;
    for index in 0..BLOCK {
        let is_quote = u8::from(window[index + 2] == b'"');
        let is_bare = u8::from(window[index + 1] != b'\\');
        let is_doubtful = u8::from(window[index] == b'\\');
        found |= is_quote & (is_bare | is_doubtful);
    }
    found != 0
}

/// Whether a quote that no backslash escapes stands at `index` of a string. The opening quote stops the count.
fn is_string_end(bytes: &[u8], index: usize) -> bool {
    bytes[index] == b'"'
        && bytes[..index]
            .iter()
            .rev()
            .take_while(|&&byte| byte == b'\\')
            .count()
            .is_multiple_of(2)
}

/// The text of what stands between the quotes of a JSON string. What is no Unicode becomes U+FFFD.
pub(crate) fn unescape(raw: &[u8]) -> String {
    // Escapes stand for whole characters, so it makes no difference that what is between them is checked at the end.
    match String::from_utf8(unescape_bytes(raw)) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

/// As [`unescape`], bytes that are no Unicode as they stand.
fn unescape_bytes(raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(raw.len());
    let mut rest = raw;
    loop {
        if !copy_to_escape(&mut rest, &mut text) {
            return text;
        }
        let Some((&letter, behind)) = rest.split_first() else {
            return text;
        };
        rest = behind;
        match letter {
            b'b' => text.push(b'\x08'),
            b'f' => text.push(b'\x0c'),
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'u' => {
                let letter = unicode_escape(&mut rest);
                text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
            b'"' | b'\\' | b'/' => text.push(letter),
            // No escape of JSON: the backslash stands for itself.
            _ => {
                rest = &raw[raw.len() - rest.len() - 1..];
                text.push(b'\\');
            }
        }
    }
}

/// Moves what stands before the next backslash, and skips that; `false` if there is none.
fn copy_to_escape(rest: &mut &[u8], text: &mut Vec<u8>) -> bool {
    // Escapes are dense or absent: a search pays behind the first words only.
    for _ in 0..SHORT_RUN {
        let Some(word) = rest.first_chunk::<8>() else {
            break;
        };
        let hits = zero_bytes(u64::from_le_bytes(*word) ^ BACKSLASHES);
        let length = text.len();
        text.extend_from_slice(word);
        if hits != 0 {
            let before = hits.trailing_zeros() as usize / 8;
            text.truncate(length + before);
            *rest = &rest[before + 1..];
            return true;
        }
        *rest = &rest[8..];
    }
    let at = memchr::memchr(b'\\', rest);
    text.extend_from_slice(&rest[..at.unwrap_or(rest.len())]);
    *rest = &rest[at.map_or(rest.len(), |at| at + 1)..];
    at.is_some()
}

/// Words without an escape before one is searched for.
const SHORT_RUN: usize = 8;

/// The character of an escape behind `\u`, with the second half of a surrogate pair.
fn unicode_escape(rest: &mut &[u8]) -> char {
    let Some(unit) = hex_unit(rest) else {
        return char::REPLACEMENT_CHARACTER;
    };
    *rest = &rest[4..];
    if (0xD800..0xDC00).contains(&unit)
        && let [b'\\', b'u', behind @ ..] = *rest
        && let Some(low @ 0xDC00..0xE000) = hex_unit(behind)
    {
        *rest = &behind[4..];
        let scalar = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        return char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER);
    }
    char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn hex_unit(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, &digit| {
        Some(unit << 4 | char::from(digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> String {
        let mut json = Json::new(json.as_bytes(), 0);
        let text = json.text().expect("a value").expect("a string");
        text.decode().into_owned()
    }

    #[test]
    fn strings_end_where_a_byte_loop_says() {
        // Every mix of marks in every position of a block, with runs of backslashes over block borders.
        let mut seed = 1_u64;
        for length in 0..300 {
            for _ in 0..40 {
                let bytes: Vec<u8> = (0..length)
                    .map(|_| {
                        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        match seed >> 60 {
                            0 => b'"',
                            1..9 => b'\\',
                            _ => b'a' | (0x80 * u8::from(seed >> 59 & 1 == 1)),
                        }
                    })
                    .collect();
                // The opening quote.
                let bytes = [b"\"", &bytes[..]].concat();
                let mut skip = false;
                let end = bytes[1..].iter().position(|&byte| {
                    let ends = !skip && byte == b'"';
                    skip = !skip && byte == b'\\';
                    ends
                });
                assert_eq!(
                    string_end(&bytes, 1).map(|(end, _)| end),
                    end.map(|end| end + 1)
                );
                if let Some((end, false)) = string_end(&bytes, 1) {
                    assert!(!bytes[1..end].contains(&b'\\'));
                }
            }
        }
    }

    /// Numbers without end, the same each time.
    fn numbers() -> impl FnMut() -> u64 {
        let mut seed = 1_u64;
        move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            seed >> 33
        }
    }

    #[test]
    fn long_strings_end_where_a_byte_loop_says() {
        // Runs of rare and of dense quotes in turn, longer than the blocks that are searched for the dense ones.
        let mut number = numbers();
        for _ in 0..300 {
            let mut bytes = b"\"".to_vec();
            for _ in 0..number() % 8 {
                let distance = [1, 7, 40, 63, 64, 65, 300][number() as usize % 7];
                for _ in 0..number() % 600 {
                    bytes.extend(std::iter::repeat_n(b'a', number() as usize % distance));
                    let backslashes = 1 + 2 * (number() as usize % 3);
                    bytes.extend(std::iter::repeat_n(b'\\', backslashes));
                    bytes.push(b'"');
                }
            }
            assert_eq!(string_end(&bytes, 1), None);
            let end = bytes.len();
            bytes.extend_from_slice(b"\",\"next\\\"\"");
            assert_eq!(string_end(&bytes, 1).map(|(end, _)| end), Some(end));
        }
    }

    #[test]
    fn escapes_end_where_a_byte_loop_says() {
        fn byte_loop(raw: &[u8]) -> String {
            let mut text = String::new();
            let mut rest = raw;
            while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
                text += &String::from_utf8_lossy(&rest[..at]);
                let Some(letter) = rest.get(at + 1) else {
                    return text;
                };
                rest = &rest[at + 2..];
                match letter {
                    b'n' => text.push('\n'),
                    b'u' => text.push(unicode_escape(&mut rest)),
                    b'"' | b'\\' => text.push(char::from(*letter)),
                    _ => {
                        rest = &raw[raw.len() - rest.len() - 1..];
                        text.push('\\');
                    }
                }
            }
            text + &String::from_utf8_lossy(rest)
        }
        let mut number = numbers();
        let pieces = [
            &b"\\"[..],
            b"\\\"",
            b"\\n",
            b"\\u00e9",
            b"\\ud83d\\ude00",
            b"\\ud83d",
            b"\\u12",
            b"\xC3\xA9",
            b"\xE2\x82",
            b"\xAC",
            b"\xFF",
            b"abc",
            b"a long run of text without any escape that goes on and on, past all of the words looked at",
        ];
        for _ in 0..20_000 {
            let raw: Vec<u8> = (0..number() % 12)
                .flat_map(|_| pieces[number() as usize % pieces.len()])
                .copied()
                .collect();
            assert_eq!(unescape(&raw), byte_loop(&raw), "{}", raw.escape_ascii());
        }
    }

    #[test]
    fn pairs_are_read_as_objects_are() {
        fn read(json: &str) -> (Option<[Cow<'_, str>; 2]>, usize) {
            let mut cursor = Json::new(json.as_bytes(), 0);
            let pair = cursor.pair(b"\"name\"", b"\"value\"");
            (pair.map(|pair| pair.map(Text::decode)), cursor.at())
        }
        for json in [
            "{\"name\":\"a\",\"value\":\"b\\n\"}",
            " {\n  \"name\" : \"a\" ,\n  \"value\": \"b\\n\"\n}",
        ] {
            let (pair, at) = read(json);
            assert_eq!(pair, Some(["a".into(), "b\n".into()]), "{json}");
            assert_eq!(at, json.len());
            for end in 0..json.len() {
                assert_eq!(read(&json[..end]), (None, 0), "{json}");
            }
        }
        for json in [
            r#"{"value":"b","name":"a"}"#,
            r#"{"name":"a","value":"b",}"#,
            r#"{"name":"a","value":"b","comment":""}"#,
            r#"{"name":"a","value":1}"#,
            r#"{"nam\u0065":"a","value":"b"}"#,
            r#"{"names":"a","value":"b"}"#,
            r#"["name"]"#,
        ] {
            assert_eq!(read(json), (None, 0), "{json}");
        }
    }

    #[test]
    fn escapes() {
        assert_eq!(text(r#""a\n\u00e9\ud83d\ude00\/""#), "a\né😀/");
        assert_eq!(
            text(r#""\ud800x \udc00\u12""#),
            "\u{fffd}x \u{fffd}\u{fffd}12"
        );
        assert_eq!(text(r#""\x\\""#), "\\x\\");
    }

    #[test]
    fn skipping() {
        for (json, behind) in [
            (r#"{"a":[1,{"b":"]}"}],"c":null} x"#, 29),
            ("[[],{},[{}]] ", 12),
            ("-1.5e3,", 6),
            ("true}", 4),
        ] {
            let mut cursor = Json::new(json.as_bytes(), 0);
            assert_eq!((cursor.skip(), cursor.at()), (Ok(()), behind), "{json}");
        }
        for json in [r#"{"a":1"#, "[1", "\"", "12", "tru"] {
            assert_eq!(
                Json::new(json.as_bytes(), 0).skip(),
                Err(Stop::Incomplete),
                "{json}"
            );
        }
        for json in ["{1:2}", "[1 2]", "{\"a\" 1}", "nil ", "}", "[1}"] {
            assert!(
                matches!(
                    Json::new(json.as_bytes(), 0).skip(),
                    Err(Stop::Syntax { .. })
                ),
                "{json}"
            );
        }
        let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
        assert_eq!(Json::new(&deep, 0).skip(), Ok(()));
    }
}

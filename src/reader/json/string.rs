//! Strings: where they end, and what their escapes mean.

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
pub(super) fn string_end(bytes: &[u8], from: usize) -> Option<(usize, bool)> {
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
pub(super) fn unicode_escape(rest: &mut &[u8]) -> char {
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

//! Values and names in text that may be JSON, may stand inside a JSON string with its quotes escaped, or both.
//!
//! Backslashes before a quote are its escapes, however many levels deep, so that nothing is unescaped for being looked at.

use std::borrow::Cow;

use super::limits;

/// A value behind a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'t> {
    /// A number.
    Number(&'t [u8]),
    /// What stands between the quotes of a string, escapes as they stand.
    Text(&'t [u8]),
    /// What stands behind the brace of an object.
    Object(&'t [u8]),
    /// Anything else.
    Other,
}

/// Whether what begins at `at` goes on a word. The letter of an escape (`\n`, `\u003e`) belongs to none.
pub(super) fn is_word_before(text: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|index| text[index]) else {
        return false;
    };
    if !(before.is_ascii_alphanumeric() || before == b'_' || before >= 0x80) {
        return false;
    }
    let is_escape =
        at >= 2 && text[at - 2] == b'\\' && matches!(before, b'b' | b'f' | b'n' | b'r' | b't');
    let is_unicode_escape = at >= 6
        && text[at - 6..].starts_with(b"\\u")
        && text[at - 4..at].iter().all(u8::is_ascii_hexdigit);
    !is_escape && !is_unicode_escape
}

/// Whether a word goes on behind what ends at `end`.
pub(super) fn is_word_after(text: &[u8], end: usize) -> bool {
    text.get(end)
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80)
}

/// Whether `start..end` is all of a quoted string.
pub(super) fn is_whole_string(text: &[u8], start: usize, end: usize) -> bool {
    let behind = skip_backslashes(text, end);
    start
        .checked_sub(1)
        .is_some_and(|index| text[index] == b'"')
        && text.get(behind) == Some(&b'"')
}

/// The name whose closing quote stands at `quote`, without quotes and escapes.
pub(super) fn name_before(text: &[u8], quote: usize) -> Option<&[u8]> {
    let end = back_over_backslashes(text, quote);
    let length = text[..end]
        .iter()
        .rev()
        .take(limits::LONGEST_NAME + 1)
        .take_while(|byte| is_name_byte(**byte))
        .count();
    let start = end - length;
    let opened = start
        .checked_sub(1)
        .is_some_and(|index| text[index] == b'"');
    (opened && length > 0).then_some(&text[start..end])
}

/// The name of the member or property whose value begins at `start` (behind its quote, if it has one).
pub(super) fn name_of_value(text: &[u8], start: usize) -> Option<&[u8]> {
    let mut at = start;
    if at > 0 && text[at - 1] == b'"' {
        at = back_over_backslashes(text, at - 1);
    }
    at = back_over_blanks(text, at);
    if at == 0 || text[at - 1] != b':' {
        return None;
    }
    at = back_over_blanks(text, at - 1);
    if at > 0 && text[at - 1] == b'"' {
        return name_before(text, at - 1);
    }
    let length = text[..at]
        .iter()
        .rev()
        .take(limits::LONGEST_NAME + 1)
        .take_while(|byte| is_name_byte(**byte) && **byte != b' ')
        .count();
    (length > 0).then_some(&text[at - length..at])
}

/// The value that begins at or behind `at`, and where it begins.
pub(super) fn value_at(text: &[u8], mut at: usize) -> (usize, Value<'_>) {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    let quote = skip_backslashes(text, at);
    match text.get(quote) {
        Some(b'"') => {
            let start = quote + 1;
            let rest = &text[start..text.len().min(start + limits::LONGEST_VALUE)];
            let value = match memchr::memchr(b'"', rest) {
                Some(end) => Value::Text(&rest[..back_over_backslashes(rest, end)]),
                None => Value::Other,
            };
            (start, value)
        }
        Some(b'-' | b'0'..=b'9') if quote == at => {
            let length = text[at..]
                .iter()
                .take(64)
                .take_while(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
                .count();
            (at, Value::Number(&text[at..at + length]))
        }
        Some(b'{') if quote == at => (at, Value::Object(&text[at + 1..])),
        _ => (at, Value::Other),
    }
}

/// The first member of an object, from behind its brace.
pub(super) fn first_member(inside: &[u8]) -> Option<(&[u8], Value<'_>)> {
    let (_, Value::Text(name)) = value_at(inside, 0) else {
        return None;
    };
    let colon = memchr::memchr(b':', inside)?;
    Some((name, value_at(inside, colon + 1).1))
}

/// A value without its escapes, so that it is the same however deep it was quoted. Values that matter hold none but
/// escaped solidi.
pub(super) fn plain(value: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', value).is_none() {
        return Cow::Borrowed(value);
    }
    Cow::Owned(
        value
            .iter()
            .copied()
            .filter(|byte| *byte != b'\\')
            .collect(),
    )
}

fn is_name_byte(byte: u8) -> bool {
    static IS_NAME_BYTE: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            let value = byte as u8;
            table[byte] = value.is_ascii_alphanumeric()
                || matches!(value, b'_' | b'-' | b'.' | b' ' | b'$' | b'@' | b'[' | b']');
            byte += 1;
        }
        table
    };
    IS_NAME_BYTE[usize::from(byte)]
}

fn skip_backslashes(text: &[u8], mut at: usize) -> usize {
    while text.get(at) == Some(&b'\\') {
        at += 1;
    }
    at
}

pub(super) fn back_over_backslashes(text: &[u8], mut end: usize) -> usize {
    while end > 0 && text[end - 1] == b'\\' {
        end -= 1;
    }
    end
}

fn back_over_blanks(text: &[u8], mut end: usize) -> usize {
    while end > 0 && text[end - 1] == b' ' {
        end -= 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_at_any_depth_of_quoting() {
        for text in [
            r#"{"phone": "+49151"}"#,
            r#"{\"phone\":\"+49151\"}"#,
            r#"{\\\"phone\\\":\\\"+49151\\\"}"#,
        ] {
            let text = text.as_bytes();
            let quote = memchr::memmem::find(text, b"\":").expect("a member");
            assert_eq!(name_before(text, quote), Some(&b"phone"[..]));
            let (start, value) = value_at(text, quote + 2);
            assert_eq!(value, Value::Text(b"+49151"));
            assert_eq!(name_of_value(text, start), Some(&b"phone"[..]));
            assert!(is_whole_string(text, start, start + 6));
            assert!(!is_whole_string(text, start, start + 5));
        }
    }

    #[test]
    fn values() {
        for (text, value) in [
            ("-1.5e3}", Value::Number(b"-1.5e3")),
            (" {\"a\":1}", Value::Object(b"\"a\":1}")),
            ("null", Value::Other),
            ("\"open", Value::Other),
            ("\\", Value::Other),
            ("", Value::Other),
        ] {
            assert_eq!(value_at(text.as_bytes(), 0).1, value, "{text}");
        }
        assert_eq!(name_of_value(b"{card: 4111}", 7), Some(&b"card"[..]));
        assert_eq!(name_of_value(b"[4111]", 1), None);
        assert_eq!(name_of_value(b"", 0), None);
        assert_eq!(name_before(b"\":", 0), None);
    }

    #[test]
    fn words() {
        for (text, at, goes_on) in [
            ("x1", 1, true),
            (" 1", 1, false),
            ("\\n1", 2, false),
            ("\\u003e1", 6, false),
            ("\\u03e1", 5, true),
            ("1", 0, false),
        ] {
            assert_eq!(is_word_before(text.as_bytes(), at), goes_on, "{text}");
        }
        assert_eq!(plain(br"a\/b\\/c").as_ref(), b"a/b/c");
    }
}

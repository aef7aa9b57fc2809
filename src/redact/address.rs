//! Secrets in URLs and in words that may be URLs or parts of them.

use std::borrow::Cow;

use super::{Replaced, is_placeholder, placeholder, secret};

/// How often an encoded value may hold another one.
const DEEPEST: u8 = 3;

/// A URL without its secrets.
pub(super) fn redacted(text: &str) -> Cow<'_, str> {
    redacted_at(text, 0)
}

/// A word of free text without its secrets: it may be a URL, a `name=value` pair, or a value.
pub(super) fn redacted_word(word: &str) -> Cow<'_, str> {
    redacted_word_at(word, 0)
}

fn redacted_at(text: &str, depth: u8) -> Cow<'_, str> {
    match userinfo_replaced(text) {
        Cow::Borrowed(text) => parts_replaced(text, depth),
        Cow::Owned(text) => Cow::Owned(parts_replaced(&text, depth).into_owned()),
    }
}

fn redacted_word_at(word: &str, depth: u8) -> Cow<'_, str> {
    if is_placeholder(word) {
        return Cow::Borrowed(word);
    }
    if word.contains(['/', '?', '#', '&', '@', '\\']) || word.contains("://") {
        return redacted_at(word, depth);
    }
    let mut out = Replaced::new(word);
    // `name=value`, `name:value`, or values between commas and the like.
    let mut start = 0;
    while start <= word.len() {
        let end = word[start..]
            .find([',', ';', '(', ')', '{', '}', '|'])
            .map_or(word.len(), |n| start + n);
        pair_replaced(word, start, end, depth, &mut out);
        start = end + 1;
    }
    out.finish()
}

/// Replaces what stands between the authority's start and its last `@`, wherever an authority may start: behind
/// `//`, and behind the schemes that need no slashes.
fn userinfo_replaced(text: &str) -> Cow<'_, str> {
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let mut out = Replaced::new(text);
    let mut at = 0;
    while let Some(start) = authority_start(text, at) {
        let end = text[start..]
            .find(|c: char| {
                matches!(c, '/' | '\\' | '?' | '#' | '"' | '\'' | '<' | '>') || c.is_whitespace()
            })
            .map_or(text.len(), |n| start + n);
        if let Some(sign) = text[start..end].rfind('@').map(|n| start + n) {
            let userinfo = &text[start..sign];
            if !userinfo.is_empty() && !is_placeholder(userinfo) {
                out.push(start, sign, &placeholder("userinfo", userinfo));
            }
        }
        at = end.max(start + 1);
        if at >= text.len() {
            break;
        }
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
    out.finish()
}

fn authority_start(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    (from..bytes.len()).find_map(|at| {
        let slashes_from = match bytes[at] {
            b':' if ends_with_special_scheme(&bytes[..at]) => at + 1,
            b'/' | b'\\' if matches!(bytes.get(at + 1), Some(b'/' | b'\\')) => at,
            _ => return None,
        };
        let slashes = bytes[slashes_from..]
            .iter()
            .take_while(|b| matches!(b, b'/' | b'\\'))
            .count();
        Some(slashes_from + slashes)
    })
}

fn ends_with_special_scheme(before: &[u8]) -> bool {
    ["http", "https", "ws", "wss", "ftp"].iter().any(|scheme| {
        let Some(start) = before.len().checked_sub(scheme.len()) else {
            return false;
        };
        before[start..].eq_ignore_ascii_case(scheme.as_bytes())
            && start
                .checked_sub(1)
                .is_none_or(|i| !before[i].is_ascii_alphanumeric())
    })
}

/// Path segments, then the pairs of query and fragment.
fn parts_replaced(text: &str, depth: u8) -> Cow<'_, str> {
    let mut out = Replaced::new(text);
    let path_end = text.find(['?', '#']).unwrap_or(text.len());
    let path_start = path_start(&text[..path_end]);
    let mut start = path_start;
    while start <= path_end {
        let end = text[start..path_end]
            .find(['/', '\\'])
            .map_or(path_end, |n| start + n);
        segment_replaced(text, start, end, depth, &mut out);
        start = end + 1;
    }
    let mut start = path_end + 1;
    while start <= text.len() {
        let end = text[start..]
            .find(['&', '#', '?', ';'])
            .map_or(text.len(), |n| start + n);
        pair_replaced(text, start, end, depth, &mut out);
        start = end + 1;
    }
    out.finish()
}

/// Where the path starts: behind the authority, which holds no secrets any more.
fn path_start(text: &str) -> usize {
    let Some(authority) = authority_start(text, 0) else {
        return 0;
    };
    // A path such as `a//b` is no authority; treating what precedes it as path loses nothing.
    if !text[..authority]
        .trim_end_matches(['/', '\\'])
        .ends_with(':')
        && !text.starts_with(['/', '\\'])
    {
        return 0;
    }
    text[authority..]
        .find(['/', '\\'])
        .map_or(text.len(), |n| authority + n)
}

/// A path segment, its matrix parameters and its `name=value` look-alikes apart.
fn segment_replaced(text: &str, start: usize, end: usize, depth: u8, out: &mut Replaced<'_>) {
    let segment = &text[start..end];
    if segment.contains([';', '=', '&', ',']) {
        let mut at = start;
        while at <= end {
            let stop = text[at..end].find([';', '&', ',']).map_or(end, |n| at + n);
            pair_replaced(text, at, stop, depth, out);
            at = stop + 1;
        }
        return;
    }
    if is_placeholder(segment) {
        return;
    }
    // Words of text end in punctuation.
    let segment = segment.trim_end_matches(['.', ':', '!']);
    let end = start + segment.len();
    let decoded = decoded(segment);
    if secret::is_asset(&decoded) {
        return;
    }
    if let Some(kind) = secret::of_value(&decoded, secret::SHORTEST_SEGMENT) {
        out.push(start, end, &placeholder(kind, &decoded));
    } else if decoded.len() < segment.len()
        && depth < DEEPEST
        && matches!(redacted_word_at(&decoded, depth + 1), Cow::Owned(_))
    {
        out.push(start, end, &placeholder("value", &decoded));
    }
}

/// One `name=value` pair (or a value alone) at a place in the text.
fn pair_replaced(text: &str, start: usize, end: usize, depth: u8, out: &mut Replaced<'_>) {
    let pair = &text[start..end];
    if is_placeholder(pair.trim_matches(|c| matches!(c, '.' | ':' | '!' | '?'))) {
        return;
    }
    let (name, value_start) = match pair.find('=').or_else(|| name_end_before_colon(pair)) {
        // Padding of base64 is no separator.
        Some(at) if !pair[at..].bytes().all(|b| b == b'=') => (&pair[..at], start + at + 1),
        _ => ("", start),
    };
    let value = text[value_start..end].trim_matches(|c| matches!(c, '.' | '!' | '"' | '\''));
    if value.is_empty() || is_placeholder(value) {
        return;
    }
    let value_start = value_start + text[value_start..end].find(value).unwrap_or(0);
    let value_end = value_start + value.len();
    if !name.is_empty()
        && let Some(kind) = secret::of_name(&decoded(name))
    {
        out.push(value_start, value_end, &placeholder(kind, &decoded(value)));
        return;
    }
    let decoded = decoded(value);
    if let Some(kind) = secret::of_value(&decoded, secret::SHORTEST) {
        out.push(value_start, value_end, &placeholder(kind, &decoded));
    } else if depth < DEEPEST
        && (decoded.contains(['=', ':', '/', '@', '?', '&']) || decoded.len() < value.len())
        && matches!(nested(&decoded, depth + 1), Cow::Owned(_))
    {
        let kind = if decoded.contains("://") {
            "url"
        } else {
            "value"
        };
        out.push(value_start, value_end, &placeholder(kind, &decoded));
    }
}

/// A value that holds pairs or a URL of its own, JSON perhaps.
fn nested(value: &str, depth: u8) -> Cow<'_, str> {
    if value.contains(['{', '"', ' ']) {
        for word in value.split(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | ',')) {
            let word = word.replace('"', "");
            if matches!(redacted_word_at(&word, depth), Cow::Owned(_)) {
                return Cow::Owned(String::new());
            }
        }
        return Cow::Borrowed(value);
    }
    redacted_word_at(value, depth)
}

/// The end of the name in `name:value`, for names that are secrets only; a colon is too common otherwise.
fn name_end_before_colon(pair: &str) -> Option<usize> {
    let at = pair.find(':')?;
    secret::of_name(&pair[..at]).map(|_| at)
}

/// Percent-decoded; bytes that are not UTF-8 afterwards become U+FFFD.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16));
        if bytes[at] == b'%'
            && let (Some(high), Some(low)) = (hex(at + 1), hex(at + 2))
        {
            // Two hex digits are at most 255.
            out.push((high * 16 + low) as u8);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

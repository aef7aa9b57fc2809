//! What may be printed. Every report passes what it prints through here, whoever made the text.
//!
//! A secret becomes a placeholder: kind, length in bytes, keyed hash, as in `[token:32:3fa9c1]`. The hash is
//! HMAC-SHA256 cut to six hex digits, under a key that is a constant of this program: equal secrets give equal
//! placeholders in every report of every machine, so that people can compare them. It is no protection of short
//! values, which anybody could try one by one: below eight bytes the hash is left out (`[code:4]`).
//!
//! Everything here may be applied twice: a placeholder is never replaced again.

mod address;
mod secret;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::OnceLock;

use ring::hmac;

pub(crate) use secret::TOKEN_PREFIXES;

use crate::url::Url;

/// The application key of the keyed hash. Changing it changes every placeholder.
const KEY: &[u8] = b"corsaudit redaction key, version 1";

/// Values shorter than this get no hash: it would tell them.
const HASHED_LENGTH: usize = 8;

/// How often a text is looked at again after a replacement; more than twice never changed anything.
const PASSES: usize = 4;

/// A URL without its secrets.
#[must_use]
pub fn url(url: &Url) -> Cow<'_, str> {
    url_text(url.as_str())
}

/// A URL, absolute or not, parsable or not, without its secrets: user information, secrets in query and fragment
/// values, secrets as path segments.
#[must_use]
pub fn url_text(text: &str) -> Cow<'_, str> {
    settled(text, address::redacted)
}

/// Whether a path segment, or a part of it between dots, looks like a secret.
pub(crate) fn is_secret_segment(segment: &str) -> bool {
    let looks_secret = |text: &str| secret::of_value(text, secret::SHORTEST).is_some();
    if !segment.contains('.') {
        return looks_secret(segment);
    }
    secret::of_value(segment, usize::MAX).is_some()
        || (!secret::is_asset(segment) && segment.split('.').any(looks_secret))
}

/// A header value without its secrets. Of cookies only the names stay, of `Authorization` only the scheme.
///
/// Bytes that are not UTF-8 are read as Latin-1, as browsers show them.
#[must_use]
pub fn header_value(name: &str, value: &[u8]) -> String {
    let value = match std::str::from_utf8(value) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(value.iter().copied().map(char::from).collect()),
    };
    if name.eq_ignore_ascii_case("cookie") || name.eq_ignore_ascii_case("cookie2") {
        return cookies(&value);
    }
    if name.eq_ignore_ascii_case("set-cookie") || name.eq_ignore_ascii_case("set-cookie2") {
        return set_cookies(&value);
    }
    if name.eq_ignore_ascii_case("authorization")
        || name.eq_ignore_ascii_case("proxy-authorization")
    {
        return credentials(&value);
    }
    if let Some(kind) = secret::of_header(name) {
        return whole(kind, &value);
    }
    text(&value).into_owned()
}

/// Free text without the secrets in it: URLs, `name=value` pairs, tokens behind `Bearer`, tokens and addresses
/// standing alone.
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    settled(text, text_once)
}

/// Replaces until nothing changes: a placeholder may change what the text around it looks like.
fn settled(text: &str, once: fn(&str) -> Cow<'_, str>) -> Cow<'_, str> {
    let mut clean = once(text);
    if matches!(clean, Cow::Borrowed(_)) {
        return clean;
    }
    for _ in 0..PASSES {
        match once(&clean) {
            Cow::Borrowed(_) => break,
            Cow::Owned(again) => clean = Cow::Owned(again),
        }
    }
    clean
}

fn text_once(text: &str) -> Cow<'_, str> {
    let mut out = Replaced::new(text);
    let mut secret_next = false;
    let mut previous = "";
    let mut at = 0;
    while at < text.len() {
        let Some(start) = text[at..].find(|c| !is_gap(c)).map(|n| at + n) else {
            break;
        };
        let end = text[start..].find(is_gap).map_or(text.len(), |n| start + n);
        at = end;
        let word = &text[start..end];
        if is_cookie_line(word) {
            // The rest of the line is cookies.
            let line_end = text[end..]
                .find(['\r', '\n'])
                .map_or(text.len(), |n| end + n);
            let rest = &text[end..line_end];
            out.push(end, line_end, &format!(" {}", cookies(rest.trim())));
            at = line_end;
            secret_next = false;
            continue;
        }
        let bare = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '}']);
        let announces = announces_secret(word, previous);
        if secret_next && !is_scheme(word) && !bare.is_empty() && !is_placeholder(bare) {
            out.push(start, start + bare.len(), &placeholder("token", bare));
        } else if let Cow::Owned(clean) = address::redacted_word(word) {
            out.push(start, end, &clean);
        }
        secret_next = announces;
        previous = word;
    }
    out.finish()
}

/// Text that a terminal shows as it is: control characters and those that turn the direction of writing become
/// `\u{..}`.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Whether a character acts on a terminal, or on the order of the text around it, instead of being seen.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Kind, length and keyed hash of a secret.
fn placeholder(kind: &str, secret: &str) -> String {
    let mut out = format!("[{kind}:{}", secret.len());
    if let Some(hash) = keyed_hash(secret.as_bytes()) {
        out.push(':');
        for byte in hash {
            // Writing to a string cannot fail.
            let _ = write!(out, "{byte:02x}");
        }
    }
    out.push(']');
    out
}

/// The keyed hash of a secret, as placeholders print it; `None` for one so short that the hash would tell it.
pub(crate) fn keyed_hash(secret: &[u8]) -> Option<[u8; 3]> {
    static HMAC: OnceLock<hmac::Key> = OnceLock::new();
    if secret.len() < HASHED_LENGTH {
        return None;
    }
    let key = HMAC.get_or_init(|| hmac::Key::new(hmac::HMAC_SHA256, KEY));
    let tag = hmac::sign(key, secret);
    tag.as_ref().first_chunk().copied()
}

/// Whether a value looks random and not like words, numbers or an ordinary id; values shorter than `shortest` do not.
pub(crate) fn looks_random(value: &str, shortest: usize) -> bool {
    secret::of_value(value, shortest).is_some_and(|kind| kind != "email")
}

/// The placeholder of a whole value, or the value where there is nothing to hide.
fn whole(kind: &str, value: &str) -> String {
    if value.is_empty() || is_placeholder(value) {
        value.to_owned()
    } else {
        placeholder(kind, value)
    }
}

/// Whether a text is a placeholder already: `[kind:length]` or `[kind:length:six hex digits]`.
fn is_placeholder(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) else {
        return false;
    };
    let mut parts = inner.split(':');
    let (Some(kind), Some(length), hash, None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    secret::KINDS.contains(&kind)
        && (1..=10).contains(&length.len())
        && length.bytes().all(|b| b.is_ascii_digit())
        && hash.is_none_or(|h| {
            h.len() == 6
                && h.bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
}

/// `Cookie`: names stay, values go. Readers keep the names alone; a word that does not look like one is a value.
fn cookies(value: &str) -> String {
    let items: Vec<String> = value.split(';').map(|item| cookie(item.trim())).collect();
    items.join("; ")
}

fn cookie(item: &str) -> String {
    match item.split_once('=') {
        Some((name, value)) => {
            let name = secret::of_value(name.trim(), secret::SHORTEST)
                .map_or_else(|| name.trim().to_owned(), |_| whole("cookie", name.trim()));
            format!("{name}={}", whole("cookie", value.trim()))
        }
        None if item.len() <= 40
            && item
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            && secret::of_value(item, secret::SHORTEST).is_none() =>
        {
            item.to_owned()
        }
        None => whole("cookie", item),
    }
}

/// `Set-Cookie`, perhaps several lines joined: names and attributes stay.
fn set_cookies(value: &str) -> String {
    const ATTRIBUTES: [&str; 10] = [
        "domain",
        "expires",
        "httponly",
        "max-age",
        "partitioned",
        "path",
        "priority",
        "samesite",
        "secure",
        "version",
    ];
    let items: Vec<String> = value
        .split(';')
        .map(|item| {
            let item = item.trim();
            let name = item.split_once('=').map_or(item, |(name, _)| name).trim();
            let is_attribute = ATTRIBUTES.iter().any(|a| name.eq_ignore_ascii_case(a));
            // A comma after which a pair follows starts the next cookie; that of `Expires=Wed, 21 Oct` does not.
            if is_attribute
                && !item
                    .rsplit(',')
                    .next()
                    .is_some_and(|t| t.contains('=') && item.contains(','))
            {
                text(item).into_owned()
            } else if let (true, Some((attribute, next))) = (is_attribute, item.rsplit_once(',')) {
                format!("{}, {}", text(attribute), cookie(next.trim()))
            } else {
                cookie(item)
            }
        })
        .collect();
    items.join("; ")
}

/// `Authorization`: the scheme stays.
fn credentials(value: &str) -> String {
    let value = value.trim();
    match value.split_once([' ', '\t']) {
        Some((scheme, rest))
            if scheme.len() <= 20
                && scheme
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && secret::of_value(scheme, secret::SHORTEST).is_none() =>
        {
            format!("{scheme} {}", whole("authorization", rest.trim()))
        }
        _ => whole("authorization", value),
    }
}

/// Characters that end a word of free text.
fn is_gap(c: char) -> bool {
    c.is_whitespace()
        || is_hidden(c)
        || matches!(c, '"' | '\'' | '<' | '>' | '`' | '“' | '”' | '‘' | '’')
}

/// Whether the word behind this one is a secret: behind an authentication scheme, behind `password:`, and behind the
/// colon of `"password":`.
fn announces_secret(word: &str, previous: &str) -> bool {
    let name = word.trim_end_matches([':', '=']);
    let name = if name.is_empty() { previous } else { name };
    let ends_name = word.ends_with([':', '=']);
    is_scheme(word)
        || (ends_name && secret::of_header(name.trim_matches(['{', ',', '('])).is_some())
}

fn is_scheme(word: &str) -> bool {
    let last = word.rsplit([':', '=']).find(|part| !part.is_empty());
    ["bearer", "basic", "digest", "negotiate", "ntlm"]
        .iter()
        .any(|scheme| last.is_some_and(|last| last.eq_ignore_ascii_case(scheme)))
}

fn is_cookie_line(word: &str) -> bool {
    word.eq_ignore_ascii_case("cookie:") || word.eq_ignore_ascii_case("set-cookie:")
}

/// Collects replacements in a text, and stays borrowed where there are none.
struct Replaced<'a> {
    text: &'a str,
    out: String,
    copied: usize,
}

impl<'a> Replaced<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            out: String::new(),
            copied: 0,
        }
    }

    /// Replaces `text[start..end]`; calls come in order and don't overlap.
    fn push(&mut self, start: usize, end: usize, replacement: &str) {
        if self.text[start..end] == *replacement {
            return;
        }
        self.out.push_str(&self.text[self.copied..start]);
        self.out.push_str(replacement);
        self.copied = end;
    }

    fn finish(mut self) -> Cow<'a, str> {
        if self.copied == 0 && self.out.is_empty() {
            return Cow::Borrowed(self.text);
        }
        self.out.push_str(&self.text[self.copied..]);
        Cow::Owned(self.out)
    }
}

#[cfg(test)]
mod tests;

//! CORS-safelisted request-headers and CORS-unsafe request-header names (Fetch Standard, sections 2.2.2 and 2.2.1).

use super::fetch::AuthorHeaders;
use super::header::{is_token, items};
use super::verdict::Engine;
use crate::header::trim;

/// Longest safelisted value in bytes ("CORS-safelisted request-header", step 1).
const MAX_VALUE: usize = 128;
/// Most bytes of all safelisted values together ("CORS-unsafe request-header names", step 6).
const MAX_TOTAL: usize = 1024;

/// CORS-unsafe request-header bytes: controls but TAB, and the punctuation below.
const UNSAFE_BYTE: [bool; 256] = table(b"\"():<>?@[\\]{}\x7f", true, false);
/// Bytes of Accept-Language and Content-Language: digits, letters and these.
const LANGUAGE_BYTE: [bool; 256] = table(b" *,-.;=", false, true);

const fn table(listed: &[u8], controls: bool, alphanumeric: bool) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (controls && byte < 0x20 && byte != 0x09)
            || (alphanumeric && (byte as u8).is_ascii_alphanumeric());
        byte += 1;
    }
    let mut at = 0;
    while at < listed.len() {
        table[listed[at] as usize] = true;
        at += 1;
    }
    table
}

/// Headers that a redirect removed (Fetch Standard, section 4.4, steps 12 and 13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dropped {
    /// Request-body-header names: the body is gone.
    pub(super) body_headers: bool,
    /// `Authorization`: another origin.
    pub(super) authorization: bool,
}

impl Dropped {
    fn covers(self, name: &[u8]) -> bool {
        (self.authorization && name.eq_ignore_ascii_case(b"authorization"))
            || (self.body_headers && is_request_body_header(name))
    }
}

/// What the page set and redirects left, as one engine reads it.
#[derive(Clone, Copy, Debug)]
pub(super) struct AuthorSet<'a> {
    headers: AuthorHeaders<'a>,
    dropped: Dropped,
    engine: Engine,
}

impl<'a> AuthorSet<'a> {
    pub(super) fn new(headers: AuthorHeaders<'a>, dropped: Dropped, engine: Engine) -> Self {
        Self {
            headers,
            dropped,
            engine,
        }
    }

    /// The CORS-unsafe request-header names in the order set, as written, duplicates kept.
    pub(super) fn unsafe_names(self) -> impl Iterator<Item = &'a [u8]> {
        let (lines, names): (&[_], &[_]) = match self.headers {
            AuthorHeaders::Lines(lines) => (lines, &[]),
            AuthorHeaders::UnsafeNames(names) => (&[], names),
        };
        // Step 6 of "CORS-unsafe request-header names": too many safelisted bytes make all of them unsafe.
        let overflow = self.safelisted_bytes(lines) > MAX_TOTAL;
        let of_lines = lines
            .iter()
            .filter(move |(name, value)| {
                self.counts(name, value)
                    && (overflow || !self.is_safelisted_here(lines, name, value))
            })
            .map(|(name, _)| *name);
        let of_names = names
            .iter()
            .map(|name| name.as_bytes())
            .filter(move |name| !self.dropped.covers(name));
        of_lines.chain(of_names)
    }

    /// Whether there is a CORS-unsafe request-header name.
    pub(super) fn has_unsafe_names(self) -> bool {
        self.unsafe_names().next().is_some()
    }

    fn safelisted_bytes(self, lines: &[(&[u8], &[u8])]) -> usize {
        // Less than that can't sum to more than the limit, whatever is safelisted.
        let all: usize = lines.iter().map(|(_, value)| value.len()).sum();
        if all <= MAX_TOTAL {
            return all;
        }
        lines
            .iter()
            .filter(|(name, value)| {
                self.counts(name, value) && self.is_safelisted_here(lines, name, value)
            })
            .map(|(_, value)| trim(value).len())
            .sum()
    }

    /// Whether the header is one the script did set.
    fn counts(self, name: &[u8], value: &[u8]) -> bool {
        let ignored = self.engine.drops_user_agent() && name.eq_ignore_ascii_case(b"user-agent");
        !ignored && !is_forbidden(name, value) && !self.dropped.covers(name)
    }

    /// Safelisted, given the other lines: engines that join lines judge the joined value (`total-1024`).
    fn is_safelisted_here(self, lines: &[(&[u8], &[u8])], name: &[u8], value: &[u8]) -> bool {
        if !is_safelisted(name, value, self.engine) {
            return false;
        }
        if !self.engine.joins_author_lines() {
            return true;
        }
        let (mut count, mut length) = (0_usize, 0_usize);
        for (_, value) in lines.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)) {
            count += 1;
            length += trim(value).len();
        }
        // `, ` between values is safe in Accept and the languages, and spoils everything else.
        let list = [&b"accept"[..], b"accept-language", b"content-language"];
        count == 1
            || (list.iter().any(|n| name.eq_ignore_ascii_case(n))
                && length + 2 * (count - 1) <= MAX_VALUE)
    }
}

/// CORS-safelisted request-header (Fetch Standard, section 2.2.2), as an engine reads it.
#[must_use]
pub fn is_safelisted(name: &[u8], value: &[u8], engine: Engine) -> bool {
    let value = trim(value);
    // Step 1.
    if value.len() > MAX_VALUE {
        return false;
    }
    // Step 2.
    match name.len() {
        5 if name.eq_ignore_ascii_case(b"range") => is_safelisted_range(value, engine),
        6 if name.eq_ignore_ascii_case(b"accept") => {
            !has_unsafe_byte(value) && (value.is_ascii() || !engine.refuses_non_ascii_accept())
        }
        12 if name.eq_ignore_ascii_case(b"content-type") => is_safelisted_content_type(value),
        15 if name.eq_ignore_ascii_case(b"accept-language") => is_language(value),
        16 if name.eq_ignore_ascii_case(b"content-language") => is_language(value),
        _ => engine.safelists_client_hints() && is_safelisted_client_hint(name, value),
    }
}

/// Forbidden request-header (Fetch Standard, section 2.2.2): a script cannot set it, so it never counts.
#[must_use]
pub fn is_forbidden(name: &[u8], value: &[u8]) -> bool {
    const NAMES: [&[u8]; 21] = [
        b"accept-charset",
        b"accept-encoding",
        b"access-control-request-headers",
        b"access-control-request-method",
        b"connection",
        b"content-length",
        b"cookie",
        b"cookie2",
        b"date",
        b"dnt",
        b"expect",
        b"host",
        b"keep-alive",
        b"origin",
        b"referer",
        b"set-cookie",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"via",
    ];
    const OVERRIDES: [&[u8]; 3] = [
        b"x-http-method",
        b"x-http-method-override",
        b"x-method-override",
    ];
    const METHODS: [&[u8]; 3] = [b"CONNECT", b"TRACE", b"TRACK"];
    let starts = |prefix: &[u8]| {
        name.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    NAMES.iter().any(|n| name.eq_ignore_ascii_case(n))
        || starts(b"proxy-")
        || starts(b"sec-")
        || (OVERRIDES.iter().any(|n| name.eq_ignore_ascii_case(n))
            && items(value).any(|item| METHODS.iter().any(|m| item.eq_ignore_ascii_case(m))))
}

/// Request-body-header name (Fetch Standard, section 2.2.2).
fn is_request_body_header(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 4] = [
        b"content-encoding",
        b"content-language",
        b"content-location",
        b"content-type",
    ];
    NAMES.iter().any(|n| name.eq_ignore_ascii_case(n))
}

fn has_unsafe_byte(value: &[u8]) -> bool {
    value.iter().any(|byte| UNSAFE_BYTE[usize::from(*byte)])
}

fn is_language(value: &[u8]) -> bool {
    value.iter().all(|byte| LANGUAGE_BYTE[usize::from(*byte)])
}

/// No unsafe byte, and one MIME type whose essence is one of three (MIME Sniffing Standard, section 4.4).
fn is_safelisted_content_type(value: &[u8]) -> bool {
    const ESSENCES: [(&[u8], &[u8]); 3] = [
        (b"application", b"x-www-form-urlencoded"),
        (b"multipart", b"form-data"),
        (b"text", b"plain"),
    ];
    if has_unsafe_byte(value) {
        return false;
    }
    let Some(slash) = value.iter().position(|byte| *byte == b'/') else {
        return false;
    };
    let (kind, rest) = (&value[..slash], &value[slash + 1..]);
    let end = rest
        .iter()
        .position(|byte| *byte == b';')
        .unwrap_or(rest.len());
    let mut subtype = &rest[..end];
    while let [before @ .., b' ' | b'\t' | b'\n' | b'\r'] = subtype {
        subtype = before;
    }
    is_token(kind)
        && is_token(subtype)
        && ESSENCES
            .iter()
            .any(|(t, s)| kind.eq_ignore_ascii_case(t) && subtype.eq_ignore_ascii_case(s))
}

/// A simple range header value without whitespace and with a start (Fetch Standard, section 3.5 "parse a single range
/// header value").
fn is_safelisted_range(value: &[u8], engine: Engine) -> bool {
    let Some(range) = value.strip_prefix(b"bytes=") else {
        return false;
    };
    let Some(dash) = range.iter().position(|byte| *byte == b'-') else {
        return false;
    };
    let (start, end) = (&range[..dash], &range[dash + 1..]);
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    if start.is_empty() || !digits(start) || !digits(end) {
        return false;
    }
    let (start, end) = (
        strip_zeros(start),
        (!end.is_empty()).then(|| strip_zeros(end)),
    );
    if let Some(limit) = engine.range_limit() {
        let fits = |number: &[u8]| {
            // 128 bytes at most, and numbers of more than 38 digits are beyond every limit.
            number.len() <= 38
                && number
                    .iter()
                    .fold(0_u128, |sum, digit| sum * 10 + u128::from(digit - b'0'))
                    < limit
        };
        if !fits(start) || !end.is_none_or(fits) {
            return false;
        }
    }
    // Numbers without leading zeros compare by length, then by digits.
    end.is_none_or(|end| (start.len(), start) <= (end.len(), end))
}

fn strip_zeros(mut digits: &[u8]) -> &[u8] {
    while let [b'0', rest @ ..] = digits {
        digits = rest;
    }
    digits
}

/// Chromium's further names: client hints whose values are numbers or known words.
fn is_safelisted_client_hint(name: &[u8], value: &[u8]) -> bool {
    let is = |candidates: &[&[u8]]| candidates.iter().any(|n| name.eq_ignore_ascii_case(n));
    let integer = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    if is(&[b"device-memory", b"dpr", b"downlink"]) {
        let mut parts = value.splitn(2, |byte| *byte == b'.');
        parts.next().is_some_and(integer) && parts.next().is_none_or(integer)
    } else if is(&[b"width", b"viewport-width", b"rtt"]) {
        integer(value)
    } else if is(&[b"ect"]) {
        matches!(value, b"slow-2g" | b"2g" | b"3g" | b"4g")
    } else if is(&[b"save-data"]) {
        value.eq_ignore_ascii_case(b"on")
    } else {
        is(&[b"intervention"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsafe_names(lines: &[(&[u8], &[u8])], engine: Engine) -> Vec<String> {
        AuthorSet::new(AuthorHeaders::Lines(lines), Dropped::default(), engine)
            .unsafe_names()
            .map(|name| String::from_utf8_lossy(name).to_lowercase())
            .collect()
    }

    #[test]
    fn values_decide() {
        let cases: [(&[u8], &[u8], bool); 14] = [
            (b"Accept", b"text/html", true),
            (b"Accept", b"text/html;x=\"y\"", false),
            (b"Accept-Language", b"en_US", false),
            (b"Content-Language", b"en, de;q=0.5", true),
            (b"Content-Type", b"text/plain;charset=utf-8", true),
            (b"Content-Type", b"text/plain, text/plain", false),
            (b"Content-Type", b"text/ plain", false),
            (b"Content-Type", b"application/json", false),
            (b"Range", b"bytes=0-", true),
            (b"Range", b"bytes=-5", false),
            (b"Range", b"bytes=9-10", true),
            (b"Range", b"bytes=10-9", false),
            (b"Range", b"bytes=0-0,2-3", false),
            (b"DPR", b"2", false),
        ];
        for (name, value, expected) in cases {
            assert_eq!(
                is_safelisted(name, value, Engine::Standard),
                expected,
                "{} {}",
                String::from_utf8_lossy(name),
                String::from_utf8_lossy(value)
            );
        }
    }

    #[test]
    fn redirects_remove_names() {
        let lines: [(&[u8], &[u8]); 3] = [
            (b"Authorization", b"Bearer t"),
            (b"Content-Type", b"application/json"),
            (b"X-A", b"1"),
        ];
        assert_eq!(
            unsafe_names(&lines, Engine::Standard),
            ["authorization", "content-type", "x-a"]
        );
        let dropped = Dropped {
            body_headers: true,
            authorization: true,
        };
        let left: Vec<_> = AuthorSet::new(AuthorHeaders::Lines(&lines), dropped, Engine::Standard)
            .unsafe_names()
            .collect();
        assert_eq!(left, [b"X-A"]);
    }

    #[test]
    fn engines_that_join_lines_judge_the_joined_value() {
        let a = [b'a'; 100];
        let lines: [(&[u8], &[u8]); 2] = [(b"accept", &a), (b"Accept", &a)];
        assert!(unsafe_names(&lines, Engine::Standard).is_empty());
        assert_eq!(unsafe_names(&lines, Engine::Chromium), ["accept", "accept"]);
    }
}

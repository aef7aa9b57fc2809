//! Message heads (RFC 9112, sections 2 to 5): `httparse` for what is well formed, a line reader as lenient as browsers
//! for the rest.

use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Status};
use memchr::memchr;

use crate::http::message::Version;
use crate::http::oddity::Oddity;
use crate::http::{HeaderLines, limits};

/// Header lines read without a second look; more go to the lenient reader.
const LINES: usize = 96;

/// A request line or a status line.
#[derive(Debug)]
pub(super) enum StartLine {
    Request {
        method: Box<[u8]>,
        target: Box<[u8]>,
    },
    Response {
        status: u16,
        reason: Box<[u8]>,
    },
}

/// A message head and what its lines say about framing.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) start: StartLine,
    pub(super) version: Version,
    pub(super) headers: HeaderLines,
    pub(super) complete: bool,
    pub(super) framing: Framing,
    pub(super) oddity: Option<Oddity>,
}

/// What the lines say about the body (RFC 9112, section 6) and about leaving HTTP/1.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Framing {
    pub(super) content_length: Option<u64>,
    /// The last transfer coding is `chunked`.
    pub(super) chunked: bool,
    /// There is a transfer coding, and `chunked` is not the last.
    pub(super) other_coding: bool,
    pub(super) upgrade: bool,
    pub(super) upgrade_h2c: bool,
    /// The body is sent only when the server asks for it (RFC 9110, section 10.1.1).
    pub(super) expects_continue: bool,
}

/// Which of the two start lines to expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Request,
    Response,
}

/// Whether the head ends in `bytes`: its length, the empty line included. `from` is where the search may start,
/// because nothing ended before it.
pub(super) fn find_end(bytes: &[u8], from: usize) -> Option<usize> {
    // An empty line may have begun up to two bytes earlier.
    let mut at = from.saturating_sub(2);
    while let Some(found) = memchr(b'\n', bytes.get(at..)?) {
        at += found + 1;
        match bytes.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// Reads the head at the start of `bytes` if it is whole and well formed; gives its length too.
pub(super) fn parse_strict(kind: Kind, bytes: &[u8]) -> Option<(Head, usize)> {
    let mut config = ParserConfig::default();
    config
        .allow_multiple_spaces_in_request_line_delimiters(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .allow_spaces_after_header_name_in_responses(true);
    let mut slots = [const { MaybeUninit::<Header<'_>>::uninit() }; LINES];
    let (start, minor, lines, length) = match kind {
        Kind::Request => {
            let mut request = httparse::Request::new(&mut []);
            let status = config
                .parse_request_with_uninit_headers(&mut request, bytes, &mut slots)
                .ok()?;
            let Status::Complete(length) = status else {
                return None;
            };
            let start = StartLine::Request {
                method: request.method?.as_bytes().into(),
                target: request.path?.as_bytes().into(),
            };
            (start, request.version?, &*request.headers, length)
        }
        Kind::Response => {
            let mut response = httparse::Response::new(&mut []);
            let status = config
                .parse_response_with_uninit_headers(&mut response, bytes, &mut slots)
                .ok()?;
            let Status::Complete(length) = status else {
                return None;
            };
            let reason = response.reason?.as_bytes();
            // `httparse` gives nothing for a reason with bytes beyond ASCII.
            if reason.is_empty() && !has_empty_reason(bytes) {
                return None;
            }
            let start = StartLine::Response {
                status: response.code?,
                reason: reason.into(),
            };
            (start, response.version?, &*response.headers, length)
        }
    };
    let size = lines
        .iter()
        .map(|line| line.name.len() + line.value.len())
        .sum();
    let mut builder = Builder::new(lines.len(), size);
    for line in lines {
        builder.line(line.name.as_bytes(), line.value);
    }
    Some((builder.head(start, version(minor), true), length))
}

/// Reads a head of any shape: odd bytes, folded lines, too many lines. `whole` says whether `bytes` end with its end;
/// if not, the last line is left out unless it is ended.
pub(super) fn parse_lenient(kind: Kind, bytes: &[u8], whole: bool) -> Option<Head> {
    let mut lines = Lines { bytes };
    let line = lines.next()?;
    let (start, version) = match kind {
        Kind::Request => request_line(line)?,
        Kind::Response => status_line(line)?,
    };
    let mut builder = Builder::new(16, bytes.len());
    let mut name: &[u8] = &[];
    let mut value = Vec::new();
    let mut open = false;
    for line in lines {
        if line.is_empty() {
            break;
        }
        if line[0] == b' ' || line[0] == b'\t' {
            // Section 5.2: a fold is worth a space.
            builder.oddity(Oddity::HeaderLineFolded);
            if open {
                value.push(b' ');
                value.extend_from_slice(trim(line));
            } else {
                builder.complete = false;
            }
            continue;
        }
        if open {
            builder.line(name, trim(&value));
        }
        open = false;
        match memchr(b':', line) {
            Some(colon) if !trim(&line[..colon]).is_empty() => {
                name = trim(&line[..colon]);
                value.clear();
                value.extend_from_slice(trim(&line[colon + 1..]));
                open = true;
            }
            _ => {
                builder.oddity(Oddity::HeaderLineMalformed);
                builder.complete = false;
            }
        }
    }
    // Cut off, the last line may have had a fold behind it.
    if open && whole {
        builder.line(name, trim(&value));
    }
    Some(builder.head(start, version, whole))
}

/// Lines that are ended, without their ends.
struct Lines<'a> {
    bytes: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = memchr(b'\n', self.bytes)?;
        let line = &self.bytes[..end];
        self.bytes = &self.bytes[end + 1..];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// Method, target and version; the target is all between the first and the last space.
fn request_line(line: &[u8]) -> Option<(StartLine, Version)> {
    let space = memchr(b' ', line).filter(|&at| at > 0)?;
    let (method, rest) = (&line[..space], trim(&line[space..]));
    let last = memchr::memrchr(b' ', rest)?;
    let version = parse_version(&rest[last + 1..])?;
    let target = trim(&rest[..last]);
    if target.is_empty() || method.iter().any(|byte| !byte.is_ascii_graphic()) {
        return None;
    }
    Some((
        StartLine::Request {
            method: method.into(),
            target: target.into(),
        },
        version,
    ))
}

fn status_line(line: &[u8]) -> Option<(StartLine, Version)> {
    let space = memchr(b' ', line)?;
    let version = parse_version(&line[..space])?;
    let rest = trim(&line[space..]);
    let (digits, reason) = rest.split_first_chunk::<3>()?;
    if !digits.iter().all(u8::is_ascii_digit) || reason.first().is_some_and(|&byte| byte != b' ') {
        return None;
    }
    let status = digits
        .iter()
        .fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
    Some((
        StartLine::Response {
            status,
            reason: trim(reason).into(),
        },
        version,
    ))
}

fn parse_version(bytes: &[u8]) -> Option<Version> {
    match bytes.strip_prefix(b"HTTP/1.")? {
        [digit @ b'0'..=b'9'] => Some(version(digit - b'0')),
        _ => None,
    }
}

fn version(minor: u8) -> Version {
    if minor == 0 {
        Version::Http10
    } else {
        Version::Http11
    }
}

fn has_empty_reason(bytes: &[u8]) -> bool {
    let line = &bytes[..memchr(b'\n', bytes).unwrap_or(bytes.len())];
    // `HTTP/1.1 200`, then at most a space.
    trim(line.strip_suffix(b"\r").unwrap_or(line)).len() <= 12
}

/// Strips spaces and tabs (OWS, RFC 9110, section 5.6.3).
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

struct Builder {
    headers: HeaderLines,
    framing: Framing,
    complete: bool,
    oddity: Option<Oddity>,
}

impl Builder {
    fn new(lines: usize, bytes: usize) -> Self {
        Self {
            headers: HeaderLines::with_capacity(lines, bytes.min(limits::HEAD)),
            framing: Framing::default(),
            complete: true,
            oddity: None,
        }
    }

    /// Keeps the first.
    fn oddity(&mut self, oddity: Oddity) {
        self.oddity.get_or_insert(oddity);
    }

    fn line(&mut self, name: &[u8], value: &[u8]) {
        self.headers.push(name, value);
        // Lengths first: this runs for each line of a capture.
        match name.len() {
            6 if name.eq_ignore_ascii_case(b"expect") => {
                self.framing.expects_continue = value.eq_ignore_ascii_case(b"100-continue");
            }
            7 if name.eq_ignore_ascii_case(b"upgrade") => {
                self.framing.upgrade = true;
                self.framing.upgrade_h2c |= value
                    .split(|&byte| byte == b',')
                    .any(|item| trim(item).eq_ignore_ascii_case(b"h2c"));
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => self.content_length(value),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                let last = value
                    .rsplit(|&byte| byte == b',')
                    .next()
                    .unwrap_or_default();
                self.framing.chunked = trim(last).eq_ignore_ascii_case(b"chunked");
                self.framing.other_coding =
                    !self.framing.chunked && !trim(last).eq_ignore_ascii_case(b"identity");
            }
            _ => {}
        }
    }

    fn content_length(&mut self, value: &[u8]) {
        // A list of equal values is one value (RFC 9110, section 8.6).
        for item in value.split(|&byte| byte == b',').map(trim) {
            let digits = !item.is_empty() && item.iter().all(u8::is_ascii_digit);
            let length = item.iter().try_fold(0u64, |length, digit| {
                length
                    .checked_mul(10)?
                    .checked_add(u64::from(digit.wrapping_sub(b'0')))
            });
            match (length.filter(|_| digits), self.framing.content_length) {
                (None, _) => self.oddity(Oddity::ContentLengthInvalid),
                (Some(length), None) => self.framing.content_length = Some(length),
                (Some(length), Some(first)) if length != first => {
                    self.oddity(Oddity::ContentLengthConflict);
                }
                _ => {}
            }
        }
    }

    fn head(self, start: StartLine, version: Version, whole: bool) -> Head {
        Head {
            start,
            version,
            headers: self.headers,
            complete: self.complete && whole,
            framing: self.framing,
            oddity: self.oddity,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(head: &Head) -> Vec<(&[u8], &[u8])> {
        head.headers.iter().collect()
    }

    #[test]
    fn odd_heads() {
        let fold = b"GET / HTTP/1.1\r\nA: 1\r\n  2\r\nb:\xff\0\r\nnocolon\r\n\r\n";
        let head = parse_lenient(Kind::Request, fold, true).expect("a head");
        assert_eq!(lines(&head), [(&b"A"[..], &b"1 2"[..]), (b"b", b"\xff\0")]);
        assert!(!head.complete, "a line was left out");
        assert!(parse_strict(Kind::Request, fold).is_none());

        let cut = b"GET /x y HTTP/1.0\nA: 1\nB: 2\nC: ";
        let head = parse_lenient(Kind::Request, cut, false).expect("a head");
        assert_eq!(lines(&head), [(&b"A"[..], &b"1"[..])], "B may be folded");
        assert_eq!(head.version, Version::Http10);
        assert!(matches!(&head.start, StartLine::Request { target, .. } if **target == *b"/x y"));
    }

    #[test]
    fn reasons() {
        for (line, reason) in [
            (&b"HTTP/1.1 200 OK\r\n\r\n"[..], &b"OK"[..]),
            (b"HTTP/1.1 200\r\n\r\n", b""),
            (b"HTTP/1.1 200 \r\n\r\n", b""),
            (b"HTTP/1.1  200  Fine\xe9\r\n\r\n", b"Fine\xe9"),
        ] {
            let head = parse_strict(Kind::Response, line)
                .map(|(head, _)| head)
                .or_else(|| parse_lenient(Kind::Response, line, true))
                .expect("a head");
            assert!(
                matches!(&head.start, StartLine::Response { status: 200, reason: r } if **r == *reason),
                "{}",
                line.escape_ascii()
            );
        }
    }

    #[test]
    fn framing_of_lines() {
        for (text, length, chunked, oddity) in [
            ("Content-Length: 5", Some(5), false, None),
            ("content-length: 5, 5", Some(5), false, None),
            (
                "Content-Length: 5\r\nContent-Length: 6",
                Some(5),
                false,
                Some(Oddity::ContentLengthConflict),
            ),
            (
                "Content-Length: -1",
                None,
                false,
                Some(Oddity::ContentLengthInvalid),
            ),
            (
                "Content-Length: 99999999999999999999",
                None,
                false,
                Some(Oddity::ContentLengthInvalid),
            ),
            ("Transfer-Encoding: gzip, Chunked", None, true, None),
            ("Transfer-Encoding: gzip", None, false, None),
        ] {
            let text = format!("HTTP/1.1 200 OK\r\n{text}\r\n\r\n");
            let (head, end) = parse_strict(Kind::Response, text.as_bytes()).expect("a head");
            assert_eq!(end, text.len());
            assert_eq!(Some(end), find_end(text.as_bytes(), 0));
            assert_eq!(head.framing.content_length, length, "{text}");
            assert_eq!(head.framing.chunked, chunked, "{text}");
            assert_eq!(head.oddity, oddity, "{text}");
        }
    }
}

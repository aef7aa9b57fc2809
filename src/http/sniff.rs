//! Telling HTTP/1 and HTTP/2 from the first bytes.

use super::h2::frame::{FrameHeader, FrameType};
use super::limits;

/// What a client sends first on HTTP/2 (RFC 9113, section 3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Longest method believed at the start of a connection; the longest registered one has 17 bytes.
const METHOD: usize = 24;

/// Whether `bytes` start an HTTP/1 message: a status line, or a method and a space, as far as they go.
#[must_use]
pub fn looks_like_http1(bytes: &[u8]) -> bool {
    is_status_line_prefix(bytes) || is_request_line_prefix(bytes)
}

/// Whether `bytes` start the client preface of HTTP/2, as far as they go (at least four bytes).
#[must_use]
pub fn looks_like_h2_preface(bytes: &[u8]) -> bool {
    bytes.len() >= 4 && is_preface_prefix(bytes)
}

pub(crate) fn is_preface_prefix(bytes: &[u8]) -> bool {
    let common = bytes.len().min(PREFACE.len());
    bytes[..common] == PREFACE[..common]
}

pub(crate) fn is_status_line_prefix(bytes: &[u8]) -> bool {
    const START: &[u8] = b"HTTP/1.";
    let common = bytes.len().min(START.len());
    !bytes.is_empty() && bytes[..common] == START[..common]
}

/// Whether `bytes` start a status line. `None`: too short.
pub(crate) fn is_status_line(bytes: &[u8]) -> Option<bool> {
    let is_begun = is_status_line_prefix(bytes);
    (!is_begun || bytes.len() >= b"HTTP/1.".len()).then_some(is_begun)
}

/// Whether `bytes` start with a whole request line of the usual sort. `None`: too short.
pub(crate) fn is_request_line(bytes: &[u8]) -> Option<bool> {
    if !is_usual_request_line_prefix(bytes) {
        return Some(false);
    }
    match bytes.iter().position(|&byte| byte == b'\n') {
        Some(end) => Some(bytes[..end].windows(8).any(|part| part == b" HTTP/1.")),
        None if bytes.len() > limits::HEAD => Some(false),
        None => None,
    }
}

/// A method is a token and in practice made of capitals, with the odd `-`; the case is left to the auditor.
pub(crate) fn is_request_line_prefix(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(METHOD + 1)];
    match head
        .iter()
        .position(|&byte| !(byte.is_ascii_alphabetic() || b"-_".contains(&byte)))
    {
        Some(0) => false,
        Some(end) => head[end] == b' ' && is_target_start(bytes.get(end + 1)),
        None => !head.is_empty() && head.len() <= METHOD,
    }
}

/// Whether a request line also starts as nearly all do: capitals, and a path, an `http` URL or, of `CONNECT`, a host.
pub(crate) fn is_usual_request_line_prefix(bytes: &[u8]) -> bool {
    let letters = bytes.iter().take_while(|byte| byte.is_ascii_uppercase());
    let (method, rest) = bytes.split_at(letters.count());
    let Some(target) = rest.strip_prefix(b" ") else {
        return rest.is_empty();
    };
    let starts = [&b"/"[..], b"* ", b"http://", b"https://"];
    let is_start = |start: &&[u8]| {
        let common = start.len().min(target.len());
        start[..common] == target[..common]
    };
    method == b"CONNECT" || starts.iter().any(is_start)
}

/// Origin, absolute, authority or asterisk form (RFC 9112, section 3.2).
fn is_target_start(byte: Option<&u8>) -> bool {
    byte.is_none_or(|byte| byte.is_ascii_alphanumeric() || b"/*[ _-".contains(byte))
}

/// Whether `bytes` start with the `SETTINGS` frame that a server sends first (RFC 9113, section 3.4). `None`: too short.
pub(crate) fn is_server_settings(bytes: &[u8]) -> Option<bool> {
    match FrameHeader::parse(bytes) {
        Some(header) => Some(
            header.kind == FrameType::SETTINGS
                && header.flags == 0
                && header.stream_id == 0
                && header.length.is_multiple_of(6),
        ),
        // The length's first byte is 0 in a SETTINGS frame of any sensible size.
        None if bytes.first().is_none_or(|&byte| byte == 0) => None,
        None => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes() {
        for (bytes, http1, h2) in [
            (&b"GET / HTTP/1.1\r\n"[..], true, false),
            (b"M-SEARCH * HTTP/1.1", true, false),
            (b"CONNECT example.org:443 HTTP/1.1", true, false),
            (b"patch /x HTTP/1.1", true, false),
            (b"HTTP/1.1 200 OK", true, false),
            (b"HTT", true, false),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0", true, true),
            (b"", false, false),
            (b"\x16\x03\x01\x02\0", false, false),
            (b"{\"a\": 1}", false, false),
            (b"GET\0/", false, false),
            (b"\0\0\x12\x04\0\0\0\0\0", false, false),
        ] {
            assert_eq!(looks_like_http1(bytes), http1, "{}", bytes.escape_ascii());
            assert_eq!(looks_like_h2_preface(bytes), h2, "{}", bytes.escape_ascii());
        }
        for (bytes, usual) in [
            (&b"GE"[..], true),
            (b"GET /a b", true),
            (b"OPTIONS * HTTP/1.1", true),
            (b"POST http://a.example/", true),
            (b"CONNECT a.example:443", true),
            (b"more (of a body)", false),
            (b"NOTE that", false),
            (b"ystem http://a.example/", false),
        ] {
            let found = is_usual_request_line_prefix(bytes);
            assert_eq!(found, usual, "{}", bytes.escape_ascii());
        }
        for (bytes, found) in [
            (&b"HTTP/1.1 2"[..], Some(true)),
            (b"HTTP", None),
            (b"HTML", Some(false)),
        ] {
            assert_eq!(is_status_line(bytes), found, "{}", bytes.escape_ascii());
        }
        for (bytes, found) in [
            (&b"PUT /a HTTP/1.1\r\n"[..], Some(true)),
            (b"PUT /a HTTP", None),
            (b"PUT /a\n", Some(false)),
            (b"{\"a\": 1}", Some(false)),
        ] {
            assert_eq!(is_request_line(bytes), found, "{}", bytes.escape_ascii());
        }
        assert_eq!(is_server_settings(b"\0\0\x12\x04\0\0\0\0\0"), Some(true));
        assert_eq!(is_server_settings(b"\0\0\x12\x04\x01\0\0\0\0"), Some(false));
        assert_eq!(is_server_settings(b"\0\0"), None);
        assert_eq!(is_server_settings(b"HTTP"), Some(false));
    }
}

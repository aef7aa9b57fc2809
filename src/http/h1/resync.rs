//! Finding a message behind a hole or behind bytes that are none.

use memchr::memmem;

use super::head::{self, Head, Kind};
use crate::http::limits;

/// Methods believed in the middle of a line, where a body without a line end came before the request. At the start of
/// a line any word in capitals will do. (RFC 9110, RFC 5789, and those of WebDAV that clients send.)
const METHODS: [&[u8]; 16] = [
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"CONNECT",
    b"OPTIONS",
    b"TRACE",
    b"PATCH",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"REPORT",
    b"SEARCH",
];

#[derive(Debug)]
pub(super) enum Search {
    /// A whole head starts at the first position and ends at the second.
    Found(usize, usize, Box<Head>),
    /// No head starts before this; more bytes decide about it.
    Keep(usize),
}

/// Looks for the first whole and well-formed head.
pub(super) fn find_head(kind: Kind, bytes: &[u8]) -> Search {
    let mut from = 0;
    loop {
        let candidate = match kind {
            Kind::Response => find_status_line(bytes, from),
            Kind::Request => find_request_line(bytes, from),
        };
        let (start, next) = match candidate {
            Candidate::At { start, next } => (start, next),
            Candidate::Keep(at) => return Search::Keep(at.min(bytes.len())),
        };
        let limit = bytes.len().min(start + limits::RESYNC_HEAD);
        if let Some((head, length)) = head::parse_strict(kind, &bytes[start..limit]) {
            return Search::Found(start, start + length, Box::new(head));
        }
        let ended = head::find_end(&bytes[start..limit], 0).is_some();
        if !ended && limit < start + limits::RESYNC_HEAD {
            // With the byte before, which says whether a line starts here.
            return Search::Keep(start.saturating_sub(1));
        }
        // Ended and not well formed: no head. Too long: skip all of it, or a hostile body costs too much.
        from = if ended { next } else { limit };
    }
}

enum Candidate {
    At { start: usize, next: usize },
    Keep(usize),
}

fn find_status_line(bytes: &[u8], from: usize) -> Candidate {
    const START: &[u8] = b"HTTP/1.";
    match memmem::find(&bytes[from..], START) {
        Some(found) => Candidate::At {
            start: from + found,
            next: from + found + START.len(),
        },
        // The start may stand at the very end, cut.
        None => Candidate::Keep(from.max(bytes.len().saturating_sub(START.len() - 1))),
    }
}

/// Finds the version that ends a request line, then the line's start before it.
fn find_request_line(bytes: &[u8], mut from: usize) -> Candidate {
    const END: &[u8] = b" HTTP/1.";
    let mut floor = from;
    while let Some(found) = memmem::find(&bytes[from..], END) {
        let end = from + found;
        let next = end + END.len();
        let first = end.saturating_sub(limits::RESYNC_LINE).max(floor);
        if let Some(start) = line_start(&bytes[first..end]) {
            return Candidate::At {
                start: first + start,
                next,
            };
        }
        from = next;
        floor = next;
    }
    // As far back as a line may reach that ends with what comes next.
    Candidate::Keep(
        bytes
            .len()
            .saturating_sub(limits::RESYNC_LINE + END.len())
            .max(floor),
    )
}

/// Where the request line ending in `before` (method and target) starts.
fn line_start(before: &[u8]) -> Option<usize> {
    let space = memchr::memrchr(b' ', before)?;
    let target = &before[space + 1..];
    if target.is_empty() || !target.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let word = &before[..space];
    let letters = word
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    let start = word.len() - letters;
    if letters > 0 && start > 0 && word[start - 1] == b'\n' {
        return Some(start);
    }
    METHODS
        .iter()
        .filter(|method| word.ends_with(method))
        .map(|method| word.len() - method.len())
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kind: Kind, bytes: &[u8]) -> Result<(usize, usize), usize> {
        match find_head(kind, bytes) {
            Search::Found(start, end, _) => Ok((start, end)),
            Search::Keep(at) => Err(at),
        }
    }

    #[test]
    fn heads_between_other_bytes() {
        for (desc, kind, bytes, expected) in [
            (
                "behind a body",
                Kind::Response,
                &b"{}HTTP/1.1 200 OK\r\nA: b\r\n\r\nx"[..],
                Ok((2, 27)),
            ),
            (
                "a false start",
                Kind::Response,
                b"HTTP/1.1 is\n\nHTTP/1.1 204 X\r\n\r\n",
                Ok((13, 31)),
            ),
            ("a start cut short", Kind::Response, b"body HTTP/", Err(4)),
            (
                "a head cut short",
                Kind::Response,
                b"body HTTP/1.1 200 OK\r\nA: ",
                Err(4),
            ),
            (
                "behind a body",
                Kind::Request,
                b"a=1GET /x HTTP/1.1\r\n\r\n",
                Ok((3, 22)),
            ),
            (
                "own method, own line",
                Kind::Request,
                b"a\r\nBREW /x HTTP/1.1\r\n\r\n",
                Ok((3, 23)),
            ),
            (
                "own method, no line",
                Kind::Request,
                b"a BREW /x HTTP/1.1\r\n\r\n",
                Err(17),
            ),
        ] {
            assert_eq!(found(kind, bytes), expected, "{desc}");
        }
    }
}

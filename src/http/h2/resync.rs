//! Finding a frame boundary behind a hole.

use super::frame::{self, END_HEADERS, FrameHeader, FrameType};
use crate::http::limits;

/// Highest stream believed where nothing is known of a connection: eight million requests.
pub(super) const ANY_STREAM: u32 = 1 << 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// A frame starts here.
    Found(usize),
    /// No frame starts before this; more bytes decide about it.
    Keep(usize),
}

/// Looks for the first position where several plausible frames follow one another. The answer depends on the bytes
/// alone, not on how they were cut; `at_end` says that no more will come.
pub(super) fn find_boundary(bytes: &[u8], highest_stream: u32, at_end: bool) -> Search {
    for start in 0..bytes.len() {
        match chain(bytes, start, highest_stream, at_end) {
            Some(true) => return Search::Found(start),
            Some(false) => {}
            None => return Search::Keep(start),
        }
    }
    Search::Keep(bytes.len())
}

/// Whether `bytes` start with plausible frames in a row, for a connection that is recorded from its middle. `None`:
/// more bytes decide.
pub(crate) fn looks_like_frames(bytes: &[u8]) -> Option<bool> {
    chain(bytes, 0, ANY_STREAM, false)
}

/// `None`: more bytes decide.
fn chain(bytes: &[u8], start: usize, highest_stream: u32, at_end: bool) -> Option<bool> {
    let mut at = start;
    let mut continues = None;
    for count in 0..limits::RESYNC_CHAIN {
        let Some(header) = bytes.get(at..).and_then(FrameHeader::parse) else {
            let ends_here = count >= 1 && at == bytes.len();
            return at_end.then_some(count >= 2 || ends_here);
        };
        let follows = match continues {
            Some(stream) => header.kind == FrameType::CONTINUATION && header.stream_id == stream,
            None => count == 0 || header.kind != FrameType::CONTINUATION,
        };
        if !follows || !header.is_plausible(highest_stream) {
            return Some(false);
        }
        continues = match header.kind {
            FrameType::HEADERS | FrameType::PUSH_PROMISE | FrameType::CONTINUATION
                if !header.has(END_HEADERS) =>
            {
                Some(header.stream_id)
            }
            _ => None,
        };
        at += frame::HEADER + header.length as usize;
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAMES: &[u8] = b"rest of a body\0\0\x02\0\0\0\0\0\x05ab\0\0\x04\x08\0\0\0\0\0\0\0\0\x01\0\0\x01\0\x01\0\0\0\x05z";

    #[test]
    fn three_frames_in_a_row() {
        assert_eq!(find_boundary(FRAMES, 100, false), Search::Found(14));
        assert_eq!(find_boundary(&FRAMES[..30], 100, false), Search::Keep(14));
        assert_eq!(
            find_boundary(FRAMES, 3, false),
            Search::Keep(40),
            "stream 5 was never opened"
        );
        assert_eq!(
            find_boundary(&[0; 100], 100, true),
            Search::Keep(100),
            "zeros are no frames"
        );
        assert_eq!(find_boundary(&FRAMES[..38], 100, true), Search::Found(14));
    }
}

//! Where one direction of an HTTP/2 connection stands.

use super::frame::{self, END_STREAM, FrameHeader, FrameType, PADDED, PRIORITY};
use super::hpack::Decoder;
use crate::http::sniff::{self, PREFACE};
use crate::net::{Direction, Stamp};

/// Initial `SETTINGS_MAX_FRAME_SIZE` (RFC 9113, section 6.5.2).
pub(super) const MAX_FRAME: u32 = 16_384;

/// ```text
///  Start --preface or SETTINGS--> Frame <--> Data, Skip
///    |                              |
///    +-----anything else--> Lost <--+ hole over a frame's end
///                            +------> Frame, at a plausible boundary
/// ```
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// Nothing read yet.
    Start,
    /// A frame header comes next.
    Frame,
    /// In the payload of a `DATA` frame.
    Data {
        stream_id: u32,
        left: u64,
        padding: u64,
        end: bool,
    },
    /// In a payload that nobody needs.
    Skip { left: u64 },
    /// No boundary is known.
    Lost,
}

/// A header block in progress (RFC 9113, section 4.3).
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) stream_id: u32,
    /// The stream a `PUSH_PROMISE` reserves.
    pub(super) promised: Option<u32>,
    pub(super) end: bool,
    pub(super) first: Stamp,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) state: State,
    pub(super) decoder: Decoder,
    pub(super) block: Option<Block>,
    pub(super) fragments: Vec<u8>,
    /// What the receiver of this direction allows; `None` before its `SETTINGS` were seen, or if some were missed.
    pub(super) allowed: Option<Allowed>,
    /// `SETTINGS` of the receiver were missed, so that its limits never will be known.
    pub(super) settings_missed: bool,
    /// The recording starts inside the connection: any stream number is possible.
    pub(super) mid_connection: bool,
}

/// Limits for a sender. The highest values ever announced, as it is not seen when a change took effect.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed {
    pub(super) table_size: usize,
    pub(super) frame: u32,
}

impl Lane {
    pub(super) fn new() -> Self {
        let mut decoder = Decoder::new();
        // Until the receiver's settings are seen, any size may be right.
        decoder.set_size_limit(u32::MAX as usize);
        Self {
            state: State::Start,
            decoder,
            block: None,
            fragments: Vec::new(),
            allowed: None,
            settings_missed: false,
            mid_connection: false,
        }
    }
}

/// The first bytes of a direction: how many are the preface. `None`: more are needed; error: not a start.
pub(super) fn start(direction: Direction, bytes: &[u8]) -> Option<Result<usize, ()>> {
    match direction {
        Direction::ToServer if !sniff::is_preface_prefix(bytes) => Some(Err(())),
        Direction::ToServer => (bytes.len() >= PREFACE.len()).then_some(Ok(PREFACE.len())),
        Direction::ToClient => {
            sniff::is_server_settings(bytes).map(|is| if is { Ok(0) } else { Err(()) })
        }
    }
}

/// Takes a `HEADERS` or `PUSH_PROMISE` payload apart. `None`: padding or fixed fields do not fit.
pub(super) fn open_block(
    header: FrameHeader,
    payload: &[u8],
    first: Stamp,
) -> Option<(Block, &[u8])> {
    fixed_fields(header, frame::strip_padding(header, payload)?, first)
}

/// The same for a payload whose end is missing: bytes that may be padding are left out.
pub(super) fn open_cut_block(
    header: FrameHeader,
    payload: &[u8],
    first: Stamp,
) -> Option<(Block, &[u8])> {
    if !header.has(PADDED) {
        return fixed_fields(header, payload, first);
    }
    let (&padding, rest) = payload.split_first()?;
    let content = (header.length as usize).checked_sub(1 + usize::from(padding))?;
    fixed_fields(header, &rest[..rest.len().min(content)], first)
}

fn fixed_fields(header: FrameHeader, payload: &[u8], first: Stamp) -> Option<(Block, &[u8])> {
    let mut block = Block {
        stream_id: header.stream_id,
        promised: None,
        end: header.has(END_STREAM),
        first,
    };
    if header.kind == FrameType::PUSH_PROMISE {
        let (promised, fragment) = payload.split_first_chunk::<4>()?;
        block.promised = Some(u32::from_be_bytes(*promised) & 0x7fff_ffff);
        block.end = false;
        return Some((block, fragment));
    }
    if header.has(PRIORITY) {
        return Some((block, payload.get(5..)?));
    }
    Some((block, payload))
}

//! Frames of both directions to exchanges (RFC 9113, sections 4 to 6).

use super::frame::{
    self, ACK, END_HEADERS, END_STREAM, FrameHeader, FrameType, PADDED,
    SETTINGS_ENABLE_CONNECT_PROTOCOL, SETTINGS_HEADER_TABLE_SIZE, SETTINGS_MAX_FRAME_SIZE,
};
use super::head::Head;
use super::lane::{Allowed, Block, Lane, MAX_FRAME, State, open_block, start};
use super::resync::{self, Search};
use super::streams::Streams;
use crate::http::backlog::Window;
use crate::http::limits;
use crate::http::message::{MessageIds, MessageSink, Reset, ResetBy, Transaction};
use crate::http::oddity::Oddity;
use crate::net::{Direction, Stamp};

/// An HTTP/2 connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) lanes: [Lane; 2],
    pub(super) streams: Streams,
    /// The server announced `SETTINGS_ENABLE_CONNECT_PROTOCOL`; `None` while its `SETTINGS` are not known.
    connect_protocol: Option<bool>,
}

impl Connection {
    pub(crate) fn new() -> Self {
        let lanes = [Lane::new(), Lane::new()];
        Self {
            lanes,
            streams: Streams::default(),
            connect_protocol: None,
        }
    }

    /// A connection that began as HTTP/1.1; `transaction` is the exchange on stream 1.
    pub(crate) fn upgraded(transaction: Transaction, ids: MessageIds) -> Self {
        let mut connection = Self::new();
        // The client's first settings stand in `HTTP2-Settings`, which is not read.
        connection.lanes[Direction::ToClient.index()].settings_missed = true;
        connection.streams.upgraded(transaction, ids);
        connection
    }

    /// Reads what it can and says how many bytes that was.
    pub(crate) fn run(
        &mut self,
        direction: Direction,
        window: &Window<'_>,
        sink: &mut impl MessageSink,
    ) -> usize {
        let mut at = 0;
        while at < window.bytes.len() {
            let rest = &window.bytes[at..];
            match self.lanes[direction.index()].state {
                State::Start => match start(direction, rest) {
                    None => break,
                    Some(Ok(used)) => {
                        at += used;
                        self.lanes[direction.index()].state = State::Frame;
                    }
                    Some(Err(())) => {
                        sink.oddity(Oddity::MidStreamStart, window.stamp(at));
                        self.lanes[direction.index()].mid_connection = true;
                        self.settings_missed(direction);
                        self.lose(direction);
                    }
                },
                State::Frame => match self.frame(direction, window, at, sink) {
                    Some(used) => at += used,
                    None => break,
                },
                State::Data {
                    stream_id,
                    left,
                    padding,
                    end,
                } => {
                    let take = left.min(rest.len() as u64) as usize;
                    if take > 0 {
                        let stamp = window.stamp(at + take - 1);
                        self.streams
                            .data(stream_id, direction, stamp, &rest[..take], sink);
                    }
                    at += take;
                    self.advance_data(direction, stream_id, left - take as u64, padding, end, sink);
                }
                State::Skip { left } => {
                    let take = left.min(rest.len() as u64);
                    at += take as usize;
                    self.skip(direction, left - take);
                }
                State::Lost => {
                    let highest = self.plausible_stream(direction);
                    match resync::find_boundary(rest, highest, false) {
                        Search::Found(offset) => {
                            if offset > 0 {
                                self.streams.hole(direction);
                            }
                            at += offset;
                            sink.oddity(Oddity::Resynchronised, window.stamp(at));
                            self.lanes[direction.index()].state = State::Frame;
                        }
                        Search::Keep(offset) => {
                            if offset > 0 {
                                self.streams.hole(direction);
                            }
                            at += offset;
                            break;
                        }
                    }
                }
            }
        }
        at
    }

    /// The end of the recording; `windows` is what was left of both directions.
    pub(crate) fn finish(&mut self, windows: [Option<Window<'_>>; 2], sink: &mut impl MessageSink) {
        for direction in [Direction::ToServer, Direction::ToClient] {
            let Some(window) = windows[direction.index()] else {
                continue;
            };
            let mut at = 0;
            if matches!(self.lanes[direction.index()].state, State::Start) {
                self.lanes[direction.index()].mid_connection = true;
                self.lose(direction);
            }
            if matches!(self.lanes[direction.index()].state, State::Lost) {
                let highest = self.plausible_stream(direction);
                let Search::Found(found) = resync::find_boundary(window.bytes, highest, true)
                else {
                    continue;
                };
                self.lanes[direction.index()].state = State::Frame;
                at = found;
                let marks = window.marks_from(at);
                let rest = Window {
                    bytes: &window.bytes[at..],
                    marks: &marks,
                };
                at += self.run(direction, &rest, sink);
            }
            if matches!(self.lanes[direction.index()].state, State::Frame)
                && at < window.bytes.len()
            {
                let marks = window.marks_from(at);
                let rest = Window {
                    bytes: &window.bytes[at..],
                    marks: &marks,
                };
                if let Some(header) = FrameHeader::parse(rest.bytes) {
                    let last = window.stamp(window.bytes.len());
                    self.cut_frame(direction, header, &rest, last, sink);
                }
            }
            self.cut_block(direction, sink);
        }
        for direction in [Direction::ToServer, Direction::ToClient] {
            self.cut_block(direction, sink);
        }
        self.streams.finish(sink);
    }

    /// Reads the frame at `at`, or at least its header. `None`: more bytes are needed.
    fn frame(
        &mut self,
        direction: Direction,
        window: &Window<'_>,
        at: usize,
        sink: &mut impl MessageSink,
    ) -> Option<usize> {
        let rest = &window.bytes[at..];
        let header = FrameHeader::parse(rest)?;
        let stamp = window.stamp(at);
        let lane = &mut self.lanes[direction.index()];
        if lane
            .allowed
            .is_some_and(|allowed| header.length > allowed.frame)
        {
            sink.oddity(Oddity::FrameTooLong, stamp);
            self.streams.hole(direction);
            self.lose(direction);
            // One byte on, so that the search cannot find the same frame again.
            return Some(1);
        }
        if !header.is_well_formed() {
            sink.oddity(Oddity::FrameMalformed, stamp);
            lane.state = State::Skip {
                left: header.length.into(),
            };
            return Some(frame::HEADER);
        }
        let length = header.length as usize;
        match header.kind {
            FrameType::DATA => {
                let (mut used, mut padding) = (frame::HEADER, 0);
                if header.has(PADDED) {
                    if length == 0 {
                        sink.oddity(Oddity::FrameMalformed, stamp);
                        return Some(frame::HEADER);
                    }
                    padding = usize::from(*rest.get(frame::HEADER)?);
                    used += 1;
                }
                let payload = length + frame::HEADER - used;
                if padding > payload {
                    sink.oddity(Oddity::FrameMalformed, stamp);
                    padding = payload;
                }
                let left = (payload - padding) as u64;
                let end = header.has(END_STREAM);
                self.advance_data(direction, header.stream_id, left, padding as u64, end, sink);
                return Some(used);
            }
            FrameType::HEADERS | FrameType::PUSH_PROMISE | FrameType::CONTINUATION => {
                if length + lane.fragments.len() > limits::HEADER_BLOCK {
                    sink.oddity(Oddity::HeaderBlockTooLong, stamp);
                    self.cut_block(direction, sink);
                    let lane = &mut self.lanes[direction.index()];
                    lane.decoder.forget_table();
                    lane.state = State::Skip {
                        left: header.length.into(),
                    };
                    return Some(frame::HEADER);
                }
            }
            FrameType::SETTINGS if length > limits::SETTINGS => {
                sink.oddity(Oddity::FrameTooLong, stamp);
                self.settings_missed(direction);
                self.skip(direction, header.length.into());
                return Some(frame::HEADER);
            }
            FrameType::SETTINGS | FrameType::RST_STREAM => {}
            FrameType::GOAWAY => {
                // What follows the code is for people.
                let payload = rest.get(frame::HEADER..frame::HEADER + 8)?;
                self.go_away(direction, payload, stamp, sink);
                self.skip(direction, u64::from(header.length) - 8);
                return Some(frame::HEADER + 8);
            }
            _ => {
                self.skip(direction, header.length.into());
                return Some(frame::HEADER);
            }
        }
        let payload = rest.get(frame::HEADER..frame::HEADER + length)?;
        let last = window.stamp(at + frame::HEADER + length - 1);
        match header.kind {
            FrameType::SETTINGS => self.settings(direction, header, payload),
            FrameType::RST_STREAM => {
                let reset = Reset {
                    by: ResetBy::RstStream,
                    direction,
                    code: be32(payload),
                    at: stamp,
                };
                self.streams.reset(header.stream_id, reset, sink);
            }
            _ => self.header_frame(direction, header, payload, (stamp, last), sink),
        }
        Some(frame::HEADER + length)
    }

    /// `HEADERS`, `PUSH_PROMISE` and `CONTINUATION` (RFC 9113, sections 6.2, 6.6 and 6.10).
    fn header_frame(
        &mut self,
        direction: Direction,
        header: FrameHeader,
        payload: &[u8],
        span: (Stamp, Stamp),
        sink: &mut impl MessageSink,
    ) {
        if header.kind == FrameType::CONTINUATION {
            let lane = &mut self.lanes[direction.index()];
            match lane.block {
                Some(block) if block.stream_id == header.stream_id => {
                    lane.fragments.extend_from_slice(payload);
                }
                _ => {
                    // The block's start was lost, and with it what the rest does to the table.
                    lane.decoder.forget_table();
                    return;
                }
            }
        } else {
            if self.lanes[direction.index()].block.is_some() {
                sink.oddity(Oddity::FrameMalformed, span.0);
                self.cut_block(direction, sink);
            }
            let lane = &mut self.lanes[direction.index()];
            let Some((block, fragment)) = open_block(header, payload, span.0) else {
                sink.oddity(Oddity::FrameMalformed, span.0);
                lane.decoder.forget_table();
                return;
            };
            if header.has(END_HEADERS) {
                // The usual case: one frame, no copy.
                self.block(direction, block, fragment, true, span.1, sink);
                return;
            }
            lane.block = Some(block);
            lane.fragments.extend_from_slice(fragment);
        }
        if header.has(END_HEADERS) {
            let lane = &mut self.lanes[direction.index()];
            let fragments = std::mem::take(&mut lane.fragments);
            if let Some(block) = lane.block.take() {
                self.block(direction, block, &fragments, true, span.1, sink);
            }
        }
    }

    /// A header block, `whole` or the start of one.
    pub(super) fn block(
        &mut self,
        direction: Direction,
        block: Block,
        bytes: &[u8],
        whole: bool,
        last: Stamp,
        sink: &mut impl MessageSink,
    ) {
        let decoder = &mut self.lanes[direction.index()].decoder;
        let head = Head::decode(decoder, bytes, whole, block.first, sink);
        let span = (block.first, last);
        match (direction, block.promised) {
            (Direction::ToServer, None) => {
                if head.protocol.is_some() && self.connect_protocol == Some(false) {
                    sink.oddity(Oddity::ConnectProtocolNotEnabled, block.first);
                }
                self.streams
                    .request(block.stream_id, head, span, block.end, sink);
            }
            (Direction::ToClient, None) => {
                self.streams
                    .response(block.stream_id, head, span, block.end, sink);
            }
            (Direction::ToClient, Some(promised)) => {
                self.streams.promise(promised, head, span, sink);
            }
            // Clients cannot push (RFC 9113, section 8.4).
            (Direction::ToServer, Some(_)) => sink.oddity(Oddity::FrameMalformed, block.first),
        }
    }

    /// Takes what came of a header block whose rest is lost.
    pub(super) fn cut_block(&mut self, direction: Direction, sink: &mut impl MessageSink) {
        let lane = &mut self.lanes[direction.index()];
        let fragments = std::mem::take(&mut lane.fragments);
        if let Some(block) = lane.block.take() {
            self.block(direction, block, &fragments, false, block.first, sink);
        }
    }

    fn settings(&mut self, sender: Direction, header: FrameHeader, payload: &[u8]) {
        if header.has(ACK) {
            return;
        }
        let lane = &mut self.lanes[sender.reverse().index()];
        let mut allowed = lane.allowed.unwrap_or(Allowed {
            table_size: 4096,
            frame: MAX_FRAME,
        });
        let mut connect_protocol = self.connect_protocol.unwrap_or(false);
        let (settings, _) = payload.as_chunks::<6>();
        for &[a, b, value @ ..] in settings {
            let value = u32::from_be_bytes(value);
            match u16::from_be_bytes([a, b]) {
                SETTINGS_HEADER_TABLE_SIZE => {
                    allowed.table_size = allowed.table_size.max(value as usize);
                }
                SETTINGS_MAX_FRAME_SIZE => allowed.frame = allowed.frame.max(value),
                SETTINGS_ENABLE_CONNECT_PROTOCOL => connect_protocol |= value == 1,
                _ => {}
            }
        }
        if !lane.settings_missed {
            lane.allowed = Some(allowed);
            lane.decoder.set_size_limit(allowed.table_size);
        }
        if sender == Direction::ToClient && (connect_protocol || !lane.settings_missed) {
            self.connect_protocol = Some(connect_protocol);
        }
    }

    /// `SETTINGS` of `sender` may have been missed: the other direction's limits are unknown from here on.
    pub(super) fn settings_missed(&mut self, sender: Direction) {
        let lane = &mut self.lanes[sender.reverse().index()];
        lane.settings_missed = true;
        lane.allowed = None;
        lane.decoder.set_size_limit(u32::MAX as usize);
        if sender == Direction::ToClient {
            self.connect_protocol = None;
        }
    }

    fn go_away(
        &mut self,
        direction: Direction,
        payload: &[u8],
        at: Stamp,
        sink: &mut impl MessageSink,
    ) {
        let last = be32(payload) & 0x7fff_ffff;
        let code = be32(&payload[4..]);
        let reset = Reset {
            by: ResetBy::GoAway,
            direction,
            code,
            at,
        };
        self.streams.go_away(last, reset, sink);
    }

    pub(super) fn advance_data(
        &mut self,
        direction: Direction,
        stream_id: u32,
        left: u64,
        padding: u64,
        end: bool,
        sink: &mut impl MessageSink,
    ) {
        if left > 0 {
            self.lanes[direction.index()].state = State::Data {
                stream_id,
                left,
                padding,
                end,
            };
            return;
        }
        if end {
            self.streams.end(stream_id, direction, sink);
        }
        self.skip(direction, padding);
    }

    pub(super) fn skip(&mut self, direction: Direction, left: u64) {
        self.lanes[direction.index()].state = if left > 0 {
            State::Skip { left }
        } else {
            State::Frame
        };
    }
}

/// The first four bytes of a payload whose length was checked.
fn be32(bytes: &[u8]) -> u32 {
    bytes
        .first_chunk()
        .map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

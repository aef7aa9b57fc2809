//! What holes do to a connection: frames that end early, boundaries that are lost.

use super::connection::Connection;
use super::frame::{self, END_STREAM, FrameHeader, FrameType};
use super::lane::{State, open_cut_block};
use super::resync;
use crate::http::backlog::Window;
use crate::http::message::MessageSink;
use crate::http::oddity::Oddity;
use crate::net::{Direction, Stamp};

impl Connection {
    /// A hole of `len` bytes behind `window`, what was left of the bytes before it.
    pub(crate) fn gap(
        &mut self,
        direction: Direction,
        window: Option<Window<'_>>,
        stamp: Stamp,
        len: u64,
        sink: &mut impl MessageSink,
    ) {
        if let Some(window) = window {
            self.gap_in_frame(direction, &window, len, stamp, sink);
            return;
        }
        match self.lanes[direction.index()].state {
            State::Data {
                stream_id,
                left,
                padding,
                end,
            } if len <= left + padding => {
                let content = left.min(len);
                self.streams
                    .data_gap(stream_id, direction, stamp, content, sink);
                let padding = padding - (len - content);
                self.advance_data(direction, stream_id, left - content, padding, end, sink);
            }
            State::Skip { left } if len <= left => self.skip(direction, left - len),
            State::Data {
                stream_id,
                left,
                end,
                ..
            } => {
                self.streams
                    .data_gap(stream_id, direction, stamp, left, sink);
                if end {
                    self.streams.end(stream_id, direction, sink);
                }
                self.lose_at(direction, stamp, sink);
            }
            State::Start => {
                self.lanes[direction.index()].mid_connection = true;
                self.settings_missed(direction);
                self.lose_at(direction, stamp, sink);
            }
            _ => self.lose_at(direction, stamp, sink),
        }
    }

    /// A hole of `len` bytes behind a part of a frame.
    fn gap_in_frame(
        &mut self,
        direction: Direction,
        window: &Window<'_>,
        len: u64,
        stamp: Stamp,
        sink: &mut impl MessageSink,
    ) {
        let state = self.lanes[direction.index()].state;
        let header = match state {
            State::Frame => FrameHeader::parse(window.bytes),
            State::Start => {
                self.lanes[direction.index()].mid_connection = true;
                self.settings_missed(direction);
                None
            }
            _ => None,
        };
        let Some(header) = header else {
            self.lose_at(direction, stamp, sink);
            return;
        };
        let seen = window.bytes.len() - frame::HEADER;
        let left = u64::from(header.length).saturating_sub(seen as u64);
        self.cut_frame(direction, header, window, stamp, sink);
        if header.kind == FrameType::DATA {
            // Only a padded frame waits for its second part; how much is padding is lost.
            self.streams.hole_in(header.stream_id, direction);
            if len <= left {
                self.streams
                    .data_gap(header.stream_id, direction, stamp, len, sink);
                let end = header.has(END_STREAM);
                self.advance_data(direction, header.stream_id, left - len, 0, end, sink);
                return;
            }
        }
        if len <= left {
            self.lanes[direction.index()].decoder.forget_table();
            self.skip(direction, left - len);
        } else {
            self.lose_at(direction, stamp, sink);
        }
    }

    /// Takes what can be told from a frame whose end is missing.
    pub(super) fn cut_frame(
        &mut self,
        direction: Direction,
        header: FrameHeader,
        window: &Window<'_>,
        last: Stamp,
        sink: &mut impl MessageSink,
    ) {
        let payload = &window.bytes[frame::HEADER..];
        match header.kind {
            FrameType::HEADERS | FrameType::PUSH_PROMISE => {
                self.cut_block(direction, sink);
                if let Some((block, fragment)) = open_cut_block(header, payload, window.stamp(0)) {
                    self.block(direction, block, fragment, false, last, sink);
                }
            }
            FrameType::CONTINUATION => {
                let lane = &mut self.lanes[direction.index()];
                if lane.block.is_some() {
                    lane.fragments.extend_from_slice(payload);
                }
                self.cut_block(direction, sink);
            }
            FrameType::SETTINGS => self.settings_missed(direction),
            _ => {}
        }
    }

    fn lose_at(&mut self, direction: Direction, stamp: Stamp, sink: &mut impl MessageSink) {
        if !matches!(self.lanes[direction.index()].state, State::Lost) {
            sink.oddity(Oddity::SynchronisationLost, stamp);
        }
        self.cut_block(direction, sink);
        self.settings_missed(direction);
        self.streams.hole(direction);
        self.lose(direction);
    }

    /// Gives up the boundary and the table.
    pub(super) fn lose(&mut self, direction: Direction) {
        let lane = &mut self.lanes[direction.index()];
        lane.state = State::Lost;
        lane.decoder.forget_table();
        lane.block = None;
        lane.fragments.clear();
    }

    /// The highest stream number that can be believed behind a hole.
    pub(super) fn plausible_stream(&self, direction: Direction) -> u32 {
        /// Streams that may have been opened inside the hole.
        const UNSEEN: u32 = 2048;
        if self.lanes[direction.index()].mid_connection {
            resync::ANY_STREAM
        } else {
            self.streams.highest().saturating_add(UNSEEN)
        }
    }
}

//! One connection of either protocol.

use super::backlog::{Backlog, Mark, Window};
use super::message::MessageSink;
use super::{h1, h2, limits, sniff};
use crate::net::{Direction, Stamp};

/// What is known of a connection's protocol before its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Nothing: the first bytes decide (prior knowledge, RFC 9113, section 3.3).
    #[default]
    Unknown,
    /// HTTP/1, for instance by ALPN `http/1.1`.
    Http1,
    /// HTTP/2 by ALPN `h2`.
    Http2,
}

/// Reads both directions of one connection passively.
///
/// Bytes of one direction come in order, each once. Between the directions the order of the capture is best but not
/// needed: messages are paired by their stamps. Memory is bounded whatever the bytes are.
#[derive(Debug)]
pub struct Connection {
    engine: Engine,
    backlogs: [Backlog; 2],
    /// What came before the first bytes is not in the recording.
    starts_inside: bool,
}

#[derive(Debug)]
enum Engine {
    Sniffing,
    Http1(Box<h1::Connection>),
    Http2(Box<h2::Connection>),
}

impl Connection {
    /// A connection of which nothing was read.
    #[must_use]
    pub fn new(hint: Protocol) -> Self {
        let engine = match hint {
            Protocol::Unknown => Engine::Sniffing,
            Protocol::Http1 => Engine::Http1(Box::new(h1::Connection::new())),
            Protocol::Http2 => Engine::Http2(Box::new(h2::Connection::new())),
        };
        Self {
            engine,
            backlogs: Default::default(),
            starts_inside: false,
        }
    }

    /// Says, before any bytes, that what came before them is not in the recording, even if they start a message.
    #[must_use]
    pub fn starting_inside(mut self) -> Self {
        self.starts_inside = true;
        if let Engine::Http1(h1) = &mut self.engine {
            h1.start_inside();
        }
        self
    }

    /// Takes the next bytes of a direction, which the packet of `stamp` brought.
    pub fn push(
        &mut self,
        direction: Direction,
        stamp: Stamp,
        bytes: &[u8],
        sink: &mut impl MessageSink,
    ) {
        if bytes.is_empty() {
            return;
        }
        if matches!(self.engine, Engine::Sniffing) {
            self.backlogs[direction.index()].append(stamp, bytes);
            if let Some(engine) = self.sniff() {
                self.decided(engine, sink);
            }
        } else if self.backlogs[direction.index()].is_empty() {
            // The usual case: read in place, keep what is left.
            let marks = [Mark {
                end: bytes.len(),
                stamp,
            }];
            let used = self.engine.run(
                direction,
                &Window {
                    bytes,
                    marks: &marks,
                },
                sink,
            );
            self.backlogs[direction.index()].append(stamp, &bytes[used..]);
            self.follow_up(sink);
        } else {
            self.backlogs[direction.index()].append(stamp, bytes);
            self.drain(direction, sink);
            self.follow_up(sink);
        }
    }

    /// Takes a hole: `len` bytes of a direction that were not recorded. The stamp is that of the bytes behind it.
    pub fn gap(
        &mut self,
        direction: Direction,
        stamp: Stamp,
        len: u64,
        sink: &mut impl MessageSink,
    ) {
        if len == 0 {
            return;
        }
        self.decide_anyhow(sink);
        if direction == Direction::ToServer {
            self.stop_waiting(sink);
        }
        let backlog = std::mem::take(&mut self.backlogs[direction.index()]);
        match &mut self.engine {
            Engine::Sniffing => {}
            Engine::Http1(h1) => h1.gap(direction, backlog.window(), stamp, len, sink),
            Engine::Http2(h2) => h2.gap(direction, backlog.window(), stamp, len, sink),
        }
        self.follow_up(sink);
    }

    /// Learns that bytes of a direction are missing here, before it is known how many: a gap of them follows, or nothing.
    /// Until then answers of the other direction may be those to what was lost.
    pub fn lost(&mut self, direction: Direction) {
        if let Engine::Http1(h1) = &mut self.engine {
            h1.lost(direction);
        }
    }

    /// Takes the orderly end of a direction (FIN, `close_notify`): a body that runs until the close is whole then.
    pub fn end(&mut self, direction: Direction, stamp: Stamp, sink: &mut impl MessageSink) {
        if let Engine::Http1(h1) = &mut self.engine {
            h1.end(direction, stamp, sink);
        }
    }

    /// Ends the recording and gives out what is unfinished.
    pub fn finish(&mut self, sink: &mut impl MessageSink) {
        self.decide_anyhow(sink);
        self.stop_waiting(sink);
        let [to_server, to_client] = std::mem::take(&mut self.backlogs);
        let windows = [to_server.window(), to_client.window()];
        match &mut self.engine {
            Engine::Sniffing => {}
            Engine::Http1(h1) => h1.finish(windows, sink),
            Engine::Http2(h2) => h2.finish(windows, sink),
        }
    }

    /// Bytes of the client that wait for the answer to an upgrade are read without it.
    fn stop_waiting(&mut self, sink: &mut impl MessageSink) {
        let backlog = &self.backlogs[Direction::ToServer.index()];
        if let (Engine::Http1(h1), Some(window)) = (&mut self.engine, backlog.window()) {
            h1.stop_waiting(&window, sink);
            self.drain(Direction::ToServer, sink);
            self.follow_up(sink);
        }
    }

    /// Reads backlogs that can be read now, because a request to switch was answered or the protocol changed.
    fn follow_up(&mut self, sink: &mut impl MessageSink) {
        while let Engine::Http1(h1) = &mut self.engine {
            // Each turn ends a wait or the protocol, so this ends.
            let mut again = h1.take_woken();
            if let Some(switch) = h1.take_switch(sink) {
                self.engine = Engine::Http2(Box::new(into_h2(switch)));
                again = true;
            }
            if !again {
                break;
            }
            self.drain(Direction::ToServer, sink);
            self.drain(Direction::ToClient, sink);
        }
    }

    fn drain(&mut self, direction: Direction, sink: &mut impl MessageSink) {
        let backlog = &mut self.backlogs[direction.index()];
        if let Some(window) = backlog.window() {
            let used = self.engine.run(direction, &window, sink);
            backlog.drain(used);
        }
    }

    /// What the first bytes say; `None`: too few.
    fn sniff(&self) -> Option<Engine> {
        let [to_server, to_client] = &self.backlogs;
        if to_server.len() + to_client.len() > limits::SNIFFED {
            return Some(Engine::Http1(Box::new(h1::Connection::new())));
        }
        let http1 = || Some(Engine::Http1(Box::new(h1::Connection::new())));
        let http2 = || Some(Engine::Http2(Box::new(h2::Connection::new())));
        if let Some(window) = to_server.window() {
            let bytes = window.bytes;
            if sniff::is_preface_prefix(bytes) {
                return if bytes.len() >= 4 { http2() } else { None };
            }
            if sniff::is_request_line_prefix(bytes) {
                return http1();
            }
        }
        if let Some(window) = to_client.window() {
            if sniff::is_status_line_prefix(window.bytes) {
                return http1();
            }
            match sniff::is_server_settings(window.bytes) {
                Some(true) => return http2(),
                None => return None,
                Some(false) => {}
            }
        }
        // The start was not recorded. Frames in a row are HTTP/2; everything else is searched for HTTP/1.
        let mut wait = false;
        for backlog in [to_server, to_client] {
            match backlog
                .window()
                .map(|window| h2::looks_like_frames(window.bytes))
            {
                Some(Some(true)) => return http2(),
                Some(None) => wait = true,
                _ => {}
            }
        }
        if wait { None } else { http1() }
    }

    /// Decides without more bytes.
    fn decide_anyhow(&mut self, sink: &mut impl MessageSink) {
        if matches!(self.engine, Engine::Sniffing) {
            let engine = self.sniff();
            self.decided(
                engine.unwrap_or_else(|| Engine::Http1(Box::new(h1::Connection::new()))),
                sink,
            );
        }
    }

    fn decided(&mut self, engine: Engine, sink: &mut impl MessageSink) {
        self.engine = engine;
        if let (Engine::Http1(h1), true) = (&mut self.engine, self.starts_inside) {
            h1.start_inside();
        }
        self.drain(Direction::ToServer, sink);
        self.drain(Direction::ToClient, sink);
        self.follow_up(sink);
    }
}

impl Engine {
    fn run(
        &mut self,
        direction: Direction,
        window: &Window<'_>,
        sink: &mut impl MessageSink,
    ) -> usize {
        match self {
            Self::Sniffing => 0,
            Self::Http1(h1) => h1.run(direction, window, sink),
            Self::Http2(h2) => h2.run(direction, window, sink),
        }
    }
}

fn into_h2(switch: h1::SwitchToH2) -> h2::Connection {
    match switch.upgrade {
        Some(transaction) => h2::Connection::upgraded(*transaction, switch.ids),
        None => h2::Connection::new(),
    }
}

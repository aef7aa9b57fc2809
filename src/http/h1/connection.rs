//! Messages of both directions (RFC 9112).

use super::head::{self, Head, Kind, StartLine};
use super::lane::{Body, Lane, Message, Read, Skipped, State};
use super::pairing::{Asked, Pairing};
use super::resync::{self, Search};
use super::switch::Switching;
use crate::http::backlog::Window;
use crate::http::limits;
use crate::http::message::{
    MessageId, MessageIds, MessageSink, RequestHead, ResponseHead, Switched, Transaction,
    TunnelEvent,
};
use crate::http::oddity::Oddity;
use crate::http::sniff::{self, PREFACE};
use crate::net::{Direction, Stamp};

/// An HTTP/1 connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) lanes: [Lane; 2],
    pub(super) pairing: Pairing,
    pub(super) ids: MessageIds,
    pub(super) switching: Option<Switching>,
    pub(super) to_h2: Option<Option<Box<Transaction>>>,
    pub(super) woken: bool,
    /// What came before the first bytes is not in the recording.
    starts_inside: bool,
}

impl Connection {
    pub(crate) fn new() -> Self {
        Self {
            lanes: [Lane::new(), Lane::new()],
            pairing: Pairing::default(),
            ids: MessageIds::default(),
            switching: None,
            to_h2: None,
            woken: false,
            starts_inside: false,
        }
    }

    /// What came before the first bytes is not in the recording.
    pub(crate) fn start_inside(&mut self) {
        self.starts_inside = true;
        self.pairing.start_inside();
    }

    /// Heads of a direction may be missing here.
    pub(crate) fn lost(&mut self, direction: Direction) {
        self.pairing.doubt(direction);
    }

    /// Reads what it can and says how many bytes that was.
    pub(crate) fn run(
        &mut self,
        direction: Direction,
        window: &Window<'_>,
        sink: &mut impl MessageSink,
    ) -> usize {
        let mut at = 0;
        while at < window.bytes.len() && self.to_h2.is_none() {
            let rest = &window.bytes[at..];
            let used = match self.lane(direction).state {
                State::Start { scanned } => self.start(direction, window, at, scanned, sink),
                State::Peek(body) => self.peek(direction, rest, body, sink),
                State::Body(body) => Some(self.body(direction, window, at, body, sink)),
                State::Lost => self.search(direction, window, at, sink),
                State::AwaitSwitch(asked) if rest.len() > limits::AWAITING_SWITCH => {
                    self.switch_unanswered(asked, rest, window.stamp(at), sink);
                    Some(0)
                }
                State::AwaitSwitch(_) => None,
                State::Switched => {
                    self.switched(direction, window, at, sink);
                    Some(rest.len())
                }
            };
            match used {
                Some(used) => at += used,
                None => {
                    if matches!(self.lane(direction).state, State::Lost) {
                        // `search` said how much it keeps.
                        at = window.bytes.len() - std::mem::take(&mut self.lane(direction).kept);
                    }
                    break;
                }
            }
        }
        at
    }

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
            self.cut(direction, &window, sink);
        }
        match self.lane(direction).state {
            State::Peek(body) | State::Body(body) => {
                let Skipped { rest, ended } = self.lane(direction).skip_body(body, len);
                if let Some(complete) = ended {
                    self.end_message(direction, complete, sink);
                }
                if rest > 0 {
                    self.lose(direction, stamp, sink);
                }
            }
            State::Switched => {
                if let Some(switching) = &mut self.switching {
                    switching.counts[direction.index()] += len;
                    if let Some(tunnel) = switching.tunnel {
                        sink.tunnel(tunnel, TunnelEvent::Gap(direction, stamp, len));
                    }
                }
            }
            _ => self.lose(direction, stamp, sink),
        }
    }

    /// The sender closed its direction: what runs until the close is whole.
    pub(crate) fn end(&mut self, direction: Direction, stamp: Stamp, sink: &mut impl MessageSink) {
        match self.lane(direction).state {
            State::Body(Body::UntilClose) | State::Peek(Body::UntilClose) => {
                self.end_message(direction, true, sink);
            }
            State::Switched => {
                if let Some(tunnel) = self
                    .switching
                    .as_ref()
                    .and_then(|switching| switching.tunnel)
                {
                    sink.tunnel(tunnel, TunnelEvent::End(direction, stamp));
                }
            }
            _ => {}
        }
    }

    /// The end of the recording; `windows` is what was left of both directions.
    pub(crate) fn finish(&mut self, windows: [Option<Window<'_>>; 2], sink: &mut impl MessageSink) {
        for direction in [Direction::ToServer, Direction::ToClient] {
            if let Some(window) = windows[direction.index()] {
                self.cut(direction, &window, sink);
            }
            if let State::Body(_) | State::Peek(_) = self.lane(direction).state {
                self.end_message(direction, false, sink);
            }
        }
        self.pairing.finish(sink);
        if let Some(Switching {
            mut transaction,
            counts: [to_server, to_client],
            ..
        }) = self.switching.take()
        {
            transaction.switched = Some(Switched {
                to_server,
                to_client,
            });
            sink.transaction(transaction);
        }
    }

    pub(super) fn lane(&mut self, direction: Direction) -> &mut Lane {
        &mut self.lanes[direction.index()]
    }

    /// At a message boundary. `None`: more bytes are needed.
    fn start(
        &mut self,
        direction: Direction,
        window: &Window<'_>,
        at: usize,
        scanned: usize,
        sink: &mut impl MessageSink,
    ) -> Option<usize> {
        let rest = &window.bytes[at..];
        if self.switching.is_some() {
            self.lane(direction).state = State::Switched;
            return Some(0);
        }
        // Empty lines before a message are skipped (section 2.2).
        if matches!(rest[0], b'\r' | b'\n') {
            return Some(1);
        }
        let kind = kind(direction);
        let is_plausible = match kind {
            Kind::Request => {
                if sniff::is_preface_prefix(rest) {
                    if rest.len() < PREFACE.len() {
                        return None;
                    }
                    // First of all bytes, or behind an upgrade whose answer is missing; else it has no business here.
                    let upgrade = self.pairing.take_h2c().map(Box::new);
                    if upgrade.is_some() || self.lane(direction).message.id == MessageId::default()
                    {
                        self.to_h2 = Some(upgrade);
                        return Some(0);
                    }
                }
                // Inside a body nearly any text passes for a request line.
                let is_first = self.lane(direction).message.id == MessageId::default();
                sniff::is_request_line_prefix(rest)
                    && !rest.starts_with(PREFACE)
                    && (!self.starts_inside
                        || !is_first
                        || sniff::is_usual_request_line_prefix(rest))
            }
            Kind::Response => sniff::is_status_line_prefix(rest),
        };
        let stamp = window.stamp(at);
        if !is_plausible {
            self.garbage(direction, stamp, sink);
            return Some(0);
        }
        let strict = if scanned == 0 {
            head::parse_strict(kind, rest)
        } else {
            None
        };
        let (head, length) = match strict {
            Some((head, length)) if length <= limits::HEAD => (Some(head), length),
            _ => match head::find_end(rest, scanned) {
                Some(end) if end <= limits::HEAD => {
                    let bytes = &rest[..end];
                    let head = head::parse_strict(kind, bytes)
                        .map(|(head, _)| head)
                        .or_else(|| head::parse_lenient(kind, bytes, true));
                    (head, end)
                }
                None if rest.len() <= limits::HEAD => {
                    self.lane(direction).state = State::Start {
                        scanned: rest.len(),
                    };
                    return None;
                }
                _ => {
                    sink.oddity(Oddity::HeadTooLong, stamp);
                    let bytes = &rest[..limits::HEAD];
                    if let Some(head) = head::parse_lenient(kind, bytes, false) {
                        let last = window.stamp(at + limits::HEAD - 1);
                        self.cut_head(direction, head, (stamp, last), sink);
                    }
                    self.lose(direction, stamp, sink);
                    return Some(limits::HEAD);
                }
            },
        };
        match head {
            Some(head) => {
                self.head(
                    direction,
                    head,
                    (stamp, window.stamp(at + length - 1)),
                    sink,
                );
                Some(length)
            }
            None => {
                self.garbage(direction, stamp, sink);
                Some(0)
            }
        }
    }

    /// Bytes that start no message.
    fn garbage(&mut self, direction: Direction, stamp: Stamp, sink: &mut impl MessageSink) {
        let lane = self.lane(direction);
        lane.state = State::Lost;
        if lane.message.id == MessageId::default() {
            // The very first bytes: the recording starts inside a message, and what was asked before is unknown.
            sink.oddity(Oddity::MidStreamStart, stamp);
            self.pairing.hide(Direction::ToServer, sink);
            self.pairing.hide(Direction::ToClient, sink);
        } else {
            sink.oddity(Oddity::Garbage, stamp);
        }
    }

    /// Without a boundary.
    fn search(
        &mut self,
        direction: Direction,
        window: &Window<'_>,
        at: usize,
        sink: &mut impl MessageSink,
    ) -> Option<usize> {
        let rest = &window.bytes[at..];
        match resync::find_head(kind(direction), rest) {
            Search::Found(start, end, head) => {
                let first = window.stamp(at + start);
                sink.oddity(Oddity::Resynchronised, first);
                self.head(direction, *head, (first, window.stamp(at + end - 1)), sink);
                Some(end)
            }
            Search::Keep(keep) => {
                self.lane(direction).kept = rest.len() - keep;
                None
            }
        }
    }

    /// Takes a head and decides what follows it.
    fn head(
        &mut self,
        direction: Direction,
        head: Head,
        span: (Stamp, Stamp),
        sink: &mut impl MessageSink,
    ) {
        if let Some(oddity) = head.oddity {
            sink.oddity(oddity, span.0);
        }
        match head.start {
            StartLine::Request { .. } => self.request(head, span, sink),
            StartLine::Response { .. } => self.response(head, span, sink),
        }
        if let State::Body(Body::Length(0)) = self.lane(direction).state {
            self.end_message(direction, true, sink);
        }
    }

    fn request(&mut self, head: Head, (first, last): (Stamp, Stamp), sink: &mut impl MessageSink) {
        let StartLine::Request { method, target } = head.start else {
            return;
        };
        let id = self.ids.next();
        let asked = Asked {
            id,
            head: *method == *b"HEAD",
            connect: *method == *b"CONNECT",
            upgrade_h2c: head.framing.upgrade_h2c,
        };
        let wanted = sink.wants(&head.headers);
        let lane = self.lane(Direction::ToServer);
        lane.message = Message {
            id,
            wanted,
            body_len: 0,
            last,
        };
        let body = if asked.connect {
            Body::Length(0)
        } else {
            Body::of_request(head.framing)
        };
        lane.state = match body {
            Body::Length(1..) | Body::Chunked(_) if head.framing.expects_continue => {
                State::Peek(body)
            }
            _ => State::Body(body),
        };
        lane.may_switch = (asked.connect || head.framing.upgrade).then_some(asked);
        let request = RequestHead {
            id,
            method: Some(method),
            target: Some(target),
            headers: head.headers,
            headers_complete: head.complete,
            first,
            last,
            ..RequestHead::default()
        };
        self.pairing.request(head.version, request, asked, sink);
    }

    fn response(&mut self, head: Head, (first, last): (Stamp, Stamp), sink: &mut impl MessageSink) {
        let StartLine::Response { status, reason } = head.start else {
            return;
        };
        let asked = self.pairing.response(first, sink);
        let id = self.ids.next();
        let wanted = sink.wants(&head.headers);
        let lane = self.lane(Direction::ToClient);
        lane.message = Message {
            id,
            wanted,
            body_len: 0,
            last,
        };
        lane.state = State::Start { scanned: 0 };
        let upgrade_h2c = head.framing.upgrade_h2c
            || !head.framing.upgrade && asked.is_some_and(|asked| asked.upgrade_h2c);
        if (100..200).contains(&status) && (status != 101 || upgrade_h2c) {
            self.pairing.interim(status);
            if status == 101 {
                self.to_h2 = Some(Some(Box::new(self.pairing.take_current())));
            }
            return;
        }
        let response = ResponseHead {
            id,
            status: Some(status),
            reason,
            headers: head.headers,
            headers_complete: head.complete,
            first,
            last,
            ..ResponseHead::default()
        };
        self.pairing.response_head(head.version, response);
        let accepts_tunnel =
            asked.is_some_and(|asked| asked.connect) && (200..300).contains(&status);
        if status == 101 || accepts_tunnel {
            let mut transaction = self.pairing.take_current();
            if let Some(response) = &mut transaction.response {
                response.body_complete = true;
            }
            self.switch(transaction, accepts_tunnel, id, sink);
            return;
        }
        let body = Body::of_response(status, head.framing, asked);
        self.lane(Direction::ToClient).state = match body {
            // An answer to HEAD looks the same and has no body.
            Body::Length(1..) | Body::Chunked(_) if asked.is_none() => State::Peek(body),
            _ => State::Body(body),
        };
        // The client may go on with HTTP/1.
        let client = self.lane(Direction::ToServer);
        if let (State::AwaitSwitch(waiting), Some(asked)) = (client.state, asked)
            && waiting.id == asked.id
        {
            client.state = State::Start { scanned: 0 };
            self.woken = true;
        }
    }

    /// Does the body follow, or the next message at once? It does where the request of this response was `HEAD`, or where
    /// the server refused the body of this request.
    fn peek(
        &mut self,
        direction: Direction,
        rest: &[u8],
        body: Body,
        sink: &mut impl MessageSink,
    ) -> Option<usize> {
        let is_next = match kind(direction) {
            Kind::Request => {
                let id = self.lane(direction).message.id;
                if self.pairing.is_refused(id) {
                    sniff::is_request_line(rest)
                } else {
                    Some(false)
                }
            }
            Kind::Response => sniff::is_status_line(rest),
        };
        if is_next? {
            self.end_message(direction, kind(direction) == Kind::Response, sink);
        } else {
            self.lane(direction).state = State::Body(body);
        }
        Some(0)
    }

    /// In a body: how many bytes are part of it or its framing.
    fn body(
        &mut self,
        direction: Direction,
        window: &Window<'_>,
        at: usize,
        body: Body,
        sink: &mut impl MessageSink,
    ) -> usize {
        match self
            .lane(direction)
            .read_body(direction, body, window, at, sink)
        {
            Read::On(used) => used,
            Read::End(used) => {
                self.end_message(direction, true, sink);
                used
            }
            Read::Malformed => {
                let stamp = window.stamp(at);
                sink.oddity(Oddity::ChunkMalformed, stamp);
                self.end_message(direction, false, sink);
                self.lose(direction, stamp, sink);
                0
            }
        }
    }

    /// Ends the message in progress.
    fn end_message(&mut self, direction: Direction, complete: bool, sink: &mut impl MessageSink) {
        let lane = self.lane(direction);
        let Message {
            id, body_len, last, ..
        } = lane.message;
        lane.state = match lane.may_switch.take() {
            Some(asked) => State::AwaitSwitch(asked),
            None => State::Start { scanned: 0 },
        };
        let body = (body_len, last, complete);
        match direction {
            Direction::ToServer => self.pairing.request_end(id, body, sink),
            Direction::ToClient => self.pairing.response_end(body, sink),
        }
    }

    /// Takes what can be told from bytes that will not go on.
    fn cut(&mut self, direction: Direction, window: &Window<'_>, sink: &mut impl MessageSink) {
        let bytes = window.bytes;
        let stamp = window.stamp(0);
        match self.lane(direction).state {
            State::Start { .. } => {
                let last = window.stamp(bytes.len() - 1);
                sink.oddity(Oddity::HeadCut, stamp);
                if let Some(head) = head::parse_lenient(kind(direction), bytes, false) {
                    self.cut_head(direction, head, (stamp, last), sink);
                }
            }
            State::Peek(body) => {
                self.lane(direction).state = State::Body(body);
                self.run(direction, window, sink);
            }
            _ => {}
        }
    }

    /// Takes a head whose end is missing; its body is not known.
    fn cut_head(
        &mut self,
        direction: Direction,
        head: Head,
        span: (Stamp, Stamp),
        sink: &mut impl MessageSink,
    ) {
        // What was lost of the other direction meanwhile may have been lost after this head.
        let doubts = self.pairing.doubts();
        self.head(direction, head, span, sink);
        for direction in doubts {
            self.pairing.doubt(direction);
        }
        if self.to_h2.is_none()
            && matches!(self.lane(direction).state, State::Body(_) | State::Peek(_))
        {
            self.end_message(direction, false, sink);
        }
    }

    fn lose(&mut self, direction: Direction, stamp: Stamp, sink: &mut impl MessageSink) {
        let lane = self.lane(direction);
        if !matches!(lane.state, State::Lost) {
            sink.oddity(Oddity::SynchronisationLost, stamp);
        }
        lane.state = State::Lost;
        lane.may_switch = None;
        self.pairing.hide(direction, sink);
    }
}

fn kind(direction: Direction) -> Kind {
    match direction {
        Direction::ToServer => Kind::Request,
        Direction::ToClient => Kind::Response,
    }
}

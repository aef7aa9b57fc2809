//! The streams of a connection and the exchanges on them.

use std::collections::{BTreeMap, VecDeque};

use super::head::Head;
use crate::http::limits;
use crate::http::message::{
    MessageIds, MessageSink, RequestHead, Reset, ResetBy, ResponseHead, Transaction, TunnelEvent,
    Version, Wanted,
};
use crate::http::oddity::Oddity;
use crate::net::{Direction, Stamp};

/// One exchange in progress.
#[derive(Debug, Default)]
pub(super) struct Stream {
    transaction: Transaction,
    /// By direction: the message ended with `END_STREAM`.
    ended: [bool; 2],
    /// By direction: a hole may have hidden a part of the message.
    holed: [bool; 2],
    /// A plain `CONNECT` that was accepted.
    tunnel: bool,
}

#[derive(Debug, Default)]
pub(super) struct Streams {
    /// Ordered, so that what is left at the end comes out in order.
    open: BTreeMap<u32, Stream>,
    closed: VecDeque<u32>,
    /// Highest stream seen.
    highest: u32,
    /// Bytes held in heads of `open`.
    held: usize,
    ids: MessageIds,
}

impl Streams {
    /// Puts the request of an `Upgrade: h2c` on stream 1, half closed (RFC 7540, section 3.2).
    pub(super) fn upgraded(&mut self, mut transaction: Transaction, ids: MessageIds) {
        self.ids = ids;
        self.highest = 1;
        transaction.version = Version::Http2;
        transaction.stream_id = Some(1);
        self.held += transaction.held();
        let stream = Stream {
            transaction,
            ended: [true, false],
            ..Stream::default()
        };
        self.open.insert(1, stream);
    }

    pub(super) fn highest(&self) -> u32 {
        self.highest
    }

    /// Takes the request head (or trailers) that came on `id`.
    pub(super) fn request(
        &mut self,
        id: u32,
        head: Head,
        span: (Stamp, Stamp),
        end: bool,
        sink: &mut impl MessageSink,
    ) {
        let known = self
            .open
            .get(&id)
            .is_some_and(|stream| stream.transaction.request.is_some());
        if !known && !head.is_trailers() {
            // Only clients open streams this way, with odd numbers (RFC 9113, section 5.1.1).
            if id.is_multiple_of(2) {
                sink.oddity(Oddity::FrameMalformed, span.0);
                return;
            }
            let request = self.request_head(head, span);
            self.place(
                id,
                |stream| stream.transaction.request = Some(request),
                sink,
            );
        }
        self.progress(id, Direction::ToServer, 0, Some(span.1));
        if end {
            self.end(id, Direction::ToServer, sink);
        }
    }

    /// Takes a `PUSH_PROMISE` of stream `id`.
    pub(super) fn promise(
        &mut self,
        id: u32,
        head: Head,
        span: (Stamp, Stamp),
        sink: &mut impl MessageSink,
    ) {
        if id == 0 || id % 2 == 1 || self.open.contains_key(&id) {
            sink.oddity(Oddity::FrameMalformed, span.0);
            return;
        }
        let mut request = self.request_head(head, span);
        request.body_complete = true;
        let place = |stream: &mut Stream| {
            stream.transaction.request = Some(request);
            stream.transaction.pushed = true;
            stream.ended[Direction::ToServer.index()] = true;
        };
        self.place(id, place, sink);
    }

    /// Takes the response head (interim, final or trailers) that came on `id`.
    pub(super) fn response(
        &mut self,
        id: u32,
        head: Head,
        span: (Stamp, Stamp),
        end: bool,
        sink: &mut impl MessageSink,
    ) {
        let earlier = self
            .open
            .get(&id)
            .and_then(|stream| stream.transaction.response.as_ref());
        // A head whose status was not known, and that nothing followed, was an interim one if another head comes.
        let replaces = earlier.is_some_and(|head| head.status.is_none() && head.body_len == 0);
        let is_interim = head
            .status
            .is_some_and(|status| (100..200).contains(&status))
            && !end;
        let is_head = match earlier {
            Some(_) => replaces && head.status.is_some(),
            // Trailers of a response that began before the recording have no status and say so.
            None => !(head.is_trailers() && head.complete),
        };
        if is_head && is_interim {
            let status = head.status.unwrap_or_default();
            let place = |stream: &mut Stream| {
                if stream.transaction.interim.len() < limits::INTERIM {
                    stream.transaction.interim.push(status);
                }
            };
            self.place(id, place, sink);
        } else if is_head {
            let response = ResponseHead {
                id: self.ids.next(),
                status: head.status,
                headers: head.headers,
                headers_complete: head.complete,
                first: span.0,
                last: span.1,
                ..ResponseHead::default()
            };
            self.place(
                id,
                |stream| stream.transaction.response = Some(response),
                sink,
            );
            self.open_tunnel(id, sink);
        }
        self.progress(id, Direction::ToClient, 0, Some(span.1));
        if end {
            self.end(id, Direction::ToClient, sink);
        }
    }

    /// Content of `id` passes.
    pub(super) fn data(
        &mut self,
        id: u32,
        direction: Direction,
        stamp: Stamp,
        bytes: &[u8],
        sink: &mut impl MessageSink,
    ) {
        self.progress(id, direction, bytes.len() as u64, Some(stamp));
        let Some(stream) = self.open.get(&id) else {
            return;
        };
        let transaction = &stream.transaction;
        let message = match direction {
            Direction::ToServer => transaction
                .request
                .as_ref()
                .map(|head| (head.id, &head.headers)),
            Direction::ToClient => transaction
                .response
                .as_ref()
                .map(|head| (head.id, &head.headers)),
        };
        if stream.tunnel {
            let tunnel = stream.transaction.request.as_ref().map(|head| head.id);
            let event = TunnelEvent::Bytes(direction, stamp, bytes);
            sink.tunnel(tunnel.unwrap_or_default(), event);
        } else if let Some((id, headers)) = message {
            let wanted = sink.wants(headers);
            if wanted != Wanted::Nothing {
                sink.body(id, direction, wanted, bytes);
            }
        }
    }

    /// A hole of `len` bytes inside content of `id`.
    pub(super) fn data_gap(
        &mut self,
        id: u32,
        direction: Direction,
        stamp: Stamp,
        len: u64,
        sink: &mut impl MessageSink,
    ) {
        self.progress(id, direction, len, None);
        if let Some(Stream {
            tunnel: true,
            transaction,
            ..
        }) = self.open.get(&id)
        {
            let tunnel = transaction.request.as_ref().map(|head| head.id);
            sink.tunnel(
                tunnel.unwrap_or_default(),
                TunnelEvent::Gap(direction, stamp, len),
            );
        }
    }

    /// `END_STREAM`.
    pub(super) fn end(&mut self, id: u32, direction: Direction, sink: &mut impl MessageSink) {
        let Some(stream) = self.open.get_mut(&id) else {
            return;
        };
        stream.ended[direction.index()] = true;
        let complete = !stream.holed[direction.index()];
        let transaction = &mut stream.transaction;
        let mut last = Stamp::default();
        match direction {
            Direction::ToServer => {
                if let Some(request) = &mut transaction.request {
                    request.body_complete = complete;
                    last = request.last;
                }
            }
            Direction::ToClient => {
                if let Some(response) = &mut transaction.response {
                    response.body_complete = complete;
                    last = response.last;
                }
            }
        }
        if stream.tunnel {
            let tunnel = transaction.request.as_ref().map(|head| head.id);
            sink.tunnel(
                tunnel.unwrap_or_default(),
                TunnelEvent::End(direction, last),
            );
        }
        if stream.ended == [true, true] {
            self.close(id, sink);
        }
    }

    /// `RST_STREAM`.
    pub(super) fn reset(&mut self, id: u32, reset: Reset, sink: &mut impl MessageSink) {
        if let Some(stream) = self.open.get_mut(&id) {
            stream.transaction.reset = Some(reset);
            self.close(id, sink);
        }
    }

    /// `GOAWAY`: streams that its receiver opened above `last` were not processed (RFC 9113, section 6.8).
    pub(super) fn go_away(&mut self, last: u32, reset: Reset, sink: &mut impl MessageSink) {
        let parity = match reset.direction {
            Direction::ToClient => 1,
            Direction::ToServer => 0,
        };
        let refused: Vec<u32> = self
            .open
            .range(last.saturating_add(1)..)
            .map(|(&id, _)| id)
            .filter(|id| id % 2 == parity)
            .collect();
        for id in refused {
            self.reset(
                id,
                Reset {
                    by: ResetBy::GoAway,
                    ..reset
                },
                sink,
            );
        }
    }

    /// Notes that a hole in `direction` hid parts of any stream.
    pub(super) fn hole(&mut self, direction: Direction) {
        for stream in self.open.values_mut() {
            stream.holed[direction.index()] = true;
        }
    }

    /// Notes that a hole hid a part of `id`.
    pub(super) fn hole_in(&mut self, id: u32, direction: Direction) {
        if let Some(stream) = self.open.get_mut(&id) {
            stream.holed[direction.index()] = true;
        }
    }

    /// Gives out what is left.
    pub(super) fn finish(&mut self, sink: &mut impl MessageSink) {
        while let Some((_, stream)) = self.open.pop_first() {
            sink.transaction(stream.transaction);
        }
        self.held = 0;
    }

    fn request_head(&mut self, head: Head, (first, last): (Stamp, Stamp)) -> RequestHead {
        RequestHead {
            id: self.ids.next(),
            method: head.method,
            target: head.path,
            authority: head.authority,
            scheme: head.scheme,
            protocol: head.protocol,
            headers: head.headers,
            headers_complete: head.complete,
            body_len: 0,
            body_complete: false,
            first,
            last,
        }
    }

    /// Changes the stream `id`, opening it if it is new. Streams that are done stay so.
    fn place(&mut self, id: u32, change: impl FnOnce(&mut Stream), sink: &mut impl MessageSink) {
        if !self.open.contains_key(&id) {
            if id <= self.highest && self.closed.contains(&id) {
                return;
            }
            while self.open.len() >= limits::STREAMS || self.held > limits::HELD_HEADS {
                // Those that have their response rather than those that wait for it.
                let answered = self
                    .open
                    .iter()
                    .find(|(_, stream)| stream.ended[Direction::ToClient.index()])
                    .or_else(|| self.open.first_key_value())
                    .map(|(&id, stream)| (id, stream.transaction.request.as_ref()))
                    .map(|(id, request)| (id, request.map(|head| head.last).unwrap_or_default()));
                let Some((oldest, at)) = answered else { break };
                sink.oddity(Oddity::TooManyPending, at);
                self.close(oldest, sink);
            }
            self.highest = self.highest.max(id);
        }
        let stream = self.open.entry(id).or_default();
        let before = stream.transaction.held();
        stream.transaction.version = Version::Http2;
        stream.transaction.stream_id = Some(id);
        change(stream);
        self.held = (self.held + stream.transaction.held()).saturating_sub(before);
    }

    /// Counts `len` bytes of content; the last one came with `stamp`, unless it is in a hole.
    fn progress(&mut self, id: u32, direction: Direction, len: u64, stamp: Option<Stamp>) {
        let Some(stream) = self.open.get_mut(&id) else {
            return;
        };
        let (counted, last) = match direction {
            Direction::ToServer => match &mut stream.transaction.request {
                Some(request) => (&mut request.body_len, &mut request.last),
                None => return,
            },
            Direction::ToClient => match &mut stream.transaction.response {
                Some(response) => (&mut response.body_len, &mut response.last),
                None => return,
            },
        };
        *counted += len;
        *last = stamp.unwrap_or(*last);
    }

    fn open_tunnel(&mut self, id: u32, sink: &mut impl MessageSink) {
        let Some(stream) = self.open.get_mut(&id) else {
            return;
        };
        let (Some(request), Some(response)) =
            (&stream.transaction.request, &stream.transaction.response)
        else {
            return;
        };
        if request.method.as_deref() == Some(b"CONNECT")
            && request.headers_complete
            && request.protocol.is_none()
            && response
                .status
                .is_some_and(|status| (200..300).contains(&status))
        {
            stream.tunnel = true;
            let authority = request.authority.as_deref().unwrap_or_default();
            sink.tunnel(request.id, TunnelEvent::Open(authority));
        }
    }

    fn close(&mut self, id: u32, sink: &mut impl MessageSink) {
        if let Some(stream) = self.open.remove(&id) {
            self.held = self.held.saturating_sub(stream.transaction.held());
            if self.closed.len() >= limits::CLOSED_STREAMS {
                self.closed.pop_front();
            }
            self.closed.push_back(id);
            sink.transaction(stream.transaction);
        }
    }
}

//! HTTP inside a stream.

use super::bodies::Bodies;
use super::stream::{Context, Place, Stream};
use super::transaction::{self, Exchanged};
use crate::content;
use crate::http::{
    Connection, HeaderLines, MessageId, MessageSink, Oddity, Protocol, Transaction, TunnelEvent,
    Wanted,
};
use crate::net::{Direction, Finish, Stamp};

/// An HTTP connection, and the tunnels it became.
pub(super) struct HttpStream {
    connection: Connection,
    state: State,
}

#[derive(Default)]
struct State {
    place: Place,
    tunnels: Vec<(MessageId, Stream)>,
    bodies: Bodies,
    /// Defects met, which count only if this turns out to be HTTP: any other protocol is full of them.
    oddities: Vec<(Oddity, Stamp, u64)>,
    /// Messages were read.
    is_http: bool,
    /// Bytes of the server are missing.
    has_gap: bool,
    last: Stamp,
}

impl HttpStream {
    /// `starts_inside`: the recording has not what came before the first bytes.
    pub(super) fn new(place: Place, protocol: Protocol, starts_inside: bool) -> Self {
        let connection = Connection::new(protocol);
        Self {
            connection: if starts_inside {
                connection.starting_inside()
            } else {
                connection
            },
            state: State {
                place,
                ..State::default()
            },
        }
    }

    pub(super) fn data(
        &mut self,
        direction: Direction,
        stamp: Stamp,
        bytes: &[u8],
        context: &mut Context<'_>,
    ) {
        self.state.last = stamp;
        let mut sink = Sink {
            state: &mut self.state,
            context,
        };
        self.connection.push(direction, stamp, bytes, &mut sink);
    }

    pub(super) fn gap(
        &mut self,
        direction: Direction,
        stamp: Stamp,
        len: u64,
        context: &mut Context<'_>,
    ) {
        self.state.last = stamp;
        self.state.has_gap |= direction == Direction::ToClient;
        self.state.bodies.gap(direction);
        let mut sink = Sink {
            state: &mut self.state,
            context,
        };
        self.connection.gap(direction, stamp, len, &mut sink);
    }

    /// Bytes are missing here, and how many will be said later.
    pub(super) fn lost(&mut self, direction: Direction) {
        self.connection.lost(direction);
    }

    pub(super) fn end(&mut self, direction: Direction, stamp: Stamp, context: &mut Context<'_>) {
        let mut sink = Sink {
            state: &mut self.state,
            context,
        };
        self.connection.end(direction, stamp, &mut sink);
    }

    pub(super) fn finish(mut self, context: &mut Context<'_>) {
        let mut sink = Sink {
            state: &mut self.state,
            context,
        };
        self.connection.finish(&mut sink);
        self.state.bodies.clear(&mut context.collector.held);
        let last = self.state.last;
        for (_, mut stream) in std::mem::take(&mut self.state.tunnels) {
            stream.finish(last, context);
        }
        if self.state.is_http {
            for (oddity, stamp, count) in self.state.oddities {
                context
                    .collector
                    .http_oddity(oddity, context.flow, stamp, count);
            }
        } else {
            context.collector.meet("not-http", context.flow, last);
        }
    }
}

/// Takes the messages of a connection.
struct Sink<'s, 'c, 'f> {
    state: &'s mut State,
    context: &'c mut Context<'f>,
}

impl MessageSink for Sink<'_, '_, '_> {
    fn transaction(&mut self, transaction: Transaction) {
        self.state.is_http = true;
        // Nothing more comes from a server that closed or reset the connection.
        let is_over =
            matches!(self.context.how, Some(Finish::Reset | Finish::Closed)) && !self.state.has_gap;
        let held = &mut self.context.collector.held;
        let mut body = |id| self.state.bodies.take(id, held);
        let bodies = Exchanged {
            request: transaction.request.as_ref().and_then(|head| body(head.id)),
            response: transaction.response.as_ref().and_then(|head| body(head.id)),
        };
        transaction::collect(
            &transaction,
            &bodies,
            &self.state.place,
            is_over,
            self.context,
        );
    }

    fn tunnel(&mut self, id: MessageId, event: TunnelEvent<'_>) {
        let State { place, tunnels, .. } = &mut *self.state;
        let known = tunnels.iter().position(|(known, _)| *known == id);
        let at = known.unwrap_or_else(|| {
            let host = match event {
                TunnelEvent::Open(authority) if !authority.is_empty() => {
                    Some(String::from_utf8_lossy(authority).into())
                }
                _ => None,
            };
            tunnels.push((id, Stream::in_tunnel(place, host)));
            tunnels.len() - 1
        });
        let stream = &mut tunnels[at].1;
        match event {
            TunnelEvent::Open(_) => {}
            TunnelEvent::Bytes(direction, stamp, bytes) => {
                stream.data(direction, stamp, bytes, self.context);
            }
            TunnelEvent::Gap(direction, stamp, len) => {
                stream.gap(direction, stamp, len, self.context);
            }
            TunnelEvent::End(direction, stamp) => stream.end(direction, stamp, self.context),
        }
    }

    fn wants(&mut self, headers: &HeaderLines) -> Wanted {
        let line = |name| headers.values(name).next();
        if !self.context.collector.looks_inside {
            Wanted::Nothing
        } else if line(b"content-type").is_some_and(content::has_signature) {
            Wanted::Beginning
        } else if line(b"content-type").is_some_and(content::is_media) {
            Wanted::Nothing
        } else if line(b"content-encoding").is_some() {
            Wanted::Everything
        } else {
            Wanted::IfText
        }
    }

    fn body(&mut self, id: MessageId, direction: Direction, wanted: Wanted, bytes: &[u8]) {
        let held = &mut self.context.collector.held;
        let bodies = &mut self.state.bodies;
        bodies.push(id, direction, wanted, bytes, held);
    }

    fn oddity(&mut self, oddity: Oddity, at: Stamp) {
        let oddities = &mut self.state.oddities;
        match oddities.iter_mut().find(|(known, ..)| *known == oddity) {
            Some((_, _, count)) => *count += 1,
            None => oddities.push((oddity, at, 1)),
        }
    }
}

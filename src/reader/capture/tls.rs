//! TLS inside a stream.

use super::http::HttpStream;
use super::stream::{Context, Place};
use super::words;
use crate::http::Protocol;
use crate::net::{Direction, Finish, Stamp};
use crate::tls::{Outcome, OutcomeKind, PlaintextSink, Session, SessionInfo};

/// A TLS connection and the HTTP inside it.
pub(super) struct TlsStream {
    session: Session,
    inside: Inside,
}

/// What comes out of the session.
struct Inside {
    place: Place,
    http: Option<Box<HttpStream>>,
    protocol: Protocol,
    /// What keeps plaintext from being read, met first.
    hindrance: Option<(OutcomeKind, Stamp)>,
    /// The host that the client named (RFC 6066, section 3).
    server_name: Option<Box<str>>,
}

impl TlsStream {
    pub(super) fn new(place: Place) -> Self {
        Self {
            session: Session::new(),
            inside: Inside {
                place: Place {
                    is_secure: true,
                    ..place
                },
                http: None,
                protocol: Protocol::Unknown,
                hindrance: None,
                server_name: None,
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
        if self.session.is_stopped() {
            return;
        }
        self.inside.learn(self.session.info());
        let keylog = context.keylog;
        let mut sink = Sink {
            inside: &mut self.inside,
            context,
        };
        self.session
            .push(keylog, direction, stamp, bytes, &mut sink);
    }

    pub(super) fn gap(
        &mut self,
        direction: Direction,
        stamp: Stamp,
        len: u64,
        context: &mut Context<'_>,
    ) {
        let mut sink = Sink {
            inside: &mut self.inside,
            context,
        };
        self.session.gap(direction, stamp, len, &mut sink);
    }

    pub(super) fn end(&mut self, direction: Direction, stamp: Stamp, context: &mut Context<'_>) {
        if let Some(http) = &mut self.inside.http {
            http.end(direction, stamp, context);
        }
    }

    pub(super) fn finish(mut self, context: &mut Context<'_>) {
        self.inside.learn(self.session.info());
        let mut sink = Sink {
            inside: &mut self.inside,
            context,
        };
        self.session.finish(&mut sink);
        context.collector.tls.connections += 1;
        let is_client_silent = self.session.is_client_silent();
        let Inside {
            place,
            http,
            hindrance,
            server_name,
            ..
        } = self.inside;
        // Browsers open connections ahead and leave some before the handshake is over: nothing was asked there.
        if let Some((kind, stamp)) = hindrance
            && !(kind == OutcomeKind::NoSecrets && is_client_silent)
        {
            if http.is_none() {
                context.collector.tls.unread.meet(context.flow, stamp);
            }
            if kind == OutcomeKind::NoSecrets {
                let server = server_name.or(place.host);
                let server = server.unwrap_or_else(|| context.flow.server.to_string().into());
                let turn = context.collector.turn;
                let met = &mut context.collector.tls;
                met.without_secrets(server, turn, context.flow, stamp);
            }
        }
        if let Some(http) = http {
            http.finish(context);
        }
    }
}

impl Inside {
    /// Takes over what the handshake said so far.
    fn learn(&mut self, info: &SessionInfo) {
        if self.server_name.is_none()
            && let Some(name) = &info.server_name
        {
            self.server_name = Some(name.clone());
        }
        if self.http.is_none() {
            self.protocol = match info.alpn.as_deref() {
                Some(b"h2") => Protocol::Http2,
                Some(b"http/1.1" | b"http/1.0") => Protocol::Http1,
                _ => Protocol::Unknown,
            };
        }
    }
}

/// Takes the plaintext of a session.
struct Sink<'i, 'c, 'f> {
    inside: &'i mut Inside,
    context: &'c mut Context<'f>,
}

impl<'f> Sink<'_, '_, 'f> {
    /// The HTTP inside, made when its first bytes come.
    fn http(&mut self) -> (&mut HttpStream, &mut Context<'f>) {
        let inside = &mut *self.inside;
        let http = inside.http.get_or_insert_with(|| {
            let mut place = inside.place.clone();
            if place.host.is_none() {
                place.host = inside.server_name.clone();
            }
            Box::new(HttpStream::new(place, inside.protocol, false))
        });
        (http, &mut *self.context)
    }
}

impl PlaintextSink for Sink<'_, '_, '_> {
    fn data(&mut self, direction: Direction, stamp: Stamp, bytes: &[u8]) {
        let (http, context) = self.http();
        http.data(direction, stamp, bytes, context);
    }

    fn gap(&mut self, direction: Direction, stamp: Stamp, len_estimate: u64) {
        let (http, context) = self.http();
        http.gap(direction, stamp, len_estimate, context);
    }

    fn lost(&mut self, direction: Direction) {
        if let Some(http) = &mut self.inside.http {
            http.lost(direction);
        }
    }

    fn outcome(&mut self, outcome: Outcome) {
        if outcome.server_name.is_some() && self.inside.server_name.is_none() {
            self.inside.server_name = outcome.server_name;
        }
        let kind = outcome.kind;
        let flow = self.context.flow;
        if words::keeps_plaintext(kind) && self.inside.hindrance.is_none() {
            self.inside.hindrance = Some((kind, outcome.stamp));
        }
        // A peer that breaks off leaves records without end, and the capture has all there was.
        let is_broken_off = matches!(kind, OutcomeKind::Truncated { .. })
            && matches!(self.context.how, Some(Finish::Closed | Finish::Reset));
        // Connections without secrets are told by server, once each.
        if kind != OutcomeKind::NoSecrets && !is_broken_off {
            let turn = self.context.collector.turn;
            let met = &mut self.context.collector.tls;
            met.outcome(kind, turn, flow, outcome.stamp);
        }
    }
}

//! Bytes of both directions, of a connection or of a tunnel inside one: TLS, HTTP, or neither.

use super::collector::Collector;
use super::http::HttpStream;
use super::socks::SocksStream;
use super::tls::TlsStream;
use crate::http::Protocol;
use crate::net::{Direction, Finish, FlowInfo, Stamp};
use crate::proxy::{self, Greeting, Header};
use crate::tls::{KeyLog, looks_like_tls};

/// Tunnels inside each other that are looked into: a browser uses one, to a proxy behind a proxy two.
const MAX_DEPTH: u8 = 4;

/// What goes along with each call: the flow, and where everything ends up.
pub(super) struct Context<'c> {
    pub(super) flow: &'c FlowInfo,
    /// How the flow ends, once it does.
    pub(super) how: Option<Finish>,
    pub(super) keylog: &'c KeyLog,
    pub(super) collector: &'c mut Collector,
}

/// Where a stream stands: what its URLs are made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// Inside TLS.
    pub(super) is_secure: bool,
    /// The host and port that the tunnel around it, or the TLS client, asked for.
    pub(super) host: Option<Box<str>>,
    /// Tunnels around it.
    pub(super) depth: u8,
}

/// Both directions of a connection or of a tunnel.
#[derive(Default)]
pub(super) struct Stream {
    place: Place,
    layer: Layer,
    /// What came before the first bytes is not there.
    starts_inside: bool,
    /// A PROXY header was taken off.
    has_header: bool,
}

#[derive(Default)]
enum Layer {
    /// Nothing was read yet.
    #[default]
    Fresh,
    /// Too few bytes to tell, all of one direction.
    Opening(Direction, Stamp, Vec<u8>),
    Tls(Box<TlsStream>),
    Http(Box<HttpStream>),
    Socks(Box<SocksStream>),
    /// Deeper than is looked.
    TooDeep,
}

/// Bytes that tell TLS from everything else.
const ENOUGH: usize = 5;

impl Stream {
    /// A stream inside a tunnel to `host`.
    pub(super) fn in_tunnel(around: &Place, host: Option<Box<str>>) -> Self {
        let depth = around.depth + 1;
        let layer = if depth > MAX_DEPTH {
            Layer::TooDeep
        } else {
            Layer::Fresh
        };
        Self {
            place: Place {
                is_secure: false,
                host,
                depth,
            },
            layer,
            ..Self::default()
        }
    }

    /// What came before the first bytes cannot be read.
    pub(super) fn start_inside(&mut self) {
        self.starts_inside = true;
    }

    pub(super) fn data(
        &mut self,
        direction: Direction,
        stamp: Stamp,
        bytes: &[u8],
        context: &mut Context<'_>,
    ) {
        match &mut self.layer {
            Layer::Fresh if is_enough(bytes) => {
                self.open(direction, stamp, bytes, context);
                return;
            }
            Layer::Fresh => {
                self.layer = Layer::Opening(direction, stamp, bytes.to_vec());
                return;
            }
            Layer::Opening(first, _, held) if *first == direction => {
                held.extend_from_slice(bytes);
                if is_enough(held) {
                    self.decide(context);
                }
                return;
            }
            Layer::Opening(..) => self.decide(context),
            _ => {}
        }
        match &mut self.layer {
            Layer::Tls(tls) => tls.data(direction, stamp, bytes, context),
            Layer::Http(http) => http.data(direction, stamp, bytes, context),
            Layer::Socks(socks) => socks.data(direction, stamp, bytes, context),
            // A PROXY header, and nothing behind it yet.
            Layer::Fresh => self.data(direction, stamp, bytes, context),
            Layer::Opening(..) | Layer::TooDeep => {}
        }
    }

    pub(super) fn gap(
        &mut self,
        direction: Direction,
        stamp: Stamp,
        len: u64,
        context: &mut Context<'_>,
    ) {
        self.decide(context);
        match &mut self.layer {
            Layer::Tls(tls) => tls.gap(direction, stamp, len, context),
            Layer::Http(http) => http.gap(direction, stamp, len, context),
            Layer::Socks(socks) => socks.gap(direction, stamp, len, context),
            // A hole before the first byte: what follows tells the protocol, and starts inside it.
            Layer::Fresh | Layer::Opening(..) | Layer::TooDeep => self.starts_inside = true,
        }
    }

    /// One direction ended in order.
    pub(super) fn end(&mut self, direction: Direction, stamp: Stamp, context: &mut Context<'_>) {
        self.decide(context);
        match &mut self.layer {
            Layer::Tls(tls) => tls.end(direction, stamp, context),
            Layer::Http(http) => http.end(direction, stamp, context),
            Layer::Socks(socks) => socks.end(direction, stamp, context),
            Layer::Fresh | Layer::Opening(..) | Layer::TooDeep => {}
        }
    }

    /// Nothing more will come.
    pub(super) fn finish(&mut self, last: Stamp, context: &mut Context<'_>) {
        self.decide(context);
        match std::mem::take(&mut self.layer) {
            Layer::Tls(tls) => tls.finish(context),
            Layer::Http(http) => http.finish(context),
            Layer::Socks(socks) => socks.finish(last, context),
            Layer::TooDeep => context
                .collector
                .meet("tunnel-too-deep", context.flow, last),
            Layer::Fresh | Layer::Opening(..) => {}
        }
    }

    /// Chooses the layer by the first bytes, and hands them on to it.
    fn open(
        &mut self,
        direction: Direction,
        stamp: Stamp,
        bytes: &[u8],
        context: &mut Context<'_>,
    ) {
        let is_outermost = self.place.depth == 0;
        let starts_inside = self.starts_inside || is_outermost && !context.flow.opening_seen;
        let may_be_proxied = direction == Direction::ToServer && !starts_inside;
        if may_be_proxied
            && !self.has_header
            && let Header::Whole(len) = proxy::header(bytes)
        {
            self.has_header = true;
            self.layer = Layer::Fresh;
            if len < bytes.len() {
                self.data(direction, stamp, &bytes[len..], context);
            }
            return;
        }
        if may_be_proxied && proxy::greeting(bytes) == Greeting::Begun {
            let mut socks = Box::new(SocksStream::new(self.place.clone(), bytes[0]));
            socks.data(direction, stamp, bytes, context);
            self.layer = Layer::Socks(socks);
        } else if looks_like_tls(bytes) {
            let mut tls = Box::new(TlsStream::new(self.place.clone()));
            tls.data(direction, stamp, bytes, context);
            self.layer = Layer::Tls(tls);
        } else {
            let http = HttpStream::new(self.place.clone(), Protocol::Unknown, starts_inside);
            let mut http = Box::new(http);
            http.data(direction, stamp, bytes, context);
            self.layer = Layer::Http(http);
        }
    }

    /// Decides with the bytes that are there.
    fn decide(&mut self, context: &mut Context<'_>) {
        if let Layer::Opening(direction, stamp, held) = &mut self.layer {
            let (direction, stamp, held) = (*direction, *stamp, std::mem::take(held));
            self.open(direction, stamp, &held, context);
        }
    }
}

/// Whether the first bytes of a direction tell what a stream is.
fn is_enough(bytes: &[u8]) -> bool {
    bytes.len() >= ENOUGH
        && proxy::header(bytes) != Header::Partial
        && proxy::greeting(bytes) != Greeting::Partial
}

//! A tunnel through a SOCKS proxy.

use super::stream::{Context, Place, Stream};
use crate::net::{Direction, Stamp};
use crate::proxy::{Negotiation, Step};

/// The negotiation with a SOCKS proxy, and the stream behind it.
pub(super) struct SocksStream {
    place: Place,
    negotiation: Negotiation,
    sides: [Side; 2],
    tunnel: Option<Box<Stream>>,
}

/// Where a direction stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Side {
    #[default]
    Negotiating,
    Open,
}

impl SocksStream {
    /// `version`: the client's first byte.
    pub(super) fn new(place: Place, version: u8) -> Self {
        Self {
            place,
            negotiation: Negotiation::new(version),
            sides: Default::default(),
            tunnel: None,
        }
    }

    pub(super) fn data(
        &mut self,
        direction: Direction,
        stamp: Stamp,
        bytes: &[u8],
        context: &mut Context<'_>,
    ) {
        if self.sides[direction.index()] == Side::Open {
            self.tunnel().data(direction, stamp, bytes, context);
            return;
        }
        match self.negotiation.push(direction, bytes) {
            // Nothing follows a refusal, and nobody looks for it.
            Step::More | Step::Refused => {}
            Step::Open(rest) => {
                self.sides[direction.index()] = Side::Open;
                if !rest.is_empty() {
                    self.tunnel().data(direction, stamp, &rest, context);
                }
            }
            Step::NotSocks(held) => {
                self.give_up();
                self.tunnel().data(direction, stamp, &held, context);
            }
        }
    }

    pub(super) fn gap(
        &mut self,
        direction: Direction,
        stamp: Stamp,
        len: u64,
        context: &mut Context<'_>,
    ) {
        if self.sides[direction.index()] == Side::Negotiating {
            self.give_up();
        }
        self.tunnel().gap(direction, stamp, len, context);
    }

    pub(super) fn end(&mut self, direction: Direction, stamp: Stamp, context: &mut Context<'_>) {
        if let Some(tunnel) = &mut self.tunnel {
            tunnel.end(direction, stamp, context);
        }
    }

    pub(super) fn finish(self, last: Stamp, context: &mut Context<'_>) {
        if let Some(mut tunnel) = self.tunnel {
            tunnel.finish(last, context);
        }
    }

    /// What cannot be followed is searched for messages from here on.
    fn give_up(&mut self) {
        self.sides = [Side::Open; 2];
        self.tunnel().start_inside();
    }

    /// The stream behind the negotiation.
    fn tunnel(&mut self) -> &mut Stream {
        let (place, negotiation) = (&self.place, &self.negotiation);
        self.tunnel.get_or_insert_with(|| {
            let target = negotiation.target().map(Box::from);
            Box::new(Stream::in_tunnel(place, target))
        })
    }
}

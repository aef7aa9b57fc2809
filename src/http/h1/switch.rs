//! Leaving HTTP/1: `Upgrade`, `CONNECT`, and HTTP/2 on the same connection.

use super::connection::Connection;
use super::lane::State;
use super::pairing::Asked;
use crate::http::backlog::Window;
use crate::http::message::{MessageId, MessageIds, MessageSink, Transaction, TunnelEvent};
use crate::http::oddity::Oddity;
use crate::http::sniff;
use crate::net::{Direction, Stamp};

/// The connection goes on as HTTP/2; with the exchange of stream 1 if it was an upgrade.
#[derive(Debug)]
pub(crate) struct SwitchToH2 {
    pub(crate) upgrade: Option<Box<Transaction>>,
    pub(crate) ids: MessageIds,
}

/// What a connection became.
#[derive(Debug)]
pub(super) struct Switching {
    pub(super) transaction: Transaction,
    /// A `CONNECT` tunnel: its name.
    pub(super) tunnel: Option<MessageId>,
    pub(super) counts: [u64; 2],
}

impl Connection {
    /// Whether the connection became HTTP/2 just now.
    pub(crate) fn take_switch(&mut self, sink: &mut impl MessageSink) -> Option<SwitchToH2> {
        let upgrade = self.to_h2.take()?;
        self.pairing.finish(sink);
        Some(SwitchToH2 {
            upgrade,
            ids: std::mem::take(&mut self.ids),
        })
    }

    /// Whether bytes of the client that waited for an answer can be read now.
    pub(crate) fn take_woken(&mut self) -> bool {
        std::mem::take(&mut self.woken)
    }

    /// Reads the client's bytes in `window`, if they wait for an answer, without it.
    pub(crate) fn stop_waiting(&mut self, window: &Window<'_>, sink: &mut impl MessageSink) {
        if let State::AwaitSwitch(asked) = self.lane(Direction::ToServer).state {
            self.switch_unanswered(asked, window.bytes, window.stamp(0), sink);
        }
    }

    /// Leaves HTTP/1 behind `transaction`.
    pub(super) fn switch(
        &mut self,
        transaction: Transaction,
        is_tunnel: bool,
        response: MessageId,
        sink: &mut impl MessageSink,
    ) {
        let request = transaction.request.as_ref();
        let tunnel = is_tunnel.then(|| request.map_or(response, |head| head.id));
        if let Some(tunnel) = tunnel {
            let authority = request.and_then(|head| head.target.as_deref());
            sink.tunnel(tunnel, TunnelEvent::Open(authority.unwrap_or_default()));
        }
        self.switching = Some(Switching {
            transaction,
            tunnel,
            counts: [0; 2],
        });
        self.lane(Direction::ToClient).state = State::Switched;
        let client = self.lane(Direction::ToServer);
        if !matches!(client.state, State::Body(_) | State::Peek(_)) {
            client.state = State::Switched;
            self.woken = true;
        }
    }

    /// The answer to a request to switch does not come. `bytes` follow the request and say what was meant.
    pub(super) fn switch_unanswered(
        &mut self,
        asked: Asked,
        bytes: &[u8],
        stamp: Stamp,
        sink: &mut impl MessageSink,
    ) {
        sink.oddity(Oddity::SwitchUnanswered, stamp);
        if sniff::is_preface_prefix(bytes) || sniff::is_request_line_prefix(bytes) {
            self.lane(Direction::ToServer).state = State::Start { scanned: 0 };
        } else {
            let transaction = self.pairing.take_request(asked.id);
            self.switch(transaction, asked.connect, asked.id, sink);
        }
    }

    /// Bytes behind HTTP/1.
    pub(super) fn switched(
        &mut self,
        direction: Direction,
        window: &Window<'_>,
        at: usize,
        sink: &mut impl MessageSink,
    ) {
        let Some(switching) = &mut self.switching else {
            return;
        };
        switching.counts[direction.index()] += (window.bytes.len() - at) as u64;
        if let Some(tunnel) = switching.tunnel {
            for (stamp, bytes) in window.pieces(at) {
                sink.tunnel(tunnel, TunnelEvent::Bytes(direction, stamp, bytes));
            }
        }
    }
}

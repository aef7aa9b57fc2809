//! How often something was met, and where first.

use std::collections::BTreeMap;

use crate::exchange::Locus;
use crate::net::{FlowInfo, Stamp};

/// One kind of thing met in a capture.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Met {
    pub(super) count: u64,
    packet: u64,
    flow: Option<u32>,
}

impl Met {
    pub(super) fn meet(&mut self, flow: &FlowInfo, stamp: Stamp) {
        self.meet_often(flow, stamp, 1);
    }

    pub(super) fn meet_often(&mut self, flow: &FlowInfo, stamp: Stamp, count: u64) {
        if self.count == 0 || stamp.packet < self.packet {
            self.packet = stamp.packet;
            self.flow = flow_number(flow);
        }
        self.count = self.count.saturating_add(count);
    }

    /// Adds what was met of the same kind in other connections.
    pub(super) fn absorb(&mut self, other: Self) {
        if self.count == 0 || (other.count > 0 && other.packet < self.packet) {
            self.packet = other.packet;
            self.flow = other.flow;
        }
        self.count = self.count.saturating_add(other.count);
    }

    /// The first place; `None` before the first packet.
    pub(super) fn locus(&self) -> Option<Locus> {
        (self.packet > 0).then_some(Locus::Packets {
            first: self.packet,
            last: self.packet,
            flow: self.flow,
            stream: None,
        })
    }
}

/// What the TLS connections of a capture met.
#[derive(Debug, Default)]
pub(super) struct TlsSightings {
    pub(super) connections: u64,
    /// Connections of which nothing could be read.
    pub(super) unread: Met,
    /// With the turn of the first, whose text this is.
    pub(super) by_kind: BTreeMap<&'static str, (u64, Met, String)>,
    /// With the turn of the first.
    pub(super) by_server: BTreeMap<Box<str>, (u64, Met)>,
    /// Connections of servers beyond those listed.
    pub(super) more_servers: Met,
}

/// Servers listed one by one; a page asks some hundred at most.
const SERVERS: usize = 500;

impl TlsSightings {
    pub(super) fn outcome(
        &mut self,
        kind: crate::tls::OutcomeKind,
        turn: u64,
        flow: &FlowInfo,
        stamp: Stamp,
    ) {
        let name = super::words::tls_name(kind);
        let (first, met, message) = self.by_kind.entry(name).or_default();
        if message.is_empty() {
            *first = turn;
            *message = kind.to_string();
        }
        met.meet(flow, stamp);
    }

    /// A connection to `server` whose secrets no key log has.
    pub(super) fn without_secrets(
        &mut self,
        server: Box<str>,
        turn: u64,
        flow: &FlowInfo,
        stamp: Stamp,
    ) {
        let met = if self.by_server.len() < SERVERS || self.by_server.contains_key(&server) {
            let (_, met) = self
                .by_server
                .entry(server)
                .or_insert((turn, Met::default()));
            met
        } else {
            &mut self.more_servers
        };
        met.meet(flow, stamp);
    }

    /// Adds what the connections of another shard met.
    pub(super) fn absorb(&mut self, other: Self) {
        self.connections += other.connections;
        self.unread.absorb(other.unread);
        self.more_servers.absorb(other.more_servers);
        for (name, (turn, met, message)) in other.by_kind {
            let (first, all, text) = self.by_kind.entry(name).or_default();
            if text.is_empty() || turn < *first {
                *first = turn;
                *text = message;
            }
            all.absorb(met);
        }
        for (server, (turn, met)) in other.by_server {
            let (first, all) = self
                .by_server
                .entry(server)
                .or_insert((turn, Met::default()));
            *first = turn.min(*first);
            all.absorb(met);
        }
    }

    /// Lists no more servers than the first [`SERVERS`].
    pub(super) fn shorten(&mut self) {
        if self.by_server.len() <= SERVERS {
            return;
        }
        // Tunnels of one connection may end in one turn.
        let servers = self.by_server.iter();
        let mut servers: Vec<(u64, Box<str>)> = servers
            .map(|(server, (turn, _))| (*turn, server.clone()))
            .collect();
        servers.sort_unstable();
        for (_, server) in servers.drain(SERVERS..) {
            if let Some((_, met)) = self.by_server.remove(&server) {
                self.more_servers.absorb(met);
            }
        }
    }
}

/// A flow's number as loci have it; captures with more flows than that are not read in one life.
pub(super) fn flow_number(flow: &FlowInfo) -> Option<u32> {
    u32::try_from(flow.number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(number: u64) -> FlowInfo {
        FlowInfo {
            number,
            client: ([10, 0, 0, 1], 4000).into(),
            server: ([10, 0, 0, 2], 443).into(),
            start: Stamp::default(),
            opening_seen: true,
        }
    }

    #[test]
    fn shards_list_the_servers_that_one_would() {
        let mut whole = TlsSightings::default();
        let mut shards = [(); 3].map(|()| TlsSightings::default());
        for turn in 0..3 * SERVERS as u64 {
            let server: Box<str> = format!("{:04}.test", turn * 7 % 1500).into();
            let stamp = Stamp {
                packet: turn + 1,
                time_ns: 0,
            };
            whole.without_secrets(server.clone(), turn, &flow(turn), stamp);
            let shard = &mut shards[turn as usize % 3];
            shard.without_secrets(server, turn, &flow(turn), stamp);
        }
        let mut all = TlsSightings::default();
        for shard in shards.into_iter().rev() {
            all.absorb(shard);
        }
        all.shorten();
        assert_eq!(all.by_server.len(), SERVERS);
        assert!(all.by_server.keys().eq(whole.by_server.keys()));
        let [more, want] = [all.more_servers, whole.more_servers];
        assert_eq!((more.count, more.locus()), (want.count, want.locus()));
    }

    #[test]
    fn the_first_text_stays() {
        let kinds = [(9, 0x1301), (4, 0xc02b), (6, 0x1303)];
        let mut all = TlsSightings::default();
        for (turn, suite) in kinds {
            let mut shard = TlsSightings::default();
            let kind = crate::tls::OutcomeKind::UnsupportedCipher(crate::tls::CipherSuite(suite));
            let stamp = Stamp {
                packet: 100 - turn,
                time_ns: 0,
            };
            shard.outcome(kind, turn, &flow(turn), stamp);
            all.absorb(shard);
        }
        let (_, met, text) = &all.by_kind["tls-unsupported-cipher"];
        let second = crate::tls::OutcomeKind::UnsupportedCipher(crate::tls::CipherSuite(0xc02b));
        assert_eq!((met.count, text), (3, &second.to_string()));
        assert!(matches!(
            met.locus(),
            Some(Locus::Packets { first: 91, .. })
        ));
    }
}

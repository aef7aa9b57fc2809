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
    pub(super) by_kind: BTreeMap<&'static str, (Met, String)>,
    pub(super) by_server: BTreeMap<Box<str>, Met>,
    /// Connections of servers beyond those listed.
    pub(super) more_servers: Met,
}

/// Servers listed one by one; a page asks some hundred at most.
const SERVERS: usize = 500;

impl TlsSightings {
    pub(super) fn outcome(&mut self, kind: crate::tls::OutcomeKind, flow: &FlowInfo, stamp: Stamp) {
        let name = super::words::tls_name(kind);
        let (met, message) = self.by_kind.entry(name).or_default();
        if message.is_empty() {
            *message = kind.to_string();
        }
        met.meet(flow, stamp);
    }

    /// A connection to `server` whose secrets no key log has.
    pub(super) fn without_secrets(&mut self, server: Box<str>, flow: &FlowInfo, stamp: Stamp) {
        let met = if self.by_server.len() < SERVERS || self.by_server.contains_key(&server) {
            self.by_server.entry(server).or_default()
        } else {
            &mut self.more_servers
        };
        met.meet(flow, stamp);
    }
}

/// A flow's number as loci have it; captures with more flows than that are not read in one life.
pub(super) fn flow_number(flow: &FlowInfo) -> Option<u32> {
    u32::try_from(flow.number).ok()
}

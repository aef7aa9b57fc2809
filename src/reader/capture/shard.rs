//! Connections of a capture are dealt out to a fixed number of shards, which know nothing of each other: a shard may be
//! read in any thread, and what it leaves is the same however many threads there are.

use super::collector::Collector;
use super::flow::{Event, FlowReader};
use crate::net::FlowInfo;
use crate::tls::KeyLog;

/// Shards of a capture. It may depend on nothing, for what one shard gives up for want of room does: enough for the
/// threads that one thread can keep busy by putting connections together.
pub(super) const SHARDS: usize = 8;

/// Where a connection is read: which shard, and which place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) shard: usize,
    pub(super) place: u32,
}

/// The connections of a shard that are open, and what all of them left.
pub(super) struct Shard {
    flows: Vec<Option<FlowReader>>,
    collector: Collector,
}

impl Shard {
    pub(super) fn new(collector: Collector) -> Self {
        Self {
            flows: Vec::new(),
            collector,
        }
    }

    /// A connection begins in a free place.
    pub(super) fn open(&mut self, place: u32, info: FlowInfo) {
        let place = place as usize;
        if self.flows.len() <= place {
            self.flows.resize_with(place + 1, || None);
        }
        self.flows[place] = Some(FlowReader::new(info));
    }

    /// Something happens to a connection; `turn` counts what happens in the capture.
    pub(super) fn take(&mut self, turn: u64, place: u32, event: Event<'_>, keylog: &KeyLog) {
        let Some(seat) = self.flows.get_mut(place as usize) else {
            return;
        };
        let Some(flow) = seat else { return };
        self.collector.turn = turn;
        flow.take(event, keylog, &mut self.collector);
        if matches!(event, Event::Finish(_)) {
            *seat = None;
        }
    }

    /// What the connections left.
    pub(super) fn into_collector(self) -> Collector {
        self.collector
    }
}

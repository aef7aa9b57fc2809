//! What happened to connections of one shard, packed so that another thread can take it over.

use super::flow::Event;
use super::shard::Shard;
use crate::net::{Direction, Finish, FlowInfo, Stamp};
use crate::tls::KeyLog;

/// Bytes after which a batch is full: enough that handing it over costs little, and it stays in a second-level cache.
const BYTES: usize = 128 << 10;

/// Bytes that a batch has room for: the segment that fills it comes on top. What is never written takes no memory, and what is
/// allocated in pieces of this size goes back to the system when reading ends, before judging needs as much.
const ROOM: usize = 4 * BYTES;

/// Records after which it is full, for small segments and mere ends of connections.
const RECORDS: usize = 2048;

/// Records of one shard, in order. Its memory is used again.
#[derive(Debug, Default)]
pub(super) struct Batch {
    records: Vec<Record>,
    bytes: Vec<u8>,
    opened: Vec<FlowInfo>,
}

#[derive(Debug)]
struct Record {
    turn: u64,
    place: u32,
    what: What,
}

#[derive(Debug)]
enum What {
    /// The next of `opened`.
    Open,
    /// So many of `bytes`.
    Data(Direction, Stamp, usize),
    Gap(Direction, Stamp, u64),
    Finish(Finish),
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= BYTES || self.records.len() >= RECORDS
    }

    /// How many usual ones it counts for: a single segment may be as long as a capture's blocks are.
    pub(super) fn weight(&self) -> usize {
        (self.bytes.len() / BYTES).max(1)
    }

    /// Notes that a connection begins.
    pub(super) fn open(&mut self, place: u32, info: FlowInfo) {
        self.opened.push(info);
        self.push(0, place, What::Open);
    }

    /// Notes what happens to a connection.
    pub(super) fn add(&mut self, turn: u64, place: u32, event: Event<'_>) {
        let what = match event {
            Event::Data(direction, stamp, bytes) => {
                if self.bytes.capacity() == 0 {
                    self.bytes.reserve(ROOM);
                }
                self.bytes.extend_from_slice(bytes);
                What::Data(direction, stamp, bytes.len())
            }
            Event::Gap(direction, stamp, len) => What::Gap(direction, stamp, len),
            Event::Finish(how) => What::Finish(how),
        };
        self.push(turn, place, what);
    }

    fn push(&mut self, turn: u64, place: u32, what: What) {
        self.records.push(Record { turn, place, what });
    }

    /// Lets it all happen in `shard`, and is empty then.
    pub(super) fn play(&mut self, shard: &mut Shard, keylog: &KeyLog) {
        let mut bytes = &self.bytes[..];
        let mut opened = self.opened.drain(..);
        for Record { turn, place, what } in self.records.drain(..) {
            let event = match what {
                What::Open => {
                    if let Some(info) = opened.next() {
                        shard.open(place, info);
                    }
                    continue;
                }
                What::Data(direction, stamp, len) => {
                    let (data, rest) = bytes.split_at(len);
                    bytes = rest;
                    Event::Data(direction, stamp, data)
                }
                What::Gap(direction, stamp, len) => Event::Gap(direction, stamp, len),
                What::Finish(how) => Event::Finish(how),
            };
            shard.take(turn, place, event, keylog);
        }
        drop(opened);
        self.bytes.clear();
        self.bytes.shrink_to(2 * BYTES);
    }
}

#[cfg(test)]
mod tests {
    use super::super::collector::Collector;
    use super::*;

    #[test]
    fn a_long_segment_weighs_what_it_is() {
        let mut batch = Batch::default();
        let mut shard = Shard::new(Collector::new(false, false));
        for (len, weight, is_full) in [(10, 1, false), (BYTES, 1, true), (9 * BYTES, 9, true)] {
            let bytes = vec![b'x'; len];
            let event = Event::Data(Direction::ToServer, Stamp::default(), &bytes);
            batch.add(1, 0, event);
            assert_eq!((batch.weight(), batch.is_full()), (weight, is_full));
            batch.play(&mut shard, &KeyLog::new());
            assert!(batch.is_empty() && batch.bytes.capacity() <= 2 * BYTES);
        }
    }
}

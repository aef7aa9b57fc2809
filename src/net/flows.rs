//! The table of TCP connections.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use super::flow::{Finish, Flow, FlowInfo, Shared, StreamHandler};
use super::limits::{IDLE_NS, LINGER_NS, MAX_FLOWS, MAX_LINGERING, MAX_STRAYS, MAX_WAITING};
use super::reassembly::Position;
use super::{Oddities, Oddity, Segment, Stamp, TcpFlags};

/// Both ends of a connection, the lower first. IPv4 addresses stand as IPv4-mapped ones (RFC 4291, section 2.5.5.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key([[u64; 2]; 2], [u16; 2]);

impl Key {
    /// A place in [`FlowTable::recent`].
    fn few_bits(&self) -> usize {
        let Self(ends, [port, other]) = *self;
        let [a, b] = ends.map(|[_, low]| low as u32);
        let ends = a ^ b.rotate_left(8) ^ u32::from(port).rotate_left(16);
        // Fibonacci hashing: the upper bits depend on all.
        let mixed = (ends ^ u32::from(other)).wrapping_mul(0x9e37_79b9);
        (mixed >> (32 - RECENT.ilog2())) as usize
    }
}

/// No slot.
const NIL: u32 = u32::MAX;

/// A flow and what it is found by.
struct Slot<H> {
    key: Key,
    /// Its last packet.
    last: Stamp,
    /// Consecutive segments outside the window.
    strays: u32,
    state: State<H>,
}

/// A flow, followed or closed. Of short connections many linger, so a closed one is next to nothing.
enum State<H> {
    Open(Box<Flow<H>>),
    Closed {
        number: u64,
        positions: [Position; 2],
    },
}

impl<H: StreamHandler> Slot<H> {
    fn number(&self) -> u64 {
        match &self.state {
            State::Open(flow) => flow.number(),
            State::Closed { number, .. } => *number,
        }
    }

    fn position(&self, side: usize) -> Position {
        match &self.state {
            State::Open(flow) => flow.position(side),
            State::Closed { positions, .. } => positions[side],
        }
    }

    /// Whether nothing more is expected.
    fn is_over(&self) -> bool {
        match &self.state {
            State::Open(flow) => flow.reset.is_some(),
            State::Closed { .. } => true,
        }
    }

    fn open(&mut self) -> Option<&mut Flow<H>> {
        match &mut self.state {
            State::Open(flow) => Some(flow),
            State::Closed { .. } => None,
        }
    }

    /// Finishes the flow, if it is open.
    fn close<F: FnMut(&FlowInfo) -> H>(&mut self, how: Finish, shared: &mut Shared<'_, F>) {
        let closed = State::Closed {
            number: self.number(),
            positions: [0, 1].map(|side| self.position(side)),
        };
        if let State::Open(flow) = std::mem::replace(&mut self.state, closed) {
            flow.finish(how, self.last, shared);
        }
    }
}

/// The place of a slot in the list of last use.
#[derive(Clone, Copy)]
struct Link {
    newer: u32,
    older: u32,
}

/// Slots remembered by a few bits of their keys.
const RECENT: usize = 1 << 10;

/// Puts the segments of a capture together to connections, and feeds each to a handler of its own.
///
/// A handler is made when the first bytes of its connection are handed on; a connection without bytes has none. Bytes
/// come in order within a direction, and across both in the order in which they were sent, as far as the capture tells.
pub struct FlowTable<H, F> {
    open: F,
    /// SipHash: a capture may be made to collide under a faster one.
    index: HashMap<Key, u32>,
    /// Slots that were looked up lately: nearly every packet is of one, and is spared the hashing. They may be outdated.
    recent: Box<[u32; RECENT]>,
    slots: Vec<Option<Slot<H>>>,
    /// As many as slots, and apart from them, because each packet changes three.
    links: Vec<Link>,
    free: Vec<u32>,
    newest: u32,
    oldest: u32,
    flows: u64,
    waiting: usize,
    /// Flows with bytes that wait, by the time they began to; slot and flow number.
    queue: VecDeque<(u32, u64)>,
    /// Closed and reset flows, with the packet that closed them.
    lingering: VecDeque<(u32, u64, Stamp)>,
    oddities: Oddities,
}

impl<H: StreamHandler, F: FnMut(&FlowInfo) -> H> FlowTable<H, F> {
    /// A table that makes a handler with `open` for each connection.
    pub fn new(open: F) -> Self {
        Self {
            open,
            index: HashMap::new(),
            recent: Box::new([NIL; RECENT]),
            slots: Vec::new(),
            links: Vec::new(),
            free: Vec::new(),
            newest: NIL,
            oldest: NIL,
            flows: 0,
            waiting: 0,
            queue: VecDeque::new(),
            lingering: VecDeque::new(),
            oddities: Oddities::default(),
        }
    }

    /// Takes the next segment of the capture.
    pub fn push(&mut self, stamp: Stamp, segment: &Segment<'_>) {
        self.expire(stamp);
        let (key, side) = key(segment.src, segment.dst);
        let mut at = self.find(key);
        if let Some(slot) = at.and_then(|at| self.slots.get_mut(at as usize)?.as_mut()) {
            let position = slot.position(side);
            let is_syn = segment.flags.has(TcpFlags::SYN);
            let is_closed = matches!(slot.state, State::Closed { .. });
            let mut replaced = is_syn && position.is_replaced_by(segment.seq, is_closed);
            if !is_syn && position.is_stray(segment.seq) {
                slot.strays += 1;
                self.oddities.note(Oddity::OutOfWindow, stamp);
                replaced = slot.strays >= MAX_STRAYS && !segment.payload.is_empty();
                if !replaced {
                    return;
                }
            } else {
                slot.strays = 0;
            }
            if replaced {
                self.remove(at.unwrap_or(NIL), Finish::Replaced);
                at = None;
            }
        }
        let at = match at {
            Some(at) => at,
            None => self.insert(key, side, stamp, segment),
        };
        self.touch(at);
        let Some(Some(slot)) = self.slots.get_mut(at as usize) else {
            return;
        };
        slot.last = stamp;
        let Some(flow) = slot.open() else {
            return;
        };
        let was_reset = flow.reset.is_some();
        let mut shared = Shared {
            open: &mut self.open,
            oddities: &mut self.oddities,
            waiting: &mut self.waiting,
        };
        let closed = flow.segment(segment, side, stamp, &mut shared);
        let number = flow.number();
        if closed || (flow.reset.is_some() && !was_reset) {
            self.lingering.push_back((at, number, stamp));
        }
        let begins_to_wait = flow.is_waiting() && !flow.queued;
        flow.queued |= begins_to_wait;
        if closed {
            slot.close(Finish::Closed, &mut shared);
        } else if begins_to_wait {
            self.queue.push_back((at, number));
            if self.queue.len() > 2 * MAX_FLOWS {
                let slots = &self.slots;
                self.queue.retain(|(at, number)| {
                    slots
                        .get(*at as usize)
                        .is_some_and(|s| s.as_ref().is_some_and(|s| s.number() == *number))
                });
            }
        }
        if self.waiting > MAX_WAITING {
            self.relieve(stamp);
        }
    }

    /// Finishes all connections, by number.
    pub fn finish(&mut self) {
        let mut left: Vec<(u64, u32)> = Vec::new();
        let mut at = self.newest;
        while let (Some(slot), Some(link)) = (self.slot(at), self.links.get(at as usize)) {
            left.push((slot.number(), at));
            at = link.older;
        }
        left.sort_unstable();
        for (_, at) in left {
            self.remove(at, Finish::EndOfCapture);
        }
    }

    /// How many connections were met, those without bytes included.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.flows
    }

    /// Bytes that wait for a hole to fill, bookkeeping included.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// What was odd about the connections so far.
    #[must_use]
    pub fn oddities(&self) -> &Oddities {
        &self.oddities
    }

    /// The slot of a key.
    fn find(&mut self, key: Key) -> Option<u32> {
        let recent = &mut self.recent[key.few_bits()];
        match self.slots.get(*recent as usize) {
            Some(Some(slot)) if slot.key == key => Some(*recent),
            _ => {
                let at = self.index.get(&key).copied();
                *recent = at.unwrap_or(NIL);
                at
            }
        }
    }

    fn insert(&mut self, key: Key, side: usize, stamp: Stamp, segment: &Segment<'_>) -> u32 {
        if self.index.len() >= MAX_FLOWS {
            self.oddities.note(Oddity::FlowEvicted, stamp);
            self.remove(self.oldest, Finish::Evicted);
        }
        let ends = if side == 0 {
            [segment.src, segment.dst]
        } else {
            [segment.dst, segment.src]
        };
        let flow = Flow::new(ends, side, self.flows, stamp);
        self.flows += 1;
        let slot = Some(Slot {
            key,
            last: stamp,
            strays: 0,
            state: State::Open(Box::new(flow)),
        });
        let at = match self.free.pop() {
            Some(at) => {
                self.slots[at as usize] = slot;
                at
            }
            None => {
                self.slots.push(slot);
                self.links.push(Link {
                    newer: NIL,
                    older: NIL,
                });
                (self.slots.len() - 1) as u32
            }
        };
        self.index.insert(key, at);
        self.recent[key.few_bits()] = at;
        self.link(at);
        at
    }

    /// Finishes a flow and forgets it.
    fn remove(&mut self, at: u32, how: Finish) {
        let Some(mut slot) = self.slots.get_mut(at as usize).and_then(Option::take) else {
            return;
        };
        self.unlink(at);
        let mut shared = Shared {
            open: &mut self.open,
            oddities: &mut self.oddities,
            waiting: &mut self.waiting,
        };
        slot.close(how, &mut shared);
        self.index.remove(&slot.key);
        self.free.push(at);
    }

    /// Finishes flows whose time is over at `now`.
    fn expire(&mut self, now: Stamp) {
        while let Some((at, number, since)) = self.lingering.front().copied() {
            if now.time_ns.saturating_sub(since.time_ns) < LINGER_NS
                && self.lingering.len() <= MAX_LINGERING
            {
                break;
            }
            self.lingering.pop_front();
            let over = |slot: &Slot<H>| slot.number() == number && slot.is_over();
            if self.slot(at).is_some_and(over) {
                self.remove(at, Finish::Reset);
            }
        }
        // A packet without a time tells nothing.
        while now.time_ns != 0
            && let Some(slot) = self.slot(self.oldest)
        {
            let last = slot.last.time_ns;
            if last == 0 || now.time_ns.saturating_sub(last) < IDLE_NS {
                break;
            }
            self.remove(self.oldest, Finish::Idle);
        }
    }

    /// Gives up the holes of those flows that waited longest, until the bound is kept.
    fn relieve(&mut self, stamp: Stamp) {
        self.oddities.note(Oddity::TableFull, stamp);
        while self.waiting > MAX_WAITING {
            let Some((at, number)) = self.queue.pop_front() else {
                return;
            };
            let Some(Some(slot)) = self.slots.get_mut(at as usize) else {
                continue;
            };
            if slot.number() == number
                && let Some(flow) = slot.open()
            {
                flow.queued = false;
                let mut shared = Shared {
                    open: &mut self.open,
                    oddities: &mut self.oddities,
                    waiting: &mut self.waiting,
                };
                flow.flush(&mut shared);
            }
        }
    }

    fn slot(&self, at: u32) -> Option<&Slot<H>> {
        self.slots.get(at as usize)?.as_ref()
    }

    /// Makes a flow the newest.
    fn touch(&mut self, at: u32) {
        if at != self.newest {
            self.unlink(at);
            self.link(at);
        }
    }

    fn link(&mut self, at: u32) {
        let newest = self.newest;
        if let Some(link) = self.links.get_mut(newest as usize) {
            link.newer = at;
        } else {
            self.oldest = at;
        }
        if let Some(link) = self.links.get_mut(at as usize) {
            *link = Link {
                newer: NIL,
                older: newest,
            };
        }
        self.newest = at;
    }

    fn unlink(&mut self, at: u32) {
        let Some(Link { newer, older }) = self.links.get(at as usize).copied() else {
            return;
        };
        match self.links.get_mut(newer as usize) {
            Some(link) => link.older = older,
            None => self.newest = older,
        }
        match self.links.get_mut(older as usize) {
            Some(link) => link.newer = newer,
            None => self.oldest = newer,
        }
    }
}

/// The key of a connection, and which side `src` is.
fn key(src: SocketAddr, dst: SocketAddr) -> (Key, usize) {
    let bits = |end: SocketAddr| {
        let bits = match end.ip() {
            IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
            IpAddr::V6(v6) => u128::from(v6),
        };
        [(bits >> 64) as u64, bits as u64]
    };
    let (a, b) = ((bits(src), src.port()), (bits(dst), dst.port()));
    if a <= b {
        (Key([a.0, b.0], [a.1, b.1]), 0)
    } else {
        (Key([b.0, a.0], [b.1, a.1]), 1)
    }
}

#[cfg(test)]
mod tests;

//! One TCP connection: both directions, in the order in which they happened.
//!
//! Bytes in order are passed through without a copy. Bytes behind a hole wait, and so do bytes whose sender had
//! acknowledged bytes of the other direction that are still missing, so that a response never comes before the
//! request that it answers.
//!
//! A hole counts as a hole (a gap is handed on) when
//! 1. bytes behind it are here, the peer acknowledged it, and [`HOLE_GRACE_PACKETS`] packets or [`HOLE_GRACE_NS`] went by, or
//! 2. more than [`MAX_FLOW_WAITING`] bytes wait, or more than `MAX_WAITING` of all connections, or
//! 3. the connection is finished.

use std::net::SocketAddr;

use super::limits::{HOLE_GRACE_NS, HOLE_GRACE_PACKETS, MAX_FLOW_WAITING};
use super::reassembly::{Half, Piece, Position};
use super::{Direction, Oddities, Oddity, Segment, Stamp, TcpFlags};

/// What is known of a connection when its first bytes are handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowInfo {
    /// Its number in the capture, from 0, by first packet: Wireshark's `tcp.stream`, but for connections it splits otherwise.
    pub number: u64,
    /// Who opened the connection, or seems to have.
    pub client: SocketAddr,
    /// The other end.
    pub server: SocketAddr,
    /// Its first packet.
    pub start: Stamp,
    /// A SYN of either end was captured, so the roles are certain.
    pub opening_seen: bool,
}

/// Why a connection is finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Both ends closed it.
    Closed,
    /// One end reset it.
    Reset,
    /// It was silent for long.
    Idle,
    /// Too many connections were open.
    Evicted,
    /// Another connection of the same addresses began.
    Replaced,
    /// The capture ended.
    EndOfCapture,
}

/// What takes the bytes of one connection.
pub trait StreamHandler {
    /// The next bytes of one direction; `stamp` is the packet that carried them.
    fn data(&mut self, direction: Direction, stamp: Stamp, bytes: &[u8]);
    /// `len` bytes of one direction are not in the capture; `stamp` is the packet that follows the hole.
    fn gap(&mut self, direction: Direction, stamp: Stamp, len: u64);
    /// Nothing more will come.
    fn finish(&mut self, how: Finish);
}

/// What a flow shares with the others of its table.
pub(super) struct Shared<'t, F> {
    pub(super) open: &'t mut F,
    pub(super) oddities: &'t mut Oddities,
    /// Bytes that wait in all flows.
    pub(super) waiting: &'t mut usize,
}

/// A hole that its receiver proved, and how long ago.
#[derive(Clone, Copy, Debug)]
struct Grace {
    packets: u32,
    since: Stamp,
    /// What was acknowledged then, by side.
    acked: [u64; 2],
}

/// One connection. Its sides are 0 and 1, in the order of their addresses.
pub(super) struct Flow<H> {
    ends: [SocketAddr; 2],
    number: u64,
    start: Stamp,
    halves: [Half; 2],
    client: Option<usize>,
    opening_seen: bool,
    first_sender: usize,
    handler: Option<H>,
    grace: Option<Grace>,
    /// The side that reset the connection.
    pub(super) reset: Option<usize>,
    /// In the table's queue of flows with waiting bytes.
    pub(super) queued: bool,
}

impl<H: StreamHandler> Flow<H> {
    pub(super) fn new(ends: [SocketAddr; 2], side: usize, number: u64, start: Stamp) -> Self {
        Self {
            ends,
            number,
            start,
            halves: [Half::default(), Half::default()],
            client: None,
            opening_seen: false,
            first_sender: side,
            handler: None,
            grace: None,
            reset: None,
            queued: false,
        }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.halves.iter().any(Half::is_waiting)
    }

    /// How far a direction is.
    pub(super) fn position(&self, side: usize) -> Position {
        self.halves[side].position()
    }

    /// Takes a segment that belongs here; true if the connection is finished by it.
    pub(super) fn segment<F: FnMut(&FlowInfo) -> H>(
        &mut self,
        segment: &Segment<'_>,
        side: usize,
        stamp: Stamp,
        shared: &mut Shared<'_, F>,
    ) -> bool {
        let Segment { flags, payload, .. } = *segment;
        let mut seq = segment.seq;
        if flags.has(TcpFlags::SYN) {
            self.halves[side].open(seq);
            seq = seq.wrapping_add(1);
            if !self.opening_seen {
                self.opening_seen = true;
                self.client = Some(if flags.has(TcpFlags::ACK) {
                    1 - side
                } else {
                    side
                });
            }
        } else if !flags.has(TcpFlags::RST) || self.halves[side].is_seen() {
            self.halves[side].join(seq);
        }
        let after = if flags.has(TcpFlags::ACK) {
            self.acknowledged(1 - side, segment.ack)
        } else {
            0
        };
        if flags.has(TcpFlags::RST) {
            // What a reset carries is a reason for humans (RFC 9293, section 3.5.3). The number need not fit for the bytes
            // before it to be whole, so more segments may follow until the flow has lingered.
            self.reset = Some(side);
            return false;
        }
        // Who goes on sending did not reset it: such a reset is forged, or from something in between.
        if self.reset == Some(side) && !payload.is_empty() {
            self.reset = None;
        }
        let half = &self.halves[side];
        let place = half.place(seq);
        let end = place.saturating_add(i64::from(segment.wire_len));
        self.halves[side].reach(end);
        if flags.has(TcpFlags::FIN) {
            let end = u64::try_from(end).unwrap_or(0);
            let half = &mut self.halves[side];
            half.fin = Some(half.fin.map_or(end, |fin| fin.min(end)).max(half.offset()));
        }
        if !payload.is_empty() {
            self.payload(side, place, payload, stamp, after, shared);
        }
        if self.is_waiting() || self.grace.is_some() {
            self.settle(stamp, shared);
        }
        self.halves.iter().all(Half::is_complete)
    }

    /// Takes an acknowledgement of what `side` sent; gives the offset that should be handed on before what came with it.
    fn acknowledged(&mut self, side: usize, ack: u32) -> u64 {
        let half = &mut self.halves[side];
        let named = half.acknowledge(ack);
        // A side that was never captured cannot be waited for.
        if half.is_seen() && half.lacks(named) {
            named
        } else {
            0
        }
    }

    fn payload<F: FnMut(&FlowInfo) -> H>(
        &mut self,
        side: usize,
        place: i64,
        payload: &[u8],
        stamp: Stamp,
        after: u64,
        shared: &mut Shared<'_, F>,
    ) {
        let peer = self.halves[1 - side].offset();
        let half = &mut self.halves[side];
        let offset = half.offset();
        // A keep-alive probe of the byte before the first that counts (RFC 9293, section 3.8.4).
        if payload == [0] && !self.opening_seen && half.is_untouched() {
            return;
        }
        let (start, fresh) = match u64::try_from(place) {
            Ok(start) if start >= offset => (start, payload),
            _ => {
                if place < 0 && payload.len() > 1 {
                    shared.oddities.note(Oddity::BeforeStart, stamp);
                }
                // The part behind what was handed on; keep-alives and retransmissions have none.
                let old = i64::try_from(offset)
                    .unwrap_or(i64::MAX)
                    .saturating_sub(place);
                let Some(fresh) = usize::try_from(old).ok().and_then(|old| payload.get(old..))
                else {
                    return;
                };
                (offset, fresh)
            }
        };
        if fresh.is_empty() {
            return;
        }
        let end = start + fresh.len() as u64;
        let overlaps = half.front().is_some_and(|(front, _)| front < end);
        if start == offset && !overlaps && after <= peer {
            self.hand_on(side, stamp, fresh, shared);
            return;
        }
        let added = half.add(start, fresh, stamp, after);
        *shared.waiting += added.cost;
        if added.differs {
            shared.oddities.note(Oddity::OverlapDiffers, stamp);
        }
    }

    /// Hands on what can be, and decides on holes.
    fn settle<F: FnMut(&FlowInfo) -> H>(&mut self, stamp: Stamp, shared: &mut Shared<'_, F>) {
        self.drain(shared);
        let waiting = self.halves[0].waiting + self.halves[1].waiting;
        if waiting > MAX_FLOW_WAITING {
            shared.oddities.note(Oddity::FlowFull, stamp);
            while self.halves[0].waiting + self.halves[1].waiting > MAX_FLOW_WAITING / 2
                && self.force([u64::MAX; 2], u64::MAX, shared)
            {
                self.drain(shared);
            }
        }
        let acked = [self.halves[0].acked, self.halves[1].acked];
        if let Some(grace) = &mut self.grace {
            grace.packets += 1;
            let waited = stamp.time_ns.saturating_sub(grace.since.time_ns);
            if grace.packets >= HOLE_GRACE_PACKETS || waited >= HOLE_GRACE_NS {
                let Grace { since, acked, .. } = *grace;
                self.grace = None;
                while self.force(acked, since.packet, shared) {
                    self.drain(shared);
                }
            }
        }
        if !self.is_proved(acked, u64::MAX) {
            self.grace = None;
        } else if self.grace.is_none() {
            self.grace = Some(Grace {
                packets: 0,
                since: stamp,
                acked,
            });
        }
    }

    /// Hands on all pieces that nothing holds back.
    fn drain<F: FnMut(&FlowInfo) -> H>(&mut self, shared: &mut Shared<'_, F>) {
        loop {
            let ready = [0, 1].map(|side| {
                let half = &self.halves[side];
                half.front()
                    .filter(|(start, piece)| {
                        *start == half.offset() && !self.halves[1 - side].lacks(piece.after)
                    })
                    .map(|(_, piece)| piece.stamp.packet)
            });
            let side = match ready {
                [Some(a), Some(b)] => usize::from(b < a),
                [Some(_), None] => 0,
                [None, Some(_)] => 1,
                [None, None] => return,
            };
            self.hand_on_piece(side, shared);
        }
    }

    /// Whether [`Flow::force`] would find something.
    fn is_proved(&self, acked: [u64; 2], packet: u64) -> bool {
        self.blocked(acked, packet).is_some()
    }

    /// The side whose first piece waits behind a hole within `acked`, or since `packet` for the other direction.
    fn blocked(&self, acked: [u64; 2], packet: u64) -> Option<usize> {
        let at = [0, 1].map(|side| {
            let half = &self.halves[side];
            half.front()
                .filter(|(start, piece)| {
                    if *start > half.offset() {
                        *start <= acked[side]
                    } else {
                        piece.stamp.packet <= packet
                    }
                })
                .map(|(_, piece)| piece.stamp.packet)
        });
        match at {
            [Some(a), Some(b)] => Some(usize::from(b < a)),
            [Some(_), None] => Some(0),
            [None, Some(_)] => Some(1),
            [None, None] => None,
        }
    }

    /// Gives up one hole, or one wait for the other direction; false if there is none.
    fn force<F: FnMut(&FlowInfo) -> H>(
        &mut self,
        acked: [u64; 2],
        packet: u64,
        shared: &mut Shared<'_, F>,
    ) -> bool {
        let Some(side) = self.blocked(acked, packet) else {
            return false;
        };
        let half = &self.halves[side];
        let Some((start, stamp, after)) = half
            .front()
            .map(|(start, piece)| (start, piece.stamp, piece.after))
        else {
            return false;
        };
        let hole = start - half.offset();
        if hole > 0 {
            self.gap(side, stamp, hole, shared);
            if self.halves[1 - side].lacks(after) {
                return true;
            }
        } else if self.halves[1 - side].lacks(after) {
            // The sender had bytes that are still missing here: what comes now was said after that hole, not before it.
            let peer = &self.halves[1 - side];
            let end = peer.front().map_or(after, |(start, _)| start.min(after));
            let hole = end.saturating_sub(peer.offset());
            if hole > 0 {
                self.gap(1 - side, stamp, hole, shared);
                return true;
            }
        }
        self.hand_on_piece(side, shared);
        true
    }

    /// Hands on everything that waits, with gaps for what is missing.
    pub(super) fn flush<F: FnMut(&FlowInfo) -> H>(&mut self, shared: &mut Shared<'_, F>) {
        self.drain(shared);
        while self.force([u64::MAX; 2], u64::MAX, shared) {
            self.drain(shared);
        }
        self.grace = None;
    }

    /// Hands on what is left, the missing ends of both directions included, and lets the handler go; `last` is the last
    /// packet.
    pub(super) fn finish<F: FnMut(&FlowInfo) -> H>(
        mut self,
        how: Finish,
        last: Stamp,
        shared: &mut Shared<'_, F>,
    ) {
        self.flush(shared);
        for side in [0, 1] {
            let half = &self.halves[side];
            let end = half.fin.unwrap_or_else(|| {
                // One byte may be a FIN that was not captured.
                if half.acked > half.offset() + 1 {
                    half.acked
                } else {
                    0
                }
            });
            if half.is_seen() && end > half.offset() && self.handler.is_some() {
                self.gap(side, last, end - half.offset(), shared);
            }
        }
        let how = if self.reset.is_some() && how != Finish::Closed {
            Finish::Reset
        } else {
            how
        };
        if let Some(mut handler) = self.handler.take() {
            handler.finish(how);
        }
    }

    fn hand_on_piece<F: FnMut(&FlowInfo) -> H>(&mut self, side: usize, shared: &mut Shared<'_, F>) {
        let half = &mut self.halves[side];
        let offset = half.offset();
        let Some((start, _)) = half.front() else {
            return;
        };
        let Some(piece) = half.pop() else { return };
        *shared.waiting -= piece.cost();
        let Piece { data, stamp, .. } = piece;
        // A piece may start before what was handed on since.
        let old = usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX);
        if let Some(fresh) = data.get(old..).filter(|f| !f.is_empty()) {
            self.hand_on(side, stamp, fresh, shared);
        }
    }

    fn hand_on<F: FnMut(&FlowInfo) -> H>(
        &mut self,
        side: usize,
        stamp: Stamp,
        bytes: &[u8],
        shared: &mut Shared<'_, F>,
    ) {
        self.halves[side].advance(bytes.len() as u64);
        let direction = self.direction(side, bytes);
        self.handler(stamp, shared).data(direction, stamp, bytes);
    }

    fn gap<F: FnMut(&FlowInfo) -> H>(
        &mut self,
        side: usize,
        stamp: Stamp,
        len: u64,
        shared: &mut Shared<'_, F>,
    ) {
        self.halves[side].advance(len);
        shared.oddities.note_value(Oddity::StreamGap, stamp, len);
        let next = self.halves[side]
            .front()
            .map(|(_, piece)| looks(&piece.data));
        let direction = self.direction_of(side, next.unwrap_or(Looks::Unknown));
        self.handler(stamp, shared).gap(direction, stamp, len);
    }

    fn direction(&mut self, side: usize, bytes: &[u8]) -> Direction {
        if self.client.is_some() {
            self.direction_of(side, Looks::Unknown)
        } else {
            self.direction_of(side, looks(bytes))
        }
    }

    /// The direction of what `side` sends; settles who the client is if nothing did.
    fn direction_of(&mut self, side: usize, looks: Looks) -> Direction {
        let client = *self.client.get_or_insert_with(|| match looks {
            Looks::Client => side,
            Looks::Server => 1 - side,
            Looks::Unknown => by_port(self.ends).unwrap_or(self.first_sender),
        });
        if side == client {
            Direction::ToServer
        } else {
            Direction::ToClient
        }
    }

    fn handler<F: FnMut(&FlowInfo) -> H>(
        &mut self,
        stamp: Stamp,
        shared: &mut Shared<'_, F>,
    ) -> &mut H {
        self.handler.get_or_insert_with(|| {
            let client = self.client.unwrap_or(self.first_sender);
            if !self.opening_seen {
                shared.oddities.note(Oddity::MidStream, stamp);
            }
            (shared.open)(&FlowInfo {
                number: self.number,
                client: self.ends[client],
                server: self.ends[1 - client],
                start: self.start,
                opening_seen: self.opening_seen,
            })
        })
    }
}

/// Which end seems to have sent some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    Client,
    Server,
    Unknown,
}

fn looks(bytes: &[u8]) -> Looks {
    const METHODS: [&[u8]; 9] = [
        b"GET ",
        b"POST ",
        b"PUT ",
        b"HEAD ",
        b"OPTIONS ",
        b"DELETE ",
        b"PATCH ",
        b"CONNECT ",
        b"PRI * HTTP/2",
    ];
    if METHODS.iter().any(|m| bytes.starts_with(m)) {
        return Looks::Client;
    }
    if bytes.starts_with(b"HTTP/1.") {
        return Looks::Server;
    }
    // TLS record of handshake messages: ClientHello or ServerHello.
    match bytes {
        [0x16, 3, _, _, _, 1, ..] => Looks::Client,
        [0x16, 3, _, _, _, 2, ..] => Looks::Server,
        _ => Looks::Unknown,
    }
}

/// The client by port numbers: the server's is a known one of HTTP, else the lower.
fn by_port(ends: [SocketAddr; 2]) -> Option<usize> {
    let known = ends.map(|end| {
        matches!(
            end.port(),
            80 | 443 | 8000 | 8008 | 8080 | 8081 | 8443 | 8888 | 3000 | 5000
        )
    });
    let ports = ends.map(|end| end.port());
    match known {
        [true, false] => Some(1),
        [false, true] => Some(0),
        _ if ports[0] == ports[1] => None,
        _ => Some(usize::from(ports[0] < ports[1])),
    }
}

//! One direction of a TCP connection: sequence numbers to stream offsets, and the pieces that wait for a hole to fill.

use std::collections::BTreeMap;

use super::Stamp;
use super::limits::{MAX_AHEAD, MAX_START_HOLE, PIECE_COST};

/// Bytes that arrived before those in front of them.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) data: Vec<u8>,
    pub(super) stamp: Stamp,
    /// Offset in the other direction that its sender had received: that much should be handed on before it.
    pub(super) after: u64,
}

impl Piece {
    pub(super) fn cost(&self) -> usize {
        self.data.len() + PIECE_COST
    }
}

/// What adding a piece met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Added {
    /// Cost of what was stored.
    pub(super) cost: usize,
    /// Bytes stored before were different.
    pub(super) differs: bool,
}

/// How far one direction is: what stays of it when the connection is closed, to tell late segments from those of
/// another connection.
///
/// `offset` counts the bytes handed on, gaps included; `next` is the sequence number at that offset.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Position {
    next: u32,
    offset: u64,
    /// `next` means something.
    started: bool,
    /// A packet of this direction was captured, rather than only acknowledged.
    seen: bool,
    /// Initial sequence number, if its SYN was captured.
    isn: Option<u32>,
}

impl Position {
    /// Offset of a sequence number, negative before the start.
    fn place(&self, seq: u32) -> i64 {
        let ahead = seq.wrapping_sub(self.next) as i32;
        i64::try_from(self.offset)
            .unwrap_or(i64::MAX)
            .saturating_add(i64::from(ahead))
    }

    /// Whether a SYN of this direction opens another connection. A repeated SYN has the number of the first.
    pub(super) fn is_replaced_by(&self, seq: u32, finished: bool) -> bool {
        if let Some(isn) = self.isn {
            return isn != seq;
        }
        if !self.started {
            return finished;
        }
        // Its first byte would be ours too: the SYN was stored late, or acknowledged before it was captured.
        let place = self.place(seq.wrapping_add(1));
        if self.seen {
            return place != 0;
        }
        // So were bytes behind it, perhaps.
        !(-i64::from(MAX_START_HOLE)..=0).contains(&place)
    }

    /// Whether a segment that is no SYN lies where no window reaches.
    pub(super) fn is_stray(&self, seq: u32) -> bool {
        let ahead = i64::from(seq.wrapping_sub(self.next) as i32);
        self.seen && !(-MAX_AHEAD..=MAX_AHEAD).contains(&ahead)
    }
}

/// The state of one direction. Pieces do not overlap, and none lies before the offset of the position.
#[derive(Debug, Default)]
pub(super) struct Half {
    position: Position,
    /// Where the stream ends, if its FIN was captured.
    pub(super) fin: Option<u64>,
    /// Highest offset that the other end acknowledged.
    pub(super) acked: u64,
    /// Where the segments seen end, bytes included that the snapshot length cut off.
    reach: u64,
    pieces: BTreeMap<u64, Piece>,
    /// Cost of `pieces`.
    pub(super) waiting: usize,
}

impl Half {
    /// Starts at the byte behind a SYN.
    pub(super) fn open(&mut self, isn: u32) {
        self.position.isn = Some(isn);
        self.position.seen = true;
        if !self.position.started || self.is_untouched() {
            self.position.next = isn.wrapping_add(1);
            self.position.started = true;
        }
    }

    /// Starts in the middle, at the first segment captured, or at what its peer waited for if that is not far before.
    pub(super) fn join(&mut self, seq: u32) {
        let behind = seq.wrapping_sub(self.position.next);
        if !self.position.started
            || (!self.position.seen && behind > MAX_START_HOLE && self.is_untouched())
        {
            self.position.next = seq;
            self.position.started = true;
            self.acked = 0;
        }
        self.position.seen = true;
    }

    /// Takes an acknowledgement of this direction's bytes; gives the offset it names, which is what its sender had
    /// received.
    pub(super) fn acknowledge(&mut self, ack: u32) -> u64 {
        let ahead = ack.wrapping_sub(self.position.next) as i32;
        // The start is still a guess: until a packet of this direction comes, and while it may have been a keep-alive
        // probe, which lies one byte before the next (RFC 9293, section 3.8.4).
        let probe = ahead == 1 && self.position.isn.is_none() && self.position.offset == 0;
        if !self.position.started || !self.position.seen && ahead > 0 || probe && self.fin.is_none()
        {
            self.shift(ack);
            return 0;
        }
        if ahead <= 0 || i64::from(ahead) > MAX_AHEAD {
            return self.position.offset;
        }
        let mut named = self.position.offset + u64::from(ahead.unsigned_abs());
        // A FIN takes a number of its own.
        if let Some(fin) = self.fin {
            named = named.min(fin);
        }
        self.acked = self.acked.max(named);
        named
    }

    /// Notes that a segment ends at `place`.
    pub(super) fn reach(&mut self, place: i64) {
        self.reach = self.reach.max(u64::try_from(place).unwrap_or(0));
    }

    /// Whether bytes before `offset` are missing. The last may be a FIN that was not captured, and no byte.
    pub(super) fn lacks(&self, offset: u64) -> bool {
        let here = self.position.offset;
        offset > here + 1 || offset > here && offset <= self.reach
    }

    /// Moves the start; pieces that wait keep their place in the stream.
    fn shift(&mut self, seq: u32) {
        let by = u64::from(seq.wrapping_sub(self.position.next));
        self.position.next = seq;
        self.position.started = true;
        if !self.pieces.is_empty() {
            let pieces = std::mem::take(&mut self.pieces);
            self.pieces = pieces
                .into_iter()
                .map(|(start, piece)| (start.saturating_sub(by), piece))
                .collect();
        }
        self.acked = self.acked.saturating_sub(by);
        self.reach = self.reach.saturating_sub(by);
    }

    /// Offset of a sequence number, negative before the start.
    pub(super) fn place(&self, seq: u32) -> i64 {
        self.position.place(seq)
    }

    pub(super) fn offset(&self) -> u64 {
        self.position.offset
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// Whether a packet of this direction was captured, rather than only acknowledged.
    pub(super) fn is_seen(&self) -> bool {
        self.position.seen
    }

    /// Nothing was handed on and nothing waits.
    pub(super) fn is_untouched(&self) -> bool {
        self.position.offset == 0 && self.pieces.is_empty()
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.pieces.is_empty()
    }

    /// All bytes up to a FIN were handed on.
    pub(super) fn is_complete(&self) -> bool {
        self.fin.is_some_and(|fin| self.position.offset >= fin)
    }

    /// Counts bytes as handed on (or lost).
    pub(super) fn advance(&mut self, len: u64) {
        self.position.offset += len;
        self.position.next = self.position.next.wrapping_add(len as u32);
    }

    /// The first piece that waits.
    pub(super) fn front(&self) -> Option<(u64, &Piece)> {
        self.pieces
            .first_key_value()
            .map(|(start, piece)| (*start, piece))
    }

    pub(super) fn pop(&mut self) -> Option<Piece> {
        let (_, piece) = self.pieces.pop_first()?;
        self.waiting -= piece.cost();
        if self.pieces.is_empty() {
            // An emptied map keeps a node, and most connections wait once.
            self.pieces = BTreeMap::new();
        }
        Some(piece)
    }

    /// Keeps what is new of `data`, which starts at `start >= offset`. The first copy of a byte stays.
    pub(super) fn add(&mut self, start: u64, data: &[u8], stamp: Stamp, after: u64) -> Added {
        let mut added = Added::default();
        let end = start + data.len() as u64;
        let cut = |from: u64, to: u64| {
            data.get((from - start) as usize..(to - start) as usize)
                .unwrap_or_default()
        };
        let mut at = start;
        // The piece that reaches into this one from before it, then those that start in it.
        let from = self
            .pieces
            .range(..start)
            .next_back()
            .map_or(start, |(key, _)| *key);
        let mut fresh: Vec<(u64, u64)> = Vec::new();
        for (&other, piece) in self.pieces.range(from..end) {
            let other_end = other + piece.data.len() as u64;
            if other_end <= at {
                continue;
            }
            if other > at {
                fresh.push((at, other));
                at = other;
            }
            let shared = other_end.min(end);
            let old = piece
                .data
                .get((at - other) as usize..(shared - other) as usize);
            added.differs |= old != Some(cut(at, shared));
            at = shared;
        }
        if at < end {
            fresh.push((at, end));
        }
        for (from, to) in fresh {
            let piece = Piece {
                data: cut(from, to).to_vec(),
                stamp,
                after,
            };
            added.cost += piece.cost();
            self.pieces.insert(from, piece);
        }
        self.waiting += added.cost;
        added
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(half: &mut Half) -> Vec<(u64, Vec<u8>)> {
        let mut out = Vec::new();
        while let Some((start, _)) = half.front() {
            out.push((start, half.pop().unwrap().data));
        }
        out
    }

    #[test]
    fn the_first_copy_of_a_byte_stays() {
        let mut half = Half::default();
        half.open(u32::MAX - 2);
        let s = Stamp::default();
        assert!(!half.add(10, b"klm", s, 0).differs);
        assert!(!half.add(16, b"qr", s, 0).differs);
        // Covers both, and the bytes around them; agrees in the first and not in the second.
        assert!(half.add(8, b"ijklmnopXXst", s, 0).differs);
        assert!(!half.add(10, b"klm", s, 0).differs);
        assert_eq!(half.waiting, 12 + 5 * PIECE_COST);
        let want: Vec<(u64, &[u8])> = vec![
            (8, b"ij"),
            (10, b"klm"),
            (13, b"nop"),
            (16, b"qr"),
            (18, b"st"),
        ];
        assert_eq!(
            drain(&mut half),
            want.into_iter()
                .map(|(a, b)| (a, b.to_vec()))
                .collect::<Vec<_>>()
        );
        assert_eq!(half.waiting, 0);
    }

    #[test]
    fn numbers_wrap() {
        let mut half = Half::default();
        half.open(u32::MAX - 2);
        assert_eq!(half.place(u32::MAX - 1), 0);
        assert_eq!(half.place(5), 7);
        half.advance(7);
        assert_eq!(half.place(5), 7);
        assert_eq!(half.place(u32::MAX), 1);
        assert_eq!(half.acknowledge(9), 11);
    }
}

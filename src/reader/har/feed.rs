//! The text of a document as it is read: a window of it in memory, the next one read ahead.

use std::io::{self, Read};

/// A window over the text of a source.
pub(super) struct Feed<'r> {
    reader: &'r mut (dyn Read + Send),
    size: usize,
    live: Buffer,
    spare: Buffer,
    /// Bytes read so far.
    pub(super) bytes: u64,
    /// Whether the source has no more bytes, or refused to give them.
    pub(super) ended: bool,
    /// Why it refused.
    pub(super) failure: Option<io::Error>,
    /// Line and column of the first live byte, from 1. Right until the entries begin: no place behind is ever reported.
    place: (u64, u64),
}

/// Memory with the read bytes in `start..end`, and room in front for what a window leaves to the next.
#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

/// Bytes read first.
const FIRST_READ: usize = 1 << 16;

/// Most room in front of a buffer.
const HEADROOM: usize = 1 << 20;

impl<'r> Feed<'r> {
    pub(super) fn new(reader: &'r mut (dyn Read + Send), size: usize) -> Self {
        Self {
            reader,
            size: size.max(1),
            live: Buffer::default(),
            spare: Buffer::default(),
            bytes: 0,
            ended: false,
            failure: None,
            place: (1, 1),
        }
    }

    /// The text in memory.
    pub(super) fn text(&self) -> &[u8] {
        &self.live.bytes[self.live.start..self.live.end]
    }

    /// Lets go of the first bytes.
    pub(super) fn consume(&mut self, count: usize) {
        self.place = self.place_of(count);
        self.live.start += count;
    }

    /// Line and column of a live byte.
    pub(super) fn place_of(&self, offset: usize) -> (u64, u64) {
        let passed = &self.text()[..offset];
        let (line, column) = self.place;
        match memchr::memrchr(b'\n', passed) {
            Some(last) => (
                line + memchr::memchr_iter(b'\n', passed).count() as u64,
                (passed.len() - last) as u64,
            ),
            None => (line, column + passed.len() as u64),
        }
    }

    /// Reads on, so that the text at least doubles; `false` at the end of the source.
    pub(super) fn more(&mut self) -> bool {
        if self.ended {
            return false;
        }
        let amount = self.size.max(self.text().len());
        self.live.make_room(amount);
        self.fill_live(amount)
    }

    fn fill_live(&mut self, amount: usize) -> bool {
        let before = self.live.end;
        let outcome = self.live.fill(self.reader, amount);
        let read = self.live.end - before;
        self.note(read, outcome);
        read > 0
    }

    /// Runs `work` on the text while the next window is read, then replaces the text by what `work` leaves and the next
    /// window. `work` returns how many bytes it is done with.
    pub(super) fn advance<T: Send>(
        &mut self,
        work: impl FnOnce(&[u8], bool) -> (usize, T) + Send,
    ) -> T {
        let at_end = self.ended;
        let live = &self.live.bytes[self.live.start..self.live.end];
        // A window without one whole entry: the next is as large as what was carried, so that work stays linear.
        let amount = self.size.max(live.len() - live.len().min(self.size));
        let headroom = if at_end { 0 } else { HEADROOM.min(self.size) };
        let next = &mut self.spare;
        if next.bytes.len() < headroom + amount && live.len() >= self.size {
            // A whole window came before, so the next is taken at once: memory of the system is zero already.
            next.bytes = vec![0; headroom + amount];
        } else if next.bytes.len() < headroom {
            next.bytes.resize(headroom, 0);
        }
        next.start = headroom;
        next.end = headroom;
        let reader = &mut *self.reader;
        let (outcome, (done, value)) = rayon::join(
            || {
                if at_end {
                    return Ok(());
                }
                next.fill(reader, amount).map(|_| ())
            },
            || work(live, at_end),
        );
        let read = self.spare.end - self.spare.start;
        if !at_end {
            let ended = outcome.is_ok() && read < amount;
            self.note(read, outcome.map(|()| ended));
        }
        self.live.start += done;
        let rest = &self.live.bytes[self.live.start..self.live.end];
        self.spare.prepend(rest, headroom);
        std::mem::swap(&mut self.live, &mut self.spare);
        self.spare.shrink(self.size);
        value
    }

    fn note(&mut self, read: usize, outcome: io::Result<bool>) {
        self.bytes += read as u64;
        match outcome {
            Ok(ended) => self.ended = ended,
            Err(error) => {
                self.ended = true;
                self.failure = Some(error);
            }
        }
    }
}

impl Buffer {
    /// Reads up to `amount` bytes behind the others; whether the source has ended.
    fn fill(&mut self, reader: &mut (dyn Read + Send), amount: usize) -> io::Result<bool> {
        let target = self.end + amount;
        while self.end < target {
            if self.bytes.len() == self.end {
                // Small sources never pay for a whole window.
                let length = (self.end * 2).clamp(FIRST_READ, FIRST_READ.max(target));
                self.bytes.resize(length, 0);
            }
            let limit = target.min(self.bytes.len());
            match reader.read(&mut self.bytes[self.end..limit]) {
                Ok(0) => return Ok(true),
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Moves the bytes to the front when `amount` more would not fit behind them.
    fn make_room(&mut self, amount: usize) {
        if self.start > 0 && self.bytes.len() < self.end + amount {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
    }

    /// Puts bytes before the others.
    fn prepend(&mut self, rest: &[u8], headroom: usize) {
        if let Some(start) = self.start.checked_sub(rest.len()) {
            self.bytes[start..self.start].copy_from_slice(rest);
            self.start = start;
            return;
        }
        let mut bytes = Vec::with_capacity(headroom + rest.len() + self.end - self.start);
        bytes.resize(headroom, 0);
        bytes.extend_from_slice(rest);
        bytes.extend_from_slice(&self.bytes[self.start..self.end]);
        self.start = headroom;
        self.end = bytes.len();
        self.bytes = bytes;
    }

    /// Gives back the memory that one long entry took.
    fn shrink(&mut self, size: usize) {
        if self.bytes.len() > (size + HEADROOM) * 4 {
            *self = Self::default();
        }
    }
}

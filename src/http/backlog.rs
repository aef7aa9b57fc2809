//! Bytes of one direction that could not be read yet, and which packet each came with.

use crate::net::Stamp;

/// The bytes up to `end` (counted from the start of the window) came with `stamp`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) end: usize,
    pub(crate) stamp: Stamp,
}

/// Consecutive bytes offered to a reader. Never empty; `marks` cover all of it.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) marks: &'a [Mark],
}

impl Window<'_> {
    /// The stamp of the byte at `position`, or of the last one.
    pub(crate) fn stamp(&self, position: usize) -> Stamp {
        // Nearly every window is one packet.
        if let [only] = self.marks {
            return only.stamp;
        }
        let at = self
            .marks
            .partition_point(|mark| mark.end <= position)
            .min(self.marks.len() - 1);
        self.marks[at].stamp
    }

    /// The marks of the bytes from `start` on, counted from there.
    pub(crate) fn marks_from(&self, start: usize) -> Vec<Mark> {
        let behind = self.marks.iter().filter(|mark| mark.end > start);
        behind
            .map(|mark| Mark {
                end: mark.end - start,
                ..*mark
            })
            .collect()
    }

    /// The bytes from `start` on, packet by packet.
    pub(crate) fn pieces(&self, mut start: usize) -> impl Iterator<Item = (Stamp, &[u8])> {
        self.marks.iter().filter_map(move |mark| {
            let piece = self.bytes.get(start..mark.end)?;
            start = mark.end;
            (!piece.is_empty()).then_some((mark.stamp, piece))
        })
    }
}

/// What a reader left over. Bounded by the readers: each keeps a head, a frame or a line at most.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    bytes: Vec<u8>,
    marks: Vec<Mark>,
}

impl Backlog {
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn append(&mut self, stamp: Stamp, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.bytes.extend_from_slice(bytes);
        let end = self.bytes.len();
        match self.marks.last_mut() {
            Some(last) if last.stamp == stamp => last.end = end,
            _ => self.marks.push(Mark { end, stamp }),
        }
    }

    /// All bytes held, if any.
    pub(crate) fn window(&self) -> Option<Window<'_>> {
        (!self.bytes.is_empty()).then_some(Window {
            bytes: &self.bytes,
            marks: &self.marks,
        })
    }

    pub(crate) fn drain(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        self.bytes.drain(..count);
        self.marks.retain_mut(|mark| {
            let keep = mark.end > count;
            mark.end = mark.end.saturating_sub(count);
            keep
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_follow_their_bytes() {
        let stamp = |packet| Stamp { packet, time_ns: 0 };
        let mut backlog = Backlog::default();
        backlog.append(stamp(1), b"ab");
        backlog.append(stamp(2), b"cd");
        backlog.append(stamp(2), b"e");
        backlog.append(stamp(3), b"f");
        let window = backlog.window().expect("six bytes");
        let packets: Vec<_> = (0..6).map(|at| window.stamp(at).packet).collect();
        assert_eq!(packets, [1, 1, 2, 2, 2, 3]);
        backlog.drain(3);
        let window = backlog.window().expect("three bytes");
        let pieces: Vec<_> = window
            .pieces(1)
            .map(|(stamp, bytes)| (stamp.packet, bytes))
            .collect();
        assert_eq!(pieces, [(2, &b"e"[..]), (3, b"f")]);
        backlog.drain(3);
        assert!(backlog.is_empty());
    }
}

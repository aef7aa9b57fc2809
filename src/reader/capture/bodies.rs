//! Beginnings of bodies, held while their transaction is under way: whose they are is known at its end only.

use crate::content;
use crate::http::{MessageId, Wanted};
use crate::net::Direction;

/// Most bytes held of one body. Coded text is a third of its length or less, so this is most of what is looked at.
const LARGEST: usize = 256 << 10;

/// Most bodies held of one connection; browsers have some hundred streams open at most.
const MOST: usize = 256;

/// Most bytes held over all connections of a shard: of one that carries many streams, fifty bodies at once.
const MOST_BYTES: usize = 12 << 20;

/// The bodies of one connection, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    list: Vec<(MessageId, Body)>,
}

/// The beginning of a body.
#[derive(Debug)]
pub(super) struct Body {
    direction: Direction,
    bytes: Vec<u8>,
    /// Something was left out, so that nothing that comes later continues the bytes.
    is_cut: bool,
}

impl Bodies {
    /// Takes the next piece of a body; `held` counts what all connections of the shard hold.
    pub(super) fn push(
        &mut self,
        id: MessageId,
        direction: Direction,
        wanted: Wanted,
        bytes: &[u8],
        held: &mut usize,
    ) {
        let known = self.list.iter().rposition(|(known, _)| *known == id);
        let at = known.unwrap_or_else(|| {
            if self.list.len() == MOST {
                let (_, oldest) = self.list.remove(0);
                *held -= oldest.bytes.len();
            }
            let body = Body {
                direction,
                bytes: Vec::new(),
                is_cut: wanted != Wanted::Everything && !content::is_text(bytes),
            };
            self.list.push((id, body));
            self.list.len() - 1
        });
        let body = &mut self.list[at].1;
        if body.is_cut {
            return;
        }
        let most = if wanted == Wanted::Beginning {
            content::SNIFFED
        } else {
            LARGEST
        };
        let room = (most - body.bytes.len()).min(MOST_BYTES.saturating_sub(*held));
        let taken = &bytes[..bytes.len().min(room)];
        body.bytes.extend_from_slice(taken);
        *held += taken.len();
        body.is_cut = taken.len() < bytes.len();
    }

    /// Takes note of a hole: no body of its direction goes on behind it.
    pub(super) fn gap(&mut self, direction: Direction) {
        for (_, body) in &mut self.list {
            body.is_cut |= body.direction == direction;
        }
    }

    /// Hands out a body.
    pub(super) fn take(&mut self, id: MessageId, held: &mut usize) -> Option<Body> {
        let at = self.list.iter().position(|(known, _)| *known == id)?;
        let (_, body) = self.list.remove(at);
        *held -= body.bytes.len();
        Some(body)
    }

    /// Drops all that is held.
    pub(super) fn clear(&mut self, held: &mut usize) {
        for (_, body) in self.list.drain(..) {
            *held -= body.bytes.len();
        }
    }
}

impl Body {
    /// What is there.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether that is all of a body of so many bytes.
    pub(super) fn is_all(&self, length: u64) -> bool {
        self.bytes.len() as u64 == length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOWN: Direction = Direction::ToClient;
    const ALL: Wanted = Wanted::Everything;

    #[test]
    fn pieces() {
        let (mut bodies, mut held) = (Bodies::default(), 0);
        bodies.push(MessageId(1), DOWN, ALL, b"ab", &mut held);
        bodies.push(MessageId(2), Direction::ToServer, ALL, b"x", &mut held);
        bodies.push(MessageId(1), DOWN, ALL, b"c", &mut held);
        bodies.gap(DOWN);
        bodies.push(MessageId(1), DOWN, ALL, b"d", &mut held);
        bodies.push(MessageId(2), Direction::ToServer, ALL, b"y", &mut held);
        assert_eq!(held, 5);
        let first = bodies.take(MessageId(1), &mut held).expect("a body");
        assert_eq!((first.bytes(), first.is_all(4)), (&b"abc"[..], false));
        assert!(bodies.take(MessageId(1), &mut held).is_none());
        let second = bodies.take(MessageId(2), &mut held).expect("a body");
        assert!(second.is_all(2));
        assert_eq!(held, 0);
    }

    #[test]
    fn bounds() {
        let (mut bodies, mut held) = (Bodies::default(), 0);
        let piece = vec![0; LARGEST + 1];
        for id in 0..MOST as u64 * 2 {
            bodies.push(MessageId(id), DOWN, ALL, &piece, &mut held);
            assert!(held <= MOST_BYTES);
        }
        assert_eq!(bodies.list.len(), MOST);
        bodies.clear(&mut held);
        assert_eq!(held, 0);
    }
}

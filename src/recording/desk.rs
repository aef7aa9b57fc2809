//! Where resting exchanges and fetches are looked at.

use bitcode::{DecodeOwned, Encode};

use super::{Packed, Recording};
use crate::audit::JudgedFetch;
use crate::cors::Verdict;
use crate::exchange::{Capture, Exchange};
use crate::pairing::{Hop, PreflightLink};
use crate::rules::FetchView;

/// Blocks that lie open at a time. A fetch names exchanges close to each other, but for cached preflights.
const OPEN: usize = 8;

/// Takes excerpts of recordings. What is looked at in the order of the file is unpacked once.
#[derive(Debug)]
pub struct Desk<'r> {
    recordings: &'r [Recording],
    exchanges: Opened<Exchange>,
    fetches: Opened<JudgedFetch>,
}

/// One fetch with its recording, as far as the fetch names its exchanges. Indices are those of the excerpt.
#[derive(Debug)]
pub struct Excerpt {
    /// The recording.
    pub capture: Capture,
    /// The fetch.
    pub judged: JudgedFetch,
}

/// The blocks looked at last, the latest behind.
#[derive(Debug)]
struct Opened<T> {
    blocks: Vec<(usize, usize, Vec<T>)>,
}

impl Excerpt {
    /// The fetch, to be looked at.
    #[must_use]
    pub fn view(&self) -> FetchView<'_> {
        FetchView {
            capture: &self.capture,
            judged: &self.judged,
        }
    }
}

impl<'r> Desk<'r> {
    /// An empty desk before these recordings.
    #[must_use]
    pub fn new(recordings: &'r [Recording]) -> Self {
        Self {
            recordings,
            exchanges: Opened { blocks: Vec::new() },
            fetches: Opened { blocks: Vec::new() },
        }
    }

    /// The fetch that rests at a place of a recording.
    pub(crate) fn fetch(&mut self, recording: usize, place: u32) -> Option<Excerpt> {
        let mut judged = self.judged(recording, place)?.clone();
        let whole = &self.recordings[recording];
        let (capture, hops) = self.capture(whole, recording, &judged.fetch.hops);
        judged.fetch.hops = hops;
        Some(Excerpt { capture, judged })
    }

    /// The verdict of the fetch that rests at a place of a recording.
    pub(crate) fn verdict(&mut self, recording: usize, place: u32) -> Option<Verdict> {
        self.judged(recording, place).map(|judged| judged.verdict)
    }

    fn judged(&mut self, recording: usize, place: u32) -> Option<&JudgedFetch> {
        let fetches = &self.recordings.get(recording)?.fetches;
        self.fetches
            .value(recording, place, |block| fetches.block(block))
    }

    /// A recording as far as these hops name its exchanges, and the hops with the indices of that excerpt. `number` is
    /// its index among those before the desk.
    pub(crate) fn capture(
        &mut self,
        whole: &Recording,
        number: usize,
        hops: &[Hop],
    ) -> (Capture, Vec<Hop>) {
        let mut named: Vec<u32> = Vec::with_capacity(2 * hops.len());
        let mut exchanges = Vec::with_capacity(2 * hops.len());
        // An index that names nothing keeps naming nothing.
        let mut take = |index: u32| {
            let at = named.iter().position(|known| *known == index).or_else(|| {
                let place = whole.place(index);
                let part = |part| whole.part(part);
                exchanges.push(self.exchanges.value(number, place, part)?.clone());
                named.push(index);
                Some(named.len() - 1)
            });
            at.map_or(u32::MAX, |at| at as u32)
        };
        let hops = hops
            .iter()
            .map(|hop| Hop {
                exchange: hop.exchange.map(&mut take),
                preflight: match hop.preflight {
                    PreflightLink::None => PreflightLink::None,
                    PreflightLink::Recorded(index) => PreflightLink::Recorded(take(index)),
                    PreflightLink::Cached(index) => PreflightLink::Cached(take(index)),
                },
                stored: hop.stored.map(&mut take),
            })
            .collect();
        (whole.excerpt(exchanges), hops)
    }
}

impl<T: Encode + DecodeOwned> Opened<T> {
    /// The value at a place; `unpack` unpacks a block.
    fn value(
        &mut self,
        recording: usize,
        place: u32,
        unpack: impl FnOnce(usize) -> Vec<T>,
    ) -> Option<&T> {
        let (block, at) = Packed::<T>::locate(place);
        let open = self
            .blocks
            .iter()
            .rposition(|(of, number, _)| (*of, *number) == (recording, block));
        let open = match open {
            Some(open) => self.blocks.remove(open),
            None => {
                if self.blocks.len() == OPEN {
                    self.blocks.remove(0);
                }
                (recording, block, unpack(block))
            }
        };
        self.blocks.push(open);
        self.blocks.last()?.2.get(at)
    }
}

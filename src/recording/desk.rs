//! Where resting exchanges and fetches are looked at.

use bitcode::{DecodeOwned, Encode};
use rustc_hash::FxHashMap;

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

/// The blocks looked at last, the latest behind; without the values that were taken out.
#[derive(Debug)]
struct Opened<T> {
    blocks: Vec<(usize, usize, Vec<Option<T>>)>,
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
        let fetches = &self.recordings.get(recording)?.fetches;
        let unpack = |block| fetches.block(block);
        let mut judged = self.fetches.take(recording, place, unpack)?;
        let whole = &self.recordings[recording];
        let (capture, hops) = self.capture(whole, recording, &judged.fetch.hops);
        judged.fetch.hops = hops;
        Some(Excerpt { capture, judged })
    }

    /// The verdict of the fetch that rests at a place of a recording.
    pub(crate) fn verdict(&mut self, recording: usize, place: u32) -> Option<Verdict> {
        let fetches = &self.recordings.get(recording)?.fetches;
        let unpack = |block| fetches.block(block);
        let judged = self.fetches.get(recording, place, unpack)?;
        Some(judged.verdict)
    }

    /// A recording as far as these hops name its exchanges, and the hops with the indices of that excerpt. `number` is
    /// its index among those before the desk.
    pub(crate) fn capture(
        &mut self,
        whole: &Recording,
        number: usize,
        hops: &[Hop],
    ) -> (Capture, Vec<Hop>) {
        let mut named: FxHashMap<u32, u32> = FxHashMap::default();
        let mut exchanges = Vec::with_capacity(2 * hops.len());
        // An index that names nothing keeps naming nothing.
        let mut name = |index: u32, is_shared: bool| {
            if let Some(&known) = named.get(&index) {
                return known;
            }
            let place = whole.place(index);
            let part = |part| whole.part(part);
            let exchange = if is_shared {
                self.exchanges.get(number, place, part).cloned()
            } else {
                self.exchanges.take(number, place, part)
            };
            let Some(exchange) = exchange else {
                return u32::MAX;
            };
            let own = exchanges.len() as u32;
            exchanges.push(exchange);
            named.insert(index, own);
            own
        };
        let hops = hops
            .iter()
            .map(|hop| Hop {
                exchange: hop.exchange.map(|index| name(index, false)),
                preflight: match hop.preflight {
                    PreflightLink::None => PreflightLink::None,
                    PreflightLink::Recorded(index) => PreflightLink::Recorded(name(index, false)),
                    // Other fetches name these, too.
                    PreflightLink::Cached(index) => PreflightLink::Cached(name(index, true)),
                },
                stored: hop.stored.map(|index| name(index, true)),
            })
            .collect();
        (whole.excerpt(exchanges), hops)
    }
}

impl<T: Encode + DecodeOwned> Opened<T> {
    /// The value at a place, for one look; `unpack` unpacks a block.
    fn get(
        &mut self,
        recording: usize,
        place: u32,
        unpack: impl Fn(usize) -> Vec<T>,
    ) -> Option<&T> {
        self.slot(recording, place, unpack)?.as_ref()
    }

    /// The value at a place, taken out of its block: it is hardly asked for again, and if it is, the block is unpacked
    /// again.
    fn take(
        &mut self,
        recording: usize,
        place: u32,
        unpack: impl Fn(usize) -> Vec<T>,
    ) -> Option<T> {
        self.slot(recording, place, unpack)?.take()
    }

    /// Where a value lies open.
    fn slot(
        &mut self,
        recording: usize,
        place: u32,
        unpack: impl Fn(usize) -> Vec<T>,
    ) -> Option<&mut Option<T>> {
        let (block, at) = Packed::<T>::locate(place);
        let open = self
            .blocks
            .iter()
            .rposition(|(of, number, _)| (*of, *number) == (recording, block));
        let mut open = match open {
            Some(open) => self.blocks.remove(open),
            None => {
                if self.blocks.len() == OPEN {
                    self.blocks.remove(0);
                }
                (recording, block, Vec::new())
            }
        };
        if open.2.get(at).is_none_or(Option::is_none) {
            open.2 = unpack(block).into_iter().map(Some).collect();
        }
        self.blocks.push(open);
        self.blocks.last_mut()?.2.get_mut(at)
    }
}

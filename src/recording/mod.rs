//! Recordings at rest: what an audit keeps of a file between reading it and reporting it.
//!
//! An exchange taken apart is close to a kilobyte, most of which says what the exchange before it said. So exchanges rest
//! in compressed blocks (`packed`), and so do the judged fetches; what looks at one takes an excerpt to its
//! [`Desk`]: a [`Capture`] of the few exchanges that the fetch names.

mod desk;
mod packed;
mod references;
#[cfg(test)]
mod tests;

pub use desk::{Desk, Excerpt};
pub(crate) use packed::{BLOCK, Block, Packed};
pub(crate) use references::References;

use crate::audit::JudgedFetch;
use crate::exchange::{Capture, Exchange, Locus, Recorder};

/// A recording, read, its exchanges and fetches at rest.
#[derive(Debug, Default)]
pub struct Recording {
    head: Capture,
    exchanges: Packed<Exchange>,
    // Where the exchange of an index rests; in the order of the indices if there is no list.
    places: Option<Box<[u32]>>,
    references: Option<References>,
    is_har: bool,
    pub(crate) fetches: Packed<JudgedFetch>,
}

impl Recording {
    /// A HAR file, whose exchanges rest in their order.
    pub(crate) fn har(head: Capture, exchanges: Packed<Exchange>, references: References) -> Self {
        Self {
            head,
            exchanges,
            references: Some(references),
            is_har: true,
            ..Self::default()
        }
    }

    /// A packet capture. Of each exchange, in its order, `places` tells where it rests.
    pub(crate) fn packets(head: Capture, exchanges: Packed<Exchange>, places: Vec<u32>) -> Self {
        let in_order = (0..).zip(&places).all(|(index, place)| index == *place);
        Self {
            head,
            exchanges,
            places: (!in_order).then(|| places.into()),
            ..Self::default()
        }
    }

    /// A recording that was taken apart, put to rest.
    pub(crate) fn packed(mut capture: Capture, fetches: Vec<JudgedFetch>) -> Self {
        let is_har = match capture.exchanges.first() {
            Some(first) => matches!(first.locus, Locus::Entry(_)),
            None => capture.recorder != Recorder::Packets,
        };
        let mut recording = Self {
            is_har,
            ..Self::default()
        };
        for exchange in std::mem::take(&mut capture.exchanges) {
            recording.exchanges.push(exchange);
        }
        for judged in fetches {
            recording.fetches.push(judged);
        }
        recording.head = capture;
        recording
    }

    /// What stands around the exchanges: source, recorder, pages, notices, counts. The list of exchanges is empty.
    #[must_use]
    pub fn head(&self) -> &Capture {
        &self.head
    }

    /// Whether it is a HAR file, not a packet capture.
    #[must_use]
    pub fn is_har(&self) -> bool {
        self.is_har
    }

    pub(crate) fn head_mut(&mut self) -> &mut Capture {
        &mut self.head
    }

    /// How many exchanges.
    #[must_use]
    pub fn exchanges(&self) -> usize {
        self.exchanges.len()
    }

    /// Puts the last exchanges and fetches to rest: there are recordings of a few, and thousands of those in a folder.
    pub(crate) fn close(&mut self) {
        self.exchanges.close();
        self.fetches.close();
    }

    /// In how many parts [`Recording::part`] gives the exchanges.
    pub(crate) fn parts(&self) -> usize {
        self.exchanges.blocks()
    }

    /// Some of the exchanges, in the order in which they rest, their references resolved.
    pub(crate) fn part(&self, part: usize) -> Vec<Exchange> {
        let mut exchanges = self.exchanges.block(part);
        if let Some(references) = &self.references {
            for exchange in &mut exchanges {
                references.resolve(exchange);
            }
        }
        exchanges
    }

    /// The whole recording, taken apart.
    #[must_use]
    pub fn unpack(mut self) -> Capture {
        let notices = std::mem::take(&mut self.head.notices);
        Capture {
            notices,
            ..self.unpacked()
        }
    }

    /// A copy of the whole recording, taken apart, without its notices.
    pub(crate) fn unpacked(&self) -> Capture {
        let parts = (0..self.parts()).flat_map(|part| self.part(part));
        let mut exchanges: Vec<Exchange> = parts.collect();
        self.sort_by_index(exchanges.len(), |a, b| exchanges.swap(a, b));
        self.excerpt(exchanges)
    }

    /// Sorts values of exchanges, which lie by place, by index.
    pub(crate) fn sort_by_index(&self, len: usize, mut swap: impl FnMut(usize, usize)) {
        if let Some(places) = &self.places {
            // One cycle of the permutation after the other, so that nothing is copied.
            let mut is_done = vec![false; len];
            for start in 0..len {
                let mut index = start;
                while !is_done[index] {
                    is_done[index] = true;
                    let place = places[index] as usize;
                    if place != start {
                        swap(index, place);
                        index = place;
                    }
                }
            }
        }
    }

    /// Copies of the fetches at these places.
    pub(crate) fn judged(&self, places: &[u32]) -> Vec<JudgedFetch> {
        let fetches: Vec<JudgedFetch> = (0..self.fetches.blocks())
            .flat_map(|block| self.fetches.block(block))
            .collect();
        places
            .iter()
            .filter_map(|place| fetches.get(*place as usize).cloned())
            .collect()
    }

    /// Where the exchange of an index rests.
    pub(crate) fn place(&self, index: u32) -> u32 {
        match &self.places {
            Some(places) => places.get(index as usize).copied().unwrap_or(u32::MAX),
            None => index,
        }
    }

    // A capture of these exchanges and what stands around them.
    fn excerpt(&self, exchanges: Vec<Exchange>) -> Capture {
        let head = &self.head;
        Capture {
            source: head.source.clone(),
            recorder: head.recorder,
            pages: head.pages.clone(),
            exchanges,
            notices: Vec::new(),
            sanitized: head.sanitized,
            bytes: head.bytes,
            entries: head.entries,
        }
    }
}

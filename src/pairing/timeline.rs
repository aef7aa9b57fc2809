//! The marks of a recording's exchanges in time order, and by URL.

use super::mark::{Key, Mark, Role, Traits};
use crate::pieces::Pieces;

/// How many other exchanges of its URL an exchange is compared with. A URL polled ten thousand times would cost a
/// square otherwise.
pub(super) const LOOK_BACK: usize = 256;

/// A recording, ready for pairing.
#[derive(Debug)]
pub(crate) struct Timeline {
    // By index of the exchange, the starts made effective: an exchange without time takes the one before it in the file.
    marks: Pieces<Mark>,
    /// Indices of exchanges by effective start time, then file order.
    pub(super) order: Vec<u32>,
    // Indices by URL, then as in `order`.
    by_url: Vec<u32>,
    /// Page sides of service worker requests, with the worker's own exchange.
    pub(super) worker_pairs: Vec<(u32, u32)>,
}

impl Timeline {
    /// The timeline of a recording by the marks of all its exchanges, in file order.
    pub(crate) fn new(mut marks: Pieces<Mark>) -> Self {
        let mut last = i64::MIN;
        for mark in marks.iter_mut() {
            if mark.start != i64::MIN {
                last = mark.start;
            }
            mark.start = last;
        }
        let mut order: Vec<u32> = (0..marks.len() as u32).collect();
        order.sort_unstable_by_key(|&index| (marks[index as usize].start, index));
        let mut by_url = order.clone();
        // Stable: within a URL the order stays.
        by_url.sort_by_key(|&index| marks[index as usize].url);
        let mut timeline = Self {
            marks,
            order,
            by_url,
            worker_pairs: Vec::new(),
        };
        timeline.find_worker_pairs();
        timeline
    }

    pub(super) fn mark(&self, index: u32) -> &Mark {
        &self.marks[index as usize]
    }

    pub(super) fn role(&self, index: u32) -> Role {
        self.mark(index).role
    }

    /// Start in nanoseconds.
    pub(super) fn start(&self, index: u32) -> i64 {
        self.mark(index).start
    }

    /// End in nanoseconds; the start where the duration is unknown.
    pub(super) fn end(&self, index: u32) -> i64 {
        let mark = self.mark(index);
        mark.start
            .saturating_add((f64::from(mark.duration_ms) * 1e6) as i64)
    }

    /// Exchanges of a URL, in time order.
    pub(super) fn of_url(&self, url: Key) -> &[u32] {
        let first = self
            .by_url
            .partition_point(|&other| self.mark(other).url < url);
        let rest = &self.by_url[first..];
        &rest[..rest.partition_point(|&other| self.mark(other).url == url)]
    }

    /// Exchanges of a URL that start within a span of time, in time order.
    pub(super) fn of_url_within(&self, url: Key, from: i64, until: i64) -> &[u32] {
        let of_url = self.of_url(url);
        let first = of_url.partition_point(|&other| self.start(other) < from);
        let count = of_url[first..].partition_point(|&other| self.start(other) <= until);
        &of_url[first..first + count]
    }

    /// Exchanges of the same URL before this one, latest first, as far back as [`LOOK_BACK`].
    pub(super) fn before(&self, index: u32) -> impl Iterator<Item = u32> {
        let of_url = self.of_url(self.mark(index).url);
        let here = of_url
            .partition_point(|&other| (self.start(other), other) < (self.start(index), index));
        of_url[..here].iter().rev().take(LOOK_BACK).copied()
    }

    /// Marks the page's side of requests that a service worker sent on: the worker's own exchange of the same URL
    /// and method starts within the page's, belongs to no page, and went to the network.
    fn find_worker_pairs(&mut self) {
        for at in 0..self.order.len() {
            let page_side = self.order[at];
            let mark = self.mark(page_side);
            if mark.role != Role::Actual || !mark.traits.has(Traits::MAY_BE_SERVED_BY_WORKER) {
                continue;
            }
            let (from, until) = (self.start(page_side), self.end(page_side));
            let worker_side = self
                .of_url_within(mark.url, from, until.max(from))
                .iter()
                .copied()
                .take(LOOK_BACK)
                .find(|&other| {
                    let candidate = self.mark(other);
                    other != page_side
                        && candidate.role == Role::Actual
                        && candidate.page.is_none()
                        && !candidate.traits.has(Traits::VIA_SERVICE_WORKER)
                        && candidate.method == mark.method
                });
            if let Some(worker_side) = worker_side {
                self.marks[page_side as usize].role = Role::ServedByWorker;
                self.worker_pairs.push((page_side, worker_side));
            }
        }
    }
}

//! Exchanges to fetches: redirect hops, their preflights, and the facts the procedure needs.
//!
//! Second stage of the pipeline; what it joins is what a page asked for. It never looks at which reader made the
//! exchanges, only at what they hold. Joining needs all exchanges of a recording at once, by their marks (`mark`);
//! the facts of one fetch need its own exchanges and what the whole recording tells (`infer`).

mod fetch;
mod http_cache;
mod infer;
mod mark;
mod preflight;
mod redirect;
mod timeline;

pub use fetch::{Fetch, Hop, PreflightLink};
pub(crate) use infer::Whole;
pub use infer::{AuthorHeaders, author_headers};
pub(crate) use mark::Mark;
pub(crate) use preflight::requested_method;
pub(crate) use redirect::redirect_target;
pub(crate) use timeline::Timeline;

use rustc_hash::FxHashSet;

use crate::cors::{Origin, RequestMode};
use crate::exchange::{Capture, Exchange};
use crate::fact::Fact;
use crate::pieces::Pieces;
use infer::ObservedHop;
use mark::{Role, Traits};

/// The hops of a recording's fetches, in order of start time, and the exchanges that stand in another's place.
#[derive(Debug, Default)]
pub(crate) struct Paired {
    hops: Pieces<PackedHop>,
    // Where in `hops` each fetch ends.
    ends: Pieces<u32>,
    /// Requests that a service worker sent on: the page's side, and the worker's own exchange, which stands for both.
    pub(crate) served_by_worker: Vec<(u32, u32)>,
}

impl Paired {
    /// How many fetches.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The hops of a fetch.
    pub(crate) fn hops(&self, fetch: usize) -> Vec<Hop> {
        let hops = self.start(fetch)..self.ends[fetch] as usize;
        hops.map(|hop| self.hops[hop].unpacked()).collect()
    }

    /// The exchange that stands for the first hop of a fetch.
    pub(crate) fn first(&self, fetch: usize) -> u32 {
        self.hops[self.start(fetch)].unpacked().first()
    }

    fn start(&self, fetch: usize) -> usize {
        fetch.checked_sub(1).map_or(0, |before| self.ends[before]) as usize
    }

    fn end_fetch(&mut self) {
        self.ends.push(self.hops.len() as u32);
    }
}

/// A [`Hop`] in half the room: indices plus one, 0 for none. A cached preflight's is negative.
#[derive(Clone, Copy, Debug)]
struct PackedHop {
    exchange: u32,
    preflight: i32,
    stored: u32,
}

impl PackedHop {
    fn of(hop: Hop) -> Self {
        // Recordings of two thousand million exchanges do not fit in memory.
        let one_more = |index: u32| i32::try_from(index).map_or(0, |index| index.saturating_add(1));
        Self {
            exchange: hop.exchange.map_or(0, |index| index + 1),
            preflight: match hop.preflight {
                PreflightLink::None => 0,
                PreflightLink::Recorded(index) => one_more(index),
                PreflightLink::Cached(index) => -one_more(index),
            },
            stored: hop.stored.map_or(0, |index| index + 1),
        }
    }

    fn unpacked(self) -> Hop {
        let index = self.preflight.unsigned_abs().wrapping_sub(1);
        Hop {
            exchange: self.exchange.checked_sub(1),
            preflight: match self.preflight {
                0 => PreflightLink::None,
                1.. => PreflightLink::Recorded(index),
                _ => PreflightLink::Cached(index),
            },
            stored: self.stored.checked_sub(1),
        }
    }
}

impl Hop {
    /// The exchange that stands for the hop.
    pub(crate) fn first(&self) -> u32 {
        let exchange = self.exchange.or(self.preflight.exchange());
        exchange.unwrap_or(u32::MAX)
    }

    /// A hop of one exchange alone.
    pub(crate) fn of(exchange: u32) -> Self {
        Self {
            exchange: Some(exchange),
            preflight: PreflightLink::None,
            stored: None,
        }
    }
}

/// Joins the exchanges of a recording into fetches.
#[must_use]
pub(crate) fn pair(timeline: &Timeline) -> Paired {
    let successors = redirect::successors(timeline);
    let (links, orphans) = preflight::join(timeline);

    let followers: FxHashSet<u32> = successors.values().copied().collect();
    let mut paired = Paired {
        served_by_worker: timeline.worker_pairs.clone(),
        ..Paired::default()
    };
    let mut orphans = orphans.into_iter().peekable();
    for &index in &timeline.order {
        // Orphans come in time order too.
        if orphans.next_if_eq(&index).is_some() {
            paired.hops.push(PackedHop::of(Hop {
                exchange: None,
                preflight: PreflightLink::Recorded(index),
                stored: None,
            }));
            paired.end_fetch();
            continue;
        }
        if timeline.role(index) != Role::Actual || followers.contains(&index) {
            continue;
        }
        let chain = std::iter::successors(Some(index), |hop| successors.get(hop).copied());
        for hop in chain {
            let preflight = match links.get(&hop) {
                Some(&recorded) => PreflightLink::Recorded(recorded),
                None if timeline.mark(hop).traits.has(Traits::MAY_NEED_PREFLIGHT) => {
                    preflight::cached_for(timeline, hop)
                }
                None => PreflightLink::None,
            };
            paired.hops.push(PackedHop::of(Hop {
                exchange: Some(hop),
                preflight,
                stored: http_cache::stored_for(timeline, hop),
            }));
        }
        paired.end_fetch();
    }
    paired
}

/// The `Origin` header of a request. Browsers write one; chrome-har lists it twice with equal values.
pub(crate) fn origin_header(exchange: &Exchange) -> Option<Origin> {
    let first = exchange.request.headers.lines("origin").next()?;
    Origin::parse(first)
}

/// Whether a request may have needed a preflight: its method or its headers are unsafe.
fn may_need_preflight(exchange: &Exchange) -> bool {
    !exchange.request.method.is_cors_safelisted()
        || !author_headers(exchange, None).unsafe_names.is_empty()
}

/// The fetch of these hops, whose exchanges stand in `capture`, in a recording of which `whole` tells.
#[must_use]
pub(crate) fn facts(capture: &Capture, whole: &Whole, hops: Vec<Hop>) -> Fetch {
    let at = |index: u32| capture.exchanges.get(index as usize);
    let observed: Vec<ObservedHop<'_>> = hops
        .iter()
        .map(|hop| ObservedHop {
            actual: hop.exchange.and_then(at),
            preflight: match hop.preflight {
                PreflightLink::Recorded(index) => at(index),
                PreflightLink::None | PreflightLink::Cached(_) => None,
            },
        })
        .collect();
    let initiator_origin = infer::initiator_origin(capture, &observed);
    let mode = infer::mode(&observed, &initiator_origin);
    let credentials = if matches!(mode.value, Some(RequestMode::Cors) | None) {
        infer::credentials(capture, whole, &observed, &initiator_origin)
    } else {
        Fact::unknown()
    };
    Fetch {
        hops,
        initiator_origin,
        mode,
        credentials,
    }
}

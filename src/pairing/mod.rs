//! Exchanges to fetches: redirect hops, their preflights, and the facts the procedure needs.
//!
//! Second stage of the pipeline; what it joins is what a page asked for. It never looks at which reader made the
//! exchanges, only at what they hold. Joining needs all exchanges of a recording at once, by their marks (`mark`);
//! the facts of one fetch need its own exchanges and what the whole recording tells (`infer`).

mod fetch;
mod http_cache;
mod infer;
mod mark;
mod marks;
mod preflight;
mod redirect;
mod timeline;

pub use fetch::{Fetch, Hop, PreflightLink};
pub(crate) use infer::Whole;
pub use infer::{AuthorHeaders, author_headers};
pub(crate) use mark::Mark;
pub(crate) use marks::Marks;
pub(crate) use preflight::requested_method;
pub(crate) use redirect::redirect_target;
pub(crate) use timeline::Timeline;

use crate::cors::{Origin, RequestMode};
use crate::exchange::{Capture, Exchange};
use crate::fact::Fact;
use infer::ObservedHop;
use mark::Role;

/// The hops of a recording's fetches, in order of start time, and the exchanges that stand in another's place.
#[derive(Debug, Default)]
pub(crate) struct Paired {
    hops: Vec<Hop>,
    // Where in `hops` each fetch ends.
    ends: Vec<u32>,
    /// Requests that a service worker sent on: the page's side, and the worker's own exchange, which stands for both.
    pub(crate) served_by_worker: Vec<(u32, u32)>,
}

impl Paired {
    /// How many fetches.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The hops of a fetch.
    pub(crate) fn hops(&self, fetch: usize) -> &[Hop] {
        let start = fetch.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.hops[start as usize..self.ends[fetch] as usize]
    }

    fn end_fetch(&mut self) {
        self.ends.push(self.hops.len() as u32);
    }
}

impl Hop {
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

    let mut is_first = vec![true; timeline.len()];
    for next in successors.iter().flatten() {
        is_first[*next as usize] = false;
    }
    let mut paired = Paired {
        served_by_worker: timeline.worker_pairs.clone(),
        ..Paired::default()
    };
    let mut orphans = orphans.into_iter().peekable();
    for &index in &timeline.order {
        // Orphans come in time order too.
        if orphans.next_if_eq(&index).is_some() {
            paired.hops.push(Hop {
                exchange: None,
                preflight: PreflightLink::Recorded(index),
                stored: None,
            });
            paired.end_fetch();
            continue;
        }
        if timeline.role(index) != Role::Actual || !is_first[index as usize] {
            continue;
        }
        let chain = std::iter::successors(Some(index), |&hop| successors[hop as usize]);
        for hop in chain {
            let mut preflight = links[hop as usize];
            if preflight == PreflightLink::None && timeline.mark(hop).traits.may_need_preflight {
                preflight = preflight::cached_for(timeline, hop);
            }
            paired.hops.push(Hop {
                exchange: Some(hop),
                preflight,
                stored: http_cache::stored_for(timeline, hop),
            });
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

/// The fetch of these hops, whose exchanges stand in `capture`, in a recording of which `whole` tells. It started at
/// `started` nanoseconds.
#[must_use]
pub(crate) fn facts(capture: &Capture, whole: &Whole, hops: Vec<Hop>, started: i64) -> Fetch {
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
        infer::credentials(capture, whole, &observed, &initiator_origin, started)
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

//! Exchanges to fetches: redirect hops, their preflights, and the facts the procedure needs.
//!
//! Second stage of the pipeline; what it joins is what a page asked for. It never looks at which reader made the
//! exchanges, only at what they hold.

mod fetch;
mod http_cache;
mod infer;
mod preflight;
mod redirect;
mod timeline;

pub use fetch::{Fetch, Hop, PreflightLink};
pub use infer::{AuthorHeaders, author_headers};
pub(crate) use preflight::requested_method;
pub(crate) use redirect::redirect_target;
pub(crate) use timeline::origin_header;

use crate::cors::RequestMode;
use crate::exchange::{Capture, Exchange};
use crate::fact::Fact;
use infer::{ObservedHop, Recording};
use timeline::{Role, Timeline};

/// A recording's fetches, in order of start time, and how many exchanges stand in another's place.
#[derive(Debug, Default)]
pub struct Paired {
    /// The fetches.
    pub fetches: Vec<Fetch>,
    /// Requests that a service worker sent on: the page's side as a fetch, and the index of the worker's own exchange,
    /// which stands for both.
    pub served_by_worker: Vec<(Fetch, u32)>,
}

/// Joins the exchanges of a recording into fetches.
///
/// `max_age` tells for how many seconds a preflight's answer stays in its browser's cache.
#[must_use]
pub fn pair(capture: &Capture, max_age: impl Fn(&Exchange) -> u64) -> Paired {
    let timeline = Timeline::new(capture);
    let successors = redirect::successors(&timeline);
    let (links, orphans) = preflight::join(&timeline);
    let recording = Recording::new(&timeline);

    let mut is_first = vec![true; capture.exchanges.len()];
    for next in successors.iter().flatten() {
        is_first[*next as usize] = false;
    }
    let mut paired = Paired::default();
    let mut orphans = orphans.into_iter().peekable();
    for &index in &timeline.order {
        // Orphans come in time order too.
        if orphans.next_if_eq(&index).is_some() {
            let hop = Hop {
                exchange: None,
                preflight: PreflightLink::Recorded(index),
                stored: None,
            };
            paired.fetches.push(facts(&timeline, &recording, vec![hop]));
            continue;
        }
        match timeline.role(index) {
            Role::Actual if is_first[index as usize] => {
                let chain = std::iter::successors(Some(index), |&hop| successors[hop as usize]);
                let hops = chain
                    .map(|hop| {
                        let mut preflight = links[hop as usize];
                        if preflight == PreflightLink::None
                            && may_need_preflight(timeline.exchange(hop))
                        {
                            preflight = preflight::cached_for(&timeline, hop, &max_age);
                        }
                        Hop {
                            exchange: Some(hop),
                            preflight,
                            stored: http_cache::stored_for(&timeline, hop),
                        }
                    })
                    .collect();
                paired.fetches.push(facts(&timeline, &recording, hops));
            }
            Role::Actual | Role::Preflight | Role::ServedByWorker | Role::Tunnel => {}
        }
    }
    for &(page_side, worker_side) in &timeline.worker_pairs {
        let hop = Hop {
            exchange: Some(page_side),
            preflight: PreflightLink::None,
            stored: None,
        };
        paired
            .served_by_worker
            .push((facts(&timeline, &recording, vec![hop]), worker_side));
    }
    paired
}

/// Whether a request may have needed a preflight: its method or its headers are unsafe.
fn may_need_preflight(exchange: &Exchange) -> bool {
    !exchange.request.method.is_cors_safelisted()
        || !author_headers(exchange, None).unsafe_names.is_empty()
}

fn facts(timeline: &Timeline<'_>, recording: &Recording<'_>, hops: Vec<Hop>) -> Fetch {
    let observed: Vec<ObservedHop<'_>> = hops
        .iter()
        .map(|hop| ObservedHop {
            actual: hop.exchange.map(|index| timeline.exchange(index)),
            preflight: match hop.preflight {
                PreflightLink::Recorded(index) => Some(timeline.exchange(index)),
                PreflightLink::None | PreflightLink::Cached(_) => None,
            },
        })
        .collect();
    let initiator_origin = infer::initiator_origin(timeline.capture, &observed);
    let mode = infer::mode(&observed, &initiator_origin);
    let credentials = if matches!(mode.value, Some(RequestMode::Cors) | None) {
        let first = hops[0].exchange.or(hops[0].preflight.exchange());
        let started = first.map_or(i64::MIN, |index| timeline.start(index));
        infer::credentials(recording, &observed, &initiator_origin, started)
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

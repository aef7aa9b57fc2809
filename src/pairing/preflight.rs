//! Preflights joined to the requests they cleared.

use std::collections::hash_map::Entry;

use rustc_hash::{FxHashMap, FxHashSet};

use super::fetch::PreflightLink;
use super::mark::{Mark, OriginKey, Role};
use super::timeline::Timeline;
use crate::exchange::{Exchange, Method};

/// A request follows its preflight at once; a slow one waits for a connection. Beyond this, an earlier preflight
/// counts as cached.
const LONGEST_PAUSE_NS: i64 = 10_000_000_000;

/// Clock jitter between entries of one recorder.
const JITTER_NS: i64 = 5_000_000;

/// A preflight looks at this many requests of its URL on either side of it in time; recordings of a URL polled
/// thousands of times would cost a square otherwise.
const NEIGHBOURS: usize = 16;

/// Of actual exchanges, the preflight recorded for them; and the preflights that nothing followed.
///
/// Nearest in time first: DevTools and Firefox open the row of the main request before its preflight's, others after.
pub(super) fn join(timeline: &Timeline) -> (FxHashMap<u32, u32>, Vec<u32>) {
    let preflights: Vec<u32> = timeline
        .order
        .iter()
        .copied()
        .filter(|&index| timeline.role(index) == Role::Preflight)
        .collect();
    let mut pairs: Vec<(bool, u64, u32, u32)> = Vec::new();
    for &index in &preflights {
        let preflight = timeline.mark(index);
        let of_url = timeline.of_url(preflight.url);
        let here = of_url.partition_point(|&other| timeline.start(other) < timeline.start(index));
        let near = &of_url[here.saturating_sub(NEIGHBOURS)..of_url.len().min(here + NEIGHBOURS)];
        pairs.extend(near.iter().copied().filter_map(|candidate| {
            let fits = timeline.role(candidate) == Role::Actual
                && serves(preflight, timeline.mark(candidate))
                && is_near(timeline, index, candidate);
            // A request that was over before the preflight started is the last choice: some recorders measure less
            // than the whole request.
            let is_over = timeline.end(candidate).saturating_add(JITTER_NS) < timeline.start(index);
            fits.then(|| {
                (
                    is_over,
                    timeline.start(candidate).abs_diff(timeline.start(index)),
                    index,
                    candidate,
                )
            })
        }));
    }
    pairs.sort_unstable_by_key(|&(is_over, distance, preflight, actual)| {
        (
            is_over,
            distance,
            preflight.abs_diff(actual),
            preflight,
            actual,
        )
    });
    let mut links = FxHashMap::default();
    let mut used = FxHashSet::default();
    for (_, _, preflight, actual) in pairs {
        if let Entry::Vacant(link) = links.entry(actual)
            && used.insert(preflight)
        {
            link.insert(preflight);
        }
    }
    let orphans = preflights
        .into_iter()
        .filter(|index| !used.contains(index))
        .collect();
    (links, orphans)
}

/// The latest earlier preflight of the same URL and origin whose answer could still be cached.
pub(super) fn cached_for(timeline: &Timeline, actual: u32) -> PreflightLink {
    let origin = timeline.mark(actual).origin;
    let found = timeline
        .before(actual)
        .filter(|&candidate| timeline.role(candidate) == Role::Preflight)
        .find(|&candidate| {
            let preflight = timeline.mark(candidate);
            let age = timeline
                .start(actual)
                .saturating_sub(timeline.end(candidate));
            (origin == OriginKey::ABSENT || preflight.origin == origin)
                && age >= -JITTER_NS
                && age / 1_000_000_000 <= preflight.lasts().unwrap_or(i64::MAX)
                && preflight.has_ok_status()
        });
    found.map_or(PreflightLink::None, PreflightLink::Cached)
}

/// Whether a preflight asked for this request: method and origin agree, the URL already does.
fn serves(preflight: &Mark, actual: &Mark) -> bool {
    (preflight.method.is_none() || preflight.method == actual.method)
        && match (preflight.origin, actual.origin) {
            // Firefox: the preflight of a redirect-tainted hop carries the page's origin, the request `null`.
            (OriginKey::ABSENT, _) | (_, OriginKey::ABSENT | OriginKey::OPAQUE) => true,
            (asked, sent) => asked == sent,
        }
}

/// `Access-Control-Request-Method`.
pub(crate) fn requested_method(preflight: &Exchange) -> Option<Method> {
    preflight
        .request
        .headers
        .get("access-control-request-method")
        .map(|method| Method::from_bytes(&method))
}

/// Whether the request began shortly before, while or soon after its preflight was under way.
fn is_near(timeline: &Timeline, preflight: u32, actual: u32) -> bool {
    let began = timeline.start(actual);
    began >= timeline.start(preflight).saturating_sub(LONGEST_PAUSE_NS)
        && began <= timeline.end(preflight).saturating_add(LONGEST_PAUSE_NS)
}

//! Preflights joined to the requests they cleared.

use rustc_hash::FxHashSet;

use super::fetch::PreflightLink;
use super::timeline::{Role, Timeline, origin_header};
use crate::exchange::{Exchange, Method};

/// A request follows its preflight at once; a slow one waits for a connection. Beyond this, an earlier preflight
/// counts as cached.
const LONGEST_PAUSE_NS: i64 = 10_000_000_000;

/// Clock jitter between entries of one recorder.
const JITTER_NS: i64 = 5_000_000;

/// A preflight looks at this many requests of its URL on either side of it in time; recordings of a URL polled
/// thousands of times would cost a square otherwise.
const NEIGHBOURS: usize = 16;

/// For each exchange, the preflight recorded for it; and the preflights that nothing followed.
///
/// Nearest in time first: DevTools and Firefox open the row of the main request before its preflight's, others after.
pub(super) fn join(timeline: &Timeline<'_>) -> (Vec<PreflightLink>, Vec<u32>) {
    let mut links = vec![PreflightLink::None; timeline.capture.exchanges.len()];
    let preflights: Vec<u32> = timeline
        .order
        .iter()
        .copied()
        .filter(|&index| timeline.role(index) == Role::Preflight)
        .collect();
    let mut pairs: Vec<(bool, u64, u32, u32)> = Vec::new();
    for &index in &preflights {
        let preflight = timeline.exchange(index);
        let of_url = timeline.of_url(preflight.request.url.as_str());
        let here = of_url.partition_point(|&other| timeline.start(other) < timeline.start(index));
        let near = &of_url[here.saturating_sub(NEIGHBOURS)..of_url.len().min(here + NEIGHBOURS)];
        pairs.extend(near.iter().copied().filter_map(|candidate| {
            let fits = timeline.role(candidate) == Role::Actual
                && serves(preflight, timeline.exchange(candidate))
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
    let mut used = FxHashSet::default();
    for (_, _, preflight, actual) in pairs {
        if links[actual as usize] == PreflightLink::None && used.insert(preflight) {
            links[actual as usize] = PreflightLink::Recorded(preflight);
        }
    }
    let orphans = preflights
        .into_iter()
        .filter(|index| !used.contains(index))
        .collect();
    (links, orphans)
}

/// The latest earlier preflight of the same URL and origin whose answer could still be cached for `max_age`.
pub(super) fn cached_for(
    timeline: &Timeline<'_>,
    actual: u32,
    max_age: impl Fn(&Exchange) -> u64,
) -> PreflightLink {
    let exchange = timeline.exchange(actual);
    let origin = origin_header(exchange);
    let found = timeline
        .before(actual)
        .filter(|&candidate| timeline.role(candidate) == Role::Preflight)
        .find(|&candidate| {
            let preflight = timeline.exchange(candidate);
            let age = timeline
                .start(actual)
                .saturating_sub(timeline.end(candidate));
            (origin.is_none() || origin_header(preflight) == origin)
                && age >= -JITTER_NS
                && age / 1_000_000_000 <= i64::try_from(max_age(preflight)).unwrap_or(i64::MAX)
                && preflight
                    .response()
                    .is_some_and(crate::exchange::Response::is_ok_status)
        });
    found.map_or(PreflightLink::None, PreflightLink::Cached)
}

/// Whether a preflight asked for this request: method and origin agree, the URL already does.
fn serves(preflight: &Exchange, actual: &Exchange) -> bool {
    requested_method(preflight).is_none_or(|method| method == actual.request.method)
        && match (origin_header(preflight), origin_header(actual)) {
            // Firefox: the preflight of a redirect-tainted hop carries the page's origin, the request `null`.
            (Some(asked), Some(sent)) => asked == sent || sent.is_opaque(),
            _ => true,
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
fn is_near(timeline: &Timeline<'_>, preflight: u32, actual: u32) -> bool {
    let began = timeline.start(actual);
    began >= timeline.start(preflight).saturating_sub(LONGEST_PAUSE_NS)
        && began <= timeline.end(preflight).saturating_add(LONGEST_PAUSE_NS)
}

//! Preflights joined to the requests they cleared.

use super::fetch::PreflightLink;
use super::timeline::{Role, Timeline, origin_header};
use crate::exchange::{Exchange, Method};

/// A request follows its preflight at once; a slow one waits for a connection. Beyond this, an earlier preflight
/// counts as cached.
const LONGEST_PAUSE_NS: i64 = 10_000_000_000;

/// Clock jitter between entries of one recorder.
const JITTER_NS: i64 = 5_000_000;

/// For each exchange, the preflight recorded for it; and the preflights that nothing followed.
pub(super) fn join(timeline: &Timeline<'_>) -> (Vec<PreflightLink>, Vec<u32>) {
    let mut links = vec![PreflightLink::None; timeline.capture.exchanges.len()];
    let mut orphans = Vec::new();
    for &index in timeline.order.iter().filter(|&&index| timeline.role(index) == Role::Preflight) {
        let preflight = timeline.exchange(index);
        let served = timeline
            .of_url(preflight.request.url.as_str())
            .iter()
            .copied()
            .filter(|&candidate| {
                timeline.role(candidate) == Role::Actual
                    && links[candidate as usize] == PreflightLink::None
                    && serves(preflight, timeline.exchange(candidate))
                    && is_near(timeline, index, candidate)
            })
            // DevTools and Firefox open the row of the main request first, so the nearest may stand on either side.
            // A request that was over before the preflight started is the last choice: some recorders measure less
            // than the whole request.
            .min_by_key(|&candidate| {
                let is_over = timeline.end(candidate) + JITTER_NS < timeline.start(index);
                (is_over, timeline.start(candidate).abs_diff(timeline.start(index)), candidate.abs_diff(index))
            });
        match served {
            Some(actual) => links[actual as usize] = PreflightLink::Recorded(index),
            None => orphans.push(index),
        }
    }
    (links, orphans)
}

/// The latest earlier preflight of the same URL and origin whose answer could still be cached for `max_age`.
pub(super) fn cached_for(timeline: &Timeline<'_>, actual: u32, max_age: impl Fn(&Exchange) -> u64) -> PreflightLink {
    let exchange = timeline.exchange(actual);
    let origin = origin_header(exchange);
    let found = timeline
        .of_url(exchange.request.url.as_str())
        .iter()
        .copied()
        .rev()
        .filter(|&candidate| timeline.role(candidate) == Role::Preflight && candidate != actual)
        .find(|&candidate| {
            let preflight = timeline.exchange(candidate);
            let age = timeline.start(actual).saturating_sub(timeline.end(candidate));
            (origin.is_none() || origin_header(preflight) == origin)
                && age >= -JITTER_NS
                && age / 1_000_000_000 <= i64::try_from(max_age(preflight)).unwrap_or(i64::MAX)
                && preflight.response().is_some_and(crate::exchange::Response::is_ok_status)
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
    preflight.request.headers.get("access-control-request-method").map(|method| Method::from_bytes(&method))
}

/// Whether the request began shortly before, while or soon after its preflight was under way.
fn is_near(timeline: &Timeline<'_>, preflight: u32, actual: u32) -> bool {
    let began = timeline.start(actual);
    began >= timeline.start(preflight).saturating_sub(LONGEST_PAUSE_NS)
        && began <= timeline.end(preflight).saturating_add(LONGEST_PAUSE_NS)
}

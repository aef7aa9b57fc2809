//! Redirect chains: one exchange a hop.

use super::timeline::{LOOK_BACK, Role, Timeline, origin_header};
use crate::exchange::{Exchange, Method, Response};
use crate::url::Url;

/// A redirect's next hop starts at once; a preflight or a slow proxy may stand between. Beyond this the same URL is
/// another fetch.
const LONGEST_PAUSE_NS: i64 = 30_000_000_000;

/// Clock jitter between entries of one recorder.
const JITTER_NS: i64 = 5_000_000;

/// For each exchange, the index of the exchange that followed its redirect.
pub(super) fn successors(timeline: &Timeline<'_>) -> Vec<Option<u32>> {
    let count = timeline.capture.exchanges.len();
    let mut successor = vec![None; count];
    let mut taken = vec![false; count];
    for &index in &timeline.order {
        if timeline.role(index) != Role::Actual {
            continue;
        }
        let exchange = timeline.exchange(index);
        let Some(target) = exchange
            .response()
            .and_then(|response| redirect_target(exchange, response))
        else {
            continue;
        };
        let earliest = timeline.start(index).saturating_sub(JITTER_NS);
        let latest = timeline.end(index).saturating_add(LONGEST_PAUSE_NS);
        let expected = timeline.end(index);
        let next = timeline
            .of_url_within(target.as_str(), earliest, latest)
            .iter()
            .copied()
            .take(LOOK_BACK)
            .filter(|&candidate| {
                candidate != index
                    && !taken[candidate as usize]
                    && timeline.role(candidate) == Role::Actual
                    && (timeline.start(candidate), candidate) > (timeline.start(index), 0)
                    && continues(exchange, timeline.exchange(candidate))
            })
            .min_by_key(|&candidate| (timeline.start(candidate).abs_diff(expected), candidate));
        if let Some(next) = next {
            successor[index as usize] = Some(next);
            taken[next as usize] = true;
        }
    }
    successor
}

/// The URL that a redirect response leads to; `None` for other responses and unusable `Location`s.
pub(crate) fn redirect_target(exchange: &Exchange, response: &Response) -> Option<Url> {
    if !response.is_redirect_status() {
        return None;
    }
    exchange
        .request
        .url
        .join(response.headers.first("location")?)
        .ok()
}

/// Whether a request can be the next hop of a redirected one (Fetch, HTTP-redirect fetch, steps 12 to 18).
fn continues(redirected: &Exchange, next: &Exchange) -> bool {
    let status = redirected.response().map_or(0, |response| response.status);
    let method = &redirected.request.method;
    let to_get = match status {
        301 | 302 => *method == Method::Post,
        303 => !matches!(method, Method::Get | Method::Head),
        _ => false,
    };
    let expected = if to_get { &Method::Get } else { method };
    if next.request.method != *expected {
        return false;
    }
    // Synthetic entries may list another kind; where both name one, it does not change on the way.
    if let (Some(before), Some(after)) = (redirected.hints.resource_type, next.hints.resource_type)
        && before != after
    {
        return false;
    }
    match (origin_header(redirected), origin_header(next)) {
        (Some(before), Some(after)) => before == after || after.is_opaque(),
        _ => true,
    }
}

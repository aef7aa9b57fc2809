//! Redirect chains: one exchange a hop.

use rustc_hash::{FxHashMap, FxHashSet};

use super::mark::{Mark, MethodKey, OriginKey, Role};
use super::timeline::{LOOK_BACK, Timeline};
use crate::exchange::{Exchange, Response};
use crate::url::Url;

/// A redirect's next hop starts at once; a preflight or a slow proxy may stand between. Beyond this the same URL is
/// another fetch.
const LONGEST_PAUSE_NS: i64 = 30_000_000_000;

/// Clock jitter between entries of one recorder.
const JITTER_NS: i64 = 5_000_000;

/// Of exchanges whose redirect was followed, the index of the exchange that followed it.
pub(super) fn successors(timeline: &Timeline) -> FxHashMap<u32, u32> {
    let mut successors = FxHashMap::default();
    let mut taken = FxHashSet::default();
    for &index in &timeline.order {
        let mark = timeline.mark(index);
        if mark.role != Role::Actual || !mark.redirects() {
            continue;
        }
        let earliest = mark.start.saturating_sub(JITTER_NS);
        let latest = timeline.end(index).saturating_add(LONGEST_PAUSE_NS);
        let expected = timeline.end(index);
        let next = timeline
            .of_url_within(mark.redirect, earliest, latest)
            .iter()
            .copied()
            .take(LOOK_BACK)
            .filter(|&candidate| {
                candidate != index
                    && !taken.contains(&candidate)
                    && timeline.role(candidate) == Role::Actual
                    && (timeline.start(candidate), candidate) > (mark.start, 0)
                    && continues(mark, timeline.mark(candidate))
            })
            .min_by_key(|&candidate| (timeline.start(candidate).abs_diff(expected), candidate));
        if let Some(next) = next {
            successors.insert(index, next);
            taken.insert(next);
        }
    }
    successors
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
fn continues(redirected: &Mark, next: &Mark) -> bool {
    let method = redirected.method;
    let to_get = match redirected.status {
        301 | 302 => method == Some(MethodKey::POST),
        303 => method != Some(MethodKey::GET) && method != Some(MethodKey::HEAD),
        _ => false,
    };
    let expected = if to_get { Some(MethodKey::GET) } else { method };
    if next.method != expected {
        return false;
    }
    // Synthetic entries may list another kind; where both name one, it does not change on the way.
    if let (Some(before), Some(after)) = (redirected.resource_type, next.resource_type)
        && before != after
    {
        return false;
    }
    match (redirected.origin, next.origin) {
        (OriginKey::ABSENT, _) | (_, OriginKey::ABSENT | OriginKey::OPAQUE) => true,
        (before, after) => before == after,
    }
}

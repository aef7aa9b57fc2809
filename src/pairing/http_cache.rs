//! Stored responses (RFC 9111) that stand behind an exchange: the one that a 304 refreshes, and the one that the HTTP
//! cache gave to a request that the recorder shows without any response.

use super::mark::{MethodKey, Role, Traits};
use super::timeline::Timeline;
use crate::exchange::Response;

/// The exchange whose response was stored and stands behind this one.
pub(super) fn stored_for(timeline: &Timeline, index: u32) -> Option<u32> {
    let mark = timeline.mark(index);
    if mark.status == 304 {
        return earlier(timeline, index).find(|&other| timeline.mark(other).status == 200);
    }
    if !mark.traits.has(Traits::MAY_BE_ANSWERED_BY_CACHE) {
        return None;
    }
    // Any other request that failed so went to the network; a cache answers from its latest response alone.
    let other = earlier(timeline, index).find(|&other| timeline.mark(other).status != 0)?;
    is_reused(timeline, other, index).then_some(other)
}

/// Earlier actual exchanges of the same URL, latest first.
fn earlier(timeline: &Timeline, index: u32) -> impl Iterator<Item = u32> {
    timeline
        .before(index)
        .filter(|&other| timeline.role(other) == Role::Actual)
}

/// Whether the cache answers a request with this stored response without asking the server: fresh by its own word
/// (RFC 9111, section 4.2), and no `Vary` that could tell the two requests apart.
fn is_reused(timeline: &Timeline, stored: u32, index: u32) -> bool {
    let mark = timeline.mark(stored);
    let age = timeline.start(index).saturating_sub(timeline.end(stored));
    mark.status == 200
        && mark.method == Some(MethodKey::GET)
        && mark.page == timeline.mark(index).page
        && mark
            .lasts()
            .is_some_and(|fresh| (0..fresh.saturating_mul(1_000_000_000)).contains(&age))
}

/// `Vary` that names anything but how the body is encoded.
fn varies_by_request(line: &[u8]) -> bool {
    line.split(|byte| *byte == b',').any(|name| {
        let name = name.trim_ascii();
        !name.is_empty() && !name.eq_ignore_ascii_case(b"accept-encoding")
    })
}

/// `max-age`, unless the response may not be stored, or reused whoever asks.
pub(super) fn freshness_seconds(response: &Response) -> Option<u64> {
    if response.headers.lines("vary").any(varies_by_request) {
        return None;
    }
    let value = response.headers.get("cache-control")?;
    let text = String::from_utf8_lossy(&value).to_ascii_lowercase();
    let mut max_age = None;
    for directive in text.split(',').map(str::trim) {
        match directive.split_once('=') {
            Some(("max-age", seconds)) => max_age = seconds.trim_matches('"').parse().ok(),
            _ if directive.starts_with("no-store") || directive.starts_with("no-cache") => {
                return None;
            }
            _ => {}
        }
    }
    max_age
}

//! Cookies that a recording proves the browser had, and when.

use rustc_hash::FxHashMap;

use super::sec_fetch_site;
use crate::exchange::{Exchange, Time};
use crate::pairing::mark::Key;

/// For each host, when a cookie that travels cross-site (SameSite=None) was first and last known to be there.
#[derive(Debug, Default)]
pub(in crate::pairing) struct CookieJar {
    portable: FxHashMap<Key, (Time, Time)>,
}

impl CookieJar {
    /// Notes the cookie of an actual exchange. One whose recorder does not say when it was proves nothing.
    pub(super) fn observe(&mut self, exchange: &Exchange) {
        let Some(at) = exchange.started else { return };
        if shows_portable_cookie(exchange)
            && let Some(host) = exchange.request.url.origin().host()
        {
            self.see(Key::of(host), at, at);
        }
    }

    /// Joins what another part of the recording told.
    pub(super) fn merge(&mut self, other: Self) {
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (host, (first, last)) in other.portable {
            self.see(host, first, last);
        }
    }

    fn see(&mut self, host: Key, first: Time, last: Time) {
        let seen = self.portable.entry(host).or_insert((first, last));
        seen.0 = seen.0.min(first);
        seen.1 = seen.1.max(last);
    }

    /// Whether a cross-site cookie for the host was there both before and after the given time.
    pub(super) fn has_portable_cookie(&self, host: &str, at: Time) -> bool {
        self.portable
            .get(&Key::of(host))
            .is_some_and(|(first, last)| *first < at && at < *last)
    }
}

/// Whether an exchange proves a cookie for its host that cross-site requests carry: it set one host-wide with
/// `SameSite=None; Secure`, or a cross-site request that is no navigation carried one.
fn shows_portable_cookie(exchange: &Exchange) -> bool {
    let sent = exchange.request.headers.contains("cookie")
        && sec_fetch_site(exchange) == Some("cross-site")
        && exchange
            .sec_fetch_mode()
            .is_some_and(|mode| mode != crate::cors::RequestMode::Navigate);
    let set = exchange.response().is_some_and(|response| {
        response.headers.lines("set-cookie").any(|line| {
            let line = String::from_utf8_lossy(line).to_ascii_lowercase();
            let mut attributes = line.split(';').skip(1).map(str::trim);
            let mut secure = false;
            let mut none = false;
            let mut whole_host = true;
            for attribute in &mut attributes {
                match attribute.split_once('=') {
                    None => secure |= attribute == "secure",
                    Some(("samesite", value)) => none = value.trim() == "none",
                    Some(("path", value)) => whole_host = value.trim() == "/",
                    Some(("max-age", value)) if value.trim().starts_with(['0', '-']) => {
                        return false;
                    }
                    Some(_) => {}
                }
            }
            secure && none && whole_host
        })
    });
    sent || set
}

//! Bodies of one URL, with the user's credentials and without: what everybody gets, and what depends on who asks.

use std::num::NonZeroU64;

use rustc_hash::FxHashMap;

use super::Context;
use super::url_key::UrlKey;
use crate::exchange::{Capture, Exchange, Method};
use crate::facts::network;

/// Digests of bodies, by URL.
#[derive(Clone, Debug, Default)]
pub(super) struct Bodies {
    urls: FxHashMap<UrlKey, Sides>,
}

/// Digests of a URL's bodies, by whether the user's credentials travelled.
#[derive(Clone, Copy, Debug, Default)]
struct Sides {
    with: Digests,
    without: Digests,
}

/// What was seen of one side. Several different bodies are as good as any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Digests {
    greatest: Option<NonZeroU64>,
    differ: bool,
    times: u32,
}

impl Bodies {
    /// Takes in one exchange, cross-origin or not.
    pub(super) fn observe_exchange(&mut self, capture: &Capture, exchange: &Exchange) {
        let Some(response) = exchange.response() else {
            return;
        };
        let Some(digest) = response.body_digest else {
            return;
        };
        if exchange.request.method != Method::Get || !response.is_ok_status() {
            return;
        }
        let Some(with) = carried_credentials(capture, exchange) else {
            return;
        };
        let sides = self
            .urls
            .entry(UrlKey::of(&exchange.request.url))
            .or_default();
        let side = if with {
            &mut sides.with
        } else {
            &mut sides.without
        };
        side.merge(Digests {
            greatest: Some(digest),
            differ: false,
            times: 1,
        });
    }

    pub(super) fn merge(&mut self, other: Self) {
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (key, sides) in other.urls {
            let known = self.urls.entry(key).or_default();
            known.with.merge(sides.with);
            known.without.merge(sides.without);
        }
    }

    /// The one body with credentials and the one without, where there is one of each.
    fn both(&self, exchange: &Exchange) -> Option<(Digests, Digests)> {
        let sides = self.urls.get(&UrlKey::of(&exchange.request.url))?;
        let Sides { with, without } = *sides;
        let has_one = |side: Digests| side.greatest.is_some() && !side.differ;
        (has_one(with) && has_one(without)).then_some((with, without))
    }
}

impl Context {
    /// Whether the very same URL gave the very same body with the user's credentials and without any.
    #[must_use]
    pub fn is_same_for_all(&self, exchange: &Exchange) -> bool {
        self.bodies
            .both(exchange)
            .is_some_and(|(with, without)| with.greatest == without.greatest)
    }

    /// Gate G1, "proven": the same for all, on a server that stands where everybody reaches it. What a page could read of
    /// it, anybody can.
    ///
    /// Two users with equal bodies would prove it too, but recordings are read without cookie values, so that nobody
    /// can tell two users from one.
    #[must_use]
    pub fn is_proven_public(&self, exchange: &Exchange) -> bool {
        network(exchange).is_public() && self.is_same_for_all(exchange)
    }

    /// Whether the very same URL gave one body with the user's credentials and another without any: it depends on the
    /// user, or on the time.
    #[must_use]
    pub fn changes_with_credentials(&self, exchange: &Exchange) -> bool {
        self.bodies
            .both(exchange)
            .is_some_and(|(with, without)| with.greatest != without.greatest)
    }

    /// As [`Context::changes_with_credentials`], and one of the two bodies came twice: it does not change by itself.
    #[must_use]
    pub fn depends_on_credentials(&self, exchange: &Exchange) -> bool {
        self.bodies.both(exchange).is_some_and(|(with, without)| {
            with.greatest != without.greatest && with.times.max(without.times) >= 2
        })
    }
}

impl Digests {
    fn merge(&mut self, other: Self) {
        self.differ |=
            other.differ || matches!((self.greatest, other.greatest), (Some(a), Some(b)) if a != b);
        // Which of several different ones stays decides nothing.
        self.greatest = self.greatest.max(other.greatest);
        self.times += other.times;
    }
}

/// Whether a request carried anything by which a server knows a user; `None` where the recording does not tell.
fn carried_credentials(capture: &Capture, exchange: &Exchange) -> Option<bool> {
    let request = &exchange.request;
    if request.listed_cookies
        || request.headers.contains("cookie")
        || request.headers.contains("authorization")
    {
        return Some(true);
    }
    let named_so = |name: &[u8]| {
        [
            &b"auth"[..],
            b"csrf",
            b"jwt",
            b"key",
            b"secret",
            b"session",
            b"token",
        ]
        .iter()
        .any(|part| {
            name.windows(part.len())
                .any(|window| window.eq_ignore_ascii_case(part))
        })
    };
    let mut whole = false;
    for (name, _) in request.headers.iter() {
        if named_so(name) {
            return None;
        }
        // Of a same-origin exchange the reader keeps few lines; these two show that it kept all.
        whole |= name.eq_ignore_ascii_case(b"accept") || name.eq_ignore_ascii_case(b"user-agent");
    }
    (whole && request.headers_complete && !capture.sanitized).then_some(false)
}

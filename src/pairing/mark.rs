//! What pairing reads of an exchange, in a few bytes: a recording is paired by the marks of all its exchanges at once,
//! while the exchanges rest.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::{NonZeroU16, NonZeroU32};

use super::http_cache::freshness_seconds;
use super::redirect::redirect_target;
use super::{may_need_preflight, origin_header, requested_method};
use crate::cors::Origin;
use crate::exchange::{Capture, Exchange, Method, Outcome, Recorder, ResourceType};

/// What pairing reads of an exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(super) url: Key,
    /// Where its redirect leads.
    pub(super) redirect: Key,
    /// Start, nanoseconds; `i64::MIN` where the recording does not say.
    pub(super) start: i64,
    pub(super) duration_ms: f32,
    /// Of a preflight, how long its answer is kept; of a response, how long it is fresh; `u32::MAX` if that is not
    /// known.
    pub(super) seconds: u32,
    pub(super) origin: OriginKey,
    pub(super) page: Option<Number>,
    /// Of a preflight, the method that it asks for, if it names one.
    pub(super) method: Option<MethodKey>,
    /// 0 without response.
    pub(super) status: u16,
    pub(super) resource_type: Option<ResourceType>,
    pub(super) role: Role,
    pub(super) traits: Traits,
}

// All marks of a recording are held at once.
const _: () = assert!(size_of::<Mark>() <= 48);

/// What an exchange is to the pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A CORS-preflight.
    Preflight,
    /// An actual request.
    Actual,
    /// The page's side of a request that a service worker passed on to the network; the worker's own exchange is
    /// recorded too and stands for both.
    ServedByWorker,
    /// A `CONNECT` to a proxy: the browser's own business, no page's.
    Tunnel,
}

impl Role {
    /// The role of an exchange looked at alone.
    pub(super) fn of(exchange: &Exchange) -> Self {
        if exchange.request.method.as_str() == "CONNECT"
            && !matches!(exchange.request.url.scheme(), "ws" | "wss")
        {
            return Self::Tunnel;
        }
        let marked = exchange.hints.resource_type == Some(ResourceType::Preflight)
            && exchange.request.method == Method::Options;
        if exchange.is_preflight() || marked {
            Self::Preflight
        } else {
            Self::Actual
        }
    }
}

/// What is or is not the case, a bit each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traits(u8);

impl Traits {
    pub(super) const VIA_SERVICE_WORKER: u8 = 1;
    pub(super) const MAY_BE_SERVED_BY_WORKER: u8 = 2;
    pub(super) const MAY_NEED_PREFLIGHT: u8 = 4;
    /// Shown without any response as DevTools shows what the HTTP cache answered and the check refused.
    pub(super) const MAY_BE_ANSWERED_BY_CACHE: u8 = 8;

    fn of(all: [(u8, bool); 4]) -> Self {
        let set = all.into_iter().filter(|(_, is_so)| *is_so);
        Self(set.fold(0, |bits, (bit, _)| bits | bit))
    }

    pub(super) fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}

/// Stands for a text; zero for none.
///
/// 64 bits: among ten million URLs two share a key once in a hundred thousand recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(u64);

/// Stands for an origin as the `Origin` header carries it.
///
/// 32 bits: compared between exchanges of a chain or a URL alone, which see a handful.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OriginKey(u32);

/// Stands for a method; compared as origins are, so that methods nobody knows may share what few bits are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MethodKey(NonZeroU16);

/// A number that is there or not in four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Number(NonZeroU32);

impl Key {
    pub(super) const NONE: Self = Self(0);

    pub(super) fn of(text: &str) -> Self {
        Self(hash(text).max(1))
    }
}

impl OriginKey {
    /// No such header.
    pub(super) const ABSENT: Self = Self(0);
    /// `null`.
    pub(super) const OPAQUE: Self = Self(1);

    fn of(origin: Option<&Origin>) -> Self {
        match origin {
            None => Self::ABSENT,
            Some(origin) if origin.is_opaque() => Self::OPAQUE,
            Some(origin) => Self((hash(origin.serialised()) as u32).max(2)),
        }
    }
}

impl MethodKey {
    pub(super) const GET: Self = Self::numbered(1);
    pub(super) const HEAD: Self = Self::numbered(2);
    pub(super) const POST: Self = Self::numbered(3);

    const fn numbered(number: u16) -> Self {
        Self(NonZeroU16::MIN.saturating_add(number))
    }

    fn of(method: &Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Head => Self::HEAD,
            Method::Post => Self::POST,
            Method::Delete => Self::numbered(4),
            Method::Options => Self::numbered(5),
            Method::Patch => Self::numbered(6),
            Method::Put => Self::numbered(7),
            Method::Other(other) => Self::numbered((hash(other) as u16).max(8)),
        }
    }
}

impl Number {
    fn of(number: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(number))
    }
}

/// The same for equal texts on every thread of a run; never printed.
fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl Mark {
    /// The mark of an exchange. Of `capture` nothing but what stands around the exchanges is read; `max_age` tells for how
    /// many seconds a preflight's answer stays in its browser's cache.
    pub(crate) fn of(
        capture: &Capture,
        exchange: &Exchange,
        max_age: impl Fn(&Exchange) -> u64,
    ) -> Self {
        let (request, hints) = (&exchange.request, &exchange.hints);
        let response = exchange.response();
        let role = Role::of(exchange);
        let seconds = match role {
            Role::Preflight => Some(max_age(exchange)),
            _ if request.method == Method::Get => response.and_then(freshness_seconds),
            _ => None,
        };
        let redirect = response.and_then(|response| redirect_target(exchange, response));
        Self {
            url: Key::of(request.url.as_str()),
            redirect: redirect.map_or(Key::NONE, |url| Key::of(url.as_str())),
            start: exchange.started.map_or(i64::MIN, |time| time.0),
            duration_ms: exchange
                .duration_ms
                .filter(|ms| ms.is_finite() && *ms > 0.0)
                .unwrap_or(0.0),
            seconds: seconds.map_or(u32::MAX, |seconds| {
                u32::try_from(seconds).unwrap_or(u32::MAX - 1)
            }),
            origin: OriginKey::of(origin_header(exchange).as_ref()),
            page: hints.page.map(Number::of),
            method: match role {
                Role::Preflight => requested_method(exchange).as_ref().map(MethodKey::of),
                _ => Some(MethodKey::of(&request.method)),
            },
            status: response.map_or(0, |response| response.status),
            resource_type: hints.resource_type,
            role,
            traits: Traits::of([
                (Traits::VIA_SERVICE_WORKER, hints.via_service_worker),
                (
                    Traits::MAY_BE_SERVED_BY_WORKER,
                    may_be_served_by_worker(capture, exchange),
                ),
                (Traits::MAY_NEED_PREFLIGHT, may_need_preflight(exchange)),
                (
                    Traits::MAY_BE_ANSWERED_BY_CACHE,
                    may_be_answered_by_cache(capture, exchange),
                ),
            ]),
        }
    }

    /// Redirect status (Fetch Standard, section 2.2.3), with somewhere to go.
    pub(super) fn redirects(&self) -> bool {
        self.redirect != Key::NONE
    }

    pub(super) fn has_ok_status(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// [`Mark::seconds`], where known.
    pub(super) fn lasts(&self) -> Option<i64> {
        (self.seconds != u32::MAX).then_some(i64::from(self.seconds))
    }
}

/// Whether an exchange may be the page's side of a service worker pair: marked, or without `Origin` and connection
/// in a recorder that does not mark it or where the worker's fetch failed.
fn may_be_served_by_worker(capture: &Capture, exchange: &Exchange) -> bool {
    if exchange.hints.via_service_worker {
        return true;
    }
    matches!(capture.recorder, Recorder::Playwright | Recorder::DevTools)
        && !exchange.request.headers_complete
        && exchange.hints.page.is_some()
        && exchange.hints.server_ip.is_none()
        && exchange.hints.connection.is_none()
        && !exchange.request.headers.contains("origin")
}

fn may_be_answered_by_cache(capture: &Capture, exchange: &Exchange) -> bool {
    matches!(exchange.outcome, Outcome::NoResponse)
        && capture.recorder == Recorder::DevTools
        && exchange.request.method == Method::Get
        && !exchange.request.headers_complete
        && exchange.hints.error.as_deref() == Some("net::ERR_FAILED")
}

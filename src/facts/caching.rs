//! Which caches may answer the next request with this answer, and whether one answered this request (RFC 9111).
//!
//! Cautious on purpose: an answer counts as stored only where a cache would use it again *without* asking the server.
//! `no-cache`, `max-age=0` and answers without any freshness are stored by many caches too, but asked about each time.

use crate::cors::header::items;
use crate::exchange::{Exchange, Method, Response};
use crate::header::HeaderList;

/// The widest cache that may use an answer again without asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Storage {
    /// None.
    #[default]
    None,
    /// One that serves a single user: the browser's.
    Private,
    /// One that serves everybody: a content delivery network, a proxy.
    Shared,
}

/// A cache that answered instead of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hit {
    /// The browser's own.
    Browser,
    /// A shared one.
    Shared,
}

/// How an answer stands to caches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caching {
    /// The widest cache that may use it again.
    pub storage: Storage,
    /// Whether the server said so, or a cache did it, rather than caches guessing from `Last-Modified`.
    pub is_explicit: bool,
    /// The cache that gave it.
    pub hit: Option<Hit>,
    /// A shared cache that stores such answers stood on the way: it answered, or asked the server and noted a miss.
    pub passed_shared: bool,
}

/// What `Cache-Control` of an answer says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// Any directive at all.
    pub any: bool,
    /// `no-store`
    pub no_store: bool,
    /// `no-cache`, with or without names.
    pub no_cache: bool,
    /// `private`, with or without names.
    pub private: bool,
    /// `public`
    pub public: bool,
    /// `must-revalidate`
    pub must_revalidate: bool,
    /// `max-age`; of several the least, and what is no number is 0.
    pub max_age: Option<u64>,
    /// `s-maxage`; likewise.
    pub s_maxage: Option<u64>,
}

impl Directives {
    /// Reads the combined `Cache-Control` of an answer.
    #[must_use]
    pub fn of(headers: &HeaderList) -> Self {
        let mut found = Self::default();
        let Some(value) = headers.get("cache-control") else {
            return found;
        };
        for item in items(&value) {
            let (name, argument) = match item.iter().position(|byte| *byte == b'=') {
                Some(at) => (item[..at].trim_ascii(), Some(item[at + 1..].trim_ascii())),
                None => (item, None),
            };
            let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
            found.any = true;
            if is(b"no-store") {
                found.no_store = true;
            } else if is(b"no-cache") {
                found.no_cache = true;
            } else if is(b"private") {
                found.private = true;
            } else if is(b"public") {
                found.public = true;
            } else if is(b"must-revalidate") {
                found.must_revalidate = true;
            } else if is(b"max-age") {
                found.max_age = least(found.max_age, argument);
            } else if is(b"s-maxage") {
                found.s_maxage = least(found.s_maxage, argument);
            }
        }
        found
    }
}

impl Caching {
    /// How an answer stands to caches.
    #[must_use]
    pub fn of(exchange: &Exchange, response: &Response) -> Self {
        let hit = if exchange.hints.from_cache {
            Some(Hit::Browser)
        } else if is_shared_hit(&response.headers) {
            Some(Hit::Shared)
        } else {
            None
        };
        let (storage, is_explicit) = match hit {
            // Whatever the headers say by now, a cache did store it.
            Some(Hit::Shared) => (Storage::Shared, true),
            Some(Hit::Browser) => (storage(exchange, response).0.max(Storage::Private), true),
            None => storage(exchange, response),
        };
        Self {
            storage,
            is_explicit,
            hit,
            passed_shared: hit == Some(Hit::Shared) || notes_miss(&response.headers),
        }
    }
}

/// Whether `Vary` keeps a stored answer from requests that differ in this request header: it names it, or says `*`.
#[must_use]
pub fn varies_by(response: &Response, name: &str) -> bool {
    response.headers.get("vary").is_some_and(|value| {
        items(&value).any(|item| item == b"*" || item.eq_ignore_ascii_case(name.as_bytes()))
    })
}

fn least(known: Option<u64>, argument: Option<&[u8]>) -> Option<u64> {
    let argument = argument.unwrap_or_default();
    let bare = argument
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""))
        .unwrap_or(argument);
    let seconds = std::str::from_utf8(bare)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(0, |text| match text {
            "" => 0,
            // More digits than 64 bits hold are simply long.
            _ => text.parse().unwrap_or(u64::MAX),
        });
    Some(known.map_or(seconds, |known| known.min(seconds)))
}

/// The widest cache that the headers let use the answer again, and whether they say so expressly (RFC 9111, sections 3,
/// 3.5 and 4.2).
fn storage(exchange: &Exchange, response: &Response) -> (Storage, bool) {
    let headers = &response.headers;
    let says = Directives::of(headers);
    let never = says.no_store
        || says.no_cache
        || (!says.any && has_item(headers, "pragma", b"no-cache"))
        || !matches!(exchange.request.method, Method::Get | Method::Head)
        || !matches!(
            response.status,
            200..=299 | 301 | 302 | 307 | 308 | 404 | 410
        )
        || headers
            .get("vary")
            .is_some_and(|value| items(&value).any(|item| item == b"*"));
    if never {
        return (Storage::None, true);
    }
    let by_expires = || expires_later(exchange, response);
    let private_life = says.max_age.map_or_else(by_expires, |seconds| seconds > 0);
    let shared_life = says.s_maxage.map_or(private_life, |seconds| seconds > 0);
    let authorized = exchange.request.headers.contains("authorization");
    let opened = says.public || says.s_maxage.is_some();
    // Section 3.5 for Authorization. Nothing forbids to store an answer that sets a cookie, yet hardly any shared cache
    // does unless told that it may.
    let withheld = says.private
        || (authorized && !opened && !says.must_revalidate)
        || (headers.contains("set-cookie") && !opened);
    if shared_life && !withheld {
        return (Storage::Shared, true);
    }
    if private_life {
        return (Storage::Private, true);
    }
    // Section 4.2.2: without a word on freshness browsers guess from the time of the last change.
    let silent = says.max_age.is_none() && says.s_maxage.is_none() && !headers.contains("expires");
    if silent
        && headers.contains("last-modified")
        && matches!(response.status, 200 | 203 | 206 | 301 | 308 | 404 | 410)
    {
        return (Storage::Private, false);
    }
    (Storage::None, true)
}

/// Whether `Expires` lies behind `Date`, or behind the time of the request where there is no `Date`.
fn expires_later(exchange: &Exchange, response: &Response) -> bool {
    let parsed = |name: &str| {
        let text = response.headers.first(name)?;
        let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(zoned.timestamp().as_nanosecond())
    };
    let Some(expires) = parsed("expires") else {
        return false;
    };
    parsed("date")
        .or_else(|| exchange.started.map(|time| i128::from(time.0)))
        .is_some_and(|now| expires > now)
}

/// Headers in which shared caches say what they did.
const CACHE_STATUS: [&str; 7] = [
    "cache-status",
    "cf-cache-status",
    "x-cache",
    "x-cache-status",
    "x-nginx-cache",
    "x-proxy-cache",
    "x-vercel-cache",
];

fn is_shared_hit(headers: &HeaderList) -> bool {
    let aged = headers
        .first("age")
        .is_some_and(|age| matches!(age.parse::<u64>(), Ok(1..)));
    aged || status_says(headers, &["hit", "stale", "updating", "revalidated"])
}

fn notes_miss(headers: &HeaderList) -> bool {
    headers.contains("age") || status_says(headers, &["miss", "expired"])
}

fn status_says(headers: &HeaderList, words: &[&str]) -> bool {
    CACHE_STATUS.iter().any(|name| {
        headers.lines(name).any(|value| {
            value
                .split(|byte| !byte.is_ascii_alphanumeric())
                .any(|word| {
                    words
                        .iter()
                        .any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
                        // CloudFront: `RefreshHit from cloudfront`.
                        || (word.eq_ignore_ascii_case(b"refreshhit") && words.contains(&"hit"))
                })
        })
    })
}

fn has_item(headers: &HeaderList, name: &str, wanted: &[u8]) -> bool {
    headers
        .get(name)
        .is_some_and(|value| items(&value).any(|item| item.eq_ignore_ascii_case(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Hints, Locus, Outcome, Request};
    use crate::url::Url;

    type Lines<'a> = &'a [(&'a str, &'a str)];

    fn caching(request: Lines<'_>, answer: Lines<'_>) -> Caching {
        let response = Response {
            status: 200,
            headers: HeaderList::from_lines(answer.iter().copied()),
            body_size: None,
            body_recorded: false,
            body_digest: None,
        };
        let exchange = Exchange {
            locus: Locus::Entry(0),
            started: None,
            duration_ms: None,
            request: Request {
                method: Method::Get,
                url: Url::parse("https://api.test/x").expect("a URL"),
                headers: HeaderList::from_lines(request.iter().copied()),
                headers_complete: true,
                listed_cookies: false,
                body_size: None,
            },
            outcome: Outcome::Response(response.clone()),
            hints: Hints::default(),
            content: None,
        };
        Caching::of(&exchange, &response)
    }

    #[test]
    fn storage_by_headers() {
        const DATE: (&str, &str) = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
        const LATER: (&str, &str) = ("Expires", "Sun, 06 Nov 1994 08:59:37 GMT");
        let cases: [(Lines, Storage, bool); 21] = [
            (&[], Storage::None, true),
            (&[("Cache-Control", "max-age=600")], Storage::Shared, true),
            (
                &[("Cache-Control", "max-age=\"600\"")],
                Storage::Shared,
                true,
            ),
            (&[("Cache-Control", "max-age=0")], Storage::None, true),
            (&[("Cache-Control", "max-age=ten")], Storage::None, true),
            (
                &[("Cache-Control", "max-age=99999999999999999999")],
                Storage::Shared,
                true,
            ),
            (
                &[("Cache-Control", "max-age=600, max-age=0")],
                Storage::None,
                true,
            ),
            (
                &[("Cache-Control", "Private, max-age=600")],
                Storage::Private,
                true,
            ),
            (
                &[("Cache-Control", "private=\"set-cookie\", max-age=600")],
                Storage::Private,
                true,
            ),
            (
                &[
                    ("Cache-Control", "max-age=600"),
                    ("Cache-Control", "no-store"),
                ],
                Storage::None,
                true,
            ),
            (
                &[("Cache-Control", "public, no-cache")],
                Storage::None,
                true,
            ),
            (&[("Cache-Control", "public")], Storage::None, true),
            (
                &[("Cache-Control", "public"), ("Last-Modified", "x")],
                Storage::Private,
                false,
            ),
            (
                &[("Cache-Control", "s-maxage=60, max-age=0")],
                Storage::Shared,
                true,
            ),
            (
                &[("Cache-Control", "s-maxage=0, max-age=60")],
                Storage::Private,
                true,
            ),
            (
                &[("Cache-Control", "max-age=60"), ("Set-Cookie", "a=")],
                Storage::Private,
                true,
            ),
            (
                &[
                    ("Cache-Control", "public, max-age=60"),
                    ("Set-Cookie", "a="),
                ],
                Storage::Shared,
                true,
            ),
            (
                &[("Cache-Control", "max-age=60"), ("Vary", "*")],
                Storage::None,
                true,
            ),
            (&[("Pragma", "no-cache"), DATE, LATER], Storage::None, true),
            (&[DATE, LATER], Storage::Shared, true),
            (
                &[("Expires", "0"), ("Last-Modified", "x")],
                Storage::None,
                true,
            ),
        ];
        for (answer, storage, is_explicit) in cases {
            let found = caching(&[], answer);
            assert_eq!(
                (found.storage, found.is_explicit),
                (storage, is_explicit),
                "{answer:?}"
            );
        }
    }

    #[test]
    fn authorization_keeps_shared_caches_away() {
        let authorized = [("Authorization", "Bearer")];
        for (value, storage) in [
            ("max-age=60", Storage::Private),
            ("max-age=60, must-revalidate", Storage::Shared),
            ("max-age=60, public", Storage::Shared),
            ("s-maxage=60", Storage::Shared),
        ] {
            let found = caching(&authorized, &[("Cache-Control", value)]);
            assert_eq!(found.storage, storage, "{value}");
        }
    }

    #[test]
    fn hits_and_misses() {
        for (name, value, hit, passed) in [
            ("Age", "120", true, true),
            ("Age", "0", false, true),
            ("Age", "x", false, true),
            ("X-Cache", "MISS, HIT", true, true),
            ("X-Cache", "Hit from cloudfront", true, true),
            ("X-Cache", "RefreshHit from cloudfront", true, true),
            ("X-Cache", "TCP_HIT", true, true),
            ("X-Cache", "Miss from cloudfront", false, true),
            ("X-Cache", "CONFIG_NOCACHE", false, false),
            ("CF-Cache-Status", "HIT", true, true),
            ("CF-Cache-Status", "DYNAMIC", false, false),
            ("CF-Cache-Status", "BYPASS", false, false),
            ("Cache-Status", "edge; hit; ttl=30", true, true),
            ("Cache-Status", "edge; fwd=uri-miss; stored", false, true),
            ("X-White-Label", "hit", false, false),
        ] {
            let found = caching(&[], &[(name, value)]);
            assert_eq!(
                (found.hit == Some(Hit::Shared), found.passed_shared),
                (hit, passed),
                "{name}: {value}"
            );
        }
    }
}

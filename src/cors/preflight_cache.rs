//! The CORS-preflight cache (Fetch Standard, section 4.9): whether an entry makes a preflight unnecessary.

use super::fetch::CacheEntry;
use super::header::TokenList;
use super::origin::Origin;
use super::request::CredentialsMode;
use super::safelist::AuthorSet;
use super::trace::{Trace, Value};
use super::verdict::Engine;
use crate::exchange::Method;
use crate::url::Url;

/// Life of an entry whose answer names none, in seconds.
const DEFAULT_MAX_AGE: u64 = 5;

/// What a request asks of the cache.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need<'a> {
    pub(super) origin: &'a Origin,
    pub(super) url: &'a Url,
    pub(super) credentials: CredentialsMode,
    pub(super) method: &'a Method,
    pub(super) names: AuthorSet<'a>,
    /// The use-CORS-preflight flag.
    pub(super) forced: bool,
}

/// Whether the entry covers the request, as the engine keeps its cache.
pub(super) fn covers<T: Trace>(
    entry: &CacheEntry<'_>,
    need: Need<'_>,
    engine: Engine,
    trace: &mut T,
) -> bool {
    let keys = matches_key(entry, need, engine);
    trace.clause(
        "CORS-preflight cache: cache entry match",
        "URL",
        Value::Text(entry.url.as_str()),
        keys,
    );
    if !keys {
        return false;
    }
    let life = max_age_seconds(entry.max_age, engine);
    let fresh = entry.age_seconds < life;
    trace.clause(
        "CORS-preflight cache: younger than max-age",
        "seconds since the preflight",
        Value::Number(entry.age_seconds),
        fresh,
    );
    if !fresh {
        return false;
    }
    let method = covers_method(entry, need, engine);
    trace.clause(
        "CORS-preflight cache: method cache entry match",
        "method",
        Value::Text(need.method.as_str()),
        method,
    );
    method && covers_names(entry, need, engine, trace)
}

/// How long an answer serves: its `Access-Control-Max-Age` (step 7.8 to 7.10 of CORS-preflight fetch), capped.
#[must_use]
pub fn max_age_seconds(max_age: Option<&[u8]>, engine: Engine) -> u64 {
    let profile = engine.preflight_cache();
    let seconds = match max_age {
        None => DEFAULT_MAX_AGE,
        Some(value) => match delta_seconds(value) {
            Some(seconds) => seconds,
            None if profile.bad_max_age_stores_nothing => 0,
            None if profile.negative_max_age_is_zero
                && value
                    .strip_prefix(b"-")
                    .is_some_and(|rest| delta_seconds(rest).is_some()) =>
            {
                0
            }
            None => DEFAULT_MAX_AGE,
        },
    };
    profile.cap.map_or(seconds, |cap| seconds.min(cap))
}

fn matches_key(entry: &CacheEntry<'_>, need: Need<'_>, engine: Engine) -> bool {
    let include = need.credentials.is_include();
    let credentials = if engine.preflight_cache().keyed_by_credentials {
        entry.credentials == include
    } else {
        entry.credentials || !include
    };
    entry.origin == need.origin && entry.url == need.url && credentials
}

fn covers_method(entry: &CacheEntry<'_>, need: Need<'_>, engine: Engine) -> bool {
    let profile = engine.preflight_cache();
    let must_be_listed = !need.method.is_cors_safelisted()
        || (need.forced && profile.forced_needs_method)
        || (profile.head_needs_method && *need.method == Method::Head);
    if !must_be_listed {
        return true;
    }
    let Ok(methods) = TokenList::parse(entry.allow_methods) else {
        return false;
    };
    methods.contains(need.method.as_str().as_bytes())
        || (methods.has_wildcard() && wildcard_counts(entry, engine))
}

fn covers_names<T: Trace>(
    entry: &CacheEntry<'_>,
    need: Need<'_>,
    engine: Engine,
    trace: &mut T,
) -> bool {
    let Ok(names) = TokenList::parse(entry.allow_headers) else {
        return false;
    };
    let wildcard = names.has_wildcard() && wildcard_counts(entry, engine);
    let covers_authorization = engine.preflight_cache().wildcard_covers_authorization;
    need.names.unsafe_names().all(|name| {
        let covered = names.contains_ignore_case(name)
            || (wildcard && (covers_authorization || !name.eq_ignore_ascii_case(b"authorization")));
        trace.clause(
            "CORS-preflight cache: header-name cache entry match",
            "header",
            Value::Bytes(name),
            covered,
        );
        covered
    })
}

/// A `*` stored with credentials is a literal in engines; the standard's cache entry match takes it for any.
fn wildcard_counts(entry: &CacheEntry<'_>, engine: Engine) -> bool {
    engine.preflight_cache().wildcard && (engine == Engine::Standard || !entry.credentials)
}

/// 1*DIGIT; numbers beyond 64 bits are simply long.
fn delta_seconds(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(value.iter().fold(0_u64, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_age() {
        let cases: [(Option<&[u8]>, Engine, u64); 9] = [
            (None, Engine::Firefox, 5),
            (Some(b"60"), Engine::Standard, 60),
            (Some(b"99999999999999999999999"), Engine::Chromium, 7200),
            (Some(b"3600"), Engine::WebKit, 600),
            (Some(b"3.5"), Engine::Firefox, 0),
            (Some(b"3.5"), Engine::Chromium, 5),
            (Some(b"-1"), Engine::Chromium, 0),
            (Some(b"-1"), Engine::Standard, 5),
            (Some(b""), Engine::Standard, 5),
        ];
        for (value, engine, expected) in cases {
            assert_eq!(
                max_age_seconds(value, engine),
                expected,
                "{value:?} {engine:?}"
            );
        }
    }
}

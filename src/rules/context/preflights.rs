//! Preflights that were asked again and again: when, and for how long each answer served.
//!
//! Bounded by the distinct questions (one client's origin, URL, method, header names and credentials), of which each
//! keeps its earliest askings.

use rustc_hash::FxHashMap;

use super::url_key::{UrlKey, hash_of};
use super::{Context, FetchView};
use crate::cors::header::items;
use crate::cors::{Class, Engine, Phase, max_age_seconds};
use crate::exchange::{Capture, Exchange, Recorder};
use crate::pairing::{Hop, PreflightLink};

/// Askings kept of one question.
const KEPT: usize = 64;

/// The longest that any browser whose name is unknown keeps an answer: what the strictest of them keeps (WebKit).
const LEAST_CAP: u64 = 600;

const NANOSECONDS: i64 = 1_000_000_000;

/// Preflights by question.
#[derive(Clone, Debug, Default)]
pub(super) struct Preflights {
    asked: FxHashMap<Question, Asked>,
}

/// What makes two preflights the same to a browser's cache, hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Question(u64);

#[derive(Clone, Debug, Default)]
struct Asked {
    count: u64,
    // The earliest, in order.
    kept: Vec<Asking>,
}

/// One preflight: when it was sent, when its answer stood, how long that answer served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Asking {
    start: i64,
    end: i64,
    life: i64,
    cap: i64,
}

/// A question that was asked again although a browser could have known the answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repetition {
    /// How often it was asked in all.
    pub asked: u64,
    /// How many of the askings that were kept a longer `Access-Control-Max-Age` would have spared.
    pub spared: u64,
    /// Whether all askings were kept.
    pub is_all: bool,
    /// What those took together, in milliseconds.
    pub waited_ms: u64,
}

impl Preflights {
    /// Takes in the preflights of one fetch.
    pub(super) fn observe(&mut self, view: FetchView<'_>) {
        for hop in &view.judged.fetch.hops {
            let Some((question, asking)) = asking(view, hop) else {
                continue;
            };
            let asked = self.asked.entry(question).or_default();
            asked.count += 1;
            asked.keep(asking);
        }
    }

    /// Joins what another part has seen.
    pub(super) fn merge(&mut self, other: Self) {
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (question, asked) in other.asked {
            let known = self.asked.entry(question).or_default();
            known.count += asked.count;
            for asking in asked.kept {
                known.keep(asking);
            }
        }
    }
}

impl Context {
    /// Whether a longer `Access-Control-Max-Age` would have spared the preflight of this hop; and how often that was so
    /// of the same question.
    #[must_use]
    pub fn repetition(&self, view: FetchView<'_>, hop: &Hop) -> Option<Repetition> {
        let (question, own) = asking(view, hop)?;
        let asked = self.preflights.asked.get(&question)?;
        if asked.count < 3 || !asked.spares(own) {
            return None;
        }
        let spared = asked.kept.iter().filter(|asking| asked.spares(**asking));
        let (mut count, mut waited) = (0, 0_i64);
        for asking in spared {
            count += 1;
            waited = waited.saturating_add(asking.end.saturating_sub(asking.start));
        }
        Some(Repetition {
            asked: asked.count,
            spared: count,
            is_all: asked.count <= KEPT as u64,
            waited_ms: u64::try_from(waited / 1_000_000).unwrap_or(0),
        })
    }
}

impl Asked {
    fn keep(&mut self, asking: Asking) {
        let at = self.kept.partition_point(|known| *known <= asking);
        if at < KEPT {
            // Most questions are asked once.
            self.kept.reserve_exact(1);
            self.kept.insert(at, asking);
            self.kept.truncate(KEPT);
        }
    }

    /// Whether the latest answer that stood when this was asked had run out by itself, and would have served longer had
    /// it said so. An answer that still served was not used for some other reason: caches switched off, another cache.
    fn spares(&self, asking: Asking) -> bool {
        self.kept
            .iter()
            .take_while(|known| known.start <= asking.start)
            .filter(|known| known.end <= asking.start && **known != asking)
            .max_by_key(|known| known.end)
            .is_some_and(|known| {
                let gap = asking.start.saturating_sub(known.end);
                gap >= known.life && gap < known.cap
            })
    }
}

/// The preflight that cleared the way for a hop's request, as a question and one asking of it. `None` where it failed,
/// where the recording does not say when, where the client had its caches switched off, and where one connection may
/// carry several clients.
fn asking(view: FetchView<'_>, hop: &Hop) -> Option<(Question, Asking)> {
    let PreflightLink::Recorded(index) = hop.preflight else {
        return None;
    };
    let exchange = |index: u32| view.capture.exchanges.get(index as usize);
    let (preflight, actual) = (exchange(index)?, exchange(hop.exchange?)?);
    let verdict = &view.judged.verdict;
    let refused = verdict.phase == Phase::Preflight && verdict.class() == Class::Blocked;
    let response = preflight
        .response()
        .filter(|answer| answer.is_ok_status())?;
    if refused || bypasses_caches(preflight, preflight) || bypasses_caches(actual, preflight) {
        return None;
    }
    let client = client(view.capture, preflight)?;
    let start = preflight.started?.0;
    let took = preflight
        .duration_ms
        .filter(|ms| ms.is_finite() && *ms > 0.0)
        .map_or(0, |ms| (f64::from(ms) * 1e6) as i64);
    let value = response.headers.get("access-control-max-age");
    let engine = verdict.engine;
    let asking = Asking {
        start,
        end: start.saturating_add(took),
        life: nanoseconds(max_age_seconds(value.as_deref(), engine)),
        cap: nanoseconds(cap_seconds(engine)),
    };
    let line = |name: &str| preflight.request.headers.get(name).unwrap_or_default();
    let names = line("access-control-request-headers");
    let mut names: Vec<Vec<u8>> = items(&names).map(<[u8]>::to_ascii_lowercase).collect();
    names.sort_unstable();
    let question = hash_of(&(
        &*view.capture.source,
        client,
        line("origin"),
        UrlKey::of(&preflight.request.url),
        line("access-control-request-method"),
        names,
        view.judged
            .fetch
            .credentials
            .value
            .map(|mode| mode.is_include()),
    ));
    Some((Question(question), asking))
}

/// How long a browser of this engine keeps an answer at most.
fn cap_seconds(engine: Engine) -> u64 {
    match engine {
        Engine::Shipping | Engine::Standard => LEAST_CAP,
        named => max_age_seconds(Some(b"4294967295"), named),
    }
}

fn nanoseconds(seconds: u64) -> i64 {
    i64::try_from(seconds)
        .unwrap_or(i64::MAX)
        .saturating_mul(NANOSECONDS)
}

/// Whether the request was sent past all caches, as a browser does while its developer tools are told so. Where the
/// preflight announces the header, a script set it.
fn bypasses_caches(exchange: &Exchange, preflight: &Exchange) -> bool {
    let has = |exchange: &Exchange, name: &str, wanted: &[u8]| {
        exchange
            .request
            .headers
            .get(name)
            .is_some_and(|value| items(&value).any(|item| item.eq_ignore_ascii_case(wanted)))
    };
    has(exchange, "cache-control", b"no-cache")
        && has(exchange, "pragma", b"no-cache")
        && !has(
            preflight,
            "access-control-request-headers",
            b"cache-control",
        )
}

/// What tells one client of a recording from another. A recorder in a browser sees one; a capture sees whoever came by,
/// and there a connection is one client's unless a proxy stands before it.
fn client(capture: &Capture, preflight: &Exchange) -> Option<u32> {
    let headers = &preflight.request.headers;
    if ["forwarded", "via", "x-forwarded-for"]
        .iter()
        .any(|name| headers.contains(name))
    {
        return None;
    }
    match capture.recorder {
        Recorder::Packets => preflight.hints.connection,
        _ => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(askings: &[(i64, i64)], life: i64) -> Asked {
        let mut asked = Asked::default();
        // The order in which they are met must not matter.
        for &(start, end) in askings.iter().rev() {
            asked.count += 1;
            asked.keep(Asking {
                start,
                end,
                life,
                cap: 600,
            });
        }
        asked
    }

    #[test]
    fn what_a_longer_life_spares() {
        for (askings, life, expected, desc) in [
            (
                &[(0, 1), (10, 11), (20, 21)][..],
                5,
                2,
                "each after the last ran out",
            ),
            (&[(0, 9), (1, 9), (2, 9)], 5, 0, "side by side"),
            (
                &[(0, 1), (3, 4), (5, 6)],
                5,
                0,
                "while the answer served: caches are off",
            ),
            (
                &[(0, 1), (700, 701), (1500, 1501)],
                5,
                0,
                "longer apart than any browser keeps",
            ),
            (&[(0, 1), (10, 11)], 0, 1, "not kept at all"),
        ] {
            let asked = asked(askings, life);
            let spared = asked.kept.iter().filter(|one| asked.spares(**one)).count();
            assert_eq!(spared, expected, "{desc}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let many: Vec<(i64, i64)> = (0..1000).map(|at| (at * 10, at * 10 + 1)).collect();
        let asked = asked(&many, 5);
        assert_eq!((asked.count, asked.kept.len()), (1000, KEPT));
        assert_eq!(asked.kept[0].start, 0);
    }
}

//! What was seen of URLs that several parties asked for: how each was answered, and whether the body was everybody's.
//!
//! Bounded by the distinct URLs: of each a few states and for each state two origins are kept, the least in order, so
//! that merging commutes.

use rustc_hash::FxHashMap;

use super::url_key::{UrlKey, hash_of};
use super::{Context, FetchView};
use crate::cors::Origin;
use crate::exchange::{Capture, Exchange, Method};
use crate::facts::{Policy, Relation, network, relation};

/// States of `Access-Control-Allow-Origin` kept of a URL; two tell that it varies.
const STATES: usize = 8;

/// What was seen of URLs.
#[derive(Clone, Debug, Default)]
pub(super) struct CacheFacts {
    answers: FxHashMap<UrlKey, Answers>,
    bodies: FxHashMap<UrlKey, Bodies>,
    // By server: two origins, the least in order, that it granted by name.
    named: FxHashMap<Origin, Pair>,
}

/// How a URL answered.
#[derive(Clone, Debug, Default)]
struct Answers {
    // Ordered by state.
    states: Vec<(State, Pair)>,
}

/// `Access-Control-Allow-Origin` of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Absent,
    Star,
    // Hash of the value.
    Named(u64),
}

/// One or two origins, the least in order of all that were added.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pair(Origin, Option<Origin>);

/// Digests of a URL's bodies, by whether the user's credentials travelled.
#[derive(Clone, Copy, Debug, Default)]
struct Bodies {
    with: Digest,
    without: Digest,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Digest {
    #[default]
    Unseen,
    One(u64),
    Several,
}

/// That a URL answered two origins differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependence {
    /// The other origin.
    pub other: Origin,
    /// Whether both belong to one site, so that their pages share what a browser stored: browsers keep apart what pages
    /// of different sites loaded.
    pub within_site: bool,
}

impl CacheFacts {
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
        let bodies = self
            .bodies
            .entry(UrlKey::of(&exchange.request.url))
            .or_default();
        let side = if with {
            &mut bodies.with
        } else {
            &mut bodies.without
        };
        *side = side.and(Digest::One(digest.get()));
    }

    /// Takes in the answer of one fetch.
    pub(super) fn observe(&mut self, view: FetchView<'_>) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        // What the browser's cache gave was no answer to this request.
        if !policy.response.is_ok_status()
            || policy.response.status == 204
            || policy.exchange.hints.from_cache
            || policy.exchange.hints.via_service_worker
        {
            return;
        }
        let Some(asker) = asked_as(policy.exchange) else {
            return;
        };
        let answers = self
            .answers
            .entry(UrlKey::of(&policy.exchange.request.url))
            .or_default();
        answers.add(State::of(&policy), Pair(asker.clone(), None));
        if policy.value.as_deref() == Some(asker.serialised().as_bytes()) {
            note(&mut self.named, policy.target, Pair(asker, None));
        }
    }

    /// Joins what another part has seen.
    pub(super) fn merge(&mut self, other: Self) {
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (key, answers) in other.answers {
            let known = self.answers.entry(key).or_default();
            for (state, pair) in answers.states {
                known.add(state, pair);
            }
        }
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (key, bodies) in other.bodies {
            let known = self.bodies.entry(key).or_default();
            known.with = known.with.and(bodies.with);
            known.without = known.without.and(bodies.without);
        }
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (target, pair) in other.named {
            note(&mut self.named, &target, pair);
        }
    }
}

impl Context {
    /// Gate G1, "proven": the very same URL gave the very same body with the user's credentials and without any, and the
    /// server stands where everybody reaches it. What a page could read of it, anybody can.
    ///
    /// Two users with equal bodies would prove it too, but recordings are read without cookie values, so that nobody
    /// can tell two users from one.
    #[must_use]
    pub fn is_proven_public(&self, exchange: &Exchange) -> bool {
        if !network(exchange).is_public() {
            return false;
        }
        self.cache
            .bodies
            .get(&UrlKey::of(&exchange.request.url))
            .is_some_and(|bodies| {
                matches!(bodies.with, Digest::One(_)) && bodies.with == bodies.without
            })
    }

    /// Whether the very same URL gave one body with the user's credentials and another without any: it depends on the
    /// user, or on the time.
    #[must_use]
    pub fn changes_with_credentials(&self, exchange: &Exchange) -> bool {
        self.cache
            .bodies
            .get(&UrlKey::of(&exchange.request.url))
            .is_some_and(|bodies| {
                matches!(
                    (bodies.with, bodies.without),
                    (Digest::One(with), Digest::One(without)) if with != without
                )
            })
    }

    /// Whether the grant of a URL depends on who asks: another origin got another `Access-Control-Allow-Origin` than this
    /// policy's.
    #[must_use]
    pub fn grant_depends_on_origin(&self, policy: &Policy<'_>) -> Option<Dependence> {
        let asker = asked_as(policy.exchange).or_else(|| policy.reader.cloned())?;
        let own = State::of(policy);
        let answers = self
            .cache
            .answers
            .get(&UrlKey::of(&policy.exchange.request.url))?;
        let mut found: Option<Dependence> = None;
        for (_, others) in answers.states.iter().filter(|(state, _)| *state != own) {
            for other in others.iter().filter(|other| **other != asker) {
                let within_site = relation(&asker, other) == Relation::SameSite;
                if found
                    .as_ref()
                    .is_none_or(|known| within_site && !known.within_site)
                {
                    found = Some(Dependence {
                        other: other.clone(),
                        within_site,
                    });
                }
            }
        }
        found
    }

    /// An origin other than this one that the server granted by name, at any URL: its grants are made for each request.
    #[must_use]
    pub fn grants_another_by_name(&self, target: &Origin, not: &Origin) -> Option<&Origin> {
        let pair = self.cache.named.get(target)?;
        pair.iter().find(|origin| *origin != not)
    }

    /// Whether this URL answered an origin with its own name.
    #[must_use]
    pub fn granted_by_name(&self, exchange: &Exchange, origin: &Origin) -> bool {
        let state = State::Named(hash_of(&origin.serialised().as_bytes()));
        self.cache
            .answers
            .get(&UrlKey::of(&exchange.request.url))
            .is_some_and(|answers| {
                answers
                    .states
                    .iter()
                    .any(|(known, asked)| *known == state && asked.iter().any(|one| one == origin))
            })
    }

    /// Whether this URL granted anybody who sent `Origin`; who it was.
    #[must_use]
    pub fn granted_with_origin(&self, exchange: &Exchange) -> Option<&Origin> {
        let answers = self.cache.answers.get(&UrlKey::of(&exchange.request.url))?;
        answers
            .states
            .iter()
            .find(|(state, _)| *state != State::Absent)
            .map(|(_, asked)| &asked.0)
    }
}

impl Answers {
    fn add(&mut self, state: State, asked: Pair) {
        match self.states.binary_search_by_key(&state, |known| known.0) {
            Ok(at) => self.states[at].1.join(asked),
            Err(at) => {
                // Most URLs have one state for ever.
                self.states.reserve_exact(1);
                self.states.insert(at, (state, asked));
                self.states.truncate(STATES);
            }
        }
    }
}

impl State {
    fn of(policy: &Policy<'_>) -> Self {
        match policy.value.as_deref() {
            None => Self::Absent,
            Some(b"*") => Self::Star,
            Some(value) => Self::Named(hash_of(&value)),
        }
    }
}

impl Pair {
    fn join(&mut self, other: Self) {
        for origin in [Some(other.0), other.1].into_iter().flatten() {
            if origin == self.0 || self.1.as_ref() == Some(&origin) {
                continue;
            }
            if origin < self.0 {
                self.1 = Some(std::mem::replace(&mut self.0, origin));
            } else if self.1.as_ref().is_none_or(|second| origin < *second) {
                self.1 = Some(origin);
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Origin> {
        std::iter::once(&self.0).chain(&self.1)
    }
}

impl Digest {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unseen, known) | (known, Self::Unseen) => known,
            (Self::One(one), Self::One(same)) if one == same => self,
            _ => Self::Several,
        }
    }
}

fn note(named: &mut FxHashMap<Origin, Pair>, target: &Origin, pair: Pair) {
    match named.get_mut(target) {
        Some(known) => known.join(pair),
        None => {
            named.insert(target.clone(), pair);
        }
    }
}

/// The origin that a request names itself.
fn asked_as(exchange: &Exchange) -> Option<Origin> {
    Origin::parse(&exchange.request.headers.get("origin")?)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(order: impl Iterator<Item = u64>) -> Answers {
        let mut answers = Answers::default();
        for n in order {
            let origin = Origin::from_serialised(&format!("https://{n:02}.test"));
            answers.add(State::Named(n % 11), Pair(origin, None));
        }
        answers
    }

    #[test]
    fn any_order_and_any_split_keep_the_same() {
        let straight = answers(0..60);
        assert_eq!(straight.states.len(), STATES);
        assert_eq!(straight.states[3].1.iter().count(), 2);
        assert_eq!(answers((0..60).rev()).states, straight.states);
        // 7 and 60 share no divisor: every number once.
        assert_eq!(answers((0..60).map(|n| n * 7 % 60)).states, straight.states);
        let mut joined = answers(30..60);
        for (state, pair) in answers(0..30).states {
            joined.add(state, pair);
        }
        assert_eq!(joined.states, straight.states);
    }

    #[test]
    fn digests() {
        let one = Digest::One(1);
        assert_eq!(one.and(Digest::Unseen).and(one), one);
        assert_eq!(one.and(Digest::One(2)), Digest::Several);
        assert_eq!(Digest::Several.and(one), Digest::Several);
    }
}

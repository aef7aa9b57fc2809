//! What was seen of URLs that several parties asked for: how each was answered, and whether the body was everybody's.
//!
//! Bounded by the distinct URLs: of each a few states and for each state two origins are kept, the least in order, so
//! that merging commutes.

use rustc_hash::FxHashMap;

use super::url_key::{UrlKey, hash_of};
use super::{Context, FetchView};
use crate::cors::Origin;
use crate::exchange::Exchange;
use crate::facts::{Policy, Relation, relation};
use crate::flyweight::{FlyweightMap, Light};

/// States of `Access-Control-Allow-Origin` kept of a URL; two tell that it varies.
const STATES: usize = 8;

/// What was seen of URLs.
#[derive(Clone, Debug, Default)]
pub(super) struct CacheFacts {
    answers: FlyweightMap<UrlKey, Answers>,
    // By server: two origins, the least in order, that it granted by name.
    named: FxHashMap<Origin, Pair>,
}

/// How a URL answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Answers {
    // Ordered by state.
    states: Vec<(State, Pair)>,
}

/// `Access-Control-Allow-Origin` of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum State {
    Absent,
    Star,
    // Hash of the value.
    Named(u64),
}

/// One or two origins, the least in order of all that were added.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pair(Origin, Option<Origin>);

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
        self.answers
            .update(UrlKey::of(&policy.exchange.request.url), |answers| {
                answers.add(State::of(&policy), Pair(asker.clone(), None));
            });
        if policy.value.as_deref() == Some(asker.serialised().as_bytes()) {
            note(&mut self.named, policy.target, Pair(asker, None));
        }
    }

    /// Joins what another part has seen.
    pub(super) fn merge(&mut self, other: Self) {
        self.answers.merge(other.answers, |known, answers| {
            for (state, pair) in &answers.states {
                known.add(*state, pair.clone());
            }
        });
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (target, pair) in other.named {
            note(&mut self.named, &target, pair);
        }
    }
}

impl Context {
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

impl Light for Answers {
    fn is_light(&self) -> bool {
        self.states.len() <= STATES
    }
}

impl Answers {
    fn add(&mut self, state: State, asked: Pair) {
        match self.states.binary_search_by_key(&state, |known| known.0) {
            Ok(at) => self.states[at].1.join(asked),
            Err(at) => {
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
}

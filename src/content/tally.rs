//! Counts what is met, by kind, without keeping a value.

use std::hash::Hasher;

use rustc_hash::{FxHashSet, FxHasher};

use super::{Kind, Place, Sighting, limits};
use crate::redact;

/// What was met in one place.
#[derive(Debug, Default)]
pub(super) struct Tally {
    kinds: [Option<Met>; Kind::ALL.len()],
}

/// Values of one kind.
#[derive(Debug)]
struct Met {
    offset: usize,
    pointer: Option<Box<str>>,
    hash: Option<[u8; 3]>,
    /// Digests of the different values.
    values: FxHashSet<u64>,
}

impl Tally {
    /// Counts a value that begins at an offset of the text.
    pub(super) fn meet(&mut self, kind: Kind, offset: usize, value: &[u8]) {
        self.add(kind, offset, None, value);
    }

    /// Counts a value that stands under a name.
    pub(super) fn meet_under(&mut self, kind: Kind, name: &str, value: &[u8]) {
        self.add(kind, usize::MAX, Some(name), value);
    }

    fn add(&mut self, kind: Kind, offset: usize, name: Option<&str>, value: &[u8]) {
        let mut hasher = FxHasher::default();
        hasher.write(value);
        let digest = hasher.finish();
        let slot = &mut self.kinds[kind as usize];
        let met = slot.get_or_insert_with(|| Met {
            offset,
            pointer: None,
            hash: None,
            values: FxHashSet::default(),
        });
        let is_first = met.values.is_empty() || offset < met.offset;
        if met.values.len() < limits::MOST_VALUES {
            met.values.insert(digest);
        }
        if is_first {
            met.offset = offset;
            met.pointer = name.map(Into::into);
            met.hash = is_hashed(kind).then(|| redact::keyed_hash(value)).flatten();
        }
    }

    /// Whether nothing was met.
    pub(super) fn is_empty(&self) -> bool {
        self.kinds.iter().all(Option::is_none)
    }

    /// What was met, by kind. `pointers` gives the pointers of offsets, which come in ascending order.
    pub(super) fn sightings(
        self,
        place: Place,
        pointers: impl FnOnce(&[usize]) -> Vec<Box<str>>,
    ) -> Vec<Sighting> {
        let mut offsets: Vec<usize> = self
            .kinds
            .iter()
            .flatten()
            .filter(|met| met.pointer.is_none())
            .map(|met| met.offset)
            .collect();
        offsets.sort_unstable();
        offsets.dedup();
        let pointers = pointers(&offsets);
        Kind::ALL
            .into_iter()
            .zip(self.kinds)
            .filter_map(|(kind, met)| {
                let met = met?;
                let pointer = met.pointer.unwrap_or_else(|| {
                    let at = offsets.binary_search(&met.offset).ok();
                    at.and_then(|at| pointers.get(at).cloned())
                        .unwrap_or_default()
                });
                Some(Sighting {
                    place,
                    kind,
                    pointer,
                    count: met.values.len() as u32,
                    hash: met.hash,
                })
            })
            .collect()
    }
}

/// Whether a hash may tell equal values. Numbers of few digits could be found again by trying them all.
fn is_hashed(kind: Kind) -> bool {
    match kind {
        Kind::ApiKey
        | Kind::CsrfToken
        | Kind::Email
        | Kind::Iban
        | Kind::Jwt
        | Kind::OauthToken
        | Kind::SessionId => true,
        Kind::AccountData | Kind::Geo | Kind::GovId | Kind::Health | Kind::Pan | Kind::Phone => {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_once_and_the_first_is_told() {
        let mut tally = Tally::default();
        assert!(tally.is_empty());
        for (offset, value) in [(40, "b@x.test"), (10, "a@x.test"), (70, "b@x.test")] {
            tally.meet(Kind::Email, offset, value.as_bytes());
        }
        tally.meet_under(Kind::Phone, "tel", b"4915123456789");
        let found = tally.sightings(Place::ResponseBody, |offsets| {
            offsets
                .iter()
                .map(|offset| format!("/{offset}").into())
                .collect()
        });
        let email = Sighting {
            place: Place::ResponseBody,
            kind: Kind::Email,
            pointer: "/10".into(),
            count: 2,
            hash: redact::keyed_hash(b"a@x.test"),
        };
        let phone = Sighting {
            kind: Kind::Phone,
            pointer: "tel".into(),
            count: 1,
            hash: None,
            ..email.clone()
        };
        assert_eq!(found, [email, phone]);
    }

    #[test]
    fn kinds_stand_in_their_order() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index);
        }
    }
}

//! Occurrences of one cause on many endpoints of a host become one, as they come.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Pending, Rank};
use crate::rules::Declaration;

/// So many endpoints of a host with the same cause, as bad and as sure, are one finding of the host.
const FOLD: usize = 5;
/// The endpoint of findings about a whole host.
const WHOLE_HOST: &str = "*";

/// Occurrences of one cause and rank on the endpoints of a host.
#[derive(Debug)]
pub(super) enum Endpoints {
    /// Fewer than [`FOLD`].
    Each(BTreeMap<Box<str>, Pending>),
    /// As one.
    Folded(Box<Pending>),
}

/// The occurrences of all ranks by endpoint, [`WHOLE_HOST`] for those that were folded, and for all that are not as bad or
/// as sure as those: what is said of the whole host need not be said of its endpoints.
pub(super) fn by_endpoint(ranks: BTreeMap<Rank, Endpoints>) -> BTreeMap<Box<str>, Pending> {
    let mut out = BTreeMap::new();
    let mut is_told = false;
    for endpoints in ranks.into_values().rev() {
        match endpoints {
            Endpoints::Each(each) => {
                for (endpoint, pending) in each {
                    let endpoint = if is_told { WHOLE_HOST.into() } else { endpoint };
                    add(&mut out, endpoint, pending);
                }
            }
            Endpoints::Folded(pending) => {
                is_told = true;
                add(&mut out, WHOLE_HOST.into(), *pending);
            }
        }
    }
    out
}

fn add(endpoints: &mut BTreeMap<Box<str>, Pending>, endpoint: Box<str>, pending: Pending) {
    match endpoints.entry(endpoint) {
        Entry::Vacant(entry) => {
            entry.insert(pending);
        }
        Entry::Occupied(mut entry) => entry.get_mut().merge(pending),
    }
}

impl Endpoints {
    /// What is pending of an endpoint, or of all.
    pub(super) fn pending(
        &mut self,
        endpoint: &str,
        folds: bool,
        declaration: &'static Declaration,
    ) -> &mut Pending {
        if let Self::Each(each) = self
            && !each.contains_key(endpoint)
        {
            each.insert(endpoint.into(), Pending::new(declaration));
            if folds {
                self.fold();
            }
        }
        match self {
            Self::Each(each) => each.get_mut(endpoint).expect("inserted above"),
            Self::Folded(pending) => pending,
        }
    }

    /// Joins the endpoints, if there are so many.
    fn fold(&mut self) {
        let Self::Each(each) = self else {
            return;
        };
        if each.len() < FOLD {
            return;
        }
        let mut each = std::mem::take(each).into_values();
        if let Some(mut all) = each.next() {
            each.for_each(|pending| all.merge(pending));
            *self = Self::Folded(Box::new(all));
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Each(known), Self::Each(other)) => {
                for (endpoint, pending) in other {
                    add(known, endpoint, pending);
                }
                self.fold();
            }
            (Self::Folded(known), Self::Each(other)) => {
                other.into_values().for_each(|pending| known.merge(pending));
            }
            (Self::Each(known), Self::Folded(mut all)) => {
                let known = std::mem::take(known);
                known.into_values().for_each(|pending| all.merge(pending));
                *self = Self::Folded(all);
            }
            (Self::Folded(known), Self::Folded(other)) => known.merge(*other),
        }
    }
}

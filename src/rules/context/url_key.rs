//! Whole URLs as keys: a hash, so that what is kept of a recording holds no query values.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::redact;
use crate::url::Url;

/// Stands for a whole URL, query included, its secrets replaced as in [`crate::evidence`]: equal URLs are equal in a
/// recording and in the evidence of it.
///
/// 64 bits: among ten million URLs two share a key once in a hundred thousand recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct UrlKey(u64);

impl UrlKey {
    pub(super) fn of(url: &Url) -> Self {
        Self(hash_of(&redact::url(url)))
    }
}

/// The same for equal values on every thread of a run; never printed.
pub(super) fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

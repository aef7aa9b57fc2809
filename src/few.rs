//! A map that mostly holds one entry.

use std::borrow::Borrow;
use std::collections::BTreeMap;

/// An ordered map whose first entry needs no tree: a node of a tree has room for eleven.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Few<K, V> {
    /// One entry at most.
    One(Option<(K, V)>),
    /// Several.
    Many(BTreeMap<K, V>),
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self::One(None)
    }
}

impl<K: Ord, V> Few<K, V> {
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        match self {
            Self::One(one) => one
                .as_ref()
                .filter(|(known, _)| known.borrow() == key)
                .map(|(_, value)| value),
            Self::Many(map) => map.get(key),
        }
    }

    /// Whether there is such a key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }

    /// Entries in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let (one, many) = match self {
            Self::One(one) => (one.as_ref(), None),
            Self::Many(map) => (None, Some(map)),
        };
        let one = one.into_iter().map(|(key, value)| (key, value));
        one.chain(many.into_iter().flatten())
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        match self {
            Self::One(one) => usize::from(one.is_some()),
            Self::Many(map) => map.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// Values in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

impl<K: Ord, V: Default> Few<K, V> {
    /// The value of a key, made if there is none.
    pub fn or_default(&mut self, key: K) -> &mut V {
        if let Self::One(one) = self
            && one.as_ref().is_some_and(|(known, _)| *known != key)
        {
            *self = Self::Many(one.take().into_iter().collect());
        }
        match self {
            Self::One(one) => &mut one.get_or_insert_with(|| (key, V::default())).1,
            Self::Many(map) => map.entry(key).or_default(),
        }
    }
}

impl<K, V> IntoIterator for Few<K, V> {
    type Item = (K, V);
    type IntoIter = std::iter::Chain<
        std::option::IntoIter<(K, V)>,
        std::collections::btree_map::IntoIter<K, V>,
    >;

    fn into_iter(self) -> Self::IntoIter {
        let (one, many) = match self {
            Self::One(one) => (one, BTreeMap::new()),
            Self::Many(map) => (None, map),
        };
        one.into_iter().chain(many)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_as_a_tree() {
        let (mut few, mut tree) = (Few::<u32, u32>::default(), BTreeMap::new());
        assert!(few.is_empty());
        for key in [7, 7, 3, 9, 3, 7] {
            *few.or_default(key) += key;
            *tree.entry(key).or_insert(0) += key;
            assert!(few.iter().eq(tree.iter()) && few.len() == tree.len());
            assert_eq!(few.get(&3), tree.get(&3));
            assert!(few.contains_key(&7) && !few.contains_key(&8));
        }
        assert!(few.into_iter().eq(tree));
    }
}

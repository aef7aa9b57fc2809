//! A map of many keys and few different values.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::FxHashSet;

/// A map that holds equal values once: a server may have a hundred thousand endpoints, which answer in a dozen ways.
///
/// Only light values are held so, since a change copies them; a heavy one belongs to its key alone.
#[derive(Clone, Debug)]
pub struct FlyweightMap<K, V> {
    // A tree, whose nodes are small: a table would be copied to one of twice its size again and again.
    entries: BTreeMap<K, Arc<V>>,
    light: FxHashSet<Arc<V>>,
}

/// A value that may be copied whenever it changes.
pub trait Light {
    /// Whether a copy takes next to no time and room.
    fn is_light(&self) -> bool;
}

impl<K, V> Default for FlyweightMap<K, V> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            light: FxHashSet::default(),
        }
    }
}

impl<K: Ord, V: Clone + Default + Eq + Hash + Light> FlyweightMap<K, V> {
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).map(|value| &**value)
    }

    /// The values of all keys, in the order of these.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|value| &**value)
    }

    /// Changes the value of a key, which is made if there is none.
    pub fn update(&mut self, key: K, change: impl FnOnce(&mut V)) {
        let entry = self.entries.entry(key).or_default();
        if let Some(alone) = Arc::get_mut(entry) {
            change(alone);
            // A value that was made just now, or stays heavy.
            if alone.is_light() {
                *entry = share(&mut self.light, Arc::clone(entry));
            }
            return;
        }
        let mut changed = V::clone(entry);
        change(&mut changed);
        if changed == **entry {
            return;
        }
        let changed = Arc::new(changed);
        let changed = if changed.is_light() {
            share(&mut self.light, changed)
        } else {
            changed
        };
        let old = std::mem::replace(entry, changed);
        // The set's own, and this one.
        if Arc::strong_count(&old) == 2 {
            self.light.remove(&old);
        }
    }

    /// Joins another map; `join` does it for the values of a key that both have.
    pub fn merge(&mut self, other: Self, join: impl Fn(&mut V, &V)) {
        let Self { entries, light } = other;
        drop(light);
        for (key, value) in entries {
            if self.entries.contains_key(&key) {
                self.update(key, |known| join(known, &value));
            } else {
                let value = if value.is_light() {
                    share(&mut self.light, value)
                } else {
                    value
                };
                self.entries.insert(key, value);
            }
        }
    }
}

/// The known value equal to the given one, which is remembered otherwise.
fn share<V: Eq + Hash>(known: &mut FxHashSet<Arc<V>>, value: Arc<V>) -> Arc<V> {
    if let Some(known) = known.get(&value) {
        return Arc::clone(known);
    }
    known.insert(Arc::clone(&value));
    value
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    impl Light for BTreeSet<u8> {
        fn is_light(&self) -> bool {
            self.len() < 3
        }
    }

    type Map = FlyweightMap<u8, BTreeSet<u8>>;

    /// Each light value once in the set and in it alone, each heavy one with one owner.
    fn check(map: &Map, want: &BTreeMap<u8, BTreeSet<u8>>) {
        let found: BTreeMap<u8, BTreeSet<u8>> = map
            .entries
            .iter()
            .map(|(key, value)| (*key, BTreeSet::clone(value)))
            .collect();
        assert_eq!(found, *want);
        let light: BTreeSet<&BTreeSet<u8>> = want.values().filter(|v| v.is_light()).collect();
        assert!(light.iter().all(|value| map.light.contains(*value)));
        assert_eq!(map.light.len(), light.len());
        let all_well = map.entries.values().all(|value| {
            let is_shared = map
                .light
                .get(value)
                .is_some_and(|one| Arc::ptr_eq(one, value));
            is_shared == value.is_light() && (is_shared || Arc::strong_count(value) == 1)
        });
        assert!(all_well, "{map:?}");
    }

    #[test]
    fn the_same_as_a_plain_map() {
        let mut maps = [Map::default(), Map::default()];
        let mut wants = [BTreeMap::new(), BTreeMap::new()];
        let mut number = 7_u32;
        for step in 0..400 {
            number = number.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            let (key, value) = ((number >> 16) as u8 % 40, (number >> 24) as u8 % 5);
            let which = step % 2;
            maps[which].update(key, |set| {
                set.insert(value);
            });
            let set: &mut BTreeSet<u8> = wants[which].entry(key).or_default();
            set.insert(value);
            check(&maps[which], &wants[which]);
        }
        let [mut map, other] = maps;
        let [mut want, more] = wants;
        assert!(want.values().any(|set| !set.is_light()));
        map.merge(other, |known, set| known.extend(set));
        for (key, set) in more {
            want.entry(key).or_default().extend(set);
        }
        check(&map, &want);
        assert_eq!(map.get(&3), want.get(&3));
        assert_eq!(map.values().count(), want.len());
    }
}

//! A map that forgets its oldest entries: memory stays bounded whatever callers do.

use std::{
    borrow::Borrow,
    collections::{HashMap, VecDeque},
    hash::Hash,
};

pub(super) struct Recent<K, V> {
    entries: HashMap<K, V>,
    /// Oldest first. Entries taken out stay listed until they reach the front.
    order: VecDeque<K>,
    capacity: usize,
}

impl<K: Hash + Eq + Clone, V> Recent<K, V> {
    pub fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), capacity }
    }

    /// The previous value of this key, if it is still known.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let previous = self.entries.insert(key.clone(), value);
        if previous.is_none() {
            self.order.push_back(key);
            if self.order.len() > self.capacity
                && let Some(oldest) = self.order.pop_front()
            {
                self.entries.remove(&oldest);
            }
        }
        previous
    }

    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key)
    }

    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.entries.get_mut(key)
    }

    /// The key is not to be used again.
    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.entries.remove(key);
    }

    pub fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entry_goes_when_the_map_is_full() {
        let mut recent = Recent::new(2);
        for key in 1..=3 {
            assert_eq!(recent.insert(key, key * 10), None);
        }
        assert_eq!((recent.get(&1), recent.get(&2), recent.get(&3)), (None, Some(&20), Some(&30)));
        assert_eq!(recent.insert(3, 31), Some(30));
        assert_eq!(recent.get(&2), Some(&20), "replacing a value pushes nobody out");
    }
}

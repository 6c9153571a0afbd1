//! Secrets that end with the program; each is overwritten when it is dropped.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{MAX_KEYS, Place, VaultError};
use crate::model::Secret;

#[derive(Default)]
pub struct Memory(Mutex<BTreeMap<String, Secret>>);

impl Memory {
    /// Nothing here can be left half done.
    fn map(&self) -> MutexGuard<'_, BTreeMap<String, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place for Memory {
    fn read(&self, key: &str) -> Result<Option<Secret>, VaultError> {
        Ok(self.map().get(key).cloned())
    }

    fn write(&self, key: &str, value: &Secret) -> Result<(), VaultError> {
        let mut map = self.map();
        if map.len() >= MAX_KEYS && !map.contains_key(key) {
            return Err(VaultError::TooMany);
        }
        map.insert(key.to_owned(), value.clone());
        Ok(())
    }

    fn remove(&self, key: &str) -> Result<(), VaultError> {
        self.map().remove(key);
        Ok(())
    }

    fn keys(&self) -> Result<Vec<String>, VaultError> {
        Ok(self.map().keys().cloned().collect())
    }

    fn wipe(&self) -> Result<(), VaultError> {
        self.map().clear();
        Ok(())
    }
}

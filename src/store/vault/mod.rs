//! The vault: where one profile's client secret and refresh tokens live. Blocking, from any thread; a keyring may put a
//! question to the user and keep the caller waiting meanwhile, so the client calls it off its loop and stops waiting
//! after a while.

mod file;
mod keyring;
mod memory;

use std::{fmt, fs::File, io, path::PathBuf, sync::Arc};

pub use keyring::{KeyringTrouble, probe_keyring};

use super::files::private_folder;
use crate::model::{Secret, SecretStorage};

/// Windows Credential Manager holds no more bytes. The same everywhere, so that any vault can move into any other.
const MAX_VALUE: usize = 2560;
/// The longest key and how many of them there may be: a list of all fits into one value.
const MAX_KEY: usize = 32;
const MAX_KEYS: usize = 64;

/// Whose secrets: see [`super::Paths::vault_scope`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultScope {
    /// First part of the name of each keyring entry.
    pub(super) profile: String,
    /// For the file of secrets and the lock between processes.
    pub(super) folder: PathBuf,
}

/// Why the vault did not do it. The texts hold neither key nor value.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error(transparent)]
    Keyring(#[from] KeyringTrouble),
    #[error("the file of secrets cannot be used")]
    File(#[from] io::Error),
    #[error("the file of secrets was damaged; it is kept aside as secrets.unreadable.json")]
    Damaged,
    #[error("something that is no plain file lies in the place of the file of secrets")]
    NotAFile,
    #[error("a key of the vault has 1 to {MAX_KEY} lowercase letters, digits or -")]
    InvalidKey,
    #[error("a secret of more than {MAX_VALUE} bytes cannot be kept")]
    TooLarge,
    #[error("the vault keeps {MAX_KEYS} secrets at most")]
    TooMany,
    #[error("the new place did not give back what was put there")]
    NotKept,
}

/// A place for secrets. Keys are valid, values small enough; changes come one at a time, also between processes.
trait Place: Send + Sync {
    fn read(&self, key: &str) -> Result<Option<Secret>, VaultError>;
    fn write(&self, key: &str, value: &Secret) -> Result<(), VaultError>;
    /// Nothing there: nothing to do.
    fn remove(&self, key: &str) -> Result<(), VaultError>;
    fn keys(&self) -> Result<Vec<String>, VaultError>;
    /// Also what `keys` cannot list any more.
    fn wipe(&self) -> Result<(), VaultError>;
}

/// The secrets of one profile. Clones are the same vault.
#[derive(Clone)]
pub struct Vault {
    storage: SecretStorage,
    scope: VaultScope,
    place: Arc<dyn Place>,
}

/// A vault in its new place.
#[derive(Debug)]
pub struct Moved {
    pub vault: Vault,
    /// Why some of the secrets may still be in the old place as well.
    pub left_behind: Option<VaultError>,
}

impl Vault {
    /// Touches nothing yet. A vault in memory starts empty; open it once and clone it.
    pub fn open(storage: SecretStorage, scope: &VaultScope) -> Self {
        let place: Arc<dyn Place> = match storage {
            SecretStorage::Keyring => Arc::new(keyring::Keyring::new(&scope.profile)),
            SecretStorage::File => Arc::new(file::SecretFile::in_folder(&scope.folder)),
            SecretStorage::Memory => Arc::new(memory::Memory::default()),
        };
        Self { storage, scope: scope.clone(), place }
    }

    /// For a run that keeps nothing; it cannot be moved.
    pub fn in_memory() -> Self {
        let nowhere = VaultScope { profile: String::new(), folder: PathBuf::new() };
        Self::open(SecretStorage::Memory, &nowhere)
    }

    /// The keys of what is kept.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub fn keys(&self) -> Result<Vec<String>, VaultError> {
        self.place.keys()
    }

    pub fn storage(&self) -> SecretStorage {
        self.storage
    }

    /// # Errors
    /// When the place cannot be read. `None` is no error: there is no such secret.
    pub fn read(&self, key: &str) -> Result<Option<Secret>, VaultError> {
        self.place.read(valid(key)?)
    }

    /// # Errors
    /// When it is too large or the place cannot be written; an older value is then still there.
    pub fn write(&self, key: &str, value: &Secret) -> Result<(), VaultError> {
        let key = valid(key)?;
        if value.expose().len() > MAX_VALUE {
            return Err(VaultError::TooLarge);
        }
        let _lock = self.lock();
        self.place.write(key, value)
    }

    /// # Errors
    /// When the place cannot be written. A secret that is not there is no error.
    pub fn remove(&self, key: &str) -> Result<(), VaultError> {
        let key = valid(key)?;
        let _lock = self.lock();
        self.place.remove(key)
    }

    /// Copies every secret, reads each back, and only then empties the old place.
    ///
    /// # Errors
    /// When a copy failed: everything is where it was, and the new place as it was found.
    pub fn move_to(&self, storage: SecretStorage) -> Result<Moved, VaultError> {
        if storage == self.storage {
            return Ok(Moved { vault: self.clone(), left_behind: None });
        }
        let vault = Self::open(storage, &self.scope);
        // Always in the same order: somebody may be moving the other way.
        let (first, second) = if storage == SecretStorage::Keyring { (&vault, self) } else { (self, &vault) };
        let _locks = (first.lock(), second.lock());
        let mut replaced = Vec::new();
        let copied = self.copy_into(&*vault.place, &mut replaced);
        if let Err(error) = copied {
            for (key, before) in replaced {
                let undone = match before {
                    Some(before) => vault.place.write(&key, &before),
                    None => vault.place.remove(&key),
                };
                if let Err(error) = undone {
                    tracing::warn!(%error, "a secret stayed in the place it was not moved to");
                }
            }
            return Err(error);
        }
        let left_behind = self.place.wipe().err();
        Ok(Moved { vault, left_behind })
    }

    /// `replaced` is what was in the other place before, also after an error.
    fn copy_into(
        &self,
        to: &dyn Place,
        replaced: &mut Vec<(String, Option<Secret>)>,
    ) -> Result<(), VaultError> {
        for key in self.place.keys()? {
            let Some(value) = self.place.read(&key)? else { continue };
            let before = to.read(&key)?;
            replaced.push((key.clone(), before));
            to.write(&key, &value)?;
            if to.read(&key)?.as_ref() != Some(&value) {
                return Err(VaultError::NotKept);
            }
        }
        Ok(())
    }

    /// Held while something changes: another process may have the same profile. A keyring has its own, since it may wait
    /// for its user, and a file is the way out then. Where the folder cannot be written there is none, and a keyring works
    /// all the same.
    fn lock(&self) -> Option<File> {
        let name = match self.storage {
            SecretStorage::Keyring => "keyring.lock",
            SecretStorage::File => "secrets.lock",
            SecretStorage::Memory => return None,
        };
        private_folder(&self.scope.folder).ok()?;
        let lock = File::options().append(true).create(true).open(self.scope.folder.join(name)).ok()?;
        lock.lock().ok()?;
        Some(lock)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("storage", &self.storage).finish_non_exhaustive()
    }
}

fn valid(key: &str) -> Result<&str, VaultError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    // The keyring's own list of keys has that name.
    let fits = !key.is_empty() && key.len() <= MAX_KEY && key.bytes().all(plain) && key != keyring::INDEX;
    if fits { Ok(key) } else { Err(VaultError::InvalidKey) }
}

#[cfg(test)]
mod tests;

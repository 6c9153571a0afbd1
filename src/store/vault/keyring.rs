//! Secrets in the system's keyring, one entry each: service `partyline`, user `PROFILE/KEY`. Keyrings cannot be listed in
//! the same way everywhere, so one more entry, `PROFILE/index`, holds the keys. A key is in the index before its entry is
//! there and until it is gone; whatever interrupts us, a wipe finds everything.
//!
//! All calls of a process go over one connection, one at a time: while the keyring waits for the user's answer to one, the
//! others wait too. The connection is made once; a keyring that appears later is seen by the next run.

use keyring::{Entry, Error};

use super::{MAX_KEYS, Place, VaultError, valid};
use crate::model::Secret;

const SERVICE: &str = "partyline";
/// The entry with the keys of a profile, a line each.
pub const INDEX: &str = "index";

/// Why the keyring cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringTrouble {
    #[error("this system has no keyring")]
    Absent,
    /// It is there and lets nobody in: locked, or its question was refused.
    #[error("the keyring is locked")]
    Locked,
    #[error("the keyring does not work: {0}")]
    Broken(&'static str),
}

/// Whether the keyring keeps secrets: puts one in, takes it out and removes it. May wait for the user, who is asked to
/// unlock it; give up waiting whenever you like, nothing of worth is in it.
///
/// # Errors
/// Why it cannot be used.
pub fn probe_keyring() -> Result<(), KeyringTrouble> {
    const VALUE: &[u8] = b"partyline tries the keyring";
    let entry = entry(&format!("probe-{:08x}", rand::random::<u32>()))?;
    entry.set_secret(VALUE).map_err(trouble)?;
    let kept = entry.get_secret();
    let removed = entry.delete_credential();
    if kept.map_err(trouble)? != VALUE {
        return Err(KeyringTrouble::Broken("it returned something else"));
    }
    removed.map_err(trouble)
}

pub struct Keyring {
    profile: String,
}

impl Keyring {
    pub fn new(profile: &str) -> Self {
        Self { profile: profile.to_owned() }
    }

    fn entry(&self, key: &str) -> Result<Entry, KeyringTrouble> {
        entry(&format!("{}/{key}", self.profile))
    }

    fn set_index(&self, keys: &[String]) -> Result<(), VaultError> {
        let index = self.entry(INDEX)?;
        if keys.is_empty() {
            return delete(&index);
        }
        Ok(index.set_secret(keys.join("\n").as_bytes()).map_err(trouble)?)
    }
}

impl Place for Keyring {
    fn read(&self, key: &str) -> Result<Option<Secret>, VaultError> {
        match self.entry(key)?.get_password() {
            Ok(text) => Ok(Some(Secret::from(text))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(trouble(error).into()),
        }
    }

    fn write(&self, key: &str, value: &Secret) -> Result<(), VaultError> {
        let mut keys = self.keys()?;
        if !keys.iter().any(|known| known == key) {
            if keys.len() >= MAX_KEYS {
                return Err(VaultError::TooMany);
            }
            keys.push(key.to_owned());
            self.set_index(&keys)?;
        }
        Ok(self.entry(key)?.set_secret(value.expose().as_bytes()).map_err(trouble)?)
    }

    fn remove(&self, key: &str) -> Result<(), VaultError> {
        delete(&self.entry(key)?)?;
        let mut keys = self.keys()?;
        let before = keys.len();
        keys.retain(|known| known != key);
        if keys.len() == before { Ok(()) } else { self.set_index(&keys) }
    }

    fn keys(&self) -> Result<Vec<String>, VaultError> {
        let index = match self.entry(INDEX)?.get_secret() {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(Error::NoEntry) => return Ok(Vec::new()),
            Err(error) => return Err(trouble(error).into()),
        };
        Ok(index.lines().filter(|line| valid(line).is_ok()).take(MAX_KEYS).map(str::to_owned).collect())
    }

    fn wipe(&self) -> Result<(), VaultError> {
        for key in self.keys()? {
            delete(&self.entry(&key)?)?;
        }
        delete(&self.entry(INDEX)?)
    }
}

fn entry(user: &str) -> Result<Entry, KeyringTrouble> {
    if Entry::store_status().is_err() {
        return Err(KeyringTrouble::Absent);
    }
    Entry::new(SERVICE, user).map_err(trouble)
}

fn delete(entry: &Entry) -> Result<(), VaultError> {
    match entry.delete_credential() {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(trouble(error).into()),
    }
}

/// The keyring's own words may hold the names of entries, and a value that it could not decode.
fn trouble(error: Error) -> KeyringTrouble {
    match error {
        Error::NoDefaultStore => KeyringTrouble::Absent,
        Error::NoStorageAccess(_) => KeyringTrouble::Locked,
        Error::PlatformFailure(_) => KeyringTrouble::Broken("the system reports a failure"),
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) => {
            KeyringTrouble::Broken("an entry is damaged")
        }
        Error::Ambiguous(_) => KeyringTrouble::Broken("an entry is there twice"),
        Error::TooLong(..) => KeyringTrouble::Broken("an entry is too long for it"),
        Error::NoEntry => KeyringTrouble::Broken("an entry vanished"),
        _ => KeyringTrouble::Broken("it refuses an entry"),
    }
}

//! Secrets in a file that only this user can read (mode 0600; on Windows and macOS by what the user's folder inherits).
//! They are not encrypted: whoever can act as the user can read them, and so can a backup. Nor are they overwritten before
//! they are deleted: on today's disks and file systems the old bytes would stay elsewhere all the same.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use secrecy::zeroize::Zeroizing;

use super::{MAX_KEYS, Place, VaultError};
use crate::{
    model::Secret,
    store::files::{remove_private, write_private},
};

/// More than all that fits in, with every character escaped.
const MAX_BYTES: u64 = 2 << 20;

/// One JSON object of strings.
pub struct SecretFile(PathBuf);

type Secrets = BTreeMap<String, Secret>;

impl SecretFile {
    pub fn in_folder(folder: &Path) -> Self {
        Self(folder.join("secrets.json"))
    }

    fn load(&self) -> Result<Secrets, VaultError> {
        match fs::symlink_metadata(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Secrets::new()),
            Err(error) => return Err(error.into()),
            // A link may point anywhere.
            Ok(about) if !about.is_file() => return Err(VaultError::NotAFile),
            Ok(about) => close_to_others(&self.0, &about)?,
        }
        let mut bytes = Zeroizing::new(Vec::new());
        File::open(&self.0)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
        let Ok(texts) = serde_json::from_slice::<BTreeMap<String, String>>(&bytes) else {
            // Kept aside, so that it is said once and does not stand in the way for ever.
            fs::rename(&self.0, self.0.with_file_name("secrets.unreadable.json"))?;
            return Err(VaultError::Damaged);
        };
        Ok(texts.into_iter().map(|(key, text)| (key, Secret::from(text))).collect())
    }

    /// Whole or not at all, and private before its first byte is there.
    fn save(&self, secrets: &Secrets) -> Result<(), VaultError> {
        if secrets.is_empty() {
            return self.delete();
        }
        let texts: BTreeMap<&str, &str> = secrets.iter().map(|(k, v)| (k.as_str(), v.expose())).collect();
        // Room for everything, so that growing leaves no copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(64 << 10));
        serde_json::to_writer_pretty(&mut *bytes, &texts).map_err(io::Error::from)?;
        Ok(write_private(&self.0, &bytes)?)
    }

    fn delete(&self) -> Result<(), VaultError> {
        Ok(remove_private(&self.0)?)
    }
}

impl Place for SecretFile {
    fn read(&self, key: &str) -> Result<Option<Secret>, VaultError> {
        Ok(self.load()?.remove(key))
    }

    fn write(&self, key: &str, value: &Secret) -> Result<(), VaultError> {
        let mut secrets = self.load()?;
        if secrets.len() >= MAX_KEYS && !secrets.contains_key(key) {
            return Err(VaultError::TooMany);
        }
        secrets.insert(key.to_owned(), value.clone());
        self.save(&secrets)
    }

    fn remove(&self, key: &str) -> Result<(), VaultError> {
        let mut secrets = self.load()?;
        if secrets.remove(key).is_none() {
            return Ok(());
        }
        self.save(&secrets)
    }

    fn keys(&self) -> Result<Vec<String>, VaultError> {
        Ok(self.load()?.into_keys().collect())
    }

    fn wipe(&self) -> Result<(), VaultError> {
        self.delete()
    }
}

/// A copy from elsewhere or a careless hand may have opened it.
#[cfg(unix)]
fn close_to_others(file: &Path, about: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    if about.permissions().mode() & 0o077 != 0 {
        tracing::warn!("other users could read the file of secrets; it is closed to them now");
        fs::set_permissions(file, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn close_to_others(_: &Path, _: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

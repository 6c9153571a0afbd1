//! Secrets in a file that only this user can read (mode 0600; on Windows and macOS by what the user's folder inherits).
//! They are not encrypted: whoever can act as the user can read them, and so can a backup. Nor are they overwritten before
//! they are deleted: on today's disks and file systems the old bytes would stay elsewhere all the same.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use secrecy::zeroize::Zeroizing;

use super::{MAX_KEYS, Place, VaultError, private_folder};
use crate::model::Secret;

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
        if let Some(folder) = self.0.parent() {
            private_folder(folder)?;
        }
        let fresh = self.fresh();
        remove_file(&fresh)?;
        let mut file = create_private(&fresh)?;
        let written = file.write_all(&bytes).and_then(|()| file.sync_all());
        if let Err(error) = written.and_then(|()| fs::rename(&fresh, &self.0)) {
            let _ = fs::remove_file(&fresh);
            return Err(error.into());
        }
        self.sync_folder()
    }

    fn delete(&self) -> Result<(), VaultError> {
        remove_file(&self.fresh())?;
        remove_file(&self.0)?;
        self.sync_folder()
    }

    /// Where a new version is written; a crash may have left one.
    fn fresh(&self) -> PathBuf {
        self.0.with_extension("new")
    }

    /// A rename or a removal is in the folder, and on the disk once that is.
    fn sync_folder(&self) -> Result<(), VaultError> {
        #[cfg(unix)]
        if let Some(folder) = self.0.parent().filter(|folder| folder.exists()) {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
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

fn remove_file(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn create_private(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
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

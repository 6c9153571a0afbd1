//! What outlives a run: the settings file, the secrets, what is remembered for each account, pictures, and this installation's
//! name. Blocking; the client calls it off its loop.

mod files;
mod kept;
mod notes;
mod paths;
mod pictures;
mod settings;
mod vault;

use std::{fs, io};

use files::write_whole;
pub use kept::{KeptAccount, KeptSignIns};
pub use notes::KeptNotes;
pub use paths::{Paths, recordings_folder};
pub use pictures::{Admission, PictureCache};
pub use settings::{Loaded, load_settings, save_settings};
pub use vault::{KeyringTrouble, Moved, Vault, VaultError, VaultScope, probe_keyring};

/// 48 hex digits that name this installation to the sign-in; made once, kept for good (protocol section 2).
///
/// # Errors
/// When it can neither be read nor written.
pub fn installation_id(paths: &Paths) -> io::Result<String> {
    let file = paths.installation_id();
    if let Ok(id) = fs::read_to_string(&file)
        && is_duid(id.trim())
    {
        return Ok(id.trim().to_owned());
    }
    let id = new_installation_id();
    write_whole(&file, &id)?;
    Ok(id)
}

/// Taken by the first program that opens this profile, for as long as it keeps the file; `None` for every other.
///
/// # Errors
/// When the profile's folder cannot be written.
pub fn lock_profile(paths: &Paths) -> io::Result<Option<fs::File>> {
    let file = paths.lock();
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = fs::File::options().append(true).create(true).open(file)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// For a run that cannot or must not write.
pub fn new_installation_id() -> String {
    format!("{DUID_PREFIX}{:032x}", rand::random::<u128>())
}

const DUID_PREFIX: &str = "0000000700410080";

fn is_duid(id: &str) -> bool {
    id.len() == 48 && id.starts_with(DUID_PREFIX) && id.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_installation_keeps_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let paths = Paths::under(folder.path());
        let first = installation_id(&paths).expect("made");
        assert!(is_duid(&first), "{first}");
        assert_eq!(installation_id(&paths).expect("kept"), first);
        fs::write(paths.installation_id(), "nonsense").expect("written");
        assert!(is_duid(&installation_id(&paths).expect("made anew")));
    }
}

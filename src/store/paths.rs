//! Where things live on disk: the default profile in the user's own folders, a named one in `profiles/NAME` below them.

use std::{
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
};

use super::VaultScope;
use crate::model::ProfileName;

/// The folders of one profile.
#[derive(Debug, Clone)]
pub struct Paths {
    /// First part of the name of each keyring entry. No named profile can be called `default`.
    keyring_name: String,
    config: PathBuf,
    state: PathBuf,
    cache: PathBuf,
}

/// Where recordings go unless the user says otherwise: the user's own folder for music, or home where there is none. `None`
/// where the system knows no home.
pub fn recordings_folder() -> Option<PathBuf> {
    let folders = directories::UserDirs::new()?;
    Some(folders.audio_dir().unwrap_or(folders.home_dir()).to_owned())
}

impl Paths {
    /// The default profile. `None` where the system knows no home.
    pub fn of_user() -> Option<Self> {
        Self::of_profile(None)
    }

    /// A profile of the user's; nothing is shared between two. `None` where the system knows no home.
    pub fn of_profile(profile: Option<&ProfileName>) -> Option<Self> {
        let folders = directories::ProjectDirs::from("", "", "partyline")?;
        let state = folders.state_dir().unwrap_or_else(|| folders.data_local_dir());
        Some(Self::new(profile, folders.config_dir(), state, folders.cache_dir()))
    }

    /// A profile of its own below one folder; its keyring entries are not those of the user's profiles.
    pub fn under(folder: &Path) -> Self {
        let mut hasher = std::hash::DefaultHasher::new();
        folder.hash(&mut hasher);
        let keyring_name = format!("under-{:016x}", hasher.finish());
        Self {
            keyring_name,
            ..Self::new(None, &folder.join("config"), &folder.join("state"), &folder.join("cache"))
        }
    }

    fn new(profile: Option<&ProfileName>, config: &Path, state: &Path, cache: &Path) -> Self {
        let inside = |folder: &Path| match profile {
            Some(name) => folder.join("profiles").join(name.as_str()),
            None => folder.to_owned(),
        };
        let keyring_name = profile.map_or("default", ProfileName::as_str).to_owned();
        Self { keyring_name, config: inside(config), state: inside(state), cache: inside(cache) }
    }

    pub fn settings(&self) -> PathBuf {
        self.config.join("settings.toml")
    }

    pub fn installation_id(&self) -> PathBuf {
        self.state.join("installation-id")
    }

    /// Held by the program that has this profile.
    pub fn lock(&self) -> PathBuf {
        self.state.join("profile.lock")
    }

    /// The folder of the rotating log.
    pub fn logs(&self) -> PathBuf {
        self.state.join("log")
    }

    /// The folder of what is remembered for each account.
    pub fn notes(&self) -> PathBuf {
        self.state.join("notes")
    }

    /// The folder of pictures that need not be fetched again; whoever tidies up may remove it at any time.
    pub fn pictures(&self) -> PathBuf {
        self.cache.join("pictures")
    }

    /// Whose secrets a [`super::Vault`] keeps.
    pub fn vault_scope(&self) -> VaultScope {
        VaultScope { profile: self.keyring_name.clone(), folder: self.state.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_share_nothing_and_the_default_one_stays_where_it_was() {
        let name: ProfileName = "second".parse().expect("valid");
        let paths = |profile| {
            Paths::new(
                profile,
                Path::new("/c/partyline"),
                Path::new("/s/partyline"),
                Path::new("/k/partyline"),
            )
        };
        let (default, second) = (paths(None), paths(Some(&name)));
        assert_eq!(default.settings(), Path::new("/c/partyline/settings.toml"));
        assert_eq!(second.settings(), Path::new("/c/partyline/profiles/second/settings.toml"));
        assert_eq!(second.logs(), Path::new("/s/partyline/profiles/second/log"));
        assert_eq!(second.installation_id(), Path::new("/s/partyline/profiles/second/installation-id"));
        assert_eq!(second.pictures(), Path::new("/k/partyline/profiles/second/pictures"));
        assert_ne!(default.vault_scope(), second.vault_scope());
    }
}

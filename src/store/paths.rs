//! Where things live on disk.

use std::path::{Path, PathBuf};

/// The folders of one installation.
#[derive(Debug, Clone)]
pub struct Paths {
    config: PathBuf,
    state: PathBuf,
}

impl Paths {
    /// The user's own, as the system has it. `None` where the system knows no home.
    pub fn of_user() -> Option<Self> {
        let folders = directories::ProjectDirs::from("", "", "partyline")?;
        let state = folders.state_dir().unwrap_or_else(|| folders.data_local_dir());
        Some(Self { config: folders.config_dir().to_owned(), state: state.to_owned() })
    }

    /// Everything below one folder.
    pub fn under(folder: &Path) -> Self {
        Self { config: folder.join("config"), state: folder.join("state") }
    }

    pub fn settings(&self) -> PathBuf {
        self.config.join("settings.toml")
    }

    pub fn installation_id(&self) -> PathBuf {
        self.state.join("installation-id")
    }

    /// The folder of the rotating log.
    pub fn logs(&self) -> PathBuf {
        self.state.join("log")
    }
}

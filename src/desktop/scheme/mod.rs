//! The sign-in's own scheme: whom the desktop starts for an address like `com.scee.psxandroid.scecompcall://redirect?…`.
//! For the current user alone, asked for and undone by the user. One file for each system.

#[cfg(all(unix, not(target_os = "macos")))]
mod desktop_entry;
#[cfg(all(unix, not(target_os = "macos")))]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

use std::{
    env, io,
    path::{Path, PathBuf},
};

#[cfg(all(unix, not(target_os = "macos")))]
use linux as system;
#[cfg(target_os = "macos")]
use macos as system;
#[cfg(windows)]
use windows as system;

use crate::model::SchemeStatus;

/// Of the redirect in protocol section 2.
pub const SCHEME: &str = "com.scee.psxandroid.scecompcall";
/// The program is started as `partyline open ADDRESS`.
const OPEN: &str = "open";

/// Why the scheme's handler did not change.
#[derive(Debug, thiserror::Error)]
pub enum SchemeError {
    #[error("this desktop has no way to register a handler for a scheme")]
    Unavailable,
    #[error("the program's own path cannot be registered")]
    Program,
    #[error("the handler's files cannot be changed")]
    Files(#[from] io::Error),
    #[error("the desktop still sends the scheme elsewhere")]
    NotTaken,
}

/// A program as the handler of the scheme.
#[derive(Debug, Clone)]
pub struct SchemeHandler {
    program: PathBuf,
}

impl SchemeHandler {
    /// # Errors
    /// [`SchemeError::Program`] where the system does not say what this program is.
    pub fn of_this_program() -> Result<Self, SchemeError> {
        let program = env::current_exe().map_err(|_| SchemeError::Program)?;
        Ok(Self { program: app_image_of(&program).unwrap_or(program) })
    }

    /// Of a program that understands `open ADDRESS`.
    pub fn of_program(program: PathBuf) -> Self {
        Self { program }
    }

    /// Whom the desktop would start now. A program that was moved since it registered is not registered.
    pub fn status(&self) -> SchemeStatus {
        system::status(&self.program)
    }

    /// Takes the scheme over, from another program too.
    ///
    /// # Errors
    /// Why the desktop does not send it here.
    pub fn register(&self) -> Result<(), SchemeError> {
        if !self.program.is_file() {
            return Err(SchemeError::Program);
        }
        let taken = system::register(&self.program).and_then(|()| match self.status() {
            SchemeStatus::Registered => Ok(()),
            _ => Err(SchemeError::NotTaken),
        });
        if taken.is_err() {
            // Half a registration might still catch the scheme; the first error says why.
            let _ = system::unregister();
        }
        taken
    }

    /// Removes all traces of [`SchemeHandler::register`]; whoever had the scheme before has it again. Nothing registered:
    /// nothing to do.
    ///
    /// # Errors
    /// Why traces are left.
    pub fn unregister(&self) -> Result<(), SchemeError> {
        system::unregister()
    }
}

/// The file the user has, where this program runs out of an AppImage: its inside is gone when it ends. The variables alone
/// prove nothing, they may be those of another AppImage that started us.
fn app_image_of(program: &Path) -> Option<PathBuf> {
    let inside = env::var_os("APPDIR")?;
    let image = env::var_os("APPIMAGE")?;
    program.starts_with(inside).then(|| PathBuf::from(image))
}

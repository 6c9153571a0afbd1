//! macOS: the scheme comes with the app bundle. `assets/macos/Info.plist` names it, and the system registers a bundle once
//! it lies among the applications; there is nothing for the program to change.
//!
//! The system hands the address over as an Apple event, which the window's library does not pass on yet. Until it does,
//! the sign-in comes back by paste there, so the scheme is not called registered.

use std::path::Path;

use super::SchemeError;
use crate::model::SchemeStatus;

pub fn status(_: &Path) -> SchemeStatus {
    SchemeStatus::Unavailable
}

pub fn register(_: &Path) -> Result<(), SchemeError> {
    Err(SchemeError::Unavailable)
}

pub fn unregister() -> Result<(), SchemeError> {
    Ok(())
}

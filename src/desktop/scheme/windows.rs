//! Windows: a class of the current user's, which goes before the machine's own.

use std::{io, path::Path};

use windows_registry::{CLASSES_ROOT, CURRENT_USER, Key};

use super::{OPEN, SCHEME, SchemeError};
use crate::model::SchemeStatus;

/// Kept in our class: the command that we wrote, by which we know it again, and the one that was there before.
const OURS: &str = "PartylineCommand";
const PREVIOUS: &str = "PartylinePrevious";

pub fn status(program: &Path) -> SchemeStatus {
    // The user's classes and the machine's, as the system sees them.
    match (CLASSES_ROOT.open(command_key(SCHEME)).and_then(|key| key.get_string("")), command(program)) {
        (Err(_), _) => SchemeStatus::NotRegistered,
        (Ok(found), Some(ours)) if found == ours => SchemeStatus::Registered,
        // Ours from before it was moved is nobody's.
        (Ok(_), _) if is_ours() => SchemeStatus::NotRegistered,
        (Ok(_), _) => SchemeStatus::OtherProgram,
    }
}

pub fn register(program: &Path) -> Result<(), SchemeError> {
    let ours = command(program).ok_or(SchemeError::Program)?;
    // Ours from before: whom it remembers counts.
    let previous = if is_ours() { value(&class(), PREVIOUS) } else { value(&command_key(&class()), "") };
    write_class(&ours).map_err(failed)?;
    let class = CURRENT_USER.create(class()).map_err(failed)?;
    class.set_string(OURS, &ours).map_err(failed)?;
    class.set_string(PREVIOUS, previous.unwrap_or_default()).map_err(failed)
}

pub fn unregister() -> Result<(), SchemeError> {
    if !is_ours() {
        return Ok(());
    }
    let previous = value(&class(), PREVIOUS).unwrap_or_default();
    CURRENT_USER.remove_tree(class()).map_err(failed)?;
    if previous.is_empty() { Ok(()) } else { write_class(&previous).map_err(failed) }
}

fn write_class(command: &str) -> windows_registry::Result<()> {
    let class: Key = CURRENT_USER.create(class())?;
    class.set_string("", "URL:PlayStation sign-in")?;
    // Its mere presence makes the class a scheme.
    class.set_string("URL Protocol", "")?;
    class.create(command_key(""))?.set_string("", command)
}

/// Another program may have written its command over ours.
fn is_ours() -> bool {
    value(&class(), OURS).is_some_and(|ours| value(&command_key(&class()), "") == Some(ours))
}

fn value(key: &str, name: &str) -> Option<String> {
    CURRENT_USER.open(key).and_then(|key| key.get_string(name)).ok()
}

/// No path on Windows holds a quotation mark; a `%` would be read as the address.
fn command(program: &Path) -> Option<String> {
    let program = program.to_str().filter(|path| !path.contains(['"', '%']))?;
    Some(format!("\"{program}\" {OPEN} \"%1\""))
}

fn class() -> String {
    format!("Software\\Classes\\{SCHEME}")
}

fn command_key(class: &str) -> String {
    format!("{class}\\shell\\open\\command").trim_start_matches('\\').to_owned()
}

fn failed(error: impl std::fmt::Display) -> SchemeError {
    SchemeError::Files(io::Error::other(error.to_string()))
}

//! Why a capture cannot be read.

use std::io;

/// Texts say where, and never what: the file is full of secrets.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the file could not be read")]
    Io(#[source] io::Error),
    #[error("this is no HAR file: it has no list of entries")]
    NotHar,
    #[error("this is no text in UTF-8, near byte {at}")]
    NotUtf8 { at: u64 },
    #[error("this is no JSON, near byte {at}")]
    Malformed { at: u64 },
    #[error("it is nested too deeply, near byte {at}")]
    TooDeep { at: u64 },
    #[error("it has a field with an endless name, near byte {at}")]
    EndlessName { at: u64 },
    #[error("it has two fields \"{0}\" in one place")]
    Duplicate(&'static str),
}

//! HAR captures: read as a stream, one exchange at a time. Blocking; whoever calls chooses the thread.
//!
//! A capture is untrusted and full of secrets: memory is bounded whatever the file holds, time is linear in its length (also where
//! bodies are compressed), and no text of it is ever in an error.

mod body;
mod credentials;
mod error;
mod har;
mod json;
#[cfg(test)]
mod tests;

pub use credentials::ClientSearch;
pub use error::ReadError;
pub use har::{Ending, Entry, read};

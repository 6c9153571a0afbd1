//! Parties: the rules (`session`, `registry`), and `sessionManager/v2` over them.

mod custom;
pub(super) mod links;
mod registry;
pub(super) mod routes;
mod session;

pub(super) use custom::{connections, open_voice_state};
pub(super) use registry::Parties;
pub(super) use session::{Denied, Entry, Event, Party};

//! Parties: the rules (`session`, `sending`, `view`, `registry`, over `values`), and `sessionManager/v2` over them (`bodies`,
//! `routes`); links to parties, and who met whom.

mod bodies;
mod custom;
pub(super) mod history;
pub(super) mod links;
mod registry;
pub(super) mod routes;
mod sending;
mod session;
mod values;
mod view;

pub(super) use custom::{connections, open_voice_state};
pub(super) use history::History;
pub(super) use registry::Parties;
pub(super) use session::Party;
pub(super) use values::{Denied, Entry};

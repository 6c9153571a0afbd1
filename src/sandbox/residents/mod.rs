//! Those who live here. Nova and Echo accept invitations and talk; a host keeps a party open; a dozen more come and go.

mod clip;
mod crowd;
mod guests;
mod names;
mod neighbours;
mod voices;

pub(super) use clip::ClipError;
pub(super) use crowd::Crowd;
pub(super) use guests::{Cast, run};

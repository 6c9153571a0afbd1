//! Those who live here. Nova, Echo and Kestrel accept invitations and talk; a host keeps a party open; a dozen more come and go;
//! strangers ask to be friends or are asked; neighbours by the thousand on request; an evening by script.

mod clip;
mod company;
mod crowd;
mod dice;
mod evening;
mod guests;
mod letters;
mod names;
mod neighbours;
mod voices;
mod welcome;

pub(super) use clip::ClipError;
pub(super) use crowd::Crowd;
pub(super) use evening::run as play;
pub use evening::{Act, Evening, Step};
pub(super) use guests::{Cast, run};

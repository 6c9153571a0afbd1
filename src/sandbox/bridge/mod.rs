//! The voice bridge: WebRTC peers, and the mix between them where it mixes (section 5 of the protocol).

pub(in crate::sandbox) mod audio;
mod jitter;
mod mixer;
mod peer;
mod registry;
pub(super) mod routes;

pub(super) use jitter::{Arrival, JitterBuffer};
pub(super) use mixer::{Voice, encoder};
pub use registry::BridgeKind;
pub(super) use registry::Bridges;

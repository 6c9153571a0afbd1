//! The voice bridge: WebRTC peers on loopback UDP, and the mix between them (section 5 of the protocol).

pub(in crate::sandbox) mod audio;
mod jitter;
mod mixer;
mod peer;
mod registry;
pub(super) mod routes;
mod webrtc_stack;

pub(super) use mixer::Voice;
pub(super) use registry::Bridges;

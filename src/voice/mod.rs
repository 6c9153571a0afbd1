//! The voice path: from the microphone to the bridge, and from the bridge to the speakers.

mod meters;

pub use meters::{Level, MAX_SPEAKERS, Meters};

//! The voice path: from the microphone to the bridge, and from the bridge to the speakers.
//!
//! ```text
//!  card ─ring─▶ uplink ─frames─▶ peer ─▶ network      device   cards and files, opened by a supervisor each
//!               gate, encode                          engine   the voice thread: uplink and downlink
//!  card ◀─ring─ downlink ◀─ring─ peer ◀─ network      peer     WebRTC, on tokio
//!               jitter, decode, mix                   handle   what the client holds
//! ```
//!
//! | thread | work |
//! |---|---|
//! | `voice` | `engine`: every 10 ms while something is said or heard, every 200 ms in a quiet party, else asleep |
//! | `voice-microphone`, `voice-speakers` | `device::supervisor`: open, close, fall back, return |
//! | `voice-devices` | `device::watch`: looks every 3 s what is plugged in |
//! | `voice-file` | `device::file`: disk to ring and back, one for each file in use |
//! | `voice-capture` | `device::pulse`: from a sound server's socket to the ring |
//! | the card's own | `device::cards`: copies between ring and card |
//! | tokio workers | `peer`: packets in and out |
//!
//! Inside, sound is 48 kHz mono in blocks of 10 ms. No queue grows without bound: a ring that is full drops the newest,
//! and says so in a counter or the log.

mod chime;
mod codec;
mod device;
mod engine;
mod gate;
mod handle;
mod incoming;
mod jitter;
mod meters;
mod mixer;
mod monitor;
mod negotiation;
mod outgoing;
mod peer;
mod resample;
mod roster;
mod screen;
#[cfg(test)]
#[path = "../../tests/support/speech.rs"]
mod speech;
mod stats;
mod timing;

pub use device::Devices;
pub use handle::{
    ConnectionState, Listening, Microphone, Network, Recorder, Speakers, StartError, Talk, Voice,
    VoiceConfig, VoiceEvent, list_devices,
};
pub use meters::{Level, MAX_SPEAKERS, Meters};
pub use negotiation::{MAX_OFFER_BYTES, NegotiationError, Terms};

/// What `tests/bench` measures one by one.
#[doc(hidden)]
pub mod parts {
    pub use super::{
        codec::{MAX_PAYLOAD, MAX_SAMPLES, decoder, encoder},
        incoming::Incoming,
        jitter::Packet,
        mixer::{add, limit},
        negotiation::Terms,
    };
    pub const SAMPLE_RATE: usize = super::SAMPLE_RATE;
    pub const BLOCK: usize = super::BLOCK;
}

/// Everywhere inside.
const SAMPLE_RATE: usize = 48_000;
/// Samples that are worked on at once: 10 ms.
const BLOCK: usize = SAMPLE_RATE / 100;

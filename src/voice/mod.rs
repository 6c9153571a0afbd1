//! The voice path: from the microphone to the other members and the bridge, and from them to the speakers.
//!
//! ```text
//!                                     ┌─▶ peer ─▶ a member     device   cards and files, opened by a supervisor each
//!  card ─ring─▶ uplink ───── frames ──┼─▶ peer ─▶ a member     engine   the voice thread: uplink and downlink
//!               clean, gate, encode   └─▶ peer ─▶ the bridge   peer     WebRTC, on tokio: one for each connection
//!                                     ┌── peer ◀─ a member     handle   what the client holds
//!  card ◀─ring─ downlink ◀─── rings ──┼── peer ◀─ a member
//!               jitter, decode, mix   └── peer ◀─ the bridge
//! ```
//!
//! Sound is encoded once for all who take the same (`outgoing`). Who is heard directly is not heard in the bridge's mix as
//! well (`engine::bridging`).
//!
//! | thread | work |
//! |---|---|
//! | `voice` | `engine`: when a card has a block or wants one; in a quiet party every 200 ms and for a keep-alive, else asleep |
//! | `voice-microphone`, `voice-speakers`, `voice-party-output` | `device::supervisor`: open, close, fall back, return |
//! | `voice-devices`, `voice-plugs` | `device::watch`: what is plugged in, when the server says so or every 3 s |
//! | `voice-file` | `device::file`: disk to ring and back, one for each file in use |
//! | `voice-capture`, `voice-playback` | `device::pulse`: between a sound server's socket and the ring |
//! | `voice-recording` | `recording`: from the voice thread to the disk |
//! | the card's own | `device::cards`: copies between ring and card |
//! | tokio workers | `peer`: packets in and out, a few tasks for each connection; `handle::sampling`: once a second |
//!
//! Inside, sound is 48 kHz mono in blocks of 10 ms. No queue grows without bound: a ring that is full drops the newest,
//! and says so in a counter or the log.

mod activation;
#[cfg(test)]
mod bench;
mod chime;
mod codec;
mod depacketize;
mod device;
mod encoding;
mod engine;
mod gate;
mod handle;
mod incoming;
mod jitter;
mod lateness;
mod levelling;
mod mending;
mod meters;
mod mixer;
mod monitor;
mod negotiation;
mod noise;
mod outgoing;
mod party_output;
mod peer;
mod processing;
mod recording;
mod redundancy;
mod resample;
mod roster;
mod screen;
#[cfg(test)]
#[path = "../../tests/support/speech.rs"]
mod speech;
mod stats;
#[cfg(test)]
#[path = "../../tests/support/stoi.rs"]
mod stoi;
mod stretch;
mod timing;

pub use device::Devices;
pub use handle::{
    ConnectionState, Listening, Microphone, Network, Recorder, Speakers, StartError, Talk, Voice,
    VoiceConfig, VoiceEvent, list_devices,
};
pub use meters::{Level, MAX_SPEAKERS, Meters};
pub use negotiation::{MAX_OFFER_BYTES, NegotiationError, lets_us_hear};

/// What `tests/bench` measures one by one.
#[doc(hidden)]
pub mod parts {
    pub use super::{
        codec::{Format, MAX_PAYLOAD, MAX_SAMPLES, decoder, encoder},
        incoming::Incoming,
        jitter::{Packet, Payload},
        levelling::Limiter,
        mixer::add,
        negotiation::Terms,
        processing::{FarEnd, Processor},
    };
    pub const SAMPLE_RATE: usize = super::SAMPLE_RATE;
    pub const BLOCK: usize = super::BLOCK;
}

/// Everywhere inside.
const SAMPLE_RATE: usize = 48_000;
/// Samples that are worked on at once: 10 ms.
const BLOCK: usize = SAMPLE_RATE / 100;

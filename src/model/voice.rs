//! Values of the voice path that cross module borders.

use std::fmt;

/// A session description the other side offered. Never printed: it holds addresses.
#[derive(Clone, PartialEq, Eq)]
pub struct Offer(pub String);

/// Our session description in reply to an [`Offer`].
#[derive(Clone, PartialEq, Eq)]
pub struct Answer(pub String);

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Offer({} bytes)", self.0.len())
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({} bytes)", self.0.len())
    }
}

/// A level relative to full scale; 0 is the loudest a sample can be, silence is [`Decibels::SILENCE`].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Decibels(pub f32);

impl Decibels {
    pub const SILENCE: Self = Self(-96.0);

    /// From a root mean square or peak amplitude, 1.0 being full scale.
    pub fn from_amplitude(amplitude: f32) -> Self {
        Self((20.0 * amplitude.max(1e-9).log10()).max(Self::SILENCE.0))
    }
}

/// How voice reaches the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VoicePath {
    Bridge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceKind {
    Microphone,
    Speakers,
}

/// A sound device as the system lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoundDevice {
    /// Stable across restarts as far as the system allows.
    pub id: String,
    pub name: String,
    pub is_default: bool,
}

/// What a connection did so far. Counters start at zero with each connection.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct VoiceStats {
    pub clock_hz: u32,
    pub frame_millis: u32,
    pub packets_sent: u64,
    pub packets_received: u64,
    pub packets_lost: u64,
    pub rtt_millis: Option<f32>,
    pub jitter_buffer_millis: f32,
}

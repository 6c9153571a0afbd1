//! Values of the voice path that cross module borders.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{AccountId, PrivateText};

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceKind {
    Microphone,
    Speakers,
    /// A second place where the party is played, and nothing else.
    PartyOutput,
}

/// Why no device of a kind is open although one is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceTrouble {
    /// None is plugged in.
    None,
    /// Another program holds it and shares it with nobody.
    Busy,
    /// The system does not let this program use it.
    NotPermitted,
    /// It does not open, and does not say why.
    Broken,
    /// The party output is where the speakers sound already.
    Doubled,
}

/// A sound device as the system lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoundDevice {
    /// Stable across restarts as far as the system allows.
    pub id: String,
    pub name: String,
    pub is_default: bool,
    /// Its microphone makes the whole headset sound like a telephone.
    pub is_bluetooth: bool,
}

/// Who is at the other end of a voice connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OtherEnd {
    Bridge,
    Member(AccountId),
}

/// What is done to the microphone before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Processing {
    /// Takes away rumble below the voice.
    pub high_pass: bool,
    /// Takes away what the speakers play.
    pub echo_cancellation: bool,
    pub noise_suppression: bool,
    pub automatic_gain: bool,
}

impl Processing {
    pub const OFF: Self =
        Self { high_pass: false, echo_cancellation: false, noise_suppression: false, automatic_gain: false };
}

impl Default for Processing {
    fn default() -> Self {
        Self { high_pass: true, echo_cancellation: true, noise_suppression: true, automatic_gain: true }
    }
}

/// When voice activation opens the microphone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Activation {
    /// Speech at least this loud begins; −60 to 0.
    pub open_at: f32,
    /// And ends once it was quieter than this; never above `open_at`.
    pub close_at: f32,
    /// For as long as this, in milliseconds; 0–2000.
    pub hold_millis: u16,
}

impl Default for Activation {
    fn default() -> Self {
        Self { open_at: -38.0, close_at: -44.0, hold_millis: 300 }
    }
}

impl Activation {
    /// With every number inside its range.
    pub fn clamped(self) -> Self {
        let default = Self::default();
        let finite = |level: f32, otherwise: f32| if level.is_finite() { level } else { otherwise };
        let open_at = finite(self.open_at, default.open_at).clamp(-60.0, 0.0);
        Self {
            open_at,
            close_at: finite(self.close_at, default.close_at).clamp(-80.0, open_at),
            hold_millis: self.hold_millis.min(2000),
        }
    }
}

/// How one member is heard, by the user's own choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hearing {
    /// 0–200; 100 is as they are.
    pub volume_percent: u16,
    /// Not heard at all, here alone.
    pub muted: bool,
}

impl Hearing {
    pub const MAX_VOLUME: u16 = 200;
}

impl Default for Hearing {
    fn default() -> Self {
        Self { volume_percent: 100, muted: false }
    }
}

/// What a recording is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingFormat {
    /// Opus in Ogg: about 20 MB an hour.
    #[default]
    Opus,
    /// About 350 MB an hour.
    Wav,
}

/// How voice is, connection by connection. Counters start at zero with each connection.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VoiceReport {
    /// The bridge first, then members by account.
    pub links: Vec<LinkReport>,
    /// From the air to us, and from us to the air, as the sound system says; `None` while the device is closed or it does not say.
    pub input_latency: Option<Duration>,
    pub output_latency: Option<Duration>,
}

/// One connection.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkReport {
    pub connection: u64,
    pub with: OtherEnd,
    pub state: LinkPhase,
    /// `None` until a pair of candidates was chosen.
    pub path: Option<CandidatePair>,
    pub rtt: Option<Duration>,
    /// What we agreed to send, and whether with redundancy.
    pub clock_hz: u32,
    pub frame_millis: u32,
    pub redundancy: bool,
    pub packets_sent: u64,
    pub packets_received: u64,
    pub packets_lost: u64,
    /// Of our packets, lost on the way to them, as they reported last; 0–1.
    pub lost_there: Option<f32>,
    /// Of theirs, on the way here in the last seconds; 0–1.
    pub lost_here: f32,
    /// Of their packets' arrival (RFC 3550).
    pub jitter: Duration,
    /// How long sound waits before it is played.
    pub buffer: Duration,
    /// Of what was played in the last seconds, made up; 0–1.
    pub concealed: f32,
    /// Over the last seconds, headers left out.
    pub sent_kbps: f32,
    pub received_kbps: f32,
    /// One a second, oldest first, of the last minute.
    pub history: Vec<LinkSample>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPhase {
    Connecting,
    Connected,
    Interrupted,
}

/// What is plotted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LinkSample {
    pub rtt: Option<Duration>,
    pub lost_there: Option<f32>,
    pub lost_here: f32,
    pub jitter: Duration,
    pub buffer: Duration,
    pub concealed: f32,
}

/// The two addresses voice goes between. Addresses are personal: shown to the user, and printed to nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidatePair {
    pub local: Candidate,
    pub remote: Candidate,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub kind: CandidateKind,
    pub address: PrivateText,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CandidateKind {
    Host,
    /// As a STUN server saw it.
    ServerReflexive,
    /// As the other side saw it.
    PeerReflexive,
    Relay,
}

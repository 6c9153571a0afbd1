//! How voice is set up, and what it says of itself.

use std::{path::PathBuf, time::Duration};

use crate::{
    model::{Activation, DeviceChoice, DeviceKind, DeviceTrouble, RecordingFormat, TalkMode},
    voice::device::{Devices, Source},
};

/// Where our voice comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Microphone {
    Device(DeviceChoice),
    /// A WAV file of any rate, played in real time from the moment voice is connected, then silence.
    File(PathBuf),
    None,
}

/// Where the others are heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speakers {
    Device(DeviceChoice),
    /// Records 48 kHz mono in real time from the moment voice is connected. Valid at any time.
    File(PathBuf),
    None,
}

/// Which addresses voice binds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// 127.0.0.1 alone.
    Loopback,
    /// Every interface.
    Any,
}

/// What to write down, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorder {
    pub folder: PathBuf,
    pub format: RecordingFormat,
}

/// When the microphone is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Talk {
    pub mode: TalkMode,
    /// For [`TalkMode::VoiceActivation`].
    pub activation: Activation,
    pub key_held: bool,
    pub muted: bool,
    /// Nothing is heard, and nothing is sent.
    pub deafened: bool,
    /// How long the microphone stays on after the key.
    pub release_hold: Duration,
}

/// A test of the microphone, with or without a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listening {
    Off,
    /// The meter moves.
    Meter,
    /// The user hears themselves.
    HearYourself,
}

/// How the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    Connected,
    /// The path is gone; it may come back by itself.
    Interrupted,
    /// The other side closed.
    Closed,
    /// The path never came, or did not come back.
    Failed,
}

/// What happened, in the order it did. Called from several threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VoiceEvent {
    /// `connection`: as given to [`Voice::answer`](super::Voice::answer) or [`Voice::offer`](super::Voice::offer).
    Connection { connection: u64, state: ConnectionState },
    DeviceOpened {
        kind: DeviceKind,
        name: String,
        /// It stands in for one that was wanted more and does not open; that one is tried again by itself.
        refused: Option<DeviceTrouble>,
    },
    /// It was open and went away; another is tried by itself.
    DeviceLost { kind: DeviceKind },
    /// There is none, or none that opens; one that appears is taken.
    DeviceMissing { kind: DeviceKind, trouble: DeviceTrouble },
    /// Nobody needs it any more.
    DeviceClosed { kind: DeviceKind },
    /// What is plugged in; also once at the start.
    DevicesChanged(Devices),
    /// What is heard goes into this file from now on.
    RecordingBegan(PathBuf),
    /// It is complete. `whole`: nothing of it was lost on the way to the disk.
    RecordingEnded { file: PathBuf, whole: bool },
    /// Nothing was written: the folder cannot be written to, or the disk is full.
    RecordingFailed,
}

/// How voice begins.
#[derive(Debug, Clone)]
pub struct VoiceConfig {
    pub microphone: Microphone,
    pub speakers: Speakers,
    pub talk: Talk,
    pub network: Network,
}

/// The computer has no thread left.
#[derive(Debug, thiserror::Error)]
#[error("a voice thread could not be started")]
pub struct StartError(#[from] std::io::Error);

impl From<Microphone> for Source {
    fn from(microphone: Microphone) -> Self {
        match microphone {
            Microphone::Device(choice) => Self::Device(choice),
            Microphone::File(path) => Self::File(path),
            Microphone::None => Self::None,
        }
    }
}

impl From<Speakers> for Source {
    fn from(speakers: Speakers) -> Self {
        match speakers {
            Speakers::Device(choice) => Self::Device(choice),
            Speakers::File(path) => Self::File(path),
            Speakers::None => Self::None,
        }
    }
}

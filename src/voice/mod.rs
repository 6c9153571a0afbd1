//! The voice path: from the microphone to the bridge, and from the bridge to the speakers.

mod meters;

pub use meters::{Level, MAX_SPEAKERS, Meters};

use crate::model::*;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
#[derive(Debug, Clone, PartialEq)]
pub enum Microphone {
    Device(DeviceChoice),
    File(PathBuf),
    None,
}
#[derive(Debug, Clone, PartialEq)]
pub enum Speakers {
    Device(DeviceChoice),
    File(PathBuf),
    None,
}
pub struct VoiceConfig {
    pub microphone: Microphone,
    pub speakers: Speakers,
    pub talk: Talk,
    pub network: Network,
}
pub enum Network {
    Loopback,
    Any,
}
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Talk {
    pub mode: TalkMode,
    pub key_held: bool,
    pub muted: bool,
    pub deafened: bool,
    pub release_hold: Duration,
}
#[derive(Debug, Clone)]
pub enum VoiceEvent {
    Connection { connection: u64, state: ConnectionState },
    DeviceOpened { kind: DeviceKind, name: String },
    DeviceLost { kind: DeviceKind },
    DeviceMissing { kind: DeviceKind },
    DeviceClosed { kind: DeviceKind },
    DevicesChanged(Devices),
}
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ConnectionState {
    Connected,
    Interrupted,
    Closed,
    Failed,
}
#[derive(Debug, Clone)]
pub struct Devices {
    pub microphones: Vec<SoundDevice>,
    pub speakers: Vec<SoundDevice>,
}
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Listening {
    Off,
    Meter,
    HearYourself,
}
pub struct Voice;
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct StartError;

#[derive(Debug, thiserror::Error)]
pub enum NegotiationError {
    #[error("")]
    TooLarge(usize),
    #[error("")]
    NoAudio,
    #[error("")]
    NoOpus,
    #[error("")]
    UnusableClock(u32),
    #[error("")]
    UnusableFrameTime(String),
    #[error("")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("")]
    NoCandidates,
    #[error("")]
    Overtaken,
    #[error("")]
    Stopped,
}

impl Voice {
    pub fn start(
        _c: VoiceConfig,
        _m: Arc<Meters>,
        _w: Arc<dyn Fn() + Send + Sync>,
        _e: impl Fn(VoiceEvent) + Send + Sync + 'static,
    ) -> Result<Voice, StartError> {
        Ok(Voice)
    }
    pub fn set_microphone(&self, _: Microphone) {}
    pub fn set_speakers(&self, _: Speakers) {}
    pub fn set_talk(&self, _: Talk) {}
    pub fn set_members(&self, _: Vec<AccountId>) {}
    pub fn set_microphone_test(&self, _: Listening) {}
    pub fn play_test_sound(&self) {}
    pub async fn answer(&self, _connection: u64, _offer: Offer) -> Result<Answer, NegotiationError> {
        Err(NegotiationError::Stopped)
    }
    pub async fn hang_up(&self) {}
    pub fn stats(&self) -> Option<VoiceStats> {
        None
    }
}
pub fn list_devices() -> Devices { Devices { microphones: vec![], speakers: vec![] } }

//! What the voice thread knows of a sound device: an end to read from, an end to write to. Cards are in [`cards`], files
//! in [`file`]; [`supervisor`] opens, watches and reopens them.

pub mod cards;
mod cushion;
pub mod file;
#[cfg(target_os = "linux")]
mod pulse;
mod ring;
pub mod supervisor;
pub mod watch;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use super::{SAMPLE_RATE, engine::Nudge};
use crate::model::{DeviceChoice, DeviceTrouble, SoundDevice};

/// The voice thread's end of a microphone.
pub trait Capture: Send {
    /// Appends what was recorded since the last call, 48 kHz mono. Never blocks.
    fn read(&mut self, into: &mut Vec<f32>, now: Instant);

    /// It wakes the voice thread whenever a block is there; nobody has to look.
    fn calls(&self) -> bool {
        false
    }
}

/// The voice thread's end of speakers.
pub trait Playback: Send {
    /// How many samples at 48 kHz should be written now to keep sound flowing.
    fn wanted(&mut self, now: Instant) -> usize;

    /// Plays 48 kHz mono. Never blocks; what does not fit is dropped.
    fn write(&mut self, samples: &[f32]);

    /// Nothing is missed when it is not written to for a while.
    fn may_rest(&self) -> bool;

    /// It will not be written to as it wants for a while: what it misses then nobody does.
    fn idle(&mut self) {}

    /// It wakes the voice thread whenever it wants a block; nobody has to look.
    fn calls(&self) -> bool {
        false
    }
}

/// What keeps a device open; dropping it closes the device. May block.
pub trait Stream: Send {
    /// Nothing is played or sent for a while, or again something. At rest it may cost little and be late.
    fn rest(&mut self, resting: bool);
}

/// The voice thread's end.
pub enum End {
    Capture(Box<dyn Capture>),
    Playback(Box<dyn Playback>),
}

/// Called once, from any thread, when an open card fails.
pub type OnFailure = Arc<dyn Fn() + Send + Sync>;

/// What an open card calls, and where it puts what it knows.
#[derive(Clone)]
pub struct Hooks {
    pub on_failure: OnFailure,
    pub nudge: Arc<Nudge>,
    pub latency: Arc<Latency>,
}

/// How long sound takes between the air and the voice thread, as the sound system says. Written by the card's thread.
#[derive(Debug, Default)]
pub struct Latency(AtomicU32);

impl Latency {
    pub fn set(&self, latency: Duration) {
        self.0.store(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX).max(1), Relaxed);
    }

    pub fn forget(&self) {
        self.0.store(0, Relaxed);
    }

    /// `None`: the device is closed, or does not say.
    pub fn get(&self) -> Option<Duration> {
        match self.0.load(Relaxed) {
            0 => None,
            micros => Some(Duration::from_micros(micros.into())),
        }
    }
}

/// A device that was opened.
pub struct Opened {
    pub name: String,
    pub end: End,
    pub stream: Box<dyn Stream>,
}

/// Why a device did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("there is no such device")]
    Absent,
    #[error("the sound system refuses")]
    Card(#[from] cpal::Error),
    #[error("samples of this format are not understood")]
    Format,
    #[error("the rate cannot be converted")]
    Rate(#[from] rubato::ResamplerConstructionError),
    #[error("the sound file cannot be used")]
    File(#[from] hound::Error),
    #[error("no thread")]
    Thread(#[source] std::io::Error),
    #[cfg(target_os = "linux")]
    #[error("the sound server does not open it")]
    Server(#[from] pulse::PulseError),
}

impl OpenError {
    /// What the user is told of it.
    pub fn trouble(&self) -> DeviceTrouble {
        match self {
            Self::Absent => DeviceTrouble::None,
            Self::Card(error) => match error.kind() {
                cpal::ErrorKind::DeviceBusy => DeviceTrouble::Busy,
                cpal::ErrorKind::PermissionDenied => DeviceTrouble::NotPermitted,
                cpal::ErrorKind::DeviceNotAvailable | cpal::ErrorKind::HostUnavailable => DeviceTrouble::None,
                _ => DeviceTrouble::Broken,
            },
            #[cfg(target_os = "linux")]
            Self::Server(error) => error.trouble(),
            Self::File(hound::Error::IoError(error)) => match error.kind() {
                std::io::ErrorKind::NotFound => DeviceTrouble::None,
                std::io::ErrorKind::PermissionDenied => DeviceTrouble::NotPermitted,
                _ => DeviceTrouble::Broken,
            },
            Self::Format | Self::Rate(_) | Self::File(_) | Self::Thread(_) => DeviceTrouble::Broken,
        }
    }
}

/// Where sound comes from or goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Device(DeviceChoice),
    File(PathBuf),
    None,
}

/// The sound cards of this computer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Devices {
    pub microphones: Vec<SoundDevice>,
    pub speakers: Vec<SoundDevice>,
}

/// Samples due since a moment, at 48 kHz: the pace of what has no clock of its own.
#[derive(Debug, Default)]
pub struct Pace {
    began: Option<Instant>,
    passed: u64,
}

impl Pace {
    /// Due now and not yet passed; the first call starts the clock.
    pub fn due(&mut self, now: Instant) -> usize {
        let elapsed = now.saturating_duration_since(*self.began.get_or_insert(now));
        let total = (elapsed.as_micros() * SAMPLE_RATE as u128 / 1_000_000) as u64;
        // Whoever slept longer than this does not make up for it.
        self.passed = self.passed.max(total.saturating_sub(SAMPLE_RATE as u64));
        total.saturating_sub(self.passed) as usize
    }

    pub fn pass(&mut self, samples: usize) {
        self.passed += samples as u64;
    }
}

/// Speakers for who has none: the pace of real time, and no sound.
#[derive(Debug, Default)]
pub struct Nowhere(Pace);

impl Nowhere {
    /// Nothing is due now.
    pub fn restart(&mut self, now: Instant) {
        self.0 = Pace { began: Some(now), passed: 0 };
    }
}

impl Playback for Nowhere {
    fn wanted(&mut self, now: Instant) -> usize {
        self.0.due(now)
    }

    fn write(&mut self, samples: &[f32]) {
        self.0.pass(samples.len());
    }

    fn may_rest(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_a_device_shut_is_told_apart() {
        let card = |kind| OpenError::Card(cpal::Error::new(kind)).trouble();
        assert_eq!(card(cpal::ErrorKind::DeviceBusy), DeviceTrouble::Busy);
        assert_eq!(card(cpal::ErrorKind::PermissionDenied), DeviceTrouble::NotPermitted);
        assert_eq!(card(cpal::ErrorKind::DeviceNotAvailable), DeviceTrouble::None);
        assert_eq!(card(cpal::ErrorKind::BackendError), DeviceTrouble::Broken);
        assert_eq!(OpenError::Absent.trouble(), DeviceTrouble::None);
        assert_eq!(OpenError::Format.trouble(), DeviceTrouble::Broken);
        let file = |kind: std::io::ErrorKind| OpenError::File(hound::Error::IoError(kind.into())).trouble();
        assert_eq!(file(std::io::ErrorKind::PermissionDenied), DeviceTrouble::NotPermitted);
        assert_eq!(file(std::io::ErrorKind::NotFound), DeviceTrouble::None);
    }
}

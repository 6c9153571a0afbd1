//! Sound cards through cpal. Its callbacks copy between the card and a lock-free ring and do nothing else.

use std::{
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use cpal::{
    BufferSize, DeviceId, ErrorKind, FromSample, InterfaceType, Sample, SampleFormat, SizedSample,
    StreamConfig, SupportedBufferSize, SupportedStreamConfig,
    traits::{DeviceTrait, HostTrait, StreamTrait},
};

#[cfg(target_os = "linux")]
use super::pulse;
use super::{Devices, End, Hooks, OpenError, Opened, Stream, ring};
use crate::{
    model::{DeviceKind, SoundDevice},
    voice::{SAMPLE_RATE, resample::RateConverter},
};

/// Callbacks of about 5 ms, where the host lets us choose.
const CALLBACKS_PER_SECOND: u32 = 200;
const OPENING: Duration = Duration::from_secs(3);
/// How Bluetooth headsets are called where the system does not say what they are.
const BLUETOOTH_NAMES: [&str; 4] = ["bluetooth", "hands-free", "handsfree", "airpods"];

/// The computer's sound system, found anew when it went away. Every call may block.
#[derive(Default)]
pub struct Cards {
    #[cfg(target_os = "linux")]
    server: Option<pulse::Server>,
    host: Option<cpal::Host>,
}

impl Cards {
    /// What is plugged in. Empty where there is no sound system.
    pub fn list(&mut self) -> Devices {
        #[cfg(target_os = "linux")]
        if let Some(devices) = self.list_server() {
            return devices;
        }
        let listed = self.host().and_then(list);
        // A sound system that went away does not come back on the old connection; and where none was, one may be now.
        if listed.as_ref().is_none_or(|devices| devices.microphones.is_empty() && devices.speakers.is_empty())
        {
            self.host = None;
        }
        listed.unwrap_or_default()
    }

    /// Opens a card by the id of [`Self::list`].
    ///
    /// # Errors
    /// It is gone, held by another program, or of an unknown kind.
    pub fn open(&mut self, kind: DeviceKind, id: &str, hooks: Hooks) -> Result<Opened, OpenError> {
        #[cfg(target_os = "linux")]
        if let Some(name) = id.strip_prefix(pulse::PREFIX) {
            return Ok(match kind {
                DeviceKind::Microphone => pulse::open_microphone(name, hooks),
                DeviceKind::Speakers | DeviceKind::PartyOutput => pulse::open_speakers(kind, name, hooks),
            }?);
        }
        let opened = self.host().ok_or(OpenError::Absent).and_then(|host| open(host, kind, id, hooks));
        if opened.is_err() {
            self.host = None;
        }
        opened
    }

    /// `None`: there is no server, and the cards are our own.
    #[cfg(target_os = "linux")]
    fn list_server(&mut self) -> Option<Devices> {
        if self.server.is_none() {
            self.server = pulse::Server::connect().ok();
        }
        let listed = self.server.as_ref()?.list();
        if listed.is_err() {
            self.server = None;
        }
        listed.ok()
    }

    fn host(&mut self) -> Option<&cpal::Host> {
        if self.host.is_none() && has_sound_system() {
            self.host = Some(cpal::default_host());
        }
        self.host.as_ref()
    }
}

/// Without a server and without a card, ALSA would list a dozen names that lead nowhere, and complain on stderr.
fn has_sound_system() -> bool {
    if cfg!(target_os = "linux") {
        cpal::available_hosts().len() > 1 || std::path::Path::new("/dev/snd").exists()
    } else {
        true
    }
}

fn list(host: &cpal::Host) -> Option<Devices> {
    let devices: Vec<_> = host.devices().ok()?.collect();
    let id = |device: cpal::Device| device.id().ok();
    let (microphone, speakers) =
        (host.default_input_device().and_then(id), host.default_output_device().and_then(id));
    Some(Devices {
        microphones: describe(devices.iter().filter(|device| device.supports_input()), microphone.as_ref()),
        speakers: describe(devices.iter().filter(|device| device.supports_output()), speakers.as_ref()),
    })
}

fn describe<'a>(
    devices: impl Iterator<Item = &'a cpal::Device>,
    default: Option<&DeviceId>,
) -> Vec<SoundDevice> {
    devices
        .filter_map(|device| {
            let id = device.id().ok()?;
            let description = device.description().ok()?;
            Some(SoundDevice {
                is_default: Some(&id) == default,
                id: id.to_string(),
                name: description.name().to_owned(),
                is_bluetooth: description.interface_type() == InterfaceType::Bluetooth
                    || is_called_bluetooth(description.name()),
            })
        })
        .collect()
}

fn is_called_bluetooth(name: &str) -> bool {
    let name = name.to_lowercase();
    BLUETOOTH_NAMES.iter().any(|known| name.contains(known))
}

fn open(host: &cpal::Host, kind: DeviceKind, id: &str, hooks: Hooks) -> Result<Opened, OpenError> {
    let id = DeviceId::from_str(id).map_err(|_| OpenError::Absent)?;
    let device = host.device_by_id(&id).ok_or(OpenError::Absent)?;
    let name = device.description()?.name().to_owned();
    let config = match kind {
        DeviceKind::Microphone => {
            preferred(device.default_input_config()?, device.supported_input_configs()?)
        }
        DeviceKind::Speakers | DeviceKind::PartyOutput => {
            preferred(device.default_output_config()?, device.supported_output_configs()?)
        }
    };
    let failing = Arc::new(Failing { silent: AtomicBool::new(false), hooks });
    let card = Card { device, config, failing: failing.clone() };
    let (end, stream, warm) = match kind {
        // Opened with the key, it would lose the first syllable.
        DeviceKind::Microphone => card.microphone().map(|(end, stream)| (end, stream, true))?,
        DeviceKind::Speakers | DeviceKind::PartyOutput => {
            card.speakers().map(|(end, stream)| (end, stream, false))?
        }
    };
    Ok(Opened { name, end, stream: Box::new(CardStream { stream: Some(stream), warm, failing }) })
}

/// The device's own way, but at our rate where it can.
fn preferred(
    default: SupportedStreamConfig,
    mut others: impl Iterator<Item = cpal::SupportedStreamConfigRange>,
) -> SupportedStreamConfig {
    let same = |other: &cpal::SupportedStreamConfigRange| {
        other.channels() == default.channels() && other.sample_format() == default.sample_format()
    };
    if default.sample_rate() == SAMPLE_RATE as u32 {
        return default;
    }
    let ours = others
        .find_map(|other| if same(&other) { other.try_with_sample_rate(SAMPLE_RATE as u32) } else { None });
    ours.unwrap_or(default)
}

struct Failing {
    /// It was said already, or the device is being closed.
    silent: AtomicBool,
    hooks: Hooks,
}

impl Failing {
    /// A card in trouble repeats itself thousands of times: only the first matters, and a mere hiccup not at all.
    fn report(&self, error: &cpal::Error) {
        let harmless =
            matches!(error.kind(), ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied);
        if !harmless && !self.silent.swap(true, Relaxed) {
            tracing::warn!(kind = ?error.kind(), "a sound device failed");
            (self.hooks.on_failure)();
        }
    }
}

struct Card {
    device: cpal::Device,
    config: SupportedStreamConfig,
    failing: Arc<Failing>,
}

impl Card {
    fn microphone(&self) -> Result<(End, cpal::Stream), OpenError> {
        match self.config.sample_format() {
            SampleFormat::F32 => self.microphone_of::<f32>(),
            SampleFormat::I16 => self.microphone_of::<i16>(),
            SampleFormat::I32 => self.microphone_of::<i32>(),
            SampleFormat::I24 => self.microphone_of::<cpal::I24>(),
            SampleFormat::U8 => self.microphone_of::<u8>(),
            SampleFormat::U16 => self.microphone_of::<u16>(),
            _ => Err(OpenError::Format),
        }
    }

    fn speakers(&self) -> Result<(End, cpal::Stream), OpenError> {
        match self.config.sample_format() {
            SampleFormat::F32 => self.speakers_of::<f32>(),
            SampleFormat::I16 => self.speakers_of::<i16>(),
            SampleFormat::I32 => self.speakers_of::<i32>(),
            SampleFormat::I24 => self.speakers_of::<cpal::I24>(),
            SampleFormat::U8 => self.speakers_of::<u8>(),
            SampleFormat::U16 => self.speakers_of::<u16>(),
            _ => Err(OpenError::Format),
        }
    }

    fn microphone_of<T: SizedSample + Send + 'static>(&self) -> Result<(End, cpal::Stream), OpenError>
    where
        f32: FromSample<T>,
    {
        let (rate, channels) = (self.config.sample_rate(), usize::from(self.config.channels()).max(1));
        let build = |config: StreamConfig| {
            let converter = converter(rate, SAMPLE_RATE as u32)?;
            let failing = self.failing.clone();
            let (mut recorded, capture) = ring::capture(rate, converter, failing.hooks.nudge.clone());
            let latency = failing.hooks.latency.clone();
            let stream = self.device.build_input_stream(
                config,
                move |data: &[T], info| {
                    let mono = data.chunks_exact(channels).map(|frame| {
                        frame.iter().map(|&s| f32::from_sample(s)).sum::<f32>() / channels as f32
                    });
                    recorded.fill(data.len() / channels, mono);
                    let at = info.timestamp();
                    latency.set(at.callback.duration_since(at.capture));
                },
                move |error| failing.report(&error),
                Some(OPENING),
            )?;
            Ok((End::Capture(Box::new(capture)), stream))
        };
        let (end, stream) = self.with_short_callbacks(build)?;
        stream.play()?;
        Ok((end, stream))
    }

    fn speakers_of<T: SizedSample + FromSample<f32> + Send + 'static>(
        &self,
    ) -> Result<(End, cpal::Stream), OpenError> {
        let (rate, channels) = (self.config.sample_rate(), usize::from(self.config.channels()).max(1));
        let build = |config: StreamConfig| {
            let converter = converter(SAMPLE_RATE as u32, rate)?;
            let failing = self.failing.clone();
            let period = rate / CALLBACKS_PER_SECOND;
            let (mut played, playback) = ring::playback(rate, period, converter, failing.hooks.nudge.clone());
            let latency = failing.hooks.latency.clone();
            let stream = self.device.build_output_stream(
                config,
                move |data: &mut [T], info| {
                    let waiting = Duration::from_secs(played.waiting() as u64) / rate.max(1);
                    played.drain(data, channels);
                    let at = info.timestamp();
                    latency.set(at.playback.duration_since(at.callback) + waiting);
                },
                move |error| failing.report(&error),
                Some(OPENING),
            )?;
            Ok((End::Playback(Box::new(playback)), stream))
        };
        let (end, stream) = self.with_short_callbacks(build)?;
        stream.play()?;
        Ok((end, stream))
    }

    /// Some hosts refuse a fixed size: then theirs is better than none.
    fn with_short_callbacks<R>(
        &self,
        build: impl Fn(StreamConfig) -> Result<R, OpenError>,
    ) -> Result<R, OpenError> {
        let frames = self.config.sample_rate() / CALLBACKS_PER_SECOND;
        let frames = match *self.config.buffer_size() {
            SupportedBufferSize::Range { min, max } => frames.clamp(min, max.max(min)),
            SupportedBufferSize::Unknown => frames,
        };
        let config = self.config.config();
        let short = StreamConfig { buffer_size: BufferSize::Fixed(frames), ..config };
        build(short).or_else(|error| match &error {
            OpenError::Card(card)
                if matches!(card.kind(), ErrorKind::UnsupportedConfig | ErrorKind::InvalidInput) =>
            {
                build(config)
            }
            _ => Err(error),
        })
    }
}

fn converter(from: u32, to: u32) -> Result<Option<RateConverter>, OpenError> {
    Ok(if from == to { None } else { Some(RateConverter::new(from, to)?) })
}

struct CardStream {
    /// `None` only while it is dropped.
    stream: Option<cpal::Stream>,
    /// It does not rest.
    warm: bool,
    failing: Arc<Failing>,
}

impl Stream for CardStream {
    /// Paused, not closed: another program could take it.
    fn rest(&mut self, resting: bool) {
        let done = match &self.stream {
            Some(stream) if !self.warm => {
                if resting {
                    stream.pause()
                } else {
                    stream.play()
                }
            }
            _ => Ok(()),
        };
        if let Err(error) = done {
            tracing::debug!(kind = ?error.kind(), resting, "the speakers do not rest or wake");
        }
    }
}

impl Drop for CardStream {
    fn drop(&mut self) {
        // A stream that is being closed complains.
        self.failing.silent.store(true, Relaxed);
        self.stream = None;
        self.failing.hooks.latency.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bluetooth_headset_is_known_by_its_name() {
        assert!(is_called_bluetooth("Headset (WH-1000 Hands-Free AG Audio)"));
        assert!(is_called_bluetooth("Somebody's AirPods Pro"));
        assert!(!is_called_bluetooth("USB Headset"));
    }
}

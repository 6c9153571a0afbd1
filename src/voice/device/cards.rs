//! Sound cards through cpal. Its callbacks copy between the card and a lock-free ring and do nothing else.

use std::{
    str::FromStr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use cpal::{
    BufferSize, DeviceId, ErrorKind, FromSample, Sample, SampleFormat, SizedSample, StreamConfig,
    SupportedBufferSize, SupportedStreamConfig,
    traits::{DeviceTrait, HostTrait, StreamTrait},
};
use rtrb::{Consumer, RingBuffer};

#[cfg(target_os = "linux")]
use super::pulse;
use super::{Devices, End, OpenError, Opened, Stream, ring};
use crate::{
    model::{DeviceKind, SoundDevice},
    voice::{SAMPLE_RATE, resample::RateConverter},
};

/// Callbacks of about 10 ms: left to itself, the pulse host buffers for two seconds.
const CALLBACKS_PER_SECOND: u32 = 100;
/// How ids on a PulseAudio server begin; the name there follows.
const PULSE: &str = "pulseaudio:";
const OPENING: Duration = Duration::from_secs(3);

/// Called once, from any thread, when an open card fails.
pub type OnFailure = Arc<dyn Fn() + Send + Sync>;

/// The computer's sound system, found anew when it went away. Every call may block.
#[derive(Default)]
pub struct Cards {
    host: Option<cpal::Host>,
}

impl Cards {
    /// What is plugged in. Empty where there is no sound system.
    pub fn list(&mut self) -> Devices {
        let listed = self.host().and_then(list);
        // A server that went away does not come back on the old connection; and where none was, one may be now.
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
    pub fn open(&mut self, kind: DeviceKind, id: &str, on_failure: OnFailure) -> Result<Opened, OpenError> {
        #[cfg(target_os = "linux")]
        if kind == DeviceKind::Microphone
            && let Some(source) = id.strip_prefix(PULSE)
        {
            match pulse::open_microphone(source, on_failure.clone()) {
                Ok(opened) => return Ok(opened),
                Err(error) => tracing::debug!(?error, "the microphone is left to cpal"),
            }
        }
        let opened = self.host().ok_or(OpenError::Absent).and_then(|host| open(host, kind, id, on_failure));
        if opened.is_err() {
            self.host = None;
        }
        opened
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
            let name = device.description().ok()?.name().to_owned();
            Some(SoundDevice {
                is_default: Some(&id) == default,
                id: id.to_string(),
                name,
                is_bluetooth: false,
            })
        })
        // What a sound server offers for recording what is played is no microphone.
        .filter(|device| !device.id.ends_with(".monitor"))
        .collect()
}

fn open(host: &cpal::Host, kind: DeviceKind, id: &str, on_failure: OnFailure) -> Result<Opened, OpenError> {
    let is_server = id.starts_with(PULSE);
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
    let failing = Failing { silent: AtomicBool::new(false), on_failure };
    let card = Card { device, config, failing: Arc::new(failing) };
    let (end, stream): (_, Box<dyn Stream>) = match kind {
        DeviceKind::Microphone => {
            let (end, stream) = card.microphone()?;
            (end, Box::new(MicrophoneStream(stream)))
        }
        DeviceKind::Speakers | DeviceKind::PartyOutput => {
            let (end, stream) = card.speakers(is_server)?;
            (end, Box::new(stream))
        }
    };
    Ok(Opened { name, end, stream })
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
    on_failure: OnFailure,
}

impl Failing {
    /// A card in trouble repeats itself thousands of times: only the first matters, and a mere hiccup not at all.
    fn report(&self, error: &cpal::Error) {
        let harmless =
            matches!(error.kind(), ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied);
        if !harmless && !self.silent.swap(true, Relaxed) {
            tracing::warn!(kind = ?error.kind(), "a sound device failed");
            (self.on_failure)();
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

    fn speakers(self, closes: bool) -> Result<(End, SpeakersStream), OpenError> {
        let rate = self.config.sample_rate();
        let (playback, ring) = RingBuffer::new(rate as usize * ring::SECONDS);
        let feed = Feed { ring: Arc::new(Mutex::new(ring)), missed: Arc::default() };
        let converter = converter(SAMPLE_RATE as u32, rate)?;
        let playback = ring::CardPlayback::new(playback, converter, rate, feed.missed.clone());
        let stream = Some(self.play(&feed)?);
        Ok((End::Playback(Box::new(playback)), SpeakersStream { card: self, feed, stream, closes }))
    }

    fn play(&self, feed: &Feed) -> Result<cpal::Stream, OpenError> {
        let stream = match self.config.sample_format() {
            SampleFormat::F32 => self.play_as::<f32>(feed),
            SampleFormat::I16 => self.play_as::<i16>(feed),
            SampleFormat::I32 => self.play_as::<i32>(feed),
            SampleFormat::I24 => self.play_as::<cpal::I24>(feed),
            SampleFormat::U8 => self.play_as::<u8>(feed),
            SampleFormat::U16 => self.play_as::<u16>(feed),
            _ => Err(OpenError::Format),
        }?;
        stream.play()?;
        Ok(stream)
    }

    fn microphone_of<T: SizedSample + Send + 'static>(&self) -> Result<(End, cpal::Stream), OpenError>
    where
        f32: FromSample<T>,
    {
        let (rate, channels) = (self.config.sample_rate(), usize::from(self.config.channels()).max(1));
        let build = |config: StreamConfig| {
            let (mut ring, capture) = RingBuffer::new(rate as usize * ring::SECONDS);
            let failing = self.failing.clone();
            let stream = self.device.build_input_stream(
                config,
                move |data: &[T], _| {
                    let mono = data.chunks_exact(channels).map(|frame| {
                        frame.iter().map(|&s| f32::from_sample(s)).sum::<f32>() / channels as f32
                    });
                    ring::fill(&mut ring, data.len() / channels, mono);
                },
                move |error| failing.report(&error),
                Some(OPENING),
            )?;
            Ok((stream, capture))
        };
        let (stream, capture) = self.with_short_callbacks(build)?;
        stream.play()?;
        let converter = converter(rate, SAMPLE_RATE as u32)?;
        Ok((End::Capture(Box::new(ring::CardCapture::new(capture, converter))), stream))
    }

    fn play_as<T: SizedSample + FromSample<f32> + Send + 'static>(
        &self,
        feed: &Feed,
    ) -> Result<cpal::Stream, OpenError> {
        let channels = usize::from(self.config.channels()).max(1);
        self.with_short_callbacks(|config| {
            let (failing, feed) = (self.failing.clone(), feed.clone());
            self.device.build_output_stream(
                config,
                move |data: &mut [T], _| feed.pour(data, channels),
                move |error| failing.report(&error),
                Some(OPENING),
            )
        })
    }

    /// Some hosts refuse a fixed size: then theirs is better than none.
    fn with_short_callbacks<R>(
        &self,
        build: impl Fn(StreamConfig) -> Result<R, cpal::Error>,
    ) -> Result<R, OpenError> {
        let frames = self.config.sample_rate() / CALLBACKS_PER_SECOND;
        let frames = match *self.config.buffer_size() {
            SupportedBufferSize::Range { min, max } => frames.clamp(min, max.max(min)),
            SupportedBufferSize::Unknown => frames,
        };
        let config = self.config.config();
        let short = StreamConfig { buffer_size: BufferSize::Fixed(frames), ..config };
        build(short)
            .or_else(|error| match error.kind() {
                ErrorKind::UnsupportedConfig | ErrorKind::InvalidInput => build(config),
                _ => Err(error),
            })
            .map_err(OpenError::Card)
    }
}

fn converter(from: u32, to: u32) -> Result<Option<RateConverter>, OpenError> {
    Ok(if from == to { None } else { Some(RateConverter::new(from, to)?) })
}

/// The card's end of what is played. It outlives the stream that plays it.
#[derive(Clone)]
struct Feed {
    /// Held by one stream at a time, so its callback never waits.
    ring: Arc<Mutex<Consumer<f32>>>,
    missed: Arc<AtomicU32>,
}

impl Feed {
    fn pour<T: SizedSample + FromSample<f32>>(&self, data: &mut [T], channels: usize) {
        let enough = match self.ring.try_lock() {
            Ok(mut ring) => ring::drain(&mut ring, data, channels),
            Err(_) => {
                data.fill(T::EQUILIBRIUM);
                false
            }
        };
        if !enough {
            self.missed.fetch_add(1, Relaxed);
        }
    }
}

struct MicrophoneStream(#[expect(dead_code, reason = "open for as long as it is held")] cpal::Stream);

impl Stream for MicrophoneStream {
    /// It stays warm: opened with the key, it would lose the first syllable.
    fn rest(&mut self, _resting: bool) {}
}

struct SpeakersStream {
    card: Card,
    feed: Feed,
    /// `None` while a server's stream is closed.
    stream: Option<cpal::Stream>,
    /// The pulse host asks the server for the time ten times a second even while paused. Cards of our own are only
    /// paused: another program could take what is closed.
    closes: bool,
}

impl Stream for SpeakersStream {
    fn rest(&mut self, resting: bool) {
        let done = match (&self.stream, resting) {
            (Some(_), true) if self.closes => {
                // A stream that is being closed complains.
                let was_silent = self.card.failing.silent.swap(true, Relaxed);
                self.stream = None;
                self.card.failing.silent.store(was_silent, Relaxed);
                Ok(())
            }
            (Some(stream), true) => stream.pause().map_err(OpenError::Card),
            (Some(stream), false) => stream.play().map_err(OpenError::Card),
            (None, true) => Ok(()),
            (None, false) => self.card.play(&self.feed).map(|stream| self.stream = Some(stream)),
        };
        if let Err(error) = done {
            tracing::debug!(?error, resting, "the speakers do not rest or wake");
            if self.stream.is_none() {
                (self.card.failing.on_failure)();
            }
        }
    }
}

//! Sound cards through cpal. Its callbacks copy between the card and a lock-free ring and do nothing else.

use std::{
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use cpal::{
    BufferSize, DeviceId, ErrorKind, FromSample, Sample, SampleFormat, SizedSample, StreamConfig,
    SupportedBufferSize, SupportedStreamConfig,
    traits::{DeviceTrait, HostTrait, StreamTrait},
};
use rtrb::{Consumer, Producer, RingBuffer, chunks::ChunkError};

use super::{Capture, Devices, End, OpenError, Opened, Playback, Stream};
use crate::{
    model::{DeviceKind, SoundDevice},
    voice::{SAMPLE_RATE, resample::RateConverter},
};

/// Callbacks of about 10 ms: left to itself, the pulse host buffers for two seconds.
const CALLBACKS_PER_SECOND: u32 = 100;
/// A second of sound fits between a callback and the voice thread.
const RING_SECONDS: usize = 1;
/// What waits for the card: two callbacks, and what the voice thread may be late.
const TARGET: Duration = Duration::from_millis(20);
/// Every time the card found too little, this much more waits for it, up to the most.
const MORE: Duration = Duration::from_millis(10);
const MOST: Duration = Duration::from_millis(100);
const OPENING: Duration = Duration::from_secs(3);

/// Called once, from any thread, when an open card fails.
pub type OnFailure = Box<dyn Fn() + Send + Sync>;

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
            Some(SoundDevice { is_default: Some(&id) == default, id: id.to_string(), name })
        })
        // What a sound server offers for recording what is played is no microphone.
        .filter(|device| !device.id.ends_with(".monitor"))
        .collect()
}

fn open(host: &cpal::Host, kind: DeviceKind, id: &str, on_failure: OnFailure) -> Result<Opened, OpenError> {
    let id = DeviceId::from_str(id).map_err(|_| OpenError::Absent)?;
    let device = host.device_by_id(&id).ok_or(OpenError::Absent)?;
    let name = device.description()?.name().to_owned();
    let config = match kind {
        DeviceKind::Microphone => {
            preferred(device.default_input_config()?, device.supported_input_configs()?)
        }
        DeviceKind::Speakers => {
            preferred(device.default_output_config()?, device.supported_output_configs()?)
        }
    };
    let failing = Failing { failed: AtomicBool::new(false), on_failure };
    let card = Card { device, config, failing: Arc::new(failing) };
    let (end, stream) = match kind {
        DeviceKind::Microphone => card.microphone()?,
        DeviceKind::Speakers => card.speakers()?,
    };
    stream.play()?;
    Ok(Opened { name, end, stream: Box::new(CardStream(stream)) })
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
    failed: AtomicBool,
    on_failure: OnFailure,
}

impl Failing {
    /// A card in trouble repeats itself thousands of times: only the first matters, and a mere hiccup not at all.
    fn report(&self, error: &cpal::Error) {
        let harmless =
            matches!(error.kind(), ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied);
        if !harmless && !self.failed.swap(true, Relaxed) {
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
            let (mut ring, capture) = RingBuffer::new(rate as usize * RING_SECONDS);
            let failing = self.failing.clone();
            let stream = self.device.build_input_stream(
                config,
                move |data: &[T], _| {
                    let mono = data.chunks_exact(channels).map(|frame| {
                        frame.iter().map(|&s| f32::from_sample(s)).sum::<f32>() / channels as f32
                    });
                    fill(&mut ring, data.len() / channels, mono);
                },
                move |error| failing.report(&error),
                Some(OPENING),
            )?;
            Ok((stream, capture))
        };
        let (stream, ring) = self.with_short_callbacks(build)?;
        let converter = converter(rate, SAMPLE_RATE as u32)?;
        Ok((
            End::Capture(Box::new(CardCapture { ring, converter, fresh: Vec::with_capacity(rate as usize) })),
            stream,
        ))
    }

    fn speakers_of<T: SizedSample + FromSample<f32> + Send + 'static>(
        &self,
    ) -> Result<(End, cpal::Stream), OpenError> {
        let (rate, channels) = (self.config.sample_rate(), usize::from(self.config.channels()).max(1));
        let missed = Arc::new(AtomicU32::new(0));
        let build = |config: StreamConfig| {
            let (playback, mut ring) = RingBuffer::new(rate as usize * RING_SECONDS);
            let (failing, missed) = (self.failing.clone(), missed.clone());
            let stream = self.device.build_output_stream(
                config,
                move |data: &mut [T], _| {
                    if !drain(&mut ring, data, channels) {
                        missed.fetch_add(1, Relaxed);
                    }
                },
                move |error| failing.report(&error),
                Some(OPENING),
            )?;
            Ok((stream, playback))
        };
        let (stream, ring) = self.with_short_callbacks(build)?;
        let converter = converter(SAMPLE_RATE as u32, rate)?;
        let playback =
            CardPlayback { ring, converter, rate, target: TARGET, missed, missed_before: 0, written: None };
        Ok((End::Playback(Box::new(playback)), stream))
    }

    /// Some hosts refuse a fixed size: then theirs is better than none.
    fn with_short_callbacks<R>(
        &self,
        build: impl Fn(StreamConfig) -> Result<(cpal::Stream, R), cpal::Error>,
    ) -> Result<(cpal::Stream, R), OpenError> {
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

/// In the card's callback: what does not fit is lost, and the voice thread was asleep for a second.
fn fill(ring: &mut Producer<f32>, count: usize, samples: impl Iterator<Item = f32>) {
    let chunk = match ring.write_chunk_uninit(count) {
        Ok(chunk) => Ok(chunk),
        Err(ChunkError::TooFewSlots(free)) => ring.write_chunk_uninit(free),
    };
    if let Ok(chunk) = chunk {
        chunk.fill_from_iter(samples);
    }
}

/// In the card's callback: the same on every channel, silence where nothing waits. `false`: there was too little.
fn drain<T: SizedSample + FromSample<f32>>(
    ring: &mut Consumer<f32>,
    data: &mut [T],
    channels: usize,
) -> bool {
    let wanted = data.len() / channels;
    let ready = ring.slots().min(wanted);
    let mut frames = data.chunks_exact_mut(channels);
    if let Ok(chunk) = ring.read_chunk(ready) {
        for (sample, frame) in chunk.into_iter().zip(frames.by_ref()) {
            frame.fill(T::from_sample(sample));
        }
    }
    frames.for_each(|frame| frame.fill(T::EQUILIBRIUM));
    ready == wanted
}

struct CardCapture {
    ring: Consumer<f32>,
    converter: Option<RateConverter>,
    fresh: Vec<f32>,
}

impl Capture for CardCapture {
    fn read(&mut self, into: &mut Vec<f32>, _now: Instant) {
        self.fresh.clear();
        if let Ok(chunk) = self.ring.read_chunk(self.ring.slots()) {
            self.fresh.extend(chunk);
        }
        match &mut self.converter {
            Some(converter) => converter.push(&self.fresh, |samples| into.extend_from_slice(samples)),
            None => into.extend_from_slice(&self.fresh),
        }
    }
}

struct CardPlayback {
    ring: Producer<f32>,
    converter: Option<RateConverter>,
    rate: u32,
    /// How much should wait for the card.
    target: Duration,
    missed: Arc<AtomicU32>,
    missed_before: u32,
    /// When it was last written to.
    written: Option<Instant>,
}

impl CardPlayback {
    fn waiting(&self) -> usize {
        self.ring.buffer().capacity() - self.ring.slots()
    }

    /// The card found too little although it was being written to: more must wait for it.
    fn learn(&mut self, now: Instant) {
        let missed = self.missed.load(Relaxed);
        let flowing = self.written.is_some_and(|written| now < written + TARGET);
        if missed != self.missed_before && flowing && self.target < MOST {
            self.target += MORE;
            tracing::debug!(target = ?self.target, "the speakers ran dry");
        }
        self.missed_before = missed;
    }
}

impl Playback for CardPlayback {
    fn wanted(&mut self, now: Instant) -> usize {
        self.learn(now);
        let target = (self.rate as u128 * self.target.as_millis() / 1000) as usize;
        let short = target.saturating_sub(self.waiting());
        let wanted = short * SAMPLE_RATE / self.rate as usize;
        if wanted > 0 {
            self.written = Some(now);
        }
        wanted
    }

    fn write(&mut self, samples: &[f32]) {
        match &mut self.converter {
            Some(converter) => converter.push(samples, |samples| _ = self.ring.push_partial_slice(samples)),
            None => _ = self.ring.push_partial_slice(samples),
        }
    }

    fn may_rest(&self) -> bool {
        true
    }
}

struct CardStream(cpal::Stream);

impl Stream for CardStream {
    fn rest(&self, resting: bool) {
        let done = if resting { self.0.pause() } else { self.0.play() };
        if let Err(error) = done {
            tracing::debug!(kind = ?error.kind(), resting, "a card does not rest or wake");
        }
    }
}

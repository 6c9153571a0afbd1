//! Sound files in place of cards, at the pace of real time: for tests, scripts and machines without sound. A thread for
//! each reads or writes the disk; the voice thread sees a ring, as with a card.

use std::{
    fs::File,
    io::{BufReader, BufWriter},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use rtrb::{Consumer, Producer, RingBuffer};

use super::{Capture, End, OpenError, Opened, Pace, Playback, Stream};
use crate::voice::{SAMPLE_RATE, resample::RateConverter};

/// Between the disk and the voice thread.
const RING: usize = 4 * SAMPLE_RATE;
/// How often the disk is visited.
const VISIT: Duration = Duration::from_millis(50);
/// Visits between two updates of the header: a recording that is never closed is still a valid file.
const VISITS_PER_FLUSH: u32 = 10;
const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// Plays a WAV file from `position` (48 kHz samples), which moves on with it; then silence.
///
/// # Errors
/// It cannot be read, is no WAV, or has an absurd rate.
pub fn open_microphone(path: &Path, position: Arc<AtomicU64>) -> Result<Opened, OpenError> {
    let reader = WavReader::open(path)?;
    let spec = reader.spec();
    if !RATES.contains(&spec.sample_rate) || spec.channels == 0 {
        return Err(OpenError::Format);
    }
    let rate = match spec.sample_rate {
        ours if ours as usize == SAMPLE_RATE => None,
        other => Some(RateConverter::new(other, SAMPLE_RATE as u32)?),
    };
    let (producer, ring) = RingBuffer::new(RING);
    let skip = position.load(Relaxed);
    let stream = FileStream::spawn(move |stop| Reading { ring: producer, stop, skip }.play(reader, rate))?;
    let capture = FileCapture { ring, pace: Pace::default(), position };
    Ok(Opened { name: name(path), end: End::Capture(Box::new(capture)), stream: Box::new(stream) })
}

/// Records 48 kHz mono in 16 bits; goes on with the file if `position` (48 kHz samples) says this run began it.
///
/// # Errors
/// The file cannot be written.
pub fn open_speakers(path: &Path, position: Arc<AtomicU64>) -> Result<Opened, OpenError> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE as u32,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut writer = match position.load(Relaxed) {
        0 => WavWriter::create(path, spec)?,
        _ => WavWriter::append(path)?,
    };
    writer.flush()?;
    let (ring, consumer) = RingBuffer::new(RING);
    let stream = FileStream::spawn(move |stop| record(writer, consumer, &stop))?;
    let playback = FilePlayback { ring, pace: Pace::default(), position };
    Ok(Opened { name: name(path), end: End::Playback(Box::new(playback)), stream: Box::new(stream) })
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

struct FileStream {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl FileStream {
    fn spawn(work: impl FnOnce(Arc<AtomicBool>) + Send + 'static) -> Result<Self, OpenError> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = stop.clone();
        let thread = thread::Builder::new().name("voice-file".into()).spawn(move || work(stopping));
        Ok(Self { stop, thread: Some(thread.map_err(OpenError::Thread)?) })
    }
}

impl Stream for FileStream {
    /// A recording has its silences too.
    fn rest(&mut self, _resting: bool) {}
}

impl Drop for FileStream {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic in it was reported where it happened.
            _ = thread.join();
        }
    }
}

struct Reading {
    ring: Producer<f32>,
    stop: Arc<AtomicBool>,
    /// Samples that were played before.
    skip: u64,
}

impl Reading {
    fn play(mut self, reader: WavReader<BufReader<File>>, mut rate: Option<RateConverter>) {
        let spec = reader.spec();
        let scale = 1.0 / (1i64 << (spec.bits_per_sample.clamp(1, 32) - 1)) as f32;
        let samples: Box<dyn Iterator<Item = Result<f32, hound::Error>>> = match spec.sample_format {
            SampleFormat::Float => Box::new(reader.into_samples::<f32>()),
            SampleFormat::Int => {
                Box::new(reader.into_samples::<i32>().map(move |s| s.map(|s| s as f32 * scale)))
            }
        };
        let channels = usize::from(spec.channels);
        // A damaged rest is not played.
        let mut samples = samples.map_while(Result::ok);
        let mut mono = Vec::with_capacity(spec.sample_rate as usize / 10);
        while !self.stop.load(Relaxed) {
            mono.clear();
            while mono.len() < mono.capacity() {
                let mut frame = samples.by_ref().take(channels);
                let Some(first) = frame.next() else { break };
                mono.push((first + frame.sum::<f32>()) / channels as f32);
            }
            if mono.is_empty() {
                return;
            }
            match &mut rate {
                Some(rate) => rate.push(&mono, |samples| self.push(samples)),
                None => self.push(&mono),
            }
        }
    }

    fn push(&mut self, samples: &[f32]) {
        let skipped = self.skip.min(samples.len() as u64);
        self.skip -= skipped;
        let mut rest = &samples[skipped as usize..];
        while !rest.is_empty() && !self.stop.load(Relaxed) {
            let (_, unwritten) = self.ring.push_partial_slice(rest);
            rest = unwritten;
            if !rest.is_empty() {
                thread::park_timeout(VISIT);
            }
        }
    }
}

struct FileCapture {
    ring: Consumer<f32>,
    pace: Pace,
    position: Arc<AtomicU64>,
}

impl Capture for FileCapture {
    fn read(&mut self, into: &mut Vec<f32>, now: Instant) {
        // Asked first: what is pushed before the end must not be missed.
        let ended = self.ring.is_abandoned();
        let due = self.pace.due(now).min(SAMPLE_RATE);
        let ready = self.ring.slots().min(due);
        if let Ok(chunk) = self.ring.read_chunk(ready) {
            into.extend(chunk);
        }
        self.position.fetch_add(ready as u64, Relaxed);
        self.pace.pass(ready);
        if ended && ready < due {
            into.resize(into.len() + due - ready, 0.0);
            self.pace.pass(due - ready);
        }
    }
}

struct FilePlayback {
    ring: Producer<f32>,
    pace: Pace,
    position: Arc<AtomicU64>,
}

impl Playback for FilePlayback {
    fn wanted(&mut self, now: Instant) -> usize {
        self.pace.due(now)
    }

    fn write(&mut self, samples: &[f32]) {
        // A disk that stands still for seconds loses sound rather than memory.
        _ = self.ring.push_partial_slice(samples);
        self.pace.pass(samples.len());
        self.position.fetch_add(samples.len() as u64, Relaxed);
    }

    fn may_rest(&self) -> bool {
        false
    }
}

fn record(mut writer: WavWriter<BufWriter<File>>, mut ring: Consumer<f32>, stop: &AtomicBool) {
    let mut visits = 0;
    loop {
        // Asked first: what was played before the end is still written.
        let ending = stop.load(Relaxed);
        if let Err(error) = write_waiting(&mut writer, &mut ring, visits % VISITS_PER_FLUSH == 0) {
            return tracing::warn!(%error, "the recording stops");
        }
        if ending {
            if let Err(error) = writer.finalize() {
                tracing::warn!(%error, "the recording was not closed");
            }
            return;
        }
        visits += 1;
        thread::park_timeout(VISIT);
    }
}

fn write_waiting(
    writer: &mut WavWriter<BufWriter<File>>,
    ring: &mut Consumer<f32>,
    flush: bool,
) -> Result<(), hound::Error> {
    if let Ok(chunk) = ring.read_chunk(ring.slots()) {
        for sample in chunk {
            writer.write_sample((sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16)?;
        }
    }
    if flush { writer.flush() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn microphone(path: &Path, position: &Arc<AtomicU64>) -> (Box<dyn Capture>, Box<dyn Stream>) {
        let opened = open_microphone(path, position.clone()).unwrap();
        let End::Capture(capture) = opened.end else { panic!("not a microphone") };
        (capture, opened.stream)
    }

    fn write_wav(path: &Path, spec: WavSpec, frames: usize) {
        let mut writer = WavWriter::create(path, spec).unwrap();
        for n in 0..frames {
            let value = (n as f32 / spec.sample_rate as f32 * 440.0 * std::f32::consts::TAU).sin() * 0.5;
            for _ in 0..spec.channels {
                match spec.sample_format {
                    SampleFormat::Float => writer.write_sample(value).unwrap(),
                    SampleFormat::Int => {
                        let full = ((1i64 << (spec.bits_per_sample - 1)) - 1) as f32;
                        writer.write_sample((value * full) as i32).unwrap();
                    }
                }
            }
        }
        writer.finalize().unwrap();
    }

    /// Reads for two seconds of simulated time.
    fn hear(capture: &mut dyn Capture) -> Vec<f32> {
        let start = Instant::now();
        let mut heard = vec![];
        capture.read(&mut heard, start);
        for n in 1..=200 {
            // The disk is real even if the clock is not.
            thread::sleep(Duration::from_micros(500));
            capture.read(&mut heard, start + Duration::from_millis(n * 10));
        }
        heard
    }

    #[test]
    fn any_wav_is_played_at_the_pace_of_real_time_and_then_silence() {
        let directory = tempfile::tempdir().unwrap();
        let specs =
            [(1, 48_000, 16, false), (2, 44_100, 24, false), (1, 16_000, 32, true), (6, 8_000, 8, false)];
        for (channels, sample_rate, bits_per_sample, float) in specs {
            let path = directory.path().join("said.wav");
            let sample_format = if float { SampleFormat::Float } else { SampleFormat::Int };
            write_wav(
                &path,
                WavSpec { channels, sample_rate, bits_per_sample, sample_format },
                sample_rate as usize,
            );
            let (mut capture, _stream) = microphone(&path, &Arc::default());
            let heard = hear(&mut *capture);
            assert_eq!(heard.len(), 2 * SAMPLE_RATE, "{sample_rate}");
            let level = |from: usize, to: usize| crate::voice::mixer::level(&heard[from..to]).0;
            assert!((level(SAMPLE_RATE / 10, SAMPLE_RATE / 2) + 9.03).abs() < 0.3, "{sample_rate}");
            assert!(level(SAMPLE_RATE * 11 / 10, 2 * SAMPLE_RATE) < -90.0, "{sample_rate}");
        }
    }

    #[test]
    fn a_reopened_file_goes_on_where_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("said.wav");
        let spec = WavSpec {
            channels: 1,
            sample_rate: 48_000,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        write_wav(&path, spec, SAMPLE_RATE);
        let position = Arc::new(AtomicU64::new(SAMPLE_RATE as u64 * 3 / 4));
        let (mut capture, _stream) = microphone(&path, &position);
        let heard = hear(&mut *capture);
        let loud = heard.iter().rposition(|sample| sample.abs() > 0.01).unwrap();
        assert!(loud.abs_diff(SAMPLE_RATE / 4) < 200, "{loud}");
    }

    #[test]
    fn what_is_no_sound_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("not.wav");
        assert!(matches!(open_microphone(&path, Arc::default()), Err(OpenError::File(_))));
        std::fs::write(&path, b"RIFF____WAVEfmt nonsense").unwrap();
        assert!(open_microphone(&path, Arc::default()).is_err());
        assert!(open_speakers(directory.path(), Arc::default()).is_err());
    }

    #[test]
    fn a_recording_is_a_valid_file_at_any_time_and_goes_on_after_a_rejoin() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("heard.wav");
        let position = Arc::default();
        for round in 1..=2u32 {
            let opened = open_speakers(&path, Arc::clone(&position)).unwrap();
            let End::Playback(mut playback) = opened.end else { panic!("not speakers") };
            assert!(WavReader::open(&path).is_ok(), "valid while it is written");
            let start = Instant::now();
            assert_eq!(playback.wanted(start), 0);
            assert_eq!(playback.wanted(start + Duration::from_millis(500)), SAMPLE_RATE / 2);
            playback.write(&vec![0.25; SAMPLE_RATE / 2]);
            assert_eq!(playback.wanted(start + Duration::from_millis(500)), 0);
            drop(opened.stream);
            let reader = WavReader::open(&path).unwrap();
            assert_eq!(reader.len(), round * SAMPLE_RATE as u32 / 2);
        }
        let first = WavReader::open(&path).unwrap().samples::<i16>().next().unwrap().unwrap();
        assert!((8190..=8192).contains(&first));
    }
}

//! Writes down what one hears: the voice thread puts it on a tape, a thread of its own takes it from there to the disk.
//! Time goes on in silence too: a recording of an hour is an hour long.

mod file;
mod opus_file;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rtrb::{Consumer, Producer, RingBuffer};

use super::{BLOCK, Recorder, SAMPLE_RATE, VoiceEvent};
use file::RecordingFile;

/// Between the voice thread and the disk, which may stand still for so long. Samples.
const RING: usize = 4 * SAMPLE_RATE;
/// How often the disk is visited.
const VISIT: Duration = Duration::from_millis(100);
/// Visits between two flushes: a program that dies leaves all but the last second.
const VISITS_PER_FLUSH: u32 = 10;
/// Blocks come one after the other; after a longer pause there was silence between them.
const PAUSE: Duration = Duration::from_millis(60);
/// And while nobody speaks at all, silence is written this late. More than a quiet tick. Samples.
const BEHIND: u64 = SAMPLE_RATE as u64 / 4;

/// The voice thread's end. Dropping it ends the recording.
pub struct Tape {
    ring: Producer<f32>,
    began: Option<Instant>,
    heard: Option<Instant>,
    /// Samples so far, those included that did not fit.
    length: u64,
    torn: Arc<AtomicBool>,
}

impl Tape {
    pub fn begin(&mut self, now: Instant) {
        self.began = Some(now);
    }

    /// Nobody takes anything from it any more.
    pub fn is_over(&self) -> bool {
        self.ring.is_abandoned()
    }

    /// What is heard now.
    pub fn hear(&mut self, block: &[f32; BLOCK], now: Instant) {
        if self.heard.is_none_or(|heard| now > heard + PAUSE) {
            // The block ends now.
            self.catch_up(self.due(now).saturating_sub(BLOCK as u64));
        }
        self.heard = Some(now);
        self.push(block);
    }

    /// Time passed.
    pub fn run(&mut self, now: Instant) {
        if self.due(now) > self.length + BEHIND {
            self.catch_up(self.due(now));
        }
    }

    fn catch_up(&mut self, due: u64) {
        while due >= self.length + BLOCK as u64 {
            self.push(&[0.0; BLOCK]);
        }
    }

    fn push(&mut self, block: &[f32; BLOCK]) {
        self.length += BLOCK as u64;
        let (_, unwritten) = self.ring.push_partial_slice(block);
        if !unwritten.is_empty() {
            self.torn.store(true, Relaxed);
        }
    }

    fn due(&self, now: Instant) -> u64 {
        let elapsed = self.began.map(|began| now.saturating_duration_since(began)).unwrap_or_default();
        (elapsed.as_micros() * SAMPLE_RATE as u128 / 1_000_000) as u64
    }
}

/// The writer's end.
struct Reel {
    ring: Consumer<f32>,
    /// Something did not fit.
    torn: Arc<AtomicBool>,
}

fn tape() -> (Tape, Reel) {
    let (producer, consumer) = RingBuffer::new(RING);
    let torn = Arc::<AtomicBool>::default();
    let tape = Tape { ring: producer, began: None, heard: None, length: 0, torn: torn.clone() };
    (tape, Reel { ring: consumer, torn })
}

/// Starts a thread that writes until the tape is dropped; its file is closed by then. `previous`: its events come first.
///
/// # Errors
/// The system has no thread left.
pub fn start(
    recorder: Recorder,
    previous: Option<JoinHandle<()>>,
    events: Arc<dyn Fn(VoiceEvent) + Send + Sync>,
) -> std::io::Result<(Tape, JoinHandle<()>)> {
    let (tape, reel) = tape();
    let write = move || {
        if let Some(previous) = previous {
            // A panic in it was reported where it happened.
            _ = previous.join();
        }
        match RecordingFile::create(&recorder.folder, recorder.format, &jiff::Zoned::now()) {
            Ok(file) => write_down(file, reel, &*events),
            Err(error) => {
                tracing::warn!(%error, "nothing is recorded");
                events(VoiceEvent::RecordingFailed);
            }
        }
    };
    let thread = thread::Builder::new().name("voice-recording".into()).spawn(write)?;
    Ok((tape, thread))
}

fn write_down(mut file: RecordingFile, mut reel: Reel, events: &(dyn Fn(VoiceEvent) + Send + Sync)) {
    let path = file.path().to_owned();
    events(VoiceEvent::RecordingBegan(path.clone()));
    let written = write_until_it_ends(&mut file, &mut reel).and_then(|()| file.finish());
    if let Err(error) = &written {
        tracing::warn!(%error, "the recording ends early");
    }
    let whole = written.is_ok() && !reel.torn.load(Relaxed);
    events(VoiceEvent::RecordingEnded { file: path, whole });
}

fn write_until_it_ends(file: &mut RecordingFile, reel: &mut Reel) -> Result<(), file::RecordingError> {
    let mut visits = 0;
    loop {
        // Asked first: what was heard before the end is still written.
        let ending = reel.ring.is_abandoned();
        if let Ok(chunk) = reel.ring.read_chunk(reel.ring.slots()) {
            let (first, second) = chunk.as_slices();
            file.write(first)?;
            file.write(second)?;
            chunk.commit_all();
        }
        if ending {
            return Ok(());
        }
        visits += 1;
        if visits % VISITS_PER_FLUSH == 0 {
            file.flush()?;
        }
        thread::park_timeout(VISIT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RecordingFormat;

    #[test]
    fn time_goes_on_in_silence() {
        let (mut tape, reel) = tape();
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        tape.begin(start);
        for n in 1..=20 {
            tape.hear(&[0.5; BLOCK], at(n * 10));
        }
        // A quiet party: the voice thread comes seldom, then somebody speaks again.
        for millis in [400, 600, 800, 1000] {
            tape.run(at(millis));
        }
        tape.hear(&[0.5; BLOCK], at(1130));
        let mut ring = reel.ring;
        let sound: Vec<f32> = ring.read_chunk(ring.slots()).unwrap().into_iter().collect();
        let again = SAMPLE_RATE * 112 / 100;
        assert_eq!(sound.len(), again + BLOCK);
        assert!(sound[SAMPLE_RATE / 5..again].iter().all(|&sample| sample == 0.0));
        assert!(sound[again..].iter().all(|&sample| sample == 0.5));
        assert!(!reel.torn.load(Relaxed));
    }

    #[test]
    fn a_disk_that_stands_still_tears_the_recording_and_holds_nothing_up() {
        let (mut tape, reel) = tape();
        let start = Instant::now();
        tape.begin(start);
        tape.run(start + Duration::from_secs(10));
        assert!(reel.torn.load(Relaxed) && reel.ring.slots() == RING);
        drop(reel);
        assert!(tape.is_over());
    }

    #[test]
    fn a_folder_that_is_not_there_is_reported_and_ends_the_tape() {
        let (events, told) = std::sync::mpsc::channel();
        let folder = tempfile::tempdir().unwrap().path().join("gone");
        let recorder = Recorder { folder, format: RecordingFormat::Wav };
        let (tape, thread) = start(recorder, None, Arc::new(move |event| _ = events.send(event))).unwrap();
        thread.join().unwrap();
        assert_eq!(told.try_recv(), Ok(VoiceEvent::RecordingFailed));
        assert!(tape.is_over());
    }

    #[test]
    fn a_folder_that_goes_away_ends_the_recording_early() {
        let (events, told) = std::sync::mpsc::channel();
        let folder = tempfile::tempdir().unwrap();
        let recorder = Recorder { folder: folder.path().into(), format: RecordingFormat::Opus };
        let (mut tape, thread) =
            start(recorder, None, Arc::new(move |event| _ = events.send(event))).unwrap();
        let Ok(VoiceEvent::RecordingBegan(file)) = told.recv() else { panic!("it did not begin") };
        tape.begin(Instant::now());
        drop(folder);
        thread.join().unwrap();
        assert_eq!(told.recv(), Ok(VoiceEvent::RecordingEnded { file, whole: false }));
        tape.run(Instant::now());
        assert!(tape.is_over());
    }
}

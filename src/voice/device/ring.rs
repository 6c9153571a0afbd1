//! The rings between a card and the voice thread: what the card's own thread does with one end, and the voice thread
//! with the other. Nothing here blocks. The card's thread wakes the voice thread when a block is there, or wanted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use cpal::{FromSample, SizedSample};
use rtrb::{Consumer, Producer, RingBuffer, chunks::ChunkError};

use super::{Capture, Playback, cushion::Cushion};
use crate::voice::{BLOCK, SAMPLE_RATE, engine::Nudge, resample::RateConverter};

/// A second of sound fits between a callback and the voice thread.
const SECONDS: usize = 1;
/// A card that is written to this often is playing, and has begun to after as long: what it misses at other times nobody
/// does.
const FLOWING: Duration = Duration::from_millis(200);

/// A microphone's ring. `rate`: the card's.
pub fn capture(rate: u32, converter: Option<RateConverter>, nudge: Arc<Nudge>) -> (Recorded, CardCapture) {
    let (producer, consumer) = RingBuffer::new(rate as usize * SECONDS);
    let block = (rate as usize / 100).max(1);
    let fresh = Vec::with_capacity(rate as usize * SECONDS);
    (Recorded { ring: producer, block, nudge }, CardCapture { ring: consumer, block, converter, fresh })
}

/// The ring of speakers. `period`: how many samples they are expected to take at once.
pub fn playback(
    rate: u32,
    period: u32,
    converter: Option<RateConverter>,
    nudge: Arc<Nudge>,
) -> (Played, CardPlayback) {
    let (producer, consumer) = RingBuffer::new(rate as usize * SECONDS);
    let flow = Arc::new(Flow::default());
    let played = Played { ring: consumer, flow: flow.clone(), nudge };
    let playback = CardPlayback {
        ring: producer,
        flow,
        converter,
        rate,
        period,
        cushion: Cushion::default(),
        missed_before: 0,
        flowing: None,
    };
    playback.aim();
    (played, playback)
}

/// The card's end of a microphone.
pub struct Recorded {
    ring: Producer<f32>,
    block: usize,
    nudge: Arc<Nudge>,
}

impl Recorded {
    /// What does not fit is lost, and the voice thread was asleep for a second.
    pub fn fill(&mut self, count: usize, samples: impl Iterator<Item = f32>) {
        let chunk = match self.ring.write_chunk_uninit(count) {
            Ok(chunk) => Ok(chunk),
            Err(ChunkError::TooFewSlots(free)) => self.ring.write_chunk_uninit(free),
        };
        if let Ok(chunk) = chunk {
            chunk.fill_from_iter(samples);
        }
        if self.ring.buffer().capacity() - self.ring.slots() >= self.block {
            self.nudge.card_calls();
        }
    }
}

/// What the ends of speakers tell each other. Samples at the card's rate.
#[derive(Debug)]
struct Flow {
    /// How often the card found too little.
    missed: AtomicU32,
    /// The most it took at once, and the least it left, since it was last looked at.
    taken: AtomicU32,
    spare: AtomicU32,
    /// With less than this waiting it calls for more.
    target: AtomicU32,
    /// The voice thread keeps it filled; else what is missed is silence, and nobody's fault.
    flowing: AtomicBool,
}

impl Default for Flow {
    fn default() -> Self {
        Self {
            missed: AtomicU32::new(0),
            taken: AtomicU32::new(0),
            spare: AtomicU32::new(u32::MAX),
            target: AtomicU32::new(0),
            flowing: AtomicBool::new(false),
        }
    }
}

/// The card's end of speakers.
pub struct Played {
    ring: Consumer<f32>,
    flow: Arc<Flow>,
    nudge: Arc<Nudge>,
}

impl Played {
    /// The same on every channel, silence where nothing waits.
    pub fn drain<T: SizedSample + FromSample<f32>>(&mut self, data: &mut [T], channels: usize) {
        let wanted = data.len() / channels;
        let waiting = self.ring.slots();
        let ready = waiting.min(wanted);
        let mut frames = data.chunks_exact_mut(channels);
        if let Ok(chunk) = self.ring.read_chunk(ready) {
            for (sample, frame) in chunk.into_iter().zip(frames.by_ref()) {
                frame.fill(T::from_sample(sample));
            }
        }
        frames.for_each(|frame| frame.fill(T::EQUILIBRIUM));
        if ready < wanted {
            self.flow.missed.fetch_add(1, Relaxed);
        }
        self.took(wanted, waiting - ready);
    }

    /// Hands out what waits, `most` samples of it. `usual`: how many at a time; the ring will hold them.
    pub fn take(&mut self, most: usize, usual: usize, into: &mut Vec<f32>) {
        let waiting = self.ring.slots();
        let ready = waiting.min(most);
        if let Ok(chunk) = self.ring.read_chunk(ready) {
            into.extend(chunk);
        }
        self.took(usual, waiting - ready);
    }

    fn took(&self, usual: usize, left: usize) {
        self.flow.taken.fetch_max(usual as u32, Relaxed);
        self.flow.spare.fetch_min(left as u32, Relaxed);
        if left < self.flow.target.load(Relaxed) as usize {
            self.nudge.card_calls();
        }
    }

    /// Somebody writes to it, again and again.
    pub fn is_flowing(&self) -> bool {
        self.flow.flowing.load(Relaxed)
    }

    /// Samples that wait.
    pub fn waiting(&self) -> usize {
        self.ring.slots()
    }
}

/// The voice thread's end of a microphone.
pub struct CardCapture {
    ring: Consumer<f32>,
    /// Taken whole, so that the card's end knows when the next is there. Samples at the card's rate.
    block: usize,
    /// `None`: the card runs at our rate.
    converter: Option<RateConverter>,
    fresh: Vec<f32>,
}

impl Capture for CardCapture {
    fn read(&mut self, into: &mut Vec<f32>, _now: Instant) {
        self.fresh.clear();
        let whole = self.ring.slots() / self.block * self.block;
        if let Ok(chunk) = self.ring.read_chunk(whole) {
            self.fresh.extend(chunk);
        }
        match &mut self.converter {
            Some(converter) => converter.push(&self.fresh, |samples| into.extend_from_slice(samples)),
            None => into.extend_from_slice(&self.fresh),
        }
    }

    fn calls(&self) -> bool {
        true
    }
}

/// The voice thread's end of speakers.
pub struct CardPlayback {
    ring: Producer<f32>,
    flow: Arc<Flow>,
    converter: Option<RateConverter>,
    rate: u32,
    /// The most it takes at once. Samples at its rate.
    period: u32,
    /// What waits beyond that.
    cushion: Cushion,
    missed_before: u32,
    /// It plays since, and was last written to then.
    flowing: Option<(Instant, Instant)>,
}

impl CardPlayback {
    fn waiting(&self) -> usize {
        self.ring.buffer().capacity() - self.ring.slots()
    }

    fn target(&self) -> u32 {
        let cushion = u64::from(self.rate) * self.cushion.length().as_micros() as u64 / 1_000_000;
        self.period + cushion as u32
    }

    fn aim(&self) {
        self.flow.target.store(self.target(), Relaxed);
    }

    /// The card found too little although it was being written to: more must wait for it. Or it never needed so much.
    fn learn(&mut self, now: Instant) {
        let missed = self.flow.missed.load(Relaxed);
        self.flowing = self.flowing.filter(|(_, written)| now < *written + FLOWING);
        let flowing = self.flowing.is_some_and(|(since, _)| now > since + FLOWING);
        if missed != self.missed_before && flowing {
            self.period = self.period.max(self.flow.taken.load(Relaxed));
            self.flow.spare.store(u32::MAX, Relaxed);
            self.cushion.ran_dry(now);
            tracing::debug!(period = self.period, cushion = ?self.cushion.length(), "the speakers ran dry");
        } else if self.cushion.is_calm(now) {
            let (taken, spare) = (self.flow.taken.swap(0, Relaxed), self.flow.spare.swap(u32::MAX, Relaxed));
            // A card that took nothing stood still: nothing is known of what it needs.
            let spare = if taken == 0 { 0 } else { spare };
            self.period = if taken == 0 { self.period } else { taken };
            let micros = u64::from(spare) * 1_000_000 / u64::from(self.rate.max(1));
            self.cushion.relax(Duration::from_micros(micros), now);
        } else {
            self.missed_before = missed;
            return;
        }
        self.missed_before = missed;
        self.aim();
    }
}

impl Playback for CardPlayback {
    fn wanted(&mut self, now: Instant) -> usize {
        self.learn(now);
        let short = (self.target() as usize).saturating_sub(self.waiting());
        // By whole blocks, so that it never waits with less than its target.
        let blocks = (short * SAMPLE_RATE).div_ceil(self.rate.max(1) as usize * BLOCK);
        if blocks > 0 {
            self.flowing = Some((self.flowing.map_or(now, |(since, _)| since), now));
            self.flow.flowing.store(true, Relaxed);
        }
        blocks * BLOCK
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

    fn idle(&mut self) {
        self.flowing = None;
        self.flow.flowing.store(false, Relaxed);
    }

    fn calls(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = SAMPLE_RATE as u32;
    const PERIOD: usize = SAMPLE_RATE / 200;

    /// Plays for so many periods; the voice thread comes `late` periods after it was called.
    fn play(periods: u32, start: Instant, late: u32, ends: &mut (Played, CardPlayback)) -> u32 {
        let (played, playback) = ends;
        let missed = playback.flow.missed.load(Relaxed);
        for period in 0..periods {
            let now = start + period * Duration::from_millis(5);
            played.drain(&mut [0.0f32; PERIOD], 1);
            if period % (late + 1) == late {
                let wanted = playback.wanted(now);
                playback.write(&vec![0.1; wanted]);
            }
        }
        playback.flow.missed.load(Relaxed) - missed
    }

    fn speakers() -> (Played, CardPlayback) {
        let mut ends = playback(RATE, PERIOD as u32, None, Arc::default());
        let long_ago = Instant::now().checked_sub(2 * FLOWING).unwrap();
        ends.1.flowing = Some((long_ago, Instant::now()));
        let wanted = ends.1.wanted(Instant::now());
        ends.1.write(&vec![0.1; wanted]);
        ends
    }

    #[test]
    fn a_punctual_thread_keeps_little_waiting_and_misses_nothing() {
        let (mut ends, now) = (speakers(), Instant::now());
        assert_eq!(play(20_000, now, 0, &mut ends), 0);
        assert!(ends.0.waiting() <= PERIOD + PERIOD / 2 + BLOCK, "{}", ends.0.waiting());
    }

    #[test]
    fn after_a_late_thread_more_waits_and_comes_down_again() {
        let (mut ends, now) = (speakers(), Instant::now());
        let at_first = ends.1.target();
        assert!(play(198, now, 5, &mut ends) > 0);
        let later = now + Duration::from_secs(1);
        assert_eq!(play(198, later, 5, &mut ends), 0, "it has learnt");
        assert!(ends.1.target() > at_first + RATE / 100);
        assert_eq!(play(60 * 200, later + Duration::from_secs(1), 0, &mut ends), 0);
        let down = ends.1.target();
        assert_eq!(play(600 * 200, later + Duration::from_secs(61), 0, &mut ends), 0);
        assert!(ends.1.target() < down && ends.1.target() < at_first + RATE / 500, "{}", ends.1.target());
    }

    /// In a quiet party the thread looks in now and then, and for each keep-alive: its card runs dry in between.
    #[test]
    fn what_is_missed_in_a_quiet_party_does_not_make_the_cushion_longer() {
        let (mut ends, now) = (speakers(), Instant::now());
        let at_first = ends.1.target();
        assert_eq!(play(200, now, 0, &mut ends), 0, "speech");
        let mut missed = 0;
        for look in 0..100 {
            ends.1.idle();
            let before = now + Duration::from_secs(1) + look * Duration::from_millis(150);
            missed += play(15, before, 0, &mut ends);
            missed += play(15, before + Duration::from_millis(75), 14, &mut ends);
        }
        assert!(missed > 0, "it did run dry");
        assert_eq!(ends.1.target(), at_first);
        // Speech goes on, and a late thread counts again.
        assert_eq!(play(200, now + Duration::from_secs(17), 0, &mut ends), 0);
        assert!(play(200, now + Duration::from_secs(18), 5, &mut ends) > 0);
        assert!(ends.1.target() > at_first);
    }

    #[test]
    fn a_card_that_stood_still_keeps_its_period() {
        let (mut ends, now) = (speakers(), Instant::now());
        play(200, now, 5, &mut ends);
        let learnt = ends.1.target();
        for look in 0..10 {
            ends.1.wanted(now + look * Duration::from_secs(11));
        }
        assert_eq!(ends.1.target(), learnt);
    }

    #[test]
    fn a_microphone_is_read_by_whole_blocks() {
        let (mut recorded, mut capture) = capture(RATE, None, Arc::default());
        let mut heard = vec![];
        recorded.fill(PERIOD, std::iter::repeat_n(0.1, PERIOD));
        capture.read(&mut heard, Instant::now());
        assert_eq!(heard.len(), 0);
        recorded.fill(PERIOD + 10, std::iter::repeat_n(0.1, PERIOD + 10));
        capture.read(&mut heard, Instant::now());
        assert_eq!(heard.len(), BLOCK);
    }
}

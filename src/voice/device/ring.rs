//! The rings between a card and the voice thread: what the card's own thread does with one end, and the voice thread
//! with the other. Nothing here blocks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use cpal::{FromSample, SizedSample};
use rtrb::{Consumer, Producer, chunks::ChunkError};

use super::{Capture, Playback};
use crate::voice::{SAMPLE_RATE, resample::RateConverter};

/// A second of sound fits between a callback and the voice thread.
pub const SECONDS: usize = 1;
/// What waits for the card: two callbacks, and what the voice thread may be late.
const TARGET: Duration = Duration::from_millis(20);
/// Every time the card found too little, this much more waits for it, up to the most.
const MORE: Duration = Duration::from_millis(10);
const MOST: Duration = Duration::from_millis(100);

/// On the card's thread: what does not fit is lost, and the voice thread was asleep for a second.
pub fn fill(ring: &mut Producer<f32>, count: usize, samples: impl Iterator<Item = f32>) {
    let chunk = match ring.write_chunk_uninit(count) {
        Ok(chunk) => Ok(chunk),
        Err(ChunkError::TooFewSlots(free)) => ring.write_chunk_uninit(free),
    };
    if let Ok(chunk) = chunk {
        chunk.fill_from_iter(samples);
    }
}

/// On the card's thread: the same on every channel, silence where nothing waits. `false`: there was too little.
pub fn drain<T: SizedSample + FromSample<f32>>(
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

/// The voice thread's end of a microphone.
pub struct CardCapture {
    ring: Consumer<f32>,
    /// `None`: the card runs at our rate.
    converter: Option<RateConverter>,
    fresh: Vec<f32>,
}

impl CardCapture {
    pub fn new(ring: Consumer<f32>, converter: Option<RateConverter>) -> Self {
        let fresh = Vec::with_capacity(ring.buffer().capacity());
        Self { ring, converter, fresh }
    }
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

/// The voice thread's end of speakers.
pub struct CardPlayback {
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
    /// `missed`: how often [`drain`] found too little.
    pub fn new(
        ring: Producer<f32>,
        converter: Option<RateConverter>,
        rate: u32,
        missed: Arc<AtomicU32>,
    ) -> Self {
        Self { ring, converter, rate, target: TARGET, missed, missed_before: 0, written: None }
    }

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

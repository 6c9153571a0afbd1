//! What the others say on a second card, for a stream. That card has a clock of its own: what waits for it tells whether
//! it is faster or slower than the speakers, and the sound is bent to its pace. The voice thread runs it.

use std::time::Instant;

use rubato::{
    Adjustable, Async, FixedAsync, PolynomialDegree, ResampleError, Resampler, ResamplerConstructionError,
    audioadapter_buffers::direct::InterleavedSlice,
};

use super::{BLOCK, device::Playback};

/// What should wait between the two cards: enough for the pace of both. Samples.
const TARGET: usize = 3 * BLOCK;
/// More than this is skipped: the card stood still.
const MOST: usize = 20 * BLOCK;
/// Cards differ by less than a thousandth; nobody hears it.
const MAX_BEND: f64 = 1.002;
/// How strongly the sound is bent for each sample too many or too few, and how slowly that is judged.
const STRENGTH: f64 = 2e-6;
const SMOOTHING: f64 = 0.01;

pub struct PartyOutput {
    playback: Box<dyn Playback>,
    converter: Async<f32>,
    waiting: Vec<f32>,
    /// What waits, smoothed. Samples.
    average: f64,
    flowing: bool,
}

impl PartyOutput {
    /// Allocates; to be called where the card is opened, not on the voice thread.
    ///
    /// # Errors
    /// None in practice: the parameters are constants.
    pub fn new(playback: Box<dyn Playback>) -> Result<Self, ResamplerConstructionError> {
        let converter =
            Async::new_poly(1.0, MAX_BEND, PolynomialDegree::Septic, BLOCK, 1, FixedAsync::Output)?;
        Ok(Self {
            playback,
            converter,
            waiting: Vec::with_capacity(MOST + BLOCK),
            average: TARGET as f64,
            flowing: false,
        })
    }

    /// At the speakers' pace.
    pub fn hear(&mut self, block: &[f32; BLOCK]) {
        if self.waiting.len() >= MOST {
            self.waiting.drain(..self.waiting.len() - TARGET);
            self.average = TARGET as f64;
        }
        self.waiting.extend_from_slice(block);
    }

    /// The speakers will not set the pace for a while.
    pub fn idle(&mut self) {
        self.playback.idle();
    }

    /// Plays what its card wants now.
    pub fn run(&mut self, now: Instant) {
        if !self.flowing {
            // Whatever piled up is late; it begins with what is recent.
            if self.waiting.len() < TARGET {
                return;
            }
            self.waiting.drain(..self.waiting.len() - TARGET);
            self.average = TARGET as f64;
            self.flowing = true;
        }
        for _ in 0..self.playback.wanted(now) / BLOCK {
            self.average += (self.waiting.len() as f64 - self.average) * SMOOTHING;
            let Some(block) = self.next_block() else {
                // The speakers rest, or stand still: silence until enough is there again.
                self.flowing = false;
                return;
            };
            self.playback.write(&block);
        }
    }

    fn next_block(&mut self) -> Option<[f32; BLOCK]> {
        let bend = 1.0 - (self.average - TARGET as f64) * STRENGTH;
        let bend = bend.clamp(1.0 / MAX_BEND, MAX_BEND);
        if let Err(error) = self.converter.set_resample_ratio_relative(bend, true) {
            tracing::debug!(%error, "the party output keeps its pace");
        }
        let needs = self.converter.input_frames_next();
        let samples = self.waiting.get(..needs)?;
        let mut block = [0.0; BLOCK];
        if let Err(error) = convert(&mut self.converter, samples, &mut block) {
            tracing::debug!(%error, "a block for the party output was lost");
        }
        self.waiting.drain(..needs);
        Some(block)
    }
}

fn convert(converter: &mut Async<f32>, from: &[f32], to: &mut [f32]) -> Result<(), ResampleError> {
    let (input, output) = (from.len(), to.len());
    let mismatch = |_| ResampleError::InsufficientInputBufferSize { expected: input, actual: output };
    let from = InterleavedSlice::new(from, 1, input).map_err(mismatch)?;
    let mut to = InterleavedSlice::new_mut(to, 1, output).map_err(mismatch)?;
    converter.process_into_buffer(&from, &mut to, None).map(|_| ())
}

#[cfg(test)]
mod tests {
    use std::{
        f32::consts::TAU,
        sync::{Arc, Mutex},
        time::Duration,
    };

    use super::*;
    use crate::voice::{SAMPLE_RATE, mixer};

    /// A card that is `fast` times as fast as ours, and remembers what it was given.
    struct Card {
        began: Instant,
        fast: f64,
        played: Arc<Mutex<Vec<f32>>>,
    }

    impl Playback for Card {
        fn wanted(&mut self, now: Instant) -> usize {
            let due = (now - self.began).as_secs_f64() * SAMPLE_RATE as f64 * self.fast;
            (due as usize).saturating_sub(self.played.lock().unwrap().len()) / BLOCK * BLOCK
        }

        fn write(&mut self, samples: &[f32]) {
            self.played.lock().unwrap().extend_from_slice(samples);
        }

        fn may_rest(&self) -> bool {
            true
        }
    }

    /// A tone over so many seconds; silence where the card wanted more than there was would be a gap.
    fn play(fast: f64, seconds: u32) -> (Vec<f32>, usize) {
        let (began, played) = (Instant::now(), Arc::<Mutex<Vec<f32>>>::default());
        let mut output = PartyOutput::new(Box::new(Card { began, fast, played: played.clone() })).unwrap();
        let mut dry = 0;
        for tick in 0..seconds * 100 {
            let block = std::array::from_fn(|n| {
                let at = tick as usize * BLOCK + n;
                0.5 * ((at % SAMPLE_RATE) as f32 / SAMPLE_RATE as f32 * 440.0 * TAU).sin()
            });
            output.hear(&block);
            assert!(output.waiting.len() <= MOST + BLOCK);
            let flowed = output.flowing;
            output.run(began + tick * Duration::from_millis(10));
            dry += usize::from(flowed && !output.flowing);
        }
        let played = played.lock().unwrap().clone();
        (played, dry)
    }

    #[test]
    fn a_card_with_another_clock_never_runs_dry_and_never_falls_behind() {
        for fast in [1.0, 1.0002, 0.9998] {
            let (played, dry) = play(fast, 600);
            assert_eq!(dry, 0, "{fast}");
            let expected = 600.0 * SAMPLE_RATE as f64 * fast;
            assert!(
                (played.len() as f64 - expected).abs() < (MOST + BLOCK) as f64,
                "{fast}: {}",
                played.len()
            );
            // Whole and in tune to the end.
            let end = &played[played.len() - SAMPLE_RATE..];
            assert!((mixer::level(end).0 + 9.03).abs() < 0.1, "{fast}: {:?}", mixer::level(end));
            let jump = end.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
            assert!(jump < 0.05, "{fast}: {jump}");
        }
    }

    #[test]
    fn a_card_that_stood_still_goes_on_with_what_is_recent() {
        let played = Arc::<Mutex<Vec<f32>>>::default();
        let began = Instant::now();
        let mut output =
            PartyOutput::new(Box::new(Card { began, fast: 1.0, played: played.clone() })).unwrap();
        for tick in 0..1000 {
            output.hear(&[tick as f32 / 1000.0; BLOCK]);
        }
        output.run(began + Duration::from_millis(20));
        let first = played.lock().unwrap()[BLOCK];
        assert!(first > 0.95, "{first}");
    }
}

//! Two resamplers: a card that does not run at 48 kHz, and a voice played a little faster or slower so that the jitter
//! buffer keeps its delay. The voice thread runs both.

use rubato::{
    Adjustable, Async, FixedAsync, PolynomialDegree, ResampleError, Resampler, ResamplerConstructionError,
    SincInterpolationParameters, WindowFunction, audioadapter_buffers::direct::InterleavedSlice,
};

use super::BLOCK;

/// How far a voice may be bent: 2 % is a third of a semitone, and gains 20 ms in a second.
const MAX_BEND: f64 = 1.02;

/// Between a device's rate and ours, whatever the size of what is pushed.
pub struct RateConverter {
    inner: Async<f32>,
    pending: Vec<f32>,
    converted: Vec<f32>,
}

impl RateConverter {
    /// # Errors
    /// One of the rates is absurd.
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, ResamplerConstructionError> {
        let ratio = f64::from(to_hz) / f64::from(from_hz);
        let chunk = (from_hz as usize / 100).max(1);
        let parameters = SincInterpolationParameters::new(64, WindowFunction::Blackman2);
        let inner = Async::new_sinc(ratio, 1.0, &parameters, chunk, 1, FixedAsync::Input)?;
        let converted = vec![0.0; inner.output_frames_max()];
        Ok(Self { inner, pending: Vec::with_capacity(chunk * 8), converted })
    }

    /// Converts what it can and keeps the rest for the next call.
    pub fn push(&mut self, samples: &[f32], mut emit: impl FnMut(&[f32])) {
        self.pending.extend_from_slice(samples);
        let mut used = 0;
        while let Some(chunk) = self.pending.get(used..used + self.inner.input_frames_next()) {
            used += chunk.len();
            match convert(&mut self.inner, chunk, &mut self.converted) {
                Ok(frames) => emit(&self.converted[..frames]),
                Err(error) => tracing::debug!(%error, "a block was not resampled"),
            }
        }
        self.pending.drain(..used);
    }
}

/// Plays one voice at very nearly its own pace.
pub struct Bender {
    inner: Async<f32>,
    bend: f64,
}

impl Bender {
    /// # Errors
    /// None in practice: the parameters are constants.
    pub fn new() -> Result<Self, ResamplerConstructionError> {
        let inner = Async::new_poly(1.0, MAX_BEND, PolynomialDegree::Septic, BLOCK, 1, FixedAsync::Output)?;
        Ok(Self { inner, bend: 1.0 })
    }

    /// Above 1 slower, below 1 faster, by at most two percent; reached within a block.
    pub fn bend(&mut self, factor: f64) {
        let factor = factor.clamp(1.0 / MAX_BEND, MAX_BEND);
        if factor != self.bend && self.inner.set_resample_ratio_relative(factor, true).is_ok() {
            self.bend = factor;
        }
    }

    /// Samples that the next block takes.
    pub fn needs(&self) -> usize {
        self.inner.input_frames_next()
    }

    /// Makes one block of the first [`Self::needs`] samples.
    pub fn play(&mut self, samples: &[f32], block: &mut [f32; BLOCK]) {
        if let Err(error) = convert(&mut self.inner, samples, block) {
            block.fill(0.0);
            tracing::debug!(%error, "a block was not played");
        }
    }
}

fn convert(inner: &mut Async<f32>, from: &[f32], to: &mut [f32]) -> Result<usize, ResampleError> {
    let (input, output) = (from.len(), to.len());
    let mismatch = |_| ResampleError::InsufficientInputBufferSize { expected: input, actual: output };
    let from = InterleavedSlice::new(from, 1, input).map_err(mismatch)?;
    let mut to = InterleavedSlice::new_mut(to, 1, output).map_err(mismatch)?;
    inner.process_into_buffer(&from, &mut to, None).map(|(_, frames)| frames)
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;
    use crate::voice::{SAMPLE_RATE, mixer};

    fn tone(hz: f32, rate: u32, samples: usize) -> Vec<f32> {
        (0..samples).map(|n| 0.5 * (n as f32 * hz / rate as f32 * TAU).sin()).collect()
    }

    #[test]
    fn a_tone_of_another_rate_arrives_whole_and_in_tune() {
        for rate in [8_000, 16_000, 44_100, 48_000, 96_000] {
            let mut converter = RateConverter::new(rate, SAMPLE_RATE as u32).unwrap();
            let mut out = vec![];
            for piece in tone(1000.0, rate, rate as usize).chunks(333) {
                converter.push(piece, |samples| out.extend_from_slice(samples));
            }
            assert!(out.len().abs_diff(SAMPLE_RATE) < SAMPLE_RATE / 50, "{rate}: {}", out.len());
            let middle = &out[SAMPLE_RATE / 10..SAMPLE_RATE / 10 + SAMPLE_RATE / 2];
            let rises = middle.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
            assert!((499..=501).contains(&rises), "{rate}: {rises}");
            assert!((mixer::level(middle).0 + 9.03).abs() < 0.1, "{rate}: {:?}", mixer::level(middle));
        }
    }

    #[test]
    fn unbent_sound_passes_unchanged() {
        let mut bender = Bender::new().unwrap();
        let sound = tone(440.0, 48_000, 10 * BLOCK + 64);
        let (mut used, mut out) = (0, vec![]);
        while let Some(piece) = sound.get(used..used + bender.needs()) {
            let mut block = [0.0; BLOCK];
            used += piece.len();
            bender.play(piece, &mut block);
            out.extend(block);
        }
        let delay = (0..64).find(|&delay| {
            let error = |n: usize| (out[n + delay] - sound[n]).abs();
            (1000..2000).all(|n| error(n) < 1e-5)
        });
        assert!(delay.is_some());
    }

    #[test]
    fn a_bent_voice_takes_as_much_more_as_it_is_faster() {
        for (factor, share) in [(0.99, 1.0101), (1.02, 0.9804)] {
            let mut bender = Bender::new().unwrap();
            bender.bend(factor);
            let mut used = 0;
            for _ in 0..1000 {
                let needs = bender.needs();
                used += needs;
                bender.play(&vec![0.1; needs], &mut [0.0; BLOCK]);
            }
            let taken = used as f64 / (1000 * BLOCK) as f64;
            assert!((taken - share).abs() < 0.0005, "{factor}: {taken}");
        }
    }
}

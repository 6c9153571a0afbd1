//! The resampler for a card that does not run at 48 kHz. The voice thread runs it.

use rubato::{
    Async, FixedAsync, ResampleError, Resampler, ResamplerConstructionError, SincInterpolationParameters,
    WindowFunction, audioadapter_buffers::direct::InterleavedSlice,
};

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
}

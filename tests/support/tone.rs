//! Tones: a voice that is known by its frequency, whatever stood between the mouth and the ear.

use std::f32::consts::TAU;

const SAMPLE_RATE: usize = 48_000;
/// Long enough to tell tones 20 Hz apart, short enough to find where one is missing.
pub const WINDOW: usize = SAMPLE_RATE / 10;

/// At -12 dBFS, at 48 kHz.
pub fn tone(hz: f32, samples: usize) -> Vec<f32> {
    (0..samples).map(|n| 0.25 * (TAU * (hz * n as f32 / SAMPLE_RATE as f32).fract()).sin()).collect()
}

/// The amplitude of this frequency in a piece of sound (Goertzel's algorithm); a [`tone`] has 0.25.
pub fn amplitude(sound: &[f32], hz: f32) -> f32 {
    let twice_cosine = 2.0 * (f64::from(hz) * std::f64::consts::TAU / SAMPLE_RATE as f64).cos();
    let (mut last, mut before) = (0.0f64, 0.0f64);
    for sample in sound {
        (last, before) = (f64::from(*sample) + twice_cosine * last - before, last);
    }
    let power = last * last + before * before - twice_cosine * last * before;
    (2.0 * power.max(0.0).sqrt() / sound.len().max(1) as f64) as f32
}

/// How much of the sound's energy this frequency has: 1 for a pure tone.
pub fn share(sound: &[f32], hz: f32) -> f32 {
    let energy: f32 = sound.iter().map(|sample| sample * sample).sum();
    let of_the_tone = amplitude(sound, hz).powi(2) / 2.0 * sound.len() as f32;
    of_the_tone / energy.max(1e-9)
}

/// Windows of 100 ms in which this frequency is there and loud enough to be heard, of how many.
pub fn windows_with(sound: &[f32], hz: f32) -> (usize, usize) {
    let windows = sound.chunks_exact(WINDOW);
    (windows.clone().filter(|window| amplitude(window, hz) > 0.05).count(), windows.len())
}

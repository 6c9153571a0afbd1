//! Levels, the sum of several voices, and a limit that bends instead of clipping. The voice thread runs it.

use super::BLOCK;
use crate::model::Decibels;

/// Amplitudes up to here pass unchanged.
const KNEE: f32 = 0.8;

/// Adds one voice to the mix.
pub fn add(mix: &mut [f32; BLOCK], voice: &[f32]) {
    for (mix, voice) in mix.iter_mut().zip(voice) {
        *mix += voice;
    }
}

/// Bends what is above the knee so that nothing reaches full scale.
pub fn limit(mix: &mut [f32]) {
    for sample in mix {
        let over = sample.abs() - KNEE;
        if over > 0.0 {
            let room = 1.0 - KNEE;
            *sample = (KNEE + room * (over / room).tanh()).copysign(*sample);
        }
    }
}

/// Root mean square.
pub fn level(samples: &[f32]) -> Decibels {
    if samples.is_empty() {
        return Decibels::SILENCE;
    }
    let sum: f32 = samples.iter().map(|sample| sample * sample).sum();
    Decibels::from_amplitude((sum / samples.len() as f32).sqrt())
}

/// A meter's needle: rises at once, falls by at most 30 dB a second.
#[derive(Debug, Clone, Copy)]
pub struct Needle(Decibels);

impl Default for Needle {
    fn default() -> Self {
        Self(Decibels::SILENCE)
    }
}

impl Needle {
    const FALL_PER_BLOCK: f32 = 0.3;

    /// Feeds the level of one 10 ms block.
    pub fn feed(&mut self, level: Decibels) {
        let fallen = (self.0.0 - Self::FALL_PER_BLOCK).max(Decibels::SILENCE.0);
        self.0 = Decibels(level.0.max(fallen));
    }

    pub fn level(&self) -> Decibels {
        self.0
    }

    pub fn reset(&mut self) {
        self.0 = Decibels::SILENCE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_sound_passes_unchanged_and_loud_sound_never_clips() {
        let mut mix = [0.0, 0.5, -0.79, 0.95, 3.0, -100.0];
        limit(&mut mix);
        assert_eq!(mix[..3], [0.0, 0.5, -0.79]);
        assert!(mix[3] > KNEE && mix[3] < 0.95);
        assert!(mix[4] <= 1.0 && mix[5] >= -1.0);
    }

    #[test]
    fn the_limit_is_smooth_at_the_knee() {
        let mut mix = [KNEE - 0.001, KNEE, KNEE + 0.001];
        limit(&mut mix);
        assert!((mix[2] - mix[1] - 0.001).abs() < 1e-5);
    }

    #[test]
    fn levels_are_relative_to_full_scale() {
        assert_eq!(level(&[1.0, -1.0]), Decibels(0.0));
        assert!((level(&[0.1; 480]).0 + 20.0).abs() < 0.01);
        assert_eq!(level(&[0.0; 480]), Decibels::SILENCE);
        assert_eq!(level(&[]), Decibels::SILENCE);
    }

    #[test]
    fn a_needle_rises_at_once_and_falls_slowly() {
        let mut needle = Needle::default();
        needle.feed(Decibels(-10.0));
        assert_eq!(needle.level(), Decibels(-10.0));
        needle.feed(Decibels::SILENCE);
        assert_eq!(needle.level(), Decibels(-10.3));
    }
}

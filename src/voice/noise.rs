//! Comfort noise: the room behind a voice, while the other side sends nothing of it. The voice thread runs it.

use super::SAMPLE_RATE;
use crate::model::Decibels;

/// Louder is no comfort, whatever the other side says.
const LOUDEST: Decibels = Decibels(-45.0);
/// Softer is not heard, and lets the speakers rest.
const SOFTEST: Decibels = Decibels(-75.0);
/// Noise that nobody confirms fades away over the last second of this. Samples.
const LASTS: usize = 8 * SAMPLE_RATE;
/// A room is darker than white noise: one pole at about 1 kHz, and what that takes away.
const DARKNESS: f32 = 0.88;
const MAKE_UP: f32 = 4.0;

/// A source of noise that is silent until it is told a level.
#[derive(Debug)]
pub struct ComfortNoise {
    amplitude: f32,
    left: usize,
    state: u32,
    filtered: f32,
}

impl Default for ComfortNoise {
    fn default() -> Self {
        Self { amplitude: 0.0, left: 0, state: 0x9e37_79b9, filtered: 0.0 }
    }
}

impl ComfortNoise {
    /// A pause of this level.
    pub fn begin(&mut self, level: Decibels) {
        self.left = if level > SOFTEST { LASTS } else { 0 };
        self.amplitude = 10.0_f32.powf(level.0.min(LOUDEST.0) / 20.0);
    }

    /// Somebody speaks.
    pub fn end(&mut self) {
        self.left = 0;
    }

    pub fn is_silent(&self) -> bool {
        self.left == 0
    }

    pub fn fill(&mut self, samples: &mut [f32]) {
        for sample in samples {
            if self.left == 0 {
                *sample = 0.0;
                continue;
            }
            self.left -= 1;
            // xorshift: even enough for an ear.
            self.state ^= self.state << 13;
            self.state ^= self.state >> 17;
            self.state ^= self.state << 5;
            let white = self.state as f32 / u32::MAX as f32 * 2.0 - 1.0;
            self.filtered = DARKNESS * self.filtered + (1.0 - DARKNESS) * white;
            let fade = (self.left as f32 / SAMPLE_RATE as f32).min(1.0);
            // White noise between -1 and 1 has an RMS of 1/√3.
            *sample = self.filtered * MAKE_UP * 3.0_f32.sqrt() * self.amplitude * fade;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::{BLOCK, mixer};

    fn level_of(noise: &mut ComfortNoise, blocks: usize) -> Decibels {
        let mut sound = vec![0.0; blocks * BLOCK];
        noise.fill(&mut sound);
        mixer::level(&sound)
    }

    #[test]
    fn noise_has_the_level_it_was_told_and_never_more_than_comfort() {
        for (told, heard) in [(-60.0, -60.0), (-50.0, -50.0), (-10.0, LOUDEST.0)] {
            let mut noise = ComfortNoise::default();
            noise.begin(Decibels(told));
            let level = level_of(&mut noise, 100);
            assert!((level.0 - heard).abs() < 1.0, "{told}: {level:?}");
        }
    }

    #[test]
    fn noise_that_nobody_confirms_fades_and_ends() {
        let mut noise = ComfortNoise::default();
        noise.begin(Decibels(-50.0));
        let whole = level_of(&mut noise, 600);
        assert!(level_of(&mut noise, 190) < whole);
        assert!(!noise.is_silent());
        level_of(&mut noise, 10);
        assert!(noise.is_silent());
        assert_eq!(level_of(&mut noise, 1), Decibels::SILENCE);
    }

    #[test]
    fn what_cannot_be_heard_is_silence() {
        let mut noise = ComfortNoise::default();
        noise.begin(Decibels(-80.0));
        assert!(noise.is_silent());
    }
}

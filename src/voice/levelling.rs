//! How loud one speaker is heard: brought to the loudness of the others, then to the user's own wish. The voice thread
//! runs it.

use super::{BLOCK, mixer};
use crate::model::{Decibels, Hearing};

/// Where everybody is brought to.
const TARGET: Decibels = Decibels(-24.0);
/// By at most this, up or down.
const REACH: f32 = 12.0;
/// Blocks of one measurement: 400 ms, as in ITU-R BS.1770.
const MOMENT: usize = 40;
/// Nothing quieter is speech.
const ABSOLUTE_GATE: Decibels = Decibels(-50.0);
/// Nor is what is so much quieter than the speaker's own loudness: breath, keys, the room.
const RELATIVE_GATE: f32 = 10.0;
/// Loudness is that of the last seconds of speech: the weight of one more block.
const SMOOTHING: f32 = 1.0 / 300.0;
/// And of the first second, until there is a measurement worth the name.
const FIRST_BLOCKS: f32 = 40.0;
/// The gain moves by at most this in a block: 4 dB in a second of speech.
const PACE: f32 = 0.04;
/// One pole at about 120 Hz: rumble is not loudness.
const RUMBLE: f32 = 0.984;

/// The gain of one speaker.
#[derive(Debug)]
pub struct Levelling {
    /// `None`: not levelled.
    measured: Option<Loudness>,
    hearing: Hearing,
    /// What the last block ended with.
    amplitude: f32,
}

impl Levelling {
    pub fn new() -> Self {
        Self { measured: Some(Loudness::default()), hearing: Hearing::default(), amplitude: 1.0 }
    }

    pub fn set_levelled(&mut self, on: bool) {
        if on != self.measured.is_some() {
            self.measured = on.then(Loudness::default);
        }
    }

    pub fn set_hearing(&mut self, hearing: Hearing) {
        self.hearing = hearing;
    }

    /// Applies the gain, which changes within one block at the quickest.
    pub fn apply(&mut self, block: &mut [f32; BLOCK]) {
        let levelled = self.measured.as_mut().map_or(0.0, |loudness| loudness.feed(block));
        let volume =
            if self.hearing.muted { 0 } else { self.hearing.volume_percent.min(Hearing::MAX_VOLUME) };
        let wanted = f32::from(volume) / 100.0 * 10.0_f32.powf(levelled / 20.0);
        let step = (wanted - self.amplitude) / BLOCK as f32;
        for (n, sample) in block.iter_mut().enumerate() {
            *sample *= self.amplitude + step * (n + 1) as f32;
        }
        self.amplitude = wanted;
    }
}

/// The loudness of speech alone.
#[derive(Debug)]
struct Loudness {
    last_in: f32,
    last_out: f32,
    /// Mean squares of the blocks of one moment, and where the next goes.
    moment: [f32; MOMENT],
    next: usize,
    /// Mean square of speech.
    speech: f32,
    /// Blocks of speech measured.
    blocks: f32,
    /// Decibels.
    gain: f32,
}

impl Default for Loudness {
    fn default() -> Self {
        let (moment, next) = ([0.0; MOMENT], 0);
        Self { last_in: 0.0, last_out: 0.0, moment, next, speech: 0.0, blocks: 0.0, gain: 0.0 }
    }
}

impl Loudness {
    /// The gain for this block, in decibels.
    fn feed(&mut self, block: &[f32]) -> f32 {
        let mut sum = 0.0;
        for &sample in block {
            self.last_out = RUMBLE * (self.last_out + sample - self.last_in);
            self.last_in = sample;
            sum += self.last_out * self.last_out;
        }
        let power = sum / block.len() as f32;
        self.moment[self.next] = power;
        self.next = (self.next + 1) % MOMENT;
        let moment = decibels(self.moment.iter().sum::<f32>() / MOMENT as f32);
        // The block itself has to be speech as well: a moment outlasts the word it began with.
        let gate = ABSOLUTE_GATE.0.max(decibels(self.speech) - RELATIVE_GATE);
        if moment < gate || decibels(power) < gate {
            return self.gain;
        }
        self.blocks += 1.0;
        self.speech += (power - self.speech) * SMOOTHING.max(1.0 / self.blocks);
        if self.blocks >= FIRST_BLOCKS {
            let wanted = (TARGET.0 - decibels(self.speech)).clamp(-REACH, REACH);
            self.gain += (wanted - self.gain).clamp(-PACE, PACE);
        }
        self.gain
    }
}

fn decibels(power: f32) -> f32 {
    10.0 * power.max(1e-10).log10()
}

/// Keeps the sum of all voices below full scale: the gain goes down before a peak would clip, and comes back slowly.
#[derive(Debug)]
pub struct Limiter {
    gain: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl Limiter {
    /// Peaks are brought down to this; what still passes it is bent, not clipped.
    const CEILING: f32 = 0.8;
    /// The gain comes back by this share of what is missing in a block: most of it within 300 ms.
    const RELEASE: f32 = 0.08;
    /// Of a block, until the gain is down. Samples.
    const ATTACK: usize = BLOCK / 8;

    pub fn limit(&mut self, mix: &mut [f32; BLOCK]) {
        let peak = mix.iter().fold(0.0, |peak: f32, sample| peak.max(sample.abs()));
        let allowed = if peak > Self::CEILING { Self::CEILING / peak } else { 1.0 };
        let released = self.gain + Self::RELEASE * (1.0 - self.gain);
        let (wanted, within) =
            if allowed < self.gain { (allowed, Self::ATTACK) } else { (released.min(allowed), BLOCK) };
        if wanted < 0.9999 || self.gain < 0.9999 {
            let step = (wanted - self.gain) / within as f32;
            for (n, sample) in mix.iter_mut().enumerate() {
                *sample *= self.gain + step * (n + 1).min(within) as f32;
            }
        }
        self.gain = wanted;
        mixer::limit(mix);
    }
}

#[cfg(test)]
mod tests;

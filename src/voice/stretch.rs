//! Decoded sound on its way to the ear, made longer or shorter by whole periods of the voice: the pitch stays (overlap-add
//! of similar waveforms, WSOLA). The voice thread runs it.

use super::{BLOCK, SAMPLE_RATE};

/// Periods of voices, in samples: 400 Hz to 80 Hz.
const SHORTEST: usize = SAMPLE_RATE / 400;
const LONGEST: usize = SAMPLE_RATE / 80;
/// Two periods are compared over this much, and one fades into the other over as much.
const OVERLAP: usize = SAMPLE_RATE / 1000 * 5;
/// What must lie ahead for any period to be taken out.
pub const LOOK_AHEAD: usize = LONGEST + OVERLAP;
/// Periods are looked for at every so manieth sample first.
const COARSE: usize = 6;
/// A step between two pieces of sound that do not belong together fades over this much.
const SEAM: usize = SAMPLE_RATE / 1000 * 2;
/// Kept of what was heard.
const PAST: usize = LONGEST + OVERLAP;

/// What was heard last, and what waits to be heard.
#[derive(Debug)]
pub struct Tape {
    samples: Vec<f32>,
    /// Where the unheard part begins.
    head: usize,
}

impl Tape {
    /// Room for `longest` samples at once.
    pub fn new(longest: usize) -> Self {
        let mut samples = Vec::with_capacity(2 * PAST + 2 * longest);
        samples.resize(PAST, 0.0);
        Self { samples, head: PAST }
    }

    /// What waits to be heard.
    pub fn ahead(&self) -> &[f32] {
        &self.samples[self.head..]
    }

    pub fn len(&self) -> usize {
        self.samples.len() - self.head
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Room at the end for `samples`, silent so far.
    pub fn extend(&mut self, samples: usize) -> &mut [f32] {
        let end = self.samples.len();
        self.samples.resize(end + samples, 0.0);
        &mut self.samples[end..]
    }

    /// Lets the newest `samples` begin where the sound before them ended.
    pub fn join(&mut self, samples: usize) {
        let start = self.samples.len() - samples.min(self.len());
        let step = self.samples[start - 1] - self.samples.get(start).copied().unwrap_or_default();
        for (n, sample) in self.samples[start..].iter_mut().take(SEAM).enumerate() {
            *sample += step * (1.0 - (n + 1) as f32 / SEAM as f32).powi(2);
        }
    }

    /// The newest `samples`.
    pub fn newest(&mut self, samples: usize) -> &mut [f32] {
        let start = self.samples.len() - samples.min(self.len());
        &mut self.samples[start..]
    }

    /// Draws the newest `samples` out to twice their length by what they are backwards: no seam in front of it.
    pub fn mirror(&mut self, samples: usize) {
        let end = self.samples.len();
        for n in 0..samples.min(self.len()) {
            self.samples.push(self.samples[end - 1 - n]);
        }
    }

    /// Throws the newest away.
    pub fn cut(&mut self, samples: usize) {
        self.samples.truncate((self.samples.len() - samples.min(self.len())).max(self.head));
    }

    /// Moves the oldest block out; silence follows where there is less.
    pub fn take(&mut self, block: &mut [f32; BLOCK]) {
        let ready = self.len().min(BLOCK);
        block[..ready].copy_from_slice(&self.samples[self.head..self.head + ready]);
        block[ready..].fill(0.0);
        self.head += ready;
        if self.head > 2 * PAST {
            self.samples.drain(..self.head - PAST);
            self.head = PAST;
        }
    }

    /// Takes one period out of what lies ahead, of at most `most` samples, if the voice repeats itself at least so well
    /// (1: exactly). Says how many went.
    pub fn shorten(&mut self, most: usize, likeness: f32) -> usize {
        let longest = most.min(LONGEST).min(self.len().saturating_sub(OVERLAP));
        let ahead = &self.samples[self.head..];
        let Some(period) = period(ahead, SHORTEST, longest, likeness, |lag| (0, lag)) else { return 0 };
        // Backwards: a short period would read what it has written.
        for n in (0..OVERLAP).rev() {
            let fade = (n as f32 + 0.5) / OVERLAP as f32;
            let (earlier, later) = (self.samples[self.head + n], self.samples[self.head + period + n]);
            self.samples[self.head + period + n] = later * fade + earlier * (1.0 - fade);
        }
        self.samples.drain(self.head..self.head + period);
        period
    }

    /// Repeats one period of what was just heard, of at most `most` samples, on the same condition.
    pub fn lengthen(&mut self, most: usize, likeness: f32) -> usize {
        if self.len() < OVERLAP {
            return 0;
        }
        // As the past is the earlier of the two, lags count backwards from the head.
        let start = self.head - LONGEST;
        let around = &self.samples[start..];
        let Some(period) =
            period(around, SHORTEST, most.min(LONGEST), likeness, |lag| (LONGEST - lag, LONGEST))
        else {
            return 0;
        };
        let mut repeated = [0.0; LONGEST];
        for (n, sample) in repeated[..period].iter_mut().enumerate() {
            let fade = ((n as f32 + 0.5) / OVERLAP.min(period) as f32).min(1.0);
            *sample = self.samples[self.head - period + n] * fade
                + self.samples.get(self.head + n).copied().unwrap_or_default() * (1.0 - fade);
        }
        self.samples.splice(self.head..self.head, repeated[..period].iter().copied());
        period
    }
}

/// The lag at which two stretches of sound are most alike; `places` says where they begin.
fn period(
    sound: &[f32],
    shortest: usize,
    longest: usize,
    likeness: f32,
    places: impl Fn(usize) -> (usize, usize),
) -> Option<usize> {
    let alike = |lag: usize, stride: usize| {
        let (first, second) = places(lag);
        let (mut product, mut one, mut other) = (0.0, 1e-9, 1e-9);
        for n in (0..OVERLAP).step_by(stride) {
            let (a, b) = (sound[first + n], sound[second + n]);
            product += a * b;
            one += a * a;
            other += b * b;
        }
        // Both silent: as alike as can be.
        if one.max(other) < 1e-6 { 1.0 } else { product / f32::sqrt(one * other) }
    };
    let best = |lags: &mut dyn Iterator<Item = usize>, stride: usize| {
        lags.map(|lag| (lag, alike(lag, stride))).max_by(|one, other| one.1.total_cmp(&other.1))
    };
    let (near, _) = best(&mut (shortest..=longest).step_by(COARSE), COARSE / 2)?;
    let fine = near.saturating_sub(COARSE).max(shortest)..=(near + COARSE).min(longest);
    let (period, alike) = best(&mut fine.into_iter(), 1)?;
    (alike >= likeness).then_some(period)
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;

    const PITCH: f32 = 150.0;

    fn vowel(n: usize) -> f32 {
        let at = |harmonic: f32| (n as f32 * PITCH * harmonic / SAMPLE_RATE as f32 * TAU).sin() / harmonic;
        0.2 * (at(1.0) + at(2.0) + at(3.0))
    }

    /// Plays a second of a vowel and changes its length in every tenth block. What was heard, and by how much it changed.
    fn played(change: impl Fn(&mut Tape) -> isize) -> (Vec<f32>, isize) {
        let (mut tape, mut heard, mut changed, mut said) = (Tape::new(BLOCK), vec![], 0, 0);
        for block in 0..100 {
            while tape.len() < LOOK_AHEAD {
                tape.extend(BLOCK).iter_mut().enumerate().for_each(|(n, sample)| *sample = vowel(said + n));
                said += BLOCK;
            }
            if block % 10 == 9 {
                changed += change(&mut tape);
            }
            let mut out = [0.0; BLOCK];
            tape.take(&mut out);
            heard.extend(out);
        }
        (heard, changed)
    }

    fn rises(sound: &[f32]) -> usize {
        sound.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count()
    }

    fn steepest(sound: &[f32]) -> f32 {
        sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn unstretched_sound_passes_unchanged() {
        let (heard, _) = played(|_| 0);
        assert!(heard.iter().enumerate().all(|(n, sample)| *sample == vowel(n)));
    }

    #[test]
    fn a_vowel_grows_and_shrinks_by_whole_periods_and_keeps_its_pitch() {
        let (plain, _) = played(|_| 0);
        let (shorter, gone) = played(|tape| -(tape.shorten(LONGEST, 0.9) as isize));
        let (longer, added) = played(|tape| tape.lengthen(LONGEST, 0.9) as isize);
        for (heard, changed) in [(shorter, gone), (longer, added)] {
            let period = SAMPLE_RATE as f32 / PITCH;
            let periods = changed as f32 / period;
            assert!(periods.abs() >= 9.5, "{changed} samples");
            assert!((periods - periods.round()).abs() < 0.1, "{changed} samples are {periods} periods");
            assert!(rises(&heard).abs_diff(rises(&plain)) <= 1, "the pitch is the same");
            assert!(steepest(&heard) < 1.2 * steepest(&plain), "no click: {}", steepest(&heard));
        }
    }

    #[test]
    fn what_does_not_repeat_itself_is_left_alone() {
        let mut state = 1u32;
        let mut tape = Tape::new(BLOCK);
        for sample in tape.extend(3 * BLOCK) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample = state as f32 / u32::MAX as f32 - 0.5;
        }
        assert_eq!(tape.shorten(LONGEST, 0.8), 0);
        assert_eq!(tape.lengthen(LONGEST, 0.8), 0);
        assert!(tape.shorten(LONGEST, -1.0) > 0, "unless it must be");
    }

    #[test]
    fn too_little_sound_is_never_stretched() {
        let mut tape = Tape::new(BLOCK);
        assert_eq!((tape.shorten(LONGEST, -1.0), tape.lengthen(LONGEST, -1.0)), (0, 0));
        tape.extend(SHORTEST);
        assert_eq!((tape.shorten(LONGEST, -1.0), tape.lengthen(LONGEST, -1.0)), (0, 0));
    }

    #[test]
    fn a_seam_does_not_click() {
        let mut tape = Tape::new(BLOCK);
        tape.extend(BLOCK).fill(0.5);
        tape.extend(BLOCK).fill(-0.3);
        tape.join(BLOCK);
        assert!(steepest(tape.ahead()) < 0.03, "{}", steepest(tape.ahead()));
        assert_eq!(tape.ahead().last(), Some(&-0.3));
    }
}

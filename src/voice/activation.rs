//! Voice activation: whether somebody speaks, by two thresholds and a hold. Pure, time is an argument; the voice thread runs
//! it.

use std::time::{Duration, Instant};

use crate::model::{Activation, Decibels};

/// A click of the keyboard is shorter. Blocks.
const BEGINS_AFTER: u8 = 2;

#[derive(Debug, Default)]
pub struct Detector {
    /// Blocks in a row that were loud enough to begin.
    loud: u8,
    /// Speech was last heard then; `None`: nobody speaks.
    heard: Option<Instant>,
}

impl Detector {
    /// Takes the level of one block of 10 ms, and says whether somebody speaks.
    pub fn hear(&mut self, level: Decibels, thresholds: &Activation, now: Instant) -> bool {
        self.loud = if level.0 >= thresholds.open_at { self.loud.saturating_add(1) } else { 0 };
        let begins = self.loud >= BEGINS_AFTER;
        if begins || (self.heard.is_some() && level.0 >= thresholds.close_at) {
            self.heard = Some(now);
        }
        let hold = Duration::from_millis(thresholds.hold_millis.into());
        self.heard.take_if(|heard| now > *heard + hold);
        self.heard.is_some()
    }

    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THRESHOLDS: Activation = Activation { open_at: -40.0, close_at: -50.0, hold_millis: 300 };

    /// Blocks of 10 ms at these levels; says for each whether somebody speaks.
    fn heard(levels: &[f32]) -> Vec<bool> {
        let (mut detector, start) = (Detector::default(), Instant::now());
        let at = |n: usize| start + Duration::from_millis(n as u64 * 10);
        levels
            .iter()
            .enumerate()
            .map(|(n, &level)| detector.hear(Decibels(level), &THRESHOLDS, at(n)))
            .collect()
    }

    #[test]
    fn a_click_is_not_speech_and_a_syllable_is() {
        assert!(!heard(&[-80.0, -10.0, -80.0, -80.0]).contains(&true));
        assert_eq!(heard(&[-80.0, -30.0, -30.0, -30.0]), [false, false, true, true]);
    }

    #[test]
    fn speech_that_began_goes_on_between_the_thresholds_and_does_not_begin_there() {
        assert!(!heard(&[-45.0; 100]).contains(&true));
        let mut levels = vec![-30.0; 2];
        levels.extend([-45.0; 500]);
        assert_eq!(heard(&levels).last(), Some(&true));
    }

    #[test]
    fn it_ends_a_hold_after_the_last_of_it() {
        let mut levels = vec![-30.0; 10];
        levels.extend([-80.0; 60]);
        let speaking = heard(&levels).iter().filter(|speaks| **speaks).count();
        assert_eq!(speaking, 9 + 30);
    }
}

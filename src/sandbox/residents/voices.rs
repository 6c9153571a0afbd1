//! How residents sound. Pure state machines that a mixer, or their own thread, steps every 40 ms.

use std::{collections::VecDeque, sync::Arc};

use crate::sandbox::bridge::{
    Voice,
    audio::{FRAME, FRAME_TIME, Frame, is_audible},
};

const fn frames(millis: u128) -> usize {
    (millis / FRAME_TIME.as_millis()) as usize
}

/// After joining, so that whoever invited is connected and listens.
const FIRST_SENTENCE: usize = frames(2_000);
/// From the beginning of one sentence to the next.
const SENTENCE_EVERY: usize = frames(12_000);
const ECHO_DELAY: usize = frames(1_000);

/// Says its sentence now and then.
pub(super) struct Nova {
    sentence: Arc<[f32]>,
    /// Frames until the next sentence begins.
    wait: usize,
    /// Samples of the current sentence said so far.
    said: usize,
}

impl Nova {
    pub fn new(sentence: Arc<[f32]>) -> Self {
        let said = sentence.len();
        Self { sentence, wait: FIRST_SENTENCE, said }
    }
}

impl Voice for Nova {
    fn speak(&mut self, frame: &mut Frame) -> bool {
        if self.wait == 0 {
            self.wait = SENTENCE_EVERY;
            self.said = 0;
        }
        self.wait -= 1;
        let left = self.sentence.get(self.said..).unwrap_or_default();
        if left.is_empty() {
            return false;
        }
        let length = left.len().min(FRAME);
        frame.fill(0.0);
        for (sample, said) in frame.iter_mut().zip(left) {
            *sample = *said;
        }
        self.said += length;
        true
    }

    fn hear(&mut self, _: &Frame) {}
}

/// Never says anything.
pub(super) struct Silent;

impl Voice for Silent {
    fn speak(&mut self, _: &mut Frame) -> bool {
        false
    }

    fn hear(&mut self, _: &Frame) {}
}

/// Repeats what it hears a second later.
#[derive(Default)]
pub(super) struct Echo {
    /// What was heard, oldest first; `None` for a frame of silence.
    heard: VecDeque<Option<Box<Frame>>>,
}

impl Voice for Echo {
    fn speak(&mut self, frame: &mut Frame) -> bool {
        if self.heard.len() < ECHO_DELAY {
            return false;
        }
        match self.heard.pop_front().flatten() {
            Some(heard) => {
                *frame = *heard;
                true
            }
            None => false,
        }
    }

    fn hear(&mut self, mix: &Frame) {
        self.heard.push_back(is_audible(mix).then(|| Box::new(*mix)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::bridge::audio::SILENCE;

    #[test]
    fn nova_speaks_whole_sentences_two_seconds_in_and_then_every_twelve() {
        let sentence: Arc<[f32]> = (1..=1000).map(|n| n as f32 / 1000.0).collect();
        let mut nova = Nova::new(sentence.clone());
        let spoken: Vec<Option<Frame>> = (0..800)
            .map(|_| {
                let mut frame = SILENCE;
                nova.speak(&mut frame).then_some(frame)
            })
            .collect();
        let begins: Vec<usize> =
            (1..800).filter(|n| spoken[n - 1].is_none() && spoken[*n].is_some()).collect();
        assert_eq!(begins, [50, 350, 650]);
        let said: Vec<f32> = spoken[350..352].iter().flatten().flatten().copied().take(1000).collect();
        assert_eq!(said, *sentence);
    }

    #[test]
    fn echo_repeats_a_second_later_what_it_heard_and_is_silent_otherwise() {
        let mut echo = Echo::default();
        let mut repeated = Vec::new();
        for n in 0..100 {
            let mut frame = SILENCE;
            if echo.speak(&mut frame) {
                repeated.push((n, frame[0]));
            }
            let loudness = if (10..13).contains(&n) { n as f32 / 100.0 } else { 0.0 };
            echo.hear(&[loudness; FRAME]);
        }
        assert_eq!(repeated, [(35, 0.10), (36, 0.11), (37, 0.12)]);
        assert!(echo.heard.len() <= ECHO_DELAY);
    }
}

//! When the microphone goes out: mode, key, hold, mute. Pure, time is an argument; the voice thread runs it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{SAMPLE_RATE, Talk, activation::Detector, mixer};
use crate::model::TalkMode;

/// Speech from before the key went down, or before the voice was recognised, that still goes out, so that the first syllable
/// is whole.
pub const PRE_ROLL: usize = SAMPLE_RATE / 1000 * 60;
/// Both ends of what goes out are faded over this, so that neither clicks.
const FADE: usize = SAMPLE_RATE / 1000 * 5;

/// What became of one block of the microphone.
#[derive(Debug, PartialEq)]
pub enum Passage {
    /// Nothing goes out.
    Shut,
    /// Speech begins; the block is preceded by what is in [`Gate::pre_roll`].
    Opened,
    Open,
    /// The block holds the last of it, faded out.
    Closed,
}

/// Blocks come every 10 ms; a microphone that brings none for this long has stalled.
const STALL: Duration = Duration::from_millis(60);

/// Decides block by block, and shapes the ends.
#[derive(Debug, Default)]
pub struct Gate {
    open: bool,
    /// The key was last held at this moment.
    key_until: Option<Instant>,
    detector: Detector,
    /// The newest of what did not go out, while the key or a voice is waited for.
    waiting: VecDeque<f32>,
    pre_roll: Vec<f32>,
}

impl Gate {
    /// Takes one block and says what becomes of it. `can_send`: there is a connection and a microphone.
    pub fn pass(&mut self, block: &mut [f32], talk: &Talk, can_send: bool, now: Instant) -> Passage {
        if talk.key_held {
            self.key_until = Some(now);
        }
        let allowed = allowed(talk, can_send);
        let held = self.is_held(talk, now);
        if !held || !allowed {
            self.key_until = None;
        }
        let talking = allowed
            && match talk.mode {
                TalkMode::PushToTalk => held,
                TalkMode::VoiceActivation => self.detector.hear(mixer::level(block), &talk.activation, now),
                TalkMode::OpenMicrophone => true,
            };
        if !allowed || talk.mode != TalkMode::VoiceActivation {
            self.detector.reset();
        }

        match (self.open, talking) {
            (false, true) => {
                self.open = true;
                self.pre_roll.clear();
                self.pre_roll.extend(self.waiting.drain(..));
                match self.pre_roll.is_empty() {
                    true => fade_in(block),
                    false => fade_in(&mut self.pre_roll),
                }
                Passage::Opened
            }
            (true, true) => Passage::Open,
            (true, false) => {
                self.open = false;
                fade_out(block);
                Passage::Closed
            }
            (false, false) => {
                match allowed && talk.mode != TalkMode::OpenMicrophone {
                    true => self.remember(block),
                    // What was said while muted must never go out, not even 60 ms of it.
                    false => self.waiting.clear(),
                }
                Passage::Shut
            }
        }
    }

    /// The microphone or the connection is gone, so no block comes to end with. Says whether speech was cut.
    pub fn cut(&mut self) -> bool {
        self.key_until = None;
        self.detector.reset();
        self.waiting.clear();
        std::mem::take(&mut self.open)
    }

    /// It is open and should not be, but no block came to close it with: the microphone stalled.
    pub fn is_overdue(&self, talk: &Talk, can_send: bool, now: Instant) -> bool {
        let grace = now.checked_sub(STALL).unwrap_or(now);
        let talking = talk.mode != TalkMode::PushToTalk || self.is_held(talk, grace);
        self.open && !(allowed(talk, can_send) && talking)
    }

    fn is_held(&self, talk: &Talk, now: Instant) -> bool {
        self.key_until.is_some_and(|until| talk.key_held || now < until + talk.release_hold)
    }

    pub fn is_open(&self) -> bool {
        self.open
    }

    /// What was said just before [`Passage::Opened`].
    pub fn pre_roll(&self) -> &[f32] {
        &self.pre_roll
    }

    fn remember(&mut self, block: &[f32]) {
        self.waiting.extend(block);
        let excess = self.waiting.len().saturating_sub(PRE_ROLL);
        self.waiting.drain(..excess);
    }
}

fn allowed(talk: &Talk, can_send: bool) -> bool {
    can_send && !talk.muted && !talk.deafened
}

fn fade_in(samples: &mut [f32]) {
    for (n, sample) in samples.iter_mut().take(FADE).enumerate() {
        *sample *= n as f32 / FADE as f32;
    }
}

fn fade_out(samples: &mut [f32]) {
    for (n, sample) in samples.iter_mut().enumerate() {
        *sample *= 1.0 - (n as f32 / FADE as f32).min(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::BLOCK;

    const PUSH: Talk = Talk {
        mode: TalkMode::PushToTalk,
        activation: crate::model::Activation { open_at: -38.0, close_at: -44.0, hold_millis: 300 },
        key_held: false,
        muted: false,
        deafened: false,
        release_hold: Duration::from_millis(200),
    };
    const HELD: Talk = Talk { key_held: true, ..PUSH };
    const OPEN: Talk = Talk { mode: TalkMode::OpenMicrophone, ..PUSH };

    /// A gate and a clock that moves 10 ms with each block of constant sound.
    struct Bench {
        gate: Gate,
        now: Instant,
        block: [f32; BLOCK],
    }

    impl Bench {
        fn new() -> Self {
            Self { gate: Gate::default(), now: Instant::now(), block: [0.5; BLOCK] }
        }

        fn pass(&mut self, talk: Talk) -> Passage {
            self.pass_when(talk, true)
        }

        fn pass_when(&mut self, talk: Talk, can_send: bool) -> Passage {
            self.block = [0.5; BLOCK];
            self.now += Duration::from_millis(10);
            self.gate.pass(&mut self.block, &talk, can_send, self.now)
        }
    }

    #[test]
    fn a_stalled_microphone_does_not_keep_the_gate_open() {
        let mut bench = Bench::new();
        bench.pass(HELD);
        let later = |millis| bench.now + Duration::from_millis(millis);
        assert!(!bench.gate.is_overdue(&HELD, true, later(5000)), "the key is still held");
        assert!(!bench.gate.is_overdue(&PUSH, true, later(220)), "within the hold, and a late block");
        assert!(bench.gate.is_overdue(&PUSH, true, later(300)));
        assert!(bench.gate.is_overdue(&Talk { muted: true, ..HELD }, true, later(1)), "mute does not wait");
    }

    #[test]
    fn nothing_goes_out_while_the_key_is_up() {
        let mut bench = Bench::new();
        for _ in 0..100 {
            assert_eq!(bench.pass(PUSH), Passage::Shut);
        }
    }

    #[test]
    fn speech_begins_sixty_milliseconds_before_the_key() {
        let mut bench = Bench::new();
        for _ in 0..100 {
            bench.pass(PUSH);
        }
        assert_eq!(bench.pass(HELD), Passage::Opened);
        assert_eq!(bench.gate.pre_roll().len(), PRE_ROLL);
        assert_eq!(bench.gate.pre_roll()[0], 0.0, "faded in");
        assert_eq!(bench.gate.pre_roll()[FADE], 0.5);
        assert_eq!(bench.block, [0.5; BLOCK], "the block itself is whole");
    }

    #[test]
    fn speech_goes_on_for_the_hold_after_the_key_and_then_fades() {
        let mut bench = Bench::new();
        bench.pass(HELD);
        for _ in 0..19 {
            assert_eq!(bench.pass(PUSH), Passage::Open);
        }
        assert_eq!(bench.pass(PUSH), Passage::Closed);
        assert!(bench.block[..FADE].windows(2).all(|pair| pair[0] > pair[1]), "a falling slope");
        assert!(bench.block[FADE..].iter().all(|&sample| sample == 0.0));
        assert_eq!(bench.pass(PUSH), Passage::Shut);
    }

    #[test]
    fn a_second_press_within_the_hold_goes_on_seamlessly() {
        let mut bench = Bench::new();
        bench.pass(HELD);
        for _ in 0..10 {
            bench.pass(PUSH);
        }
        for _ in 0..40 {
            assert_eq!(bench.pass(HELD), Passage::Open);
        }
    }

    #[test]
    fn mute_deafen_hang_up_and_a_lost_microphone_cut_at_once() {
        let cuts = [
            (Talk { muted: true, ..HELD }, true),
            (Talk { deafened: true, ..HELD }, true),
            (HELD, false),
            (Talk { muted: true, ..OPEN }, true),
        ];
        for (talk, can_send) in cuts {
            let mut bench = Bench::new();
            bench.pass(Talk { muted: false, deafened: false, ..talk });
            assert_eq!(bench.pass_when(talk, can_send), Passage::Closed, "{talk:?}");
            assert_eq!(bench.pass_when(talk, can_send), Passage::Shut, "{talk:?}");
        }
    }

    #[test]
    fn unmuting_within_the_hold_of_a_released_key_stays_shut() {
        let mut bench = Bench::new();
        bench.pass(HELD);
        bench.pass(Talk { muted: true, ..PUSH });
        assert_eq!(bench.pass(PUSH), Passage::Shut);
    }

    #[test]
    fn what_was_said_while_muted_is_not_in_the_pre_roll() {
        let mut bench = Bench::new();
        for _ in 0..10 {
            bench.pass(Talk { muted: true, ..PUSH });
        }
        assert_eq!(bench.pass(HELD), Passage::Opened);
        assert!(bench.gate.pre_roll().is_empty());
        assert_eq!(bench.block[0], 0.0, "so the block itself is faded in");
    }

    #[test]
    fn an_open_microphone_needs_no_key() {
        let mut bench = Bench::new();
        assert_eq!(bench.pass(OPEN), Passage::Opened);
        assert_eq!(bench.pass(OPEN), Passage::Open);
    }

    #[test]
    fn a_cut_without_a_block_is_reported_once() {
        let mut bench = Bench::new();
        bench.pass(OPEN);
        assert!(bench.gate.cut());
        assert!(!bench.gate.cut());
    }
}

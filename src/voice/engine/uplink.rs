//! The microphone's half of the voice thread: read, clean, measure, gate, hand to the encoders, or to one's own ear.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{Need, QUIET_AFTER};
use crate::{
    model::{Decibels, Processing, TalkMode},
    voice::{
        BLOCK, Listening, SAMPLE_RATE, Talk,
        device::{Capture, supervisor::Orders},
        gate::{Gate, PRE_ROLL, Passage},
        mixer::{self, Needle},
        monitor::Monitor,
        outgoing::{Audience, Outgoing},
        processing::{Chain, FarEnd, Processor},
    },
};

/// More than this unread was recorded while the thread stood still: it is too old to be said.
const STALE: usize = SAMPLE_RATE / 2;
/// Blocks the far end may be ahead of the microphone. What is more was played while that was opened, or stood still.
const FAR_AHEAD: usize = 5;

/// What the meters show of it.
pub struct Reading {
    pub live: bool,
    /// As the others would hear it; silence unless it is sent or tested.
    pub microphone: Decibels,
}

/// One block of the microphone, and when it was recorded.
struct Block {
    samples: [f32; BLOCK],
    began: Instant,
    ended: Instant,
}

pub struct Uplink {
    talk: Talk,
    since: Since,
    processor: Processor,
    gate: Gate,
    needle: Needle,
    audience: Audience,
    /// The party's life, through interruptions: the microphone stays warm.
    in_party: bool,
    test: Listening,
    capture: Option<Box<dyn Capture>>,
    need: Need,
    /// The microphone rests after this. `None`: it rests.
    awake_until: Option<Instant>,
    recorded: Vec<f32>,
    /// The newest of what nobody wanted so far: with the key it becomes the pre-roll, and is cleaned then.
    unwanted: VecDeque<Block>,
}

/// What is recorded arrives in pieces, at rest late: sound is judged by the state of its own moment.
#[derive(Debug, Default)]
struct Since {
    /// The key is held since.
    key: Option<Instant>,
    /// Nothing silences the microphone since; what is from before must never go out.
    allowed: Option<Instant>,
}

impl Since {
    fn note(&mut self, from: &Talk, to: &Talk, now: Instant) {
        if to.key_held && !from.key_held {
            self.key = Some(now);
        }
        let silenced = |talk: &Talk| talk.muted || talk.deafened;
        if silenced(from) && !silenced(to) || from.mode != to.mode {
            self.allowed = Some(now);
        }
    }

    /// How `talk` is for what was recorded from this moment on. Only a block that is younger than the key as a whole: what a
    /// rested microphone still held may come in pieces, and the first of them would open the gate for all.
    fn judge(&self, talk: Talk, recorded: Instant) -> Talk {
        let before = |since: Option<Instant>| since.is_some_and(|since| recorded < since);
        Talk {
            key_held: talk.key_held && !before(self.key),
            muted: talk.muted || before(self.allowed),
            ..talk
        }
    }
}

impl Uplink {
    pub fn new(microphone: Orders, talk: Talk) -> Self {
        Self {
            talk,
            since: Since::default(),
            awake_until: None,
            processor: Processor::new(Processing::OFF),
            gate: Gate::default(),
            needle: Needle::default(),
            audience: Audience::default(),
            in_party: false,
            test: Listening::Off,
            capture: None,
            need: Need::new(microphone),
            recorded: Vec::with_capacity(SAMPLE_RATE),
            unwanted: VecDeque::with_capacity(PRE_ROLL / BLOCK + 1),
        }
    }

    pub fn set_talk(&mut self, talk: Talk, now: Instant) {
        self.since.note(&self.talk, &talk, now);
        self.talk = talk;
        self.wake(now);
    }

    pub fn set_processing(&mut self, chain: Box<Chain>) {
        self.processor.set(chain);
    }

    pub fn attach(&mut self, connection: u64, outgoing: Outgoing) {
        self.audience.attach(connection, outgoing);
    }

    pub fn detach(&mut self, connection: u64, now: Instant) {
        self.set_connected(connection, false, now);
        self.audience.detach(connection);
    }

    pub fn set_connected(&mut self, connection: u64, connected: bool, now: Instant) {
        self.audience.set_connected(connection, connected, self.gate.is_open(), now);
        self.in_party |= connected;
        if !self.audience.is_connected() {
            self.cut(now);
        }
        self.wake(now);
        self.settle();
    }

    /// The path seems gone.
    pub fn set_interrupted(&mut self, connection: u64) {
        self.audience.set_interrupted(connection);
    }

    /// Of what was sent on a connection, this share was lost.
    pub fn set_loss(&mut self, connection: u64, share: f32, now: Instant) {
        self.audience.set_loss(connection, share, now);
    }

    /// The party is over: the microphone may close.
    pub fn release(&mut self) {
        self.in_party = false;
        self.settle();
    }

    pub fn set_test(&mut self, test: Listening, now: Instant) {
        self.test = test;
        self.wake(now);
        self.settle();
    }

    pub fn set_capture(&mut self, capture: Option<Box<dyn Capture>>, now: Instant) {
        self.capture = capture;
        self.recorded.clear();
        self.unwanted.clear();
        self.cut(now);
        self.need.renewed();
        self.wake(now);
    }

    /// Something is being said or tested.
    pub fn is_awake(&self) -> bool {
        self.gate.is_open() || self.test != Listening::Off || self.listens_for_a_voice()
    }

    /// A word is being said, as far as one can know: an open microphone is open all day.
    pub fn is_speaking(&self) -> bool {
        self.gate.is_open() && self.talk.mode != TalkMode::OpenMicrophone
    }

    /// The microphone wakes the thread by itself, or there is none.
    pub fn is_called(&self) -> bool {
        self.capture.as_ref().is_none_or(|capture| capture.calls())
    }

    /// When something must be sent although nothing is said.
    pub fn due(&self) -> Option<Instant> {
        self.audience.due().filter(|_| !self.gate.is_open())
    }

    pub fn reading(&self) -> Reading {
        let is_shown = self.gate.is_open() || self.test != Listening::Off;
        let microphone = if is_shown { self.needle.level() } else { Decibels::SILENCE };
        Reading { live: self.gate.is_open() && self.audience.is_reached(), microphone }
    }

    /// Takes what was recorded through the gate. `far`: what was played meanwhile; `monitor`: one's own ear, while testing.
    pub fn run(&mut self, now: Instant, far: &mut FarEnd, mut monitor: Option<&mut Monitor>) {
        if let Some(capture) = &mut self.capture {
            capture.read(&mut self.recorded, now);
        } else {
            far.clear();
        }
        let stale = self.recorded.len().saturating_sub(STALE);
        self.recorded.drain(..stale);

        let before = self.unwanted.len();
        self.take_blocks(now);
        let stalled = self.unwanted.len() == before;
        if !stalled {
            far.keep(self.unwanted.len() + FAR_AHEAD);
        }
        if self.is_wanted(far) {
            while let Some(block) = self.unwanted.pop_front() {
                let blocks_left = self.unwanted.len() + 1;
                self.pass(block, blocks_left, now, far, monitor.as_deref_mut());
            }
        } else {
            let excess = self.unwanted.len().saturating_sub(PRE_ROLL / BLOCK);
            self.unwanted.drain(..excess);
        }

        if stalled && self.gate.is_overdue(&self.talk, self.can_send(), now) {
            self.cut(now);
        }
        if !self.gate.is_open() {
            self.audience.keep_alive(now);
        }
        if self.is_awake() {
            self.wake(now);
        } else if self.awake_until.is_some_and(|until| now > until) {
            self.awake_until = None;
            self.need.rest(true);
        }
    }

    /// What was recorded, in whole blocks, each with its own moment.
    fn take_blocks(&mut self, now: Instant) {
        let mut left = self.recorded.len();
        let ago = |samples| now.checked_sub(duration(samples)).unwrap_or(now);
        let (blocks, _) = self.recorded.as_chunks::<BLOCK>();
        for samples in blocks {
            let began = ago(left);
            left -= BLOCK;
            self.unwanted.push_back(Block { samples: *samples, began, ended: ago(left) });
        }
        self.recorded.drain(..self.recorded.len() / BLOCK * BLOCK);
    }

    /// Somebody may be spoken to, or the echo of those who speak can be learnt before that. Otherwise nothing is cleaned:
    /// in a quiet party with the key up it would be for nobody.
    fn is_wanted(&self, far: &FarEnd) -> bool {
        let is_open = self.talk.mode != TalkMode::PushToTalk && !self.talk.muted && !self.talk.deafened;
        self.is_awake() || self.talk.key_held || is_open || !far.is_empty()
    }

    fn pass(
        &mut self,
        block: Block,
        blocks_left: usize,
        now: Instant,
        far: &mut FarEnd,
        monitor: Option<&mut Monitor>,
    ) {
        let Block { mut samples, began, ended } = block;
        self.processor.process(&mut samples, far, blocks_left);
        if let Some(monitor) = monitor {
            monitor.hear(&samples, &self.talk, ended);
        }
        let cleaned = (self.test != Listening::Off).then(|| mixer::level(&samples));
        let can_send = self.can_send();
        let passage = self.gate.pass(&mut samples, &self.since.judge(self.talk, began), can_send, ended);
        self.needle.feed(match (cleaned, &passage) {
            (Some(cleaned), _) => cleaned,
            (None, Passage::Shut) => Decibels::SILENCE,
            (None, _) => mixer::level(&samples),
        });
        match passage {
            Passage::Shut => {}
            Passage::Opened => self.audience.begin(self.gate.pre_roll(), &samples, ended),
            Passage::Open => self.audience.speak(&samples, now),
            Passage::Closed => self.audience.end(&samples, now),
        }
    }

    fn can_send(&self) -> bool {
        self.audience.is_connected()
    }

    /// Voice activation must hear the first syllable while it is said.
    fn listens_for_a_voice(&self) -> bool {
        self.talk.mode == TalkMode::VoiceActivation
            && self.can_send()
            && !self.talk.muted
            && !self.talk.deafened
    }

    /// Whatever is said next is wanted at once.
    fn wake(&mut self, now: Instant) {
        self.awake_until = Some(now + QUIET_AFTER);
        self.need.rest(false);
    }

    /// The microphone or the path is gone, mid-word perhaps.
    fn cut(&mut self, now: Instant) {
        if self.gate.cut() {
            self.audience.end(&[], now);
        }
        self.needle.reset();
    }

    fn settle(&mut self) {
        self.need.set(self.in_party || self.test != Listening::Off);
    }
}

fn duration(samples: usize) -> Duration {
    Duration::from_micros(samples as u64 * 1_000_000 / SAMPLE_RATE as u64)
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;
    use crate::{
        model::TalkMode,
        voice::{negotiation::Terms, outgoing::Frame},
    };

    const KEY_UP: Talk = Talk {
        mode: TalkMode::PushToTalk,
        activation: crate::model::Activation { open_at: -38.0, close_at: -44.0, hold_millis: 300 },
        key_held: false,
        muted: false,
        deafened: false,
        release_hold: Duration::from_millis(200),
    };
    const TICK: Duration = Duration::from_millis(10);

    /// What a rested microphone holds, in pieces.
    struct Backlog(Vec<usize>);

    impl Capture for Backlog {
        fn read(&mut self, into: &mut Vec<f32>, _now: Instant) {
            into.resize(into.len() + self.0.pop().unwrap_or(0), 0.3);
        }
    }

    /// `from` becomes `to`, and a tick later 250 ms arrive. Says how many frames of 40 ms go out.
    fn frames_sent(from: Talk, to: Talk) -> usize {
        frames_sent_of(vec![SAMPLE_RATE / 4], TICK, from, to)
    }

    /// The same of these pieces, one with each tick.
    fn frames_sent_of(backlog: Vec<usize>, tick: Duration, from: Talk, to: Talk) -> usize {
        let now = Instant::now();
        let (sender, mut frames) = mpsc::channel(100);
        let mut uplink = Uplink::new(Orders::new().0, from);
        uplink.attach(1, Outgoing::new(&Terms::PLAIN, sender, now).unwrap());
        uplink.set_connected(1, true, now);
        let pieces = backlog.len() as u32;
        uplink.set_capture(Some(Box::new(Backlog(backlog))), now);
        uplink.set_talk(to, now);
        for piece in 1..=pieces {
            uplink.run(now + piece * tick, &mut FarEnd::default(), None);
        }
        let sent: Vec<Frame> = std::iter::from_fn(|| frames.try_recv().ok()).collect();
        sent.iter().filter(|frame| frame.speech.is_some()).count()
    }

    #[test]
    fn of_what_was_recorded_before_the_key_only_the_pre_roll_goes_out() {
        assert_eq!(frames_sent(KEY_UP, Talk { key_held: true, ..KEY_UP }), 1, "60 and 10 ms");
    }

    #[test]
    fn what_a_rested_microphone_held_does_not_go_out_when_it_comes_in_pieces() {
        let pieces = vec![SAMPLE_RATE / 10; 3];
        let sent =
            frames_sent_of(pieces, Duration::from_millis(2), KEY_UP, Talk { key_held: true, ..KEY_UP });
        assert_eq!(sent, 0, "all of it is older than the key");
    }

    #[test]
    fn nothing_that_was_recorded_before_the_microphone_was_allowed_goes_out() {
        let open = Talk { mode: TalkMode::OpenMicrophone, ..KEY_UP };
        assert_eq!(frames_sent(Talk { muted: true, ..open }, open), 0);
        assert_eq!(frames_sent(Talk { deafened: true, ..open }, open), 0);
        assert_eq!(frames_sent(KEY_UP, open), 0);
        assert_eq!(frames_sent(open, open), 6, "an open microphone sends all of it");
    }
}

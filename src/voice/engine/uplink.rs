//! The microphone's half of the voice thread: read, measure, gate, hand to the encoder, or to one's own ear.

use std::time::{Duration, Instant};

use super::{Need, QUIET_AFTER};
use crate::{
    model::{Decibels, Processing},
    voice::{
        BLOCK, Listening, SAMPLE_RATE, Talk,
        device::{Capture, supervisor::Orders},
        gate::{Gate, Passage},
        mixer::{self, Needle},
        monitor::Monitor,
        outgoing::Outgoing,
    },
};

/// More than this unread was recorded while the thread stood still: it is too old to be said.
const STALE: usize = SAMPLE_RATE / 2;

/// What the meters show of it.
pub struct Reading {
    pub live: bool,
    /// Silence unless it is sent or tested.
    pub microphone: Decibels,
}

pub struct Uplink {
    talk: Talk,
    since: Since,
    gate: Gate,
    needle: Needle,
    lines: Vec<Line>,
    /// The party's life, through interruptions: the microphone stays warm.
    in_party: bool,
    test: Listening,
    capture: Option<Box<dyn Capture>>,
    need: Need,
    /// The microphone rests after this. `None`: it rests.
    awake_until: Option<Instant>,
    recorded: Vec<f32>,
}

/// To one connection.
struct Line {
    connection: u64,
    outgoing: Outgoing,
    connected: bool,
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

    /// How `talk` is for what was recorded from this moment on.
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
            gate: Gate::default(),
            needle: Needle::default(),
            lines: vec![],
            in_party: false,
            test: Listening::Off,
            capture: None,
            need: Need::new(microphone),
            recorded: Vec::with_capacity(SAMPLE_RATE),
        }
    }

    pub fn set_talk(&mut self, talk: Talk, now: Instant) {
        self.since.note(&self.talk, &talk, now);
        self.talk = talk;
        self.wake(now);
    }

    pub fn attach(&mut self, connection: u64, outgoing: Outgoing) {
        self.lines.push(Line { connection, outgoing, connected: false });
    }

    pub fn detach(&mut self, connection: u64, now: Instant) {
        self.set_connected(connection, false, now);
        self.lines.retain(|line| line.connection != connection);
    }

    pub fn set_connected(&mut self, connection: u64, connected: bool, now: Instant) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.connection == connection) {
            // Mid-word perhaps; what follows begins anew.
            if self.gate.is_open() && line.connected && !connected {
                line.outgoing.end(&[], now);
            } else if self.gate.is_open() && !line.connected && connected {
                line.outgoing.begin(&[], &[], now);
            }
            line.connected = connected;
        }
        self.in_party |= connected;
        if !self.can_send() {
            self.cut(now);
        }
        self.wake(now);
        self.settle();
    }

    pub fn set_loss(&mut self, _connection: u64, _share: f32) {}

    pub fn set_processing(&mut self, _processing: Processing) {}

    fn can_send(&self) -> bool {
        self.lines.iter().any(|line| line.connected)
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
        self.cut(now);
        self.need.renewed();
        self.wake(now);
    }

    /// Something is being said or tested.
    pub fn is_awake(&self) -> bool {
        self.gate.is_open() || self.test != Listening::Off
    }

    /// When something must be sent although nothing is said.
    pub fn due(&self) -> Option<Instant> {
        let idle = self.lines.iter().filter(|line| line.connected && !self.gate.is_open());
        idle.map(|line| line.outgoing.due()).min()
    }

    pub fn reading(&self) -> Reading {
        let microphone = if self.is_awake() { self.needle.level() } else { Decibels::SILENCE };
        Reading { live: self.gate.is_open(), microphone }
    }

    /// Takes what was recorded through the gate. `monitor`: one's own ear, while testing.
    pub fn run(&mut self, now: Instant, mut monitor: Option<&mut Monitor>) {
        if let Some(capture) = &mut self.capture {
            capture.read(&mut self.recorded, now);
        }
        let stale = self.recorded.len().saturating_sub(STALE);
        self.recorded.drain(..stale);

        let can_send = self.can_send();
        let blocks = self.recorded.len() / BLOCK * BLOCK;
        let mut left = self.recorded.len();
        for block in self.recorded[..blocks].chunks_exact_mut(BLOCK) {
            if let Some(monitor) = monitor.as_deref_mut() {
                monitor.hear(block);
            }
            let began = now.checked_sub(duration(left)).unwrap_or(now);
            left -= BLOCK;
            let ended = now.checked_sub(duration(left)).unwrap_or(now);
            let raw = (self.test != Listening::Off).then(|| mixer::level(block));
            let passage = self.gate.pass(block, &self.since.judge(self.talk, began), can_send, ended);
            self.needle.feed(match (raw, &passage) {
                (Some(raw), _) => raw,
                (None, Passage::Shut) => Decibels::SILENCE,
                (None, _) => mixer::level(block),
            });
            for Line { outgoing, .. } in self.lines.iter_mut().filter(|line| line.connected) {
                match passage {
                    Passage::Shut => {}
                    Passage::Opened => outgoing.begin(self.gate.pre_roll(), block, ended),
                    Passage::Open => outgoing.speak(block, now),
                    Passage::Closed => outgoing.end(block, now),
                }
            }
        }
        self.recorded.drain(..blocks);
        if blocks == 0 && self.gate.is_overdue(&self.talk, can_send, now) {
            self.cut(now);
        }

        if !self.gate.is_open() {
            self.lines
                .iter_mut()
                .filter(|line| line.connected)
                .for_each(|line| line.outgoing.keep_alive(now));
        }
        if self.is_awake() {
            self.wake(now);
        } else if self.awake_until.is_some_and(|until| now > until) {
            self.awake_until = None;
            self.need.rest(true);
        }
    }

    /// Whatever is said next is wanted at once.
    fn wake(&mut self, now: Instant) {
        self.awake_until = Some(now + QUIET_AFTER);
        self.need.rest(false);
    }

    /// The microphone or the path is gone, mid-word perhaps.
    fn cut(&mut self, now: Instant) {
        if self.gate.cut() {
            self.lines.iter_mut().filter(|line| line.connected).for_each(|line| line.outgoing.end(&[], now));
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

    /// What a rested microphone holds, all at once.
    struct Backlog(usize);

    impl Capture for Backlog {
        fn read(&mut self, into: &mut Vec<f32>, _now: Instant) {
            into.resize(into.len() + std::mem::take(&mut self.0), 0.3);
        }
    }

    /// `from` becomes `to`, and a tick later 250 ms arrive. Says how many frames of 40 ms go out.
    fn frames_sent(from: Talk, to: Talk) -> usize {
        let terms = Terms {
            opus: 111,
            clock_hz: 16_000,
            channels: 2,
            format_parameters: String::new(),
            redundancy: None,
            comfort_noise: Vec::new(),
            frame_millis: 40,
            we_send: true,
            they_send: true,
            partyline: false,
        };
        let now = Instant::now();
        let (sender, mut frames) = mpsc::channel(100);
        let mut uplink = Uplink::new(Orders::new().0, from);
        uplink.attach(1, Outgoing::new(&terms, sender, now).unwrap());
        uplink.set_connected(1, true, now);
        uplink.set_capture(Some(Box::new(Backlog(SAMPLE_RATE / 4))), now);
        uplink.set_talk(to, now);
        uplink.run(now + TICK, None);
        let sent: Vec<Frame> = std::iter::from_fn(|| frames.try_recv().ok()).collect();
        sent.iter().filter(|frame| frame.speech.is_some()).count()
    }

    #[test]
    fn of_what_was_recorded_before_the_key_only_the_pre_roll_goes_out() {
        assert_eq!(frames_sent(KEY_UP, Talk { key_held: true, ..KEY_UP }), 1, "60 and 10 ms");
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

//! The microphone's half of the voice thread: read, measure, gate, hand to the encoder, or to one's own ear.

use std::time::Instant;

use super::Need;
use crate::{
    model::Decibels,
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
    pub talk: Talk,
    gate: Gate,
    needle: Needle,
    outgoing: Option<Outgoing>,
    connected: bool,
    /// The party's life, through interruptions: the microphone stays warm.
    in_party: bool,
    test: Listening,
    capture: Option<Box<dyn Capture>>,
    need: Need,
    recorded: Vec<f32>,
}

impl Uplink {
    pub fn new(microphone: Orders, talk: Talk) -> Self {
        Self {
            talk,
            gate: Gate::default(),
            needle: Needle::default(),
            outgoing: None,
            connected: false,
            in_party: false,
            test: Listening::Off,
            capture: None,
            need: Need::new(microphone),
            recorded: Vec::with_capacity(SAMPLE_RATE),
        }
    }

    pub fn attach(&mut self, outgoing: Option<Outgoing>) {
        self.outgoing = outgoing;
    }

    pub fn set_connected(&mut self, connected: bool, now: Instant) {
        self.connected = connected;
        self.in_party |= connected;
        if !connected {
            self.cut(now);
        }
        self.settle();
    }

    /// The party is over: the microphone may close.
    pub fn release(&mut self) {
        self.in_party = false;
        self.settle();
    }

    pub fn set_test(&mut self, test: Listening) {
        self.test = test;
        self.settle();
    }

    pub fn set_capture(&mut self, capture: Option<Box<dyn Capture>>, now: Instant) {
        self.capture = capture;
        self.recorded.clear();
        self.cut(now);
    }

    /// Something is being said or tested.
    pub fn is_awake(&self) -> bool {
        self.gate.is_open() || self.test != Listening::Off
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

        let can_send = self.connected && self.outgoing.is_some();
        let blocks = self.recorded.len() / BLOCK * BLOCK;
        for block in self.recorded[..blocks].chunks_exact_mut(BLOCK) {
            let raw = mixer::level(block);
            if let Some(monitor) = monitor.as_deref_mut() {
                monitor.hear(block);
            }
            let passage = self.gate.pass(block, &self.talk, can_send, now);
            let sent = mixer::level(block);
            self.needle.feed(match (self.test, &passage) {
                (Listening::Off, Passage::Shut) => Decibels::SILENCE,
                (Listening::Off, _) => sent,
                _ => raw,
            });
            let Some(outgoing) = &mut self.outgoing else { continue };
            match passage {
                Passage::Shut => {}
                Passage::Opened => outgoing.begin(self.gate.pre_roll(), block, now),
                Passage::Open => outgoing.speak(block, now),
                Passage::Closed => outgoing.end(block, now),
            }
        }
        self.recorded.drain(..blocks);

        if let Some(outgoing) = &mut self.outgoing
            && self.connected
            && !self.gate.is_open()
        {
            outgoing.keep_alive(now);
        }
    }

    /// The microphone or the path is gone, mid-word perhaps.
    fn cut(&mut self, now: Instant) {
        if self.gate.cut()
            && let Some(outgoing) = &mut self.outgoing
        {
            outgoing.end(&[], now);
        }
        self.needle.reset();
    }

    fn settle(&mut self) {
        self.need.set(self.in_party || self.test != Listening::Off);
    }
}

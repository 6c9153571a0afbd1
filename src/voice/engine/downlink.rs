//! The speakers' half of the voice thread: every remote voice, the chime and one's own ear, mixed and kept flowing.

use std::{sync::atomic::Ordering::Relaxed, time::Instant};

use super::{Need, copies::Copies};
use crate::{
    model::{AccountId, Decibels},
    voice::{
        BLOCK, SAMPLE_RATE, chime,
        device::{Nowhere, Playback, supervisor::Orders},
        incoming::Incoming,
        mixer::{self, Needle},
        monitor::Monitor,
        roster::Roster,
        stats::Counters,
    },
};

/// A thread that stood still for longer does not make up for it. Samples.
const CATCH_UP: usize = SAMPLE_RATE;
/// What is quieter need not be played: the card may rest through it.
const AUDIBLE: Decibels = Decibels(-75.0);

pub struct Downlink {
    pub roster: Roster,
    /// Of what the others say.
    pub copies: Copies,
    pub deafened: bool,
    voices: Vec<Incoming>,
    /// Packets that voices lost before they ended.
    lost_before: u64,
    chime: Vec<f32>,
    chimed: usize,
    monitor: Option<Monitor>,
    playback: Box<dyn Playback>,
    /// The pace while the card rests.
    pace: Nowhere,
    connected: bool,
    need: Need,
    needle: Needle,
}

impl Downlink {
    pub fn new(speakers: Orders, party_output: Orders, deafened: bool) -> Self {
        Self {
            roster: Roster::default(),
            copies: Copies::new(party_output),
            deafened,
            voices: vec![],
            lost_before: 0,
            chime: vec![],
            chimed: 0,
            monitor: None,
            playback: Box::new(Nowhere::default()),
            pace: Nowhere::default(),
            connected: false,
            need: Need::new(speakers),
            needle: Needle::default(),
        }
    }

    /// The party's life, through interruptions: the speakers stay open.
    pub fn set_in_party(&mut self, in_party: bool) {
        self.connected = in_party;
        self.copies.set_in_party(in_party);
        self.settle();
    }

    /// Forgets everybody heard so far.
    pub fn reset(&mut self) {
        self.voices.clear();
        self.lost_before = 0;
        self.roster.clear();
        self.needle.reset();
    }

    pub fn add(&mut self, voice: Incoming) {
        self.voices.push(voice);
    }

    pub fn set_playback(&mut self, playback: Option<Box<dyn Playback>>) {
        self.playback = playback.unwrap_or_else(|| Box::new(Nowhere::default()));
        self.need.renewed();
    }

    pub fn set_monitor(&mut self, on: bool) {
        self.monitor = on.then(Monitor::default);
        self.settle();
    }

    /// Where the microphone test puts what it hears.
    pub fn monitor(&mut self) -> Option<&mut Monitor> {
        self.monitor.as_mut()
    }

    pub fn chime(&mut self) {
        self.chime = chime::samples();
        self.chimed = 0;
        self.settle();
    }

    /// Something is on its way to the ear.
    pub fn is_awake(&self) -> bool {
        !self.chime.is_empty() || self.monitor.is_some() || !self.voices.iter().all(Incoming::is_quiet)
    }

    /// The speakers wake the thread by themselves.
    pub fn is_called(&self) -> bool {
        self.playback.calls() && !self.need.resting
    }

    pub fn is_resting(&self) -> bool {
        self.need.resting
    }

    /// Lets the card rest in a long silence.
    pub fn rest(&mut self, now: Instant) {
        if !self.need.resting && self.playback.may_rest() {
            self.need.rest(true);
            self.pace.restart(now);
        }
    }

    /// The card takes a moment, and then much at once: silence goes in front, so that the first word is whole.
    fn wake(&mut self, now: Instant) {
        self.need.rest(false);
        for _ in 0..=self.playback.wanted(now) / BLOCK {
            self.playback.write(&[0.0; BLOCK]);
        }
    }

    /// Plays what is due. Says whether any of it can be heard.
    pub fn run(&mut self, now: Instant) -> bool {
        self.voices.iter_mut().for_each(Incoming::receive);
        if self.need.resting && !self.is_awake() {
            // Nothing to mix: time passes.
            self.pace.restart(now);
            self.needle.reset();
        }
        let resting = self.need.resting;
        let wanted = if resting { self.pace.wanted(now) } else { self.playback.wanted(now) };
        let mut heard = false;
        for _ in 0..wanted.min(CATCH_UP) / BLOCK {
            let mut mix = [0.0; BLOCK];
            self.mix(&mut mix, now);
            let level = mixer::level(&mix);
            self.needle.feed(level);
            heard |= level > AUDIBLE;
            if resting {
                self.pace.write(&mix);
            }
            if self.need.resting && heard {
                self.wake(now);
            }
            if !self.need.resting {
                self.playback.write(&mix);
            }
        }
        if self.need.resting {
            self.voices.iter_mut().for_each(Incoming::relax);
        }
        self.copies.run(now);
        self.roster.expire(now);
        self.bury();
        heard
    }

    /// Everything after the mix.
    pub fn level(&self) -> Decibels {
        self.needle.level()
    }

    pub fn speakers(&self) -> impl Iterator<Item = (AccountId, Decibels)> {
        self.roster.speakers()
    }

    pub fn count(&self, counters: &Counters) {
        let lost: u64 = self.voices.iter().map(|voice| voice.counts().lost).sum();
        counters.lost.store(self.lost_before + lost, Relaxed);
        let delay = self.voices.iter().map(Incoming::delay).fold(0.0, f64::max);
        counters.jitter_buffer_micros.store((delay * 1e6) as u32, Relaxed);
    }

    fn mix(&mut self, mix: &mut [f32; BLOCK], now: Instant) {
        for voice in &mut self.voices {
            let mut block = [0.0; BLOCK];
            // Deafened ears hear nobody, so nobody is shown as heard.
            if voice.play(&mut block, now) && !self.deafened {
                self.roster.heard(voice.sources(), mixer::level(&block), now);
                mixer::add(mix, &block);
            }
        }
        self.copies.hear(mix, now);
        if let Some(block) = self.monitor.as_mut().and_then(Monitor::take) {
            mixer::add(mix, &block);
        }
        if !self.chime.is_empty() {
            let rest = self.chime.get(self.chimed..).unwrap_or_default();
            mixer::add(mix, &rest[..rest.len().min(BLOCK)]);
            self.chimed += BLOCK;
            if rest.len() <= BLOCK {
                self.chime = vec![];
                self.settle();
            }
        }
        mixer::limit(mix);
    }

    /// Forgets voices whose track ended.
    fn bury(&mut self) {
        let lost_before = &mut self.lost_before;
        self.voices.retain(|voice| {
            let over = voice.is_over();
            if over {
                *lost_before += voice.counts().lost;
            }
            !over
        });
    }

    fn settle(&mut self) {
        self.need.set(self.connected || self.monitor.is_some() || !self.chime.is_empty());
    }
}

//! The speakers' half of the voice thread: every remote voice, the chime and one's own ear, mixed and kept flowing.

use std::{sync::atomic::Ordering::Relaxed, time::Instant};

use super::Need;
use crate::{
    model::{AccountId, Decibels},
    voice::{
        BLOCK, SAMPLE_RATE, chime,
        device::{Nowhere, Playback, supervisor::Orders},
        incoming::Incoming,
        levelling::Limiter,
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
    limiter: Limiter,
    level_voices: bool,
}

impl Downlink {
    pub fn new(speakers: Orders, deafened: bool) -> Self {
        Self {
            roster: Roster::default(),
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
            limiter: Limiter::new(),
            level_voices: true,
        }
    }

    /// The party's life, through interruptions: the speakers stay open.
    pub fn set_in_party(&mut self, in_party: bool) {
        self.connected = in_party;
        self.settle();
    }

    /// Forgets everybody heard so far.
    pub fn reset(&mut self) {
        self.voices.clear();
        self.lost_before = 0;
        self.roster.clear();
        self.needle.reset();
    }

    pub fn add(&mut self, mut voice: Incoming) {
        voice.set_levelled(self.level_voices);
        self.voices.push(voice);
    }

    /// Brings every speaker to the same loudness, or leaves them as they are.
    pub fn set_level_voices(&mut self, on: bool) {
        self.level_voices = on;
        self.voices.iter_mut().for_each(|voice| voice.set_levelled(on));
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
        let reports = || self.voices.iter().map(Incoming::report);
        let lost: u64 = reports().map(|report| report.lost).sum();
        counters.lost.store(self.lost_before + lost, Relaxed);
        let buffer = reports().map(|report| report.buffer).max().unwrap_or_default();
        counters.jitter_buffer_micros.store(buffer.as_micros() as u32, Relaxed);
    }

    fn mix(&mut self, mix: &mut [f32; BLOCK], now: Instant) {
        for voice in &mut self.voices {
            let mut block = [0.0; BLOCK];
            // Deafened ears hear nobody, so nobody is shown as heard.
            if voice.play(&mut block, now) && !self.deafened {
                self.roster.heard(voice.sources(), mixer::level(&block), now);
                voice.level(&mut block);
                mixer::add(mix, &block);
            }
        }
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
        self.limiter.limit(mix);
    }

    /// Forgets voices whose track ended.
    fn bury(&mut self) {
        let lost_before = &mut self.lost_before;
        self.voices.retain(|voice| {
            let over = voice.is_over();
            if over {
                *lost_before += voice.report().lost;
            }
            !over
        });
    }

    fn settle(&mut self) {
        self.need.set(self.connected || self.monitor.is_some() || !self.chime.is_empty());
    }
}

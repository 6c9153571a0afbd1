//! The speakers' half of the voice thread: every remote voice, the chime and one's own ear, mixed and kept flowing.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use super::{
    Need,
    bridging::{Bridging, Fade, Others},
    copies::Copies,
};
use crate::{
    model::{AccountId, Decibels, Hearing, OtherEnd},
    voice::{
        BLOCK, SAMPLE_RATE, chime,
        device::{Nowhere, Playback, supervisor::Orders},
        incoming::{Incoming, Received},
        levelling::Limiter,
        mixer::{self, Needle},
        monitor::Monitor,
        processing::FarEnd,
        roster::Roster,
        stats::Counters,
    },
};

/// A thread that stood still for longer does not make up for it. Samples.
const CATCH_UP: usize = SAMPLE_RATE;
/// What is quieter need not be played: the card may rest through it.
const AUDIBLE: Decibels = Decibels(-75.0);

/// How often counters are brought up to date; they are read once a second.
const COUNT_EVERY: Duration = Duration::from_millis(250);

/// What one connection brings.
struct Line {
    connection: u64,
    with: OtherEnd,
    connected: bool,
    voices: Vec<Voice>,
    counters: Arc<Counters>,
    /// Of streams that ended.
    before: Received,
}

struct Voice {
    incoming: Incoming,
    fade: Fade,
}

pub struct Downlink {
    pub roster: Roster,
    /// Of what the others say.
    pub copies: Copies,
    pub deafened: bool,
    /// The bridge first: whom it names decides who is heard directly.
    lines: Vec<Line>,
    bridging: Bridging,
    /// Who is connected directly.
    direct: Vec<AccountId>,
    counted: Option<Instant>,
    chime: Vec<f32>,
    chimed: usize,
    /// One's own ear, where the microphone test puts what it hears.
    pub monitor: Option<Box<Monitor>>,
    /// What went to the speakers, for whoever cleans the microphone.
    pub far: FarEnd,
    playback: Box<dyn Playback>,
    /// The pace while the card rests.
    pace: Nowhere,
    /// The party's life, through interruptions: the speakers stay open.
    in_party: bool,
    need: Need,
    needle: Needle,
    limiter: Limiter,
    level_voices: bool,
    hearing: Vec<(AccountId, Hearing)>,
}

impl Downlink {
    pub fn new(speakers: Orders, party_output: Orders, deafened: bool) -> Self {
        Self {
            roster: Roster::default(),
            copies: Copies::new(party_output),
            deafened,
            lines: vec![],
            bridging: Bridging::default(),
            direct: vec![],
            counted: None,
            chime: vec![],
            chimed: 0,
            monitor: None,
            far: FarEnd::default(),
            playback: Box::new(Nowhere::default()),
            pace: Nowhere::default(),
            in_party: false,
            need: Need::new(speakers),
            needle: Needle::default(),
            limiter: Limiter::default(),
            level_voices: true,
            hearing: vec![],
        }
    }

    pub fn attach(&mut self, connection: u64, with: OtherEnd, counters: Arc<Counters>) {
        let before = Received::default();
        self.lines.push(Line { connection, with, connected: false, voices: vec![], counters, before });
        self.lines.sort_by_key(|line| line.with);
    }

    /// Forgets a connection and everybody heard on it.
    pub fn detach(&mut self, connection: u64) {
        self.lines.retain(|line| line.connection != connection);
        self.find_direct();
    }

    pub fn set_connected(&mut self, connection: u64, connected: bool) {
        if let Some(line) = self.line(connection) {
            line.connected = connected;
        }
        self.find_direct();
        self.in_party |= connected;
        self.copies.set_in_party(self.in_party);
        self.settle();
    }

    /// Any connection, if there is one.
    pub fn attached(&self) -> Option<u64> {
        self.lines.first().map(|line| line.connection)
    }

    pub fn is_attached(&self) -> bool {
        !self.lines.is_empty()
    }

    pub fn has(&self, connection: u64) -> bool {
        self.lines.iter().any(|line| line.connection == connection)
    }

    /// The party is over: the speakers may close.
    pub fn release(&mut self) {
        self.in_party = false;
        self.copies.set_in_party(false);
        self.bridging = Bridging::default();
        self.roster.clear();
        self.needle.reset();
        self.settle();
    }

    /// Another voice on this connection, if that is still there.
    pub fn add(&mut self, connection: u64, mut incoming: Incoming) {
        incoming.set_levelled(self.level_voices);
        let hearing = &self.hearing;
        if let Some(line) = self.lines.iter_mut().find(|line| line.connection == connection) {
            incoming.set_hearing(hearing_of(hearing, line.with));
            line.voices.push(Voice { incoming, fade: Fade::default() });
        }
        self.find_direct();
    }

    /// Replaces how each member is heard; in a bridge's mix as far as that can be told apart.
    pub fn set_hearing(&mut self, hearing: Vec<(AccountId, Hearing)>) {
        for line in &mut self.lines {
            let hearing = hearing_of(&hearing, line.with);
            line.voices.iter_mut().for_each(|voice| voice.incoming.set_hearing(hearing));
        }
        self.hearing = hearing;
    }

    /// Brings every speaker to the same loudness, or leaves them as they are.
    pub fn set_level_voices(&mut self, on: bool) {
        self.level_voices = on;
        self.voices_mut().for_each(|voice| voice.set_levelled(on));
    }

    pub fn set_playback(&mut self, playback: Option<Box<dyn Playback>>) {
        self.playback = playback.unwrap_or_else(|| Box::new(Nowhere::default()));
        self.need.renewed();
    }

    pub fn set_monitor(&mut self, monitor: Option<Box<Monitor>>) {
        self.monitor = monitor;
        self.settle();
    }

    pub fn chime(&mut self) {
        self.chime = chime::samples();
        self.chimed = 0;
        self.settle();
    }

    /// Something is on its way to the ear.
    pub fn is_awake(&self) -> bool {
        !self.chime.is_empty() || self.monitor.is_some() || self.voices().any(|voice| !voice.is_quiet())
    }

    /// The speakers wake the thread by themselves, or rest.
    pub fn is_called(&self) -> bool {
        self.playback.calls() || self.is_resting()
    }

    /// The thread will not look after the cards for a while.
    pub fn idle(&mut self) {
        self.playback.idle();
        self.copies.idle();
    }

    pub fn is_resting(&self) -> bool {
        self.need.is_resting()
    }

    /// Lets the card rest in a long silence.
    pub fn rest(&mut self, now: Instant) {
        if !self.need.is_resting() && self.playback.may_rest() {
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
        self.voices_mut().for_each(Incoming::receive);
        if self.need.is_resting() && !self.is_awake() {
            // Nothing to mix: time passes.
            self.pace.restart(now);
            self.needle.reset();
        }
        let resting = self.need.is_resting();
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
            if self.need.is_resting() && heard {
                self.wake(now);
            }
            if !self.need.is_resting() {
                self.far.play(&mix);
                self.playback.write(&mix);
            }
        }
        if self.need.is_resting() {
            self.voices_mut().for_each(Incoming::relax);
        }
        self.copies.run(now);
        self.roster.expire(now);
        self.bury();
        if self.counted.is_none_or(|counted| now >= counted + COUNT_EVERY) {
            self.counted = Some(now);
            self.lines.iter().for_each(Line::count);
        }
        heard
    }

    /// Everything after the mix.
    pub fn level(&self) -> Decibels {
        self.needle.level()
    }

    pub fn speakers(&self) -> impl Iterator<Item = (AccountId, Decibels)> {
        self.roster.speakers()
    }

    fn mix(&mut self, mix: &mut [f32; BLOCK], now: Instant) {
        for line in &mut self.lines {
            for Voice { incoming, fade } in &mut line.voices {
                let mut block = [0.0; BLOCK];
                // Deafened ears hear nobody, so nobody is shown as heard.
                if !incoming.play(&mut block, now) || self.deafened {
                    continue;
                }
                let level = mixer::level(&block);
                let plays = match line.with {
                    OtherEnd::Bridge => {
                        let sources = incoming.sources();
                        let (members, direct) = (self.roster.members(), &self.direct[..]);
                        let others = Others { members, direct, hearing: &self.hearing };
                        let plays = self.bridging.plays_mix(sources, level, others, now);
                        let alone = self.roster.alone(sources).map_or(OtherEnd::Bridge, OtherEnd::Member);
                        if plays {
                            self.roster.heard(sources, level, now);
                        }
                        incoming.set_hearing(hearing_of(&self.hearing, alone));
                        plays
                    }
                    OtherEnd::Member(member) => {
                        // Whoever speaks is seen to, here or in a mix that names nobody.
                        self.roster.heard_directly(member, level, now);
                        let muted = hearing_of(&self.hearing, line.with).muted;
                        self.bridging.plays_direct(member, level, muted, now)
                    }
                };
                if !fade.apply(&mut block, plays) {
                    continue;
                }
                incoming.level(&mut block);
                mixer::add(mix, &block);
            }
        }
        self.copies.hear(mix, now);
        // It is part of the far end too: from loudspeakers one's own voice would come back round and round.
        if let Some(block) = self.monitor.as_mut().and_then(|monitor| monitor.take()) {
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
        let mut buried = false;
        for Line { voices, before, .. } in &mut self.lines {
            voices.retain(|voice| {
                let over = voice.incoming.is_over();
                if over {
                    add(before, &voice.incoming.report());
                }
                buried |= over;
                !over
            });
        }
        if buried {
            self.find_direct();
        }
    }

    fn find_direct(&mut self) {
        let heard = self.lines.iter().filter(|line| line.connected && !line.voices.is_empty());
        let members = heard.filter_map(|line| match line.with {
            OtherEnd::Member(member) => Some(member),
            OtherEnd::Bridge => None,
        });
        self.direct.clear();
        self.direct.extend(members);
    }

    fn line(&mut self, connection: u64) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.connection == connection)
    }

    fn voices(&self) -> impl Iterator<Item = &Incoming> {
        self.lines.iter().flat_map(|line| &line.voices).map(|voice| &voice.incoming)
    }

    fn voices_mut(&mut self) -> impl Iterator<Item = &mut Incoming> {
        self.lines.iter_mut().flat_map(|line| &mut line.voices).map(|voice| &mut voice.incoming)
    }

    fn settle(&mut self) {
        self.need.set(self.in_party || self.monitor.is_some() || !self.chime.is_empty());
    }
}

impl Line {
    fn count(&self) {
        let mut sum = self.before;
        (sum.buffer, sum.jitter) = (Duration::ZERO, Duration::ZERO);
        for voice in &self.voices {
            add(&mut sum, &voice.incoming.report());
        }
        let micros = |time: Duration| u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        self.counters.lost.store(sum.lost, Relaxed);
        self.counters.played.store(sum.played, Relaxed);
        self.counters.concealed.store(sum.concealed, Relaxed);
        self.counters.buffer_micros.store(micros(sum.buffer), Relaxed);
        self.counters.jitter_micros.store(micros(sum.jitter), Relaxed);
    }
}

/// Counters add up; of delay and jitter the worst stream counts.
fn add(sum: &mut Received, one: &Received) {
    sum.lost += one.lost;
    sum.played += one.played;
    sum.concealed += one.concealed;
    sum.buffer = sum.buffer.max(one.buffer);
    sum.jitter = sum.jitter.max(one.jitter);
}

fn hearing_of(hearing: &[(AccountId, Hearing)], with: OtherEnd) -> Hearing {
    let chosen = hearing.iter().find(|(account, _)| with == OtherEnd::Member(*account));
    chosen.map(|(_, hearing)| *hearing).unwrap_or_default()
}

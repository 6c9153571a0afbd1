//! The jitter buffer: puts packets back in order, decides what is played next, and how long to wait for it.
//! Pure: time is an argument, sound never passes through it. The voice thread runs it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{
    SAMPLE_RATE,
    mending::Mending,
    timing::{LONGEST, Timing},
};
use crate::model::Decibels;

/// Packets held at most; 64 of 10 ms are twice the longest delay.
const MAX_PACKETS: usize = 64;
/// A jump in sequence numbers beyond this is another stream under the same name.
const MAX_JUMP: u64 = 1_000;
/// Sound is made up in pieces this long.
const PIECE: u32 = SAMPLE_RATE as u32 / 100;
/// After this much made-up sound in a row there is silence instead. It has faded by then.
pub const LONGEST_CONCEALMENT: u32 = SAMPLE_RATE as u32 / 1000 * 120;
/// What is later than it should be by more than this is not worth hearing: the line was stuck. Seconds.
const OVERDUE: f64 = 0.1;
/// A gap longer than this is a pause in the talk, whatever the sequence numbers say.
const PAUSE: u32 = SAMPLE_RATE as u32 / 1000 * 120;

#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// One Opus packet.
    Opus(Vec<u8>),
    /// A pause begins, with noise of this level (RFC 3389).
    Noise(Decibels),
}

/// One packet of a stream, as it came in.
#[derive(Debug, Clone)]
pub struct Packet {
    pub ssrc: u32,
    pub sequence: u16,
    pub timestamp: u32,
    /// Who is in the mix (RFC 3550, CSRC); at most 15.
    pub sources: Vec<u32>,
    pub payload: Payload,
    /// What it decodes to, in samples at 48 kHz; never zero.
    pub samples: u32,
    /// Came inside a later packet: says nothing about the network, and stands in for the original where that is missing.
    pub is_copy: bool,
    pub arrived: Instant,
}

/// What to play next. Lengths are samples at 48 kHz.
#[derive(Debug)]
pub enum Next {
    /// Decode this.
    Play(Packet),
    /// A packet was lost; its successor is here and may carry it a second time. The last `keep` of its `samples` are
    /// missing: what came before was made up.
    Recover { successor: Vec<u8>, samples: u32, keep: u32 },
    /// Make this much up: lost for good, or not here in time.
    Conceal { samples: u32 },
    /// Nobody speaks, or the buffer fills.
    Silence,
}

/// Counters since the stream began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sequence numbers that were passed over because nothing was there in time.
    pub lost: u64,
    /// Came after their turn.
    pub late: u64,
    pub duplicate: u64,
    /// Thrown away because the buffer was full or far behind.
    pub discarded: u64,
    /// Lost, and played all the same: from a copy.
    pub copied: u64,
    /// Samples of what was said that were made up; the fading at the end of a talk is not among them.
    pub concealed: u64,
    /// Samples of what was said that were played as they were sent, or mended.
    pub played: u64,
}

#[derive(Debug)]
struct Held {
    timestamp: u64,
    packet: Packet,
}

/// Where the stream is, counted without wrapping.
#[derive(Debug)]
struct Position {
    ssrc: u32,
    clock_hz: u32,
    timing: Timing,
    newest_sequence: u64,
    newest_timestamp: u64,
    next_sequence: u64,
    /// Where the last played packet ended.
    expected: u64,
    /// Made up since, in ticks.
    made_up: u64,
    /// The next packet waits for its time: at the start, and after every pause.
    filling: bool,
    /// Of `made_up`, guessed.
    guessed: u64,
    mending: Mending,
}

/// One per remote stream.
#[derive(Debug)]
pub struct JitterBuffer {
    clock_hz: u32,
    held: BTreeMap<u64, Held>,
    position: Option<Position>,
    counts: Counts,
    /// Seconds between a punctual arrival and playing, at the last played packet.
    delay: f64,
}

impl JitterBuffer {
    /// `clock_hz`: ticks of the RTP timestamp in a second.
    pub fn new(clock_hz: u32) -> Self {
        Self {
            clock_hz: clock_hz.max(1),
            held: BTreeMap::new(),
            position: None,
            counts: Counts::default(),
            delay: 0.0,
        }
    }

    /// Takes a packet in, in whatever order. Memory is bounded whatever comes.
    pub fn insert(&mut self, packet: Packet) {
        if packet.is_copy {
            return self.insert_copy(packet);
        }
        let (sequence, timestamp) = match self.unwrapped(&packet) {
            Some(place) => place,
            None => self.begin(&packet),
        };
        let Some(position) = &mut self.position else { return };
        let before = timestamp.saturating_sub(position.ticks(packet.samples));
        position.mending.came(sequence, timestamp, before, packet.arrived);
        if sequence < position.next_sequence {
            self.counts.late += 1;
            position.timing.late_arrival(timestamp, packet.arrived);
            return;
        }
        match self.held.get(&sequence) {
            Some(held) if !held.packet.is_copy => {
                self.counts.duplicate += 1;
                return;
            }
            _ => position.timing.arrival(timestamp, packet.arrived),
        }
        position.newest_sequence = position.newest_sequence.max(sequence);
        position.newest_timestamp = position.newest_timestamp.max(timestamp);
        let timing = &mut position.timing;
        position.mending.advance(sequence, packet.arrived, |lost, mended| timing.mended(lost, mended));
        self.held.insert(sequence, Held { timestamp, packet });
        self.shed();
    }

    /// A copy fills a hole, and does nothing else.
    fn insert_copy(&mut self, packet: Packet) {
        let Some((sequence, timestamp)) = self.unwrapped(&packet) else { return };
        let Some(position) = &mut self.position else { return };
        position.mending.mended(sequence, timestamp, packet.arrived);
        // Nothing before the first packet is missed, and nothing a copy says moves the stream.
        let wanted = sequence >= position.next_sequence && sequence < position.newest_sequence;
        if wanted && timestamp >= position.expected && timestamp < position.newest_timestamp {
            self.held.entry(sequence).or_insert(Held { timestamp, packet });
            self.shed();
        }
    }

    /// What to play at `due`, now that everything handed out before has been played by then.
    pub fn next(&mut self, due: Instant) -> Next {
        let Some(position) = &mut self.position else { return Next::Silence };
        while self.held.len() > 1
            && let Some(head) = self.held.first_entry()
            && position.timing.delay(head.get().timestamp, due) - position.timing.target().as_secs_f64()
                > OVERDUE
        {
            let (sequence, dropped) = head.remove_entry();
            self.counts.discarded += 1;
            self.counts.lost += sequence - position.next_sequence;
            position.pass(sequence, &dropped);
        }
        let Some((&sequence, head)) = self.held.first_key_value() else {
            return position.wait(!position.filling);
        };

        let gap = head.timestamp.saturating_sub(position.expected);
        let lost = sequence - position.next_sequence;
        let is_pause = gap > position.ticks(PAUSE) || (lost == 0 && gap > position.ticks(PIECE));
        let begins = position.filling || is_pause;
        let delay = position.timing.delay(head.timestamp, due);
        let target = position.timing.target().as_secs_f64();
        if begins && delay < target {
            return position.wait(!position.filling && (lost > 0 || position.made_up > 0));
        }
        let missing = if begins || lost == 0 { 0 } else { gap.saturating_sub(position.made_up) };
        if missing > 0 {
            let (successor, samples) = match &head.packet.payload {
                Payload::Opus(payload) => (Some(payload), head.packet.samples),
                Payload::Noise(_) => (None, 0),
            };
            let recoverable = position.ticks(samples);
            if let Some(successor) = successor.filter(|_| missing <= recoverable) {
                position.made_up = gap;
                // Part of it was made up already. The whole can still be had where the delay should grow anyway.
                let whole = delay + recoverable as f64 / f64::from(self.clock_hz) <= target;
                let keep = position.samples(if whole { recoverable } else { missing }).min(samples);
                self.counts.played += u64::from(keep);
                return Next::Recover { successor: successor.clone(), samples, keep };
            }
            if let Some(samples) = position.make_up(missing - recoverable) {
                return Next::Conceal { samples };
            }
        }

        let Some((sequence, head)) = self.held.pop_first() else { return Next::Silence };
        self.counts.lost += lost;
        self.counts.copied += u64::from(head.packet.is_copy);
        if !begins {
            self.counts.concealed += u64::from(position.samples(position.guessed));
        }
        if matches!(head.packet.payload, Payload::Opus(_)) {
            self.counts.played += u64::from(head.packet.samples);
        }
        self.delay = position.timing.play(head.timestamp, due, begins);
        position.filling = false;
        position.pass(sequence, &head);
        Next::Play(head.packet)
    }

    /// The next packet follows directly on what was handed out last, and is here.
    pub fn goes_on(&self) -> bool {
        let (Some(position), Some((&sequence, head))) = (&self.position, self.held.first_key_value()) else {
            return false;
        };
        !position.filling && sequence == position.next_sequence && head.timestamp <= position.expected
    }

    /// How much later than necessary sound is played now; negative: it should be played later. Seconds.
    pub fn excess(&self) -> f64 {
        self.position.as_ref().map_or(0.0, |position| position.timing.excess())
    }

    /// What was handed out was made this much longer; negative: shorter. Seconds.
    pub fn stretched(&mut self, by: f64) {
        if let Some(position) = &mut self.position {
            position.timing.stretched(by);
        }
    }

    /// Between a punctual arrival and playing, at the last packet played.
    pub fn delay(&self) -> Duration {
        Duration::try_from_secs_f64(self.delay).unwrap_or_default()
    }

    /// Of the packets' arrival (RFC 3550).
    pub fn jitter(&self) -> Duration {
        self.position.as_ref().map_or(Duration::ZERO, |position| position.timing.jitter())
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Makes nothing up after what was played last: it was silence. The next packet waits for its time, as after any
    /// pause. `false`: something is held.
    pub fn pause(&mut self) -> bool {
        if let Some(position) = &mut self.position {
            position.filling |= self.held.is_empty();
        }
        self.held.is_empty()
    }

    /// Nothing is held and nothing is being made up: the next packet can be waited for without ticking.
    pub fn is_idle(&self) -> bool {
        self.held.is_empty() && self.position.as_ref().is_none_or(|position| position.filling)
    }

    /// Sequence number and timestamp without their wrap. `None`: not of the stream as it was so far.
    fn unwrapped(&self, packet: &Packet) -> Option<(u64, u64)> {
        let position = self.position.as_ref().filter(|position| position.ssrc == packet.ssrc)?;
        let step = packet.sequence.wrapping_sub(position.newest_sequence as u16) as i16;
        let stride = packet.timestamp.wrapping_sub(position.newest_timestamp as u32) as i32;
        let sequence = position.newest_sequence.checked_add_signed(i64::from(step))?;
        let timestamp = position.newest_timestamp.checked_add_signed(i64::from(stride))?;
        // A timestamp that runs against the sequence is as good as another stream.
        let astray = u64::from(step.unsigned_abs()) > MAX_JUMP || (step > 0 && stride < 0);
        (!astray).then_some((sequence, timestamp))
    }

    /// Starts the stream anew at this packet.
    fn begin(&mut self, packet: &Packet) -> (u64, u64) {
        // Far from zero, so that stragglers from before the first packet still have a place.
        let sequence = (1 << 32) + u64::from(packet.sequence);
        let timestamp = (1 << 40) + u64::from(packet.timestamp);
        self.counts.discarded += self.held.len() as u64;
        self.held.clear();
        self.position = Some(Position {
            ssrc: packet.ssrc,
            clock_hz: self.clock_hz,
            timing: Timing::new(self.clock_hz, timestamp, packet.arrived),
            newest_sequence: sequence,
            newest_timestamp: timestamp,
            next_sequence: sequence,
            expected: timestamp,
            made_up: 0,
            filling: true,
            guessed: 0,
            mending: Mending::new(sequence),
        });
        (sequence, timestamp)
    }

    /// Keeps what is held within bounds: after a stall, only the newest is worth playing.
    fn shed(&mut self) {
        let longest = u64::from(self.clock_hz) * (LONGEST.as_millis() as u64 + 100) / 1000;
        while let (Some((_, first)), Some((_, last))) =
            (self.held.first_key_value(), self.held.last_key_value())
        {
            let span = last.timestamp.saturating_sub(first.timestamp);
            let Some(position) = &mut self.position else { return };
            if self.held.len() <= MAX_PACKETS && span <= longest {
                return;
            }
            if let Some((sequence, dropped)) = self.held.pop_first() {
                self.counts.discarded += 1;
                self.counts.lost += sequence - position.next_sequence;
                position.pass(sequence, &dropped);
            }
        }
    }
}

impl Position {
    /// The packet is behind us: played or thrown away.
    fn pass(&mut self, sequence: u64, held: &Held) {
        (self.made_up, self.guessed) = (0, 0);
        self.next_sequence = sequence + 1;
        self.expected = held.timestamp + self.ticks(held.packet.samples);
    }

    /// Nothing can be played yet. What was said before may still have to fade.
    fn wait(&mut self, fading: bool) -> Next {
        match if fading { self.make_up(u64::MAX) } else { None } {
            Some(samples) => Next::Conceal { samples },
            None => {
                self.filling = true;
                Next::Silence
            }
        }
    }

    /// Accounts for a made-up piece of at most `limit` ticks, and gives its length in samples.
    /// `None`: enough was made up.
    fn make_up(&mut self, limit: u64) -> Option<u32> {
        if self.made_up >= self.ticks(LONGEST_CONCEALMENT) {
            return None;
        }
        let piece = self.ticks(PIECE).min(limit);
        self.made_up += piece;
        self.guessed += piece;
        Some(self.samples(piece)).filter(|&samples| samples > 0)
    }

    /// 48 kHz samples as ticks of the stream's clock.
    fn ticks(&self, samples: u32) -> u64 {
        u64::from(samples) * u64::from(self.clock_hz) / SAMPLE_RATE as u64
    }

    /// Ticks of the stream's clock as 48 kHz samples.
    fn samples(&self, ticks: u64) -> u32 {
        u32::try_from(ticks * SAMPLE_RATE as u64 / u64::from(self.clock_hz)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests;

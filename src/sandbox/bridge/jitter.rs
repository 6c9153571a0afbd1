//! One talker's stream, from packets as they arrive to frames when the mixer wants them: reorders, waits as little as
//! the line allows, recovers what is lost, and knows a pause from a loss. Runs on the mixer's thread; time is an
//! argument.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use opus::{Channels, Decoder};

use super::audio::{FRAME, Frame, SAMPLE_RATE};

/// Packets that wait at most; a talker who sends faster than time goes loses the oldest.
const MAX_WAITING: usize = 32;
/// Longest packet Opus knows: 120 ms.
const MAX_PACKET: usize = 1920;
/// A gap in timestamps up to this long is filled with silence; a longer one is a pause.
const MAX_SILENCE: i32 = 3200;
/// A loss up to this long is concealed; after a longer one the stream starts anew.
const MAX_CONCEALED: usize = 5 * FRAME;
/// How long the first packet of a burst is held before it plays, on a line that proved calm.
const LEAST_MARGIN: Duration = Duration::from_millis(15);
const MOST_MARGIN: Duration = Duration::from_millis(120);
/// After a loss: the packet behind is needed too, for its redundancy.
const LOSSY_MARGIN: Duration = Duration::from_millis(55);
/// What one late packet adds to the margin, and one calm stretch takes from it.
const MARGIN_STEP: Duration = Duration::from_millis(15);
/// Frames over which the buffer must have been too full (or the line calm) before anything is done: 2 s.
const PATIENCE: u32 = 50;

/// A packet as it came from the network.
pub(in crate::sandbox) struct Arrival {
    pub at: Instant,
    pub sequence: u16,
    pub timestamp: u32,
    /// Opus. Empty for comfort noise, which plays as silence.
    pub payload: Vec<u8>,
}

struct Waiting {
    at: Instant,
    timestamp: u32,
    payload: Vec<u8>,
}

pub(in crate::sandbox) struct JitterBuffer {
    decoder: Decoder,
    /// By extended sequence number.
    waiting: BTreeMap<i64, Waiting>,
    newest: Option<i64>,
    /// Decoded, not played yet.
    ready: VecDeque<f32>,
    playing: Option<Playing>,
    /// Where the last burst ended, to tell a late packet from a new burst.
    ended: Option<Playing>,
    margin: Duration,
    /// Samples that were still in hand after each frame: the least of the current stretch.
    least_spare: usize,
    stretch: u32,
}

/// What comes next in the stream that plays.
#[derive(Clone, Copy)]
struct Playing {
    sequence: i64,
    timestamp: u32,
    /// A frame was made up because nothing was there.
    starved: bool,
}

/// What trying to decode more came to.
enum Progress {
    Decoded,
    NothingThere,
    Pause,
}

impl JitterBuffer {
    pub fn new() -> Result<Self, opus::Error> {
        Ok(Self {
            decoder: Decoder::new(SAMPLE_RATE, Channels::Mono)?,
            waiting: BTreeMap::new(),
            newest: None,
            ready: VecDeque::with_capacity(4 * MAX_PACKET),
            playing: None,
            ended: None,
            margin: LEAST_MARGIN,
            least_spare: usize::MAX,
            stretch: 0,
        })
    }

    pub fn push(&mut self, arrival: Arrival) {
        let mut sequence = i64::from(arrival.sequence);
        if let Some(newest) = self.newest {
            let step = i64::from(arrival.sequence.wrapping_sub(newest as u16) as i16);
            if step.abs() > 1000 {
                self.restart();
            } else {
                sequence = newest + step;
            }
        }
        self.newest = Some(self.newest.map_or(sequence, |newest| newest.max(sequence)));
        if self.playing.is_some_and(|playing| sequence < playing.sequence) {
            return;
        }
        let Arrival { at, timestamp, payload, .. } = arrival;
        self.waiting.entry(sequence).or_insert(Waiting { at, timestamp, payload });
        if self.waiting.len() > MAX_WAITING {
            self.waiting.pop_first();
        }
    }

    /// The sender began a new stream.
    fn restart(&mut self) {
        self.waiting.clear();
        self.newest = None;
        self.playing = None;
        self.ended = None;
    }

    /// The next 40 ms. `false`: nothing to hear, `frame` is untouched.
    pub fn pull(&mut self, now: Instant, frame: &mut Frame) -> bool {
        if self.playing.is_none() && !self.begin(now) {
            return false;
        }
        while self.ready.len() < FRAME {
            match self.decode_next() {
                Progress::Decoded => {}
                Progress::Pause if self.ready.is_empty() => {
                    self.end();
                    return false;
                }
                Progress::Pause => self.ready.resize(FRAME, 0.0),
                Progress::NothingThere => {
                    if !self.starve() {
                        return false;
                    }
                }
            }
        }
        self.take(frame);
        self.trim(frame);
        true
    }

    /// Starts a burst once its first packet waited long enough, or more came behind it.
    fn begin(&mut self, now: Instant) -> bool {
        let Some((&sequence, first)) = self.waiting.first_key_value() else { return false };
        if now.saturating_duration_since(first.at) < self.margin && self.waiting.len() < 2 {
            return false;
        }
        let timestamp = first.timestamp;
        let was_late = self
            .ended
            .is_some_and(|end| end.starved && end.sequence == sequence && end.timestamp == timestamp);
        if was_late {
            self.widen();
        }
        self.ended = None;
        self.playing = Some(Playing { sequence, timestamp, starved: false });
        true
    }

    fn end(&mut self) {
        self.ended = self.playing.take();
        self.ready.clear();
        self.least_spare = usize::MAX;
        self.stretch = 0;
    }

    fn decode_next(&mut self) -> Progress {
        let Some(playing) = self.playing else { return Progress::NothingThere };
        let Some((&sequence, first)) = self.waiting.first_key_value() else { return Progress::NothingThere };
        let ahead = first.timestamp.wrapping_sub(playing.timestamp) as i32;
        let lost = sequence > playing.sequence;
        if lost && (1..=MAX_CONCEALED as i32).contains(&ahead) {
            self.margin = self.margin.max(LOSSY_MARGIN);
            self.recover(ahead as usize);
        } else if ahead.unsigned_abs() as i32 > MAX_SILENCE || lost {
            return Progress::Pause;
        } else if ahead > 0 {
            self.ready.extend(std::iter::repeat_n(0.0, ahead as usize));
        }
        let Some((sequence, packet)) = self.waiting.pop_first() else { return Progress::NothingThere };
        if playing.starved && ahead == 0 {
            self.widen();
        }
        let length = self.decode(&packet.payload);
        let timestamp = packet.timestamp.wrapping_add(length as u32);
        self.playing = Some(Playing { sequence: sequence + 1, timestamp, starved: false });
        Progress::Decoded
    }

    /// Decodes one packet behind what is ready; its length in samples.
    fn decode(&mut self, payload: &[u8]) -> usize {
        let mut samples = [0.0; MAX_PACKET];
        let length = if payload.is_empty() {
            FRAME
        } else {
            // What does not decode plays as silence of a frame.
            self.decoder.decode_float(payload, &mut samples, false).unwrap_or(FRAME).min(MAX_PACKET)
        };
        self.ready.extend(samples.iter().take(length));
        length
    }

    /// Fills a loss before the first waiting packet: made up, and its last frame taken from that packet's redundancy.
    fn recover(&mut self, lost: usize) {
        let whole = lost / FRAME * FRAME;
        self.ready.extend(std::iter::repeat_n(0.0, lost - whole));
        for frame in (1..=whole / FRAME).rev() {
            let mut samples = [0.0; FRAME];
            let next = self.waiting.first_key_value().map(|(_, packet)| packet.payload.as_slice());
            let recovered = match next {
                Some(payload) if frame == 1 && !payload.is_empty() => {
                    self.decoder.decode_float(payload, &mut samples, true)
                }
                _ => self.decoder.decode_float(&[], &mut samples, false),
            };
            if recovered.is_err() {
                samples.fill(0.0);
            }
            self.ready.extend(samples);
        }
    }

    /// Nothing is there although the stream plays: makes one frame up, then gives the burst up. Whether it plays on.
    fn starve(&mut self) -> bool {
        let Some(playing) = &mut self.playing else { return false };
        if playing.starved && self.ready.is_empty() {
            self.end();
            return false;
        }
        let first_time = !playing.starved;
        playing.starved = true;
        let mut samples = [0.0; FRAME];
        if first_time && self.decoder.decode_float(&[], &mut samples, false).is_err() {
            samples.fill(0.0);
        }
        self.ready.extend(samples);
        true
    }

    fn widen(&mut self) {
        self.margin = (self.margin + MARGIN_STEP).min(MOST_MARGIN);
    }

    fn take(&mut self, frame: &mut Frame) {
        for (sample, ready) in frame.iter_mut().zip(self.ready.drain(..FRAME)) {
            *sample = ready;
        }
    }

    /// Samples in hand behind the frame just taken.
    fn spare(&self) -> usize {
        let waiting = match (self.playing, self.waiting.last_key_value()) {
            (Some(playing), Some((_, last))) => {
                last.timestamp.wrapping_sub(playing.timestamp) as i32 + FRAME as i32
            }
            _ => 0,
        };
        self.ready.len() + waiting.clamp(0, MAX_SILENCE) as usize
    }

    /// When a whole frame more than needed stayed in hand for a while, one is faded away: delay never grows for good.
    fn trim(&mut self, frame: &mut Frame) {
        self.least_spare = self.least_spare.min(self.spare());
        self.stretch += 1;
        if self.stretch < PATIENCE {
            return;
        }
        let needed = FRAME + (self.margin.as_millis() as usize * SAMPLE_RATE as usize / 1000);
        let too_much = self.least_spare >= needed;
        self.margin = self.margin.saturating_sub(MARGIN_STEP / 3).max(LEAST_MARGIN);
        self.least_spare = usize::MAX;
        self.stretch = 0;
        if !too_much {
            return;
        }
        while self.ready.len() < FRAME && matches!(self.decode_next(), Progress::Decoded) {}
        if self.ready.len() >= FRAME {
            let mut next = [0.0; FRAME];
            self.take(&mut next);
            for (at, (sample, next)) in frame.iter_mut().zip(next).enumerate() {
                let share = at as f32 / FRAME as f32;
                *sample += (next - *sample) * share;
            }
        }
    }
}

#[cfg(test)]
mod tests;

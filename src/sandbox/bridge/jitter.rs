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
pub(super) struct Arrival {
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

pub(super) struct JitterBuffer {
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
mod tests {
    use opus::{Application, Encoder};

    use super::*;
    use crate::sandbox::bridge::audio::{FRAME_TIME, SILENCE, is_audible, level};

    /// A buzz that rises and falls as speech does: a steady tone would be encoded without redundancy.
    fn voice(n: usize) -> f32 {
        let t = n as f32 / SAMPLE_RATE as f32;
        let phase = std::f32::consts::TAU * (140.0 * t + 6.0 * (1.3 * t).sin());
        let loudness = 0.6 + 0.4 * (std::f32::consts::TAU * 3.0 * t).sin();
        loudness * (1..=6).map(|h| 0.1 * (phase * h as f32).sin()).sum::<f32>()
    }

    /// A sender of such a voice, and the line to the buffer.
    struct Line {
        encoder: Encoder,
        buffer: JitterBuffer,
        start: Instant,
        frame: usize,
        sequence: u16,
        timestamp: u32,
    }

    impl Line {
        fn new() -> Self {
            let mut encoder = Encoder::new(SAMPLE_RATE, Channels::Mono, Application::Voip).expect("encoder");
            encoder.set_inband_fec(true).expect("fec");
            encoder.set_signal(opus::Signal::Voice).expect("signal");
            encoder.set_packet_loss_perc(20).expect("fec");
            let buffer = JitterBuffer::new().expect("decoder");
            Self {
                encoder,
                buffer,
                start: Instant::now(),
                frame: 0,
                sequence: 65_530,
                timestamp: u32::MAX - 2000,
            }
        }

        fn time(&self, frames: usize, millis: u64) -> Instant {
            self.start + FRAME_TIME * frames as u32 + Duration::from_millis(millis)
        }

        fn packet(&mut self) -> Arrival {
            let samples: Vec<f32> = (0..FRAME).map(|n| voice(self.frame * FRAME + n)).collect();
            let payload = self.encoder.encode_vec_float(&samples, 400).expect("encoded");
            let at = self.time(self.frame, 0);
            let arrival = Arrival { at, sequence: self.sequence, timestamp: self.timestamp, payload };
            self.frame += 1;
            self.sequence = self.sequence.wrapping_add(1);
            self.timestamp = self.timestamp.wrapping_add(FRAME as u32);
            arrival
        }

        fn pull(&mut self, at: Instant) -> Option<Frame> {
            let mut frame = SILENCE;
            self.buffer.pull(at, &mut frame).then_some(frame)
        }

        /// Sends and pulls frame by frame; `drop` says which packets never arrive.
        fn run(&mut self, frames: usize, drop: impl Fn(usize) -> bool) -> Vec<Option<Frame>> {
            (0..frames)
                .map(|n| {
                    let packet = self.packet();
                    if !drop(n) {
                        self.buffer.push(packet);
                    }
                    self.pull(self.time(self.frame - 1, 20))
                })
                .collect()
        }
    }

    fn longest_silence(frames: &[Option<Frame>]) -> usize {
        let samples: Vec<f32> = frames.iter().flat_map(|frame| frame.unwrap_or(SILENCE)).collect();
        let quiet: Vec<bool> = samples.chunks(80).map(|chunk| level(chunk) < 0.02).collect();
        quiet.split(|quiet| !quiet).map(<[bool]>::len).max().unwrap_or(0) * 5
    }

    #[test]
    fn a_calm_line_plays_without_a_gap_within_a_frame_of_arrival() {
        let mut line = Line::new();
        let heard = line.run(250, |_| false);
        assert!(heard[0].is_some(), "the first packet plays 20 ms after it came");
        assert!(longest_silence(&heard[1..]) <= 5, "{} ms", longest_silence(&heard[1..]));
        assert_eq!(line.buffer.margin, LEAST_MARGIN);
    }

    #[test]
    fn a_lost_packet_is_recovered_from_the_next_one() {
        let mut line = Line::new();
        let heard = line.run(100, |n| n % 10 == 5);
        // The first loss is made up, and buys the delay of one frame that the redundancy of the later ones needs.
        let whole = Line::new().run(100, |_| false);
        let mut likeness: Vec<f32> = (15..95)
            .step_by(10)
            .map(|lost| {
                let (Some(recovered), Some(original)) = (heard[lost + 1], whole[lost]) else {
                    panic!("a gap")
                };
                let product: f32 = recovered.iter().zip(&original).map(|(a, b)| a * b).sum();
                product / FRAME as f32 / level(&recovered) / level(&original)
            })
            .collect();
        likeness.sort_by(f32::total_cmp);
        // Quiet moments carry no redundancy.
        assert!(likeness[2] > 0.8 && likeness[4] > 0.95, "{likeness:?}");
    }

    #[test]
    fn swapped_packets_play_in_order() {
        let mut line = Line::new();
        line.run(5, |_| false);
        let (first, second) = (line.packet(), line.packet());
        line.buffer.push(second);
        line.buffer.push(first);
        let heard = [line.pull(line.time(6, 20)), line.pull(line.time(7, 20))];
        assert!(heard.iter().all(|frame| frame.is_some_and(|frame| level(&frame) > 0.02)));
    }

    #[test]
    fn a_jump_in_time_without_one_in_sequence_is_a_pause_and_not_a_loss() {
        let mut line = Line::new();
        line.run(10, |_| false);
        line.frame += 50;
        line.timestamp = line.timestamp.wrapping_add(50 * FRAME as u32);
        // The pause: one frame may be made up, then there is nothing.
        let pause: Vec<_> = (10..60).map(|n| line.pull(line.time(n, 20))).collect();
        assert!(pause[2..].iter().all(Option::is_none));
        let margin = line.buffer.margin;
        let heard = line.run(20, |_| false);
        assert!(heard[0].is_some());
        assert!(longest_silence(&heard[1..]) <= 5);
        assert_eq!(line.buffer.margin, margin, "a pause is no reason to wait longer");
    }

    #[test]
    fn late_packets_widen_the_margin_and_the_delay_shrinks_again() {
        let mut line = Line::new();
        line.run(10, |_| false);
        // Three packets are held up and then come at once.
        let held: Vec<Arrival> = (0..3).map(|_| line.packet()).collect();
        for n in 10..13 {
            line.pull(line.time(n, 20));
        }
        for packet in held {
            line.buffer.push(Arrival { at: line.time(13, 0), ..packet });
        }
        let before = line.run(5, |_| false);
        assert!(before.iter().all(Option::is_some));
        assert!(line.buffer.margin > LEAST_MARGIN);
        let spare_then = line.buffer.spare();
        line.run(400, |_| false);
        assert!(line.buffer.spare() < spare_then, "{} < {spare_then}", line.buffer.spare());
        assert!(line.buffer.spare() <= FRAME);
        assert_eq!(line.buffer.margin, LEAST_MARGIN);
    }

    #[test]
    fn rubbish_and_floods_cost_bounded_memory_and_no_panic() {
        let mut line = Line::new();
        for n in 0..5000_u32 {
            let payload = n.wrapping_mul(2_654_435_761).to_le_bytes().repeat(1 + (n % 40) as usize);
            let sequence = (n.wrapping_mul(7919) >> 3) as u16;
            let timestamp = n.wrapping_mul(0x9E37_79B9);
            line.buffer.push(Arrival { at: line.start, sequence, timestamp, payload });
            if n % 3 == 0 {
                line.pull(line.start + Duration::from_millis(u64::from(n)));
            }
            assert!(line.buffer.waiting.len() <= MAX_WAITING);
            assert!(line.buffer.ready.len() <= 8 * MAX_PACKET);
        }
    }

    #[test]
    fn a_single_keep_alive_of_silence_is_not_heard() {
        let mut line = Line::new();
        let payload = line.encoder.encode_vec_float(&SILENCE, 400).expect("encoded");
        line.buffer.push(Arrival { at: line.start, sequence: 1, timestamp: 1, payload });
        let heard: Vec<_> = (1..6).map(|n| line.pull(line.time(n, 0))).collect();
        assert!(heard.iter().flatten().all(|frame| !is_audible(frame)));
        assert!(heard[3..].iter().all(Option::is_none));
    }
}

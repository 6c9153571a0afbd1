//! A talker of something like speech, over lines of several kinds.

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
            let (Some(recovered), Some(original)) = (heard[lost + 1], whole[lost]) else { panic!("a gap") };
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

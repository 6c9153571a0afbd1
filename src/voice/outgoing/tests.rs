//! What goes out to whom, and when.

use std::time::Duration;

use super::*;
use crate::voice::{
    BLOCK,
    codec::{self, MAX_PAYLOAD},
    speech::speech_like,
};

const BLOCK_TIME: Duration = Duration::from_millis(10);

fn between_partylines() -> Terms {
    Terms { redundancy: Some(63), partyline: true, frame_millis: 20, ..Terms::PLAIN }
}

/// Longer than a line that lost something is distrusted.
const LONG: Duration = Duration::from_secs(20);

struct Bench {
    audience: Audience,
    frames: mpsc::Receiver<Frame>,
    sound: Vec<f32>,
    said: usize,
    start: Instant,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        Self::with(&Terms::PLAIN)
    }

    fn with(terms: &Terms) -> Self {
        let start = Instant::now();
        let (sender, frames) = mpsc::channel(1000);
        let mut audience = Audience::default();
        audience.attach(1, Outgoing::new(terms, sender, start).unwrap());
        audience.set_connected(1, true, false, start);
        Self { audience, frames, sound: speech_like(SAMPLE_RATE * 4), said: 0, start, now: start }
    }

    /// Another connection; says what it is sent.
    fn add(&mut self, connection: u64, terms: &Terms) -> mpsc::Receiver<Frame> {
        let (sender, frames) = mpsc::channel(1000);
        self.audience.attach(connection, Outgoing::new(terms, sender, self.now).unwrap());
        self.audience.set_connected(connection, true, false, self.now);
        frames
    }

    fn block(&mut self) -> Vec<f32> {
        self.said = (self.said + BLOCK) % (self.sound.len() - BLOCK);
        self.sound[self.said..][..BLOCK].to_vec()
    }

    fn quiet(&mut self, blocks: u32) {
        for _ in 0..blocks {
            self.now += BLOCK_TIME;
            self.audience.keep_alive(self.now);
        }
    }

    fn talk(&mut self, pre_roll: usize, blocks: u32) {
        self.now += BLOCK_TIME;
        let (pre_roll, block) = (self.sound[..pre_roll].to_vec(), self.block());
        self.audience.begin(&pre_roll, &block, self.now);
        for _ in 2..blocks {
            self.now += BLOCK_TIME;
            let block = self.block();
            self.audience.speak(&block, self.now);
        }
        self.now += BLOCK_TIME;
        let block = self.block();
        self.audience.end(&block, self.now);
    }

    /// These lines report a loss, and have done so for long.
    fn report(&mut self, connections: std::ops::RangeInclusive<u64>, share: f32) {
        for _ in 0..20 {
            self.now += LONG;
            for connection in connections.clone() {
                self.audience.set_loss(connection, share, self.now);
            }
        }
    }

    /// Of the frames themselves, in 2 s of speech.
    fn bytes_said(&mut self) -> usize {
        self.sent();
        self.said = 0;
        self.talk(0, 200);
        self.sent().iter().map(|frame| blocks(frame).last().unwrap().1).sum()
    }

    fn sent(&mut self) -> Vec<Frame> {
        drained(&mut self.frames)
    }

    fn ticks(&self) -> u32 {
        ((self.now - self.start).as_millis() * 16) as u32
    }
}

/// Timestamps and lengths of what is in a frame, oldest first.
fn blocks(frame: &Frame) -> Vec<(u32, usize)> {
    let is_red = frame.payload_type == 63;
    let headers = frame.payload.as_chunks::<4>().0.iter().take_while(|header| is_red && header[0] & 128 != 0);
    let place = |header: &[u8; 4]| u32::from_be_bytes([0, header[1], header[2], header[3]]);
    let mut blocks: Vec<_> = headers
        .map(|header| (frame.timestamp - (place(header) >> 10), place(header) as usize & 0x3ff))
        .collect();
    let older: usize = blocks.iter().map(|(_, length)| 4 + length).sum();
    blocks.push((frame.timestamp, frame.payload.len() - older - usize::from(is_red)));
    blocks
}

fn drained(frames: &mut mpsc::Receiver<Frame>) -> Vec<Frame> {
    std::iter::from_fn(|| frames.try_recv().ok()).collect()
}

#[test]
fn silence_is_a_small_frame_every_four_hundred_milliseconds() {
    let mut bench = Bench::new();
    bench.quiet(200);
    let frames = bench.sent();
    assert_eq!(frames.len(), 5);
    assert!(frames.iter().all(|frame| frame.speech.is_none() && frame.payload.len() < 20), "{frames:?}");
    assert!(frames[1..].windows(2).all(|pair| pair[1].timestamp - pair[0].timestamp == 400 * 16));
}

#[test]
fn an_open_microphone_in_a_quiet_room_is_nearly_as_small() {
    let mut bench = Bench::new();
    bench.talk(0, 100);
    bench.sent();
    bench.now += BLOCK_TIME;
    bench.audience.begin(&[], &[0.0; BLOCK], bench.now);
    for _ in 0..500 {
        bench.now += BLOCK_TIME;
        bench.audience.speak(&[0.0; BLOCK], bench.now);
    }
    let frames = bench.sent();
    assert!((12..40).contains(&frames.len()), "5 s of silence in {} packets", frames.len());
    let word = bench.block();
    (0..8).for_each(|_| bench.audience.speak(&word, bench.now));
    assert!(bench.sent().first().is_some_and(|frame| frame.begins_talk), "the next word is marked");
}

#[test]
fn speech_is_cut_into_frames_that_follow_one_another() {
    let mut bench = Bench::new();
    bench.quiet(100);
    bench.sent();
    bench.talk(BLOCK * 6, 50);
    let frames = bench.sent();
    assert_eq!(frames.len(), 14, "560 ms of speech");
    assert!(frames.windows(2).all(|pair| pair[1].timestamp - pair[0].timestamp == 640));
    assert_eq!(frames.iter().filter(|frame| frame.begins_talk).count(), 1);
    assert!(frames[0].begins_talk);
    assert_eq!(frames[0].timestamp, 940 * 16, "where the pre-roll was recorded");
    assert!(frames.iter().all(|frame| frame.speech.is_some()));
}

#[test]
fn timestamps_never_run_back_and_stay_near_real_time() {
    let mut bench = Bench::new();
    for n in 0..200 {
        bench.talk(BLOCK * (n % 7), 2 + n as u32 % 9);
        bench.quiet(n as u32 * 7 % 50);
        let (now, frames) = (bench.ticks(), bench.sent());
        let last = frames.last().unwrap();
        assert!(frames.windows(2).all(|pair| pair[1].timestamp >= pair[0].timestamp + 640));
        assert!((last.timestamp + 640).abs_diff(now) < 16 * 520, "{} at {now}", last.timestamp);
    }
}

#[test]
fn the_last_syllable_goes_out_in_a_whole_frame() {
    let mut bench = Bench::new();
    bench.talk(0, 5);
    let frames = bench.sent();
    assert_eq!(frames.len(), 2, "50 ms in two frames of 40");
    for frame in frames {
        assert_eq!(codec::duration(&frame.payload), Some(1920));
    }
}

#[test]
fn the_first_packet_leaves_with_the_first_whole_frame_of_pre_roll_and_key() {
    for frame_millis in [10, 20, 40] {
        let mut bench = Bench::with(&Terms { frame_millis, ..Terms::PLAIN });
        bench.now += BLOCK_TIME;
        let block = bench.block();
        bench.audience.begin(&[0.1; 6 * BLOCK], &block, bench.now);
        assert!(!bench.sent().is_empty(), "{frame_millis} ms frames wait for nothing");
    }
}

#[test]
fn who_takes_the_same_frames_gets_the_same_at_their_own_clock() {
    let mut bench = Bench::new();
    let mut same = bench.add(2, &Terms { clock_hz: 48_000, opus: 96, ..Terms::PLAIN });
    let mut shorter = bench.add(3, &Terms { frame_millis: 20, ..Terms::PLAIN });
    assert_eq!(bench.audience.groups.len(), 2);
    bench.talk(0, 8);
    let (first, same, shorter) = (bench.sent(), drained(&mut same), drained(&mut shorter));
    assert_eq!((first.len(), same.len(), shorter.len()), (2, 2, 4));
    for (one, other) in first.iter().zip(&same) {
        assert_eq!(one.payload, other.payload);
        assert_eq!((one.payload_type, other.payload_type), (111, 96));
        assert_eq!(one.timestamp * 3, other.timestamp);
    }
    bench.audience.detach(1);
    bench.audience.detach(2);
    bench.talk(0, 8);
    assert!(bench.sent().is_empty());
    assert_eq!(bench.audience.groups.len(), 1);
}

#[test]
fn loss_on_one_connection_adds_redundancy_there_alone() {
    let mut bench = Bench::with(&between_partylines());
    let mut other = bench.add(2, &between_partylines());
    bench.report(1..=2, 0.0);
    bench.audience.set_loss(1, 0.1, bench.now);
    bench.talk(0, 20);
    let (lossy, clean) = (bench.sent(), drained(&mut other));
    assert!(lossy[2..].iter().all(|frame| frame.payload_type == 63));
    assert!(clean.iter().all(|frame| frame.payload_type == 111));
    for (one, other) in lossy.iter().zip(&clean) {
        assert!(one.payload.ends_with(&other.payload) && one.payload.len() <= MAX_PAYLOAD);
    }
    bench.talk(0, 2);
    assert_eq!(bench.sent()[0].payload_type, 111, "nothing of what was said before the pause");
}

#[test]
fn the_first_words_on_a_line_are_said_twice() {
    let mut bench = Bench::with(&between_partylines());
    bench.talk(0, 20);
    assert!(bench.sent()[1..].iter().all(|frame| blocks(frame).len() == 2));
    bench.report(1..=1, 0.0);
    bench.talk(0, 20);
    assert!(bench.sent().iter().all(|frame| blocks(frame).len() == 1), "it was clean for long");
}

#[test]
fn copies_are_of_the_packets_just_before_whatever_was_dropped_or_paused_between() {
    let mut bench = Bench::with(&between_partylines());
    let (sender, mut frames) = mpsc::channel(8);
    bench.audience.attach(2, Outgoing::new(&between_partylines(), sender, bench.now).unwrap());
    bench.audience.set_connected(2, true, false, bench.now);
    bench.report(2..=2, 0.2);
    let mut sent = vec![];
    bench.audience.begin(&[], &[0.0; BLOCK], bench.now);
    for n in 0..600 {
        bench.now += BLOCK_TIME;
        // An open microphone in which somebody speaks for a second, and is silent for one.
        let block = if n % 200 < 100 { bench.block() } else { vec![0.0; BLOCK] };
        bench.audience.speak(&block, bench.now);
        // The network is stuck for a third of a second every time.
        if n % 75 < 40 {
            sent.extend(drained(&mut frames));
        }
    }
    let copied: usize = sent.iter().map(|frame| blocks(frame).len() - 1).sum();
    assert!(copied > sent.len(), "{copied} copies in {} packets", sent.len());
    assert!(sent.len() < 280 && sent.iter().any(|frame| frame.speech.is_none()), "drops and pauses");
    for (n, frame) in sent.iter().enumerate() {
        let copies = blocks(frame);
        let before = &sent[n + 1 - copies.len()..=n];
        assert!(before.iter().map(|frame| frame.timestamp).eq(copies.iter().map(|copy| copy.0)), "{n}");
    }
}

#[test]
fn what_everybody_loses_makes_room_for_the_copies() {
    let mut bench = Bench::with(&between_partylines());
    bench.report(1..=1, 0.0);
    let clean = bench.bytes_said();
    bench.report(1..=1, 0.2);
    let lossy = bench.bytes_said();
    assert!(3 * lossy < 2 * clean, "{lossy} bytes three times against {clean} once");
    let _other = bench.add(2, &between_partylines());
    bench.report(2..=2, 0.2);
    bench.report(1..=1, 0.0);
    bench.audience.detach(2);
    let without = bench.bytes_said();
    assert!(10 * without.abs_diff(clean) < clean, "{without} against {clean} once who lost is gone");
}

#[test]
fn one_listener_who_reports_the_worst_changes_nothing_for_the_others() {
    for terms in [between_partylines(), Terms { redundancy: None, ..between_partylines() }] {
        let mut bench = Bench::with(&terms);
        let _others: Vec<_> = (2..=6).map(|connection| bench.add(connection, &terms)).collect();
        bench.report(1..=6, 0.0);
        let before = bench.bytes_said();
        bench.report(6..=6, 1.0);
        let after = bench.bytes_said();
        assert!(20 * after.abs_diff(before) < before, "{before} bytes before, {after} after");
    }
}

//! A voice in simulated time: an encoder, a network that delays, reorders and loses, and what is heard in the end. No
//! socket, no clock: the same in every run.

mod bench;

use std::f32::consts::TAU;

use rtrb::{Producer, RingBuffer};

use super::*;
use crate::voice::{
    codec::MAX_PAYLOAD,
    depacketize::{Depacketizer, Rtp},
    negotiation::Terms,
    speech::{snr_decibels, speech_like},
};

const OPUS: u8 = 96;
const RED: u8 = 63;
const NOISE: u8 = 13;
const MILLI: usize = SAMPLE_RATE / 1000;

/// What lies between a mouth and an ear.
#[derive(Clone)]
struct Network {
    frame_millis: u32,
    clock_hz: u32,
    /// Every packet takes `delay`, more or less by up to `jitter`. Milliseconds.
    delay: f64,
    jitter: f64,
    /// 0 to 1, each packet for itself.
    loss: f64,
    /// Earlier frames that each packet repeats (RED).
    copies: usize,
    fec: bool,
    /// The sender's clock runs slow by this.
    slow_ppm: f64,
    /// Milliseconds of the talk whose packets are lost besides.
    lost: std::ops::Range<u64>,
    /// Milliseconds of the talk in which nothing is sent.
    paused: std::ops::Range<u64>,
}

impl Network {
    fn quiet(frame_millis: u32) -> Self {
        Self {
            frame_millis,
            clock_hz: 48_000,
            delay: 0.3,
            jitter: 0.2,
            loss: 0.0,
            copies: 0,
            fec: true,
            slow_ppm: 0.0,
            lost: 0..0,
            paused: 0..0,
        }
    }

    fn rough(frame_millis: u32, loss: f64, copies: usize) -> Self {
        Self { delay: 40.0, jitter: 20.0, loss, copies, ..Self::quiet(frame_millis) }
    }

    fn terms(&self) -> Terms {
        Terms {
            opus: OPUS,
            clock_hz: self.clock_hz,
            channels: 2,
            format_parameters: String::new(),
            redundancy: Some(RED),
            comfort_noise: vec![NOISE],
            frame_millis: self.frame_millis,
            we_send: true,
            partyline: false,
        }
    }
}

fn pseudo_random(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1u64 << 31) as f64
    }
}

/// A packet on its way.
#[derive(Clone)]
struct Sent {
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    payload: Vec<u8>,
}

/// Encoded, packed and sent: what arrives, and after how many seconds.
fn sent(said: &[f32], network: &Network) -> Vec<(f64, Sent)> {
    let frame = MILLI * network.frame_millis as usize;
    let format = codec::Format::of(&network.terms());
    let mut encoder = codec::encoder(format).unwrap();
    let conditions = codec::Conditions { loss: 0.0, copies: network.copies as f32 };
    codec::adapt(&mut encoder, format, conditions).unwrap();
    encoder.set_inband_fec(network.fec).unwrap();
    encoder.set_packet_loss_perc((network.loss * 100.0) as i32).unwrap();
    let mut random = pseudo_random(42);
    let (mut frames, mut arriving): (Vec<Vec<u8>>, Vec<_>) = (vec![], vec![]);
    let ticks = |samples: usize| (samples * network.clock_hz as usize / SAMPLE_RATE) as u32;
    for (n, sound) in said.chunks_exact(frame).enumerate() {
        let at = (n as u64) * u64::from(network.frame_millis);
        let paused = network.paused.contains(&at);
        if paused {
            continue;
        }
        let primary = encoder.encode_vec_float(sound, MAX_PAYLOAD).unwrap();
        let copies = &frames[frames.len().saturating_sub(network.copies)..];
        let payload = if copies.is_empty() { primary.clone() } else { red(copies, &primary, ticks(frame)) };
        let packet = Sent {
            payload_type: if copies.is_empty() { OPUS } else { RED },
            sequence: (frames.len() as u16).wrapping_add(65_500),
            timestamp: ticks(n * frame).wrapping_sub(48_000),
            ssrc: 7,
            payload,
        };
        // A frame is sent when its last sample was said.
        let mut seconds = ((n + 1) * frame) as f64 / SAMPLE_RATE as f64 * (1.0 + network.slow_ppm * 1e-6);
        seconds += (network.delay + network.jitter * (2.0 * random() - 1.0)) / 1000.0;
        let lost = random() < network.loss || network.lost.contains(&at);
        frames.push(primary);
        if !lost {
            arriving.push((seconds, packet));
        }
    }
    arriving
}

fn red(copies: &[Vec<u8>], primary: &[u8], ticks: u32) -> Vec<u8> {
    let mut payload = vec![];
    for (n, copy) in copies.iter().enumerate() {
        let offset = (copies.len() - n) as u32 * ticks;
        let word = 1 << 31 | u32::from(OPUS) << 24 | offset << 10 | copy.len() as u32;
        payload.extend(word.to_be_bytes());
    }
    payload.push(OPUS);
    payload.extend(copies.concat());
    payload.extend(primary);
    payload
}

/// The listener: what arrives is drained and played every ten milliseconds, as the voice thread does.
struct Ear {
    incoming: Incoming,
    ring: Producer<Packet>,
    depacketizer: Depacketizer,
    start: Instant,
    blocks: u64,
    heard: Vec<f32>,
    /// The delay of the buffer at each block.
    delays: Vec<Duration>,
}

impl Ear {
    fn new(network: &Network) -> Self {
        let (ring, packets) = RingBuffer::new(128);
        Self {
            incoming: Incoming::new(packets, network.clock_hz).unwrap(),
            ring,
            depacketizer: Depacketizer::new(&network.terms()),
            start: Instant::now(),
            blocks: 0,
            heard: vec![],
            delays: vec![],
        }
    }

    fn at(&self, seconds: f64) -> Instant {
        self.start + Duration::from_secs_f64(seconds)
    }

    /// Listens until half a second after the last packet.
    fn listen(&mut self, mut arriving: Vec<(f64, Sent)>) {
        arriving.sort_by(|one, other| one.0.total_cmp(&other.0));
        let end = arriving.last().map_or(0.0, |last| last.0) + 0.5;
        let mut arriving = arriving.into_iter().peekable();
        while (self.blocks as f64) < end * 100.0 {
            // A moment after the tick of the sender, as it comes.
            let now = self.blocks as f64 * 0.010 + 0.0037;
            while let Some((seconds, packet)) = arriving.next_if(|(seconds, _)| *seconds <= now) {
                let arrived = self.at(seconds);
                let Sent { payload_type, sequence, timestamp, ssrc, ref payload } = packet;
                let packet = Rtp { payload_type, sequence, timestamp, ssrc, sources: &[], payload };
                _ = self.depacketizer.read(packet, arrived, |packet| _ = self.ring.push(packet));
            }
            self.incoming.receive();
            let mut block = [0.0; BLOCK];
            self.incoming.play(&mut block, self.at(now));
            self.heard.extend(block);
            self.delays.push(self.incoming.report().buffer);
            self.blocks += 1;
        }
    }

    fn mean_delay(&self, from_second: f64) -> Duration {
        let delays = &self.delays[(from_second * 100.0) as usize..];
        delays.iter().sum::<Duration>() / delays.len() as u32
    }

    /// The share of what was said that was made up.
    fn concealed(&self) -> f64 {
        let report = self.incoming.report();
        report.concealed as f64 / report.played as f64
    }
}

fn heard(said: &[f32], network: &Network) -> Ear {
    let mut ear = Ear::new(network);
    ear.listen(sent(said, network));
    ear
}

/// 10 ms pieces of silence inside what was said.
fn gaps(said: &[f32], ear: &Ear, delay: usize) -> usize {
    let audible = |sound: &[f32]| mixer::level(sound).0 > -40.0;
    let pieces = said.chunks_exact(BLOCK).zip(ear.heard[delay..].chunks_exact(BLOCK));
    pieces
        .filter(|(said, heard)| audible(said) && mixer::level(heard).0 < mixer::level(said).0 - 20.0)
        .count()
}

fn steepest(sound: &[f32]) -> f32 {
    sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
}

fn tone(seconds: usize) -> Vec<f32> {
    (0..seconds * SAMPLE_RATE).map(|n| 0.3 * (n as f32 * 300.0 / SAMPLE_RATE as f32 * TAU).sin()).collect()
}

#[test]
fn on_a_quiet_line_sound_waits_hardly_longer_than_a_tick() {
    let ear = heard(&speech_like(15 * SAMPLE_RATE), &Network::quiet(10));
    let delay = ear.mean_delay(8.0);
    println!("a quiet line: the buffer adds {delay:?}");
    assert!(delay <= Duration::from_millis(14), "{delay:?}");
    assert_eq!(ear.incoming.report().concealed, 0);
}

#[test]
fn on_a_rough_line_sound_waits_as_long_as_packets_scatter() {
    let said = speech_like(15 * SAMPLE_RATE);
    let ear = heard(&said, &Network::rough(40, 0.0, 0));
    let delay = ear.mean_delay(3.0);
    println!("40 ± 20 ms: the buffer adds {delay:?}, {:.2} % made up", 100.0 * ear.concealed());
    assert!(delay <= Duration::from_millis(55), "{delay:?}");
    assert!(ear.concealed() < 0.005, "{}", ear.concealed());
}

#[test]
fn copies_mend_what_is_lost() {
    let said = speech_like(20 * SAMPLE_RATE);
    let made_up = |loss, copies| {
        let ear = heard(&said, &Network { fec: false, ..Network::rough(20, loss, copies) });
        let report = ear.incoming.report();
        assert!(report.lost > 20, "{report:?}");
        ear.concealed()
    };
    let (one, two) = (made_up(0.1, 1), made_up(0.2, 2));
    println!("made up: {:.1} % at 10 % loss and one copy, {:.1} % at 20 % and two", one * 100.0, two * 100.0);
    assert!(one < 0.03 && two < 0.03, "{one}, {two}");
}

#[test]
fn reordered_packets_are_no_loss_and_do_not_raise_the_delay() {
    let said = speech_like(15 * SAMPLE_RATE);
    let ear = heard(&said, &Network::rough(10, 0.0, 0));
    assert!(ear.incoming.report().lost < 10, "{:?}", ear.incoming.report());
    assert!(ear.mean_delay(3.0) < Duration::from_millis(55), "{:?}", ear.mean_delay(3.0));
}

#[test]
fn a_drifting_clock_is_followed_for_ten_minutes_without_a_gap() {
    let said: Vec<f32> = speech_like(20 * SAMPLE_RATE).repeat(30);
    for slow_ppm in [200.0, -200.0] {
        let network = Network { slow_ppm, ..Network::quiet(20) };
        let ear = heard(&said, &network);
        let late = ear.delays[1000..].iter().max().unwrap();
        println!(
            "{slow_ppm} ppm for ten minutes: at most {late:?}, {:.3} % made up",
            100.0 * ear.concealed()
        );
        assert!(*late <= Duration::from_millis(40), "{late:?}");
        assert!(ear.concealed() < 0.001, "{}", ear.concealed());
        assert_eq!(ear.incoming.report().lost, 0);
    }
}

#[test]
fn a_talk_that_ends_abruptly_dies_away_without_a_click() {
    let said = tone(2);
    let whole = steepest(&said);
    let ear = heard(&said, &Network { lost: 1_000..1_400, ..Network::quiet(20) });
    let end = ear.heard.len();
    assert!(steepest(&ear.heard) < 1.6 * whole, "{} against {whole}", steepest(&ear.heard));
    assert_eq!(mixer::level(&ear.heard[end - 20 * BLOCK..]), Decibels::SILENCE);
    // What was lost for long is silent; it does not drone.
    assert!(mixer::level(&ear.heard[1_250 * MILLI..1_350 * MILLI]).0 < -60.0);
}

#[test]
fn the_first_word_after_a_pause_is_whole() {
    let said = speech_like(12 * SAMPLE_RATE);
    let ear = heard(&said, &Network { paused: 5_000..8_000, ..Network::quiet(20) });
    let report = ear.incoming.report();
    assert_eq!((report.lost, report.concealed), (0, 0));
    assert!(mixer::level(&ear.heard[6 * SAMPLE_RATE..7 * SAMPLE_RATE]) < Decibels(-90.0));
    let delay = 20 * MILLI + ear.delays.last().unwrap().as_millis() as usize * MILLI;
    assert!(gaps(&said[8 * SAMPLE_RATE..], &ear, 8 * SAMPLE_RATE + delay) <= 4);
}

#[test]
fn noise_follows_where_the_other_side_says_how_its_room_sounds() {
    let network = Network::quiet(20);
    let mut arriving = sent(&speech_like(SAMPLE_RATE), &network);
    let mut noise = arriving.last().unwrap().clone();
    noise.0 += 0.020;
    noise.1.sequence = noise.1.sequence.wrapping_add(1);
    noise.1.timestamp = noise.1.timestamp.wrapping_add(960);
    noise.1.payload_type = NOISE;
    noise.1.payload = vec![55];
    arriving.push(noise);
    let mut ear = Ear::new(&network);
    ear.listen(arriving);
    let end = ear.heard.len();
    let level = mixer::level(&ear.heard[end - 30 * BLOCK..]);
    assert!((level.0 + 55.0).abs() < 2.0, "{level:?}");
    assert!(!ear.incoming.is_quiet(), "the room is still there");
}

#[test]
fn two_thousand_packets_a_second_grow_nothing() {
    let network = Network::quiet(20);
    let mut ear = Ear::new(&network);
    let honest = sent(&speech_like(SAMPLE_RATE), &network);
    let mut random = pseudo_random(9);
    let arriving = (0..20_000).map(|n| {
        let mut packet = honest[n % honest.len()].1.clone();
        packet.timestamp = (random() * f64::from(u32::MAX)) as u32;
        packet.sequence = (random() * 65_535.0) as u16;
        packet.ssrc = (random() * 3.0) as u32;
        (n as f64 / 2_000.0, packet)
    });
    ear.listen(arriving.collect());
    assert!(ear.incoming.tape.len() <= 2 * MAX_SAMPLES, "{}", ear.incoming.tape.len());
    assert!(ear.heard.iter().all(|sample| sample.is_finite()));
}

#[test]
fn an_untouched_stream_sounds_as_the_codec_made_it() {
    let said = speech_like(6 * SAMPLE_RATE);
    let ear = heard(&said, &Network::quiet(20));
    // The best alignment of the last seconds: nothing was stretched once the line was known.
    let (from, length) = (4 * SAMPLE_RATE, SAMPLE_RATE);
    let reference = &said[from..from + length];
    let best = (0..60 * MILLI)
        .map(|delay| snr_decibels(reference, &ear.heard[from + delay..from + delay + length]))
        .fold(f32::MIN, f32::max);
    assert!(best > 8.0, "{best} dB");
}

//! The jitter buffer in simulated time: a sender, a bad network, and a listener that plays without pause.

use super::*;

const CLOCK: u32 = 16_000;
const TICKS: u32 = 640;
const SAMPLES: u32 = 1_920;

/// What came out, in the order it did.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Heard {
    /// By the first byte of the payload and the next.
    Frame(u16),
    Recovered(u32),
    MadeUp(u32),
    Silence,
}

/// Plays what arrives, ten milliseconds at a time, as the voice thread does.
struct Listener {
    buffer: JitterBuffer,
    start: Instant,
    /// Millisecond of the next step.
    at: u64,
    /// Samples handed out and not yet played.
    ahead: u32,
    heard: Vec<(u64, Heard)>,
}

impl Listener {
    fn new() -> Self {
        Self { buffer: JitterBuffer::new(CLOCK), start: Instant::now(), at: 0, ahead: 0, heard: vec![] }
    }

    fn packet(&self, n: u64, arrives: u64) -> Packet {
        Packet {
            ssrc: 7,
            // Both wrap within the tests.
            sequence: (65_500 + n) as u16,
            timestamp: (u32::MAX - 10 * TICKS).wrapping_add(n as u32 * TICKS),
            sources: vec![],
            payload: Payload::Opus((n as u16).to_be_bytes().to_vec()),
            samples: SAMPLES,
            is_copy: false,
            arrived: self.start + Duration::from_millis(arrives),
        }
    }

    /// Everything that is counted but what went well.
    fn mishaps(&self) -> Counts {
        Counts { played: 0, ..self.buffer.counts() }
    }

    /// Takes packets by arrival and plays until a second after the last.
    fn play(&mut self, mut packets: Vec<Packet>) {
        packets.sort_by_key(|packet| packet.arrived);
        let end = packets.last().map_or(0, |last| (last.arrived - self.start).as_millis() as u64) + 1000;
        let mut packets = packets.into_iter().peekable();
        while self.at < end {
            let now = self.start + Duration::from_millis(self.at);
            while let Some(packet) = packets.next_if(|packet| packet.arrived <= now) {
                self.buffer.insert(packet);
            }
            while self.ahead < PIECE {
                let (heard, samples) = match self.buffer.next(now) {
                    Next::Play(Packet { payload: Payload::Opus(payload), samples, .. }) => {
                        (Heard::Frame(u16::from_be_bytes([payload[0], payload[1]])), samples)
                    }
                    Next::Play(packet) => panic!("{packet:?}"),
                    Next::Recover { keep, .. } => (Heard::Recovered(keep), keep),
                    Next::Conceal { samples } => (Heard::MadeUp(samples), samples),
                    Next::Silence => (Heard::Silence, PIECE),
                };
                assert!(samples > 0, "time must pass");
                self.ahead += samples;
                self.heard.push((self.at, heard));
            }
            self.ahead -= PIECE;
            self.at += 10;
        }
    }

    fn frames(&self) -> Vec<u16> {
        self.heard
            .iter()
            .filter_map(|(_, heard)| if let Heard::Frame(n) = heard { Some(*n) } else { None })
            .collect()
    }

    /// What was heard between the first and the last frame.
    fn middle(&self) -> Vec<Heard> {
        let is_frame = |(_, heard): &(u64, Heard)| matches!(heard, Heard::Frame(_));
        let first = self.heard.iter().position(is_frame).unwrap();
        let last = self.heard.iter().rposition(is_frame).unwrap();
        self.heard[first..=last].iter().map(|(_, heard)| *heard).collect()
    }
}

/// Noise that is the same in every run.
fn pseudo_random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    }
}

#[test]
fn a_punctual_stream_comes_out_whole_across_both_wraps() {
    let mut listener = Listener::new();
    let packets = (0..500).map(|n| listener.packet(n, n * 40)).collect();
    listener.play(packets);
    assert_eq!(listener.frames(), (0..500).collect::<Vec<_>>());
    assert_eq!(listener.middle().len(), 500, "nothing in between");
    assert_eq!(listener.mishaps(), Counts::default());
    assert!(
        listener.heard.iter().position(|(_, h)| *h == Heard::Frame(0)).unwrap() <= 4,
        "heard within 40 ms"
    );
}

#[test]
fn packets_out_of_order_are_put_back() {
    let mut listener = Listener::new();
    // Every fifth changes places with its successor, once jitter was seen.
    let packets =
        (0..300).map(|n| listener.packet(n, n * 40 + if n >= 20 && n % 5 == 0 { 45 } else { 0 })).collect();
    listener.play(packets);
    let frames = listener.frames();
    assert!(frames.is_sorted());
    let missing = 300 - frames.len();
    assert!(missing <= 1, "only the very first could not wait: {missing} missing");
}

#[test]
fn jitter_is_waited_out() {
    let mut listener = Listener::new();
    let mut random = pseudo_random(3);
    let packets = (0..1500).map(|n| listener.packet(n, n * 40 + random() % 100)).collect();
    listener.play(packets);
    assert_eq!(listener.buffer.counts().lost, 0);
    let after_learning = listener.heard.iter().filter(|(at, _)| *at > 10_000 && *at < 59_000);
    let made_up = after_learning.filter(|(_, heard)| !matches!(heard, Heard::Frame(_))).count();
    assert_eq!(made_up, 0);
}

#[test]
fn a_lost_packet_is_recovered_from_its_successor() {
    let mut listener = Listener::new();
    let packets =
        (0..100).filter(|n| n % 10 != 5).map(|n| listener.packet(n, n * 40 + (n % 3) * 20)).collect();
    listener.play(packets);
    let middle = listener.middle();
    let recovered = middle.iter().filter(|heard| matches!(heard, Heard::Recovered(_))).count();
    let whole = middle.iter().filter(|heard| **heard == Heard::Recovered(SAMPLES)).count();
    assert!(recovered >= 8 && whole >= 7, "{recovered} of 10 recovered, {whole} as a whole");
    assert_eq!(listener.buffer.counts().lost, 10);
    assert!(!middle.contains(&Heard::Silence));
    // Sound made up and recovered is as long as what was lost: the stream keeps its pace.
    let made_up: u32 = middle
        .iter()
        .map(|heard| match heard {
            Heard::Recovered(samples) | Heard::MadeUp(samples) => *samples,
            _ => 0,
        })
        .sum();
    assert!(made_up.abs_diff(10 * SAMPLES) <= 8 * PIECE, "{made_up}");
}

#[test]
fn a_burst_of_loss_is_concealed_and_then_silent() {
    let mut listener = Listener::new();
    let packets = (0..200).filter(|n| !(50..60).contains(n)).map(|n| listener.packet(n, n * 40)).collect();
    listener.play(packets);
    let middle = listener.middle();
    let made_up: u32 =
        middle.iter().map(|heard| if let Heard::MadeUp(samples) = heard { *samples } else { 0 }).sum();
    assert_eq!(made_up, LONGEST_CONCEALMENT);
    assert!(middle.contains(&Heard::Silence));
    assert_eq!(listener.buffer.counts().lost, 10);
    assert_eq!(listener.frames().len(), 190);
}

#[test]
fn a_pause_is_not_a_loss() {
    let mut listener = Listener::new();
    // Talk for two seconds, pause for three with a packet every 400 ms, talk again.
    let mut packets = vec![];
    let mut sequence = 0;
    let mut say = |at: u64| {
        let mut packet = listener.packet(sequence, at);
        packet.timestamp = (at * u64::from(CLOCK) / 1000) as u32;
        packets.push(packet);
        sequence += 1;
    };
    (0..50).for_each(|n| say(n * 40));
    (0..7).for_each(|n| say(2400 + n * 400));
    (0..50).for_each(|n| say(5000 + n * 40));
    listener.play(packets);
    assert_eq!(listener.frames(), (0..107).collect::<Vec<_>>());
    assert_eq!(listener.mishaps(), Counts::default());
    let (resumed, _) = listener.heard.iter().find(|(_, heard)| *heard == Heard::Frame(57)).unwrap();
    assert!((5000..=5060).contains(resumed), "no delay was piled up: resumed at {resumed}");
    assert!(!listener.heard.iter().any(|(_, heard)| matches!(heard, Heard::Recovered(_))));
}

#[test]
fn the_delay_comes_down_in_the_pause_after_a_bad_spell() {
    let mut listener = Listener::new();
    let mut packets = vec![];
    for n in 0..2000 {
        let lateness = if (100..200).contains(&n) { (n % 7) * 30 } else { 0 };
        // A second of pause in every ten.
        let at = n * 40 + n / 225 * 1000;
        let mut packet = listener.packet(n, at + lateness);
        packet.timestamp = (at * u64::from(CLOCK) / 1000) as u32;
        packets.push(packet);
    }
    listener.play(packets);
    assert!(listener.buffer.excess().abs() < 0.02, "{}", listener.buffer.excess());
    let (said, heard) = (1999 * 40 + 1999 / 225 * 1000, listener.heard.iter().rev());
    let (played, _) = heard.clone().find(|(_, heard)| *heard == Heard::Frame(1999)).unwrap();
    assert!(played - said <= 50, "{} ms late at the end", played - said);
}

#[test]
fn duplicates_and_stragglers_are_dropped() {
    let mut listener = Listener::new();
    let mut packets: Vec<_> = (0..100).map(|n| listener.packet(n, n * 40)).collect();
    packets.extend((0..100).map(|n| listener.packet(n, n * 40 + 1)));
    packets.extend((0..50).map(|n| listener.packet(n, n * 40 + 900)));
    listener.play(packets);
    assert_eq!(listener.frames(), (0..100).collect::<Vec<_>>());
    assert_eq!(listener.mishaps(), Counts { duplicate: 100, late: 50, ..Counts::default() });
}

#[test]
fn a_burst_after_a_stall_is_cut_to_what_is_worth_hearing() {
    let mut listener = Listener::new();
    // Two seconds arrive at once.
    let packets =
        (0..200).map(|n| listener.packet(n, if (50..100).contains(&n) { 4000 } else { n * 40 })).collect();
    listener.play(packets);
    let played = listener.frames().len();
    assert!((150..=165).contains(&played), "{played}");
    assert!(listener.buffer.excess() < 0.1, "{}", listener.buffer.excess());
}

#[test]
fn another_stream_under_the_same_roof_starts_over() {
    let mut listener = Listener::new();
    let mut packets: Vec<_> = (0..50).map(|n| listener.packet(n, n * 40)).collect();
    for n in 50..100 {
        let mut packet = listener.packet(n, n * 40);
        (packet.ssrc, packet.sequence, packet.timestamp) = (8, n as u16, n as u32 * TICKS);
        packets.push(packet);
    }
    listener.play(packets);
    assert_eq!(listener.frames().len(), 100);
    assert_eq!(listener.buffer.counts().lost, 0);
}

#[test]
fn hostile_numbers_cost_bounded_memory_and_never_stop_time() {
    let mut random = pseudo_random(11);
    for clock_hz in [0, 1, 8_000, 16_000, 48_000, u32::MAX] {
        let mut buffer = JitterBuffer::new(clock_hz);
        let start = Instant::now();
        for n in 0..20_000 {
            let near = random().is_multiple_of(2);
            buffer.insert(Packet {
                ssrc: (random() % 2) as u32,
                sequence: if near { n as u16 } else { random() as u16 },
                timestamp: if near { n as u32 * 640 } else { random() as u32 },
                sources: vec![],
                payload: match random() % 8 {
                    0 => Payload::Noise(Decibels(-60.0)),
                    _ => Payload::Opus(vec![0]),
                },
                samples: 120 + (random() % 5640) as u32,
                is_copy: random().is_multiple_of(4),
                arrived: start + Duration::from_millis(random() % 100_000),
            });
            assert!(buffer.held.len() <= MAX_PACKETS);
            buffer.next(start + Duration::from_millis(random() % 100_000));
        }
    }
}

#[test]
fn an_empty_buffer_is_idle_once_the_last_sound_has_faded() {
    let mut listener = Listener::new();
    assert!(listener.buffer.is_idle());
    let packet = listener.packet(0, 0);
    listener.buffer.insert(packet);
    assert!(!listener.buffer.is_idle());
    listener.play(vec![]);
    assert!(listener.buffer.is_idle());
}

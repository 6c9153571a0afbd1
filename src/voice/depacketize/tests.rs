//! What is let through, and what hostile bytes cost.

use std::time::Duration;

use super::*;

const OPUS: u8 = 96;
const RED: u8 = 63;
const NOISE: u8 = 13;
const TELEPHONE_EVENT: u8 = 126;

fn terms() -> Terms {
    Terms {
        opus: OPUS,
        clock_hz: 16_000,
        channels: 2,
        format_parameters: String::new(),
        redundancy: Some(RED),
        comfort_noise: vec![105, NOISE],
        frame_millis: 20,
        we_send: true,
        partyline: false,
    }
}

fn packet(payload_type: u8, payload: &[u8]) -> Rtp<'_> {
    Rtp { payload_type, sequence: 1, timestamp: 1_000, ssrc: 7, sources: &[], payload }
}

/// One frame of 20 ms: the configuration of SILK wideband, and bytes that tell it from others.
fn frame(mark: u8) -> Vec<u8> {
    vec![0x48, mark, mark]
}

fn read(packet: Rtp<'_>) -> Result<Vec<Packet>, Rejected> {
    let mut packets = vec![];
    Depacketizer::new(&terms()).read(packet, Instant::now(), |packet| packets.push(packet))?;
    Ok(packets)
}

/// `(payload type, timestamp offset, bytes)`, oldest first, and the primary.
fn red(blocks: &[(u8, u32, Vec<u8>)], primary_type: u8, primary: &[u8]) -> Vec<u8> {
    let mut payload = vec![];
    for (payload_type, offset, bytes) in blocks {
        let word = 1 << 31 | u32::from(*payload_type) << 24 | offset << 10 | bytes.len() as u32;
        payload.extend(word.to_be_bytes());
    }
    payload.push(primary_type);
    blocks.iter().for_each(|(_, _, bytes)| payload.extend(bytes));
    payload.extend(primary);
    payload
}

#[test]
fn opus_is_let_through_with_its_place() {
    let packets = read(packet(OPUS, &frame(1))).unwrap();
    let [only] = &packets[..] else { panic!("{packets:?}") };
    assert_eq!((only.sequence, only.timestamp, only.samples, only.is_copy), (1, 1_000, 960, false));
    assert_eq!(only.payload, Payload::Opus(frame(1)));
}

#[test]
fn every_redundant_block_becomes_a_packet_in_its_own_place() {
    let blocks = [(OPUS, 640, frame(1)), (OPUS, 320, frame(2))];
    let packets = read(packet(RED, &red(&blocks, OPUS, &frame(3)))).unwrap();
    let places: Vec<_> = packets.iter().map(|p| (p.sequence, p.timestamp, p.is_copy)).collect();
    // Sequence numbers wrap like those of RTP.
    assert_eq!(places, [(1, 1_000, false), (65_535, 360, true), (0, 680, true)]);
    let payloads: Vec<_> = packets.into_iter().map(|packet| packet.payload).collect();
    assert_eq!(payloads, [3, 1, 2].map(|mark| Payload::Opus(frame(mark))));
}

#[test]
fn a_copy_takes_the_place_that_its_timestamp_says() {
    let copies_of = |came: &[(u16, u32)], offsets: &[u32]| {
        let mut depacketizer = Depacketizer::new(&terms());
        for &(sequence, timestamp) in came {
            let packet = Rtp { sequence, timestamp, ..packet(OPUS, &[]) };
            depacketizer.read(Rtp { payload: &frame(1), ..packet }, Instant::now(), |_| {}).unwrap();
        }
        let blocks: Vec<_> = offsets.iter().map(|&offset| (OPUS, offset, frame(2))).collect();
        let payload = red(&blocks, OPUS, &frame(3));
        let mut copies = vec![];
        let newest = Rtp { sequence: 2, timestamp: 5_000, payload: &payload, ..packet(RED, &[]) };
        depacketizer
            .read(newest, Instant::now(), |packet| copies.push((packet.sequence, packet.timestamp)))
            .unwrap();
        copies.split_off(1)
    };
    // Only what was sent between is missing.
    assert_eq!(copies_of(&[(65_535, 4_040)], &[640, 320]), [(0, 4_360), (1, 4_680)]);
    assert_eq!(copies_of(&[(0, 4_360)], &[640, 320]), [(1, 4_680)], "one of them came");
    // A packet that nobody repeats lies between.
    assert_eq!(copies_of(&[(0, 4_360), (1, 4_680)], &[960]), [(65_535, 4_040)]);
    // A copy of what no longer came before what came last.
    assert_eq!(copies_of(&[(65_534, 3_400), (1, 4_680)], &[1_280, 320]), [(0, 3_720)]);
    assert!(copies_of(&[(0, 4_360), (1, 4_680)], &[400]).is_empty(), "there is no place between");
    // Numbers and timestamps that contradict each other.
    assert!(copies_of(&[(2, 4_000), (1, 5_000), (3, 4_680)], &[320]).len() <= 1);
}

#[test]
fn a_block_that_is_no_opus_does_not_cost_the_others() {
    let blocks = [(OPUS, 640, vec![0xff]), (TELEPHONE_EVENT, 320, vec![1, 2, 3]), (OPUS, 320, vec![])];
    let packets = read(packet(RED, &red(&blocks, OPUS, &frame(3)))).unwrap();
    assert_eq!(packets.len(), 1);
}

#[test]
fn comfort_noise_carries_its_level() {
    let packets = read(packet(NOISE, &[60, 1, 2])).unwrap();
    assert_eq!(packets[0].payload, Payload::Noise(Decibels(-60.0)));
    let packets = read(packet(RED, &red(&[], 105, &[70]))).unwrap();
    assert_eq!(packets[0].payload, Payload::Noise(Decibels(-70.0)));
}

#[test]
fn what_is_no_sound_is_rejected_with_its_reason() {
    let because = |payload_type, payload: Vec<u8>| read(packet(payload_type, &payload)).unwrap_err();
    assert_eq!(because(TELEPHONE_EVENT, vec![1, 10, 3, 32]), Rejected::PayloadType);
    assert_eq!(because(0, vec![0; 160]), Rejected::PayloadType);
    assert_eq!(because(OPUS, vec![]), Rejected::Malformed);
    assert_eq!(because(OPUS, vec![0xff; 1_400]), Rejected::Malformed);
    assert_eq!(because(NOISE, vec![]), Rejected::Malformed);
    assert_eq!(because(RED, vec![]), Rejected::Malformed);
    assert_eq!(because(RED, vec![0x80 | OPUS, 1]), Rejected::Malformed, "half a header");
    assert_eq!(because(RED, vec![0x80 | OPUS, 1, 0, 9, OPUS, 1]), Rejected::Malformed, "a block cut off");
    assert_eq!(because(RED, red(&[], RED, &frame(1))), Rejected::PayloadType, "RED in RED");
    let many = vec![(OPUS, 320, frame(1)); MAX_REDUNDANT + 1];
    assert_eq!(because(RED, red(&many, OPUS, &frame(1))), Rejected::Malformed);
}

#[test]
fn two_thousand_packets_a_second_are_cut_to_what_speech_needs() {
    let (mut depacketizer, start) = (Depacketizer::new(&terms()), Instant::now());
    let mut taken = [0; 10];
    for n in 0..20_000 {
        let at = start + Duration::from_micros(n * 500);
        let read = depacketizer.read(packet(OPUS, &frame(1)), at, |_| {});
        taken[(n / 2_000) as usize] += usize::from(read.is_ok());
    }
    assert!(taken[0] <= 401, "{taken:?}");
    assert!(taken[1..].iter().all(|taken| (199..=201).contains(taken)), "{taken:?}");
    // And the quickest honest stream is never cut, not even after a stall of a second.
    let honest = (0..3_000u64).all(|n| {
        let at = start + Duration::from_secs(60) + Duration::from_millis((n * 10).max(1_500));
        depacketizer.read(packet(OPUS, &frame(1)), at, |_| {}).is_ok()
    });
    assert!(honest);
}

#[test]
fn random_bytes_never_panic_and_yield_at_most_a_handful_of_packets() {
    let (mut state, start) = (5u64, Instant::now());
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let mut depacketizer = Depacketizer::new(&terms());
    let (mut accepted, mut rejected) = (0, 0);
    for n in 0..50_000 {
        let mut payload: Vec<u8> = (0..random() % 200).map(|_| random() as u8).collect();
        // Half of them close to what is right.
        if n % 2 == 0 {
            payload = red(&[(OPUS, 320, frame(1)), (OPUS, 640, payload.clone())], OPUS, &frame(2));
            let (at, value) = (random() % payload.len(), random() as u8);
            payload[at] = value;
        }
        let payload_type = [OPUS, RED, NOISE, random() as u8 & 0x7f][random() % 4];
        let (mut packets, mut bytes) = (0, 0);
        let length = payload.len();
        let at = start + Duration::from_millis(n * 5);
        let result = depacketizer.read(packet(payload_type, &payload), at, |packet| {
            packets += 1;
            if let Payload::Opus(payload) = packet.payload {
                bytes += payload.len();
            }
            assert!(packet.samples > 0);
        });
        assert!(packets <= 1 + MAX_REDUNDANT && bytes <= length);
        accepted += u32::from(result.is_ok());
        rejected += u32::from(result.is_err());
    }
    assert!(accepted > 1_000 && rejected > 1_000, "{accepted} accepted, {rejected} rejected");
}

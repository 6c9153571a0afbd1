//! What the parts of the voice path cost: microseconds of one core for each block of 10 ms. `cargo bench`
#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on should say so")]

#[path = "../support/speech.rs"]
mod speech;

use std::time::{Duration, Instant};

use partyline::{
    model::{Offer, Processing},
    voice::parts::{
        BLOCK, FarEnd, Format, Incoming, Limiter, MAX_PAYLOAD, MAX_SAMPLES, Packet, Payload, Processor,
        SAMPLE_RATE, Terms, add, decoder, encoder,
    },
};
use speech::speech_like;

/// 20 seconds of sound.
const BLOCKS: usize = 2_000;
/// The fastest counts: whatever else runs on the machine only ever adds.
const PASSES: usize = 3;
/// How many a full party has besides oneself.
const OTHERS: usize = 15;
const TICK: Duration = Duration::from_millis(10);

/// One row. `prepare` is not measured; what it returns is called with the number of each block, in order.
struct Part {
    name: String,
    prepare: Box<dyn Fn() -> Work>,
}

type Work = Box<dyn FnMut(usize)>;

fn main() {
    println!("| part | µs per 10 ms | % of a core |");
    println!("|---|---|---|");
    for part in parts() {
        let best = (0..PASSES).map(|_| micros_per_block((part.prepare)())).fold(f64::INFINITY, f64::min);
        println!("| {} | {best:.1} | {:.2} |", part.name, best / 100.0);
    }
}

fn micros_per_block(mut work: Work) -> f64 {
    let began = Instant::now();
    for block in 0..BLOCKS {
        work(block);
    }
    began.elapsed().as_secs_f64() * 1e6 / BLOCKS as f64
}

fn parts() -> Vec<Part> {
    let frames = [10, 20, 40];
    let encoding =
        frames.map(|millis| part(format!("encode, frames of {millis} ms"), move || encode(millis)));
    let decoding =
        frames.map(|millis| part(format!("decode, frames of {millis} ms"), move || decode(millis)));
    let hearing = [
        part("one speaker: buffer, decode, stretch; a steady network".into(), || hear(1, |_| 0)),
        part("one speaker on a network of 40 ± 20 ms".into(), || hear(1, late_by)),
        part(format!("{OTHERS} speakers on such a network, mixed"), || hear(OTHERS, late_by)),
    ];
    let cleaning = [part("echo, noise, gain and rumble of the microphone".into(), clean)];
    encoding.into_iter().chain(decoding).chain(cleaning).chain(hearing).collect()
}

fn part(name: String, prepare: impl Fn() -> Work + 'static) -> Part {
    Part { name, prepare: Box::new(prepare) }
}

/// As two of ours agree on it.
fn terms(frame_millis: u32) -> Terms {
    let offer = include_str!("../fixtures/member_offer.sdp");
    Terms { frame_millis, ..Terms::of_offer(&Offer(offer.to_owned()), frame_millis).unwrap() }
}

fn encode(frame_millis: u32) -> Work {
    let (blocks, mut encoder) =
        (frame_millis as usize / 10, encoder(Format::of(&terms(frame_millis))).unwrap());
    let sound = speech_like(BLOCKS * BLOCK);
    let mut out = [0; MAX_PAYLOAD];
    Box::new(move |block| {
        if (block + 1).is_multiple_of(blocks) {
            let frame = &sound[(block + 1 - blocks) * BLOCK..(block + 1) * BLOCK];
            encoder.encode_float(frame, &mut out).unwrap();
        }
    })
}

fn encoded(frame_millis: u32) -> Vec<Vec<u8>> {
    let mut encoder = encoder(Format::of(&terms(frame_millis))).unwrap();
    let frames = speech_like(BLOCKS * BLOCK);
    let frames = frames.chunks_exact(frame_millis as usize * SAMPLE_RATE / 1000);
    frames.map(|frame| encoder.encode_vec_float(frame, MAX_PAYLOAD).unwrap()).collect()
}

fn decode(frame_millis: u32) -> Work {
    let (packets, mut decoder) = (encoded(frame_millis), decoder().unwrap());
    let mut out = [0.0; MAX_SAMPLES];
    let blocks = frame_millis as usize / 10;
    Box::new(move |block| {
        if block.is_multiple_of(blocks) {
            decoder.decode_float(&packets[block / blocks], &mut out, false).unwrap();
        }
    })
}

/// The microphone, while somebody speaks at both ends.
fn clean() -> Work {
    let (near, far) = (speech_like(BLOCKS * BLOCK), speech_like(BLOCKS * BLOCK));
    let (mut processor, mut played) = (Processor::new(Processing::default()), FarEnd::default());
    Box::new(move |block| {
        played.play(&far.as_chunks::<BLOCK>().0[block]);
        let mut sound = near.as_chunks::<BLOCK>().0[block];
        processor.process(&mut sound, &mut played, 1);
        std::hint::black_box(&sound);
    })
}

/// Milliseconds after its time at which a packet comes: between 20 and 60, the same every run.
fn late_by(packet: usize) -> u64 {
    20 + packet as u64 * 7_919 % 41
}

/// Speakers whose packets of 20 ms come when they come, and their sum.
fn hear(speakers: usize, late_by: fn(usize) -> u64) -> Work {
    const FRAME_MILLIS: u32 = 20;
    let packets = encoded(FRAME_MILLIS);
    let began = Instant::now();
    let mut arrivals: Vec<_> = (0..packets.len())
        .map(|n| (began + Duration::from_millis(n as u64 * u64::from(FRAME_MILLIS) + late_by(n)), n))
        .collect();
    arrivals.sort_unstable();
    let mut arrivals = arrivals.into_iter().peekable();
    let mut limiter = Limiter::default();
    let (mut network, mut voices): (Vec<_>, Vec<_>) = (0..speakers)
        .map(|_| {
            let (packets, ring) = rtrb::RingBuffer::new(128);
            (packets, Incoming::new(ring, 48_000).unwrap())
        })
        .unzip();
    Box::new(move |block| {
        let now = began + TICK * block as u32;
        while let Some((arrived, n)) = arrivals.next_if(|(arrived, _)| *arrived <= now) {
            for (ssrc, ring) in network.iter_mut().enumerate() {
                let packet = Packet {
                    samples: SAMPLE_RATE as u32 / 1000 * FRAME_MILLIS,
                    ssrc: ssrc as u32,
                    sequence: n as u16,
                    timestamp: n as u32 * SAMPLE_RATE as u32 / 1000 * FRAME_MILLIS,
                    sources: vec![],
                    payload: Payload::Opus(packets[n].clone()),
                    is_copy: false,
                    arrived,
                };
                ring.push(packet).expect("drained every block");
            }
        }
        let (mut mix, mut sound) = ([0.0; BLOCK], [0.0; BLOCK]);
        for voice in &mut voices {
            voice.receive();
            if voice.play(&mut sound, now) {
                voice.level(&mut sound);
                add(&mut mix, &sound);
            }
        }
        limiter.limit(&mut mix);
        std::hint::black_box(&mix);
    })
}

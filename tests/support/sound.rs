//! Comparing what was said with what was heard.

use std::path::Path;

const RATE: usize = 48_000;

pub fn write_wav(path: &Path, samples: &[f32]) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for sample in samples {
        writer.write_sample((sample.clamp(-1.0, 1.0) * 32767.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
}

pub fn read_wav(path: &Path) -> Vec<f32> {
    hound::WavReader::open(path)
        .unwrap()
        .samples::<i16>()
        .map(|sample| f32::from(sample.unwrap()) / 32768.0)
        .collect()
}

/// A recording that is still being written: what there is so far.
pub fn read_growing_wav(path: &Path) -> Vec<f32> {
    let Ok(mut reader) = hound::WavReader::open(path) else { return vec![] };
    reader.samples::<i16>().map_while(Result::ok).map(|sample| f32::from(sample) / 32768.0).collect()
}

fn energy(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum()
}

/// Cosine of the angle between two pieces: 1 is the same but for loudness.
fn likeness(a: &[f32], b: &[f32]) -> f32 {
    let product: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    product / (energy(a) * energy(b)).sqrt().max(1e-9)
}

/// Where in `heard` the piece begins, and how like it is.
fn find(piece: &[f32], heard: &[f32], around: std::ops::Range<usize>) -> (usize, f32) {
    around
        .filter_map(|at| Some((at, likeness(piece, heard.get(at..at + piece.len())?))))
        .fold((0, -1.0), |best, next| if next.1 > best.1 { next } else { best })
}

/// What [`compare`] found.
#[derive(Debug)]
pub struct Comparison {
    /// Seconds from the beginning of what was heard to the beginning of what was said.
    pub offset: f64,
    /// The longest stretch of said sound that was not heard, in milliseconds.
    pub longest_gap: usize,
    /// The likeness of the median window of 100 ms, each at its own best place.
    pub likeness: f32,
    /// How far windows strayed from where the first one was, in milliseconds.
    pub stray: f64,
}

/// A window is looked for this far from where the one before it was, at most.
const STRAY: usize = 40 * MILLI;

/// Samples in a millisecond while comparing: enough for speech, and a ninth of the work.
const MILLI: usize = 16;

fn thinned(samples: &[f32]) -> Vec<f32> {
    samples.chunks_exact(RATE / 1000 / MILLI).map(|few| few.iter().sum::<f32>() / few.len() as f32).collect()
}

/// Lays what was said over what was heard.
pub fn compare(said: &[f32], heard: &[f32]) -> Comparison {
    let (said, heard) = (thinned(said), thinned(heard));
    // By loudness first, within 10 ms; then by the waveform.
    let coarse = |samples: &[f32]| samples.chunks(10 * MILLI).map(energy).collect::<Vec<_>>();
    let (said_coarse, heard_coarse) = (coarse(&said), coarse(&heard));
    let span = said_coarse.len().min(heard_coarse.len());
    let opening = &said_coarse[..span * 3 / 4];
    let (near, _) = find(opening, &heard_coarse, 0..heard_coarse.len().saturating_sub(opening.len()).max(1));
    let window = 100 * MILLI;
    let loud = |piece: &[f32]| energy(piece) / piece.len() as f32 > 0.0005;
    let first = said.chunks_exact(window).position(loud).expect("something is said") * window;
    let from = (near * 10 * MILLI + first).saturating_sub(50 * MILLI);
    let (at, _) = find(&said[first..first + window], &heard, from..from + 100 * MILLI);
    let offset = at as i64 - first as i64;

    let (mut likenesses, mut stray, mut place) = (vec![], 0i64, offset);
    // Of each window: a buffer that moves takes what follows with it.
    let mut places = Vec::new();
    for (n, piece) in said.chunks_exact(window).enumerate() {
        let expected = usize::try_from((n * window) as i64 + place).unwrap_or_default();
        if !loud(piece) || expected < STRAY {
            places.push(place);
            continue;
        }
        // Nearby first: a voice is like itself one period of its pitch later.
        let near = find(piece, &heard, expected - 2 * MILLI..expected + 2 * MILLI);
        let far = || find(piece, &heard, expected - STRAY..expected + STRAY);
        let (at, likeness) = if near.1 > 0.8 { near } else { far() };
        likenesses.push(likeness);
        if likeness > 0.8 {
            place = at as i64 - (n * window) as i64;
            stray = stray.max((place - offset).abs());
        }
        places.push(place);
    }
    likenesses.sort_by(f32::total_cmp);

    // A gap: said here, and next to nothing heard within 10 ms of it.
    let (mut gap, mut longest) = (0, 0);
    for (n, piece) in said.chunks_exact(MILLI).enumerate() {
        let place = places.get(n * MILLI / window).unwrap_or(&place);
        let from = (n * MILLI) as i64 + place - 10 * MILLI as i64;
        let nearby =
            heard.get(from.max(0) as usize..(from + 21 * MILLI as i64).max(0) as usize).unwrap_or_default();
        let silent = loud(piece) && energy(nearby) < 0.01 * energy(piece) * (nearby.len() / MILLI) as f32;
        gap = if silent { gap + 1 } else { 0 };
        longest = longest.max(gap);
    }
    Comparison {
        offset: offset as f64 / (MILLI * 1000) as f64,
        longest_gap: longest,
        likeness: likenesses.get(likenesses.len() / 2).copied().unwrap_or(0.0),
        stray: stray as f64 / MILLI as f64,
    }
}

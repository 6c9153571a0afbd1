//! Makes speech-like sound and finds it again in a recording: by correlation of the waveform, not by loudness.

use realfft::RealFftPlanner;

pub const RATE: usize = 48_000;
/// Compared at a telephone's rate: enough to tell one utterance from another, and fast.
const COMPARE_RATE: usize = 8_000;

/// Syllables of coloured noise, 80–240 ms each with short breaks, like speech to a codec and unlike any other `seed`.
pub fn speech(seconds: f32, seed: u64) -> Vec<f32> {
    let mut random = Random(seed);
    let total = (seconds * RATE as f32) as usize;
    let mut sound = Vec::with_capacity(total);
    while sound.len() < total {
        let length = (RATE as f32 * (0.08 + 0.16 * random.unit())) as usize;
        let pitch = 110.0 + 120.0 * random.unit();
        let formant = 400.0 + 1600.0 * random.unit();
        for i in 0..length {
            let t = i as f32 / RATE as f32;
            let shape = (std::f32::consts::PI * i as f32 / length as f32).sin().powf(0.5);
            let voiced: f32 = (1..12)
                .map(|k| {
                    let frequency = pitch * k as f32;
                    let weight = 1.0 / (1.0 + ((frequency - formant) / 300.0).powi(2));
                    weight * (std::f32::consts::TAU * frequency * t).sin()
                })
                .sum();
            sound.push(0.25 * shape * (voiced + 0.1 * (random.unit() - 0.5)));
        }
        let pause = (RATE as f32 * (0.01 + 0.05 * random.unit())) as usize;
        sound.extend(std::iter::repeat_n(0.0, pause));
    }
    sound.truncate(total);
    sound
}

struct Random(u64);

impl Random {
    /// 0.0–1.0.
    fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }
}

/// Where something was heard.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// Samples at 48 kHz from the start of the recording.
    pub at: usize,
    /// Normalised cross-correlation, 1.0 for the same waveform.
    pub likeness: f32,
}

/// The best place of `wanted` in `recording`.
pub fn find(recording: &[f32], wanted: &[f32]) -> Found {
    let factor = RATE / COMPARE_RATE;
    let (recording, wanted) = (decimate(recording, factor), decimate(wanted, factor));
    assert!(recording.len() >= wanted.len(), "the recording is shorter than what is looked for");
    let products = correlate(&recording, &wanted);
    let energy_wanted: f32 = wanted.iter().map(|s| s * s).sum();
    let mut energy: f32 = recording[..wanted.len()].iter().map(|s| s * s).sum();
    let mut best = Found { at: 0, likeness: 0.0 };
    for at in 0..=recording.len() - wanted.len() {
        let likeness = products[at] / (energy_wanted * energy.max(1e-6)).sqrt();
        if likeness > best.likeness {
            best = Found { at: at * factor, likeness };
        }
        if at + wanted.len() < recording.len() {
            energy += recording[at + wanted.len()].powi(2) - recording[at].powi(2);
        }
    }
    best
}

pub fn power(sound: &[f32]) -> f32 {
    sound.iter().map(|s| s * s).sum::<f32>() / sound.len().max(1) as f32
}

/// Averages; crude and the same on both sides.
fn decimate(sound: &[f32], factor: usize) -> Vec<f32> {
    sound.chunks_exact(factor).map(|chunk| chunk.iter().sum::<f32>() / factor as f32).collect()
}

/// Sums of products for every shift, by FFT.
fn correlate(long: &[f32], short: &[f32]) -> Vec<f32> {
    let size = (long.len() + short.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, backward) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
    let spectrum = |sound: &[f32]| {
        let mut padded = vec![0.0; size];
        padded[..sound.len()].copy_from_slice(sound);
        let mut spectrum = forward.make_output_vec();
        forward.process(&mut padded, &mut spectrum).expect("sizes fit");
        spectrum
    };
    let mut product: Vec<_> = spectrum(long).iter().zip(spectrum(short)).map(|(a, b)| a * b.conj()).collect();
    // Rounding leaves a trace of imaginary part where there can be none.
    let last = product.len() - 1;
    product[0].im = 0.0;
    product[last].im = 0.0;
    let mut result = vec![0.0; size];
    backward.process(&mut product, &mut result).expect("sizes fit");
    result.iter().map(|value| value / size as f32).collect()
}

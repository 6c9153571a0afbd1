//! Speech-like sound for tests: voiced syllables whose pitch and formants move, and pauses between. Same every run.

use std::f32::consts::TAU;

const SAMPLE_RATE: usize = 48_000;

/// `samples` at 48 kHz, peaking at about -6 dBFS.
pub fn speech_like(samples: usize) -> Vec<f32> {
    let mut phase = 0.0f32;
    (0..samples)
        .map(|n| {
            let t = n as f32 / SAMPLE_RATE as f32;
            let syllable = (t * 4.0 * TAU / 2.0).sin().max(0.0).powf(0.6);
            let pitch = 120.0 + 40.0 * (t * 1.3 * TAU).sin() + 25.0 * (t * 0.37 * TAU).sin();
            phase = (phase + pitch / SAMPLE_RATE as f32).fract();
            let (first, second) =
                (500.0 + 250.0 * (t * 2.1 * TAU).sin(), 1500.0 + 600.0 * (t * 1.7 * TAU).sin());
            let voice: f32 = (1..=30)
                .map(|harmonic| {
                    let hz = pitch * harmonic as f32;
                    let resonance = |centre: f32, width: f32| 1.0 / (1.0 + ((hz - centre) / width).powi(2));
                    let gain = resonance(first, 90.0) + 0.6 * resonance(second, 140.0) + 0.02;
                    gain * (phase * harmonic as f32 * TAU).sin()
                })
                .sum();
            0.16 * syllable * voice
        })
        .collect()
}

/// Energy of the signal over energy of the difference.
#[allow(dead_code, reason = "not every test compares")]
pub fn snr_decibels(signal: &[f32], heard: &[f32]) -> f32 {
    let energy = |samples: &mut dyn Iterator<Item = f32>| samples.map(|sample| sample * sample).sum::<f32>();
    let noise = energy(&mut signal.iter().zip(heard).map(|(signal, heard)| signal - heard));
    10.0 * (energy(&mut signal.iter().copied()) / noise.max(1e-12)).log10()
}

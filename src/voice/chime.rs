//! The sound of "play a test sound": two soft bell tones, a fifth apart. Pure.

use std::f32::consts::TAU;

use super::SAMPLE_RATE;

/// The second tone falls in while the first still rings.
const TONES: [(f32, f32); 2] = [(0.0, 523.25), (0.18, 783.99)];
const LENGTH: f32 = 1.1;
const LOUDNESS: f32 = 0.22;

/// 48 kHz mono.
pub fn samples() -> Vec<f32> {
    let count = (LENGTH * SAMPLE_RATE as f32) as usize;
    (0..count)
        .map(|n| TONES.iter().map(|&(start, hz)| bell(n as f32 / SAMPLE_RATE as f32 - start, hz)).sum())
        .collect()
}

fn bell(t: f32, hz: f32) -> f32 {
    if t < 0.0 {
        return 0.0;
    }
    let rise = (t / 0.008).min(1.0);
    let ring = (-t * 5.5).exp();
    let end = ((LENGTH - 0.2 - t) / 0.2).clamp(0.0, 1.0);
    let wave = (t * hz * TAU).sin() + 0.25 * (-t * 9.0).exp() * (t * 2.0 * hz * TAU).sin();
    LOUDNESS * rise * ring * end * wave
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chime_is_audible_and_neither_clips_nor_clicks() {
        let chime = samples();
        let peak = chime.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        assert!((0.1..0.5).contains(&peak), "{peak}");
        assert!(chime[0].abs() < 0.01 && chime.last().unwrap().abs() < 0.001);
    }
}

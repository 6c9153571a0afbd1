//! The bridge's sound format. Everything runs at 16 kHz, as PSN's bridge says of itself: one sample is one tick of
//! the RTP clock, and an encoder at this rate carries forward error correction that is worth having at 40 ms.

use std::time::Duration;

pub(in crate::sandbox) const SAMPLE_RATE: u32 = 16_000;
/// Samples of one frame, and ticks of the RTP clock between frames.
pub(in crate::sandbox) const FRAME: usize = 640;
pub(in crate::sandbox) const FRAME_TIME: Duration = Duration::from_millis(40);

/// Mono, full scale 1.0.
pub(in crate::sandbox) type Frame = [f32; FRAME];

pub(in crate::sandbox) const SILENCE: Frame = [0.0; FRAME];

/// Below this level nobody is said to speak: −60 dB of full scale.
const AUDIBLE: f32 = 0.001;

/// Root mean square, 1.0 being full scale.
pub(in crate::sandbox) fn level(samples: &[f32]) -> f32 {
    let energy: f32 = samples.iter().map(|sample| sample * sample).sum();
    (energy / samples.len().max(1) as f32).sqrt()
}

pub(in crate::sandbox) fn is_audible(samples: &[f32]) -> bool {
    level(samples) > AUDIBLE
}

/// A level as RTP's audio level extension counts it: −dB of full scale, 127 for silence.
pub(in crate::sandbox) fn rtp_level(level: f32) -> u8 {
    (-20.0 * level.max(1e-7).log10()).clamp(0.0, 127.0) as u8
}

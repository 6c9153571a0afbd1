//! Noise between the words, and some of it within them, taken away in three bands. The voice thread runs it.

use sonora::three_band_filter_bank::{FULL_BAND_SIZE, NUM_BANDS, SPLIT_BAND_SIZE, ThreeBandFilterBank};
use sonora_ns::{
    config::{NsConfig, SuppressionLevel},
    noise_suppressor::NoiseSuppressor,
};

use crate::voice::BLOCK;

/// 18 dB, as browsers have it, take another 0.15 of PESQ from a voice without noise.
const LEVEL: SuppressionLevel = SuppressionLevel::K12dB;
/// The suppressor counts as 16-bit samples do.
const FULL_SCALE: f32 = 32_768.0;

const _: () = assert!(FULL_BAND_SIZE == BLOCK);

/// Delays by some seven milliseconds.
pub struct NoiseSuppression {
    filters: ThreeBandFilterBank,
    suppressor: NoiseSuppressor,
    bands: [[f32; SPLIT_BAND_SIZE]; NUM_BANDS],
}

impl NoiseSuppression {
    pub fn new() -> Self {
        Self {
            filters: ThreeBandFilterBank::new(),
            suppressor: NoiseSuppressor::new_with_bands(NsConfig { target_level: LEVEL }, NUM_BANDS),
            bands: [[0.0; SPLIT_BAND_SIZE]; NUM_BANDS],
        }
    }

    /// Cleans one block in place.
    pub fn suppress(&mut self, block: &mut [f32; BLOCK]) {
        block.iter_mut().for_each(|sample| *sample *= FULL_SCALE);
        self.filters.analysis(block, &mut self.bands);
        let [voice, above @ ..] = &mut self.bands;
        self.suppressor.analyze(voice);
        self.suppressor.process(voice);
        let gain = self.suppressor.upper_band_gain();
        for (index, band) in above.iter_mut().enumerate() {
            self.suppressor.process_upper_band(band, index, gain);
        }
        self.filters.synthesis(&self.bands, block);
        block.iter_mut().for_each(|sample| *sample /= FULL_SCALE);
    }
}

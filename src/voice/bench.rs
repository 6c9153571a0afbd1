//! The folder of the benchmarks that are scored by `tests/bench/receive.py`: speech in it, and beside it what became of it.

use std::path::PathBuf;

use super::SAMPLE_RATE;

pub struct Bench(PathBuf);

impl Bench {
    /// The folder that `PARTYLINE_BENCH` names, and the speech in its `speech48.wav`.
    pub fn open() -> (Self, Vec<f32>) {
        let folder = PathBuf::from(std::env::var("PARTYLINE_BENCH").expect("PARTYLINE_BENCH names a folder"));
        let mut speech = hound::WavReader::open(folder.join("speech48.wav")).unwrap();
        let said = speech.samples::<i16>().map(|sample| f32::from(sample.unwrap()) / 32_768.0).collect();
        (Self(folder), said)
    }

    /// What was said on the left, what became of it on the right.
    pub fn write(&self, name: &str, said: &[f32], heard: &[f32]) {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: SAMPLE_RATE as u32,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut wav = hound::WavWriter::create(self.0.join(format!("{name}.wav")), spec).unwrap();
        for (said, heard) in said.iter().zip(heard) {
            for sample in [said, heard] {
                wav.write_sample((sample * 32_767.0) as i16).unwrap();
            }
        }
        wav.finalize().unwrap();
    }
}

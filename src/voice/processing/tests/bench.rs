//! What each part of the chain makes of clean speech, as WAVs that `tests/bench/receive.py` scores:
//! `PARTYLINE_BENCH=folder cargo test --lib bench -- --ignored`, with `speech48.wav` in the folder.

use std::path::PathBuf;

use super::*;

#[test]
#[ignore = "writes WAVs to be scored; needs a recording of speech"]
fn parts_of_the_chain() {
    let folder = PathBuf::from(std::env::var("PARTYLINE_BENCH").expect("PARTYLINE_BENCH names a folder"));
    let mut speech = hound::WavReader::open(folder.join("speech48.wav")).unwrap();
    let said: Vec<f32> =
        speech.samples::<i16>().map(|sample| f32::from(sample.unwrap()) / 32_768.0).collect();
    // Twice: the first time noise and level are still being learnt.
    let said = [said.as_slice(), &said].concat();
    let off = Processing::OFF;
    for (name, settings) in [
        ("high-pass", Processing { high_pass: true, ..off }),
        ("suppression", Processing { noise_suppression: true, ..off }),
        ("gain", Processing { automatic_gain: true, ..off }),
        ("all", Processing::default()),
    ] {
        let made = cleaned(settings, &said, &vec![0.0; said.len()]);
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: SAMPLE_RATE as u32,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut wav = hound::WavWriter::create(folder.join(format!("{name}.wav")), spec).unwrap();
        for (said, made) in said.iter().zip(&made) {
            for sample in [said, made] {
                wav.write_sample((sample * 32_767.0) as i16).unwrap();
            }
        }
        wav.finalize().unwrap();
    }
}

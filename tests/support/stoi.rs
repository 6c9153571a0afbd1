//! Short-time objective intelligibility (Taal and others, 2011) of speech that was worked on, against what was said: 1 is all
//! of it. As published but for the rate: the same bands and times at 48 kHz.

use realfft::RealFftPlanner;

const SAMPLE_RATE: f32 = 48_000.0;
/// 25.6 ms, half of it a step.
const FRAME: usize = 1_228;
const STEP: usize = FRAME / 2;
const FFT: usize = 4_096;
const BANDS: usize = 15;
const LOWEST_HZ: f32 = 150.0;
/// Frames in a segment: 384 ms.
const SEGMENT: usize = 30;
/// What is this much quieter than the loudest frame is a pause. Decibels.
const PAUSE: f32 = 40.0;
/// A signal-to-distortion ratio of −15 dB is as bad as any.
const CLIP: f32 = 1.0 + 5.623_413;

/// Both equally long and aligned.
pub fn stoi(said: &[f32], heard: &[f32]) -> f32 {
    let frames: Vec<usize> = (0..said.len().min(heard.len()) - FRAME).step_by(STEP).collect();
    let energy = |at: &usize| said[*at..at + FRAME].iter().map(|sample| sample * sample).sum::<f32>();
    let loudest = frames.iter().map(energy).fold(0.0, f32::max);
    let spoken: Vec<usize> =
        frames.into_iter().filter(|at| 10.0 * (energy(at) / loudest).log10() > -PAUSE).collect();
    let (said, heard) = (bands(said, &spoken), bands(heard, &spoken));
    let segments = said.windows(SEGMENT).zip(heard.windows(SEGMENT));
    let scores: Vec<f32> = segments
        .flat_map(|(said, heard)| {
            (0..BANDS).map(|band| {
                score(said.iter().map(|frame| frame[band]), heard.iter().map(|frame| frame[band]))
            })
        })
        .collect();
    scores.iter().sum::<f32>() / scores.len() as f32
}

/// The energy of each third of an octave, as an amplitude, frame by frame.
fn bands(sound: &[f32], frames: &[usize]) -> Vec<[f32; BANDS]> {
    let fft = RealFftPlanner::new().plan_fft_forward(FFT);
    let mut spectrum = fft.make_output_vec();
    let bin = |hz: f32| (hz * FFT as f32 / SAMPLE_RATE).round() as usize;
    let edge = |band: usize, half: f32| bin(LOWEST_HZ * 2_f32.powf((band as f32 + half) / 3.0));
    let frame_of = |&at: &usize| {
        let mut input = vec![0.0; FFT];
        for (n, sample) in sound[at..at + FRAME].iter().enumerate() {
            let phase = std::f32::consts::TAU * (n as f32 + 0.5) / FRAME as f32;
            input[n] = sample * (0.5 - 0.5 * phase.cos());
        }
        fft.process(&mut input, &mut spectrum).expect("sizes fit");
        std::array::from_fn(|band| {
            let bins = &spectrum[edge(band, -0.5)..edge(band, 0.5)];
            bins.iter().map(|bin| bin.norm_sqr()).sum::<f32>().sqrt()
        })
    };
    frames.iter().map(frame_of).collect()
}

/// Correlation of two envelopes, the second as loud as the first and clipped.
fn score(said: impl Iterator<Item = f32>, heard: impl Iterator<Item = f32>) -> f32 {
    let (said, mut heard): (Vec<f32>, Vec<f32>) = (said.collect(), heard.collect());
    let energy = |envelope: &[f32]| envelope.iter().map(|value| value * value).sum::<f32>();
    let gain = (energy(&said) / energy(&heard).max(1e-12)).sqrt();
    for (heard, said) in heard.iter_mut().zip(&said) {
        *heard = (*heard * gain).min(said * CLIP);
    }
    let centred = |envelope: &[f32]| -> Vec<f32> {
        let mean = envelope.iter().sum::<f32>() / envelope.len() as f32;
        envelope.iter().map(|value| value - mean).collect()
    };
    let (said, heard) = (centred(&said), centred(&heard));
    let product: f32 = said.iter().zip(&heard).map(|(said, heard)| said * heard).sum();
    product / (energy(&said) * energy(&heard)).sqrt().max(1e-12)
}

//! Speakers of every loudness, and what must not be touched.

use std::f32::consts::TAU;

use super::*;
use crate::voice::{SAMPLE_RATE, speech::speech_like};

fn scaled(sound: &[f32], decibels: f32) -> Vec<f32> {
    sound.iter().map(|sample| sample * 10.0_f32.powf(decibels / 20.0)).collect()
}

fn applied(levelling: &mut Levelling, sound: &[f32]) -> Vec<f32> {
    let mut out = vec![];
    for block in sound.chunks_exact(BLOCK) {
        let mut block: [f32; BLOCK] = block.try_into().unwrap();
        levelling.apply(&mut block);
        out.extend(block);
    }
    out
}

#[test]
fn a_loud_and_a_soft_speaker_end_up_alike() {
    let speech = speech_like(12 * SAMPLE_RATE);
    let heard = [-8.0, 0.0, 6.0].map(|louder| {
        let out = applied(&mut Levelling::new(), &scaled(&speech, louder));
        mixer::level(&out[9 * SAMPLE_RATE..]).0
    });
    let spread =
        heard.iter().fold(f32::MIN, |a, b| a.max(*b)) - heard.iter().fold(f32::MAX, |a, b| a.min(*b));
    assert!(spread < 1.0, "{heard:?}");
}

#[test]
fn the_gain_stays_within_its_reach() {
    let speech = speech_like(10 * SAMPLE_RATE);
    let quiet = scaled(&speech, -22.0);
    let out = applied(&mut Levelling::new(), &quiet);
    let gain = mixer::level(&out[8 * SAMPLE_RATE..]).0 - mixer::level(&quiet[8 * SAMPLE_RATE..]).0;
    assert!((gain - REACH).abs() < 0.2, "{gain}");
}

#[test]
fn noise_between_words_is_never_pumped_up() {
    let mut state = 3u32;
    let noise: Vec<f32> = (0..10 * SAMPLE_RATE)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state as f32 / u32::MAX as f32 - 0.5) * 0.02
        })
        .collect();
    let mut levelling = Levelling::new();
    applied(&mut levelling, &speech_like(5 * SAMPLE_RATE));
    let before = levelling.amplitude;
    applied(&mut levelling, &noise);
    assert_eq!(levelling.amplitude, before, "after speech");
    let mut levelling = Levelling::new();
    let soft = scaled(&noise, -10.0);
    assert_eq!(applied(&mut levelling, &soft), soft, "and before any");
}

#[test]
fn levelling_off_is_no_change_at_all() {
    let speech = speech_like(SAMPLE_RATE);
    let mut levelling = Levelling::new();
    levelling.set_levelled(false);
    assert_eq!(applied(&mut levelling, &speech), speech);
}

#[test]
fn volume_and_mute_act_within_a_block_and_without_a_click() {
    let mut levelling = Levelling::new();
    levelling.set_levelled(false);
    let mut heard = vec![];
    let hearings = [(100, false), (200, false), (200, true), (50, false), (0, false), (60_000, false)];
    for (volume_percent, muted) in hearings {
        levelling.set_hearing(Hearing { volume_percent, muted });
        heard.extend(applied(&mut levelling, &[0.1; 3 * BLOCK]));
    }
    for (part, (volume, muted)) in heard.chunks(3 * BLOCK).zip(hearings) {
        let wanted = if muted { 0.0 } else { 0.001 * f32::from(volume.min(200)) };
        assert!(part[BLOCK..].iter().all(|sample| (sample - wanted).abs() < 1e-5), "{volume}");
    }
    let step = heard.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    assert!(step < 0.0005, "{step}");
}

/// Energy outside the tone against the tone, after limiting a tone of this amplitude, in decibels.
fn distortion(amplitude: f32, limit: &mut dyn FnMut(&mut [f32; BLOCK])) -> f32 {
    let tone = |n: usize| (n as f32 * 500.0 / SAMPLE_RATE as f32 * TAU).sin();
    let mut out = vec![];
    for block in 0..100 {
        let mut mix = std::array::from_fn(|n| amplitude * tone(block * BLOCK + n));
        limit(&mut mix);
        out.extend(mix);
    }
    let out = &out[50 * BLOCK..];
    let tone: Vec<f32> = (0..out.len()).map(|n| tone(50 * BLOCK + n)).collect();
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let gain = dot(out, &tone) / dot(&tone, &tone);
    let rest: Vec<f32> = out.iter().zip(&tone).map(|(out, tone)| out - gain * tone).collect();
    10.0 * (dot(&rest, &rest) / (gain * gain * dot(&tone, &tone))).max(1e-12).log10()
}

#[test]
fn two_loud_voices_are_turned_down_rather_than_distorted() {
    let mut limiter = Limiter::default();
    let turned_down = distortion(1.6, &mut |mix| limiter.limit(mix));
    let bent = distortion(1.6, &mut |mix| mixer::limit(mix));
    println!("distortion 6 dB over the ceiling: {turned_down:.0} dB turned down, {bent:.0} dB bent");
    assert!(turned_down < -60.0 && bent > -25.0, "{turned_down} against {bent}");
}

#[test]
fn one_voice_passes_the_limiter_untouched_and_nothing_clips() {
    let speech = speech_like(SAMPLE_RATE);
    let mut limiter = Limiter::default();
    for chunk in speech.chunks_exact(BLOCK) {
        let mut block: [f32; BLOCK] = chunk.try_into().unwrap();
        limiter.limit(&mut block);
        assert_eq!(block, chunk);
    }
    for burst in [5.0, 0.1, 100.0, -3.0] {
        let mut block = [burst; BLOCK];
        limiter.limit(&mut block);
        assert!(block.iter().all(|sample| sample.abs() <= 1.0));
    }
    let mut quiet = [0.1; BLOCK];
    (0..200).for_each(|_| {
        quiet = [0.1; BLOCK];
        limiter.limit(&mut quiet);
    });
    assert!((quiet[BLOCK - 1] - 0.1).abs() < 0.001, "it comes back");
}

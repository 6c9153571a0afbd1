use super::*;
use crate::voice::{mixer::level, speech::speech_like};

/// From our speakers to our microphone, in a room: 80 ms, quieter, and not quite the same.
fn echo(far: &[f32]) -> Vec<f32> {
    const DELAY: usize = SAMPLE_RATE / 1000 * 80;
    let at = |n: usize, back: usize| n.checked_sub(DELAY + back).map_or(0.0, |n| far[n]);
    (0..far.len()).map(|n| 0.4 * at(n, 0) + 0.15 * at(n, 190) - 0.1 * at(n, 451)).collect()
}

/// Runs the microphone through the chain beside the far end, block by block.
fn cleaned(settings: Processing, microphone: &[f32], far: &[f32]) -> Vec<f32> {
    let (mut processor, mut played) = (Processor::new(settings), FarEnd::default());
    let mut cleaned = Vec::with_capacity(microphone.len());
    for (block, far) in microphone.as_chunks::<BLOCK>().0.iter().zip(far.as_chunks::<BLOCK>().0) {
        played.play(far);
        let mut block = *block;
        processor.process(&mut block, &mut played, 1);
        cleaned.extend(block);
    }
    cleaned
}

const ECHO_ONLY: Processing = Processing { echo_cancellation: true, ..Processing::OFF };
const SECOND: usize = SAMPLE_RATE;

/// Speech that is not `speech_like` from its beginning on.
fn other_speech(samples: usize) -> Vec<f32> {
    speech_like(samples + 7 * SECOND).split_off(7 * SECOND)
}

#[test]
fn the_echo_of_the_far_end_is_cut_by_thirty_decibels() {
    let far = speech_like(12 * SECOND);
    let microphone = echo(&far);
    for settings in [ECHO_ONLY, Processing { automatic_gain: false, ..Processing::default() }] {
        let cleaned = cleaned(settings, &microphone, &far);
        let (before, after) = (level(&microphone[6 * SECOND..]), level(&cleaned[6 * SECOND..]));
        println!("echo {:.1} dB, left {:.1} dB", before.0, after.0);
        assert!(before.0 - after.0 >= 30.0, "{before:?} {after:?}");
    }
}

#[test]
fn who_speaks_while_the_far_end_does_is_heard_and_the_echo_is_not() {
    let far = speech_like(16 * SECOND);
    let near: Vec<f32> = vec![0.0; 8 * SECOND].into_iter().chain(other_speech(8 * SECOND)).collect();
    let microphone: Vec<f32> = echo(&far).iter().zip(&near).map(|(echo, near)| echo + near).collect();
    let heard = cleaned(ECHO_ONLY, &microphone, &far);
    let (spoken, heard) = (&near[9 * SECOND..], &heard[9 * SECOND..]);
    assert!((level(heard).0 - level(spoken).0).abs() < 6.0, "{:?} of {:?}", level(heard), level(spoken));
}

#[test]
fn what_is_switched_off_changes_nothing() {
    let (near, far) = (speech_like(SECOND), other_speech(SECOND));
    assert_eq!(cleaned(Processing::OFF, &near, &far), near);
}

#[test]
fn noise_is_suppressed_and_speech_above_it_stays() {
    let mut seed = 1_u32;
    let noise: Vec<f32> = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 24) as f32 * 0.02 - 0.01
    })
    .take(8 * SECOND)
    .collect();
    let silence = vec![0.0; 8 * SECOND];
    let only = Processing { noise_suppression: true, ..Processing::OFF };
    let left = cleaned(only, &noise, &silence);
    let (before, after) = (level(&noise[6 * SECOND..]), level(&left[6 * SECOND..]));
    println!("noise {:.1} dB, left {:.1} dB", before.0, after.0);
    assert!(before.0 - after.0 > 10.0, "{before:?} {after:?}");
    let speech = speech_like(8 * SECOND);
    let noisy: Vec<f32> = speech.iter().zip(&noise).map(|(speech, noise)| speech + noise).collect();
    let kept = cleaned(only, &noisy, &silence);
    assert!((level(&kept[SECOND..]).0 - level(&speech[SECOND..]).0).abs() < 3.0);
}

#[test]
fn a_quiet_voice_is_raised_and_a_loud_one_is_not() {
    let only = Processing { automatic_gain: true, ..Processing::OFF };
    let silence = vec![0.0; 12 * SECOND];
    let gain = |factor: f32| {
        let voice: Vec<f32> = speech_like(12 * SECOND).iter().map(|sample| sample * factor).collect();
        let heard = cleaned(only, &voice, &silence);
        level(&heard[9 * SECOND..]).0 - level(&voice[9 * SECOND..]).0
    };
    let (quiet, loud) = (gain(0.05), gain(1.0));
    println!("quiet {quiet:+.1} dB, loud {loud:+.1} dB");
    assert!(quiet > 6.0 && quiet > loud + 4.0 && quiet < MOST_GAIN_DB + 1.0, "{quiet} {loud}");
}

#[test]
fn switching_never_clicks() {
    let tone: Vec<f32> = (0..2 * SECOND).map(|n| 0.3 * (n as f32 * 0.03).sin()).collect();
    let (mut processor, mut far) = (Processor::new(Processing::OFF), FarEnd::default());
    let mut heard = Vec::new();
    for (n, block) in tone.as_chunks::<BLOCK>().0.iter().enumerate() {
        match n {
            50 => processor.set(Processing { noise_suppression: true, ..Processing::OFF }),
            100 => processor.set(Processing::default()),
            150 => processor.set(Processing::OFF),
            _ => {}
        }
        let mut block = *block;
        processor.process(&mut block, &mut far, 1);
        heard.extend(block);
    }
    let jump = heard.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    assert!(jump < 0.03, "{jump}");
}

#[test]
fn the_far_end_waits_in_bounded_memory() {
    let mut far = FarEnd::default();
    (0..10_000).for_each(|_| far.play(&[0.1; BLOCK]));
    assert_eq!(far.blocks.len(), MOST_FAR);
}

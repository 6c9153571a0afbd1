mod bench;

use super::*;
use crate::voice::{mixer::level, speech::speech_like, stoi::stoi};

/// From our speakers to our microphone, in a room: 80 ms, quieter, and not quite the same. The speakers are loud: 8 dB less.
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
    // Who sits at the microphone is louder in it than the speakers, by some 20 dB.
    let microphone: Vec<f32> = echo(&far).iter().zip(&near).map(|(echo, near)| 0.25 * echo + near).collect();
    let heard = cleaned(ECHO_ONLY, &microphone, &far);
    let (spoken, heard) = (&near[9 * SECOND..], &heard[9 * SECOND..]);
    let heard = aligned(spoken, heard);
    let intelligible = stoi(spoken, heard);
    println!("double talk: STOI {intelligible:.2}");
    assert!((level(heard).0 - level(spoken).0).abs() < 6.0, "{:?} of {:?}", level(heard), level(spoken));
    assert!(intelligible >= 0.85, "{intelligible}");
}

/// From where it is most like what was said, up to 25 ms later.
fn aligned<'a>(spoken: &[f32], heard: &'a [f32]) -> &'a [f32] {
    let length = spoken.len() - SECOND / 40;
    let product = |lag: &usize| -> f32 {
        spoken[..length].iter().zip(&heard[*lag..]).map(|(spoken, heard)| spoken * heard).sum()
    };
    let lag = (0..SECOND / 40).step_by(4).max_by(|a, b| product(a).total_cmp(&product(b)));
    &heard[lag.unwrap_or(0)..]
}

#[test]
fn the_measure_of_intelligibility_knows_speech_from_other_speech() {
    let (speech, other) = (speech_like(4 * SECOND), other_speech(4 * SECOND));
    let half: Vec<f32> = speech.iter().zip(&other).map(|(speech, other)| speech + other).collect();
    assert!(stoi(&speech, &speech) > 0.999);
    assert!(stoi(&speech, &other) < 0.5, "{}", stoi(&speech, &other));
    assert!((0.5..0.95).contains(&stoi(&speech, &half)), "{}", stoi(&speech, &half));
}

#[test]
fn the_canceller_rests_while_the_speakers_are_silent_and_is_there_with_their_first_word() {
    let (near, far) = (speech_like(4 * SECOND), other_speech(6 * SECOND));
    let silence = vec![0.0; 4 * SECOND];
    assert_eq!(cleaned(ECHO_ONLY, &near, &silence), near, "not even late");
    // Learnt, then a long silence, then again.
    let far = [far.as_slice(), &silence, &silence, &far].concat();
    let microphone = echo(&far);
    let cleaned = cleaned(ECHO_ONLY, &microphone, &far);
    let cut = |from: usize, to: usize| {
        let part = 14 * SECOND + from..14 * SECOND + to;
        level(&microphone[part.clone()]).0 - level(&cleaned[part]).0
    };
    let (word, after) = (cut(0, SECOND / 2), cut(SECOND / 2, 4 * SECOND));
    println!("the first word's echo is cut by {word:.1} dB, all after it by {after:.1}");
    assert!(word > 10.0 && after > 30.0, "{word} {after}");
}

#[test]
fn what_is_switched_back_before_it_came_into_force_stays_as_it_was() {
    let (mut processor, mut far) = (Processor::new(Processing::default()), FarEnd::default());
    processor.set(Box::new(Chain::new(Processing::OFF)));
    processor.set(Box::new(Chain::new(Processing::default())));
    processor.process(&mut [0.1; BLOCK], &mut far, 1);
    assert!(processor.chain.settings == Processing::default() && !processor.is_new);
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
        let settings = match n {
            50 => Some(Processing { noise_suppression: true, ..Processing::OFF }),
            100 => Some(Processing::default()),
            150 => Some(Processing::OFF),
            _ => None,
        };
        if let Some(settings) = settings {
            processor.set(Box::new(Chain::new(settings)));
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

#[test]
fn what_was_learnt_stays_when_something_else_is_switched() {
    let far = speech_like(8 * SECOND);
    let microphone = echo(&far);
    let (mut processor, mut played) = (Processor::new(ECHO_ONLY), FarEnd::default());
    let mut cleaned = vec![];
    for (n, (block, far)) in
        microphone.as_chunks::<BLOCK>().0.iter().zip(far.as_chunks::<BLOCK>().0).enumerate()
    {
        if n == 600 {
            processor.set(Box::new(Chain::new(Processing { high_pass: true, ..ECHO_ONLY })));
        }
        played.play(far);
        let mut block = *block;
        processor.process(&mut block, &mut played, 1);
        cleaned.extend(block);
    }
    assert!(processor.chain.settings.high_pass);
    let (before, after) = (level(&microphone[6 * SECOND..]), level(&cleaned[6 * SECOND..]));
    assert!(before.0 - after.0 >= 30.0, "{before:?} {after:?}");
}

#[test]
fn of_the_far_end_only_the_newest_is_kept() {
    let mut far = FarEnd::default();
    (0..20).for_each(|n| far.play(&[n as f32; BLOCK]));
    far.keep(30);
    assert_eq!(far.blocks.len(), 20);
    far.keep(5);
    assert_eq!((far.blocks.len(), far.blocks[0][0]), (5, 15.0));
}

//! How what a resident says becomes packets: plainly, or as the published frames of a console show it. Pure.

use axum::body::Bytes;

use crate::sandbox::bridge::audio::FRAME;

/// Frames of silence sent after the last speech, so that its end is heard as such.
const TAIL: u32 = 3;
/// While nothing is said, every tenth frame is sent: 400 ms.
const KEEP_ALIVE: u32 = 10;
/// A console changes between plain and redundant packets every so many frames: a second.
const REDUNDANT_FOR: u32 = 25;
/// One pause in so many begins with a key.
const KEY_ONE_IN: u32 = 3;
/// Frames of a key.
const KEY_FRAMES: u32 = 3;
/// The key 5.
const KEY: u8 = 5;
/// How loud a console's comfort noise is, in −dB.
const NOISE_LEVEL: u8 = 72;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Manner {
    /// Opus in every packet.
    Plain,
    /// Redundant packets now and then, comfort noise of every clock in pauses, a key once in a while, signatures.
    Console,
}

/// What is sent in one frame, for a connection to number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Utterance {
    /// In samples since the beginning.
    pub timestamp: u32,
    /// First after a pause, or of a key.
    pub marker: bool,
    /// RTP audio level.
    pub level: u8,
    pub speech: bool,
    pub what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    Opus(Bytes),
    /// Opus, and the frame before it.
    Redundant {
        before: Bytes,
        now: Bytes,
    },
    /// Comfort noise of the clock at this place.
    Noise {
        place: usize,
        level: u8,
    },
    /// A telephone event (RFC 4733).
    Key([u8; 4]),
}

/// One resident's speech on its way into packets.
pub(super) struct Delivery {
    manner: Manner,
    frame: u32,
    /// Frames since the last speech.
    quiet: u32,
    /// Since the beginning.
    pauses: u32,
    /// Something was left out since the last speech.
    paused: bool,
    /// What was sent in the last frame.
    before: Option<Bytes>,
}

impl Delivery {
    pub fn new(manner: Manner) -> Self {
        Self { manner, frame: 0, quiet: TAIL, pauses: 0, paused: true, before: None }
    }

    /// The packet of the next frame, if it has one. `encode` makes its Opus.
    pub fn next(
        &mut self,
        speech: bool,
        level: u8,
        encode: impl FnOnce() -> Option<Bytes>,
    ) -> Option<Utterance> {
        let timestamp = self.frame.wrapping_mul(FRAME as u32);
        let redundant = self.manner == Manner::Console && self.frame / REDUNDANT_FOR % 2 == 1;
        self.frame = self.frame.wrapping_add(1);
        self.quiet = if speech { 0 } else { self.quiet.saturating_add(1) };
        self.pauses += u32::from(self.quiet == 1);
        let before = self.before.take();
        if self.quiet > TAIL {
            if self.manner == Manner::Console {
                self.paused = true;
                return self.pause(timestamp);
            }
            if !self.quiet.is_multiple_of(KEEP_ALIVE) {
                self.paused = true;
                return None;
            }
        }
        let now = encode()?;
        self.before = Some(now.clone());
        let what = match before.filter(|_| redundant) {
            Some(before) => What::Redundant { before, now },
            None => What::Opus(now),
        };
        let marker = std::mem::take(&mut self.paused);
        Some(Utterance { timestamp, marker, level, speech, what })
    }

    fn pause(&self, timestamp: u32) -> Option<Utterance> {
        let silent =
            |timestamp, marker, what| Utterance { timestamp, marker, level: 127, speech: false, what };
        let step = self.quiet - TAIL;
        if self.pauses % KEY_ONE_IN == 1 && step <= KEY_FRAMES {
            // All packets of a key have the timestamp of the first.
            let began = timestamp.wrapping_sub((step - 1) * FRAME as u32);
            let [high, low] = (step as u16 * FRAME as u16).to_be_bytes();
            let ended = u8::from(step == KEY_FRAMES) << 7;
            return Some(silent(began, step == 1, What::Key([KEY, ended | 10, high, low])));
        }
        let noise = What::Noise { place: self.pauses as usize, level: NOISE_LEVEL };
        (self.pauses > 0 && self.quiet.is_multiple_of(KEEP_ALIVE)).then(|| silent(timestamp, false, noise))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(manner: Manner, speaks: impl Fn(u32) -> bool, frames: u32) -> Vec<(u32, Option<Utterance>)> {
        let mut delivery = Delivery::new(manner);
        let encode = |frame: u32| Some(Bytes::from(vec![frame as u8]));
        (0..frames).map(|frame| (frame, delivery.next(speaks(frame), 20, || encode(frame)))).collect()
    }

    #[test]
    fn plain_speech_is_opus_with_a_tail_and_signs_of_life() {
        let sent: Vec<_> = run(Manner::Plain, |frame| (20..25).contains(&frame), 60);
        let sent: Vec<(u32, bool)> =
            sent.into_iter().filter_map(|(frame, it)| Some((frame, it?.marker))).collect();
        let spoken = (20..28).map(|frame| (frame, frame == 20));
        let expected: Vec<(u32, bool)> = [(6, true), (16, true)]
            .into_iter()
            .chain(spoken)
            .chain([(34, true), (44, true), (54, true)])
            .collect();
        assert_eq!(sent, expected);
    }

    #[test]
    fn a_console_packs_redundantly_every_other_second() {
        let sent = run(Manner::Console, |_| true, 100);
        for (frame, utterance) in sent {
            let utterance = utterance.expect("speech in every frame");
            assert_eq!(utterance.timestamp, frame * 640);
            let now = Bytes::from(vec![frame as u8]);
            let before = Bytes::from(vec![frame.wrapping_sub(1) as u8]);
            let redundant = frame / 25 % 2 == 1;
            let expected = if redundant { What::Redundant { before, now } } else { What::Opus(now) };
            assert_eq!(utterance.what, expected, "frame {frame}");
        }
    }

    #[test]
    fn a_console_fills_pauses_with_noise_and_the_first_with_a_key_too() {
        let sent = run(Manner::Console, |frame| frame % 40 < 5, 120);
        let pauses: Vec<_> = sent.into_iter().filter_map(|(frame, it)| Some((frame, it?))).collect();
        let keys: Vec<_> = pauses
            .iter()
            .filter_map(|(frame, it)| match it.what {
                What::Key(key) => Some((*frame, it.timestamp, it.marker, key)),
                _ => None,
            })
            .collect();
        assert_eq!(
            keys,
            [
                (8, 8 * 640, true, [5, 10, 0x02, 0x80]),
                (9, 8 * 640, false, [5, 10, 0x05, 0x00]),
                (10, 8 * 640, false, [5, 0x8A, 0x07, 0x80]),
            ]
        );
        let noise: Vec<_> = pauses
            .iter()
            .filter_map(|(frame, it)| match it.what {
                What::Noise { place, .. } => Some((*frame, place)),
                _ => None,
            })
            .collect();
        assert_eq!(
            noise,
            [(14, 1), (24, 1), (34, 1), (54, 2), (64, 2), (74, 2), (94, 3), (104, 3), (114, 3)]
        );
    }
}

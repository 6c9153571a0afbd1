//! One's own microphone on its way to one's own ear, as the others would hear it: gated, encoded and decoded. Two cards
//! never run at quite the same pace: it holds little, and drops what is too much. The voice thread runs it.

use std::time::Instant;

use opus::{Decoder, Encoder};

use super::{
    BLOCK, Talk,
    codec::{self, Format, MAX_PAYLOAD},
    gate::{Gate, Passage},
};
use crate::model::TalkMode;

/// Samples beside a frame before it begins to flow, so that it does not run dry between two reads.
const START: usize = 2 * BLOCK;
/// Samples held at most: more than a frame and the gate's pre-roll.
const MOST: usize = 20 * BLOCK;

pub struct Monitor {
    gate: Gate,
    encoder: Encoder,
    decoder: Decoder,
    /// Samples of a frame.
    frame: usize,
    pending: Vec<f32>,
    packet: Vec<u8>,
    samples: Vec<f32>,
    flowing: bool,
}

impl Monitor {
    /// As somebody hears us who has Partyline too, in frames of so many milliseconds. Allocates; to be called where it is
    /// asked for, not on the voice thread.
    ///
    /// # Errors
    /// libopus could not allocate or refuses a setting.
    pub fn new(frame_millis: u32) -> Result<Self, opus::Error> {
        let format = Format { frame_millis, full_band: frame_millis < 40, copied: true };
        Ok(Self {
            gate: Gate::default(),
            encoder: codec::encoder(format)?,
            decoder: codec::decoder()?,
            frame: format.samples(),
            pending: Vec::with_capacity(MOST),
            packet: vec![0; MAX_PAYLOAD],
            samples: Vec::with_capacity(2 * MOST),
            flowing: false,
        })
    }

    /// A block of the microphone, cleaned. The key counts as held, and nothing as muted: it is a test.
    pub fn hear(&mut self, block: &[f32; BLOCK], talk: &Talk, now: Instant) {
        let mode = match talk.mode {
            TalkMode::VoiceActivation => TalkMode::VoiceActivation,
            TalkMode::OpenMicrophone | TalkMode::PushToTalk => TalkMode::OpenMicrophone,
        };
        let mut block = *block;
        let passage =
            self.gate.pass(&mut block, &Talk { mode, muted: false, deafened: false, ..*talk }, true, now);
        if passage == Passage::Shut {
            return;
        }
        if passage == Passage::Opened {
            self.pending.extend_from_slice(self.gate.pre_roll());
        }
        self.pending.extend_from_slice(&block);
        if passage == Passage::Closed {
            self.pending.resize(self.pending.len().next_multiple_of(self.frame), 0.0);
        }
        while self.pending.len() >= self.frame {
            self.pass_frame();
        }
        if self.samples.len() > MOST {
            self.samples.drain(..self.samples.len() - self.start());
        }
    }

    /// The next of it, if there is enough.
    pub fn take(&mut self) -> Option<[f32; BLOCK]> {
        self.flowing = self.samples.len() >= if self.flowing { BLOCK } else { self.start() };
        if !self.flowing {
            return None;
        }
        let mut block = [0.0; BLOCK];
        block.copy_from_slice(self.samples.get(..BLOCK)?);
        self.samples.drain(..BLOCK);
        Some(block)
    }

    fn start(&self) -> usize {
        self.frame + START
    }

    fn pass_frame(&mut self) {
        let place = self.samples.len();
        self.samples.resize(place + self.frame, 0.0);
        let passed =
            self.encoder.encode_float(&self.pending[..self.frame], &mut self.packet).and_then(|length| {
                self.decoder.decode_float(&self.packet[..length], &mut self.samples[place..], false)
            });
        if let Err(error) = passed {
            tracing::debug!(%error, "a frame of one's own voice was lost");
        }
        self.pending.drain(..self.frame);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        model::Activation,
        voice::{SAMPLE_RATE, mixer::level, speech::speech_like},
    };

    const MUTED: Talk = Talk {
        mode: TalkMode::PushToTalk,
        activation: Activation { open_at: -38.0, close_at: -44.0, hold_millis: 300 },
        key_held: false,
        muted: true,
        deafened: false,
        release_hold: Duration::from_millis(200),
    };

    /// What one hears of this at the microphone's own pace, and the most that was held.
    fn heard(talk: Talk, said: &[f32]) -> (Vec<f32>, usize) {
        let (mut monitor, mut now) = (Monitor::new(20).unwrap(), Instant::now());
        let (mut heard, mut most) = (vec![], 0);
        for block in said.as_chunks::<BLOCK>().0 {
            now += Duration::from_millis(10);
            monitor.hear(block, &talk, now);
            most = most.max(monitor.samples.len());
            heard.extend(monitor.take().unwrap_or([0.0; BLOCK]));
        }
        (heard, most)
    }

    #[test]
    fn one_hears_oneself_soon_and_as_loud_as_one_is() {
        let said = speech_like(4 * SAMPLE_RATE);
        let (heard, most) = heard(MUTED, &said);
        assert!(most <= 6 * BLOCK, "{most}");
        let (said, heard) = (level(&said), level(&heard));
        assert!((said.0 - heard.0).abs() < 1.0, "{said:?} {heard:?}");
    }

    #[test]
    fn what_does_not_open_the_gate_is_not_heard() {
        let activated = Talk { mode: TalkMode::VoiceActivation, ..MUTED };
        let speech = speech_like(4 * SAMPLE_RATE);
        let quiet: Vec<f32> = speech.iter().map(|sample| sample * 0.001).collect();
        assert!(heard(activated, &quiet).0.iter().all(|&sample| sample == 0.0));
        let (heard, _) = heard(activated, &speech);
        assert!((level(&speech).0 - level(&heard).0).abs() < 3.0, "{:?} {:?}", level(&speech), level(&heard));
    }

    #[test]
    fn an_ear_that_does_not_listen_misses_the_oldest() {
        let (mut monitor, now) = (Monitor::new(20).unwrap(), Instant::now());
        for _ in 0..100 {
            monitor.hear(&[0.3; BLOCK], &MUTED, now);
            assert!(monitor.samples.len() <= MOST);
        }
        assert!(monitor.take().is_some());
    }
}

//! Our voice, from gated blocks to Opus frames with their place in time. The voice thread runs it.

use std::time::{Duration, Instant};

use opus::Encoder;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::{
    SAMPLE_RATE,
    codec::{self, MAX_PAYLOAD},
    mixer,
    negotiation::Terms,
};
use crate::model::Decibels;

/// While nobody talks, an empty frame this often keeps the stream and the path alive.
const KEEP_ALIVE: Duration = Duration::from_millis(400);

/// One Opus packet on its way out.
#[derive(Debug)]
pub struct Frame {
    pub payload: Vec<u8>,
    pub payload_type: u8,
    /// Ticks of the negotiated clock since the connection began.
    pub timestamp: u32,
    /// The first after a pause.
    pub begins_talk: bool,
    /// `None`: nothing of the microphone is in it.
    pub speech: Option<Decibels>,
}

/// Cuts speech into frames. Timestamps follow real time through every pause.
pub struct Outgoing {
    frames: mpsc::Sender<Frame>,
    encoder: Encoder,
    /// A frame of nothing, encoded once.
    silence: Vec<u8>,
    payload_type: u8,
    clock_hz: u32,
    frame_samples: usize,
    began: Instant,
    pending: Vec<f32>,
    /// Where `pending` begins, in samples since `began`.
    position: u64,
    /// Up to here everything was sent, in samples since `began`.
    sent_until: u64,
    last_sent: Instant,
    begins_talk: bool,
}

impl Outgoing {
    /// `frames`: to the peer's sending task.
    ///
    /// # Errors
    /// libopus could not allocate or refuses a setting.
    pub fn new(terms: &Terms, frames: mpsc::Sender<Frame>, now: Instant) -> Result<Self, opus::Error> {
        let frame_samples = SAMPLE_RATE / 1000 * terms.frame_millis as usize;
        let mut encoder = codec::encoder(terms)?;
        let silence = encoder.encode_vec_float(&vec![0.0; frame_samples], MAX_PAYLOAD)?;
        encoder.reset_state()?;
        Ok(Self {
            frames,
            encoder,
            silence,
            payload_type: terms.opus,
            clock_hz: terms.clock_hz,
            frame_samples,
            began: now,
            pending: Vec::with_capacity(2 * frame_samples + SAMPLE_RATE / 10),
            position: 0,
            sent_until: 0,
            last_sent: now - KEEP_ALIVE,
            begins_talk: true,
        })
    }

    /// Speech begins with these samples, the last of which was recorded now.
    pub fn begin(&mut self, pre_roll: &[f32], block: &[f32], now: Instant) {
        let recorded = (pre_roll.len() + block.len()) as u64;
        // Rather a little later than real time than over what was sent already.
        self.position = self.now(now).saturating_sub(recorded).max(self.sent_until);
        self.pending.clear();
        self.pending.extend_from_slice(pre_roll);
        self.begins_talk = true;
        self.speak(block, now);
    }

    /// Goes on with speech.
    pub fn speak(&mut self, block: &[f32], now: Instant) {
        self.pending.extend_from_slice(block);
        while self.pending.len() >= self.frame_samples {
            self.send_pending(now);
        }
    }

    /// Ends speech with this block, if there is one: what is left goes out in a frame filled up with silence.
    pub fn end(&mut self, block: &[f32], now: Instant) {
        self.speak(block, now);
        if !self.pending.is_empty() {
            self.pending.resize(self.frame_samples, 0.0);
            self.send_pending(now);
        }
        // No echo of what was said may travel in the redundancy of a later frame.
        if let Err(error) = self.encoder.reset_state() {
            tracing::debug!(%error, "the encoder keeps its state");
        }
    }

    /// When [`Self::keep_alive`] has something to do.
    pub fn due(&self) -> Instant {
        self.last_sent + KEEP_ALIVE
    }

    /// Between speech, to be called when it is due; earlier it does nothing.
    pub fn keep_alive(&mut self, now: Instant) {
        if now < self.due() {
            return;
        }
        let frame = self.frame_samples as u64;
        self.position = self.now(now).saturating_sub(frame).max(self.sent_until);
        self.send(self.silence.clone(), None, now);
    }

    fn send_pending(&mut self, now: Instant) {
        let frame = &self.pending[..self.frame_samples];
        let level = mixer::level(frame);
        match self.encoder.encode_vec_float(frame, MAX_PAYLOAD) {
            Ok(payload) => self.send(payload, Some(level), now),
            Err(error) => tracing::debug!(%error, "a frame was not encoded"),
        }
        self.pending.drain(..self.frame_samples);
    }

    fn send(&mut self, payload: Vec<u8>, speech: Option<Decibels>, now: Instant) {
        let timestamp = (self.position * u64::from(self.clock_hz) / SAMPLE_RATE as u64) as u32;
        let payload_type = self.payload_type;
        let frame = Frame { payload, payload_type, timestamp, begins_talk: self.begins_talk, speech };
        // Closed: the connection just ended. Full: the network is stuck, and sound that waits is worth nothing.
        if let Err(TrySendError::Full(_)) = self.frames.try_send(frame) {
            tracing::debug!("a frame was dropped on its way to the network");
        }
        self.position += self.frame_samples as u64;
        self.sent_until = self.position;
        self.last_sent = now;
        self.begins_talk = false;
    }

    fn now(&self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.began);
        (elapsed.as_micros() * SAMPLE_RATE as u128 / 1_000_000) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::BLOCK;

    const TERMS: Terms = Terms {
        opus: 111,
        clock_hz: 16_000,
        channels: 2,
        format_parameters: String::new(),
        redundancy: None,
        comfort_noise: Vec::new(),
        frame_millis: 40,
        we_send: true,
        they_send: true,
        partyline: false,
    };
    const BLOCK_TIME: Duration = Duration::from_millis(10);

    struct Bench {
        outgoing: Outgoing,
        frames: mpsc::Receiver<Frame>,
        start: Instant,
        now: Instant,
    }

    impl Bench {
        fn new() -> Self {
            let (sender, frames) = mpsc::channel(1000);
            let start = Instant::now();
            Self { outgoing: Outgoing::new(&TERMS, sender, start).unwrap(), frames, start, now: start }
        }

        fn quiet(&mut self, blocks: u32) {
            for _ in 0..blocks {
                self.now += BLOCK_TIME;
                self.outgoing.keep_alive(self.now);
            }
        }

        fn talk(&mut self, pre_roll: usize, blocks: u32) {
            self.now += BLOCK_TIME;
            self.outgoing.begin(&vec![0.3; pre_roll], &[0.3; BLOCK], self.now);
            for _ in 2..blocks {
                self.now += BLOCK_TIME;
                self.outgoing.speak(&[0.3; BLOCK], self.now);
            }
            self.now += BLOCK_TIME;
            self.outgoing.end(&[0.3; BLOCK], self.now);
        }

        fn sent(&mut self) -> Vec<Frame> {
            std::iter::from_fn(|| self.frames.try_recv().ok()).collect()
        }

        fn ticks(&self) -> u32 {
            ((self.now - self.start).as_millis() * 16) as u32
        }
    }

    #[test]
    fn silence_is_a_small_frame_every_four_hundred_milliseconds() {
        let mut bench = Bench::new();
        bench.quiet(200);
        let frames = bench.sent();
        assert_eq!(frames.len(), 5);
        assert!(frames.iter().all(|frame| frame.speech.is_none() && frame.payload.len() < 20), "{frames:?}");
        assert!(frames[1..].windows(2).all(|pair| pair[1].timestamp - pair[0].timestamp == 400 * 16));
    }

    #[test]
    fn speech_is_cut_into_frames_that_follow_one_another() {
        let mut bench = Bench::new();
        bench.quiet(100);
        bench.sent();
        bench.talk(BLOCK * 6, 50);
        let frames = bench.sent();
        assert_eq!(frames.len(), 14, "560 ms of speech");
        assert!(frames.windows(2).all(|pair| pair[1].timestamp - pair[0].timestamp == 640));
        assert_eq!(frames.iter().filter(|frame| frame.begins_talk).count(), 1);
        assert!(frames[0].begins_talk);
        assert_eq!(frames[0].timestamp, 940 * 16, "where the pre-roll was recorded");
        assert!(frames.iter().all(|frame| frame.speech.is_some_and(|level| level.0 > -20.0)));
    }

    #[test]
    fn timestamps_never_run_back_and_stay_near_real_time() {
        let mut bench = Bench::new();
        for n in 0..200 {
            bench.talk(BLOCK * (n % 7), 2 + n as u32 % 9);
            bench.quiet(n as u32 * 7 % 50);
            let (now, frames) = (bench.ticks(), bench.sent());
            let last = frames.last().unwrap();
            assert!(frames.windows(2).all(|pair| pair[1].timestamp >= pair[0].timestamp + 640));
            assert!((last.timestamp + 640).abs_diff(now) < 16 * 520, "{} at {now}", last.timestamp);
        }
    }

    #[test]
    fn the_last_syllable_goes_out_in_a_whole_frame() {
        let mut bench = Bench::new();
        bench.talk(0, 5);
        let frames = bench.sent();
        assert_eq!(frames.len(), 2, "50 ms in two frames of 40");
        for frame in frames {
            assert_eq!(codec::duration(&frame.payload), Some(1920));
        }
    }
}

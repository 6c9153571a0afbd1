//! Our voice as Opus frames with their place in time, made once for every connection that takes the same. The voice thread
//! runs it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use opus::Encoder;

use super::{
    SAMPLE_RATE,
    codec::{self, Conditions, Format, MAX_PAYLOAD},
    mixer,
};
use crate::model::Decibels;

/// While nobody talks, an empty frame this often keeps the stream and the path alive.
const KEEP_ALIVE: Duration = Duration::from_millis(400);
/// The microphone is open and nothing is to be heard: after this long, what the others hear is a pause. Opus' own way of
/// finding that out takes a held note for noise.
const QUIET: Decibels = Decibels(-65.0);
const PAUSE_AFTER: Duration = Duration::from_millis(400);

/// One frame, before it is addressed to anybody.
pub struct Encoded {
    /// Shared by all connections it goes out on.
    pub payload: Bytes,
    /// Samples at 48 kHz since the encoding began.
    pub position: u64,
    /// The first after a pause.
    pub begins_talk: bool,
    /// `None`: nothing of the microphone is in it.
    pub speech: Option<Decibels>,
}

/// Cuts speech into frames. Their positions follow real time through every pause.
pub struct Encoding {
    format: Format,
    encoder: Encoder,
    /// A frame of nothing, encoded once.
    silence: Bytes,
    packet: Vec<u8>,
    began: Instant,
    pending: Vec<f32>,
    /// Where `pending` begins, in samples since `began`.
    position: u64,
    /// Up to here everything was sent, in samples since `began`.
    sent_until: u64,
    last_sent: Instant,
    begins_talk: bool,
    /// Of silence, up to here.
    quiet: Duration,
    conditions: Conditions,
}

impl Encoding {
    /// # Errors
    /// libopus could not allocate or refuses a setting.
    pub fn new(format: Format, now: Instant) -> Result<Self, opus::Error> {
        let mut encoder = codec::encoder(format)?;
        let silence = encoder.encode_vec_float(&vec![0.0; format.samples()], MAX_PAYLOAD)?;
        encoder.reset_state()?;
        Ok(Self {
            format,
            encoder,
            silence: silence.into(),
            packet: vec![0; MAX_PAYLOAD],
            began: now,
            pending: Vec::with_capacity(2 * format.samples() + SAMPLE_RATE / 10),
            position: 0,
            sent_until: 0,
            last_sent: now.checked_sub(KEEP_ALIVE).unwrap_or(now),
            begins_talk: true,
            quiet: Duration::ZERO,
            conditions: Conditions::default(),
        })
    }

    pub fn format(&self) -> Format {
        self.format
    }

    pub fn adapt(&mut self, conditions: Conditions) {
        if conditions != self.conditions {
            self.conditions = conditions;
            if let Err(error) = codec::adapt(&mut self.encoder, self.format, conditions) {
                tracing::debug!(%error, "the encoder does not follow the loss");
            }
        }
    }

    /// Speech begins with these samples, the last of which was recorded now.
    pub fn begin(&mut self, pre_roll: &[f32], block: &[f32], now: Instant, send: impl FnMut(Encoded)) {
        let recorded = (pre_roll.len() + block.len()) as u64;
        // Rather a little later than real time than over what was sent already.
        self.position = self.now(now).saturating_sub(recorded).max(self.sent_until);
        self.pending.clear();
        self.pending.extend_from_slice(pre_roll);
        self.begins_talk = true;
        self.quiet = Duration::ZERO;
        self.speak(block, now, send);
    }

    /// Goes on with speech.
    pub fn speak(&mut self, block: &[f32], now: Instant, mut send: impl FnMut(Encoded)) {
        self.pending.extend_from_slice(block);
        while self.pending.len() >= self.format.samples() {
            self.send_pending(now, &mut send);
        }
    }

    /// Ends speech with this block, if there is one: what is left goes out in a frame filled up with silence.
    pub fn end(&mut self, block: &[f32], now: Instant, mut send: impl FnMut(Encoded)) {
        self.speak(block, now, &mut send);
        if !self.pending.is_empty() {
            self.pending.resize(self.format.samples(), 0.0);
            self.send_pending(now, &mut send);
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
    pub fn keep_alive(&mut self, now: Instant, mut send: impl FnMut(Encoded)) {
        if now < self.due() {
            return;
        }
        let frame = self.format.samples() as u64;
        self.position = self.now(now).saturating_sub(frame).max(self.sent_until);
        send(self.nothing());
        self.sent(now);
    }

    fn send_pending(&mut self, now: Instant, send: &mut impl FnMut(Encoded)) {
        let frame = &self.pending[..self.format.samples()];
        let level = mixer::level(frame);
        self.quiet = match level < QUIET {
            true => self.quiet + Duration::from_millis(self.format.frame_millis.into()),
            false => Duration::ZERO,
        };
        if self.quiet > PAUSE_AFTER {
            self.pause(now, send);
        } else {
            match self.encoder.encode_float(frame, &mut self.packet) {
                Ok(length) => {
                    let payload = Bytes::copy_from_slice(self.packet.get(..length).unwrap_or_default());
                    let (position, begins_talk) = (self.position, self.begins_talk);
                    send(Encoded { payload, position, begins_talk, speech: Some(level) });
                    self.begins_talk = false;
                    self.sent(now);
                }
                Err(error) => tracing::debug!(%error, "a frame was not encoded"),
            }
        }
        self.pending.drain(..self.format.samples());
    }

    /// A frame of silence in the middle of an open microphone: only what keeps the stream alive is sent.
    fn pause(&mut self, now: Instant, send: &mut impl FnMut(Encoded)) {
        if !self.begins_talk {
            self.begins_talk = true;
            if let Err(error) = self.encoder.reset_state() {
                tracing::debug!(%error, "the encoder keeps its state");
            }
        }
        if now < self.due() {
            self.position += self.format.samples() as u64;
        } else {
            send(self.nothing());
            self.sent(now);
        }
    }

    fn nothing(&self) -> Encoded {
        let (payload, position) = (self.silence.clone(), self.position);
        Encoded { payload, position, begins_talk: false, speech: None }
    }

    fn sent(&mut self, now: Instant) {
        self.position += self.format.samples() as u64;
        self.sent_until = self.position;
        self.last_sent = now;
    }

    fn now(&self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.began);
        (elapsed.as_micros() * SAMPLE_RATE as u128 / 1_000_000) as u64
    }
}

//! One remote voice, from packets to blocks at 48 kHz. The voice thread runs it.

use std::time::{Duration, Instant};

use opus::Decoder;
use rtrb::Consumer;

use super::{
    BLOCK, SAMPLE_RATE,
    codec::{self, MAX_SAMPLES},
    jitter::{JitterBuffer, LONGEST_CONCEALMENT, Next, Packet},
    mixer,
    resample::Bender,
};
use crate::model::Decibels;

/// Made-up sound is whole up to here, and has faded at [`LONGEST_CONCEALMENT`]. Samples.
const FADE_FROM: usize = SAMPLE_RATE / 1000 * 40;
/// What is quieter may be cut short to lower the delay.
const CUTTABLE: Decibels = Decibels(-55.0);
/// The voice is bent while the delay is off by more than this, until it is off by less than [`SETTLED`]. Seconds.
const TOO_LATE: f64 = 0.025;
const TOO_EARLY: f64 = -0.012;
const SETTLED: f64 = 0.004;
/// The weight of the newest measurement of the delay.
const SMOOTHING: f64 = 0.15;

/// A remote voice could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum IncomingError {
    #[error("no decoder")]
    Decoder(#[from] opus::Error),
    #[error("no resampler")]
    Resampler(#[from] rubato::ResamplerConstructionError),
}

/// How a stream is received; counters since it began.
#[derive(Debug, Clone, Copy, Default)]
pub struct Received {
    /// The delay it is played with.
    pub buffer: Duration,
    /// Of its packets' arrival (RFC 3550).
    pub jitter: Duration,
    /// Packets.
    pub lost: u64,
    /// Samples that were made up, of all that were played.
    pub concealed: u64,
    pub played: u64,
}

/// A decoder, a jitter buffer and what is ready to be played.
pub struct Incoming {
    packets: Consumer<Packet>,
    jitter: JitterBuffer,
    decoder: Decoder,
    bender: Bender,
    /// Decoded, waiting to be played.
    ready: Vec<f32>,
    /// Samples made up in a row.
    made_up: usize,
    excess: f64,
    bend: f64,
    sources: Vec<u32>,
    concealed: u64,
    played: u64,
}

impl Incoming {
    /// Allocates; to be called where the stream is found, not on the voice thread.
    ///
    /// # Errors
    /// Out of memory, in practice.
    pub fn new(packets: Consumer<Packet>, clock_hz: u32) -> Result<Self, IncomingError> {
        Ok(Self {
            packets,
            jitter: JitterBuffer::new(clock_hz),
            decoder: codec::decoder()?,
            bender: Bender::new()?,
            ready: Vec::with_capacity(2 * MAX_SAMPLES),
            made_up: 0,
            excess: 0.0,
            bend: 1.0,
            sources: vec![],
            concealed: 0,
            played: 0,
        })
    }

    /// Takes over what arrived since the last call.
    pub fn receive(&mut self) {
        while let Ok(packet) = self.packets.pop() {
            self.jitter.insert(packet);
        }
    }

    /// Makes the next block. `false`: nothing to hear, the block is untouched.
    pub fn play(&mut self, block: &mut [f32; BLOCK], now: Instant) -> bool {
        if self.ready.is_empty() && self.jitter.is_idle() {
            return false;
        }
        self.bender.bend(self.bend);
        let needs = self.bender.needs();
        while self.ready.len() < needs {
            self.decode_next(now);
        }
        self.bender.play(&self.ready[..needs], block);
        self.played += needs as u64;
        self.ready.drain(..needs);
        // A rest shorter than a block, with nothing behind it, is not worth another.
        if self.jitter.is_idle() && self.ready.len() < BLOCK && mixer::level(&self.ready) <= CUTTABLE {
            self.ready.clear();
        }
        true
    }

    /// To be called in a long silence: a bridge's keep-alive leaves nothing behind that would have to fade.
    pub fn relax(&mut self) {
        if mixer::level(&self.ready) <= CUTTABLE && self.jitter.pause() {
            self.ready.clear();
        }
    }

    /// Whom the mixer named in what is played now.
    pub fn sources(&self) -> &[u32] {
        &self.sources
    }

    /// How it is received.
    pub fn report(&self) -> Received {
        let delay = (self.jitter.target().as_secs_f64() + self.excess).max(0.0);
        Received {
            buffer: Duration::try_from_secs_f64(delay).unwrap_or_default(),
            jitter: Duration::ZERO,
            lost: self.jitter.counts().lost,
            concealed: self.concealed,
            played: self.played,
        }
    }

    /// Nothing waits to be played.
    pub fn is_quiet(&self) -> bool {
        self.ready.is_empty() && self.jitter.is_idle() && self.packets.is_empty()
    }

    /// Its track ended, and all of it was played.
    pub fn is_over(&self) -> bool {
        self.packets.is_abandoned() && self.is_quiet()
    }

    fn decode_next(&mut self, now: Instant) {
        let start = self.ready.len();
        let decoder = &mut self.decoder;
        match self.jitter.next(now) {
            Next::Play(packet) => {
                match packet.payload.is_empty() {
                    true => self.ready.resize(start + packet.samples as usize, 0.0),
                    false => decode(decoder, &packet.payload, packet.samples, false, &mut self.ready),
                }
                self.sources = packet.sources;
                self.made_up = 0;
                self.steer(start);
            }
            Next::Recover { successor, samples } => {
                decode(decoder, successor, samples, true, &mut self.ready)
            }
            Next::Conceal { samples } => {
                decode(decoder, &[], samples, false, &mut self.ready);
                self.concealed += u64::from(samples);
                self.fade(start);
            }
            Next::Silence => self.ready.resize(start + BLOCK, 0.0),
        }
    }

    /// Lets made-up sound die away: a held vowel must not become a drone.
    fn fade(&mut self, start: usize) {
        let length = LONGEST_CONCEALMENT as usize - FADE_FROM;
        for sample in &mut self.ready[start..] {
            let faded = self.made_up.saturating_sub(FADE_FROM).min(length);
            *sample *= 1.0 - faded as f32 / length as f32;
            self.made_up += 1;
        }
    }

    /// Brings the delay to its target: at once where nothing is said, gently elsewhere.
    fn steer(&mut self, start: usize) {
        self.excess += SMOOTHING * (self.jitter.excess() - self.excess);
        let decoded = self.ready.len() - start;
        if self.excess > SETTLED && mixer::level(&self.ready[start..]) <= CUTTABLE {
            let cut = ((self.excess * SAMPLE_RATE as f64) as usize).min(decoded - decoded / 8);
            self.ready.truncate(self.ready.len() - cut);
            self.excess -= cut as f64 / SAMPLE_RATE as f64;
        }
        self.bend = match self.excess {
            late if late > TOO_LATE => 0.99,
            early if early < TOO_EARLY => 1.02,
            near if near.abs() < SETTLED => 1.0,
            _ => self.bend,
        };
    }
}

/// Appends exactly `samples`, silence where the decoder refuses.
fn decode(decoder: &mut Decoder, payload: &[u8], samples: u32, redundancy: bool, ready: &mut Vec<f32>) {
    let start = ready.len();
    let samples = (samples as usize).min(MAX_SAMPLES);
    ready.resize(start + samples, 0.0);
    let decoded = decoder.decode_float(payload, &mut ready[start..], redundancy).unwrap_or_else(|error| {
        tracing::trace!(%error, "a packet was not decoded");
        0
    });
    ready[start + decoded.min(samples)..].fill(0.0);
}

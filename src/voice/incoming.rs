//! One remote voice, from packets to blocks at 48 kHz. The voice thread runs it.
//!
//! A lost packet is heard from its copy in a later one (RED), else from the successor's redundancy (Opus FEC), else it is
//! made up (Opus PLC) and fades. The delay follows the network: in pauses at once, in speech by whole periods of the voice.
//!
//! Frames of 20 ms, copies within the encoder's budget, 40 ± 20 ms on the way, random loss, in simulated time (`tests::bench`);
//! PESQ, and the delay without cards:
//!
//! | lost | FEC | RED, one copy | one copy and FEC | RED, two copies | `neteq` |
//! |---|---|---|---|---|---|
//! | 0 % | 4.44, 89 ms | | | | 3.97, 94 ms |
//! | 5 % | 4.01, 118 ms | 4.16, 118 ms | 4.14, 118 ms | 4.13, 118 ms | 1.66 |
//! | 10 % | 3.52, 118 ms | 3.73, 118 ms | 4.10, 118 ms | 4.04, 139 ms | 1.24 |
//! | 20 % | 2.86, 112 ms | 3.10, 122 ms | 3.77, 122 ms | 3.92, 148 ms | 1.10 |
//!
//! `neteq` 0.9.1 has neither FEC nor RED nor the codec's own concealment, overflows where RTP timestamps wrap, and is tied to
//! the wall clock. libopus' neural concealment is out of reach: it needs the decoder's complexity, which `opus` 0.4 does not set.

use std::time::{Duration, Instant};

use opus::Decoder;
use rtrb::Consumer;

use super::{
    BLOCK, SAMPLE_RATE,
    codec::{self, MAX_SAMPLES},
    jitter::{JitterBuffer, LONGEST_CONCEALMENT, Next, Packet, Payload},
    levelling::Levelling,
    mixer,
    noise::ComfortNoise,
    stretch::{LOOK_AHEAD, Tape},
};
use crate::model::{Decibels, Hearing};

/// Made-up sound is whole up to here, and has faded at [`LONGEST_CONCEALMENT`]. Samples.
const FADE_FROM: usize = SAMPLE_RATE / 1000 * 40;
/// What is quieter may be cut short to lower the delay, or drawn out to raise it.
const QUIET: Decibels = Decibels(-55.0);
/// So may what is quieter than the loudest of late by this.
const QUIETER: f32 = 35.0;
/// The loudest is forgotten by this with each block. Decibels.
const FORGETTING: f32 = 0.02;
/// A delay off by less is as it should be. Seconds.
const SETTLED: f64 = 0.003;
/// Nor is it worth a change where it is longer than needed by less than this share: each is a step in time.
const TOLERATED: f64 = 0.25;
/// How well a voice must repeat itself to be shortened by a period, by how much (seconds) more than tolerated the delay is.
const LIKENESS: [(f64, f32); 3] = [(0.060, 0.6), (0.025, 0.85), (0.012, 0.95)];
/// And how well to be drawn out: a late packet costs more than a late word.
const LIKENESS_EARLY: f32 = 0.8;
const BLOCK_SECONDS: f64 = BLOCK as f64 / SAMPLE_RATE as f64;
/// Blocks between two periods taken out or repeated.
const STRETCH_EVERY: u32 = 5;
/// Opus's way to say that nothing is said (DTX): a packet of no more than this.
const NOTHING_SAID: usize = 2;

/// A remote voice could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum IncomingError {
    #[error("no decoder")]
    Decoder(#[from] opus::Error),
}

/// What one voice went through since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Received {
    /// How long sound waits before it is played.
    pub buffer: Duration,
    /// Of the packets' arrival (RFC 3550).
    pub jitter: Duration,
    /// Packets that were not there in time, mended or not; of these, heard from a copy in a later packet are `copied`.
    pub lost: u64,
    pub copied: u64,
    pub late: u64,
    pub duplicate: u64,
    /// Samples at 48 kHz that were made up, of all that were played.
    pub concealed: u64,
    pub played: u64,
}

/// A decoder, a jitter buffer and what is ready to be played.
pub struct Incoming {
    packets: Consumer<Packet>,
    jitter: JitterBuffer,
    decoder: Decoder,
    tape: Tape,
    noise: ComfortNoise,
    levelling: Levelling,
    /// A lost packet, decoded as a whole.
    mended: Vec<f32>,
    /// Samples made up in a row.
    made_up: usize,
    /// What is decoded next does not follow on what was before it.
    seam: bool,
    loudest: f32,
    /// Blocks since the voice was stretched.
    settled_for: u32,
    sources: Vec<u32>,
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
            tape: Tape::new(MAX_SAMPLES),
            noise: ComfortNoise::default(),
            levelling: Levelling::new(),
            mended: Vec::with_capacity(MAX_SAMPLES),
            made_up: 0,
            seam: true,
            loudest: Decibels::SILENCE.0,
            settled_for: 0,
            sources: vec![],
        })
    }

    /// Takes over what arrived since the last call.
    pub fn receive(&mut self) {
        while let Ok(packet) = self.packets.pop() {
            self.jitter.insert(packet);
        }
    }

    /// Makes the next block, as the other side sent it. `false`: nothing to hear, the block is untouched.
    pub fn play(&mut self, block: &mut [f32; BLOCK], now: Instant) -> bool {
        if self.tape.is_empty() && self.jitter.is_idle() && self.noise.is_silent() {
            return false;
        }
        while self.tape.len() < BLOCK {
            self.decode_next(now);
        }
        self.settled_for += 1;
        self.stretch(now);
        self.tape.take(block);
        // A rest shorter than a block, with nothing behind it, is not worth another.
        let rests = self.jitter.is_idle() && self.noise.is_silent() && self.tape.len() < BLOCK;
        if rests && mixer::level(self.tape.ahead()) <= QUIET {
            self.tape.cut(BLOCK);
        }
        true
    }

    /// Brings what [`Self::play`] made to the loudness of the others, and to the user's wish.
    pub fn level(&mut self, block: &mut [f32; BLOCK]) {
        self.levelling.apply(block);
    }

    pub fn set_levelled(&mut self, on: bool) {
        self.levelling.set_levelled(on);
    }

    pub fn set_hearing(&mut self, hearing: Hearing) {
        self.levelling.set_hearing(hearing);
    }

    /// To be called in a long silence: a bridge's keep-alive leaves nothing behind that would have to fade.
    pub fn relax(&mut self) {
        if mixer::level(self.tape.ahead()) <= QUIET && self.jitter.pause() {
            self.tape.cut(self.tape.len());
        }
    }

    /// Whom the mixer named in what is played now.
    pub fn sources(&self) -> &[u32] {
        &self.sources
    }

    pub fn report(&self) -> Received {
        let counts = self.jitter.counts();
        Received {
            buffer: self.jitter.delay(),
            jitter: self.jitter.jitter(),
            lost: counts.lost + counts.copied,
            copied: counts.copied,
            late: counts.late,
            duplicate: counts.duplicate,
            concealed: counts.concealed,
            played: counts.played + counts.concealed,
        }
    }

    /// Nothing waits to be played.
    pub fn is_quiet(&self) -> bool {
        self.tape.is_empty() && self.jitter.is_idle() && self.packets.is_empty() && self.noise.is_silent()
    }

    /// Its track ended, and all of it was played.
    pub fn is_over(&self) -> bool {
        self.packets.is_abandoned()
            && self.tape.is_empty()
            && self.jitter.is_idle()
            && self.packets.is_empty()
    }

    fn decode_next(&mut self, now: Instant) {
        let ready = self.tape.len();
        // Whole blocks decide when the next packet must be here; what they leave over is heard a little later.
        let due = now + Duration::from_millis(10) * (ready / BLOCK) as u32;
        match self.jitter.next(due) {
            Next::Play(packet) => {
                self.sources = packet.sources;
                self.play_packet(&packet.payload, packet.samples as usize);
                self.made_up = 0;
                self.settle(ready);
            }
            Next::Recover { successor, samples, keep } => {
                let (samples, keep) = (samples as usize, keep as usize);
                self.mended.clear();
                self.mended.resize(samples, 0.0);
                decode(&mut self.decoder, &successor, true, &mut self.mended);
                self.tape.extend(keep).copy_from_slice(&self.mended[samples - keep..]);
                if keep < samples {
                    self.tape.join(keep);
                }
                self.made_up = 0;
            }
            Next::Conceal { samples } => {
                decode(&mut self.decoder, &[], false, self.tape.extend(samples as usize));
                self.fade(samples as usize);
            }
            Next::Silence => {
                // What was left over of a block waits no longer than the pause.
                let samples = BLOCK - ready % BLOCK;
                self.noise.fill(self.tape.extend(samples));
                if !self.seam {
                    self.tape.join(samples);
                }
                self.seam = true;
            }
        }
    }

    fn play_packet(&mut self, payload: &Payload, samples: usize) {
        let samples = samples.min(MAX_SAMPLES);
        match payload {
            Payload::Opus(payload) => {
                decode(&mut self.decoder, payload, false, self.tape.extend(samples));
                if self.seam {
                    self.tape.join(samples);
                }
                self.seam = false;
                if payload.len() > NOTHING_SAID {
                    self.noise.end();
                } else {
                    let ahead = self.tape.ahead();
                    self.noise.begin(mixer::level(&ahead[ahead.len() - samples..]));
                    // What follows is the pause, not a loss: nothing of it is made up.
                    self.jitter.pause();
                }
            }
            Payload::Noise(level) => {
                self.noise.begin(*level);
                self.noise.fill(self.tape.extend(samples));
                self.tape.join(samples);
                self.seam = true;
            }
        }
    }

    /// Lets made-up sound die away: a held vowel must not become a drone.
    fn fade(&mut self, samples: usize) {
        let length = LONGEST_CONCEALMENT as usize - FADE_FROM;
        for sample in self.tape.newest(samples) {
            let faded = self.made_up.saturating_sub(FADE_FROM).min(length);
            *sample *= 1.0 - faded as f32 / length as f32;
            self.made_up += 1;
        }
    }

    /// Brings the delay to its target where nothing is said: what was decoded beyond `ready` is shortened or drawn out.
    fn settle(&mut self, ready: usize) {
        let decoded = self.tape.len() - ready;
        let level = mixer::level(&self.tape.ahead()[ready..]).0;
        self.loudest = (self.loudest - FORGETTING * decoded as f32 / BLOCK as f32).max(level);
        let excess = self.jitter.excess();
        let tolerated = -SETTLED..SETTLED.max(TOLERATED * self.jitter.delay().as_secs_f64());
        if tolerated.contains(&excess) || level > QUIET.0.max(self.loudest - QUIETER) {
            return;
        }
        let before = self.tape.len();
        if excess > 0.0 {
            self.tape.cut(self.spare(excess).min(decoded - decoded / 8));
        } else {
            // The same once more, backwards: quiet as it is, nobody hears that, and nothing jumps.
            self.tape.mirror(self.short(excess).min(decoded));
        }
        self.seam |= self.tape.len() != before;
        self.stretched(before);
    }

    /// Samples that can go without the next packet being due too early: whole blocks, and what is left over of one.
    fn spare(&self, excess: f64) -> usize {
        (excess / BLOCK_SECONDS) as usize * BLOCK + self.tape.len() % BLOCK
    }

    /// Samples it takes until the next packet is due late enough.
    fn short(&self, excess: f64) -> usize {
        (-excess / BLOCK_SECONDS) as usize * BLOCK + BLOCK - self.tape.len() % BLOCK
    }

    /// Tells the jitter buffer how much later the next packet is due than it was.
    fn stretched(&mut self, before: usize) {
        let blocks = (self.tape.len() / BLOCK) as f64 - (before / BLOCK) as f64;
        self.jitter.stretched(blocks * BLOCK_SECONDS);
    }

    /// Brings the delay closer to its target by a period of the voice.
    fn stretch(&mut self, now: Instant) {
        let excess = self.jitter.excess();
        if self.settled_for < STRETCH_EVERY || self.made_up > 0 {
            return;
        }
        let tolerated = TOLERATED * self.jitter.delay().as_secs_f64();
        let changed = if excess < -SETTLED {
            let before = self.tape.len();
            let changed = self.tape.lengthen(self.short(excess) + BLOCK, LIKENESS_EARLY);
            self.stretched(before);
            changed
        } else if let Some((_, likeness)) = LIKENESS.iter().find(|(late, _)| excess > *late + tolerated) {
            while self.tape.len() < LOOK_AHEAD && self.jitter.goes_on() {
                self.decode_next(now);
            }
            let before = self.tape.len();
            let changed = self.tape.shorten(self.spare(excess), *likeness);
            self.stretched(before);
            changed
        } else {
            0
        };
        if changed > 0 {
            self.settled_for = 0;
        }
    }
}

/// Fills `out`, with silence where the decoder refuses.
fn decode(decoder: &mut Decoder, payload: &[u8], redundancy: bool, out: &mut [f32]) {
    let decoded = decoder.decode_float(payload, out, redundancy).unwrap_or_else(|error| {
        tracing::trace!(%error, "a packet was not decoded");
        0
    });
    let decoded = decoded.min(out.len());
    out[decoded..].fill(0.0);
}

#[cfg(test)]
mod tests;

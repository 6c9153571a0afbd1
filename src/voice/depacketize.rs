//! From RTP packets to what the jitter buffer holds: Opus, Opus inside RED (RFC 2198), comfort noise (RFC 3389). Whatever
//! was not negotiated, is malformed, or comes faster than anybody speaks stops here. Pure, time is an argument; one per
//! stream, run by the task that drains it.

use std::{cmp::Ordering, collections::VecDeque, time::Instant};

use super::{
    BLOCK, codec,
    jitter::{Packet, Payload},
    negotiation::Terms,
};
use crate::model::Decibels;

/// The shortest packets make a hundred a second; a stream has twice that, and a second's worth after a stall.
const PACKETS_PER_SECOND: f64 = 200.0;
const BURST: f64 = 200.0;
/// Redundant blocks in one packet; more is not worth its bandwidth to anybody.
const MAX_REDUNDANT: usize = 8;
/// Packets whose places are remembered, for those of copies between them.
const RECENT: usize = 16;
/// Further back than this nothing is looked for.
const MAX_STEPS: u16 = 64;

/// Why a packet carries nothing to play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    #[error("faster than anybody speaks")]
    TooFast,
    #[error("a payload type that was not negotiated, or is no sound")]
    PayloadType,
    #[error("not what its payload type says")]
    Malformed,
}

/// A packet of RTP as far as it matters here (RFC 3550).
#[derive(Debug, Clone, Copy, Default)]
pub struct Rtp<'a> {
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    /// Who was mixed into it.
    pub sources: &'a [u32],
    pub payload: &'a [u8],
}

/// Reads the packets of one stream.
#[derive(Debug)]
pub struct Depacketizer {
    opus: u8,
    redundancy: Option<u8>,
    comfort_noise: Vec<u8>,
    /// Sequence number and timestamp of what came last.
    recent: VecDeque<(u16, u32)>,
    tokens: f64,
    refilled: Option<Instant>,
}

impl Depacketizer {
    pub fn new(terms: &Terms) -> Self {
        Self {
            opus: terms.opus,
            redundancy: terms.redundancy,
            comfort_noise: terms.comfort_noise.clone(),
            recent: VecDeque::with_capacity(RECENT),
            tokens: BURST,
            refilled: None,
        }
    }

    /// Hands out what the packet carries: its own sound first, then copies of what was sent before it and did not come.
    ///
    /// # Errors
    /// There is nothing to play in it.
    pub fn read(
        &mut self,
        packet: Rtp<'_>,
        arrived: Instant,
        mut emit: impl FnMut(Packet),
    ) -> Result<(), Rejected> {
        self.spend(arrived)?;
        let payload = packet.payload;
        let place = Place { packet, arrived };
        match packet.payload_type {
            opus if opus == self.opus => emit(place.opus(payload)?),
            red if Some(red) == self.redundancy => self.read_blocks(&place, payload, emit)?,
            noise if self.comfort_noise.contains(&noise) => emit(place.noise(payload)?),
            _ => return Err(Rejected::PayloadType),
        }
        self.recent.truncate(RECENT - 1);
        self.recent.push_front((packet.sequence, packet.timestamp));
        Ok(())
    }

    /// RFC 2198: four bytes for each redundant block, oldest first, one byte for the primary; then the blocks.
    fn read_blocks(
        &self,
        place: &Place,
        payload: &[u8],
        mut emit: impl FnMut(Packet),
    ) -> Result<(), Rejected> {
        let mut rest = payload;
        let mut blocks: [(u8, u32, usize); MAX_REDUNDANT] = Default::default();
        let mut count = 0;
        let primary_type = loop {
            let (&first, after) = rest.split_first().ok_or(Rejected::Malformed)?;
            if first & 0x80 == 0 {
                rest = after;
                break first;
            }
            let &[_, second, third, fourth] = rest.first_chunk().ok_or(Rejected::Malformed)?;
            let offset = u32::from(second) << 6 | u32::from(third) >> 2;
            let length = usize::from(third & 0x03) << 8 | usize::from(fourth);
            *blocks.get_mut(count).ok_or(Rejected::Malformed)? = (first & 0x7f, offset, length);
            count += 1;
            rest = &rest[4..];
        };
        let blocks = &blocks[..count];
        let redundant = blocks.iter().map(|(_, _, length)| length).sum();
        let (mut redundant, primary) = rest.split_at_checked(redundant).ok_or(Rejected::Malformed)?;
        if primary_type == self.opus {
            emit(place.opus(primary)?);
        } else if self.comfort_noise.contains(&primary_type) {
            emit(place.noise(primary)?);
        } else {
            return Err(Rejected::PayloadType);
        }
        for (position, &(payload_type, offset, length)) in blocks.iter().enumerate() {
            let (block, rest) = redundant.split_at(length);
            redundant = rest;
            // A copy that is no use takes nothing away from the rest.
            if payload_type == self.opus
                && offset > 0
                && let Some(steps) = self.steps_back(&place.packet, offset, (count - position) as u16)
                && let Ok(mut copy) = place.opus(block)
            {
                copy.sequence = copy.sequence.wrapping_sub(steps);
                copy.timestamp = copy.timestamp.wrapping_sub(offset);
                copy.is_copy = true;
                emit(copy);
            }
        }
        Ok(())
    }

    /// How many packets before this one that was which lies so many ticks before it. Blocks have no numbers: they should be
    /// those of the packets just before, one each, but a packet that nobody repeats may lie between them. `None`: it came.
    fn steps_back(&self, packet: &Rtp<'_>, offset: u32, guess: u16) -> Option<u16> {
        let (mut least, mut most) = (1, MAX_STEPS);
        for &(sequence, timestamp) in &self.recent {
            let steps = packet.sequence.wrapping_sub(sequence);
            if !(1..=MAX_STEPS).contains(&steps) {
                continue;
            }
            match packet.timestamp.wrapping_sub(timestamp).cmp(&offset) {
                Ordering::Less => least = least.max(steps + 1),
                Ordering::Equal => return None,
                Ordering::Greater => most = most.min(steps - 1),
            }
        }
        (least <= most).then(|| guess.clamp(least, most))
    }

    /// A token bucket: what comes too fast costs no more than this.
    fn spend(&mut self, now: Instant) -> Result<(), Rejected> {
        let elapsed = self.refilled.map_or(0.0, |last| now.saturating_duration_since(last).as_secs_f64());
        self.refilled = Some(self.refilled.map_or(now, |last| last.max(now)));
        self.tokens = (self.tokens + elapsed * PACKETS_PER_SECOND).min(BURST);
        if self.tokens < 1.0 {
            return Err(Rejected::TooFast);
        }
        self.tokens -= 1.0;
        Ok(())
    }
}

struct Place<'a> {
    packet: Rtp<'a>,
    arrived: Instant,
}

impl Place<'_> {
    fn opus(&self, payload: &[u8]) -> Result<Packet, Rejected> {
        let samples = codec::duration(payload).ok_or(Rejected::Malformed)?;
        Ok(self.packet(Payload::Opus(payload.to_vec()), samples))
    }

    /// The first byte is the level below overload; what follows colours the noise, which is left out.
    fn noise(&self, payload: &[u8]) -> Result<Packet, Rejected> {
        let &level = payload.first().ok_or(Rejected::Malformed)?;
        Ok(self.packet(Payload::Noise(Decibels(-f32::from(level & 0x7f))), BLOCK as u32))
    }

    fn packet(&self, payload: Payload, samples: u32) -> Packet {
        let Rtp { sequence, timestamp, ssrc, sources, .. } = self.packet;
        Packet {
            ssrc,
            sequence,
            timestamp,
            sources: sources.to_vec(),
            payload,
            samples,
            is_copy: false,
            arrived: self.arrived,
        }
    }
}

#[cfg(test)]
mod tests;

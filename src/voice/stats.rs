//! What one connection counts: written by the peer's tasks and the voice thread, read by whoever asks.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use super::negotiation::Terms;
use crate::model::VoiceStats;

/// All start at zero with each connection.
#[derive(Debug, Default)]
pub struct Counters {
    pub sent: AtomicU64,
    pub received: AtomicU64,
    /// Not Opus, too large, of a payload type nobody offered, or faster than they can be taken.
    pub rejected: AtomicU64,
    pub lost: AtomicU64,
    /// Round trip in microseconds; zero while unknown.
    pub rtt_micros: AtomicU32,
    pub jitter_buffer_micros: AtomicU32,
}

impl Counters {
    pub fn snapshot(&self, terms: &Terms) -> VoiceStats {
        let rtt = self.rtt_micros.load(Relaxed);
        VoiceStats {
            clock_hz: terms.clock_hz,
            frame_millis: terms.frame_millis,
            packets_sent: self.sent.load(Relaxed),
            packets_received: self.received.load(Relaxed),
            packets_lost: self.lost.load(Relaxed),
            rtt_millis: (rtt > 0).then_some(rtt as f32 / 1000.0),
            jitter_buffer_millis: self.jitter_buffer_micros.load(Relaxed) as f32 / 1000.0,
        }
    }
}

//! What one connection counts: written by the peer's tasks and the voice thread, read by whoever asks.

use std::sync::atomic::{AtomicU32, AtomicU64};

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

//! What one connection counts, and what that says of its last seconds and its last minute.
//!
//! The peer's tasks and the voice thread write the counters; [`Trace`] is pure and fed once a second.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use crate::model::LinkSample;

/// Seconds that are plotted.
const HISTORY: usize = 60;
/// Rates and shares are those of this many seconds.
const SPAN: usize = 3;

/// All start at zero with each connection.
#[derive(Debug, Default)]
pub struct Counters {
    pub sent: AtomicU64,
    /// Of payload.
    pub sent_bytes: AtomicU64,
    pub received: AtomicU64,
    pub received_bytes: AtomicU64,
    /// Not Opus, too large, of a payload type nobody offered, or faster than they can be taken.
    pub rejected: AtomicU64,
    pub lost: AtomicU64,
    /// Samples: all that were played, and those of them that were made up.
    pub played: AtomicU64,
    pub concealed: AtomicU64,
    pub jitter_micros: AtomicU32,
    pub buffer_micros: AtomicU32,
    /// One more than 65536ths; zero while unknown.
    lost_there: AtomicU32,
    /// One more than microseconds; zero while unknown.
    rtt: AtomicU32,
}

impl Counters {
    /// Of our packets, the share that did not arrive, as the other side said last.
    pub fn lost_there(&self) -> Option<f32> {
        self.lost_there.load(Relaxed).checked_sub(1).map(|share| share as f32 / 65_536.0)
    }

    pub fn set_lost_there(&self, share: f32) {
        self.lost_there.store((share.clamp(0.0, 1.0) * 65_536.0) as u32 + 1, Relaxed);
    }

    /// As the other side's last report tells it.
    pub fn rtt(&self) -> Option<Duration> {
        self.rtt.load(Relaxed).checked_sub(1).map(|micros| Duration::from_micros(micros.into()))
    }

    pub fn set_rtt(&self, rtt: Duration) {
        let micros = u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX);
        self.rtt.store(micros.saturating_add(1), Relaxed);
    }

    fn now(&self, at: Instant) -> Reading {
        let of = |counter: &AtomicU64| counter.load(Relaxed);
        Reading {
            at,
            sent_bytes: of(&self.sent_bytes),
            received: of(&self.received),
            received_bytes: of(&self.received_bytes),
            lost: of(&self.lost),
            played: of(&self.played),
            concealed: of(&self.concealed),
        }
    }
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Instant,
    sent_bytes: u64,
    received: u64,
    received_bytes: u64,
    lost: u64,
    played: u64,
    concealed: u64,
}

/// A connection's last minute.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    readings: VecDeque<Reading>,
    history: VecDeque<LinkSample>,
    pub sent_kbps: f32,
    pub received_kbps: f32,
}

impl Trace {
    /// To be called once a second.
    pub fn sample(&mut self, counters: &Counters, rtt: Option<Duration>, at: Instant) {
        let now = counters.now(at);
        let then = self.readings.front().copied().unwrap_or(now);
        if self.readings.len() >= SPAN {
            self.readings.pop_front();
        }
        self.readings.push_back(now);
        let seconds = now.at.saturating_duration_since(then.at).as_secs_f32();
        let kbps = |bytes: u64| if seconds > 0.0 { bytes as f32 * 8.0 / 1000.0 / seconds } else { 0.0 };
        self.sent_kbps = kbps(now.sent_bytes.saturating_sub(then.sent_bytes));
        self.received_kbps = kbps(now.received_bytes.saturating_sub(then.received_bytes));
        let lost = now.lost.saturating_sub(then.lost);
        let received = now.received.saturating_sub(then.received);
        if self.history.len() >= HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(LinkSample {
            rtt,
            lost_there: counters.lost_there(),
            lost_here: share(lost, lost + received),
            jitter: Duration::from_micros(counters.jitter_micros.load(Relaxed).into()),
            buffer: Duration::from_micros(counters.buffer_micros.load(Relaxed).into()),
            concealed: share(
                now.concealed.saturating_sub(then.concealed),
                now.played.saturating_sub(then.played),
            ),
        });
    }

    /// The newest; nothing at all before the first second.
    pub fn latest(&self) -> LinkSample {
        self.history.back().copied().unwrap_or_default()
    }

    /// Oldest first.
    pub fn history(&self) -> Vec<LinkSample> {
        self.history.iter().copied().collect()
    }
}

fn share(part: u64, whole: u64) -> f32 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_shares_are_those_of_the_last_seconds() {
        let (counters, mut trace, start) = (Counters::default(), Trace::default(), Instant::now());
        for second in 0..100 {
            let lost = if second < 50 { 5 } else { 0 };
            counters.sent_bytes.fetch_add(5_000, Relaxed);
            counters.received.fetch_add(25 - lost, Relaxed);
            counters.lost.fetch_add(lost, Relaxed);
            counters.played.fetch_add(48_000, Relaxed);
            counters.concealed.fetch_add(lost * 1_920, Relaxed);
            trace.sample(&counters, None, start + Duration::from_secs(second));
            if second == 40 {
                assert!((trace.latest().lost_here - 0.2).abs() < 1e-6, "{trace:?}");
                assert!((trace.latest().concealed - 0.2).abs() < 1e-6, "{trace:?}");
            }
        }
        assert!((trace.sent_kbps - 40.0).abs() < 1e-3, "{}", trace.sent_kbps);
        assert_eq!((trace.latest().lost_here, trace.latest().concealed), (0.0, 0.0));
        assert_eq!(trace.history().len(), HISTORY);
        assert!(trace.history()[0].lost_here > 0.0, "a minute ago it was worse");
    }

    #[test]
    fn what_they_lost_is_unknown_until_they_say_so() {
        let counters = Counters::default();
        assert_eq!(counters.lost_there(), None);
        counters.set_lost_there(0.0);
        assert_eq!(counters.lost_there(), Some(0.0));
        counters.set_lost_there(0.25);
        assert_eq!(counters.lost_there(), Some(0.25));
    }
}

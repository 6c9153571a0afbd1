//! How late packets come: the measure behind the jitter buffer's delay. Pure, time is an argument.

use std::time::{Duration, Instant};

/// The delay never falls below this: a tick of the voice thread and one of the sender's.
const SHORTEST: Duration = Duration::from_millis(30);
/// Nor rises above this: beyond, a conversation stops being one.
pub const LONGEST: Duration = Duration::from_millis(300);
/// Room above the latest packet seen.
const MARGIN: Duration = Duration::from_millis(15);
/// How fast a past lateness is forgotten, in seconds of lateness for each second.
const FORGETTING: f64 = 0.005;
/// How long a lateness is remembered in full.
const MEMORY: Duration = Duration::from_secs(4);
/// The punctual line is the earliest arrival of the last one to two windows.
const WINDOW: Duration = Duration::from_secs(5);
/// A stream this late (seconds) did not suffer jitter: its clock stood still or jumped.
const ANOTHER_CLOCK: f64 = 1.0;

/// Follows the line on which the most punctual packets arrive, and how far behind it others come.
///
/// Transit is arrival minus stream time, seconds from an arbitrary zero: only differences mean anything.
#[derive(Debug)]
pub struct Timing {
    clock_hz: f64,
    zero: Instant,
    window_began: Instant,
    earliest: f64,
    earliest_before: f64,
    /// Seconds.
    peak: f64,
    peak_at: Instant,
    last: Instant,
}

impl Timing {
    pub fn new(clock_hz: u32, timestamp: u64, arrived: Instant) -> Self {
        let mut timing = Self {
            clock_hz: f64::from(clock_hz),
            zero: arrived,
            window_began: arrived,
            earliest: 0.0,
            earliest_before: 0.0,
            peak: 0.0,
            peak_at: arrived,
            last: arrived,
        };
        timing.restart(timestamp, arrived);
        timing
    }

    /// Notes that a packet of this stream time came in.
    pub fn arrival(&mut self, timestamp: u64, arrived: Instant) {
        let transit = self.transit(timestamp, arrived);
        let lateness = transit - self.punctual();
        if lateness.abs() > ANOTHER_CLOCK {
            return self.restart(timestamp, arrived);
        }
        if arrived > self.window_began + WINDOW {
            self.window_began = arrived;
            self.earliest_before = self.earliest;
            self.earliest = transit;
        }
        self.earliest = self.earliest.min(transit);

        let elapsed = arrived.saturating_duration_since(self.last).as_secs_f64();
        if arrived > self.peak_at + MEMORY {
            self.peak = (self.peak - FORGETTING * elapsed).max(0.0);
        }
        if lateness >= self.peak {
            self.peak = lateness;
            self.peak_at = arrived;
        }
        self.last = arrived;
    }

    /// The same for a packet whose turn is over: it may raise the delay, but not set the clock anew.
    pub fn late_arrival(&mut self, timestamp: u64, arrived: Instant) {
        let lateness = self.transit(timestamp, arrived) - self.punctual();
        if lateness.abs() <= ANOTHER_CLOCK {
            self.arrival(timestamp, arrived);
        }
    }

    /// How long after a punctual arrival a packet should be played.
    pub fn target(&self) -> Duration {
        Duration::try_from_secs_f64(self.peak)
            .map_or(LONGEST, |peak| (peak + MARGIN).clamp(SHORTEST, LONGEST))
    }

    /// How long after a punctual arrival of this stream time it is now; negative before it, in seconds.
    pub fn delay(&self, timestamp: u64, now: Instant) -> f64 {
        self.transit(timestamp, now) - self.punctual()
    }

    fn punctual(&self) -> f64 {
        self.earliest.min(self.earliest_before)
    }

    fn transit(&self, timestamp: u64, at: Instant) -> f64 {
        at.saturating_duration_since(self.zero).as_secs_f64() - timestamp as f64 / self.clock_hz
    }

    /// A new punctual line; what is known of the jitter stays.
    fn restart(&mut self, timestamp: u64, arrived: Instant) {
        self.window_began = arrived;
        self.last = arrived;
        self.earliest = self.transit(timestamp, arrived);
        self.earliest_before = self.earliest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: u32 = 16_000;

    /// Arrivals of 40 ms packets, each late by what the closure says, in milliseconds.
    fn after(packets: u64, lateness: impl Fn(u64) -> u64) -> Timing {
        let start = Instant::now();
        let mut timing = Timing::new(CLOCK, 0, start);
        for n in 0..packets {
            timing.arrival(n * 640, start + Duration::from_millis(n * 40 + lateness(n)));
        }
        timing
    }

    #[test]
    fn punctual_packets_are_played_after_the_shortest_delay() {
        assert_eq!(after(100, |_| 7).target(), SHORTEST);
    }

    #[test]
    fn one_late_packet_raises_the_delay_at_once() {
        let target = after(51, |n| if n == 50 { 80 } else { 0 }).target();
        assert!(target >= Duration::from_millis(94) && target <= Duration::from_millis(96), "{target:?}");
    }

    #[test]
    fn the_delay_comes_down_slowly_once_packets_are_punctual_again() {
        let target = |packets| after(packets, |n| if n == 50 { 80 } else { 0 }).target();
        assert_eq!(target(51), target(125), "remembered in full for seconds");
        assert!(target(300) < target(125));
        assert_eq!(target(1000), SHORTEST);
    }

    #[test]
    fn no_lateness_raises_the_delay_above_its_limit() {
        assert_eq!(after(100, |n| if n % 10 == 9 { 900 } else { 0 }).target(), LONGEST);
    }

    #[test]
    fn a_slow_sender_clock_is_followed_and_is_not_jitter() {
        // 200 ppm slow for ten minutes: 120 ms in all.
        let timing = after(15_000, |n| n / 125);
        assert!(timing.target() <= Duration::from_millis(35), "{:?}", timing.target());
    }

    #[test]
    fn a_stream_whose_clock_stood_still_starts_a_new_line() {
        let start = Instant::now();
        let mut timing = Timing::new(CLOCK, 0, start);
        timing.arrival(640, start + Duration::from_secs(60));
        assert_eq!(timing.target(), SHORTEST);
        assert!(timing.delay(640, start + Duration::from_secs(60)).abs() < 0.001);
    }
}

//! How late packets come: the measure behind the jitter buffer's delay. Pure, time is an argument.

use std::time::{Duration, Instant};

use super::lateness::Lateness;

/// Nor rises the delay above this: beyond, a conversation stops being one.
pub const LONGEST: Duration = Duration::from_millis(300);
/// Room above what packets are late by: what a busy machine is late by.
const MARGIN: Duration = Duration::from_millis(3);
/// What is assumed of a line nothing is known of yet. Seconds.
const PRIOR: f64 = 0.020;
/// How fast it is forgotten what mending took, in seconds of lateness for each second.
const FORGETTING: f64 = 0.005;
/// How long it is remembered in full.
const MEMORY: Duration = Duration::from_secs(10);
/// The punctual line is the earliest arrival of the last one to two windows.
const WINDOW: Duration = Duration::from_secs(5);
/// The same for how early sound is played.
const PLAYED_WINDOW: Duration = Duration::from_millis(500);
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
    lateness: Lateness,
    /// The longest that mending a loss took lately, and when. Seconds.
    mending: f64,
    mended_at: Instant,
    last: Instant,
    last_transit: f64,
    /// RFC 3550, section 6.4.1. Seconds.
    jitter: f64,
    /// The earliest that sound was played in the last one to two of [`PLAYED_WINDOW`], and since when. Seconds.
    played: f64,
    played_before: f64,
    played_began: Instant,
}

impl Timing {
    pub fn new(clock_hz: u32, timestamp: u64, arrived: Instant) -> Self {
        let mut timing = Self {
            clock_hz: f64::from(clock_hz),
            zero: arrived,
            window_began: arrived,
            earliest: 0.0,
            earliest_before: 0.0,
            lateness: Lateness::assumed(PRIOR),
            mending: 0.0,
            mended_at: arrived,
            last: arrived,
            last_transit: 0.0,
            jitter: 0.0,
            played: f64::INFINITY,
            played_before: f64::INFINITY,
            played_began: arrived,
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

        self.jitter += ((transit - self.last_transit).abs() - self.jitter) / 16.0;
        self.last_transit = transit;

        let elapsed = arrived.saturating_duration_since(self.last).as_secs_f64();
        if arrived > self.mended_at + MEMORY {
            self.mending = (self.mending - FORGETTING * elapsed).max(0.0);
        }
        self.last = self.last.max(arrived);
        self.lateness.note(lateness, elapsed);
    }

    /// Notes when what could mend a lost packet came: the delay has to reach so far.
    pub fn mended(&mut self, timestamp: u64, at: Instant) {
        let lateness = self.delay(timestamp, at);
        if lateness <= ANOTHER_CLOCK && lateness >= self.mending {
            self.mending = lateness;
            self.mended_at = self.mended_at.max(at);
        }
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
        let lateness = self.lateness.usual().max(self.mending);
        Duration::try_from_secs_f64(lateness).map_or(LONGEST, |late| (late + MARGIN).min(LONGEST))
    }

    /// Of the packets' arrival (RFC 3550).
    pub fn jitter(&self) -> Duration {
        Duration::try_from_secs_f64(self.jitter).unwrap_or_default()
    }

    /// Notes that sound of this stream time is played now; a pause before it makes the moment free to choose.
    pub fn play(&mut self, timestamp: u64, now: Instant, after_pause: bool) -> f64 {
        let delay = self.delay(timestamp, now);
        if after_pause {
            (self.played, self.played_before, self.played_began) = (delay, f64::INFINITY, now);
        } else if now > self.played_began + PLAYED_WINDOW {
            (self.played_before, self.played, self.played_began) = (self.played, delay, now);
        }
        self.played = self.played.min(delay);
        delay
    }

    /// How much later than it must be sound is played, at the earliest it was played lately; negative: too early. The
    /// earliest, because the card asks for sound now early, now late, and all of it has to be there. Seconds.
    pub fn excess(&self) -> f64 {
        let earliest = self.played.min(self.played_before);
        if earliest.is_finite() { earliest - self.target().as_secs_f64() } else { 0.0 }
    }

    /// Sound was made this much longer; negative: shorter. Seconds.
    pub fn stretched(&mut self, by: f64) {
        self.played += by;
        self.played_before += by;
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
        self.last_transit = self.earliest;
        (self.played, self.played_before) = (f64::INFINITY, f64::INFINITY);
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
    fn punctual_packets_are_played_almost_at_once() {
        assert!(after(10, |_| 0).target() > Duration::from_millis(15), "not before the line is known");
        assert_eq!(after(200, |_| 0).target(), MARGIN);
    }

    #[test]
    fn a_late_packet_raises_the_delay_of_a_line_that_is_hardly_known() {
        let target = after(31, |n| if n == 30 { 80 } else { 0 }).target();
        assert!(target >= Duration::from_millis(82) && target <= Duration::from_millis(84), "{target:?}");
    }

    #[test]
    fn a_single_late_packet_among_many_does_not() {
        assert_eq!(after(500, |n| if n == 490 { 80 } else { 0 }).target(), MARGIN);
        assert!(after(500, |n| if n >= 490 { 80 } else { 0 }).target() > Duration::from_millis(80));
    }

    #[test]
    fn the_delay_comes_down_once_packets_are_punctual_again() {
        let target = |packets| after(packets, |n| if n < 100 { n % 10 * 8 } else { 0 }).target();
        assert!(target(100) > Duration::from_millis(70));
        assert_eq!(target(150), target(100), "remembered for seconds");
        assert_eq!(target(700), MARGIN);
    }

    #[test]
    fn no_lateness_raises_the_delay_above_its_limit() {
        assert_eq!(after(100, |n| if n % 10 == 9 { 900 } else { 0 }).target(), LONGEST);
    }

    #[test]
    fn a_slow_sender_clock_is_followed_and_is_not_jitter() {
        // 200 ppm slow for ten minutes: 120 ms in all.
        let timing = after(15_000, |n| n / 125);
        assert!(timing.target() <= Duration::from_millis(8), "{:?}", timing.target());
    }

    #[test]
    fn a_stream_whose_clock_stood_still_starts_a_new_line() {
        let start = Instant::now();
        let mut timing = Timing::new(CLOCK, 0, start);
        timing.arrival(640, start + Duration::from_secs(60));
        assert!(timing.target() < Duration::from_millis(25), "that was no jitter");
        assert!(timing.delay(640, start + Duration::from_secs(60)).abs() < 0.001);
    }

    #[test]
    fn jitter_is_that_of_the_rfc() {
        assert!(after(200, |_| 7).jitter() < Duration::from_micros(1));
        let jitter = after(400, |n| if n % 2 == 0 { 0 } else { 16 }).jitter();
        assert!(jitter.abs_diff(Duration::from_millis(16)) < Duration::from_millis(1), "{jitter:?}");
    }

    #[test]
    fn the_excess_is_that_of_the_earliest_moment_of_playing() {
        let mut timing = after(100, |_| 0);
        let base = timing.zero;
        assert_eq!(timing.excess(), 0.0);
        for (n, late) in [(0, 34), (1, 24), (2, 34)] {
            let now = base + Duration::from_millis(4_000 + n * 40 + late);
            timing.play((100 + n) * 640, now, n == 0);
        }
        assert!((timing.excess() - 0.021).abs() < 0.001, "{}", timing.excess());
        timing.stretched(-0.015);
        assert!((timing.excess() - 0.006).abs() < 0.001, "{}", timing.excess());
    }
}

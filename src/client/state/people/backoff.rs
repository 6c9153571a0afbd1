//! How long something that failed is left alone: longer each time. Pure.

use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_secs(5);
/// Doublings of it.
const MAX_DOUBLINGS: u32 = 6;

#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
    until: Option<Instant>,
}

impl Backoff {
    /// Until when nobody should try again.
    pub fn fail(&mut self, now: Instant) -> Instant {
        let until = now + FIRST * (1 << self.failures.min(MAX_DOUBLINGS));
        self.failures += 1;
        self.until = Some(until);
        until
    }

    pub fn succeed(&mut self) {
        *self = Self::default();
    }

    /// The earliest time from `now` on.
    pub fn over(&self, now: Instant) -> Instant {
        self.until.map_or(now, |until| until.max(now))
    }
}

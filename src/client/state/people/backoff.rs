//! How long something that failed is left alone: longer each time. Pure.

use std::time::{Duration, Instant};

use crate::client::state::reading::pause_after;

const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(320);

#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
    until: Option<Instant>,
}

impl Backoff {
    /// Until when nobody should try again.
    pub fn fail(&mut self, now: Instant) -> Instant {
        let until = now + pause_after(self.failures, FIRST, LONGEST);
        self.failures = self.failures.saturating_add(1);
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

//! One thing that is read when something happened to it, and from time to time. Pure.

use std::time::{Duration, Instant};

use super::backoff::Backoff;
use crate::client::{
    input::Attempt,
    state::reading::{Reading, Worth},
};

/// Many events, one reading.
const SETTLE: Duration = Duration::from_millis(150);

#[derive(Debug, Default)]
pub struct Upkeep {
    reading: Reading,
    wanted: Option<Instant>,
    backoff: Backoff,
}

impl Upkeep {
    /// What is known may be old; it is to be read `at` that time, or before.
    pub fn want(&mut self, at: Instant) {
        self.reading.touch();
        self.wanted = Some(self.wanted.map_or(at, |wanted| wanted.min(at)));
    }

    /// The same, when things have settled.
    pub fn want_soon(&mut self, now: Instant) {
        self.want(now + SETTLE);
    }

    /// When it is to be read, by itself as often as `every`. `None`: not before the answer that is waited for.
    pub fn due(&self, every: Duration) -> Option<Instant> {
        if self.reading.is_under_way() {
            return None;
        }
        let again = self.reading.began().map(|began| began + every);
        self.wanted.into_iter().chain(again).min()
    }

    pub fn begin(&mut self, attempt: Attempt, now: Instant) {
        if self.reading.begin(attempt, now) {
            self.wanted = None;
        }
    }

    /// What the service said is taken over unless it is worth nothing. Whatever overtook it wanted another reading already.
    pub fn finish(&mut self, attempt: Attempt) -> Worth {
        let worth = self.reading.finish(attempt);
        if worth != Worth::Nothing {
            self.backoff.succeed();
        }
        worth
    }

    /// It is tried again some time later. `false`: nobody waited for it.
    pub fn fail(&mut self, attempt: Attempt, now: Instant) -> bool {
        let ours = self.reading.fail(attempt);
        if ours {
            self.wanted = Some(self.backoff.fail(now));
        }
        ours
    }

    /// Nobody waits for the reading under way any more.
    pub fn abandon(&mut self, attempt: Attempt) {
        self.reading.fail(attempt);
    }

    pub fn began(&self) -> Option<Instant> {
        self.reading.began()
    }

    /// It is being read, or will be.
    pub fn is_pending(&self) -> bool {
        self.wanted.is_some() || self.reading.is_under_way()
    }

    pub fn is_under_way(&self) -> bool {
        self.reading.is_under_way()
    }

    pub fn is_read_since(&self, then: Instant) -> bool {
        self.reading.is_read_since(then)
    }

    pub fn was_tried_since(&self, then: Instant) -> bool {
        self.reading.was_tried_since(then)
    }
}

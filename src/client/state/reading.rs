//! One thing that is read from the service again and again. Answers and events come in any order: an answer that an event
//! overtook may be older than the event, so the thing is read once more. Pure.

use std::time::{Duration, Instant};

use super::Attempt;

/// Of one thing: at most one reading is under way, and after the last event one begins that saw it.
#[derive(Debug, Default)]
pub struct Reading {
    under_way: Option<Attempt>,
    /// Something happened that the reading under way, or the last one, may not have seen.
    stale: bool,
    began: Option<Instant>,
    /// The beginning of the last reading that came to an end with an answer.
    read_as_of: Option<Instant>,
    /// The beginning of the last one that came to an end at all.
    tried_as_of: Option<Instant>,
}

/// What an answer is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// It belongs to nothing that is waited for.
    Nothing,
    /// It is true.
    Fresh,
    /// It may be older than what is known otherwise: take it over, and read again.
    Overtaken,
}

impl Reading {
    /// `true`: the caller reads now, as `attempt`. `false`: a reading is under way, and another one is due after it.
    pub fn begin(&mut self, attempt: Attempt, now: Instant) -> bool {
        if self.under_way.is_some() {
            self.stale = true;
            return false;
        }
        (self.under_way, self.stale, self.began) = (Some(attempt), false, Some(now));
        true
    }

    /// Something happened.
    pub fn touch(&mut self) {
        self.stale = true;
    }

    /// An answer came.
    pub fn finish(&mut self, attempt: Attempt) -> Worth {
        if self.under_way != Some(attempt) {
            return Worth::Nothing;
        }
        self.under_way = None;
        (self.read_as_of, self.tried_as_of) = (self.began, self.began);
        if self.stale { Worth::Overtaken } else { Worth::Fresh }
    }

    /// No answer came; it is to be read again. `false`: it was not waited for.
    pub fn fail(&mut self, attempt: Attempt) -> bool {
        let ours = self.under_way == Some(attempt);
        if ours {
            (self.under_way, self.stale, self.tried_as_of) = (None, true, self.began);
        }
        ours
    }

    pub fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// When the last reading began, also one under way.
    pub fn began(&self) -> Option<Instant> {
        self.began
    }

    /// An answer that was asked for at `then` or later has come.
    pub fn is_read_since(&self, then: Instant) -> bool {
        self.read_as_of.is_some_and(|as_of| as_of >= then)
    }

    /// The same, or it was asked for in vain: some calls a service may never answer, and nobody waits for them.
    pub fn was_tried_since(&self, then: Instant) -> bool {
        self.tried_as_of.is_some_and(|as_of| as_of >= then)
    }
}

/// How long what failed is left alone: `first`, and twice as long after each further of `failures` in a row.
pub fn pause_after(failures: u32, first: Duration, longest: Duration) -> Duration {
    first.saturating_mul(1 << failures.min(16)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_an_event_overtook_is_not_the_last_word() {
        let (mut reading, now) = (Reading::default(), Instant::now());
        assert!(reading.begin(1, now));
        reading.touch();
        assert_eq!(reading.finish(1), Worth::Overtaken);
        assert!(reading.begin(2, now));
        assert_eq!(reading.finish(2), Worth::Fresh);
    }

    #[test]
    fn who_asks_while_it_is_read_gets_another_reading_and_no_second_call_at_once() {
        let (mut reading, now) = (Reading::default(), Instant::now());
        assert!(reading.begin(1, now));
        assert!(!reading.begin(2, now));
        assert_eq!(reading.finish(2), Worth::Nothing, "nobody asked as that");
        assert_eq!(reading.finish(1), Worth::Overtaken);
    }

    #[test]
    fn a_reading_that_failed_is_due_again() {
        let (mut reading, now) = (Reading::default(), Instant::now());
        assert!(reading.begin(1, now));
        assert!(reading.fail(1) && !reading.fail(1));
        assert!(!reading.is_under_way() && !reading.is_read_since(now) && reading.was_tried_since(now));
        assert_eq!(reading.finish(1), Worth::Nothing);
    }

    #[test]
    fn what_failed_before_a_moment_was_not_tried_since() {
        let (mut reading, now) = (Reading::default(), Instant::now());
        assert!(reading.begin(1, now) && reading.fail(1));
        let later = now + Duration::from_secs(1);
        assert!(!reading.was_tried_since(later));
        assert!(reading.begin(2, later) && !reading.was_tried_since(later), "not before it ended");
        assert!(reading.fail(2) && reading.was_tried_since(later) && !reading.is_read_since(later));
    }
}

//! When a thing that push events tell of is read: after events, once things are calm, and by and by where no event reaches us.
//! Pure.

use std::time::{Duration, Instant};

use super::{
    Attempt,
    reading::{Reading, Worth, pause_after},
};
use crate::psn::PartyEvent;

/// How soon something is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// What happened has no value that could be shown, or is about ourselves.
    AtOnce,
    /// An event changed what is shown: it may have been late or repeated.
    Soon,
    /// The same, about what changes all the time and matters little.
    Sometime,
}

impl Pace {
    /// Many events, one reading: how long nothing else must happen.
    fn calm(self) -> Duration {
        match self {
            Self::AtOnce => Duration::from_millis(150),
            Self::Soon | Self::Sometime => Duration::from_secs(3),
        }
    }

    /// From one reading to the next, however much happens.
    fn apart(self) -> Duration {
        match self {
            Self::AtOnce => Duration::from_secs(2),
            Self::Soon => Duration::from_secs(15),
            Self::Sometime => Duration::from_secs(60),
        }
    }
}

/// After a reading that failed; twice as long after each further one.
const AGAIN: Duration = Duration::from_secs(8);
const LONGEST_AGAIN: Duration = Duration::from_secs(128);
/// Events that a reading under way may not have seen; with more of them its answer stands as it is, until the next.
const MAX_MISSED: usize = 256;

/// One thing that is kept true by events and readings.
#[derive(Debug, Default)]
pub struct Following {
    reading: Reading,
    /// Because of what happened since the last reading began, by pace.
    due: [Option<Due>; 3],
    /// What happened since the reading under way began.
    missed: Vec<PartyEvent>,
    /// In a row.
    failures: u32,
}

#[derive(Debug, Clone, Copy)]
struct Due {
    since: Instant,
    at: Instant,
}

impl Following {
    /// Not read so far, and to be read by `at`.
    pub fn from(at: Instant) -> Self {
        let mut following = Self::default();
        following.due[Pace::AtOnce as usize] = Some(Due { since: at, at });
        following
    }

    /// `true`: the caller reads now, as `attempt`. `false`: a reading is under way, and another one follows it.
    pub fn begin(&mut self, attempt: Attempt, now: Instant) -> bool {
        if !self.reading.begin(attempt, now) {
            self.touch(Pace::AtOnce, now);
            return false;
        }
        self.due = Default::default();
        self.missed.clear();
        true
    }

    /// Something happened.
    pub fn touch(&mut self, pace: Pace, now: Instant) {
        self.reading.touch();
        let due = &mut self.due[pace as usize];
        let since = due.map_or(now, |due| due.since);
        let quiet = self.reading.began().map_or(now, |began| began + pace.apart());
        // Where it never gets calm, it is read all the same.
        let calm = (now + pace.calm()).min(since + pace.apart());
        *due = Some(Due { since, at: calm.max(quiet) });
    }

    /// The answer to a reading under way may be older than this.
    pub fn note(&mut self, event: &PartyEvent) {
        if !self.reading.is_under_way() {
            return;
        }
        if self.missed.len() == MAX_MISSED {
            self.missed.clear();
        }
        self.missed.push(event.clone());
    }

    /// An answer came: what happened meanwhile is to be applied to it once more. `None`: nobody waits for it.
    pub fn finish(&mut self, attempt: Attempt) -> Option<Vec<PartyEvent>> {
        match self.reading.finish(attempt) {
            Worth::Nothing => None,
            Worth::Fresh | Worth::Overtaken => {
                self.failures = 0;
                Some(std::mem::take(&mut self.missed))
            }
        }
    }

    /// No answer came; it is read again, `pause` later at the earliest. `false`: nobody waited for it.
    pub fn fail(&mut self, attempt: Attempt, pause: Option<Duration>, now: Instant) -> bool {
        let ours = self.reading.fail(attempt);
        if ours {
            let at = now + pause.unwrap_or_default().max(pause_after(self.failures, AGAIN, LONGEST_AGAIN));
            self.failures = self.failures.saturating_add(1);
            self.due = Default::default();
            self.due[Pace::Soon as usize] = Some(Due { since: now, at });
        }
        ours
    }

    /// It is read at `at`, whatever happened before.
    pub fn put_off(&mut self, at: Instant) {
        self.due = Self::from(at).due;
    }

    /// When it is to be read, with `every` as the time from one reading to the next where nothing happens.
    pub fn next(&self, every: Option<Duration>) -> Option<Instant> {
        if self.reading.is_under_way() {
            return None;
        }
        let due = self.due.iter().flatten().map(|due| due.at);
        let poll = every.and_then(|every| Some(self.reading.began()? + every));
        due.chain(poll).min()
    }

    /// It is read now, or in a moment.
    pub fn is_urgent(&self) -> bool {
        self.reading.is_under_way() || self.due[Pace::AtOnce as usize].is_some()
    }

    /// When the last reading began, also one under way.
    pub fn began(&self) -> Option<Instant> {
        self.reading.began()
    }

    /// The last reading ended without an answer.
    pub fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// A reading that was asked for at `then` or later has ended, with an answer or without.
    pub fn was_tried_since(&self, then: Instant) -> bool {
        self.reading.was_tried_since(then)
    }

    pub fn is_read_since(&self, then: Instant) -> bool {
        self.reading.is_read_since(then)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn many_events_cost_one_reading_once_it_is_calm() {
        let (mut it, start) = (Following::default(), Instant::now());
        for second in 0..3 {
            it.touch(Pace::Soon, start + second * SECOND);
        }
        assert_eq!(it.next(None), Some(start + 5 * SECOND));
        assert!(it.begin(1, start + 5 * SECOND) && it.next(None).is_none());
        assert_eq!(it.finish(1), Some(vec![]));
        assert_eq!(it.next(None), None);
        assert_eq!(it.next(Some(60 * SECOND)), Some(start + 65 * SECOND));
    }

    #[test]
    fn events_without_end_put_nothing_off_for_ever_and_hurry_nothing() {
        let (mut it, start) = (Following::default(), Instant::now());
        let (mut now, mut readings) = (start, 0);
        while now < start + 900 * SECOND {
            it.touch(Pace::Soon, now);
            it.touch(Pace::Sometime, now);
            if it.next(None).is_some_and(|at| at <= now) {
                readings += 1;
                assert!(it.begin(readings, now));
                it.finish(readings);
            }
            now += SECOND / 4;
        }
        assert!((55..=60).contains(&readings), "{readings} in 15 minutes");
    }

    #[test]
    fn what_names_no_value_is_read_at_once_and_overtakes_what_waits() {
        let (mut it, start) = (Following::default(), Instant::now());
        assert!(it.begin(1, start));
        it.finish(1);
        it.touch(Pace::Soon, start + SECOND);
        assert_eq!(it.next(None), Some(start + 15 * SECOND));
        it.touch(Pace::AtOnce, start + 5 * SECOND);
        assert_eq!(it.next(None), Some(start + 5 * SECOND + Pace::AtOnce.calm()));
    }

    #[test]
    fn a_reading_that_failed_comes_again_after_the_pause_that_was_asked_for() {
        let (mut it, start) = (Following::default(), Instant::now());
        assert!(it.begin(1, start));
        it.touch(Pace::AtOnce, start);
        assert!(it.fail(1, Some(600 * SECOND), start) && !it.fail(1, None, start));
        assert_eq!(it.next(None), Some(start + 600 * SECOND));
    }
}

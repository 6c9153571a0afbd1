//! When something about conversations is read: where it is wanted, one reading at a time, not too often, and again after a
//! failure. Pure.

use std::time::{Duration, Instant};

use super::super::{
    Attempt,
    bucket::Bucket,
    reading::{Reading, Worth, pause_after},
};

/// Of a burst, left to what the user looks at.
const RESERVE: u32 = 40;
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// Something that is read when it is wanted.
#[derive(Debug, Default)]
pub struct Source {
    reading: Reading,
    wanted: bool,
    /// The user waits for it: the pace is for the others.
    urgent: bool,
    /// There is no hurry before then.
    calm: Option<Instant>,
    /// After a failure.
    pause: Option<Instant>,
    /// The service wants to be left alone until then.
    asked: Option<Instant>,
    failures: u32,
}

impl Source {
    pub fn want(&mut self) {
        self.wanted = true;
        self.calm = None;
        self.reading.touch();
    }

    pub fn want_now(&mut self) {
        self.want();
        self.urgent = true;
        (self.pause, self.asked) = (None, None);
    }

    /// Once, at the earliest `at` of all who want it until then.
    pub fn want_by(&mut self, at: Instant) {
        match self.calm {
            Some(calm) if self.wanted => self.calm = Some(calm.min(at)),
            _ if self.wanted => {}
            _ => {
                self.want();
                self.calm = Some(at);
            }
        }
    }

    /// The line is back, or the user asks: what failed before says nothing about now.
    pub fn resume(&mut self) {
        (self.pause, self.failures) = (None, 0);
    }

    /// When it may begin as far as it is concerned; never in the past.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let waits = self.wanted && !self.reading.is_under_way();
        let bounds = [self.calm, self.pause, self.asked];
        waits.then(|| bounds.into_iter().flatten().fold(now, Instant::max))
    }

    pub fn is_wanted(&self) -> bool {
        self.wanted
    }

    pub fn is_urgent(&self) -> bool {
        self.urgent
    }

    pub fn begin(&mut self, attempt: Attempt, now: Instant) {
        if self.reading.begin(attempt, now) {
            (self.wanted, self.urgent, self.calm) = (false, false, None);
        }
    }

    /// `false`: nobody waits for this answer.
    pub fn finish(&mut self, attempt: Attempt) -> bool {
        let waited_for = self.reading.finish(attempt) != Worth::Nothing;
        if waited_for {
            (self.failures, self.pause, self.asked) = (0, None, None);
        }
        waited_for
    }

    /// It is read again, later each time, and not before the service's own pause.
    pub fn fail(&mut self, attempt: Attempt, asked: Option<Duration>, now: Instant) -> bool {
        let waited_for = self.reading.fail(attempt);
        if waited_for {
            self.wanted = true;
            self.pause = Some(now + backoff(self.failures));
            self.asked = asked.map(|wait| now + wait);
            self.failures = self.failures.saturating_add(1);
        }
        waited_for
    }

    pub fn is_under_way(&self) -> bool {
        self.reading.is_under_way()
    }

    pub fn was_tried_since(&self, then: Instant) -> bool {
        self.reading.was_tried_since(then)
    }

    pub fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// When the last reading began, also one under way.
    pub fn began(&self) -> Option<Instant> {
        self.reading.began()
    }
}

/// `failures`: in a row, before this one.
pub fn backoff(failures: u32) -> Duration {
    pause_after(failures, FIRST_PAUSE, LONGEST_PAUSE)
}

/// How many readings there may be, whatever happens: with all that is sent and polled besides, the client stays within its calls.
pub type Pace = Bucket<60, 8>;

/// What a reading is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worthy {
    /// What the user looks at.
    Seen,
    /// Everything else leaves something over for that.
    Unseen,
}

impl Worthy {
    /// Of a burst, left to others.
    pub fn kept(self) -> u32 {
        match self {
            Self::Seen => 0,
            Self::Unseen => RESERVE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_followed_at_once_and_a_flood_at_its_pace() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let mut now = start;
        let mut calls = 0;
        while now < start + Duration::from_secs(15 * 60) {
            pace.spend(1, now);
            calls += 1;
            now = pace.when(1, Worthy::Seen.kept(), now);
            assert!(calls > 59 || now == start, "{calls} within the burst");
        }
        assert!((160..180).contains(&calls), "{calls} calls in a quarter of an hour");
    }

    #[test]
    fn what_is_out_of_sight_leaves_something_over_for_what_is_seen() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.spend(20, now);
        assert_eq!(pace.when(1, Worthy::Seen.kept(), now), now);
        assert!(pace.when(1, Worthy::Unseen.kept(), now) > now);
    }

    #[test]
    fn what_failed_is_read_again_later_each_time_unless_the_user_asks() {
        let (mut source, mut now) = (Source::default(), Instant::now());
        source.want();
        let mut waits = Vec::new();
        for attempt in 1..=3 {
            source.begin(attempt, now);
            assert!(source.fail(attempt, None, now));
            let due = source.due(now).expect("still wanted");
            waits.push(due - now);
            now = due;
        }
        assert!(waits.is_sorted() && waits[0] < waits[2], "{waits:?}");
        source.want_now();
        source.begin(4, now);
        assert!(source.fail(4, Some(Duration::from_secs(600)), now));
        assert_eq!(source.due(now), Some(now + Duration::from_secs(600)));
        source.want_now();
        assert_eq!(source.due(now), Some(now));
    }

    #[test]
    fn when_the_line_is_back_what_failed_is_read_at_once_unless_the_service_asked_for_a_pause() {
        let (mut source, now) = (Source::default(), Instant::now());
        source.want();
        source.begin(1, now);
        source.fail(1, None, now);
        source.resume();
        assert_eq!(source.due(now), Some(now));
        source.begin(2, now);
        source.fail(2, Some(Duration::from_secs(600)), now);
        source.resume();
        assert_eq!(source.due(now), Some(now + Duration::from_secs(600)));
    }

    #[test]
    fn who_wants_it_first_says_when() {
        let (mut source, now) = (Source::default(), Instant::now());
        let at = |seconds| now + Duration::from_secs(seconds);
        source.want_by(at(20));
        source.want_by(at(10));
        source.want_by(at(30));
        assert_eq!(source.due(now), Some(at(10)));
        source.want();
        source.want_by(at(10));
        assert_eq!(source.due(now), Some(now));
    }
}

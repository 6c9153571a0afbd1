//! What time it is here: the machine's time, moved forward by tests that live weeks in seconds, and shown wrong where a
//! fault says so. Judges tokens, codes and sessions; what people do in parties goes by the machine's time.

use std::{
    sync::atomic::{AtomicI32, AtomicU64, Ordering::Relaxed},
    time::{Duration, SystemTime},
};

use axum::http::HeaderValue;
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};

/// As far as the clock can be moved; keeps every sum within what a date can hold.
const FARTHEST: Duration = Duration::from_secs(20 * 365 * 24 * 3600);

/// Milliseconds since 1970 as answers write a date.
pub(super) fn iso_date(millis: u64) -> String {
    let date = i64::try_from(millis).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
    date.unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[derive(Default)]
pub(super) struct Clock {
    ahead_millis: AtomicU64,
    off_hours: AtomicI32,
}

/// One reading of the clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// How old things are goes by this.
    pub now: SystemTime,
    /// What is written into access tokens and `Date` headers.
    pub shown: SystemTime,
}

impl Clock {
    pub fn advance(&self, by: Duration) {
        let by = by.min(FARTHEST).as_millis() as u64;
        let sum = |ahead: u64| Some(ahead.saturating_add(by).min(FARTHEST.as_millis() as u64));
        // The closure never declines.
        let _ = self.ahead_millis.fetch_update(Relaxed, Relaxed, sum);
    }

    /// Shows a time this many hours later, or earlier, than it is.
    pub fn show_wrong(&self, hours: i16) {
        self.off_hours.store(hours.into(), Relaxed);
    }

    pub fn moment(&self) -> Moment {
        let now = SystemTime::now() + Duration::from_millis(self.ahead_millis.load(Relaxed));
        let hours = self.off_hours.load(Relaxed);
        let off = Duration::from_secs(u64::from(hours.unsigned_abs()) * 3600);
        Moment { now, shown: if hours < 0 { now - off } else { now + off } }
    }

    /// The `Date` of an answer, where the server's own would contradict the tokens.
    pub fn date(&self) -> Option<HeaderValue> {
        if self.ahead_millis.load(Relaxed) == 0 && self.off_hours.load(Relaxed) == 0 {
            return None;
        }
        let shown = Timestamp::try_from(self.moment().shown).ok()?;
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&shown).ok()?;
        HeaderValue::try_from(date).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_can_be_moved_but_not_off_the_calendar() {
        let clock = Clock::default();
        assert!(clock.date().is_none());
        clock.advance(Duration::from_secs(3600));
        let ahead = clock.moment().now.duration_since(SystemTime::now()).expect("ahead");
        assert!(ahead > Duration::from_secs(3599), "{ahead:?}");
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        clock.show_wrong(i16::MAX);
        assert!(clock.date().is_some());
    }

    #[test]
    fn a_wrong_clock_shows_another_time_than_it_judges_by() {
        let clock = Clock::default();
        clock.show_wrong(-5);
        let Moment { now, shown } = clock.moment();
        assert_eq!(now.duration_since(shown).expect("behind"), Duration::from_secs(5 * 3600));
    }
}

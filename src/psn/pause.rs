//! Whether a call may be made now: the budget, and the pauses that the service or the network edge asked for. Pure.

use std::time::{Duration, Instant};

use super::{
    Error,
    budget::{Budget, Urgency},
    retry::BLOCKED_PAUSE,
};

/// Where the service asks for a pause and names none.
const USUAL_WAIT: Duration = Duration::from_secs(30);
/// No pause is longer, whatever an answer or a file of an earlier run says: it is added to the time, and a program that falls
/// silent for a day is broken to its user.
pub const LONGEST_WAIT: Duration = Duration::from_secs(3600);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Blocked,
    RateLimited,
}

/// For every caller of one account.
#[derive(Debug, Default)]
pub struct Pauses {
    pub budget: Budget,
    not_before: Option<(Instant, Cause)>,
}

impl Pauses {
    /// Counts a call made at `now`.
    ///
    /// # Errors
    /// [`Error::Blocked`] or [`Error::RateLimited`] with the time until a call may be made.
    pub fn may_call(&mut self, now: Instant, urgency: Urgency) -> Result<(), Error> {
        if urgency == Urgency::Uncounted {
            return Ok(());
        }
        if let Some((not_before, cause)) = self.not_before {
            let excused = (urgency, cause) == (Urgency::MayUseReserve, Cause::RateLimited);
            if now < not_before && !excused {
                return Err(match cause {
                    Cause::Blocked => Error::Blocked,
                    Cause::RateLimited => Error::RateLimited { wait: not_before - now },
                });
            }
            if now >= not_before {
                self.not_before = None;
            }
        }
        self.budget.spend(now, urgency).map_err(|wait| Error::RateLimited { wait })
    }

    /// The network edge refused us.
    pub fn blocked(&mut self, now: Instant) -> Error {
        self.not_before = Some((now + BLOCKED_PAUSE, Cause::Blocked));
        Error::Blocked
    }

    /// The service asks for a pause, of [`LONGEST_WAIT`] at most.
    pub fn limited(&mut self, now: Instant, retry_after: Option<Duration>) -> Error {
        let wait = retry_after.unwrap_or(USUAL_WAIT);
        self.not_before = Some((now + wait, Cause::RateLimited));
        Error::RateLimited { wait }
    }

    /// A pause that an earlier run was in; one that is longer stays.
    pub fn resume(&mut self, now: Instant, left: Duration) {
        let until = now + left.min(LONGEST_WAIT);
        if self.not_before.is_none_or(|(not_before, _)| not_before < until) {
            self.not_before = Some((until, Cause::RateLimited));
        }
    }

    /// What is left of the pause.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        let (not_before, _) = self.not_before?;
        not_before.checked_duration_since(now).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_pause_holds_everybody_but_who_gives_something_back_and_ends_by_itself() {
        let (start, mut pauses) = (Instant::now(), Pauses::default());
        assert!(
            matches!(pauses.limited(start, Some(900 * SECOND)), Error::RateLimited { wait } if wait == 900 * SECOND)
        );
        let held = pauses.may_call(start + 60 * SECOND, Urgency::Normal);
        assert!(matches!(held, Err(Error::RateLimited { wait }) if wait == 840 * SECOND));
        assert!(pauses.may_call(start, Urgency::MayUseReserve).is_ok(), "leaving");
        assert!(pauses.may_call(start, Urgency::Uncounted).is_ok(), "a picture from elsewhere");
        assert_eq!(pauses.left(start + 899 * SECOND), Some(SECOND));
        assert!(pauses.may_call(start + 900 * SECOND, Urgency::Normal).is_ok());
        assert_eq!(pauses.left(start + 900 * SECOND), None);
    }

    #[test]
    fn behind_a_wall_nobody_knocks() {
        let (start, mut pauses) = (Instant::now(), Pauses::default());
        pauses.blocked(start);
        assert!(matches!(pauses.may_call(start, Urgency::MayUseReserve), Err(Error::Blocked)));
        assert!(pauses.may_call(start + BLOCKED_PAUSE, Urgency::Normal).is_ok());
    }

    #[test]
    fn a_pause_of_an_earlier_run_goes_on_but_not_for_days() {
        let (start, mut pauses) = (Instant::now(), Pauses::default());
        pauses.resume(start, 40 * SECOND);
        pauses.resume(start, 20 * SECOND);
        assert_eq!(pauses.left(start), Some(40 * SECOND));
        pauses.resume(start, 1_000_000 * SECOND);
        assert_eq!(pauses.left(start), Some(LONGEST_WAIT));
    }
}

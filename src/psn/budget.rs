//! How many calls may still be made: other clients of the service live within 300 in 15 minutes for one account. Pure.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::model::CallBudget;

const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Below what the service is known to bear, so that a phone of the same account still has room.
const CALLS_IN_WINDOW: usize = 270;
/// Of these, what reading by itself may use: it must not take from the user what is to be joined, sent or asked.
const IN_THE_BACKGROUND: usize = 220;
/// On top, for calls that give something back: nobody is kept in a party by a budget.
const RESERVE: usize = 25;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Reading what may have changed.
    Background,
    /// What the user does.
    Normal,
    /// Leaving and cleaning up.
    MayUseReserve,
    /// To a host that is not the service's: no call at all, as far as the service goes.
    Uncounted,
}

/// A sliding window over the calls made.
#[derive(Debug, Default)]
pub struct Budget {
    made: VecDeque<Instant>,
}

impl Budget {
    /// The last call reached nobody: the service never saw it.
    pub fn refund(&mut self) {
        self.made.pop_back();
    }

    /// Counts a call made at `now`.
    ///
    /// # Errors
    /// With the time until a call is free again, when the window is full.
    pub fn spend(&mut self, now: Instant, urgency: Urgency) -> Result<(), Duration> {
        let limit = match urgency {
            Urgency::Background => IN_THE_BACKGROUND,
            Urgency::Normal => CALLS_IN_WINDOW,
            Urgency::MayUseReserve => CALLS_IN_WINDOW + RESERVE,
            Urgency::Uncounted => return Ok(()),
        };
        self.drop_old(now);
        match self.made.front() {
            Some(&oldest) if self.made.len() >= limit => {
                Err(WINDOW.saturating_sub(now.duration_since(oldest)))
            }
            _ => {
                self.made.push_back(now);
                Ok(())
            }
        }
    }

    pub fn state(&mut self, now: Instant) -> CallBudget {
        self.drop_old(now);
        CallBudget { used: self.made.len(), limit: CALLS_IN_WINDOW, window: WINDOW }
    }

    fn drop_old(&mut self, now: Instant) {
        while self.made.front().is_some_and(|&made| now.duration_since(made) >= WINDOW) {
            self.made.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_window_says_how_long_to_wait_and_frees_itself() {
        let start = Instant::now();
        let mut budget = Budget::default();
        for _ in 0..CALLS_IN_WINDOW {
            budget.spend(start, Urgency::Normal).expect("room");
        }
        let state = |used| CallBudget { used, limit: CALLS_IN_WINDOW, window: WINDOW };
        assert_eq!(budget.state(start), state(CALLS_IN_WINDOW));
        assert_eq!(budget.spend(start, Urgency::Uncounted), Ok(()), "a picture costs nothing");
        assert_eq!(budget.spend(start, Urgency::Background), Err(WINDOW));
        let later = start + Duration::from_secs(60);
        let wait = Err(WINDOW - Duration::from_secs(60));
        assert_eq!(budget.spend(later, Urgency::Normal), wait);
        assert_eq!(budget.spend(later, Urgency::MayUseReserve), Ok(()), "leaving is always possible");
        assert_eq!(budget.spend(start + WINDOW, Urgency::Normal), Ok(()));
        assert_eq!(budget.state(start + WINDOW), state(2), "the one that left, and this one");
    }

    #[test]
    fn reading_leaves_something_to_the_user() {
        let start = Instant::now();
        let mut budget = Budget::default();
        for _ in 0..IN_THE_BACKGROUND {
            budget.spend(start, Urgency::Background).expect("room");
        }
        assert!(budget.spend(start, Urgency::Background).is_err());
        for _ in IN_THE_BACKGROUND..CALLS_IN_WINDOW {
            budget.spend(start, Urgency::Normal).expect("room");
        }
        assert!(budget.spend(start, Urgency::Normal).is_err());
    }
}

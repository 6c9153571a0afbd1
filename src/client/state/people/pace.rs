//! How many calls reading about people may take: some at once, the others at a walking pace. Pure.

use std::time::{Duration, Instant};

/// At once, where nothing was read for long: a list of 2,000 friends and the first of who they are.
const BURST: u32 = 41;
/// A call more every so often: 48 in the first minute, 100 in 15 minutes from then on.
const REFILL: Duration = Duration::from_secs(9);

/// A bucket of calls that fills slowly.
#[derive(Debug, Default)]
pub struct Pace {
    full_at: Option<Instant>,
}

impl Pace {
    pub fn spend(&mut self, calls: u32, now: Instant) {
        self.full_at = Some(self.full_at(now) + REFILL * calls);
    }

    /// When so many calls may be made together.
    pub fn when(&self, calls: u32, now: Instant) -> Instant {
        let room = REFILL * BURST.saturating_sub(calls);
        self.full_at(now).checked_sub(room).unwrap_or(now).max(now)
    }

    fn full_at(&self, now: Instant) -> Instant {
        self.full_at.map_or(now, |at| at.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_calls_at_once_and_then_one_after_the_other() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        for _ in 0..BURST {
            assert_eq!(pace.when(1, now), now);
            pace.spend(1, now);
        }
        assert_eq!(pace.when(1, now), now + REFILL);
        assert_eq!(pace.when(20, now), now + 20 * REFILL);
        let later = now + BURST * REFILL;
        assert_eq!(pace.when(BURST, later), later, "full again, and no more than full");
    }
}

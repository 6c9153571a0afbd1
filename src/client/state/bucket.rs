//! How many calls one part of the client may make: some at once, the others at a walking pace. Pure.

use std::time::{Duration, Instant};

/// Holds `BURST` calls, and another one comes in every `SECONDS`.
#[derive(Debug, Default)]
pub struct Bucket<const BURST: u32, const SECONDS: u64> {
    full_at: Option<Instant>,
}

impl<const BURST: u32, const SECONDS: u64> Bucket<BURST, SECONDS> {
    const REFILL: Duration = Duration::from_secs(SECONDS);

    /// Also what did not wait for its turn; a debt is never larger than the bucket.
    pub fn spend(&mut self, calls: u32, now: Instant) {
        let full_at = self.full_at(now) + Self::REFILL * calls;
        self.full_at = Some(full_at.min(now + Self::REFILL * BURST));
    }

    /// From when on so many calls may be made together, with `kept` left over for others; never in the past.
    pub fn when(&self, calls: u32, kept: u32, now: Instant) -> Instant {
        let room = Self::REFILL * BURST.saturating_sub(calls).saturating_sub(kept);
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
        const SECOND: Duration = Duration::from_secs(1);
        let (mut bucket, now) = (Bucket::<40, 9>::default(), Instant::now());
        for _ in 0..40 {
            assert_eq!(bucket.when(1, 0, now), now);
            bucket.spend(1, now);
        }
        assert_eq!(bucket.when(1, 0, now), now + 9 * SECOND);
        assert_eq!(bucket.when(20, 0, now), now + 180 * SECOND);
        assert_eq!(bucket.when(1, 10, now), now + 99 * SECOND, "others come first");
        let later = now + 360 * SECOND;
        assert_eq!(bucket.when(40, 0, later), later, "full again, and no more than full");
    }
}

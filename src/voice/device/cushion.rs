//! How much more than a device takes at once waits for it: little at first, more when it runs dry again and again, and
//! slowly less when some of it was never needed. Pure, time is an argument.

use std::time::{Duration, Instant};

/// What a thread may be late on a quiet machine.
const LEAST: Duration = Duration::from_millis(1);
/// Whenever the device runs dry too often, this much more waits for it, up to the most.
const MORE: Duration = Duration::from_millis(5);
const MOST: Duration = Duration::from_millis(100);
/// Running dry so often in a row is too often. A machine that stands still for a moment now and then costs a gap of that
/// moment, which hardly anybody hears; the delay that would cover it is heard in every word.
const FORGIVEN: f32 = 3.0;
/// One of them is forgotten after so long.
const FORGETTING: Duration = Duration::from_secs(4);
/// What was never needed for this long is given up, this much at a time.
const CALM: Duration = Duration::from_secs(5);
const LESS: Duration = Duration::from_millis(1);

#[derive(Debug)]
pub struct Cushion {
    length: Duration,
    calm_since: Option<Instant>,
    /// How often it ran dry lately, as of then.
    lately: f32,
    counted: Option<Instant>,
}

impl Default for Cushion {
    fn default() -> Self {
        Self { length: LEAST, calm_since: None, lately: 0.0, counted: None }
    }
}

impl Cushion {
    pub fn length(&self) -> Duration {
        self.length
    }

    /// Says whether the cushion became longer.
    pub fn ran_dry(&mut self, now: Instant) -> bool {
        let passed = self.counted.map_or(Duration::ZERO, |counted| now.saturating_duration_since(counted));
        self.counted = Some(now);
        self.lately = (self.lately - passed.div_duration_f32(FORGETTING)).max(0.0) + 1.0;
        if self.lately <= FORGIVEN {
            return false;
        }
        self.lately = FORGIVEN;
        self.calm_since = Some(now);
        let before = self.length;
        self.length = (self.length + MORE).min(MOST);
        self.length != before
    }

    /// Nothing went wrong for a while: time to say to [`Self::relax`] how much of it was left.
    pub fn is_calm(&mut self, now: Instant) -> bool {
        now >= *self.calm_since.get_or_insert(now) + CALM
    }

    /// `spare`: the least that was left over in the calm. Says whether the cushion became shorter.
    pub fn relax(&mut self, spare: Duration, now: Instant) -> bool {
        self.calm_since = Some(now);
        let before = self.length;
        if spare >= LEAST + LESS {
            self.length = self.length.saturating_sub(LESS).max(LEAST);
        }
        self.length != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A minute in which the device was left with so much at its worst.
    fn minute(cushion: &mut Cushion, spare: Duration, start: Instant) {
        for tick in 0..6000 {
            let now = start + tick * Duration::from_millis(10);
            if cushion.is_calm(now) {
                cushion.relax(spare, now);
            }
        }
    }

    /// Runs dry so often that it becomes longer once.
    fn longer(now: Instant) -> Cushion {
        let mut cushion = Cushion::default();
        while !cushion.ran_dry(now) {}
        assert_eq!(cushion.length(), LEAST + MORE);
        cushion
    }

    #[test]
    fn a_machine_that_stands_still_now_and_then_keeps_its_short_delay() {
        let (mut cushion, start) = (Cushion::default(), Instant::now());
        for stall in 0..100 {
            assert!(!cushion.ran_dry(start + stall * FORGETTING));
        }
        assert_eq!(cushion.length(), LEAST);
    }

    #[test]
    fn running_dry_again_and_again_makes_it_longer_and_never_without_end() {
        let (mut cushion, start) = (Cushion::default(), Instant::now());
        let after = (0..10).position(|second| cushion.ran_dry(start + Duration::from_secs(second)));
        assert!(after.is_some_and(|seconds| seconds < 5), "{after:?}");
        for _ in 0..100 {
            cushion.ran_dry(start + Duration::from_secs(10));
        }
        assert_eq!(cushion.length(), MOST);
    }

    #[test]
    fn what_is_never_needed_is_given_up_slowly() {
        let now = Instant::now();
        let mut cushion = longer(now);
        minute(&mut cushion, Duration::from_millis(6), now);
        assert_eq!(cushion.length(), LEAST);
    }

    #[test]
    fn what_was_nearly_needed_stays() {
        let now = Instant::now();
        let mut cushion = longer(now);
        minute(&mut cushion, Duration::from_millis(1), now);
        assert_eq!(cushion.length(), LEAST + MORE);
    }
}

//! How much more than a device takes at once waits for it: little at first, more when it ran dry, and slowly less again
//! when some of it was never needed. Pure, time is an argument.

use std::time::{Duration, Instant};

/// What a thread may be late on a quiet machine.
const LEAST: Duration = Duration::from_millis(1);
/// Every time the device found too little, this much more waits for it, up to the most.
const MORE: Duration = Duration::from_millis(5);
const MOST: Duration = Duration::from_millis(100);
/// What was never needed for this long is given up, this much at a time.
const CALM: Duration = Duration::from_secs(10);
const LESS: Duration = Duration::from_millis(1);

#[derive(Debug)]
pub struct Cushion {
    length: Duration,
    calm_since: Option<Instant>,
}

impl Default for Cushion {
    fn default() -> Self {
        Self { length: LEAST, calm_since: None }
    }
}

impl Cushion {
    pub fn length(&self) -> Duration {
        self.length
    }

    pub fn ran_dry(&mut self, now: Instant) {
        self.length = (self.length + MORE).min(MOST);
        self.calm_since = Some(now);
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

    #[test]
    fn it_grows_at_once_and_never_without_end() {
        let (mut cushion, now) = (Cushion::default(), Instant::now());
        cushion.ran_dry(now);
        assert_eq!(cushion.length(), LEAST + MORE);
        for _ in 0..100 {
            cushion.ran_dry(now);
        }
        assert_eq!(cushion.length(), MOST);
    }

    #[test]
    fn what_is_never_needed_is_given_up_slowly() {
        let (mut cushion, now) = (Cushion::default(), Instant::now());
        cushion.ran_dry(now);
        minute(&mut cushion, Duration::from_millis(6), now);
        assert_eq!(cushion.length(), LEAST + MORE - 5 * LESS);
        minute(&mut cushion, Duration::from_millis(6), now + Duration::from_secs(60));
        assert_eq!(cushion.length(), LEAST);
    }

    #[test]
    fn what_was_nearly_needed_stays() {
        let (mut cushion, now) = (Cushion::default(), Instant::now());
        cushion.ran_dry(now);
        minute(&mut cushion, Duration::from_millis(1), now);
        assert_eq!(cushion.length(), LEAST + MORE);
    }
}

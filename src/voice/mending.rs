//! Which packets of a stream are lost for good, and when what could mend them came: the copy in a later packet (RED), or
//! the successor that carries them a second time (Opus FEC). Where packets get lost again and again, the jitter buffer
//! waits just that long. Pure, time is an argument.

use std::time::{Duration, Instant};

/// A packet is lost once so many after it came without it; a network that reorders further than that does not count.
const GIVEN_UP_AFTER: u64 = 12;
/// A single loss is made up for; losses within this of one another are worth waiting for what mends them.
const AGAIN_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy)]
struct Slot {
    sequence: u64,
    timestamp: u64,
    came: bool,
    mended: Option<Instant>,
}

/// The last packets of one stream.
#[derive(Debug)]
pub struct Mending {
    slots: [Option<Slot>; 2 * GIVEN_UP_AFTER as usize],
    first: u64,
    newest: u64,
    last_loss: Option<Instant>,
}

impl Mending {
    /// Begins with this packet.
    pub fn new(sequence: u64) -> Self {
        Self { slots: Default::default(), first: sequence, newest: sequence, last_loss: None }
    }

    /// The packet itself came. `before`: where the packet ahead of it in the stream begins, which it may carry as well.
    pub fn came(&mut self, sequence: u64, timestamp: u64, before: u64, at: Instant) {
        if let Some(slot) = self.slot(sequence, timestamp) {
            slot.came = true;
        }
        self.mended(sequence - 1, before, at);
    }

    /// A copy of the packet came.
    pub fn mended(&mut self, sequence: u64, timestamp: u64, at: Instant) {
        if let Some(slot) = self.slot(sequence, timestamp) {
            slot.mended.get_or_insert(at);
        }
    }

    /// Goes on to `newest`, and hands out where each packet lies that is given up now and was worth waiting for, and when
    /// it could have been had.
    pub fn advance(&mut self, newest: u64, now: Instant, mut missed: impl FnMut(u64, Instant)) {
        // What was jumped over left no trace.
        let first = (self.newest + 1).max(newest.saturating_sub(self.slots.len() as u64));
        for given_up in first - GIVEN_UP_AFTER..=newest.saturating_sub(GIVEN_UP_AFTER) {
            let slot = self.slots[given_up as usize % self.slots.len()];
            let Some(slot) = slot.filter(|slot| slot.sequence == given_up && !slot.came) else { continue };
            let again = self.last_loss.is_some_and(|last| now < last + AGAIN_WITHIN);
            self.last_loss = Some(now);
            if let Some(mended) = slot.mended.filter(|_| again) {
                missed(slot.timestamp, mended);
            }
        }
        self.newest = self.newest.max(newest);
    }

    /// `None`: given up long ago, or from before the stream began.
    fn slot(&mut self, sequence: u64, timestamp: u64) -> Option<&mut Slot> {
        if sequence < self.first {
            return None;
        }
        let length = self.slots.len() as u64;
        let slot = &mut self.slots[(sequence % length) as usize];
        if slot.is_none_or(|slot| slot.sequence < sequence) {
            *slot = Some(Slot { sequence, timestamp, came: false, mended: None });
        }
        slot.as_mut().filter(|slot| slot.sequence == sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of 20 ms at a clock of 1 kHz, each punctual; those in `lost` never come. What was missed.
    fn missed(lost: &[u64], copy_of: u64) -> Vec<(u64, Duration)> {
        let start = Instant::now();
        let at = |n: u64| start + Duration::from_millis(n * 20);
        let (mut mending, mut missed) = (Mending::new(1_000), vec![]);
        for n in (0..200).filter(|n| !lost.contains(n)) {
            mending.came(1_000 + n, 10_000 + n * 20, 10_000 + n * 20 - 20, at(n));
            if copy_of > 0 {
                mending.mended(1_000 + n - copy_of, 10_000 + (n * 20) - copy_of * 20, at(n));
            }
            mending.advance(1_000 + n, at(n), |timestamp, mended| missed.push((timestamp, mended - start)));
        }
        missed
    }

    #[test]
    fn nothing_is_missed_where_nothing_is_lost() {
        assert!(missed(&[], 2).is_empty());
    }

    #[test]
    fn a_single_loss_is_not_worth_waiting_for() {
        assert!(missed(&[50], 2).is_empty());
    }

    #[test]
    fn repeated_losses_say_when_their_successor_or_copy_came() {
        assert_eq!(missed(&[50, 100], 0), [(10_000 + 100 * 20, Duration::from_millis(101 * 20))]);
        // Its successor is lost as well: the copy two later, or nothing.
        let twice = [50, 100, 101];
        assert_eq!(missed(&twice, 2)[0], (10_000 + 100 * 20, Duration::from_millis(102 * 20)));
        assert_eq!(missed(&twice, 0).len(), 1);
    }

    #[test]
    fn a_jump_ahead_costs_a_bounded_time() {
        let mut mending = Mending::new(1 << 32);
        mending.advance(1 << 60, Instant::now(), |_, _| panic!("nothing came that could be missed"));
        mending.came(1 << 60, 0, 0, Instant::now());
    }
}

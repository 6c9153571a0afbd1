//! How late packets are as a rule: of all of late but for a few, the latest. Pure.

use super::timing::LONGEST;

/// One for each millisecond; whoever is later than the longest delay counts as just as late.
const BINS: usize = LONGEST.as_millis() as usize + 1;
/// Of all packets, this share may come too late for the delay: waiting for each would cost every word more than they do.
const OUTLIERS: f32 = 0.02;
/// What came this long ago counts a third (1/e). Seconds.
const MEMORY: f64 = 5.0;
/// No packet counts for more than so long a time: in a pause nothing is learnt. Seconds.
const PAUSE: f64 = 0.1;

/// Shares of packets by how late they were.
#[derive(Debug)]
pub struct Lateness {
    shares: [f32; BINS],
    noted: u32,
}

impl Lateness {
    /// Before the first packet. Seconds.
    pub fn assumed(late: f64) -> Self {
        let mut shares = [0.0; BINS];
        shares[bin(late)] = 1.0;
        Self { shares, noted: 1 }
    }

    /// A packet was so late, so long after the one before it. Seconds.
    pub fn note(&mut self, late: f64, elapsed: f64) {
        self.noted = self.noted.saturating_add(1);
        // The first ones count for more: there are no others.
        let weight = (elapsed.min(PAUSE) / MEMORY).max(1.0 / f64::from(self.noted)) as f32;
        self.shares.iter_mut().for_each(|share| *share *= 1.0 - weight);
        self.shares[bin(late)] += weight;
    }

    /// All but a few are no later. Seconds.
    pub fn usual(&self) -> f64 {
        let mut later = 0.0;
        let usual = self.shares.iter().rposition(|share| {
            later += share;
            later > OUTLIERS
        });
        usual.unwrap_or(0) as f64 / 1000.0
    }
}

fn bin(late: f64) -> usize {
    ((late * 1000.0) as usize).min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After packets of 20 ms, each late by so many milliseconds. Milliseconds.
    fn usual(late: impl Iterator<Item = u32>) -> f64 {
        let mut lateness = Lateness::assumed(0.020);
        late.for_each(|late| lateness.note(f64::from(late) / 1000.0, 0.020));
        lateness.usual() * 1000.0
    }

    #[test]
    fn nearly_all_packets_come_in_time() {
        let usual = usual((0..1000).map(|n| n * 7 % 50));
        assert!((46.0..=49.0).contains(&usual), "{usual}");
    }

    #[test]
    fn what_is_late_once_in_a_while_is_not_waited_for() {
        assert_eq!(usual((0..1000).map(|n| if n % 100 == 99 { 150 } else { 4 })), 4.0);
        assert_eq!(usual((0..1000).map(|n| if n % 20 == 19 { 150 } else { 4 })), 150.0);
    }

    #[test]
    fn nothing_is_later_than_the_longest_delay_nor_earlier_than_punctual() {
        let mut lateness = Lateness::assumed(f64::NAN);
        for late in [f64::INFINITY, f64::MAX, 400.0] {
            lateness.note(late, f64::INFINITY);
        }
        assert_eq!(lateness.usual(), LONGEST.as_secs_f64());
        (0..1000).for_each(|_| lateness.note(-1.0, 0.020));
        assert_eq!(lateness.usual(), 0.0);
    }
}

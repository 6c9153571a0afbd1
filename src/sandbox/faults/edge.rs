//! The network edge in front of the sign-in: it shuts out whoever calls too often.

use std::{
    collections::VecDeque,
    time::{Duration, SystemTime},
};

/// Other clients were shut out after about this many calls.
const MOST_CALLS: usize = 14;
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// Counts one caller: everybody who reaches a sandbox has the same address.
#[derive(Default)]
pub(super) struct StrictEdge {
    /// Calls within the window, refused ones included; the oldest first.
    calls: VecDeque<SystemTime>,
}

impl StrictEdge {
    /// Counts a call. Whoever goes on while refused stays refused.
    pub fn admits(&mut self, now: SystemTime) -> bool {
        while self.calls.front().is_some_and(|call| *call + WINDOW <= now) {
            self.calls.pop_front();
        }
        if self.calls.len() > MOST_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back(now);
        self.calls.len() <= MOST_CALLS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_opens_again_only_for_somebody_who_waits() {
        let (mut edge, begin) = (StrictEdge::default(), SystemTime::UNIX_EPOCH);
        let mut call = |seconds| edge.admits(begin + Duration::from_secs(seconds));
        assert!((0..14).all(&mut call));
        assert!(!(14..400).step_by(10).any(&mut call), "hammering");
        assert!(call(800));
    }
}

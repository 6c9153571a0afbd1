//! Who is a friend, as the service lists it: page after page, those who are online first. Pure.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use super::upkeep::Upkeep;
use crate::{
    client::input::Attempt,
    model::{AccountId, FriendsPage},
};

/// Events tell most of it; this is for what they do not.
pub const EVERY: Duration = Duration::from_secs(10 * 60);

#[derive(Debug, Default)]
pub struct FriendList {
    upkeep: Upkeep,
    walk: Walk,
    /// `None`: no page has come so far.
    listed: Option<Vec<AccountId>>,
    /// Pages of the last whole reading.
    pages: u32,
    /// The last reading missed somebody who moved from a page to another meanwhile.
    missed: bool,
    /// When the last reading that missed nobody began.
    whole_as_of: Option<Instant>,
}

/// One reading of the whole list.
#[derive(Debug, Default)]
struct Walk {
    attempt: Attempt,
    seen: HashSet<AccountId>,
    friends: Vec<AccountId>,
    pages: u32,
    /// With the second page the calls for all of them were counted.
    is_paid: bool,
}

/// What a page leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Nobody waited for it.
    Nothing,
    /// To the page that begins there, which counts for so many calls.
    Next { offset: usize, calls: u32 },
    /// The list is read. Those who are new in it, unless all are.
    End { new: Vec<AccountId> },
}

impl FriendList {
    pub fn listed(&self) -> Option<&[AccountId]> {
        self.listed.as_deref()
    }

    pub fn want(&mut self, at: Instant) {
        self.upkeep.want(at);
    }

    pub fn want_soon(&mut self, now: Instant) {
        self.upkeep.want_soon(now);
    }

    pub fn due(&self) -> Option<Instant> {
        self.upkeep.due(EVERY)
    }

    /// Calls for the whole list.
    pub fn cost(&self) -> u32 {
        self.pages.max(1)
    }

    pub fn is_under_way(&self) -> bool {
        self.upkeep.is_under_way()
    }

    /// The whole of it was read at least once.
    pub fn is_known(&self) -> bool {
        self.pages > 0
    }

    pub fn is_pending(&self) -> bool {
        self.upkeep.is_pending()
    }

    /// Everybody who was a friend at `then` and later is listed.
    pub fn is_read_since(&self, then: Instant) -> bool {
        self.whole_as_of.is_some_and(|as_of| as_of >= then)
    }

    pub fn begin(&mut self, attempt: Attempt, now: Instant) {
        self.upkeep.begin(attempt, now);
        self.walk = Walk { attempt, ..Walk::default() };
    }

    /// Gives the reading under way up.
    pub fn abandon(&mut self) {
        self.upkeep.abandon(self.walk.attempt);
    }

    /// Of the reading under way.
    pub fn attempt(&self) -> Attempt {
        self.walk.attempt
    }

    pub fn is_of(&self, attempt: Attempt) -> bool {
        self.upkeep.is_under_way() && self.walk.attempt == attempt
    }

    pub fn take(&mut self, attempt: Attempt, page: FriendsPage, now: Instant) -> Step {
        if !self.is_of(attempt) {
            return Step::Nothing;
        }
        let walk = &mut self.walk;
        walk.pages += 1;
        walk.friends.extend(page.friends.into_iter().filter(|friend| walk.seen.insert(*friend)));
        let is_first = self.whole_as_of.is_none() && !self.missed;
        if is_first && walk.friends.len() >= self.listed.as_ref().map_or(0, Vec::len) {
            self.listed = Some(walk.friends.clone());
        }
        if let Some(offset) = page.next {
            let rest = page.total.filter(|_| walk.pages == 1 && offset > 0);
            let rest = rest.map(|total| (total.div_ceil(offset) as u32).saturating_sub(1));
            let calls = if walk.is_paid { 0 } else { rest.unwrap_or(1) };
            walk.is_paid |= rest.is_some();
            return Step::Next { offset, calls };
        }
        self.end(page.total, is_first, now)
    }

    fn end(&mut self, total: Option<usize>, is_first: bool, now: Instant) -> Step {
        let Walk { attempt, seen, mut friends, pages, .. } = std::mem::take(&mut self.walk);
        let missed = total.is_some_and(|total| seen.len() < total);
        let before = self.listed.take().unwrap_or_default();
        let known: HashSet<_> = before.iter().copied().collect();
        let new = friends.iter().copied().filter(|friend| !is_first && !known.contains(friend)).collect();
        if missed {
            // Who is not there was missed, or is no friend any more: the next reading tells.
            friends.extend(before.into_iter().filter(|friend| !seen.contains(friend)));
        } else {
            self.whole_as_of = self.upkeep.began();
        }
        (self.listed, self.pages) = (Some(friends), pages);
        self.upkeep.finish(attempt);
        if missed && !self.missed {
            self.upkeep.want_soon(now);
        }
        self.missed = missed;
        Step::End { new }
    }

    /// `false`: nobody waited for it.
    pub fn fail(&mut self, attempt: Attempt, now: Instant) -> bool {
        self.upkeep.fail(attempt, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(friends: std::ops::Range<u64>, next: Option<usize>, total: usize) -> FriendsPage {
        FriendsPage { friends: friends.map(AccountId).collect(), next, total: Some(total) }
    }

    #[test]
    fn the_first_reading_shows_each_page_as_it_comes_and_a_later_one_only_the_whole() {
        let (mut list, now) = (FriendList::default(), Instant::now());
        list.begin(1, now);
        assert_eq!(list.take(1, page(0..3, Some(3), 5), now), Step::Next { offset: 3, calls: 1 });
        assert_eq!(list.listed().map(<[_]>::len), Some(3));
        assert_eq!(list.take(1, page(3..5, None, 5), now), Step::End { new: vec![] });
        list.begin(2, now);
        assert_eq!(list.take(1, page(0..3, None, 3), now), Step::Nothing);
        list.take(2, page(1..4, Some(3), 4), now);
        assert_eq!(list.listed().map(<[_]>::len), Some(5));
        assert_eq!(list.take(2, page(7..8, None, 4), now), Step::End { new: vec![AccountId(7)] });
        assert_eq!(list.listed().map(<[_]>::len), Some(4));
    }

    #[test]
    fn who_moved_between_two_pages_is_not_taken_for_gone() {
        let (mut list, now) = (FriendList::default(), Instant::now());
        list.begin(1, now);
        list.take(1, page(0..5, None, 5), now);
        assert!(list.is_read_since(now));
        let later = now + Duration::from_secs(1);
        list.begin(2, later);
        list.take(2, page(0..3, Some(3), 5), later);
        list.take(2, page(4..5, None, 5), later);
        assert_eq!(list.listed().map(<[_]>::len), Some(5));
        assert!(!list.is_read_since(later));
        assert!(list.due().is_some_and(|due| due < later + EVERY), "once more, soon");
    }
}

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
    /// When the last reading that came to its end began.
    walked: Option<Instant>,
    /// How many fewer it met than the service counts: they moved from a page to another meanwhile, or are listed nowhere.
    short: usize,
    /// Whom it did not meet, and the one before did. Whoever is missing twice in a row is no friend any more.
    absent: HashSet<AccountId>,
    /// The next reading is the second one after such a reading, and the last one to be hurried.
    is_second: bool,
    /// Whoever was no friend any more at that time is not listed.
    true_as_of: Option<Instant>,
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

    /// A reading that began at `then` or later came to its end, whoever it missed.
    pub fn is_walked_since(&self, then: Instant) -> bool {
        self.walked.is_some_and(|walked| walked >= then)
    }

    /// What happened until `then` shows: who came is listed, and who went is not.
    pub fn is_true_since(&self, then: Instant) -> bool {
        self.true_as_of.is_some_and(|as_of| as_of >= then)
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
        let is_first = self.walked.is_none();
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
        let short = total.unwrap_or_default().saturating_sub(seen.len());
        let before = self.listed.take().unwrap_or_default();
        let known: HashSet<_> = before.iter().copied().collect();
        let new = friends.iter().copied().filter(|friend| !is_first && !known.contains(friend)).collect();
        let began = self.upkeep.began();
        if short > 0 {
            // Who is not there was missed, or is no friend any more: the next reading tells.
            let absent = before.into_iter().filter(|it| !seen.contains(it) && !self.absent.contains(it));
            let absent: Vec<_> = absent.collect();
            self.absent = absent.iter().copied().collect();
            friends.extend(absent);
            self.true_as_of = self.walked;
        } else {
            self.absent.clear();
            self.true_as_of = began;
        }
        (self.listed, self.pages, self.walked) = (Some(friends), pages, began);
        self.upkeep.finish(attempt);
        // A service that always counts too many is no reason to read more.
        let in_doubt = !self.absent.is_empty() || short > 0 && short != self.short;
        self.is_second = in_doubt && !self.is_second;
        if self.is_second {
            self.upkeep.want_soon(now);
        }
        self.short = short;
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
        assert!(list.is_true_since(now));
        let later = now + Duration::from_secs(1);
        list.begin(2, later);
        list.take(2, page(0..3, Some(3), 5), later);
        list.take(2, page(4..5, None, 5), later);
        assert_eq!(list.listed().map(<[_]>::len), Some(5));
        assert!(list.is_walked_since(later) && !list.is_true_since(later));
        assert!(list.due().is_some_and(|due| due < later + EVERY), "once more, soon");
        list.begin(3, later);
        list.take(3, page(0..5, None, 5), later);
        assert!(list.is_true_since(later));
    }

    #[test]
    fn a_service_that_counts_somebody_it_does_not_list_keeps_no_former_friend_and_hurries_nothing() {
        let (mut list, start) = (FriendList::default(), Instant::now());
        let (mut now, mut walks) = (start, 0);
        let mut walk_on = |list: &mut FriendList, friends: std::ops::Range<u64>, time: Duration| {
            let end = now + time;
            let mut made = 0;
            list.want(now);
            while let Some(due) = list.due().filter(|due| *due <= end) {
                now = due.max(now);
                (walks, made) = (walks + 1, made + 1);
                list.begin(walks, now);
                let total = friends.clone().count() + 1;
                list.take(walks, page(friends.clone(), None, total), now);
            }
            now = end;
            made
        };
        assert_eq!(walk_on(&mut list, 0..5, EVERY / 2), 2, "the second one tells that it stays so");
        assert!(list.is_walked_since(start) && list.is_true_since(start));
        assert_eq!(walk_on(&mut list, 0..5, EVERY / 2), 1);
        assert_eq!(walk_on(&mut list, 0..4, EVERY / 2), 2, "somebody is missing");
        assert_eq!(list.listed().map(<[_]>::len), Some(4));
        assert!(list.is_true_since(start + EVERY), "what was decided before that shows");
        assert_eq!(walk_on(&mut list, 0..4, EVERY * 3), 4, "calm from then on");
    }

    #[test]
    fn while_people_come_and_go_all_the_time_each_reading_is_followed_by_one_more_at_most() {
        let (mut list, mut now) = (FriendList::default(), Instant::now());
        let mut walks = 0;
        let end = now + 10 * EVERY;
        list.want(now);
        while let Some(due) = list.due().filter(|due| *due < end) {
            now = due.max(now);
            walks += 1;
            list.begin(walks, now);
            // Each time somebody else falls between two pages.
            let between = walks % 5;
            list.take(walks, page(0..between, Some(5), 6), now);
            list.take(walks, page(between + 1..6, None, 6), now);
            assert!(list.is_walked_since(now), "there is nothing to catch up with");
            assert!(list.listed().is_some_and(|listed| listed.len() >= 5));
        }
        assert!((10..=21).contains(&walks), "{walks} readings in 10 turns");
        assert_eq!(list.listed().map(<[_]>::len), Some(6), "and nobody is lost");
    }
}

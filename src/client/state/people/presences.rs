//! What friends are doing: a page at a time, in turns, pages where somebody is online more often than others. A page stays the
//! same page, so that the service can say that nothing in it has changed. Pure.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use crate::{
    client::input::Attempt,
    model::{AccountId, Availability, Presence},
};

const PAGE: usize = 100;
/// How often a page comes round, where there are few.
const ROUND: Duration = Duration::from_secs(48);
/// Between two pages, where there are many.
const APART: Duration = Duration::from_secs(15);
/// A page where somebody is online has its turn so many times more often.
const ONLINE_WEIGHT: u32 = 3;

#[derive(Debug, Default)]
pub struct Presences {
    known: HashMap<AccountId, Presence>,
    pages: Vec<Page>,
    /// When a page had its turn last.
    turned: Option<Instant>,
}

#[derive(Debug, Default)]
struct Page {
    accounts: Vec<AccountId>,
    /// `None`: nobody has asked about all of them so far.
    read: Option<Instant>,
    asked: Option<(Attempt, Vec<AccountId>)>,
}

impl Presences {
    pub fn get(&self, account: AccountId) -> Option<&Presence> {
        self.known.get(&account)
    }

    pub fn follows(&self, account: AccountId) -> bool {
        self.pages.iter().any(|page| page.accounts.contains(&account))
    }

    /// Tells of these from now on. Those before keep their pages.
    pub fn follow(&mut self, accounts: impl IntoIterator<Item = AccountId>) {
        let accounts: Vec<_> = accounts.into_iter().collect();
        let wanted: HashSet<_> = accounts.iter().copied().collect();
        for page in &mut self.pages {
            page.accounts.retain(|account| wanted.contains(account));
        }
        self.pages.retain(|page| !page.accounts.is_empty());
        self.known.retain(|account, _| wanted.contains(account));
        let placed: HashSet<_> = self.pages.iter().flat_map(|page| page.accounts.iter().copied()).collect();
        let mut roomy = 0;
        for account in accounts.into_iter().filter(|account| !placed.contains(account)) {
            while self.pages.get(roomy).is_some_and(|page| page.accounts.len() >= PAGE) {
                roomy += 1;
            }
            if roomy == self.pages.len() {
                self.pages.push(Page::default());
            }
            if let Some(page) = self.pages.get_mut(roomy) {
                page.accounts.push(account);
                page.read = None;
            }
        }
    }

    /// Not in turns, but as soon as may be.
    pub fn read_all_again(&mut self) {
        for page in &mut self.pages {
            page.read = None;
        }
    }

    /// One that nobody has asked about; `all`: not just the first of the list.
    pub fn missing(&self, all: bool) -> Option<usize> {
        let pages = if all { self.pages.len() } else { 1 };
        self.pages.iter().take(pages).position(|page| page.read.is_none() && page.asked.is_none())
    }

    /// The one whose turn is next, and when.
    pub fn turn(&self, now: Instant) -> Option<(usize, Instant)> {
        let weight = |page: &Page| {
            let is_online = |account| {
                self.get(account).is_some_and(|presence| presence.availability == Availability::Online)
            };
            if page.accounts.iter().copied().any(is_online) { ONLINE_WEIGHT } else { 1 }
        };
        let read = self.pages.iter().enumerate().filter(|(_, page)| page.asked.is_none());
        let read = read.filter_map(|(index, page)| Some((index, page, page.read?)));
        let next = read.max_by_key(|(_, page, read)| now.saturating_duration_since(*read) * weight(page));
        let apart = (ROUND / self.pages.len().max(1) as u32).max(APART);
        next.map(|(index, _, read)| (index, self.turned.unwrap_or(read) + apart))
    }

    pub fn ask(&mut self, index: usize, attempt: Attempt, now: Instant) -> Vec<AccountId> {
        let Some(page) = self.pages.get_mut(index) else { return Vec::new() };
        self.turned = Some(now);
        page.asked = Some((attempt, page.accounts.clone()));
        page.accounts.clone()
    }

    pub fn under_way(&self) -> usize {
        self.pages.iter().filter(|page| page.asked.is_some()).count()
    }

    /// What a page says, and of whom the service does not speak nothing is known. `None`: nobody waited for it; else
    /// whether anything changed.
    pub fn take(
        &mut self,
        attempt: Attempt,
        mut presences: HashMap<AccountId, Presence>,
        now: Instant,
    ) -> Option<bool> {
        let (index, asked) = self.answered(attempt)?;
        let page = self.pages.get_mut(index)?;
        if page.accounts.iter().all(|account| asked.contains(account)) {
            page.read = Some(now);
        }
        let mut changed = false;
        for account in page.accounts.clone() {
            if asked.contains(&account) {
                changed |= self.put(account, presences.remove(&account));
            }
        }
        Some(changed)
    }

    /// Whether that was anything new.
    pub fn put(&mut self, account: AccountId, presence: Option<Presence>) -> bool {
        let changed = self.known.get(&account) != presence.as_ref();
        if changed {
            match presence {
                Some(presence) => drop(self.known.insert(account, presence)),
                None => drop(self.known.remove(&account)),
            }
        }
        changed
    }

    /// `false`: nobody waited for it. What was known stays, and the next one has its turn.
    pub fn fail(&mut self, attempt: Attempt, now: Instant) -> bool {
        let Some((index, _)) = self.answered(attempt) else { return false };
        if let Some(page) = self.pages.get_mut(index) {
            page.read = page.read.map(|_| now);
        }
        true
    }

    fn answered(&mut self, attempt: Attempt) -> Option<(usize, HashSet<AccountId>)> {
        let is_asked = |page: &Page| page.asked.as_ref().is_some_and(|(asked, _)| *asked == attempt);
        let index = self.pages.iter().position(is_asked)?;
        let (_, accounts) = self.pages.get_mut(index)?.asked.take()?;
        Some((index, accounts.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts(range: std::ops::Range<u64>) -> impl Iterator<Item = AccountId> {
        range.map(AccountId)
    }

    fn online() -> Presence {
        Presence { availability: Availability::Online, platform: None, game: None, last_online: None }
    }

    fn read(presences: &mut Presences, page: usize, attempt: Attempt, now: Instant) -> Vec<AccountId> {
        let asked = presences.ask(page, attempt, now);
        assert!(presences.take(attempt, HashMap::new(), now).is_some());
        asked
    }

    #[test]
    fn a_page_stays_the_same_page_whatever_order_the_list_has() {
        let (mut presences, now) = (Presences::default(), Instant::now());
        presences.follow(accounts(0..250));
        let before: Vec<_> = (0..3).map(|page| read(&mut presences, page, page as u64, now)).collect();
        assert_eq!(before.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50]);
        presences.follow(accounts(0..251).collect::<Vec<_>>().into_iter().rev());
        assert_eq!(presences.missing(true), Some(2), "the one with somebody new");
        let after: Vec<_> = (0..3).map(|page| read(&mut presences, page, 10 + page as u64, now)).collect();
        assert_eq!(before[..2], after[..2]);
        assert_eq!(after[2].len(), 51);
        presences.follow(accounts(150..251));
        assert_eq!(read(&mut presences, 0, 20, now).len(), 50, "who is gone leaves a gap, and nobody moves");
    }

    #[test]
    fn pages_with_somebody_online_have_their_turn_more_often_and_the_others_too() {
        let (mut presences, mut now) = (Presences::default(), Instant::now());
        presences.follow(accounts(0..500));
        for page in 0..5 {
            read(&mut presences, page, page as u64, now);
        }
        let mut turns = [0; 5];
        for attempt in 100..200 {
            let (page, at) = presences.turn(now).expect("a page");
            assert!(at >= now, "one after the other");
            now = at;
            turns[page] += 1;
            presences.ask(page, attempt, now);
            let there = if page == 1 { HashMap::from([(AccountId(110), online())]) } else { HashMap::new() };
            presences.take(attempt, there, now);
        }
        assert!(turns[1] > 30 && turns.iter().all(|turns| *turns > 10), "{turns:?}");
    }

    #[test]
    fn who_joined_a_page_while_it_was_asked_about_is_asked_about_too() {
        let (mut presences, now) = (Presences::default(), Instant::now());
        presences.follow(accounts(0..2));
        presences.ask(0, 1, now);
        presences.follow(accounts(0..3));
        assert_eq!(presences.take(1, HashMap::from([(AccountId(0), online())]), now), Some(true));
        assert_eq!(presences.missing(true), Some(0));
        assert_eq!(presences.take(1, HashMap::new(), now), None, "nobody waits for it");
    }
}

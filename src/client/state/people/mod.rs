//! Friends, requests, blocks, favourites and cards: what the service said of them, what the user decided, and what is to be
//! read next. Here is what they share: what is shown, and the order of reading.

mod appearance;
mod asking;
mod backoff;
mod book;
mod card;
mod decisions;
mod friends;
mod presences;
mod reading;
mod requests;
mod shown;
#[cfg(test)]
mod tests;
mod upkeep;

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use appearance::Appearance;
use backoff::Backoff;
use book::Book;
use card::OpenCard;
use decisions::Decisions;
use friends::FriendList;
use presences::Presences;
use requests::{Blocks, Requests};
use shown::Shown;

use super::{Effects, State, bucket::Bucket};
use crate::{
    client::{Fetched, People, input::Decision},
    model::{AccountId, Friend, OnlineId},
};

/// At once, where nothing was read for long: a list of 2,000 friends and the first of who they are. Then 48 in the first minute,
/// and 100 in 15 minutes from then on.
type Pace = Bucket<41, 9>;

/// How long the push line may take to open before everything is read without it.
const LINE_TIME: Duration = Duration::from_secs(2);

/// People of an account.
#[derive(Default)]
pub struct PeopleState {
    list: FriendList,
    book: Book,
    presences: Presences,
    requests: Requests,
    blocks: Blocks,
    appearance: Appearance,
    decisions: Decisions,
    /// Asked in this run, or told yes, and no friends so far.
    asked: BTreeSet<AccountId>,
    asking: Option<asking::Asking>,
    asked_by_name: u32,
    card: Option<OpenCard>,
    pace: Pace,
    /// Nothing is read before: the service is out of reach, or wants a pause.
    held_until: Option<Instant>,
    names_failed: Backoff,
    presences_failed: Backoff,
    /// When names were looked up again.
    names_looked_up: Option<Instant>,
    /// The first reading goes on after its first page when the line is open, or has had its time.
    waits_for_line: Option<Instant>,
    /// From which page on, and how many calls that counts for.
    walk_waits: Option<(usize, u32)>,
    shown: Shown,
}

impl PeopleState {
    pub fn friends(&self) -> Fetched<Arc<Vec<Friend>>> {
        self.shown.friends.clone()
    }

    /// What was asked for after `since` has come: who the friends are, and who wants to be one.
    pub fn is_caught_up(&self, since: Instant) -> bool {
        self.list.is_walked_since(since) && self.requests.upkeep.was_tried_since(since)
    }

    pub fn published(&self) -> People {
        People {
            favorites: self.shown.favorites.clone(),
            requests: self.shown.requests.clone(),
            asked: self.shown.asked.clone(),
            blocked: self.shown.blocked.clone(),
            appear_offline: self.appearance.published(),
            card: self.card(),
            asking: self.asking.is_some(),
            asked_by_name: self.asked_by_name,
            own_presence: self.shown.own_presence.clone(),
        }
    }

    pub fn name_of(&self, account: AccountId) -> Option<OnlineId> {
        self.book.get(account).map(|profile| profile.online_id.clone())
    }

    /// Whether they stand in the list of those who want to be friends.
    pub fn is_asked_by(&self, account: AccountId) -> bool {
        self.requests.list().is_some_and(|list| list.iter().any(|request| request.from == account))
    }

    /// No friend can be shown so far.
    fn has_no_name(&self) -> bool {
        self.shown.friends.value.is_none()
    }

    /// What a decision changes is read again.
    fn want_lists_of(&mut self, decision: Decision, now: Instant) {
        let (friends, requests, blocks) = lists_of(decision);
        if friends {
            self.list.want_soon(now);
        }
        if requests {
            self.requests.upkeep.want_soon(now);
        }
        if blocks {
            self.blocks.upkeep.want_soon(now);
        }
    }

    /// After the list was read: whoever is of no interest is forgotten, and some of the others are looked up again.
    fn look_after_names(&mut self, now: Instant) {
        let listed = self.list.listed().unwrap_or_default();
        let mut known: HashSet<_> = listed.iter().copied().collect();
        known.extend(self.requests.list().unwrap_or_default().iter().map(|request| request.from));
        known.extend(self.blocks.list().unwrap_or_default());
        known.extend(self.decisions.all().map(|(account, _)| account));
        known.extend(&self.asked);
        known.extend(self.card.as_ref().map(|card| card.account));
        self.book.keep(|account| known.contains(&account));
        match self.names_looked_up {
            Some(at) if now < at + friends::EVERY => {}
            None => self.names_looked_up = Some(now),
            Some(_) => {
                self.names_looked_up = Some(now);
                self.book.look_again(listed);
            }
        }
    }

    fn want_all(&mut self, now: Instant) {
        self.list.want(now);
        self.requests.upkeep.want(now);
        self.blocks.upkeep.want(now);
        self.appearance.upkeep.want(now);
        self.book.try_again();
    }
}

/// Whether a decision shows in the list of friends, that of requests, that of blocks.
fn lists_of(decision: Decision) -> (bool, bool, bool) {
    match decision {
        Decision::Accept => (true, true, false),
        Decision::Decline => (false, true, false),
        // The service lists nobody who was asked; an event tells when they said yes.
        Decision::Ask => (false, false, false),
        Decision::Unfriend => (true, false, false),
        Decision::Block => (true, true, true),
        Decision::Unblock => (false, false, true),
    }
}

impl State {
    /// At sign-in, and when the user asks for it.
    pub(super) fn refresh_people(&mut self, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        let people = &mut account.people;
        people.shown.begin_fetching();
        if people.list.listed().is_none() {
            let late = now + LINE_TIME;
            people.list.want(now);
            people.waits_for_line = Some(late);
            people.requests.upkeep.want(late);
            people.blocks.upkeep.want(late);
            people.appearance.upkeep.want(late);
        } else {
            people.want_all(now);
            people.presences.read_all_again();
        }
        self.show_people(now, out);
    }

    /// After push connects: everything about people that an event may have told meanwhile.
    pub(super) fn read_people(&mut self, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        let people = &mut account.people;
        (people.waits_for_line, people.walk_waits) = (None, None);
        people.list.abandon();
        people.want_all(now);
        self.read_people_due(now, out);
    }

    /// An event about friends, requests or blocks, which names nothing.
    pub(super) fn people_event(&mut self, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        let people = &mut account.people;
        people.list.want_soon(now);
        people.requests.upkeep.want_soon(now);
        people.blocks.upkeep.want_soon(now);
        self.read_people_due(now, out);
    }

    pub(super) fn read_blocked(&mut self, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        account.people.shown.blocked.fetching = true;
        account.people.blocks.upkeep.want(now);
        self.read_people_due(now, out);
    }

    pub(super) fn set_favorite(&mut self, account: AccountId, favorite: bool, now: Instant) {
        self.note(now, |notes| {
            if favorite {
                notes.favorites.insert(account);
            } else {
                notes.favorites.remove(&account);
            }
        });
        if let Some(account) = self.account_mut() {
            account.people.shown.take_favorites(&account.notes);
        }
    }
}

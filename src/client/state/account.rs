//! A signed-in account and its friends. What else belongs to it has a file of its own.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{
    Attempt, Effect, Effects, Failure, Fetched, PartyStage, Place, ProblemKind, State, Timer,
    chats::ChatsState,
    invitations::Invitations,
    line::Line,
    linked::{Past, Preview},
    lists::Lists,
    notifications::NotificationsState,
    people::PeopleState,
};
use crate::{
    client::Stay,
    model::{AccountId, Availability, Friend, Notes, Profile},
};

/// Presence, and who is a friend, are in no push event.
const FRIENDS_EVERY: Duration = Duration::from_secs(45);
/// Pages of a hundred friends that cost no more than the interval above; longer lists are asked for less often.
const PAGES_PER_INTERVAL: u32 = 2;

pub struct Account {
    pub me: Profile,
    pub stay: AccountStay,
    pub friends: Fetched<Arc<Vec<Friend>>>,
    friends_attempt: Attempt,
    pub notes: Notes,
    /// What earlier runs remembered is among them.
    pub notes_read: bool,
    pub people: PeopleState,
    pub chats: ChatsState,
    pub notifications: NotificationsState,
    /// When it was taken into use.
    pub since: Instant,
    pub lists: Lists,
    pub invitations: Invitations,
    pub linked: Option<Preview>,
    pub past: Past,
    pub line: Line,
    /// As the calls know of it.
    pub pause: Option<SystemTime>,
    pub party: PartyStage,
}

/// How long the account stays signed in.
#[derive(Default)]
pub struct AccountStay {
    pub ends: Option<SystemTime>,
    pub soon: bool,
    pub ended: bool,
}

impl AccountStay {
    pub fn published(&self) -> Stay {
        match self.ends {
            _ if self.ended => Stay::Ended,
            Some(ends) if self.soon => Stay::EndsSoon(ends),
            _ => Stay::Good,
        }
    }
}

impl Account {
    pub fn new(me: Profile, now: Instant) -> Self {
        Self {
            me,
            stay: AccountStay::default(),
            friends: Fetched::default(),
            friends_attempt: 0,
            notes: Notes::default(),
            notes_read: false,
            people: PeopleState::default(),
            chats: ChatsState::default(),
            notifications: NotificationsState::default(),
            since: now,
            lists: Lists::new(now),
            invitations: Invitations::new(now),
            linked: None,
            past: Past::default(),
            line: Line::new(now),
            pause: None,
            party: PartyStage::None,
        }
    }

    pub fn name_of(&self, account: AccountId) -> Option<crate::model::OnlineId> {
        self.friends
            .items()
            .iter()
            .find(|f| f.profile.account == account)
            .map(|f| f.profile.online_id.clone())
    }
}

/// Online first, then by name: the order of every list of friends.
fn sort(friends: &mut [Friend]) {
    let offline = |f: &Friend| f.presence.as_ref().is_none_or(|p| p.availability == Availability::Offline);
    friends.sort_by_cached_key(|f| (offline(f), f.profile.online_id.0.to_lowercase()));
}

impl State {
    /// Reads everything once.
    pub(super) fn refresh(&mut self, now: Instant, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(account) = self.account_mut() else { return };
        account.friends_attempt = attempt;
        account.friends.fetching = true;
        out.push(Effect::ReadFriends { attempt, known: Vec::new() });
        // What events tell of is read as push opens, and not before that: once, not twice.
        if self.account().is_some_and(|account| !account.line.is_beginning()) {
            self.read_lists(now, out);
            self.read_party(now, out);
        }
    }

    pub(super) fn friends_read(
        &mut self,
        attempt: Attempt,
        result: Result<Vec<Friend>, Failure>,
        now: Instant,
    ) {
        let Some(account) = self.account_mut().filter(|a| a.friends_attempt == attempt) else { return };
        let asked_for = std::mem::take(&mut account.friends.fetching);
        let mut pages = 1;
        match result {
            Ok(mut friends) => {
                pages = friends.len().div_ceil(100) as u32;
                sort(&mut friends);
                account.friends.value = Some(Arc::new(friends));
                self.problems.clear(Place::Friends);
            }
            Err(failure) if failure.ends_sign_in() => return self.fail(Place::Friends, failure),
            Err(failure) if asked_for => {
                let failure = Failure::new(ProblemKind::FriendsNotLoaded, failure.diagnostic);
                self.problems.raise(Place::Friends, failure);
            }
            // The list is there, a little old; the next poll is soon.
            Err(_) => {}
        }
        let intervals = (pages / PAGES_PER_INTERVAL).max(1);
        self.timers.set(Timer::PollFriends, now + FRIENDS_EVERY * intervals);
    }

    /// In the background: what is shown stays until there is something newer.
    pub(super) fn poll_friends(&mut self, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(account) = self.account_mut() else { return };
        account.friends_attempt = attempt;
        let known = account.friends.items().iter().map(|friend| friend.profile.clone()).collect();
        out.push(Effect::ReadFriends { attempt, known });
    }
}

//! A signed-in account: friends, lists, invitations, and the push line that keeps them true.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{
    Attempt, Effect, Effects, Failure, Fetched, PartyStage, Place, ProblemKind, State, Timer,
    chats::ChatsState, notifications::NotificationsState, people::PeopleState,
};
use crate::{
    client::{
        LinkState, Notice, Stay,
        input::Lists,
        reconnect::{self, Reach},
    },
    model::{AccountId, Availability, Friend, Invitation, Notes, PartySession, Profile, SessionId},
    psn::{Event, PushEvent},
};

/// Presence, and who is a friend, are in no push event.
const FRIENDS_EVERY: Duration = Duration::from_secs(45);
/// Pages of a hundred friends that cost no more than the interval above; longer lists are asked for less often.
const PAGES_PER_INTERVAL: u32 = 2;
/// With push alive, only what no event reaches us for: friends' parties.
const LISTS_EVERY: Duration = Duration::from_secs(60);
const LISTS_EVERY_WITHOUT_PUSH: Duration = Duration::from_secs(30);
const PARTY_EVERY_WITHOUT_PUSH: Duration = Duration::from_secs(8);
/// Many events, one read.
const EVENTS_SETTLE: Duration = Duration::from_millis(150);
/// Readings that events cause are at least this far apart.
const LISTS_APART: Duration = Duration::from_secs(4);
const PARTY_APART: Duration = Duration::from_secs(2);
/// A push line that held this long was a good one.
const STEADY: Duration = Duration::from_secs(20);
/// Invitations heard of by push alone that are kept.
const MAX_HEARD: usize = 32;

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
    parties: Fetched<Arc<Vec<PartySession>>>,
    lists_attempt: Attempt,
    invitations: Vec<Invitation>,
    /// Seen in a push event; the service's list may never show them.
    heard: Vec<Invitation>,
    /// "Not now".
    dismissed: Vec<SessionId>,
    pub link: LinkState,
    pub link_since: Instant,
    push_failures: u32,
    opened_at: Option<Instant>,
    lists_read_at: Option<Instant>,
    had_push: bool,
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
            parties: Fetched::default(),
            lists_attempt: 0,
            invitations: Vec::new(),
            heard: Vec::new(),
            dismissed: Vec::new(),
            link: LinkState::Connecting,
            link_since: now,
            push_failures: 0,
            opened_at: None,
            lists_read_at: None,
            had_push: false,
            party: PartyStage::None,
        }
    }

    pub fn other_parties(&self) -> Fetched<Arc<Vec<PartySession>>> {
        let current = self.party.session().map(|s| &s.id);
        let others = |parties: &Arc<Vec<PartySession>>| {
            let others = parties.iter().filter(|party| Some(&party.id) != current);
            Arc::new(others.cloned().collect())
        };
        Fetched { value: self.parties.value.as_ref().map(others), fetching: self.parties.fetching }
    }

    /// Neither dismissed nor for the party one is in, with what the lists know of each.
    pub fn open_invitations(&self) -> Vec<Invitation> {
        let current = self.party.session().map(|s| &s.id);
        let heard = self.heard.iter().filter(|h| self.invitations.iter().all(|i| i.session != h.session));
        let open = self.invitations.iter().chain(heard);
        open.filter(|i| !self.dismissed.contains(&i.session) && Some(&i.session) != current)
            .map(|invitation| self.with_party(invitation.clone()))
            .collect()
    }

    fn with_party(&self, mut invitation: Invitation) -> Invitation {
        if let Some(party) = self.parties.items().iter().find(|party| party.id == invitation.session) {
            invitation.members = party.members.iter().map(|m| m.online_id.clone()).collect();
            if invitation.party_name.is_empty() {
                invitation.party_name = party.name.clone();
            }
        }
        invitation
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
        self.read_lists(now, out);
        self.read_party(now, out);
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

    pub(super) fn read_lists(&mut self, now: Instant, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(account) = self.account_mut() else { return };
        account.lists_attempt = attempt;
        account.lists_read_at = Some(now);
        account.parties.fetching = account.parties.value.is_none();
        let known = account.invitations.iter().chain(&account.heard);
        out.push(Effect::ReadLists { attempt, invited: known.map(|i| i.session.clone()).collect() });
        let every = match account.link {
            LinkState::Live => LISTS_EVERY,
            LinkState::Connecting | LinkState::CatchingUp | LinkState::Offline => LISTS_EVERY_WITHOUT_PUSH,
        };
        self.timers.set(Timer::PollLists, now + every);
    }

    pub(super) fn lists_read(&mut self, attempt: Attempt, result: Result<Lists, Failure>) {
        let Some(account) = self.account_mut().filter(|a| a.lists_attempt == attempt) else { return };
        account.parties.fetching = false;
        match result {
            Ok(lists) => {
                account.invitations = lists.invitations;
                account.parties.value = Some(Arc::new(lists.parties));
                self.problems.clear(Place::Window);
            }
            Err(failure) => self.fail(Place::Window, failure),
        }
    }

    pub(super) fn dismiss_invitation(&mut self, session: SessionId) {
        if let Some(account) = self.account_mut() {
            account.dismissed.push(session);
        }
    }

    pub(super) fn open_push(&mut self, out: &mut Effects) {
        if let Some(account) = self.account().filter(|account| !account.stay.ended) {
            out.push(Effect::OpenPush { again: account.had_push });
        }
    }

    /// After a stay that had ended.
    pub(super) fn open_push_if_closed(&mut self, out: &mut Effects) {
        if self.account().is_some_and(|account| account.link != LinkState::Live) {
            self.timers.clear(Timer::Push);
            self.open_push(out);
        }
    }

    /// Events may have been missed: everything is read once.
    pub(super) fn push_opened(&mut self, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        account.link = LinkState::Live;
        account.opened_at = Some(now);
        let again = std::mem::replace(&mut account.had_push, true);
        self.problems.clear(Place::Window);
        if again {
            self.poll_friends(out);
            self.read_party(now, out);
        }
        self.read_people(now, out);
        self.read_chats(now, out);
        self.read_notifications(now, out);
        self.read_lists_soon(now);
    }

    pub(super) fn push_closed(
        &mut self,
        reach: Reach,
        failure: Option<Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(account) = self.account_mut() else { return };
        account.link = LinkState::CatchingUp;
        // A line that closes as soon as it opens is no success.
        if account.opened_at.take().is_some_and(|opened| now - opened >= STEADY) {
            account.push_failures = 0;
        }
        let wait = reconnect::push(account.push_failures, reach);
        account.push_failures += 1;
        self.timers.set(Timer::Push, now + wait);
        self.timers.set_earlier(Timer::PollLists, now + LISTS_EVERY_WITHOUT_PUSH);
        self.party_read_soon(now + PARTY_EVERY_WITHOUT_PUSH);
        if let Some(failure) = failure {
            self.fail(Place::Window, failure);
        }
        self.chats_changed(now, out);
    }

    pub(super) fn push_event(&mut self, event: PushEvent, now: Instant, out: &mut Effects) {
        let event = match event {
            PushEvent::Party(event) => event,
            PushEvent::Group { group, news } => return self.group_event(group, news, now, out),
            PushEvent::People => return self.people_event(now, out),
            PushEvent::Notifications => return self.read_notifications(now, out),
        };
        let Some(account) = self.account_mut() else { return };
        if account.party.session().is_some_and(|s| s.id == event.session) {
            return self.party_event(event, now, out);
        }
        match event.event {
            Event::Invited => {
                let invitation = Invitation {
                    session: event.session.clone(),
                    from: event.from.as_ref().map(|(_, name)| name.clone()),
                    from_account: event.from.as_ref().map(|(id, _)| *id),
                    party_name: String::new(),
                    members: Vec::new(),
                };
                out.push(Effect::Notify(Notice::Invited {
                    session: event.session.clone(),
                    from: invitation.from.clone(),
                }));
                account.dismissed.retain(|session| *session != event.session);
                account.heard.retain(|heard| heard.session != event.session);
                if account.heard.len() == MAX_HEARD {
                    account.heard.remove(0);
                }
                account.heard.push(invitation);
            }
            Event::PartyDeleted => {
                account.heard.retain(|heard| heard.session != event.session);
                account.invitations.retain(|i| i.session != event.session);
            }
            Event::CustomMessage(_) => return,
            _ => {}
        }
        // Any event that names a session one is not in may mean an invitation.
        self.read_lists_soon(now);
    }

    /// The first event is followed at once; many of them, from whomever, cost no more than one reading every few seconds.
    fn read_lists_soon(&mut self, now: Instant) {
        let Some(account) = self.account() else { return };
        let quiet = account.lists_read_at.map_or(now, |at| at + LISTS_APART);
        self.timers.set_earlier(Timer::ReadLists, quiet.max(now + EVENTS_SETTLE));
    }

    /// An accepted invitation is none any more, whatever came of it.
    pub(super) fn invitation_used(&mut self, session: &SessionId) {
        if let Some(account) = self.account_mut() {
            account.heard.retain(|heard| heard.session != *session);
            account.invitations.retain(|invitation| invitation.session != *session);
        }
    }

    /// How soon the party is read again after an event that names no value.
    pub(super) fn party_changed_unseen(&mut self, now: Instant) {
        let quiet = self.joined().and_then(|joined| joined.last_read).map_or(now, |at| at + PARTY_APART);
        self.party_read_soon(quiet.max(now + EVENTS_SETTLE));
    }

    pub(super) fn party_read_soon(&mut self, at: Instant) {
        if self.party().is_some_and(|stage| stage.session().is_some()) {
            self.timers.set_earlier(Timer::ReadParty, at);
        }
    }

    /// While the push line is down the party is polled.
    pub(super) fn party_poll(&self) -> Option<Duration> {
        match self.account()?.link {
            LinkState::Live => None,
            LinkState::Connecting | LinkState::CatchingUp | LinkState::Offline => {
                Some(PARTY_EVERY_WITHOUT_PUSH)
            }
        }
    }
}

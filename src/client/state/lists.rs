//! Parties one may see, kept true by push events and readings.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Account, Effect, Effects, Failure, Fetched, Place, State, Timer,
    following::{Following, Pace},
    session,
};
use crate::{
    client::input::{Attempt, PartiesEffect, PartiesInput},
    model::{OpenParty, PartySession, SessionId},
    psn::{Event, PartyEvent},
};

/// With push alive, only what no event reaches us for: friends' parties.
const PARTIES_EVERY: Duration = Duration::from_secs(60);
pub(super) const EVERY_WITHOUT_PUSH: Duration = Duration::from_secs(30);
/// Of the user's groups: no event tells.
const OPEN_EVERY: Duration = Duration::from_secs(2 * 60);
/// Push reads everything as it opens; where that takes long, nobody waits for it.
pub(super) const FIRST_READING: Duration = Duration::from_millis(1500);

/// Lists of parties.
pub struct Lists {
    parties: Fetched<Arc<Vec<PartySession>>>,
    reading: Following,
    open: Arc<Vec<OpenParty>>,
    reading_open: Following,
}

impl Lists {
    pub fn new(now: Instant) -> Self {
        let first = now + FIRST_READING;
        Self {
            parties: Fetched { value: None, fetching: true },
            reading: Following::from(first),
            open: Arc::default(),
            reading_open: Following::from(first),
        }
    }

    /// What one may see is about to be known better.
    pub fn is_in_doubt(&self) -> bool {
        self.reading.is_urgent()
    }

    pub fn parties(&self) -> &[PartySession] {
        self.parties.items()
    }

    /// The parties of groups aside, which no event tells of.
    pub fn is_read_since(&self, then: Instant) -> bool {
        self.reading.is_read_since(then)
    }

    /// The same, or a reading that will tell is under way or tried again.
    pub fn is_asked_since(&self, then: Instant) -> bool {
        self.reading.began().is_some_and(|began| began >= then)
    }

    pub fn touch(&mut self, pace: Pace, now: Instant) {
        self.reading.touch(pace, now);
    }

    pub fn is_visible(&self, session: &SessionId) -> bool {
        self.parties().iter().any(|party| party.id == *session)
    }

    /// What the event says of parties in the lists.
    fn apply(&mut self, event: &PartyEvent) -> Option<Pace> {
        let parties = Arc::make_mut(self.parties.value.as_mut()?);
        if event.event == Event::PartyDeleted {
            parties.retain(|party| party.id != event.session);
            return Some(Pace::Soon);
        }
        let party = parties.iter_mut().find(|party| party.id == event.session)?;
        session::apply(party, &event.event)
    }
}

impl Account {
    pub fn other_parties(&self) -> Fetched<Arc<Vec<PartySession>>> {
        let current = self.party.session().map(|s| &s.id);
        let Fetched { value, fetching } = &self.lists.parties;
        let others = |parties: &Arc<Vec<PartySession>>| {
            if parties.iter().all(|party| Some(&party.id) != current) {
                return Arc::clone(parties);
            }
            Arc::new(parties.iter().filter(|party| Some(&party.id) != current).cloned().collect())
        };
        Fetched { value: value.as_ref().map(others), fetching: *fetching }
    }

    /// Of groups, and in no other list.
    pub fn open_parties(&self) -> Arc<Vec<OpenParty>> {
        let current = self.party.session().map(|s| &s.id);
        let shown = |it: &OpenParty| self.lists.is_visible(&it.session) || Some(&it.session) == current;
        if !self.lists.open.iter().any(shown) {
            return Arc::clone(&self.lists.open);
        }
        Arc::new(self.lists.open.iter().filter(|it| !shown(it)).cloned().collect())
    }

    /// The party that another device of this account is in.
    pub fn elsewhere(&self) -> Option<SessionId> {
        if !self.party.is_none() {
            return None;
        }
        self.lists.parties().iter().find(|party| self.is_in(party)).map(|party| party.id.clone())
    }

    fn touch_lists(&mut self, pace: Pace, now: Instant) {
        self.lists.touch(pace, now);
        self.invitations.touch(pace, now);
    }

    fn is_in(&self, party: &PartySession) -> bool {
        party.members.iter().any(|member| member.account == self.me.account)
    }
}

impl State {
    pub(super) fn parties(&mut self, input: PartiesInput, now: Instant, out: &mut Effects) {
        use PartiesInput::*;
        match input {
            Visible { attempt, result } => self.visible_read(attempt, result, now, out),
            Invitations { attempt, result } => self.invitations_read(attempt, result, now, out),
            Open { attempt, result } => self.open_read(attempt, result, now),
            Checked { session, result } => self.invitation_checked(session, result, now),
            Past { attempt, result } => self.past_parties_read(attempt, result),
            Linked { attempt, result } => self.linked(attempt, result, out),
            Changed { session, change, result } => self.party_changed(session, change, result, now, out),
            MemberRemoved { session, account, result } => self.member_removed(&session, account, result, now),
            Shared { session, result } => self.shared(&session, result, out),
        }
    }

    /// Reads all lists now.
    pub(super) fn read_lists(&mut self, now: Instant, out: &mut Effects) {
        self.read_visible(now, out);
        self.read_invitations(now, out);
        self.read_open(now, out);
    }

    pub(super) fn read_visible(&mut self, now: Instant, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(account) = self.account_mut() else { return };
        if account.lists.reading.begin(attempt, now) {
            account.lists.parties.fetching = account.lists.parties.value.is_none();
            let invited = account.invited();
            out.push(Effect::Parties(PartiesEffect::ReadVisible { attempt, invited }));
        }
    }

    pub(super) fn read_open(&mut self, now: Instant, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(account) = self.account_mut() else { return };
        if account.lists.reading_open.begin(attempt, now) {
            out.push(Effect::Parties(PartiesEffect::ReadOpen { attempt }));
        }
    }

    pub(super) fn visible_read(
        &mut self,
        attempt: Attempt,
        result: Result<Vec<PartySession>, Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        self.service_answered(result.as_ref().err());
        let Some(account) = self.account_mut() else { return };
        let lists = &mut account.lists;
        match result {
            Ok(parties) => {
                let Some(missed) = lists.reading.finish(attempt) else { return };
                lists.parties = Fetched { value: Some(Arc::new(parties)), fetching: false };
                for event in missed {
                    lists.apply(&event);
                }
                // Where one of these is missing next time, its party may have ended.
                account.invitations.forget(|session| account.lists.is_visible(session));
                self.problems.clear(Place::Window);
                self.settle_missing(now, out);
            }
            Err(failure) => {
                if lists.reading.fail(attempt, failure.reach().pause(), now) {
                    lists.parties.fetching = false;
                    self.fail(Place::Window, failure);
                }
            }
        }
    }

    pub(super) fn open_read(
        &mut self,
        attempt: Attempt,
        result: Result<Vec<OpenParty>, Failure>,
        now: Instant,
    ) {
        let Some(account) = self.account_mut() else { return };
        let lists = &mut account.lists;
        match result {
            Ok(parties) => {
                if lists.reading_open.finish(attempt).is_some() {
                    lists.open = Arc::new(parties);
                }
            }
            Err(failure) if failure.ends_sign_in() => self.fail(Place::Window, failure),
            // Of parties there are other lists; this one is a bonus.
            Err(failure) => {
                lists.reading_open.fail(attempt, Some(failure.reach().pause().unwrap_or(OPEN_EVERY)), now);
            }
        }
    }

    /// Anything that happened to a party, the current one among them.
    pub(super) fn list_event(&mut self, event: &PartyEvent, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        let (me, lists) = (account.me.account, &mut account.lists);
        lists.reading.note(event);
        let pace = lists.apply(event);
        self.invitation_event(event, now);
        let Some(account) = self.account_mut() else { return };
        if account.party.session().is_some_and(|current| current.id == event.session) {
            // It has readings of its own, and the list is polled.
            return;
        }
        // A party begins for those who are in it.
        let about_me = event.event == Event::PartyCreated
            || session::says_inside(&event.event, me)
            || session::says_gone(&event.event, me);
        match event.event {
            Event::Signal(_) | Event::OtherMessage | Event::UnusableMessage => {}
            Event::Invited => self.invited(event, now, out),
            _ if about_me => account.touch_lists(Pace::AtOnce, now),
            // Any event that names a session one is not in may mean an invitation.
            _ => account.touch_lists(pace.unwrap_or(Pace::Soon), now),
        }
    }

    /// What we did ourselves: it is so, whether an event tells or not.
    pub(super) fn own_event(&mut self, session: SessionId, event: Event, now: Instant, out: &mut Effects) {
        self.list_event(&PartyEvent { session, from: None, event }, now, out);
    }

    /// We came or went, or tried to: who may be seen and entered is another matter now.
    pub(super) fn look_around(&mut self, now: Instant) {
        if let Some(account) = self.account_mut() {
            account.touch_lists(Pace::AtOnce, now);
        }
    }

    /// Another device of this account is in another party than `session`.
    pub(super) fn is_elsewhere(&self, session: &SessionId) -> bool {
        let Some(account) = self.account() else { return false };
        let parties = account.lists.parties().iter();
        parties.filter(|party| party.id != *session).any(|party| account.is_in(party))
    }

    pub(super) fn set_list_timers(&mut self) {
        let Some(account) = self.account() else { return };
        let lists = &account.lists;
        let every = if account.line.is_open() { PARTIES_EVERY } else { EVERY_WITHOUT_PUSH };
        let next = [
            (Timer::ReadVisible, lists.reading.next(Some(every))),
            (Timer::ReadOpen, lists.reading_open.next(Some(OPEN_EVERY))),
        ];
        for (timer, at) in next {
            self.timers.put(timer, at);
        }
    }
}

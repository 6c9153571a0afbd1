//! Parties one may see and invitations to them, kept true by push events and readings.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Account, Effect, Effects, Failure, Fetched, Place, State, Timer,
    following::{Following, Pace},
    session,
};
use crate::{
    client::{
        Notice,
        input::{Attempt, PartiesEffect},
    },
    model::{AccountId, Invitation, OpenParty, PartySession, SessionId},
    psn::{Event, PartyEvent},
};

/// With push alive, only what no event reaches us for: friends' parties.
const PARTIES_EVERY: Duration = Duration::from_secs(60);
/// They come by push; nothing tells when one is taken back.
const INVITATIONS_EVERY: Duration = Duration::from_secs(5 * 60);
const EVERY_WITHOUT_PUSH: Duration = Duration::from_secs(30);
/// Of the user's groups: no event tells.
const OPEN_EVERY: Duration = Duration::from_secs(2 * 60);
/// Push reads everything as it opens; where that takes long, nobody waits for it.
const FIRST_READING: Duration = Duration::from_millis(1500);

/// Lists of parties and of invitations.
pub struct Lists {
    parties: Fetched<Arc<Vec<PartySession>>>,
    reading: Following,
    /// As the service lists them; what it does not list is in [`crate::model::Notes::invitations`].
    invitations: Vec<Invitation>,
    reading_invitations: Following,
    /// The service has listed these: where it does so no more, they are over.
    listed: BTreeSet<SessionId>,
    /// "Not now".
    hidden: BTreeSet<SessionId>,
    open: Arc<Vec<OpenParty>>,
    reading_open: Following,
}

impl Lists {
    pub fn new(now: Instant) -> Self {
        let first = now + FIRST_READING;
        Self {
            parties: Fetched { value: None, fetching: true },
            reading: Following::from(first),
            invitations: Vec::new(),
            reading_invitations: Following::from(first),
            listed: BTreeSet::new(),
            hidden: BTreeSet::new(),
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

    /// Everything but the parties of groups, which no event tells of anyway.
    pub fn is_read_since(&self, then: Instant) -> bool {
        self.reading.is_read_since(then) && self.reading_invitations.is_read_since(then)
    }

    fn touch(&mut self, pace: Pace, now: Instant) {
        self.reading.touch(pace, now);
        self.reading_invitations.touch(pace, now);
    }

    fn is_visible(&self, session: &SessionId) -> bool {
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

    /// An invitation that was followed, or whose party is over.
    fn is_over(event: &PartyEvent, me: AccountId) -> bool {
        event.event == Event::PartyDeleted || session::says_inside(&event.event, me)
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

    /// Neither hidden nor for the party one is in, with what the lists know of each.
    pub fn open_invitations(&self) -> Vec<Invitation> {
        let current = self.party.session().map(|s| &s.id);
        let listed = &self.lists.invitations;
        let heard = self.notes.invitations.iter().filter(|h| listed.iter().all(|i| i.session != h.session));
        let open = listed.iter().chain(heard);
        open.filter(|i| !self.lists.hidden.contains(&i.session) && Some(&i.session) != current)
            .map(|invitation| self.with_party(invitation.clone()))
            .collect()
    }

    fn with_party(&self, mut invitation: Invitation) -> Invitation {
        if let Some(party) = self.lists.parties().iter().find(|party| party.id == invitation.session) {
            invitation.members = party.members.iter().map(|m| m.online_id.clone()).collect();
            invitation.party_name.clone_from(&party.name);
        }
        invitation
    }

    fn is_invited(&self, session: &SessionId) -> bool {
        let known = self.lists.invitations.iter().chain(&self.notes.invitations);
        known.into_iter().any(|invitation| invitation.session == *session)
    }

    /// The party that another device of this account is in.
    pub fn elsewhere(&self) -> Option<SessionId> {
        if !self.party.is_none() {
            return None;
        }
        self.lists.parties().iter().find(|party| self.is_in(party)).map(|party| party.id.clone())
    }

    fn is_in(&self, party: &PartySession) -> bool {
        party.members.iter().any(|member| member.account == self.me.account)
    }
}

impl State {
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
            let known = account.lists.invitations.iter().chain(&account.notes.invitations);
            let invited: BTreeSet<_> = known.map(|invitation| invitation.session.clone()).collect();
            let invited = invited.into_iter().collect();
            out.push(Effect::Parties(PartiesEffect::ReadVisible { attempt, invited }));
        }
    }

    pub(super) fn read_invitations(&mut self, now: Instant, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(account) = self.account_mut() else { return };
        if account.lists.reading_invitations.begin(attempt, now) {
            out.push(Effect::Parties(PartiesEffect::ReadInvitations { attempt }));
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
                account.checks.forget(|session| account.lists.is_visible(session));
                self.problems.clear(Place::Window);
            }
            Err(failure) => {
                if lists.reading.fail(attempt, failure.reach().pause(), now) {
                    lists.parties.fetching = false;
                    self.fail(Place::Window, failure);
                }
            }
        }
    }

    pub(super) fn invitations_read(
        &mut self,
        attempt: Attempt,
        result: Result<Vec<Invitation>, Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        self.service_answered(result.as_ref().err());
        let Some(account) = self.account_mut() else { return };
        let lists = &mut account.lists;
        let mut invitations = match result {
            Ok(invitations) => invitations,
            Err(failure) => {
                if lists.reading_invitations.fail(attempt, failure.reach().pause(), now) {
                    self.fail(Place::Window, failure);
                }
                return;
            }
        };
        let is_first = !lists.reading_invitations.is_read_since(account.since);
        let Some(missed) = lists.reading_invitations.finish(attempt) else { return };
        let over =
            |session| missed.iter().any(|it| it.session == session && Lists::is_over(it, account.me.account));
        invitations.retain(|invitation| !over(invitation.session.clone()));
        lists.listed.extend(invitations.iter().map(|invitation| invitation.session.clone()));
        let unheard: Vec<_> =
            invitations.iter().filter(|it| !account.is_invited(&it.session)).cloned().collect();
        if unheard.iter().any(|it| !account.lists.is_visible(&it.session)) {
            account.lists.reading.touch(Pace::AtOnce, now);
        }
        let is_told = |invitation: &Invitation| {
            missed.iter().any(|it| it.session == invitation.session && it.event == Event::Invited)
        };
        // Heard of by push, and the service's own word about it is no.
        let is_listed = |session: &SessionId| invitations.iter().any(|it| it.session == *session);
        let is_over = |Invitation { session, .. }: &Invitation| {
            account.lists.listed.contains(session) && !is_listed(session)
        };
        let over: Vec<_> = account
            .notes
            .invitations
            .iter()
            .filter(|it| is_over(it) && !is_told(it))
            .map(|it| it.session.clone())
            .collect();
        account.lists.invitations = invitations;
        if !is_first {
            let notice = |Invitation { session, from, .. }| Notice::Invited { session, from };
            out.extend(unheard.into_iter().map(notice).map(Effect::Notify));
        }
        if !over.is_empty() {
            self.note(now, |notes| notes.invitations.retain(|it| !over.contains(&it.session)));
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
        lists.reading_invitations.note(event);
        let pace = lists.apply(event);
        if Lists::is_over(event, me) {
            self.invitation_over(&event.session, now);
        }
        let Some(account) = self.account_mut() else { return };
        if account.party.session().is_some_and(|current| current.id == event.session) {
            // It has readings of its own, and the list is polled.
            return;
        }
        let lists = &mut account.lists;
        // A party begins for those who are in it.
        let about_me = event.event == Event::PartyCreated
            || session::says_inside(&event.event, me)
            || session::says_gone(&event.event, me);
        match event.event {
            Event::CustomMessage(_) => {}
            Event::Invited => {
                let is_visible = lists.is_visible(&event.session);
                lists.reading.touch(if is_visible { Pace::Soon } else { Pace::AtOnce }, now);
                lists.reading_invitations.touch(Pace::Soon, now);
                self.invited(event, now, out);
            }
            _ if about_me => lists.touch(Pace::AtOnce, now),
            // Any event that names a session one is not in may mean an invitation.
            _ => lists.touch(pace.unwrap_or(Pace::Soon), now),
        }
    }

    /// What we did ourselves: it is so, whether an event tells or not.
    pub(super) fn own_event(&mut self, session: SessionId, event: Event, now: Instant, out: &mut Effects) {
        self.list_event(&PartyEvent { session, from: None, event }, now, out);
    }

    /// An invitation that was followed is none any more, and the end of its party ends it.
    pub(super) fn invitation_over(&mut self, session: &SessionId, now: Instant) {
        let Some(account) = self.account_mut() else { return };
        account.lists.invitations.retain(|invitation| invitation.session != *session);
        if account.notes.invitations.iter().any(|heard| heard.session == *session) {
            self.note(now, |notes| notes.invitations.retain(|heard| heard.session != *session));
        }
    }

    /// We came or went, or tried to: who may be seen and entered is another matter now.
    pub(super) fn look_around(&mut self, now: Instant) {
        if let Some(account) = self.account_mut() {
            account.lists.touch(Pace::AtOnce, now);
        }
    }

    /// Another device of this account is in another party than `session`.
    pub(super) fn is_elsewhere(&self, session: &SessionId) -> bool {
        let Some(account) = self.account() else { return false };
        let parties = account.lists.parties().iter();
        parties.filter(|party| party.id != *session).any(|party| account.is_in(party))
    }

    pub(super) fn hide_invitation(&mut self, session: SessionId) {
        if let Some(account) = self.account_mut() {
            account.lists.hidden.insert(session);
        }
    }

    pub(super) fn show_invitation(&mut self, session: &SessionId) -> bool {
        self.account_mut().is_some_and(|account| account.lists.hidden.remove(session))
    }

    pub(super) fn is_invited(&self, session: &SessionId) -> bool {
        self.account().is_some_and(|account| account.is_invited(session))
    }

    pub(super) fn set_list_timers(&mut self) {
        let Some(account) = self.account() else { return };
        let lists = &account.lists;
        let (parties, invitations) = if account.line.is_open() {
            (PARTIES_EVERY, INVITATIONS_EVERY)
        } else {
            (EVERY_WITHOUT_PUSH, EVERY_WITHOUT_PUSH)
        };
        let next = [
            (Timer::ReadVisible, lists.reading.next(Some(parties))),
            (Timer::ReadInvitations, lists.reading_invitations.next(Some(invitations))),
            (Timer::ReadOpen, lists.reading_open.next(Some(OPEN_EVERY))),
        ];
        for (timer, at) in next {
            self.timers.put(timer, at);
        }
    }
}

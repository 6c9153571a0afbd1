//! What is asked of the party one is in: who comes, what it is called, who may enter, who goes.

use std::time::{Duration, Instant};

use super::{Effect, Effects, Failure, Place, ProblemKind, State, Timer};
use crate::{
    client::{Notice, input::PartiesEffect},
    model::{AccountId, PartySession, Privacy, SessionId},
    psn::{Event, PartyChange},
};

/// As the service allows.
const MAX_NAME: usize = 64;
/// How long somebody shows as invited.
const INVITED_FOR: Duration = Duration::from_secs(120);

impl State {
    pub(super) fn invite(&mut self, accounts: &[AccountId], now: Instant, out: &mut Effects) {
        let Some(joined) = self.joined_mut() else { return };
        let mut fresh = Vec::new();
        for account in accounts {
            if joined.invited.iter().all(|(invited, _)| invited != account) {
                joined.invited.push((*account, now));
                fresh.push(*account);
            }
        }
        if !fresh.is_empty() {
            out.push(Effect::Invite { session: joined.session.id.clone(), accounts: fresh });
            self.timers.set_earlier(Timer::Invitations, now + INVITED_FOR);
        }
    }

    /// Whoever did not come may be asked again.
    pub(super) fn invitations_lapse(&mut self, now: Instant) {
        let Some(joined) = self.joined_mut() else { return };
        joined.invited.retain(|(_, since)| now < *since + INVITED_FOR);
        if let Some((_, since)) = joined.invited.first() {
            let next = *since + INVITED_FOR;
            self.timers.set(Timer::Invitations, next);
        }
    }

    pub(super) fn invitation_sent(
        &mut self,
        accounts: &[AccountId],
        result: Result<(), Failure>,
        out: &mut Effects,
    ) {
        match (result, accounts) {
            (Ok(()), [account]) => {
                if let Some(name) = self.name_of(*account) {
                    out.push(Effect::Notify(Notice::InvitationSent(name)));
                }
            }
            (Ok(()), several) => out.push(Effect::Notify(Notice::InvitationsSent(several.len()))),
            (Err(failure), _) => {
                if let Some(joined) = self.joined_mut() {
                    joined.invited.retain(|(invited, _)| !accounts.contains(invited));
                }
                self.fail(Place::Party, failure);
            }
        }
    }

    pub(super) fn rename_party(&mut self, name: String, out: &mut Effects) {
        let name = trimmed(&name);
        if let Some(joined) = self.joined_mut()
            && joined.session.name != name
        {
            joined.named = Some(name.clone());
            self.change_party(PartyChange::Name(name), out);
        }
    }

    pub(super) fn set_privacy(&mut self, privacy: Privacy, out: &mut Effects) {
        if self.joined().is_some_and(|joined| joined.session.privacy != privacy) {
            self.change_party(PartyChange::Privacy(privacy), out);
        }
    }

    /// Nobody is thrown out by it.
    pub(super) fn set_limit(&mut self, limit: u32, out: &mut Effects) {
        let Some(session) = self.joined().map(|joined| &joined.session) else { return };
        let inside = u32::try_from(session.members.len()).unwrap_or(PartySession::MAX_MEMBERS);
        let limit = limit.max(inside).clamp(PartySession::MIN_LIMIT, PartySession::MAX_MEMBERS);
        if session.max_members != limit {
            self.change_party(PartyChange::Limit(limit), out);
        }
    }

    fn change_party(&self, change: PartyChange, out: &mut Effects) {
        let Some(session) = self.joined().map(|joined| joined.session.id.clone()) else { return };
        out.push(Effect::Parties(PartiesEffect::Change { session, change }));
    }

    pub(super) fn party_changed(
        &mut self,
        session: SessionId,
        change: PartyChange,
        result: Result<(), Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        if self.joined().is_none_or(|joined| joined.session.id != session) {
            return;
        }
        match result {
            Ok(()) => {
                self.problems.clear(Place::Party);
                self.own_party_event(event_of(change), now, out);
            }
            Err(failure) => {
                // Perhaps it was done all the same, and perhaps we may not because something changed.
                self.party_changed_unseen(now);
                self.fail(Place::Party, failure);
            }
        }
    }

    pub(super) fn remove_member(&mut self, account: AccountId, out: &mut Effects) {
        let me = self.account().map(|account| account.me.account);
        let Some(session) = self.joined().map(|joined| &joined.session) else { return };
        if Some(account) != me && session.members.iter().any(|member| member.account == account) {
            let session = session.id.clone();
            out.push(Effect::Parties(PartiesEffect::RemoveMember { session, account }));
        }
    }

    /// The call was never captured: whether the member is really gone, the next reading says.
    pub(super) fn member_removed(
        &mut self,
        session: &SessionId,
        account: AccountId,
        result: Result<(), Failure>,
        now: Instant,
    ) {
        let Some(joined) = self.joined_mut().filter(|joined| joined.session.id == *session) else { return };
        if result.is_ok() {
            joined.removing = Some(account);
        }
        self.party_changed_unseen(now);
        match result {
            Ok(()) => self.problems.clear_kind(&ProblemKind::NotOffered),
            Err(failure) => {
                self.removal_refused |= failure.kind == ProblemKind::NotOffered;
                self.fail(Place::Party, failure);
            }
        }
    }
}

/// A change that was made, as an event would tell it.
fn event_of(change: PartyChange) -> Event {
    match change {
        PartyChange::Name(name) => Event::Renamed(name),
        PartyChange::Privacy(privacy) => Event::PrivacyChanged(privacy),
        PartyChange::Limit(limit) => Event::LimitChanged(limit),
    }
}

/// As much of a name as the service takes, without control characters.
pub(super) fn trimmed(name: &str) -> String {
    name.trim().chars().filter(|c| !c.is_control()).take(MAX_NAME).collect()
}

//! The party one is in: entering, what happens inside, leaving.

use std::time::{Duration, Instant};

use super::{
    Attempt, Effect, Effects, Failure, PartyState, Place, ProblemKind, Stage, State, TalkState, Timer,
    voice::VoiceLink,
};
use crate::{
    client::{
        Notice, Party,
        input::{Entry, VoiceControl},
    },
    model::{AccountId, PartyLink, PartySession, Privacy, SessionId},
    psn::{Event, PartyChange, PushEvent},
};

/// As the service allows.
const MAX_NAME: usize = 64;
/// Mute toggled back and forth is told once.
pub(super) const ANNOUNCE_SETTLE: Duration = Duration::from_millis(250);

/// The way through a party.
pub enum PartyStage {
    None,
    Joining { attempt: Attempt, invite: Vec<AccountId> },
    Joined(Box<Joined>),
    Leaving { attempt: Attempt },
}

pub struct Joined {
    pub session: PartySession,
    pub voice: VoiceLink,
    invited: Vec<AccountId>,
    read_attempt: Attempt,
    /// The service lost us while the line was down; we are on the way back in.
    rejoining: Option<Attempt>,
}

impl PartyStage {
    pub fn session(&self) -> Option<&PartySession> {
        match self {
            Self::Joined(joined) => Some(&joined.session),
            _ => None,
        }
    }

    pub fn published(&self, talk: TalkState) -> PartyState {
        match self {
            Self::None => PartyState::None,
            Self::Joining { .. } => PartyState::Joining,
            Self::Joined(joined) => PartyState::Joined(Box::new(Party {
                session: joined.session.clone(),
                voice: joined.voice.status(),
                talk,
                invited: joined.invited.clone(),
            })),
            Self::Leaving { .. } => PartyState::Leaving,
        }
    }
}

impl State {
    pub(super) fn joined(&self) -> Option<&Joined> {
        match &self.account()?.party {
            PartyStage::Joined(joined) => Some(joined),
            _ => None,
        }
    }

    pub(super) fn joined_mut(&mut self) -> Option<&mut Joined> {
        match &mut self.account_mut()?.party {
            PartyStage::Joined(joined) => Some(joined),
            _ => None,
        }
    }

    pub(super) fn start_party(
        &mut self,
        name: String,
        privacy: Privacy,
        invite: Vec<AccountId>,
        now: Instant,
        out: &mut Effects,
    ) {
        self.enter(Entry::Create { name: trimmed(&name), privacy }, invite, now, out);
    }

    pub(super) fn join_party(&mut self, session: SessionId, now: Instant, out: &mut Effects) {
        if self.joined().is_some_and(|joined| joined.session.id == session) {
            return;
        }
        self.enter(Entry::Join(session), Vec::new(), now, out);
    }

    pub(super) fn join_by_link(&mut self, link: PartyLink, now: Instant, out: &mut Effects) {
        self.enter(Entry::Link(link), Vec::new(), now, out);
    }

    fn enter(&mut self, entry: Entry, invite: Vec<AccountId>, now: Instant, out: &mut Effects) {
        if matches!(self.party(), None | Some(PartyStage::Joining { .. })) {
            return;
        }
        self.leave_party(now, out);
        self.problems.clear(Place::Parties);
        let attempt = self.new_attempt();
        if let Some(account) = self.account_mut() {
            account.party = PartyStage::Joining { attempt, invite };
            out.push(Effect::EnterParty { attempt, entry });
        }
    }

    pub(super) fn entered(
        &mut self,
        attempt: Attempt,
        result: Result<PartySession, Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        if self.joined().is_some_and(|joined| joined.rejoining == Some(attempt)) {
            return self.rejoined(result, now, out);
        }
        let invite = match self.account_mut().map(|account| &mut account.party) {
            Some(PartyStage::Joining { attempt: current, invite }) if *current == attempt => {
                std::mem::take(invite)
            }
            _ => return self.entered_too_late(result, out),
        };
        match result {
            Ok(session) => {
                let voice = VoiceLink::default();
                let joined = Joined { session, voice, invited: Vec::new(), read_attempt: 0, rejoining: None };
                self.set_party(PartyStage::Joined(Box::new(joined)));
                self.members_changed(now, out);
                out.push(self.talk_effect());
                self.connect_voice(out);
                for account in invite {
                    self.invite(account, out);
                }
                tracing::info!("in a party");
                // What happened between entering and reading came as events for a session not yet ours.
                self.party_changed_unseen(now);
            }
            Err(failure) => {
                self.set_party(PartyStage::None);
                self.fail(Place::Parties, failure, out);
            }
        }
    }

    /// The user gave up waiting, and then it worked after all.
    fn entered_too_late(&mut self, result: Result<PartySession, Failure>, out: &mut Effects) {
        let Ok(session) = result else { return };
        let is_current = self.party().and_then(PartyStage::session).is_some_and(|s| s.id == session.id);
        if !is_current {
            let attempt = self.new_attempt();
            out.push(Effect::LeaveParty { attempt, session: session.id, seat: None });
        }
    }

    fn rejoined(&mut self, result: Result<PartySession, Failure>, now: Instant, out: &mut Effects) {
        let Some(joined) = self.joined_mut() else { return };
        joined.rejoining = None;
        match result {
            Ok(session) => {
                joined.session = session;
                self.members_changed(now, out);
                self.voice_lost(true, now, out);
            }
            Err(failure) if failure.is_unreachable() => {
                self.party_changed_unseen(now + Duration::from_secs(1))
            }
            Err(failure) => self.party_over(failure, out),
        }
    }

    pub(super) fn leave_party(&mut self, _now: Instant, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(account) = self.account_mut() else { return };
        match &account.party {
            PartyStage::Joined(joined) => {
                let session = joined.session.id.clone();
                let seat = joined.voice.seat().cloned();
                account.party = PartyStage::Leaving { attempt };
                self.end_of_party();
                out.extend([Effect::HangUp, Effect::LeaveParty { attempt, session, seat }]);
            }
            // Its result, if it comes, is undone.
            PartyStage::Joining { .. } => account.party = PartyStage::None,
            PartyStage::None | PartyStage::Leaving { .. } => {}
        }
    }

    pub(super) fn left(&mut self, attempt: Attempt, out: &mut Effects) {
        if matches!(self.party(), Some(PartyStage::Leaving { attempt: current }) if *current == attempt) {
            self.set_party(PartyStage::None);
            if self.quitting {
                out.push(Effect::Finish);
            }
        }
    }

    /// The party is gone, or we are gone from it.
    fn party_over(&mut self, failure: Failure, out: &mut Effects) {
        self.set_party(PartyStage::None);
        self.end_of_party();
        out.push(Effect::HangUp);
        self.fail(Place::Parties, failure, out);
    }

    fn end_of_party(&mut self) {
        for timer in [Timer::ReadParty, Timer::Announce, Timer::VoiceDeadline, Timer::VoiceRetry] {
            self.timers.clear(timer);
        }
        self.problems.clear(Place::Party);
        self.problems.clear(Place::Voice);
        self.talk.key_held = false;
    }

    pub(super) fn read_party(&mut self, now: Instant, out: &mut Effects) {
        let attempt = self.new_attempt();
        let poll = self.party_poll();
        let Some(joined) = self.joined_mut() else { return };
        joined.read_attempt = attempt;
        out.push(Effect::ReadParty { attempt, session: joined.session.id.clone() });
        if let Some(every) = poll {
            self.timers.set(Timer::ReadParty, now + every);
        }
    }

    pub(super) fn party_read(
        &mut self,
        attempt: Attempt,
        result: Result<PartySession, Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(me) = self.account().map(|account| account.me.account) else { return };
        let Some(joined) = self.joined_mut().filter(|joined| joined.read_attempt == attempt) else { return };
        match result {
            Ok(session) if session.members.iter().any(|member| member.account == me) => {
                let before = std::mem::replace(&mut joined.session, session);
                self.tell_changes(&before, out);
                self.members_changed(now, out);
            }
            Ok(session) => self.rejoin(session.id, out),
            Err(failure) if failure.kind == ProblemKind::PartyEnded => self.party_over(failure, out),
            // The push line is down as well then, or it will be read after the next event.
            Err(failure) if failure.is_unreachable() => {}
            Err(failure) => self.fail(Place::Party, failure, out),
        }
    }

    /// The service dropped us while we could not be reached: not the user's wish.
    fn rejoin(&mut self, session: SessionId, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(joined) = self.joined_mut() else { return };
        if joined.rejoining.is_none() {
            joined.rejoining = Some(attempt);
            tracing::info!("the service lost us; going back in");
            out.push(Effect::EnterParty { attempt, entry: Entry::Join(session) });
        }
    }

    pub(super) fn party_event(&mut self, event: PushEvent, now: Instant, out: &mut Effects) {
        let Some(me) = self.account().map(|account| account.me.account) else { return };
        let Some(joined) = self.joined_mut() else { return };
        let members = &mut joined.session.members;
        match event.event {
            Event::MembersJoined(fresh) if !fresh.is_empty() => {
                for member in fresh {
                    if members.iter().all(|known| known.account != member.account) {
                        out.push(Effect::Notify(Notice::MemberJoined(member.online_id.clone())));
                        joined.invited.retain(|invited| *invited != member.account);
                        members.push(member);
                    }
                }
                members.sort_by_key(|member| member.join_order);
            }
            Event::MembersLeft(gone) if gone.contains(&me) => {
                let failure = Failure::new(ProblemKind::NotAllowed, "removed from the party");
                return self.party_over(failure, out);
            }
            Event::MembersLeft(gone) if !gone.is_empty() => {
                for member in members.iter().filter(|member| gone.contains(&member.account)) {
                    out.push(Effect::Notify(Notice::MemberLeft(member.online_id.clone())));
                }
                members.retain(|member| !gone.contains(&member.account));
            }
            Event::MembersChanged(changes) => {
                for change in changes {
                    if let Some(member) = members.iter_mut().find(|m| m.account == change.account) {
                        member.muted = change.muted.unwrap_or(member.muted);
                        member.connected_to = change.connected_to.or(member.connected_to.take());
                    }
                }
                return;
            }
            Event::Renamed(name) => {
                joined.session.name = name;
                return;
            }
            Event::PartyDeleted => {
                let failure = Failure::new(ProblemKind::PartyEnded, "the service ended the party");
                return self.party_over(failure, out);
            }
            Event::CustomMessage => return,
            Event::PartyCreated | Event::Invited => return,
            Event::MembersJoined(_) | Event::MembersLeft(_) | Event::SettingsChanged | Event::Unknown => {
                return self.party_changed_unseen(now);
            }
        }
        self.members_changed(now, out);
    }

    /// What a fresh reading says that no event said.
    fn tell_changes(&mut self, before: &PartySession, out: &mut Effects) {
        let Some(joined) = self.joined_mut() else { return };
        let after = &joined.session;
        let missing = |a: &PartySession, account| a.members.iter().all(|m| m.account != account);
        for member in after.members.iter().filter(|m| missing(before, m.account)) {
            out.push(Effect::Notify(Notice::MemberJoined(member.online_id.clone())));
        }
        for member in before.members.iter().filter(|m| missing(after, m.account)) {
            out.push(Effect::Notify(Notice::MemberLeft(member.online_id.clone())));
        }
        if before.owner.is_some()
            && before.owner != after.owner
            && let Some(owner) = after.members.iter().find(|m| Some(m.account) == after.owner)
        {
            out.push(Effect::Notify(Notice::OwnerChanged(owner.online_id.clone())));
        }
        let present: Vec<_> = after.members.iter().map(|m| m.account).collect();
        joined.invited.retain(|invited| !present.contains(invited));
    }

    /// The voice thread names speakers by this list, and the others are told whom we hear.
    pub(super) fn members_changed(&mut self, now: Instant, out: &mut Effects) {
        out.push(Effect::Voice(VoiceControl::Members(self.others())));
        self.announce_soon(now);
    }

    /// The members but us.
    pub(super) fn others(&self) -> Vec<AccountId> {
        let me = self.account().map(|account| account.me.account);
        let members = self.joined().map(|joined| joined.session.members.as_slice()).unwrap_or_default();
        members.iter().map(|m| m.account).filter(|account| Some(*account) != me).collect()
    }

    pub(super) fn invite(&mut self, account: AccountId, out: &mut Effects) {
        if let Some(joined) = self.joined_mut()
            && !joined.invited.contains(&account)
        {
            joined.invited.push(account);
            out.push(Effect::Invite { session: joined.session.id.clone(), account });
        }
    }

    pub(super) fn invitation_sent(
        &mut self,
        account: AccountId,
        result: Result<(), Failure>,
        out: &mut Effects,
    ) {
        match result {
            Ok(()) => {
                if let Some(name) = self.account().and_then(|a| a.name_of(account)) {
                    out.push(Effect::Notify(Notice::InvitationSent(name)));
                }
            }
            Err(failure) => {
                if let Some(joined) = self.joined_mut() {
                    joined.invited.retain(|invited| *invited != account);
                }
                self.fail(Place::Party, failure, out);
            }
        }
    }

    pub(super) fn rename_party(&mut self, name: String, out: &mut Effects) {
        let name = trimmed(&name);
        if let Some(joined) = self.joined_mut()
            && joined.session.name != name
        {
            let session = joined.session.id.clone();
            out.push(Effect::ChangeParty { session, change: PartyChange::Name(name) });
        }
    }

    pub(super) fn set_privacy(&mut self, privacy: Privacy, out: &mut Effects) {
        if let Some(joined) = self.joined_mut()
            && joined.session.privacy != privacy
        {
            let session = joined.session.id.clone();
            out.push(Effect::ChangeParty { session, change: PartyChange::Privacy(privacy) });
        }
    }

    fn set_party(&mut self, stage: PartyStage) {
        if let Stage::SignedIn(account) = &mut self.stage {
            account.party = stage;
        }
    }
}

/// As much of a name as the service takes, without control characters.
fn trimmed(name: &str) -> String {
    name.trim().chars().filter(|c| !c.is_control()).take(MAX_NAME).collect()
}

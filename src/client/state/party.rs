//! The party one is in: its members, what happens inside, what is asked of it.

use std::time::{Duration, Instant};

use super::{
    Attempt, Effect, Effects, Failure, PartyState, Place, ProblemKind, Stage, State, TalkState, Timer,
    voice::{VoiceLink, VoiceState},
};
use crate::{
    client::{
        Notice, Party,
        input::{Entry, VoiceControl},
    },
    model::{AccountId, GroupId, PartySession, Privacy, SessionId},
    psn::{Event, PartyChange, PartyEvent},
};

/// As the service allows.
const MAX_NAME: usize = 64;
/// After a reading that met other troubles.
const READ_AGAIN: Duration = Duration::from_secs(8);
/// Members beyond this are not shown: the service lets in 16.
const MAX_MEMBERS: usize = 64;
/// How long somebody shows as invited.
const INVITED_FOR: Duration = Duration::from_secs(120);
/// Mute toggled back and forth is told once.
pub(super) const ANNOUNCE_SETTLE: Duration = Duration::from_millis(250);

/// The way through a party.
pub enum PartyStage {
    None,
    /// `abandoned`: the user gave up; whatever comes of it is undone.
    Joining {
        attempt: Attempt,
        invite: Vec<AccountId>,
        abandoned: bool,
    },
    Joined(Box<Joined>),
    /// `then`: where to go once we are out. The service has one party for an account, so one follows the other.
    Leaving {
        attempt: Attempt,
        then: Option<(Entry, Vec<AccountId>)>,
    },
}

pub struct Joined {
    pub session: PartySession,
    pub voice: VoiceLink,
    /// And since when.
    invited: Vec<(AccountId, Instant)>,
    read_attempt: Attempt,
    /// The service lost us while the line was down; we are on the way back in.
    pub rejoining: Option<Attempt>,
    /// An event said that we are out.
    told_removed: bool,
    pub last_read: Option<Instant>,
    /// On its way to the others.
    pub announcing: Option<VoiceState>,
}

impl Joined {
    pub fn new(session: PartySession) -> Self {
        Self {
            session,
            voice: VoiceLink::default(),
            invited: Vec::new(),
            read_attempt: 0,
            rejoining: None,
            told_removed: false,
            last_read: None,
            announcing: None,
        }
    }
}

impl PartyStage {
    pub fn session(&self) -> Option<&PartySession> {
        match self {
            Self::Joined(joined) => Some(&joined.session),
            _ => None,
        }
    }

    pub fn published(&self, talk: TalkState, chat: impl FnOnce(&SessionId) -> Option<GroupId>) -> PartyState {
        match self {
            Self::None => PartyState::None,
            Self::Joining { abandoned: true, .. } | Self::Leaving { then: None, .. } => PartyState::Leaving,
            Self::Joining { .. } | Self::Leaving { .. } => PartyState::Joining,
            Self::Joined(joined) => PartyState::Joined(Box::new(Party {
                session: joined.session.clone(),
                voice: joined.voice.status(),
                talk,
                invited: joined.invited.iter().map(|(account, _)| *account).collect(),
                link: None,
                chat: chat(&joined.session.id),
            })),
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

    pub(super) fn read_party(&mut self, now: Instant, out: &mut Effects) {
        let attempt = self.new_attempt();
        let poll = self.party_poll();
        let Some(joined) = self.joined_mut() else { return };
        joined.read_attempt = attempt;
        joined.last_read = Some(now);
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
                joined.told_removed = false;
                let before = std::mem::replace(&mut joined.session, session);
                self.tell_changes(&before, out);
                self.members_changed(now, out);
            }
            Ok(_) if joined.told_removed => {
                self.party_over(Failure::new(ProblemKind::RemovedFromParty, "removed by somebody"), out);
            }
            Ok(session) => self.rejoin(session.id, out),
            Err(failure) if failure.kind == ProblemKind::PartyEnded => self.party_over(failure, out),
            Err(failure) if !failure.ends_sign_in() => self.party_read_soon(now + READ_AGAIN),
            Err(failure) => self.fail(Place::Party, failure),
        }
    }

    pub(super) fn party_event(&mut self, event: PartyEvent, now: Instant, out: &mut Effects) {
        let Some(me) = self.account().map(|account| account.me.account) else { return };
        let Some(joined) = self.joined_mut() else { return };
        let members = &mut joined.session.members;
        match event.event {
            Event::MembersJoined(fresh) if !fresh.is_empty() => {
                for member in fresh {
                    let is_new = members.iter().all(|known| known.account != member.account);
                    if is_new && members.len() < MAX_MEMBERS {
                        out.push(Effect::Notify(Notice::MemberJoined(member.online_id.clone())));
                        joined.invited.retain(|(invited, _)| *invited != member.account);
                        members.push(member);
                    }
                }
                members.sort_by_key(|member| member.join_order);
            }
            // Of this stay or of an earlier one in the same party: the reading tells.
            Event::MembersLeft(gone) if gone.contains(&me) => {
                joined.told_removed = true;
                return self.party_changed_unseen(now);
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
            Event::CustomMessage(_) | Event::PartyCreated | Event::Invited | Event::Unknown => return,
            Event::MembersJoined(_)
            | Event::MembersLeft(_)
            | Event::OwnerChanged(_)
            | Event::PrivacyChanged(_)
            | Event::LimitChanged(_)
            | Event::BridgeLinked(_)
            | Event::BridgesRemoved(_)
            | Event::SettingsChanged
            | Event::PartyDeleted => return self.party_changed_unseen(now),
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
        joined.invited.retain(|(invited, _)| !present.contains(invited));
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
                if let Some(name) = self.account().and_then(|a| a.name_of(*account)) {
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

    pub(super) fn set_party(&mut self, stage: PartyStage) {
        if let Stage::SignedIn(account) = &mut self.stage {
            account.party = stage;
        }
    }
}

/// As much of a name as the service takes, without control characters.
pub(super) fn trimmed(name: &str) -> String {
    name.trim().chars().filter(|c| !c.is_control()).take(MAX_NAME).collect()
}

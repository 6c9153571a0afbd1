//! The party one is in: its members, and what happens inside.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Attempt, Effect, Effects, Failure, PartyState, Place, ProblemKind, Stage, State, TalkState, Timer,
    following::{Following, Pace},
    linking::Links,
    session,
    voice::{VoiceLink, VoiceState},
};
use crate::{
    client::{
        MemberVoice, Notice, Party,
        input::{Entry, VoiceControl},
    },
    model::{AccountId, GroupId, PartyLink, PartySession, PrivateText, SessionId},
    psn::{Event, PartyEvent},
};

/// While push is down the party is polled.
const EVERY_WITHOUT_PUSH: Duration = Duration::from_secs(10);
/// Stays in the party that are over, as far as they are remembered.
const MAX_OVER: usize = 64;

/// The way through a party.
pub enum PartyStage {
    None,
    /// `abandoned`: the user gave up, or wants elsewhere; whatever comes of it is undone.
    Joining {
        attempt: Attempt,
        wish: Wish,
        /// The party that was left for this one.
        left: Option<SessionId>,
        abandoned: bool,
        /// Where to go once it is undone.
        then: Option<Wish>,
    },
    Joined(Box<Joined>),
    /// `then`: where to go once we are out. The service has one party for an account, so one follows the other.
    Leaving {
        attempt: Attempt,
        session: SessionId,
        then: Option<Wish>,
    },
}

/// Where the user wants to be, and who is to be invited there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub entry: Entry,
    pub invite: Vec<AccountId>,
}

pub struct Joined {
    pub session: PartySession,
    pub voice: VoiceLink,
    pub links: Links,
    /// In this program.
    pub since: Instant,
    pub following: Following,
    /// Invited here, and since when.
    pub invited: Vec<(AccountId, Instant)>,
    pub link: Option<PartyLink>,
    /// Stays that are over, by their place in the order: a repeated event must not bring anybody back.
    over: Vec<(AccountId, u32)>,
    /// Who owns it, as far as the user was told.
    told_owner: Option<AccountId>,
    /// The name that was given here.
    pub named: Option<String>,
    /// Asked to be removed, and the service did not say no.
    pub removing: Option<AccountId>,
    /// The service lost us while the line was down; we are on the way back in.
    pub rejoining: Option<Attempt>,
    /// A reading that began then shows us no more, and nobody said why.
    pub missing_since: Option<Instant>,
    /// An event said that we are out.
    told_removed: bool,
    /// On its way to the others.
    pub announcing: Option<VoiceState>,
    /// What the others know, as far as we do.
    pub announced: Option<VoiceState>,
}

impl Joined {
    pub fn new(session: PartySession, now: Instant) -> Self {
        Self {
            voice: VoiceLink::default(),
            links: Links::default(),
            since: now,
            // What happened between entering and reading came as events for a session not yet ours.
            following: Following::from(now),
            invited: Vec::new(),
            link: None,
            over: Vec::new(),
            told_owner: session.owner,
            named: None,
            removing: None,
            session,
            rejoining: None,
            missing_since: None,
            told_removed: false,
            announcing: None,
            announced: None,
        }
    }
}

impl PartyStage {
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    pub fn session(&self) -> Option<&PartySession> {
        match self {
            Self::Joined(joined) => Some(&joined.session),
            _ => None,
        }
    }

    pub fn published(
        &self,
        talk: TalkState,
        may_remove: bool,
        members: impl FnOnce() -> Arc<BTreeMap<AccountId, MemberVoice>>,
        chat: impl FnOnce(&SessionId) -> Option<GroupId>,
    ) -> PartyState {
        match self {
            Self::None => PartyState::None,
            Self::Joining { abandoned: true, then: None, .. } | Self::Leaving { then: None, .. } => {
                PartyState::Leaving
            }
            Self::Joining { .. } | Self::Leaving { .. } => PartyState::Joining,
            Self::Joined(joined) => PartyState::Joined(Box::new(Party {
                session: joined.session.clone(),
                voice: joined.voice.status(),
                members: members(),
                talk,
                invited: joined.invited.iter().map(|(account, _)| *account).collect(),
                link: joined.link.clone(),
                chat: chat(&joined.session.id),
                may_remove,
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
        let Some(joined) = self.joined_mut() else { return };
        if joined.following.begin(attempt, now) {
            out.push(Effect::ReadParty { attempt, session: joined.session.id.clone() });
        }
    }

    pub(super) fn party_read(
        &mut self,
        attempt: Attempt,
        result: Result<PartySession, Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        self.service_answered(result.as_ref().err());
        let Some(me) = self.account().map(|account| account.me.account) else { return };
        let Some(joined) = self.joined_mut() else { return };
        let mut session = match result {
            Ok(session) => session,
            Err(failure) => {
                if !joined.following.fail(attempt, failure.reach().pause(), now) {
                    return;
                }
                return match failure.kind {
                    ProblemKind::PartyEnded => self.party_ended(now, out),
                    _ if failure.ends_sign_in() => self.fail(Place::Party, failure),
                    // It is read again by itself.
                    _ => {}
                };
            }
        };
        let Some(missed) = joined.following.finish(attempt) else { return };
        if session.members.iter().all(|member| member.account != me) {
            return if joined.told_removed {
                self.removed_from_party("removed, or left elsewhere", now, out)
            } else {
                self.missing_from_party(now, out)
            };
        }
        joined.missing_since = None;
        joined.told_removed = missed.iter().any(|it| session::says_gone(&it.event, me));
        for event in missed.iter().filter(|it| !session::says_gone(&it.event, me)) {
            session::apply(&mut session, &event.event);
        }
        let removing = joined.removing.take().filter(|it| session.members.iter().any(|m| m.account == *it));
        self.party_is(session, now, out);
        if removing.is_some() {
            let failure = Failure::new(ProblemKind::NotOffered, "the member is still there");
            self.problems.raise(Place::Party, failure);
            self.removal_refused = true;
        }
    }

    /// An event changes at once what it names; soon afterwards that is verified.
    pub(super) fn party_event(&mut self, event: &PartyEvent, now: Instant, out: &mut Effects) {
        let Some(me) = self.account().map(|account| account.me.account) else { return };
        let Some(joined) = self.joined_mut().filter(|joined| joined.session.id == event.session) else {
            return;
        };
        if event.event == Event::PartyDeleted {
            return self.party_ended(now, out);
        }
        if let Event::Signal(signal) = &event.event {
            return self.signal((**signal).clone(), now, out);
        }
        // Of this stay or of an earlier one in the same party: the reading tells.
        if session::says_gone(&event.event, me) {
            joined.told_removed = true;
            joined.following.note(event);
            return joined.following.touch(Pace::AtOnce, now);
        }
        let mut event = event.clone();
        if let Event::MembersJoined(fresh) = &mut event.event {
            let known = fresh.len();
            fresh.retain(|member| !joined.over.contains(&(member.account, member.join_order)));
            if fresh.len() < known {
                joined.following.touch(Pace::AtOnce, now);
            }
            if fresh.is_empty() && known > 0 {
                return;
            }
        }
        if let (Event::Renamed(name), Some((from, _))) = (&event.event, &event.from)
            && *from == me
        {
            joined.named = Some(name.clone());
        }
        let mut session = joined.session.clone();
        let Some(pace) = session::apply(&mut session, &event.event) else { return };
        joined.following.note(&event);
        joined.following.touch(pace, now);
        self.party_is(session, now, out);
    }

    /// The party as it is now: whoever hears of a change first, by an event or by a reading, tells it.
    pub(super) fn party_is(&mut self, after: PartySession, now: Instant, out: &mut Effects) {
        let Some(me) = self.account().map(|account| account.me.account) else { return };
        let Some(joined) = self.joined_mut() else { return };
        let before = std::mem::replace(&mut joined.session, after);
        let after = &joined.session;
        let missing = |a: &PartySession, account| a.members.iter().all(|m| m.account != account);
        let mut members_changed = false;
        for member in after.members.iter().filter(|m| missing(&before, m.account)) {
            members_changed = true;
            joined.invited.retain(|(invited, _)| *invited != member.account);
            if member.account != me {
                out.push(Effect::Notify(Notice::MemberJoined(member.online_id.clone())));
            }
        }
        for member in before.members.iter().filter(|m| missing(after, m.account)) {
            members_changed = true;
            if joined.over.len() == MAX_OVER {
                joined.over.remove(0);
            }
            joined.over.push((member.account, member.join_order));
            out.push(Effect::Notify(Notice::MemberLeft(member.online_id.clone())));
        }
        // An owner is told of by name, and so not before they are known.
        let owner = after.members.iter().find(|m| Some(m.account) == after.owner);
        if let Some(owner) = owner.filter(|owner| joined.told_owner != Some(owner.account))
            && joined.told_owner.replace(owner.account).is_some()
        {
            let name = || Notice::OwnerChanged(owner.online_id.clone());
            out.push(Effect::Notify(if owner.account == me { Notice::OwnPartyNow } else { name() }));
        }
        if before.name != after.name && joined.named.as_ref() != Some(&after.name) {
            joined.named = None;
            out.push(Effect::Notify(Notice::PartyRenamed(PrivateText(after.name.clone()))));
        }
        if members_changed {
            self.members_changed(now, out);
        }
    }

    /// Something happened inside that has no value to be shown.
    pub(super) fn party_changed_unseen(&mut self, now: Instant) {
        if let Some(joined) = self.joined_mut() {
            joined.following.touch(Pace::AtOnce, now);
        }
    }

    /// What we did ourselves: it is so, whether an event tells or not.
    pub(super) fn own_party_event(&mut self, event: Event, now: Instant, out: &mut Effects) {
        let Some(session) = self.joined().map(|joined| joined.session.id.clone()) else { return };
        let event = PartyEvent { session, from: None, event };
        self.party_event(&event, now, out);
        self.list_event(&event, now, out);
    }

    fn party_ended(&mut self, now: Instant, out: &mut Effects) {
        let Some(session) = self.joined().map(|joined| joined.session.id.clone()) else { return };
        self.party_over(Failure::new(ProblemKind::PartyEnded, "the party has ended"), out);
        self.own_event(session, Event::PartyDeleted, now, out);
    }

    pub(super) fn removed_from_party(&mut self, how: &str, now: Instant, out: &mut Effects) {
        let Some(me) = self.account().map(|account| account.me.account) else { return };
        let Some(session) = self.joined().map(|joined| joined.session.id.clone()) else { return };
        self.party_over(Failure::new(ProblemKind::RemovedFromParty, how), out);
        self.own_event(session, Event::MembersLeft(vec![me]), now, out);
    }

    pub(super) fn set_party_timer(&mut self) {
        let is_open = self.account().is_some_and(|account| account.line.is_open());
        let every = (!is_open).then_some(EVERY_WITHOUT_PUSH);
        let next = self.joined().and_then(|joined| joined.following.next(every));
        self.timers.put(Timer::ReadParty, next);
    }

    /// The voice thread names speakers by this list, and the others are told whom we hear.
    pub(super) fn members_changed(&mut self, now: Instant, out: &mut Effects) {
        out.push(Effect::Voice(VoiceControl::Members(self.others())));
        self.tell_hearing(out);
        self.announce_soon(now);
    }

    /// The members but us.
    pub(super) fn others(&self) -> Vec<AccountId> {
        let me = self.account().map(|account| account.me.account);
        let members = self.joined().map(|joined| joined.session.members.as_slice()).unwrap_or_default();
        members.iter().map(|m| m.account).filter(|account| Some(*account) != me).collect()
    }

    pub(super) fn set_party(&mut self, stage: PartyStage) {
        if let Stage::SignedIn(account) = &mut self.stage {
            account.party = stage;
        }
    }
}

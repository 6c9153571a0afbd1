//! The way into a party and out of it. The service has one party for an account, so leaving one comes before entering the next.

use std::time::{Duration, Instant};

use super::{
    Attempt, Effect, Effects, Failure, Place, State, Timer,
    party::{Joined, PartyStage, trimmed},
};
use crate::{
    client::input::Entry,
    model::{AccountId, PartyLink, PartySession, Privacy, SessionId},
};

/// After a way back that met other troubles than the party's own.
const REJOIN_AGAIN: Duration = Duration::from_secs(5);

impl State {
    pub(super) fn start_party(
        &mut self,
        name: String,
        privacy: Privacy,
        limit: u32,
        invite: Vec<AccountId>,
        out: &mut Effects,
    ) {
        let limit = limit.clamp(PartySession::MIN_LIMIT, PartySession::MAX_MEMBERS);
        self.enter(Entry::Create { name: trimmed(&name), privacy, limit }, invite, out);
    }

    pub(super) fn join_party(&mut self, session: SessionId, out: &mut Effects) {
        if self.joined().is_some_and(|joined| joined.session.id == session) {
            return;
        }
        self.enter(Entry::Join(session), Vec::new(), out);
    }

    pub(super) fn join_by_link(&mut self, link: PartyLink, out: &mut Effects) {
        self.enter(Entry::Link(link), Vec::new(), out);
    }

    fn enter(&mut self, entry: Entry, invite: Vec<AccountId>, out: &mut Effects) {
        self.problems.clear(Place::Parties);
        match self.account_mut().map(|account| &mut account.party) {
            Some(PartyStage::None) => self.start_entering(entry, invite, out),
            Some(PartyStage::Joined(_)) => self.leave_and_then(Some((entry, invite)), out),
            Some(PartyStage::Leaving { then, .. }) => *then = Some((entry, invite)),
            Some(PartyStage::Joining { .. }) | None => {}
        }
    }

    fn start_entering(&mut self, entry: Entry, invite: Vec<AccountId>, out: &mut Effects) {
        let attempt = self.new_attempt();
        self.set_party(PartyStage::Joining { attempt, invite, abandoned: false });
        out.push(Effect::EnterParty { attempt, entry });
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
            Some(PartyStage::Joining { attempt: current, invite, abandoned }) if *current == attempt => {
                if *abandoned {
                    return self.undo_entering(result, out);
                }
                std::mem::take(invite)
            }
            _ => return,
        };
        match result {
            Ok(session) => {
                self.invitation_used(&session.id);
                self.set_party(PartyStage::Joined(Box::new(Joined::new(session))));
                self.members_changed(now, out);
                out.push(self.talk_effect());
                self.connect_voice(out);
                self.invite(&invite, now, out);
                tracing::info!("in a party");
                // What happened between entering and reading came as events for a session not yet ours.
                self.party_changed_unseen(now);
                self.look_for_party_chat(now, out);
            }
            Err(failure) => {
                self.set_party(PartyStage::None);
                self.fail(Place::Parties, failure);
            }
        }
    }

    /// The user gave up waiting, and then it worked after all.
    fn undo_entering(&mut self, result: Result<PartySession, Failure>, out: &mut Effects) {
        match result {
            Ok(session) => {
                let attempt = self.new_attempt();
                self.set_party(PartyStage::Leaving { attempt, then: None });
                out.push(Effect::LeaveParty { attempt, session: session.id, seat: None });
            }
            Err(_) => self.out_of_party(out),
        }
    }

    fn rejoined(&mut self, result: Result<PartySession, Failure>, now: Instant, out: &mut Effects) {
        let Some(joined) = self.joined_mut() else { return };
        joined.rejoining = None;
        match result {
            Ok(session) => {
                joined.session = session;
                self.members_changed(now, out);
                self.voice_lost(now, out);
            }
            Err(failure) if failure.is_about_the_party() => self.party_over(failure, out),
            Err(failure) if failure.ends_sign_in() => self.fail(Place::Party, failure),
            // The service has other troubles: it is asked again soon.
            Err(_) => self.party_read_soon(now + REJOIN_AGAIN),
        }
    }

    pub(super) fn leave_party(&mut self, out: &mut Effects) {
        match self.account_mut().map(|account| &mut account.party) {
            Some(PartyStage::Joined(_)) => self.leave_and_then(None, out),
            Some(PartyStage::Joining { abandoned, .. }) => *abandoned = true,
            Some(PartyStage::Leaving { then, .. }) => *then = None,
            Some(PartyStage::None) | None => {}
        }
    }

    fn leave_and_then(&mut self, then: Option<(Entry, Vec<AccountId>)>, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(joined) = self.joined() else { return };
        let (session, seat) = (joined.session.id.clone(), joined.voice.seat().cloned());
        self.set_party(PartyStage::Leaving { attempt, then });
        self.end_of_party();
        out.extend([Effect::HangUp, Effect::LeaveParty { attempt, session, seat }]);
    }

    pub(super) fn left(&mut self, attempt: Attempt, result: Result<(), Failure>, out: &mut Effects) {
        let Some(PartyStage::Leaving { attempt: current, then }) =
            self.account_mut().map(|account| &mut account.party)
        else {
            return;
        };
        if *current != attempt {
            return;
        }
        let then = then.take();
        if let Err(failure) = result {
            self.fail(Place::Parties, failure);
        }
        self.out_of_party(out);
        if let Some((entry, invite)) = then
            && self.account().is_some()
        {
            self.start_entering(entry, invite, out);
        }
    }

    fn out_of_party(&mut self, out: &mut Effects) {
        self.set_party(PartyStage::None);
        if self.quitting {
            out.push(Effect::Finish);
        }
    }

    /// The party is gone, or we are gone from it.
    pub(super) fn party_over(&mut self, failure: Failure, out: &mut Effects) {
        self.set_party(PartyStage::None);
        self.end_of_party();
        out.push(Effect::HangUp);
        self.fail(Place::Parties, failure);
    }

    fn end_of_party(&mut self) {
        for timer in
            [Timer::Invitations, Timer::ReadParty, Timer::Announce, Timer::VoiceDeadline, Timer::VoiceRetry]
        {
            self.timers.clear(timer);
        }
        self.problems.clear(Place::Party);
        self.problems.clear(Place::Voice);
        self.talk.key_held = false;
    }

    /// The service dropped us while we could not be reached: not the user's wish.
    pub(super) fn rejoin(&mut self, session: SessionId, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(joined) = self.joined_mut() else { return };
        if joined.rejoining.is_none() {
            joined.rejoining = Some(attempt);
            tracing::info!("the service lost us; going back in");
            out.push(Effect::EnterParty { attempt, entry: Entry::Join(session) });
        }
    }
}

//! The way into a party and out of it. The service has one party for an account, so leaving one comes before entering the next.

use std::time::{Duration, Instant};

use super::{
    Attempt, Effect, Effects, Failure, Place, ProblemKind, State, Timer,
    following::Following,
    hosting::trimmed,
    party::{Joined, PartyStage, Wish},
};
use crate::{
    client::input::Entry,
    model::{AccountId, PartySession, Privacy, SessionId},
    psn::Event,
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
        self.enter(Wish { entry: Entry::Create { name: trimmed(&name), privacy, limit }, invite }, out);
    }

    pub(super) fn join_party(&mut self, session: SessionId, out: &mut Effects) {
        if self.joined().is_some_and(|joined| joined.session.id == session) {
            return;
        }
        self.invitation_answered(&session, out);
        self.enter(Wish { entry: Entry::Join(session), invite: Vec::new() }, out);
    }

    pub(super) fn enter(&mut self, wish: Wish, out: &mut Effects) {
        self.problems.clear(Place::Parties);
        match self.account_mut().map(|account| &mut account.party) {
            Some(PartyStage::None) => self.start_entering(wish, None, out),
            Some(PartyStage::Joined(_)) => self.leave_and_then(Some(wish), out),
            Some(PartyStage::Leaving { then, .. }) => *then = Some(wish),
            // On the way there, and it is wanted again perhaps.
            Some(PartyStage::Joining { wish: current, abandoned, then, .. }) if *current == wish => {
                (*abandoned, *then) = (false, None);
            }
            Some(PartyStage::Joining { abandoned, then, .. }) => (*abandoned, *then) = (true, Some(wish)),
            None => {}
        }
    }

    /// `left`: for this one.
    fn start_entering(&mut self, wish: Wish, left: Option<SessionId>, out: &mut Effects) {
        let attempt = self.new_attempt();
        let entry = wish.entry.clone();
        self.set_party(PartyStage::Joining { attempt, wish, left, abandoned: false, then: None });
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
        let (invite, left) = match self.account_mut().map(|account| &mut account.party) {
            Some(PartyStage::Joining { attempt: current, wish, left, abandoned, then })
                if *current == attempt =>
            {
                let (left, then) = (left.take(), then.take());
                if *abandoned {
                    return self.undo_entering(result, left, then, now, out);
                }
                (std::mem::take(&mut wish.invite), left)
            }
            _ => return,
        };
        match result {
            Ok(session) => {
                self.came_in(&session, now);
                self.set_party(PartyStage::Joined(Box::new(Joined::new(session, now))));
                self.members_changed(now, out);
                out.push(self.talk_effect());
                self.connect_voice(out);
                self.invite(&invite, now, out);
                tracing::info!("in a party");
                self.look_for_party_chat(now, out);
            }
            Err(failure) => {
                self.set_party(PartyStage::None);
                // It may have let us in all the same, and the one that was left is there to go back to.
                self.look_around(now);
                if left.is_some() {
                    let between = Failure::new(ProblemKind::BetweenParties, "left one, not let into another");
                    self.problems.raise(Place::Parties, between);
                }
                self.fail(Place::Parties, failure);
            }
        }
    }

    /// An invitation or a link that led here has done so.
    fn came_in(&mut self, session: &PartySession, now: Instant) {
        self.invitation_over(&session.id, now);
        self.look_around(now);
        let Some(account) = self.account_mut() else { return };
        account.linked.take_if(|preview| preview.session() == Some(&session.id));
    }

    /// The user gave up waiting, or wants elsewhere by now.
    fn undo_entering(
        &mut self,
        result: Result<PartySession, Failure>,
        left: Option<SessionId>,
        then: Option<Wish>,
        now: Instant,
        out: &mut Effects,
    ) {
        match result {
            Ok(session) => {
                let attempt = self.new_attempt();
                let id = session.id.clone();
                self.set_party(PartyStage::Leaving { attempt, session: id, then });
                out.push(Effect::LeaveParty { attempt, session: session.id, seat: None });
            }
            Err(_) => {
                self.look_around(now);
                self.out_of_party();
                if let Some(wish) = then {
                    self.start_entering(wish, left, out);
                }
            }
        }
    }

    fn rejoined(&mut self, result: Result<PartySession, Failure>, now: Instant, out: &mut Effects) {
        let Some(joined) = self.joined_mut() else { return };
        joined.rejoining = None;
        match result {
            Ok(session) => {
                // What was asked before knows nothing of it, and what was said before is forgotten.
                joined.following = Following::from(now);
                joined.announced = None;
                self.party_is(session, now, out);
                self.announce_soon(now);
                self.voice_lost(now, out);
            }
            // Whoever was dropped for silence may come back: it was somebody's wish.
            Err(failure) if failure.kind == ProblemKind::NotAllowed => {
                self.removed_from_party("not let back in", now, out);
            }
            Err(failure) if failure.is_about_the_party() => {
                self.party_over(failure, out);
                self.look_around(now);
            }
            Err(failure) if failure.ends_sign_in() => self.fail(Place::Party, failure),
            // The service has other troubles: it is asked again soon.
            Err(_) => joined.following.put_off(now + REJOIN_AGAIN),
        }
    }

    pub(super) fn leave_party(&mut self, out: &mut Effects) {
        match self.account_mut().map(|account| &mut account.party) {
            Some(PartyStage::Joined(_)) => self.leave_and_then(None, out),
            Some(PartyStage::Joining { abandoned, then, .. }) => (*abandoned, *then) = (true, None),
            Some(PartyStage::Leaving { then, .. }) => *then = None,
            Some(PartyStage::None) | None => {}
        }
    }

    fn leave_and_then(&mut self, then: Option<Wish>, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(joined) = self.joined() else { return };
        let (session, seat) = (joined.session.id.clone(), joined.voice.seat().cloned());
        self.leave_party_chat(&session);
        self.set_party(PartyStage::Leaving { attempt, session: session.clone(), then });
        self.end_of_party();
        out.extend([Effect::HangUp, Effect::LeaveParty { attempt, session, seat }]);
    }

    pub(super) fn left(
        &mut self,
        attempt: Attempt,
        result: Result<(), Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(PartyStage::Leaving { attempt: current, session, then }) =
            self.account_mut().map(|account| &mut account.party)
        else {
            return;
        };
        if *current != attempt {
            return;
        }
        let (session, then) = (session.clone(), then.take());
        self.set_party(PartyStage::None);
        match result {
            Ok(()) => self.went_out(session.clone(), now, out),
            Err(failure) => {
                self.look_around(now);
                self.fail(Place::Parties, failure);
            }
        }
        self.out_of_party();
        if let Some(wish) = then
            && self.account().is_some()
        {
            self.start_entering(wish, Some(session), out);
        }
    }

    /// The lists know it at once.
    fn went_out(&mut self, session: SessionId, now: Instant, out: &mut Effects) {
        let Some(me) = self.account().map(|account| account.me.account) else { return };
        self.own_event(session, Event::MembersLeft(vec![me]), now, out);
    }

    fn out_of_party(&mut self) {
        self.set_party(PartyStage::None);
    }

    /// The party is gone, or we are gone from it.
    pub(super) fn party_over(&mut self, failure: Failure, out: &mut Effects) {
        if let Some(session) = self.joined().map(|joined| joined.session.id.clone()) {
            self.leave_party_chat(&session);
        }
        self.set_party(PartyStage::None);
        self.end_of_party();
        out.push(Effect::HangUp);
        self.fail(Place::Parties, failure);
    }

    fn end_of_party(&mut self) {
        for timer in [Timer::Invitations, Timer::Announce, Timer::VoiceDeadline, Timer::VoiceRetry] {
            self.timers.clear(timer);
        }
        self.problems.clear(Place::Party);
        self.problems.clear(Place::Voice);
        self.talk.key_held = false;
    }

    /// The reading of the party that just ended shows us no more. Either the service dropped us while we could not be reached, or
    /// another device of this account has gone on to another party: going back in would pull the user out of that one. Parties
    /// that were read since then tell.
    pub(super) fn missing_from_party(&mut self, now: Instant, out: &mut Effects) {
        let Some(joined) = self.joined_mut().filter(|joined| joined.rejoining.is_none()) else { return };
        let began = joined.following.began().unwrap_or(now);
        let since = *joined.missing_since.get_or_insert(began);
        if self.account().is_some_and(|account| !account.lists.is_asked_since(since)) {
            self.read_visible(now, out);
        }
        self.settle_missing(now, out);
    }

    /// Decides, as soon as the parties are known that well.
    pub(super) fn settle_missing(&mut self, now: Instant, out: &mut Effects) {
        let Some((session, since)) =
            self.joined().and_then(|joined| Some((joined.session.id.clone(), joined.missing_since?)))
        else {
            return;
        };
        let Some(lists) = self.account().map(|account| &account.lists) else { return };
        if !lists.is_read_since(since) || lists.is_in_doubt() {
            return;
        }
        if self.is_elsewhere(&session) {
            return self.removed_from_party("in another party by another device", now, out);
        }
        let attempt = self.new_attempt();
        let Some(joined) = self.joined_mut() else { return };
        (joined.missing_since, joined.rejoining) = (None, Some(attempt));
        tracing::info!("the service lost us; going back in");
        out.push(Effect::EnterParty { attempt, entry: Entry::Join(session) });
    }
}

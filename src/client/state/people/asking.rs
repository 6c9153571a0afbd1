//! Deciding about somebody: what is shown at once, what is told to the service, and finding somebody by their online id first.

use std::time::Instant;

use super::super::{Effects, Failure, Place, ProblemKind, Screen, State};
use crate::{
    client::{
        Notice,
        input::{Attempt, Decision, Effect, PeopleEffect},
    },
    model::{AccountId, OnlineId},
};

/// Asking somebody by their online id, until it is answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Asking {
    /// Looked for by this name.
    Finding(Attempt, OnlineId),
    Deciding(AccountId),
}

impl State {
    /// Whoever is known by that name is asked; else the service says who that is.
    pub(in crate::client::state) fn ask_friend(&mut self, name: OnlineId, now: Instant, out: &mut Effects) {
        let Screen::SignedIn(signed_in) = self.snapshot().screen else { return };
        self.problems.clear(Place::People);
        let is_name = |known: &OnlineId| known.as_str().eq_ignore_ascii_case(name.as_str());
        if is_name(&signed_in.me.online_id) {
            return self.problems.raise(Place::People, no(ProblemKind::RequestRefused, "of oneself"));
        }
        if signed_in.friends.items().iter().any(|friend| is_name(&friend.profile.online_id)) {
            return self.problems.raise(Place::People, no(ProblemKind::AlreadyFriends, "in the list"));
        }
        if !is_possible(&name) {
            return self.problems.raise(Place::People, no(ProblemKind::NobodyByThatName, "not an online id"));
        }
        if let Some((account, name)) = signed_in.names().find(|(_, name)| is_name(name)) {
            let name = name.clone();
            return self.ask_found(account, name, now, out);
        }
        let attempt = self.new_attempt();
        let Some(account) = self.account_mut() else { return };
        account.people.asking = Some(Asking::Finding(attempt, name.clone()));
        account.people.pace.spend(1, now);
        out.push(Effect::People(PeopleEffect::FindPerson { attempt, name }));
    }

    pub(super) fn found(
        &mut self,
        attempt: Attempt,
        result: Result<Option<AccountId>, Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(account) = self.account_mut() else { return };
        let is_it = |asking: &mut Asking| matches!(asking, Asking::Finding(of, _) if *of == attempt);
        let Some(Asking::Finding(_, name)) = account.people.asking.take_if(is_it) else { return };
        match result {
            Ok(Some(account)) => self.ask_found(account, name, now, out),
            Ok(None) => {
                self.problems.raise(Place::People, no(ProblemKind::NobodyByThatName, "not found"));
            }
            Err(failure) => self.fail(Place::People, failure),
        }
    }

    fn ask_found(&mut self, about: AccountId, name: OnlineId, now: Instant, out: &mut Effects) {
        if let Some(account) = self.account_mut() {
            account.people.asking = Some(Asking::Deciding(about));
        }
        self.decide(about, Decision::Ask, Some(name), now, out);
    }

    /// `name`: as the user knows them, where the caller knows it.
    pub(in crate::client::state) fn decide(
        &mut self,
        about: AccountId,
        decision: Decision,
        name: Option<OnlineId>,
        now: Instant,
        out: &mut Effects,
    ) {
        let name = name.or_else(|| self.name_of(about));
        let attempt = self.new_attempt();
        let Some(account) = self.account_mut() else { return };
        let people = &mut account.people;
        let is_friend = people.friends().items().iter().any(|friend| friend.profile.account == about);
        let asks = people.is_asked_by(about);
        let decision = match decision {
            Decision::Ask if is_friend => {
                people.asking.take_if(|asking| *asking == Asking::Deciding(about));
                return self.problems.raise(Place::People, no(ProblemKind::AlreadyFriends, "in the list"));
            }
            // Asking back is saying yes.
            Decision::Ask if asks => Decision::Accept,
            decision => decision,
        };
        if people.decisions.decide(about, decision, name, attempt) {
            people.pace.spend(1, now);
            let effect = PeopleEffect::Decide { attempt, account: about, decision };
            out.push(Effect::People(effect));
        }
        if matches!(decision, Decision::Accept | Decision::Decline) {
            self.request_answered(about, out);
        }
        self.show_people(now, out);
    }

    pub(super) fn decided(
        &mut self,
        about: AccountId,
        attempt: Attempt,
        result: Result<(), Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(account) = self.account_mut() else { return };
        let people = &mut account.people;
        let Some(outcome) = people.decisions.answered(about, attempt, result.is_ok(), now) else { return };
        let failure = result.err();
        if outcome.next.is_none() && people.asking.take_if(|it| *it == Asking::Deciding(about)).is_some() {
            let is_asked = matches!(outcome.decision, Decision::Ask | Decision::Accept) && failure.is_none();
            people.asked_by_name += u32::from(is_asked);
        }
        if failure.as_ref().is_none_or(Failure::may_pass) {
            // Done, or perhaps done: the lists tell.
            people.want_lists_of(outcome.decision, now);
        }
        if failure.is_none() {
            let is_listed = people.list.listed().is_some_and(|listed| listed.contains(&about));
            match outcome.decision {
                Decision::Accept if is_listed => drop(people.asked.remove(&about)),
                // For the service both are the same call: where the request was taken back meanwhile, this is one of ours.
                // The list tells.
                Decision::Ask | Decision::Accept => {
                    people.asked.insert(about);
                    // To be called by their name when they say yes.
                    people.book.want([about]);
                }
                Decision::Unfriend | Decision::Block => drop(people.asked.remove(&about)),
                Decision::Decline | Decision::Unblock => {}
            }
            let notice = match outcome.decision {
                Decision::Ask => outcome.name.map(Notice::FriendRequestSent),
                Decision::Accept => outcome.name.filter(|_| is_listed).map(Notice::NewFriend),
                Decision::Decline | Decision::Unfriend | Decision::Block | Decision::Unblock => None,
            };
            out.extend(notice.map(Effect::Notify));
            self.read_card_summary(about, now, out);
        }
        match failure {
            None => self.problems.clear(Place::People),
            Some(failure) => self.fail(Place::People, failure),
        }
        if let Some((next, name)) = outcome.next {
            self.decide(about, next, name, now, out);
        }
    }

    pub(in crate::client::state) fn share_real_name(
        &mut self,
        with: AccountId,
        now: Instant,
        out: &mut Effects,
    ) {
        if let Some(account) = self.account_mut() {
            account.people.pace.spend(1, now);
            out.push(Effect::People(PeopleEffect::ShareRealName(with)));
        }
    }

    pub(super) fn real_name_shared(
        &mut self,
        with: AccountId,
        result: Result<(), Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        match result {
            Ok(()) => {
                self.problems.clear(Place::People);
                self.read_card_summary(with, now, out);
            }
            Err(failure) => self.fail(Place::People, failure),
        }
    }

    /// As far as it is on screen anywhere.
    pub(in crate::client::state) fn name_of(&self, account: AccountId) -> Option<OnlineId> {
        if let Some(name) = self.account()?.people.name_of(account) {
            return Some(name);
        }
        let Screen::SignedIn(signed_in) = self.snapshot().screen else { return None };
        signed_in.names().find(|(known, _)| *known == account).map(|(_, name)| name.clone())
    }
}

/// Online ids are plain and short; anything else is not worth a call.
fn is_possible(name: &OnlineId) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=32).contains(&name.0.len()) && name.0.bytes().all(plain)
}

fn no(kind: ProblemKind, diagnostic: &str) -> Failure {
    Failure::new(kind, diagnostic)
}

//! What about people is read next, and what comes of it. Everything that is to be read waits for [`super::Pace`]; what is
//! more important goes first, and what waits for calls does not see them go to what is less so.

use std::time::{Duration, Instant};

use super::{
    super::{Effects, Failure, Place, ProblemKind, State, Timer},
    PeopleState,
    friends::Step,
    requests,
};
use crate::{
    client::{
        Notice,
        input::{Attempt, Effect, PeopleEffect, PeopleInput},
        reconnect::Reach,
    },
    model::{AccountId, FriendsPage},
};

/// Pages of profiles and presences under way at a time.
const AT_ONCE: usize = 4;
/// While the service is out of reach.
const UNREACHABLE: Duration = Duration::from_secs(5);

/// One thing to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Requests,
    /// The rest of the list, without a push line.
    GoOn {
        offset: usize,
        calls: u32,
    },
    Profiles,
    CardPresence,
    Friends,
    Blocked,
    Appearance,
    Presences(usize),
}

impl PeopleState {
    /// The next thing to read, and when.
    fn next_job(&self, line_is_open: bool, now: Instant) -> Option<(Instant, Job)> {
        let every = if line_is_open { requests::EVERY } else { requests::EVERY_WITHOUT_PUSH };
        let is_walking = self.list.is_under_way();
        let is_idle = self.book.under_way() + self.presences.under_way() < AT_ONCE;
        let profiles = is_idle && self.book.has_page(!is_walking || self.walk_waits.is_some());
        let missing = self.presences.missing(!is_walking).filter(|_| is_idle);
        let (offset, calls) = self.walk_waits.unwrap_or_default();
        let go_on = self.walk_waits.and(self.waits_for_line);
        let list = self.list.due();
        let jobs = [
            (self.requests.upkeep.due(every), 1, Job::Requests),
            (go_on, calls, Job::GoOn { offset, calls }),
            (list.filter(|_| !self.list.is_known()), self.list.cost(), Job::Friends),
            (self.blocks.upkeep.due(requests::RARELY), 1, Job::Blocked),
            (self.appearance.upkeep.due(requests::RARELY), 1, Job::Appearance),
            (profiles.then(|| self.names_failed.over(now)), 1, Job::Profiles),
            (self.card.as_ref().map(|card| card.presence_due()), 1, Job::CardPresence),
            (
                missing.map(|_| self.presences_failed.over(now)),
                1,
                Job::Presences(missing.unwrap_or_default()),
            ),
            (list, self.list.cost(), Job::Friends),
        ];
        let turn = self.presences.turn(now).map(|(page, at)| (Some(at), 1, Job::Presences(page)));
        let mut next: Option<(Instant, Job)> = None;
        for (due, calls, job) in jobs.into_iter().chain(turn) {
            let Some(due) = due else { continue };
            let due = self.held_until.map_or(due, |held| held.max(due));
            let at = due.max(self.pace.when(calls, 0, now));
            if next.is_none_or(|(other, _)| at < other) {
                next = Some((at, job));
            }
            if due <= now {
                break;
            }
        }
        next
    }
}

impl State {
    pub(in crate::client::state) fn read_people_due(&mut self, now: Instant, out: &mut Effects) {
        loop {
            let Some(account) = self.account().filter(|account| !account.stay.ended) else { return };
            match account.people.next_job(account.line.is_open(), now) {
                Some((at, job)) if at <= now => self.begin_job(job, now, out),
                Some((at, _)) => return self.timers.set(Timer::ReadPeople, at),
                None => return self.timers.clear(Timer::ReadPeople),
            }
        }
    }

    fn begin_job(&mut self, job: Job, now: Instant, out: &mut Effects) {
        if job == Job::CardPresence {
            return self.read_card_presence(now, out);
        }
        let attempt = match job {
            // The same reading goes on.
            Job::GoOn { .. } => None,
            _ => Some(self.new_attempt()),
        };
        let Some(account) = self.account_mut() else { return };
        let people = &mut account.people;
        let attempt = attempt.unwrap_or(people.list.attempt());
        people.pace.spend(if let Job::GoOn { calls, .. } = job { calls } else { 1 }, now);
        let effect = match job {
            Job::Requests => {
                people.requests.upkeep.begin(attempt, now);
                PeopleEffect::ReadRequests { attempt }
            }
            Job::GoOn { offset, .. } => {
                (people.walk_waits, people.waits_for_line) = (None, None);
                PeopleEffect::ReadFriends { attempt, offset }
            }
            Job::Profiles => PeopleEffect::ReadProfiles { attempt, accounts: people.book.ask(attempt) },
            Job::Friends => {
                people.list.begin(attempt, now);
                PeopleEffect::ReadFriends { attempt, offset: 0 }
            }
            Job::Blocked => {
                people.blocks.upkeep.begin(attempt, now);
                PeopleEffect::ReadBlocked { attempt }
            }
            Job::Appearance => {
                people.appearance.upkeep.begin(attempt, now);
                PeopleEffect::ReadAppearance { attempt }
            }
            Job::Presences(page) => {
                PeopleEffect::ReadPresences { attempt, accounts: people.presences.ask(page, attempt, now) }
            }
            Job::CardPresence => return,
        };
        out.push(Effect::People(effect));
    }

    /// An answer about people.
    pub(in crate::client::state) fn people(&mut self, input: PeopleInput, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        let people = &mut account.people;
        match input {
            PeopleInput::Friends { attempt, result: Ok(page) } => {
                self.friends_read(attempt, page, now, out);
            }
            PeopleInput::Friends { attempt, result: Err(failure) } => {
                if people.list.fail(attempt, now) {
                    people.walk_waits = None;
                    self.friends_not_read(failure, now);
                }
            }
            PeopleInput::Profiles { attempt, result: Ok(profiles) } => {
                if people.book.take(attempt, profiles) {
                    people.names_failed.succeed();
                    if people.has_no_name() && people.list.is_known() {
                        self.problems.clear(Place::Friends);
                    }
                    self.note_profiles(now);
                }
            }
            PeopleInput::Profiles { attempt, result: Err(failure) } => {
                if people.book.fail(attempt) {
                    people.names_failed.fail(now);
                    if people.has_no_name() {
                        self.friends_not_read(failure, now);
                    } else {
                        self.not_read(failure, now);
                    }
                }
            }
            PeopleInput::Presences { attempt, result: Ok(presences) } => {
                let Some(changed) = people.presences.take(attempt, presences, now) else { return };
                people.presences_failed.succeed();
                if !changed {
                    return self.read_people_due(now, out);
                }
            }
            PeopleInput::Presences { attempt, result: Err(failure) } => {
                if people.presences.fail(attempt, now) {
                    people.presences_failed.fail(now);
                    self.not_read(failure, now);
                }
            }
            PeopleInput::Requests { attempt, result: Ok(requests) } => {
                let from: Vec<_> = requests.iter().map(|request| request.from).collect();
                if people.requests.take(attempt, requests) {
                    people.book.want(from);
                }
            }
            PeopleInput::Requests { attempt, result: Err(failure) } => {
                if people.requests.upkeep.fail(attempt, now) {
                    people.shown.requests.fetching = false;
                    self.not_read(failure, now);
                }
            }
            PeopleInput::Blocked { attempt, result: Ok(blocked) } => {
                if people.blocks.take(attempt, blocked.clone()) {
                    people.book.want(blocked);
                }
            }
            PeopleInput::Blocked { attempt, result: Err(failure) } => {
                if people.blocks.upkeep.fail(attempt, now) {
                    let asked_for = std::mem::take(&mut people.shown.blocked.fetching);
                    if asked_for && !failure.ends_sign_in() {
                        self.problems.raise(Place::People, failure.clone());
                    }
                    self.not_read(failure, now);
                }
            }
            PeopleInput::Appearance { attempt, result: Ok(offline) } => {
                self.appearance_read(attempt, offline);
            }
            PeopleInput::Appearance { attempt, result: Err(failure) } => {
                if people.appearance.upkeep.fail(attempt, now) {
                    self.not_read(failure, now);
                }
            }
            PeopleInput::AppearanceSet { attempt, result } => {
                self.appearance_set(attempt, result, now, out);
            }
            PeopleInput::Decided { attempt, account, result } => {
                self.decided(account, attempt, result, now, out);
            }
            PeopleInput::RealNameShared { account, result } => {
                self.real_name_shared(account, result, now, out);
            }
            PeopleInput::Found { attempt, result } => self.found(attempt, result, now, out),
            PeopleInput::Card { attempt, part } => {
                if !self.card_read(attempt, part) {
                    return;
                }
            }
        }
        self.show_people(now, out);
    }

    fn friends_read(&mut self, attempt: Attempt, page: FriendsPage, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        let (people, me) = (&mut account.people, account.me.account);
        let step = people.list.take(attempt, page, now);
        if step == Step::Nothing {
            return;
        }
        let listed = people.list.listed().unwrap_or_default();
        people.book.remember(&account.notes.profiles, listed);
        people.book.want(listed.iter().copied());
        people.presences.follow(std::iter::once(me).chain(listed.iter().copied()));
        match step {
            Step::Nothing => {}
            Step::Next { offset, calls } if people.waits_for_line.is_some() => {
                people.walk_waits = Some((offset, calls));
            }
            Step::Next { offset, calls } => {
                people.pace.spend(calls, now);
                out.push(Effect::People(PeopleEffect::ReadFriends { attempt, offset }));
            }
            Step::End { new } => {
                if !people.has_no_name() || people.list.listed().is_none_or(<[_]>::is_empty) {
                    self.problems.clear(Place::Friends);
                }
                self.list_is_whole(&new, now, out);
            }
        }
    }

    fn list_is_whole(&mut self, new: &[AccountId], now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        let people = &mut account.people;
        let listed = people.list.listed().unwrap_or_default();
        let accepted: Vec<_> = people.asked.iter().copied().filter(|it| listed.contains(it)).collect();
        for account in &accepted {
            people.asked.remove(account);
        }
        let told = accepted.iter().filter(|account| new.contains(account));
        let told = told.filter_map(|account| people.name_of(*account)).map(Notice::NewFriend);
        out.extend(told.map(Effect::Notify));
        people.look_after_names(now);
        self.note_profiles(now);
    }

    fn friends_not_read(&mut self, failure: Failure, now: Instant) {
        let Some(account) = self.account_mut() else { return };
        let asked_for = std::mem::take(&mut account.people.shown.friends.fetching);
        if asked_for && !failure.ends_sign_in() {
            let failure = Failure::new(ProblemKind::FriendsNotLoaded, failure.diagnostic.clone());
            self.problems.raise(Place::Friends, failure);
        }
        self.not_read(failure, now);
    }

    /// What is known stays, a little old. Where the service is out of reach nothing else is tried either.
    fn not_read(&mut self, failure: Failure, now: Instant) {
        if failure.ends_sign_in() {
            return self.fail(Place::Friends, failure);
        }
        let Some(account) = self.account_mut() else { return };
        account.people.held_until = match failure.reach() {
            Reach::Paused(pause) => Some(now + pause),
            Reach::Nobody => Some(now + UNREACHABLE),
            Reach::Service => None,
        };
    }

    /// For the next start.
    fn note_profiles(&mut self, now: Instant) {
        let Some(people) = self.account().map(|account| &account.people) else { return };
        if !people.book.is_complete() || people.list.is_under_way() {
            return;
        }
        let listed = people.list.listed().unwrap_or_default();
        let mut profiles: Vec<_> =
            listed.iter().filter_map(|friend| people.book.get(*friend).cloned()).collect();
        profiles.sort_by_key(|profile| profile.account);
        if self.notes().is_some_and(|notes| notes.profiles != profiles) {
            self.note(now, |notes| notes.profiles = profiles);
        }
    }
}

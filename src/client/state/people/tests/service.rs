//! A service of people in a few maps: what it lists, who decides what, and what it tells of.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use rand::{RngExt, rngs::StdRng};

use crate::{
    client::{
        AppearOffline, ProblemKind,
        failure::Failure,
        input::{CardPart, Decision, PeopleEffect, PeopleInput},
    },
    model::{
        AccountId, Availability, Friend, FriendRelation, FriendRequest, FriendSummary, FriendsPage, OnlineId,
        Platform, Presence, Profile,
    },
};

pub const ME: AccountId = AccountId(1_234_567_890_123_456_789);
/// Small, so that lists have several pages.
const SMALL_PAGE: usize = 3;
const PEOPLE: u64 = 12;

pub fn somebody(rng: &mut StdRng) -> AccountId {
    AccountId(1000 + rng.random_range(0..PEOPLE))
}

pub fn name(account: AccountId) -> OnlineId {
    OnlineId(format!("guest-{}", account.0))
}

/// Calls of the service that an effect costs.
pub fn calls_of(effect: &PeopleEffect) -> usize {
    if matches!(effect, PeopleEffect::ReadCard { .. }) { 4 } else { 1 }
}

#[derive(Default)]
pub struct Service {
    page: usize,
    friends: BTreeSet<AccountId>,
    /// And when.
    requests: BTreeMap<AccountId, i64>,
    asked: BTreeSet<AccountId>,
    blocked: BTreeSet<AccountId>,
    presences: HashMap<AccountId, Presence>,
    appears_offline: bool,
    /// Whatever is decided.
    pub refuses: bool,
    time: i64,
}

impl Service {
    /// That many friends, half of them online.
    pub fn of(friends: u64) -> Self {
        let mut service = Self { page: 100, ..Self::default() };
        for account in (0..friends).map(|index| AccountId(1000 + index)) {
            service.friends.insert(account);
            service.change_presence(account);
            if account.0 % 2 == 0 {
                service.change_presence(account);
            }
        }
        service
    }

    pub fn random(rng: &mut StdRng) -> Self {
        let mut service = Self { page: SMALL_PAGE, ..Self::default() };
        for _ in 0..10 {
            service.others_do_something(rng);
        }
        service
    }

    pub fn change_presence(&mut self, account: AccountId) {
        let online = Presence {
            availability: Availability::Online,
            platform: Some(Platform::Ps5),
            game: None,
            last_online: None,
        };
        let offline = Presence { availability: Availability::Offline, ..online.clone() };
        let was_online = self.presence(account).is_some_and(|it| it.availability == Availability::Online);
        self.presences.insert(account, if was_online { offline } else { online });
    }

    pub fn presence(&self, account: AccountId) -> Option<Presence> {
        self.presences.get(&account).cloned()
    }

    pub fn asks_us(&mut self, account: AccountId) -> usize {
        if self.friends.contains(&account) || self.blocked.contains(&account) {
            return 0;
        }
        if self.asked.contains(&account) {
            return self.befriends_us(account);
        }
        self.time += 1;
        self.requests.insert(account, self.time);
        1
    }

    /// And tells nobody.
    pub fn takes_back(&mut self, account: AccountId) {
        self.requests.remove(&account);
    }

    pub fn befriends_us(&mut self, account: AccountId) -> usize {
        self.asked.remove(&account);
        self.requests.remove(&account);
        usize::from(self.friends.insert(account))
    }

    /// How many events tell of it.
    pub fn others_do_something(&mut self, rng: &mut StdRng) -> usize {
        let account = somebody(rng);
        match rng.random_range(0..7) {
            0 | 1 => self.asks_us(account),
            2 => usize::from(self.requests.remove(&account).is_some()),
            3 if self.asked.contains(&account) => self.befriends_us(account),
            3 => usize::from(self.friends.remove(&account)),
            // From another device of ours.
            4 if !self.blocked.contains(&account) => self.befriends_us(account),
            5 => {
                self.change_presence(ME);
                0
            }
            _ => {
                self.change_presence(account);
                0
            }
        }
    }

    /// `failure`: what the caller hears instead.
    pub fn answer(
        &mut self,
        effect: &PeopleEffect,
        carried_out: bool,
        failure: Option<Failure>,
    ) -> (Vec<PeopleInput>, usize) {
        let mut events = 0;
        let refused = Failure::new(ProblemKind::NotOffered, "no");
        let said = |ok: Result<(), Failure>| failure.clone().map_or(ok, Err);
        let input = match effect {
            PeopleEffect::ReadFriends { attempt, offset } => {
                PeopleInput::Friends { attempt: *attempt, result: or(failure, self.page(*offset)) }
            }
            PeopleEffect::ReadProfiles { attempt, accounts } => {
                let profiles = accounts.iter().map(|account| Profile::named(*account, name(*account)));
                PeopleInput::Profiles { attempt: *attempt, result: or(failure, profiles.collect()) }
            }
            PeopleEffect::ReadPresences { attempt, accounts } => {
                assert!(accounts.len() <= 100, "more than a page");
                let known = accounts.iter().filter_map(|account| Some((*account, self.presence(*account)?)));
                PeopleInput::Presences { attempt: *attempt, result: or(failure, known.collect()) }
            }
            PeopleEffect::ReadRequests { attempt } => {
                let requests = self.requests.iter().map(|(from, at)| FriendRequest {
                    from: *from,
                    requested: Timestamp::from_second(*at).ok(),
                });
                PeopleInput::Requests { attempt: *attempt, result: or(failure, requests.collect()) }
            }
            PeopleEffect::ReadBlocked { attempt } => {
                PeopleInput::Blocked { attempt: *attempt, result: or(failure, self.blocked()) }
            }
            PeopleEffect::ReadAppearance { attempt } => {
                PeopleInput::Appearance { attempt: *attempt, result: or(failure, Some(self.appears_offline)) }
            }
            PeopleEffect::SetAppearOffline { attempt, offline } => {
                if carried_out {
                    self.appears_offline = *offline;
                }
                PeopleInput::AppearanceSet { attempt: *attempt, result: said(Ok(())) }
            }
            PeopleEffect::Decide { attempt, account, decision } => {
                if carried_out && !self.refuses {
                    events = self.decide(*account, *decision);
                }
                let result = said(if self.refuses { Err(refused) } else { Ok(()) });
                PeopleInput::Decided { attempt: *attempt, account: *account, result }
            }
            PeopleEffect::ShareRealName(account) => {
                PeopleInput::RealNameShared { account: *account, result: said(Ok(())) }
            }
            PeopleEffect::FindPerson { attempt, name: wanted } => {
                let mut people = (0..PEOPLE).map(|index| AccountId(1000 + index));
                let found = people.find(|it| name(*it).as_str().eq_ignore_ascii_case(wanted.as_str()));
                PeopleInput::Found { attempt: *attempt, result: or(failure, found) }
            }
            PeopleEffect::ReadCard { attempt, account } => {
                let (attempt, account) = (*attempt, *account);
                let profile = or(failure.clone(), Some(Profile::named(account, name(account))));
                let parts = [
                    CardPart::Profile(profile),
                    CardPart::Presence(or(failure.clone(), self.presence(account))),
                    CardPart::Summary(or(failure.clone(), self.summary(account))),
                    CardPart::Played(or(failure, None)),
                ];
                return (parts.map(|part| PeopleInput::Card { attempt, part }).into(), 0);
            }
            PeopleEffect::ReadCardPresence { attempt, account } => {
                let part = CardPart::Presence(or(failure, self.presence(*account)));
                PeopleInput::Card { attempt: *attempt, part }
            }
            PeopleEffect::ReadCardSummary { attempt, account } => {
                let summary = self.summary(*account);
                PeopleInput::Card { attempt: *attempt, part: CardPart::Summary(or(failure, summary)) }
            }
        };
        (vec![input], events)
    }

    fn summary(&self, account: AccountId) -> FriendSummary {
        let is_friend = self.friends.contains(&account);
        let relation = if is_friend { FriendRelation::Friend } else { FriendRelation::Stranger };
        FriendSummary { relation, real_name_sharing: None, friends: None, mutual_friends: None }
    }

    fn decide(&mut self, account: AccountId, decision: Decision) -> usize {
        match decision {
            Decision::Accept | Decision::Ask => {
                if self.friends.contains(&account) || self.blocked.contains(&account) {
                    0
                } else if self.requests.contains_key(&account) {
                    self.befriends_us(account)
                } else {
                    self.asked.insert(account);
                    0
                }
            }
            Decision::Decline | Decision::Unfriend => {
                let gone = self.friends.remove(&account) || self.requests.remove(&account).is_some();
                usize::from(gone || self.asked.remove(&account))
            }
            Decision::Block => {
                self.asked.remove(&account);
                self.requests.remove(&account);
                self.blocked.insert(account);
                usize::from(self.friends.remove(&account))
            }
            Decision::Unblock => {
                self.blocked.remove(&account);
                0
            }
        }
    }

    /// Online first, as the service has it now.
    fn page(&self, offset: usize) -> FriendsPage {
        let mut friends: Vec<_> = self.friends.iter().copied().collect();
        let is_offline = |account: &AccountId| {
            self.presences.get(account).is_none_or(|it| it.availability == Availability::Offline)
        };
        friends.sort_by_key(is_offline);
        let next = Some(offset + self.page).filter(|next| *next < friends.len());
        let total = Some(friends.len());
        FriendsPage { friends: friends.into_iter().skip(offset).take(self.page).collect(), next, total }
    }

    pub fn friends(&self) -> Vec<Friend> {
        let friend = |account: &AccountId| Friend {
            profile: Profile::named(*account, name(*account)),
            presence: self.presence(*account),
        };
        self.friends.iter().map(friend).collect()
    }

    /// Newest first.
    pub fn requests(&self) -> Vec<AccountId> {
        let mut requests: Vec<_> = self.requests.iter().collect();
        requests.sort_by_key(|(_, at)| -**at);
        requests.into_iter().map(|(from, _)| *from).collect()
    }

    pub fn blocked(&self) -> Vec<AccountId> {
        self.blocked.iter().copied().collect()
    }

    pub fn appearance(&self) -> AppearOffline {
        AppearOffline::Is(self.appears_offline)
    }
}

fn or<T>(failure: Option<Failure>, answer: T) -> Result<T, Failure> {
    failure.map_or(Ok(answer), Err)
}

//! What is shown of people: lists that are built once for each change, and shared by all snapshots until the next.

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use super::{
    super::{Effects, State},
    PeopleState, lists_of,
};
use crate::{
    client::{
        Fetched, Notice, ReceivedRequest,
        input::{Decision, Effect},
    },
    model::{AccountId, Availability, Friend, Notes, Presence, Profile},
};

#[derive(Default)]
pub struct Shown {
    pub friends: Fetched<Arc<Vec<Friend>>>,
    pub favorites: Arc<BTreeSet<AccountId>>,
    pub requests: Fetched<Arc<Vec<ReceivedRequest>>>,
    pub asked: Arc<BTreeSet<AccountId>>,
    pub blocked: Fetched<Arc<Vec<Profile>>>,
    pub own_presence: Option<Presence>,
}

impl Shown {
    pub fn begin_fetching(&mut self) {
        self.friends.fetching = true;
        self.requests.fetching = true;
    }

    pub fn take_favorites(&mut self, notes: &Notes) {
        if *self.favorites != notes.favorites {
            self.favorites = Arc::new(notes.favorites.clone());
        }
    }
}

/// Online first, then by name: the order of every list of friends.
fn sort(friends: &mut [Friend]) {
    let offline = |f: &Friend| f.presence.as_ref().is_none_or(|p| p.availability == Availability::Offline);
    friends.sort_by_cached_key(|f| (offline(f), f.profile.online_id.0.to_lowercase()));
}

/// The one that is there stays where nothing changed.
fn put<T: PartialEq>(shown: &mut Option<Arc<Vec<T>>>, fresh: Vec<T>) {
    if shown.as_ref().is_none_or(|shown| **shown != fresh) {
        *shown = Some(Arc::new(fresh));
    }
}

impl PeopleState {
    /// What the service lists, with what the user decided since laid over it.
    fn show(&mut self, me: AccountId) {
        self.decisions.settle(|decision, at| {
            let (friends, requests, blocks) = lists_of(decision);
            (!friends || self.list.is_true_since(at))
                && (!requests || self.requests.upkeep.is_read_since(at))
                && (!blocks || self.blocks.upkeep.is_read_since(at))
        });
        if let Some(listed) = self.list.listed() {
            let friends = self.friends_of(listed);
            // No list rather than an empty one while the first names are on their way.
            if !friends.is_empty() || self.book.is_complete() && self.walk_waits.is_none() {
                let is_first = self.shown.friends.value.is_none();
                put(&mut self.shown.friends.value, friends);
                self.shown.friends.fetching &= !is_first && self.list.is_pending();
            }
        }
        if let Some(list) = self.requests.list() {
            let is_open = |from| {
                !matches!(
                    self.decisions.about(from),
                    Some(Decision::Accept | Decision::Decline | Decision::Block)
                )
            };
            let open = list.iter().filter(|request| is_open(request.from));
            let named = open.filter_map(|request| {
                let from = self.book.get(request.from)?.clone();
                Some(ReceivedRequest { from, requested: request.requested })
            });
            let requests = named.collect();
            put(&mut self.shown.requests.value, requests);
            self.shown.requests.fetching &= self.requests.upkeep.is_pending();
        }
        if let Some(list) = self.blocks.list() {
            let mut blocked: BTreeSet<_> = list.iter().copied().collect();
            for (account, decision) in self.decisions.all() {
                match decision {
                    Decision::Block => drop(blocked.insert(account)),
                    Decision::Unblock => drop(blocked.remove(&account)),
                    _ => {}
                }
            }
            let mut blocked: Vec<_> =
                blocked.into_iter().filter_map(|account| self.book.get(account).cloned()).collect();
            blocked.sort_by_cached_key(|profile| profile.online_id.0.to_lowercase());
            put(&mut self.shown.blocked.value, blocked);
            self.shown.blocked.fetching &= self.blocks.upkeep.is_pending();
        }
        let mut asked = self.asked.clone();
        for (account, decision) in self.decisions.all() {
            match decision {
                Decision::Ask => drop(asked.insert(account)),
                Decision::Accept | Decision::Unfriend | Decision::Block => drop(asked.remove(&account)),
                _ => {}
            }
        }
        if *self.shown.asked != asked {
            self.shown.asked = Arc::new(asked);
        }
        self.shown.own_presence = self.presences.get(me).cloned();
    }

    fn friends_of(&self, listed: &[AccountId]) -> Vec<Friend> {
        let is_gone =
            |account| matches!(self.decisions.about(account), Some(Decision::Unfriend | Decision::Block));
        let accepted = self.decisions.all().filter(|(_, decision)| *decision == Decision::Accept);
        let accepted: BTreeSet<_> =
            accepted.map(|(account, _)| account).filter(|account| !listed.contains(account)).collect();
        let listed = listed.iter().copied().filter(|account| !is_gone(*account));
        let mut friends: Vec<Friend> = listed
            .chain(accepted)
            .filter_map(|account| {
                let profile = self.book.get(account)?.clone();
                Some(Friend { presence: self.presences.get(account).cloned(), profile })
            })
            .collect();
        sort(&mut friends);
        friends
    }
}

impl State {
    /// After whatever changed something about people: shows it, tells of it, and reads what is to be read.
    pub(in crate::client::state) fn show_people(&mut self, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        let me = account.me.account;
        account.people.show(me);
        account.people.shown.take_favorites(&account.notes);
        let people = &mut account.people;
        let named = people.requests.tell(|account| people.book.get(account).is_some());
        let still = |account| {
            let shown = people.shown.requests.items();
            shown.iter().find(|request| request.from.account == account)
        };
        let notices = named.into_iter().filter_map(still);
        let notices = notices.map(|request| Notice::FriendRequestFrom(request.from.online_id.clone()));
        out.extend(notices.map(Effect::Notify));
        self.read_people_due(now, out);
    }
}

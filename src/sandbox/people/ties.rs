//! Who is whose friend, who asked to be, who is blocked. Pure: time is an argument.
//!
//! Everybody is everybody's friend unless they were introduced as a stranger, or decided otherwise: only the decisions
//! take memory.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::AccountId;
use crate::sandbox::{
    push::{Event, guessed},
    refusal::Refusal,
};

/// Friend requests, and decisions about friends and blocks, that are kept in all.
const MAX_KEPT: usize = 100_000;

#[derive(Default)]
pub(in crate::sandbox) struct Ties {
    /// Friends of nobody at first.
    strangers: BTreeSet<AccountId>,
    /// Pairs, the lower id first, that decided otherwise: whether they are friends.
    decided: BTreeMap<(AccountId, AccountId), bool>,
    /// By whom and to whom, and when, in milliseconds since 1970.
    requests: BTreeMap<(AccountId, AccountId), u64>,
    /// By whom, and whom.
    blocks: BTreeSet<(AccountId, AccountId)>,
    /// Who shows their real name, and to whom.
    real_names: BTreeSet<(AccountId, AccountId)>,
    /// Who appears offline or did so, and since when.
    appearance: BTreeMap<AccountId, Appearance>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) struct Appearance {
    pub offline: bool,
    pub since_millis: u64,
}

/// How one stands to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Friend,
    Requested,
    Requesting,
    Nobody,
}

impl Relation {
    pub fn wire(self) -> &'static str {
        match self {
            Self::Friend => "friend",
            Self::Requested => "requested",
            Self::Requesting => "requesting",
            Self::Nobody => "no",
        }
    }
}

fn pair(a: AccountId, b: AccountId) -> (AccountId, AccountId) {
    (a.min(b), a.max(b))
}

fn told(to: AccountId, data_type: &'static str, about: AccountId) -> Event {
    Event { to: vec![to], data_type, data: json!({ "accountId": about.to_string() }) }
}

/// `who` is here for the first time: all who signed in are friends.
pub(in crate::sandbox) fn joined(who: AccountId, friends: impl Iterator<Item = AccountId>) -> Vec<Event> {
    friends.map(|friend| told(friend, guessed::FRIENDS_UPDATED, who)).collect()
}

impl Ties {
    pub fn introduce_stranger(&mut self, account: AccountId) {
        self.strangers.insert(account);
    }

    pub fn are_friends(&self, a: AccountId, b: AccountId) -> bool {
        let otherwise = || !self.strangers.contains(&a) && !self.strangers.contains(&b);
        a != b && self.decided.get(&pair(a, b)).copied().unwrap_or_else(otherwise)
    }

    pub(super) fn relation(&self, me: AccountId, other: AccountId) -> Relation {
        if self.are_friends(me, other) {
            Relation::Friend
        } else if self.requests.contains_key(&(me, other)) {
            Relation::Requested
        } else if self.requests.contains_key(&(other, me)) {
            Relation::Requesting
        } else {
            Relation::Nobody
        }
    }

    /// Who asked and when; the newest first.
    pub fn received(&self, me: AccountId) -> Vec<(AccountId, u64)> {
        let mut received: Vec<_> = self
            .requests
            .iter()
            .filter(|((_, to), _)| *to == me)
            .map(|((from, _), millis)| (*from, *millis))
            .collect();
        received.sort_by_key(|(_, millis)| std::cmp::Reverse(*millis));
        received
    }

    /// Accepts the other's request, or makes one.
    pub fn befriend(
        &mut self,
        me: AccountId,
        other: AccountId,
        now_millis: u64,
    ) -> Result<Vec<Event>, Refusal> {
        if me == other || self.has_blocked(me, other) {
            return Err(Refusal::NotPermitted);
        }
        if self.has_blocked(other, me) {
            return Err(Refusal::RefusedByTargets);
        }
        match self.relation(me, other) {
            Relation::Friend | Relation::Requested => Ok(Vec::new()),
            Relation::Requesting => {
                self.require_room()?;
                self.requests.remove(&(other, me));
                self.decided.insert(pair(me, other), true);
                Ok(vec![
                    told(me, guessed::FRIEND_REQUEST_DELETED, other),
                    told(me, guessed::FRIENDS_UPDATED, other),
                    told(other, guessed::FRIENDS_UPDATED, me),
                ])
            }
            Relation::Nobody => {
                self.require_room()?;
                self.requests.insert((me, other), now_millis);
                Ok(vec![told(other, guessed::FRIEND_REQUEST_CREATED, me)])
            }
        }
    }

    /// Declines, withdraws or unfriends, whichever there is to undo.
    pub fn part(&mut self, me: AccountId, other: AccountId) -> Result<Vec<Event>, Refusal> {
        match self.relation(me, other) {
            Relation::Nobody => Err(Refusal::NotFound),
            Relation::Requesting => {
                self.requests.remove(&(other, me));
                Ok(vec![told(me, guessed::FRIEND_REQUEST_DELETED, other)])
            }
            Relation::Requested => {
                self.requests.remove(&(me, other));
                Ok(vec![told(other, guessed::FRIEND_REQUEST_DELETED, me)])
            }
            Relation::Friend => {
                self.require_room()?;
                self.decided.insert(pair(me, other), false);
                self.real_names.remove(&(me, other));
                self.real_names.remove(&(other, me));
                Ok(vec![told(me, guessed::FRIENDS_UPDATED, other), told(other, guessed::FRIENDS_UPDATED, me)])
            }
        }
    }

    pub fn has_blocked(&self, by: AccountId, whom: AccountId) -> bool {
        self.blocks.contains(&(by, whom))
    }

    pub(super) fn blocked_by(&self, by: AccountId) -> impl Iterator<Item = AccountId> {
        let first = AccountId(0);
        self.blocks.range((by, first)..).take_while(move |(who, _)| *who == by).map(|(_, whom)| *whom)
    }

    /// Ends a friendship and whatever was asked, in both directions.
    pub(super) fn block(&mut self, by: AccountId, whom: AccountId) -> Result<Vec<Event>, Refusal> {
        if by == whom {
            return Err(Refusal::NotPermitted);
        }
        self.require_room()?;
        self.blocks.insert((by, whom));
        // Nothing to undo is fine.
        let mut events = self.part(by, whom).unwrap_or_default();
        events.extend(self.part(by, whom).unwrap_or_default());
        Ok(events)
    }

    pub(super) fn unblock(&mut self, by: AccountId, whom: AccountId) -> Result<(), Refusal> {
        if self.blocks.remove(&(by, whom)) { Ok(()) } else { Err(Refusal::NotFound) }
    }

    pub(super) fn show_real_name(&mut self, by: AccountId, to: AccountId) -> Result<(), Refusal> {
        if !self.are_friends(by, to) {
            return Err(Refusal::NotPermitted);
        }
        self.require_room()?;
        self.real_names.insert((by, to));
        Ok(())
    }

    pub(super) fn shows_real_name(&self, by: AccountId, to: AccountId) -> bool {
        self.real_names.contains(&(by, to))
    }

    pub(super) fn appear(&mut self, account: AccountId, offline: bool, now_millis: u64) {
        self.appearance.insert(account, Appearance { offline, since_millis: now_millis });
    }

    pub(super) fn appearance(&self, account: AccountId) -> Option<Appearance> {
        self.appearance.get(&account).copied()
    }

    pub(super) fn summary(&self, me: AccountId, other: AccountId, friends: usize) -> Value {
        json!({
            "friendRelation": self.relation(me, other).wire(),
            "personalDetailSharing": if self.shows_real_name(me, other) { "shared" } else { "no" },
            "friendsCount": friends,
            "mutualFriendsCount": -1,
        })
    }

    fn require_room(&self) -> Result<(), Refusal> {
        let kept = self.decided.len() + self.requests.len() + self.blocks.len() + self.real_names.len();
        if kept < MAX_KEPT { Ok(()) } else { Err(Refusal::TooMany) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARLOW: AccountId = AccountId((1 << 60) + 1);
    const SECOND: AccountId = AccountId((1 << 60) + 2);
    const WREN: AccountId = AccountId((1 << 60) + 3);

    fn ties() -> Ties {
        let mut ties = Ties::default();
        ties.introduce_stranger(WREN);
        ties
    }

    #[test]
    fn a_stranger_becomes_a_friend_when_both_want_it() {
        let mut ties = ties();
        assert!(ties.are_friends(MARLOW, SECOND) && !ties.are_friends(MARLOW, WREN));
        let asked = ties.befriend(WREN, MARLOW, 7).expect("may ask");
        assert_eq!(asked, [told(MARLOW, guessed::FRIEND_REQUEST_CREATED, WREN)]);
        assert_eq!(ties.befriend(WREN, MARLOW, 8), Ok(Vec::new()), "once is enough");
        assert_eq!(ties.received(MARLOW), [(WREN, 7)]);
        assert_eq!(ties.befriend(MARLOW, WREN, 9).expect("accepted").len(), 3);
        assert!(ties.are_friends(WREN, MARLOW) && ties.received(MARLOW).is_empty());
        assert_eq!(ties.part(WREN, MARLOW).expect("friends").len(), 2);
        assert_eq!(ties.part(WREN, MARLOW), Err(Refusal::NotFound));
    }

    #[test]
    fn a_block_ends_everything_and_lets_nothing_begin() {
        let mut ties = ties();
        assert_eq!(ties.block(MARLOW, SECOND).expect("blocked").len(), 2);
        assert!(!ties.are_friends(MARLOW, SECOND));
        assert_eq!(ties.befriend(SECOND, MARLOW, 1), Err(Refusal::RefusedByTargets));
        assert_eq!(ties.befriend(MARLOW, SECOND, 1), Err(Refusal::NotPermitted));
        assert_eq!(ties.blocked_by(MARLOW).collect::<Vec<_>>(), [SECOND]);
        assert!(ties.blocked_by(SECOND).next().is_none());
        assert_eq!(ties.unblock(MARLOW, SECOND), Ok(()));
        assert!(!ties.are_friends(MARLOW, SECOND), "what ended stays ended");
    }
}

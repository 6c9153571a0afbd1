//! What others may know of a party, and do about it.

use serde_json::{Value, json};

use super::{
    session::Party,
    values::{BridgeLink, Joinable, Member, Visibility},
};
use crate::sandbox::people::{AccountId, Ties};

impl Party {
    /// Invited, or free to come back.
    pub(super) fn is_expected(&self, account: AccountId) -> bool {
        self.invited.contains_key(&account) || self.lost.contains(&account)
    }

    pub fn is_visible_to(&self, account: AccountId, ties: &Ties) -> bool {
        self.member(account).is_some()
            || self.is_expected(account)
            || (self.terms.visibility == Visibility::FriendsOnly && self.has_friend_of(account, ties))
    }

    pub fn is_joinable_by(&self, account: AccountId, ties: &Ties) -> bool {
        self.is_expected(account)
            || (self.terms.joinable == Joinable::Friends && self.has_friend_of(account, ties))
    }

    /// A friend of any member is a friend of the party, unless its owner blocked them.
    fn has_friend_of(&self, account: AccountId, ties: &Ties) -> bool {
        !ties.has_blocked(self.owner, account)
            && self.members.iter().any(|member| ties.are_friends(member.person.account, account))
    }

    /// The session as `viewer` may read it: the bridge is for members.
    pub(super) fn json(&self, viewer: AccountId) -> Value {
        let inside = self.member(viewer).is_some();
        let bridges: Vec<Value> = self.bridge.iter().filter(|_| inside).map(BridgeLink::json).collect();
        let owner = self.member(self.owner).map(Member::address);
        json!({
            "sessionId": self.id,
            "sessionName": self.terms.name,
            "maxMembers": self.terms.max_members,
            "createdTimestamp": self.created_millis.to_string(),
            "visibilityType": self.terms.visibility.wire(),
            "joinableUserType": self.terms.joinable.wire(),
            "owner": owner,
            "bridges": bridges,
            "members": self.members.iter().map(Member::json).collect::<Vec<_>>(),
        })
    }

    /// The session as lists show it.
    pub(super) fn summary(&self, viewer: AccountId, ties: &Ties) -> Value {
        let could_come = self.has_room() && self.member(viewer).is_none();
        let may_join = self.is_joinable_by(viewer, ties);
        let mut json = self.json(viewer);
        json["partyJoinable"] = json!(could_come && may_join);
        json["partyRequestToJoinable"] = json!(could_come && !may_join && self.is_visible_to(viewer, ties));
        json
    }
}

//! All groups. Bounded: calls make so many and no more; a party's own goes with the party.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;

use super::group::{Group, Kind};
use crate::sandbox::{
    people::AccountId,
    push::{Event, guessed},
    refusal::Refusal,
};

const MAX_GROUPS: usize = 20_000;
/// Members of one group.
const MAX_MEMBERS: usize = 100;

#[derive(Default)]
pub(in crate::sandbox) struct Groups {
    by_id: BTreeMap<String, Group>,
}

/// A group of two is named by both: in hex, the lower one first.
fn id_of_two(a: AccountId, b: AccountId) -> String {
    format!("~{:016X}.{:016X}", a.min(b).0, a.max(b).0)
}

impl Groups {
    /// The groups somebody is in; what was written to last comes first.
    pub fn of(&self, account: AccountId) -> Vec<&Group> {
        let mut groups: Vec<&Group> =
            self.by_id.values().filter(|group| group.members.contains(&account)).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.changed_millis()));
        groups
    }

    /// A group as one of its members sees it.
    pub fn get(&self, id: &str, member: AccountId) -> Result<&Group, Refusal> {
        let group = self.by_id.get(id).filter(|group| group.members.contains(&member));
        group.ok_or(Refusal::NoSuchGroup)
    }

    pub fn get_mut(&mut self, id: &str, member: AccountId) -> Result<&mut Group, Refusal> {
        let group = self.by_id.get_mut(id).filter(|group| group.members.contains(&member));
        group.ok_or(Refusal::NoSuchGroup)
    }

    pub fn of_two_mut(&mut self, a: AccountId, b: AccountId) -> Option<&mut Group> {
        self.by_id.get_mut(&id_of_two(a, b))
    }

    pub fn of_party_mut(&mut self, session: &str) -> Option<&mut Group> {
        self.by_id.values_mut().find(|group| matches!(&group.kind, Kind::Party(id) if id == session))
    }

    /// A new group; for two, the one there may be already.
    pub fn open(
        &mut self,
        members: Vec<AccountId>,
        kind: Kind,
        now_millis: u64,
    ) -> Result<(&mut Group, Vec<Event>), Refusal> {
        if members.len() > MAX_MEMBERS {
            return Err(Refusal::BadParameter("invitees"));
        }
        let id = match (&kind, members.as_slice()) {
            (Kind::Two, [a, b]) => id_of_two(*a, *b),
            _ => Uuid::new_v4().simple().to_string(),
        };
        let is_new = !self.by_id.contains_key(&id);
        if is_new && self.by_id.len() >= MAX_GROUPS {
            return Err(Refusal::TooMany);
        }
        // A thread of two has the group's own name, others one of their own.
        let thread = if kind == Kind::Two { id.clone() } else { Uuid::new_v4().simple().to_string() };
        let group =
            self.by_id.entry(id.clone()).or_insert_with(|| Group::new(id, thread, kind, members, now_millis));
        let created = is_new.then(|| Event {
            to: group.members.clone(),
            data_type: guessed::GROUP_CREATED,
            data: json!({ "groupId": group.id, "threadId": group.thread }),
        });
        Ok((group, created.into_iter().collect()))
    }

    /// Somebody new in a group that was made before they came.
    pub fn admit(&mut self, id: &str, account: AccountId) {
        if let Some(group) = self.by_id.get_mut(id)
            && !group.members.contains(&account)
            && group.members.len() < MAX_MEMBERS
        {
            group.members.push(account);
        }
    }

    /// The party's thread has the party's members.
    pub fn seat_party(&mut self, session: &str, members: Vec<AccountId>) {
        if let Some(group) = self.of_party_mut(session) {
            group.members = members;
        }
    }

    pub fn close_party(&mut self, session: &str) {
        self.by_id.retain(|_, group| !matches!(&group.kind, Kind::Party(id) if id == session));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_people_have_one_group_whoever_opens_it() {
        let (a, b) = (AccountId(0x1000_0000_0000_0001), AccountId(0x1000_0000_0000_0002));
        let mut groups = Groups::default();
        let (group, events) = groups.open(vec![b, a], Kind::Two, 1).expect("room");
        assert_eq!(group.id, "~1000000000000001.1000000000000002");
        assert_eq!(events.len(), 1);
        assert!(groups.open(vec![a, b], Kind::Two, 2).is_ok_and(|(_, events)| events.is_empty()));
        assert_eq!(groups.of(a).len(), 1);
    }
}

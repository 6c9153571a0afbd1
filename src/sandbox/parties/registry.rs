//! All parties. Somebody is in one at a time: who enters another leaves the first, as a phone does.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    session::Party,
    values::{BridgeLink, Denied, Entry, Joinable, Person, Terms, Visibility},
};
use crate::sandbox::{
    people::{AccountId, Ties},
    push::Event,
};

const MAX_PARTIES: usize = 256;

#[derive(Default)]
pub(in crate::sandbox) struct Parties {
    by_id: BTreeMap<String, Party>,
}

impl Parties {
    pub fn all(&self) -> impl Iterator<Item = &Party> {
        self.by_id.values()
    }

    pub fn get(&self, id: &str) -> Option<&Party> {
        self.by_id.get(id)
    }

    /// The party somebody is in.
    pub fn of(&self, account: AccountId) -> Option<&Party> {
        self.all().find(|party| party.member(account).is_some())
    }

    /// What this account may see of these parties; the others are left out.
    pub(super) fn visible(&self, ids: &[&str], account: AccountId, ties: &Ties) -> Vec<Value> {
        ids.iter()
            .filter_map(|id| self.by_id.get(*id))
            .filter(|party| party.is_visible_to(account, ties))
            .map(|party| party.json(account))
            .collect()
    }

    /// Parties the account is in, may see, or names in `also`: its own first.
    pub(super) fn listed(&self, account: AccountId, ties: &Ties, limit: usize) -> Vec<Value> {
        let mut parties: Vec<&Party> =
            self.all().filter(|party| party.is_visible_to(account, ties)).collect();
        parties.sort_by_key(|party| (party.member(account).is_none(), party.invitation(account).is_none()));
        parties.into_iter().take(limit).map(|party| party.summary(account, ties)).collect()
    }

    pub(super) fn create(
        &mut self,
        who: &Person,
        terms: Terms,
        entry: Entry,
        now_millis: u64,
    ) -> Result<(Value, Vec<Event>), Denied> {
        if self.by_id.len() >= MAX_PARTIES {
            return Err(Denied::TooManyParties);
        }
        let (party, created) = Party::new(who, terms, entry, now_millis)?;
        let mut events = self.leave_others(who.account, &party.id);
        events.extend(created);
        let json = party.json(who.account);
        self.by_id.insert(party.id.clone(), party);
        Ok((json, events))
    }

    /// A party that friends may see and join, with a first guest.
    pub fn open_house(
        &mut self,
        host: &Person,
        guest: &Person,
        name: &str,
        entry: Entry,
        ties: &Ties,
        now_millis: u64,
    ) -> Result<((), Vec<Event>), Denied> {
        let terms = Terms {
            name: name.to_owned(),
            max_members: Terms::MEMBER_LIMIT,
            visibility: Visibility::FriendsOnly,
            joinable: Joinable::Friends,
        };
        let (party, mut events) = Party::new(host, terms, entry.clone(), now_millis)?;
        let id = party.id.clone();
        self.by_id.insert(id.clone(), party);
        let ((), joined) = self.join(&id, guest, entry, ties, now_millis)?;
        events.extend(joined);
        Ok(((), events))
    }

    pub fn join(
        &mut self,
        id: &str,
        who: &Person,
        entry: Entry,
        ties: &Ties,
        now_millis: u64,
    ) -> Result<((), Vec<Event>), Denied> {
        let joined = self.get_mut(id)?.join(who, entry, ties, now_millis)?;
        let mut events = self.leave_others(who.account, id);
        events.extend(joined);
        Ok(((), events))
    }

    fn leave_others(&mut self, account: AccountId, except: &str) -> Vec<Event> {
        let others: Vec<String> = self
            .all()
            .filter(|party| party.id != except && party.member(account).is_some())
            .map(|party| party.id.clone())
            .collect();
        others.iter().filter_map(|id| self.leave(id, account).ok()).flat_map(|((), events)| events).collect()
    }

    pub fn leave(&mut self, id: &str, account: AccountId) -> Result<((), Vec<Event>), Denied> {
        self.change(id, |party| party.leave(account))
    }

    /// Changes one party, and drops it when its last member left.
    pub fn change(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Party) -> Result<Vec<Event>, Denied>,
    ) -> Result<((), Vec<Event>), Denied> {
        let party = self.get_mut(id)?;
        let events = change(party)?;
        if party.is_empty() {
            self.by_id.remove(id);
        }
        Ok(((), events))
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Result<&mut Party, Denied> {
        self.by_id.get_mut(id).ok_or(Denied::NoSuchParty)
    }

    /// This bridge is no more: no session may name it.
    pub fn unlink_bridge(&mut self, bridge: &str) -> Vec<Event> {
        self.by_id
            .values_mut()
            .filter(|party| party.bridge().is_some_and(|link| link.id == bridge))
            .filter_map(Party::unlink_bridge)
            .collect()
    }

    /// Every linked bridge, with the members who may be on it.
    pub fn bridges(&self) -> impl Iterator<Item = (&BridgeLink, &Party)> {
        self.all().filter_map(|party| Some((party.bridge()?, party)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{
        parties::{
            custom,
            values::{MemberChange, TermsChange},
        },
        people::Platform,
    };

    fn person(n: u64) -> Person {
        Person {
            account: AccountId((1 << 60) + n),
            online_id: format!("guest-{n}"),
            platform: Platform::Mobile,
            device_unique_id: format!("{n:064x}"),
        }
    }

    fn entry() -> Entry {
        Entry { voice_chat_activated: true, custom_data4: custom::open_voice_state(), link: None }
    }

    fn terms(visibility: Visibility, joinable: Joinable) -> Terms {
        Terms { name: String::new(), max_members: 16, visibility, joinable }
    }

    fn closed() -> Terms {
        terms(Visibility::InviteOnly, Joinable::InviteOnly)
    }

    fn open() -> Terms {
        terms(Visibility::FriendsOnly, Joinable::Friends)
    }

    fn started(parties: &mut Parties, who: &Person, terms: Terms) -> String {
        let (json, _) = parties.create(who, terms, entry(), 1).expect("created");
        json["sessionId"].as_str().expect("an id").to_owned()
    }

    fn types(events: &[Event]) -> Vec<&str> {
        events.iter().filter_map(|event| event.data_type.rsplit_once("v2:")).map(|(_, kind)| kind).collect()
    }

    #[test]
    fn a_closed_party_lets_in_who_is_invited_and_nobody_else() {
        let mut parties = Parties::default();
        let (host, guest) = (person(1), person(2));
        let id = started(&mut parties, &host, closed());
        assert!(parties.visible(&[&id], guest.account, &Ties::default()).is_empty());
        assert_eq!(parties.join(&id, &guest, entry(), &Ties::default(), 2), Err(Denied::NoSuchParty));

        let party = parties.get_mut(&id).expect("there");
        let (_, events) = party.invite(&host, &[guest.account], 2).expect("invited");
        assert_eq!(types(&events), ["ps:invitations:created"]);
        assert_eq!(events[0].to, [guest.account]);
        let ((), events) =
            parties.join(&id, &guest, entry(), &Ties::default(), 3).expect("invited guests may join");
        assert_eq!(types(&events), ["ps:members:created"]);
        assert_eq!(events[0].to, [host.account, guest.account]);
        assert!(parties.get(&id).is_some_and(|party| party.invitation(guest.account).is_none()));
    }

    #[test]
    fn friends_join_an_open_party_until_it_is_full() {
        let mut parties = Parties::default();
        let id = started(&mut parties, &person(1), Terms { max_members: 2, ..open() });
        assert!(parties.join(&id, &person(2), entry(), &Ties::default(), 2).is_ok());
        assert_eq!(parties.join(&id, &person(3), entry(), &Ties::default(), 3), Err(Denied::Full));
        assert_eq!(parties.listed(person(3).account, &Ties::default(), 11)[0]["partyJoinable"], false);
    }

    #[test]
    fn the_lowest_join_order_inherits_and_the_last_to_leave_ends_the_party() {
        let mut parties = Parties::default();
        let people = [person(1), person(2), person(3)];
        let id = started(&mut parties, &people[0], open());
        for guest in &people[1..] {
            parties.join(&id, guest, entry(), &Ties::default(), 2).expect("open");
        }
        let ((), events) = parties.leave(&id, people[0].account).expect("a member");
        assert_eq!(types(&events), ["ps:members:deleted", "ps:owner:updated"]);
        assert_eq!(events[0].to.len(), 3, "who leaves is told too");
        assert_eq!(events[1].data["owner"]["accountId"], people[1].account.to_string());
        assert_eq!(events[1].data["customProperties"]["from"]["joinOrder"], 2);

        parties.leave(&id, people[2].account).expect("a member");
        let ((), events) = parties.leave(&id, people[1].account).expect("a member");
        assert_eq!(types(&events), ["ps:members:deleted", "partySession:deleted"]);
        assert_eq!(events[1].data["customProperties"]["deletedEvenCause"], "LAST_MEMBER_LEFT");
        assert!(parties.get(&id).is_none());
        assert_eq!(parties.leave(&id, people[1].account), Err(Denied::NoSuchParty));
    }

    #[test]
    fn entering_another_party_leaves_the_first() {
        let mut parties = Parties::default();
        let (host, guest) = (person(1), person(2));
        let first = started(&mut parties, &host, open());
        let second = started(&mut parties, &guest, open());
        let ((), events) = parties.join(&second, &host, entry(), &Ties::default(), 2).expect("open");
        assert_eq!(types(&events), ["ps:members:deleted", "partySession:deleted", "ps:members:created"]);
        assert!(parties.get(&first).is_none());
        assert!(parties.of(host.account).is_some_and(|party| party.id == second));
    }

    #[test]
    fn only_the_owner_changes_the_terms_and_removes_others() {
        let mut parties = Parties::default();
        let (host, guest) = (person(1), person(2));
        let id = started(&mut parties, &host, open());
        parties.join(&id, &guest, entry(), &Ties::default(), 2).expect("open");
        let rename = || TermsChange { name: Some("Sunday squad".to_owned()), ..TermsChange::default() };
        let party = parties.get_mut(&id).expect("there");
        assert_eq!(party.change_terms(&guest, rename()), Err(Denied::NotPermitted));
        let events = party.change_terms(&host, rename()).expect("the owner");
        assert_eq!(events[0].data["sessionName"], "Sunday squad");
        let one = TermsChange { max_members: Some(1), ..TermsChange::default() };
        assert!(matches!(party.change_terms(&host, one), Err(Denied::BadValue(_))));
        assert_eq!(party.remove(guest.account, host.account), Err(Denied::NotPermitted));
        let events = party.remove(host.account, guest.account).expect("the owner");
        assert_eq!(types(&events), ["ps:members:deleted"]);
    }

    #[test]
    fn what_a_member_says_about_itself_goes_to_the_others_only() {
        let mut parties = Parties::default();
        let (host, guest) = (person(1), person(2));
        let id = started(&mut parties, &host, open());
        parties.join(&id, &guest, entry(), &Ties::default(), 2).expect("open");
        let party = parties.get_mut(&id).expect("there");
        let connected = custom::connections(&id, [host.account].into_iter());
        let change = MemberChange { custom_data3: Some(connected.clone()), ..MemberChange::default() };
        let events = party.update_member(&guest, change).expect("a member");
        assert_eq!(types(&events), ["ps:m:customData3:updated"]);
        assert_eq!(events[0].to, [host.account]);
        assert_eq!(events[0].data["members"][0]["customData3"], connected);
        let foreign = MemberChange { custom_data3: Some("AAAA".to_owned()), ..MemberChange::default() };
        assert!(matches!(party.update_member(&guest, foreign), Err(Denied::BadValue("customData3"))));
    }

    #[test]
    fn the_bridge_token_is_for_members() {
        let mut parties = Parties::default();
        let (host, stranger) = (person(1), person(2));
        let id = started(&mut parties, &host, open());
        let link = BridgeLink { id: "b".to_owned(), token: "t".to_owned() };
        let party = parties.get_mut(&id).expect("there");
        party.link_bridge(&host, link).expect("a member");
        assert_eq!(party.json(host.account)["bridges"][0]["bridgeToken"], "t");
        assert_eq!(party.json(stranger.account)["bridges"], serde_json::json!([]));
        let events = parties.unlink_bridge("b");
        assert_eq!(types(&events), ["ps:bridges:deleted"]);
        assert!(parties.unlink_bridge("b").is_empty());
    }
}

//! One party: who is in it, who may do what, and what the others are told. Pure: time is an argument.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    custom,
    sending::Messages,
    values::{
        BridgeLink, Denied, Entry, Invitation, Member, MemberChange, Person, Terms, TermsChange, Visibility,
    },
};
use crate::sandbox::{
    people::{AccountId, Ties},
    push::Event,
};

pub(in crate::sandbox) struct Party {
    pub id: String,
    /// What the party's shared link ends in: of the share, not of the session.
    pub link: String,
    pub(super) terms: Terms,
    pub(super) created_millis: u64,
    pub(super) owner: AccountId,
    /// By join order; never empty.
    pub(super) members: Vec<Member>,
    pub(super) invited: BTreeMap<AccountId, Invitation>,
    /// Dropped for silence, not by anybody's wish: they may come back.
    pub(super) lost: BTreeSet<AccountId>,
    pub(super) bridge: Option<BridgeLink>,
    last_join_order: u32,
}

impl Party {
    pub(super) fn new(
        who: &Person,
        terms: Terms,
        entry: Entry,
        now_millis: u64,
    ) -> Result<(Self, Vec<Event>), Denied> {
        terms.check()?;
        entry.check()?;
        let mut party = Self {
            id: Uuid::new_v4().to_string(),
            link: URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes()),
            terms,
            created_millis: now_millis,
            owner: who.account,
            members: Vec::new(),
            invited: BTreeMap::new(),
            lost: BTreeSet::new(),
            bridge: None,
            last_join_order: 0,
        };
        party.admit(who, entry, now_millis);
        let created = party.event("psn:sessionManager:sys:v2:partySession:created", who, json!({}));
        Ok((party, vec![created]))
    }

    // What is so.

    pub fn members(&self) -> &[Member] {
        &self.members
    }

    pub fn member(&self, account: AccountId) -> Option<&Member> {
        self.members.iter().find(|member| member.person.account == account)
    }

    pub fn bridge(&self) -> Option<&BridgeLink> {
        self.bridge.as_ref()
    }

    pub fn invitation(&self, account: AccountId) -> Option<&Invitation> {
        self.invited.get(&account)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub fn name(&self) -> &str {
        &self.terms.name
    }

    pub fn max_members(&self) -> usize {
        self.terms.max_members
    }

    pub fn created_millis(&self) -> u64 {
        self.created_millis
    }

    pub fn has_room(&self) -> bool {
        self.members.len() < self.terms.max_members
    }

    // What changes.

    /// In again: the same seat, with the new voice state.
    pub(super) fn join(
        &mut self,
        who: &Person,
        entry: Entry,
        ties: &Ties,
        now_millis: u64,
    ) -> Result<Vec<Event>, Denied> {
        entry.check()?;
        if self.member(who.account).is_some() {
            return self.update_member(
                who,
                MemberChange {
                    custom_data3: None,
                    custom_data4: Some(entry.custom_data4),
                    voice_chat_activated: Some(entry.voice_chat_activated),
                },
            );
        }
        let by_link = entry.link.as_deref() == Some(self.link.as_str());
        if !by_link && !self.is_joinable_by(who.account, ties) {
            let visible = self.is_visible_to(who.account, ties);
            return Err(if visible { Denied::NotPermitted } else { Denied::NoSuchParty });
        }
        if !self.has_room() {
            return Err(Denied::Full);
        }
        self.invited.remove(&who.account);
        self.lost.remove(&who.account);
        let joined = self.admit(who, entry, now_millis);
        Ok(vec![self.event(
            "psn:sessionManager:sys:v2:ps:members:created",
            who,
            json!({ "members": [joined] }),
        )])
    }

    /// The new member as events show them.
    fn admit(&mut self, who: &Person, entry: Entry, now_millis: u64) -> Value {
        self.last_join_order += 1;
        let member = Member {
            person: who.clone(),
            join_order: self.last_join_order,
            joined_millis: now_millis,
            voice_chat_activated: entry.voice_chat_activated,
            custom_data3: None,
            custom_data4: entry.custom_data4,
            messages: Messages::default(),
        };
        let json = member.json();
        self.members.push(member);
        json
    }

    /// The member is gone, by their own wish or not. With the last one the party is over.
    pub(super) fn leave(&mut self, account: AccountId) -> Result<Vec<Event>, Denied> {
        let seat = self.seat(account)?;
        let from = self.members[seat].address();
        self.vacate(seat, from)
    }

    /// `from` is who made it so.
    fn vacate(&mut self, seat: usize, from: Value) -> Result<Vec<Event>, Denied> {
        let mut audience = self.audience();
        let gone = self.members.remove(seat);
        let mut events = vec![self.event_from(
            "psn:sessionManager:sys:v2:ps:members:deleted",
            from.clone(),
            audience.clone(),
            json!({ "members": [gone.address()] }),
        )];
        let Some(heir) = self.members.first() else {
            audience.extend(self.invited.keys());
            let mut deleted = self.event_from(
                "psn:sessionManager:sys:outside:v2:partySession:deleted",
                from,
                audience,
                json!({}),
            );
            deleted.data["customProperties"]["deletedEvenCause"] = json!("LAST_MEMBER_LEFT");
            events.push(deleted);
            return Ok(events);
        };
        if self.owner == gone.person.account {
            self.owner = heir.person.account;
            let data = json!({ "owner": heir.address() });
            events.push(self.event("psn:sessionManager:sys:v2:ps:owner:updated", &heir.person.clone(), data));
        }
        Ok(events)
    }

    /// The member fell silent: gone, and free to come back.
    pub fn lose(&mut self, account: AccountId) -> Result<Vec<Event>, Denied> {
        let events = self.leave(account)?;
        self.lost.insert(account);
        Ok(events)
    }

    /// Only the owner may remove others.
    pub(super) fn remove(&mut self, by: AccountId, account: AccountId) -> Result<Vec<Event>, Denied> {
        self.require_member(by)?;
        if by != self.owner || by == account {
            return Err(Denied::NotPermitted);
        }
        let (seat, owner) = (self.seat(account)?, self.seat(by)?);
        let from = self.members[owner].address();
        self.vacate(seat, from)
    }

    pub(super) fn change_terms(&mut self, by: &Person, change: TermsChange) -> Result<Vec<Event>, Denied> {
        self.require_member(by.account)?;
        if by.account != self.owner {
            return Err(Denied::NotPermitted);
        }
        let terms = Terms {
            name: change.name.clone().unwrap_or_else(|| self.terms.name.clone()),
            max_members: change.max_members.unwrap_or(self.terms.max_members),
            visibility: change.visibility.unwrap_or(self.terms.visibility),
            joinable: change.joinable.unwrap_or(self.terms.joinable),
        };
        terms.check()?;
        if terms.max_members < self.members.len() {
            return Err(Denied::BadValue("maxMembers"));
        }
        self.terms = terms;
        let mut events = Vec::new();
        let mut tell = |data_type, data| events.push(self.event(data_type, by, data));
        if let Some(name) = change.name {
            tell("psn:sessionManager:sys:v2:ps:sessionName:updated", json!({ "sessionName": name }));
        }
        if let Some(max) = change.max_members {
            tell("psn:sessionManager:sys:v2:ps:maxMembers:updated", json!({ "maxMembers": max }));
        }
        if let Some(visibility) = change.visibility {
            let data = json!({ "visibilityType": visibility.wire() });
            tell("psn:sessionManager:sys:v2:ps:visibilityType:updated", data);
        }
        if let Some(joinable) = change.joinable {
            let data = json!({ "joinableUserType": joinable.wire() });
            tell("psn:sessionManager:sys:v2:ps:joinableUserType:updated", data);
        }
        Ok(events)
    }

    pub fn rename(&mut self, by: &Person, name: &str) -> Result<Vec<Event>, Denied> {
        self.change_terms(by, TermsChange { name: Some(name.to_owned()), ..TermsChange::default() })
    }

    pub(super) fn update_member(&mut self, by: &Person, change: MemberChange) -> Result<Vec<Event>, Denied> {
        if change.custom_data4.as_deref().is_some_and(|data| !custom::is_voice_state(data)) {
            return Err(Denied::BadValue("customData4"));
        }
        if change.custom_data3.as_deref().is_some_and(|data| !custom::is_connections(data, &self.id)) {
            return Err(Denied::BadValue("customData3"));
        }
        let seat = self.seat(by.account)?;
        let member = &mut self.members[seat];
        let mut told = Vec::new();
        if let Some(data) = change.custom_data3 {
            told.push(("psn:sessionManager:sys:v2:ps:m:customData3:updated", "customData3", json!(data)));
            member.custom_data3 = Some(data);
        }
        if let Some(data) = change.custom_data4 {
            told.push(("psn:sessionManager:sys:v2:ps:m:customData4:updated", "customData4", json!(data)));
            member.custom_data4 = data;
        }
        if let Some(activated) = change.voice_chat_activated {
            let field = "voiceChatActivated";
            told.push(("psn:sessionManager:sys:v2:ps:m:voiceChatActivated:updated", field, json!(activated)));
            member.voice_chat_activated = activated;
        }
        let address = member.address();
        let others = self.others(by.account);
        let from = self.members[seat].address();
        Ok(told
            .into_iter()
            .map(|(data_type, field, value)| {
                let mut member = address.clone();
                member[field] = value;
                self.event_from(data_type, from.clone(), others.clone(), json!({ "members": [member] }))
            })
            .collect())
    }

    /// A member says whom they are connected to.
    pub fn say_connected(&mut self, by: &Person, custom_data3: String) -> Result<Vec<Event>, Denied> {
        self.update_member(by, MemberChange { custom_data3: Some(custom_data3), ..MemberChange::default() })
    }

    pub(super) fn link_bridge(&mut self, by: &Person, link: BridgeLink) -> Result<Vec<Event>, Denied> {
        self.require_member(by.account)?;
        let data = json!({ "bridges": [link.json()] });
        self.bridge = Some(link);
        Ok(vec![self.event("psn:sessionManager:sys:v2:ps:bridges:created", by, data)])
    }

    /// The bridge is no more.
    pub(super) fn unlink_bridge(&mut self) -> Option<Event> {
        let link = self.bridge.take()?;
        let owner = self.member(self.owner)?.person.clone();
        let data = json!({ "bridges": [{ "bridgeId": link.id }] });
        Some(self.event("psn:sessionManager:sys:v2:ps:bridges:deleted", &owner, data))
    }

    pub(super) fn seat(&self, account: AccountId) -> Result<usize, Denied> {
        let found = self.members.iter().position(|member| member.person.account == account);
        let known = self.terms.visibility == Visibility::FriendsOnly || self.is_expected(account);
        found.ok_or(if known { Denied::NotPermitted } else { Denied::NoSuchParty })
    }

    pub(super) fn require_member(&self, account: AccountId) -> Result<(), Denied> {
        self.seat(account).map(|_| ())
    }

    fn audience(&self) -> Vec<AccountId> {
        self.members.iter().map(|member| member.person.account).collect()
    }

    pub(super) fn others(&self, account: AccountId) -> Vec<AccountId> {
        self.audience().into_iter().filter(|other| *other != account).collect()
    }

    /// For every member, the actor included.
    fn event(&self, data_type: &'static str, by: &Person, data: Value) -> Event {
        let from = self.member(by.account).map_or(Value::Null, Member::address);
        self.event_from(data_type, from, self.audience(), data)
    }

    pub(super) fn event_from(
        &self,
        data_type: &'static str,
        from: Value,
        to: Vec<AccountId>,
        mut data: Value,
    ) -> Event {
        data["sessionId"] = json!(self.id);
        data["customProperties"] = json!({ "from": from });
        Event { to, data_type, data }
    }
}

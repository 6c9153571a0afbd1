//! One group: its members, its thread, and pages of it. Pure: time is an argument.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::sandbox::{
    people::{AccountId, Accounts},
    push::{Event, guessed},
    refusal::Refusal,
};

/// Messages that are kept in a thread; the oldest goes first.
const MAX_MESSAGES: usize = 500;
/// Longest text, in characters.
const MAX_TEXT: usize = 4096;
/// Longest reaction, in bytes: an emoji with joiners.
const MAX_REACTION: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) enum Kind {
    Two,
    Several,
    /// The thread of a party, by its session; its members are the party's.
    Party(String),
}

/// What sort of message it is. Only text can be sent by a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum MessageKind {
    Text,
    Image,
    Video,
    Audio,
    Sticker,
    Left,
    VoiceChatStarted,
}

impl MessageKind {
    pub const TEXT: u16 = 1;

    fn wire(self) -> u16 {
        match self {
            Self::Text => Self::TEXT,
            Self::Image => 3,
            Self::Video => 210,
            Self::Audio => 1011,
            Self::Sticker => 1013,
            Self::Left => 2002,
            Self::VoiceChatStarted => 2020,
        }
    }
}

pub(in crate::sandbox) struct Group {
    pub id: String,
    pub thread: String,
    pub kind: Kind,
    pub name: String,
    /// Listed under `favorite`.
    pub favorite: bool,
    pub(super) members: Vec<AccountId>,
    pub(super) created_millis: u64,
    /// The oldest first.
    messages: VecDeque<Message>,
}

struct Message {
    number: u64,
    kind: MessageKind,
    body: String,
    sent_millis: u64,
    sender: AccountId,
    reactions: BTreeMap<AccountId, String>,
}

impl Message {
    fn uid(&self) -> String {
        format!("1#{}", self.number)
    }

    fn json(&self, accounts: &Accounts) -> Value {
        let mut message = json!({
            "messageUid": self.uid(),
            "messageType": self.kind.wire(),
            "alternativeMessageType": MessageKind::TEXT,
            "body": self.body,
            "createdTimestamp": self.sent_millis.to_string(),
            "sender": named(self.sender, accounts),
        });
        if !self.reactions.is_empty() {
            message["reactions"] = self.reactions_json();
        }
        message
    }

    fn reactions_json(&self) -> Value {
        self.reactions
            .iter()
            .map(|(by, reaction)| json!({ "reaction": reaction, "accountId": by.to_string() }))
            .collect()
    }
}

fn named(account: AccountId, accounts: &Accounts) -> Value {
    let name = accounts.get(account).map(|account| account.online_id.as_str()).unwrap_or_default();
    json!({ "accountId": account.to_string(), "onlineId": name })
}

/// Which part of a thread is asked for.
pub(super) struct Page {
    pub limit: usize,
    pub before: Option<u64>,
    pub after: Option<u64>,
}

/// The number in a message's uid.
pub(super) fn number_of(uid: &str) -> Option<u64> {
    uid.strip_prefix("1#")?.parse().ok()
}

impl Group {
    pub(super) fn new(
        id: String,
        thread: String,
        kind: Kind,
        members: Vec<AccountId>,
        now_millis: u64,
    ) -> Self {
        Self {
            id,
            thread,
            kind,
            name: String::new(),
            favorite: false,
            members,
            created_millis: now_millis,
            messages: VecDeque::new(),
        }
    }

    pub fn members(&self) -> &[AccountId] {
        &self.members
    }

    /// Who wrote the last message, when it is text, and when.
    pub fn last_text(&self) -> Option<(AccountId, &str, u64)> {
        let last = self.messages.back()?;
        (last.kind == MessageKind::Text).then_some((last.sender, last.body.as_str(), last.sent_millis))
    }

    pub(super) fn changed_millis(&self) -> u64 {
        self.messages.back().map_or(self.created_millis, |message| message.sent_millis)
    }

    pub(super) fn others(&self, account: AccountId) -> Vec<AccountId> {
        self.members.iter().copied().filter(|member| *member != account).collect()
    }

    /// Everybody hears of it, the sender's other devices included. Answers with the uid.
    pub fn write(
        &mut self,
        sender: AccountId,
        kind: MessageKind,
        body: &str,
        now_millis: u64,
    ) -> Result<(String, Event), Refusal> {
        if !self.members.contains(&sender) && kind != MessageKind::Left {
            return Err(Refusal::NotPermitted);
        }
        if kind == MessageKind::Text && (body.is_empty() || body.chars().count() > MAX_TEXT) {
            return Err(Refusal::BadParameter("body"));
        }
        let number = self.messages.back().map_or(0, |last| last.number + 1).max(now_millis * 1000);
        let message = Message {
            number,
            kind,
            body: body.to_owned(),
            sent_millis: now_millis,
            sender,
            reactions: BTreeMap::new(),
        };
        let uid = message.uid();
        let data = json!({ "groupId": self.id, "threadId": self.thread, "messageUid": uid });
        self.messages.push_back(message);
        if self.messages.len() > MAX_MESSAGES {
            self.messages.pop_front();
        }
        let event = Event { to: self.members.clone(), data_type: guessed::MESSAGE_CREATED, data };
        Ok((uid, event))
    }

    /// The same reaction again takes it back.
    pub fn react(&mut self, by: AccountId, uid: &str, reaction: &str) -> Result<Event, Refusal> {
        if reaction.is_empty() || reaction.len() > MAX_REACTION {
            return Err(Refusal::BadParameter("reaction"));
        }
        let number = number_of(uid).ok_or(Refusal::BadParameter("messageUid"))?;
        let found = self.messages.iter_mut().find(|message| message.number == number);
        let message = found.ok_or(Refusal::NotFound)?;
        if message.reactions.get(&by).is_some_and(|known| known == reaction) {
            message.reactions.remove(&by);
        } else {
            message.reactions.insert(by, reaction.to_owned());
        }
        let data = json!({
            "groupId": self.id, "threadId": self.thread, "messageUid": uid, "reactions": message.reactions_json(),
        });
        Ok(Event { to: self.members.clone(), data_type: guessed::REACTIONS_UPDATED, data })
    }

    /// The uid of the newest message.
    pub fn newest(&self) -> Option<String> {
        self.messages.back().map(Message::uid)
    }

    /// The newest first. With `after`, the page that follows that message; otherwise the one that ends before `before`.
    pub(super) fn page(&self, page: &Page, accounts: &Accounts) -> Value {
        let within = |message: &&Message| {
            page.before.is_none_or(|before| message.number < before)
                && page.after.is_none_or(|after| message.number > after)
        };
        let mut chosen: Vec<&Message> = if page.after.is_some() {
            self.messages.iter().filter(within).take(page.limit + 1).collect()
        } else {
            self.messages.iter().rev().filter(within).take(page.limit + 1).collect()
        };
        let reached_end = chosen.len() <= page.limit;
        chosen.truncate(page.limit);
        if page.after.is_some() {
            chosen.reverse();
        }
        let mut answer = json!({
            "messages": chosen.iter().map(|message| message.json(accounts)).collect::<Vec<_>>(),
            "reachedEndOfPage": reached_end,
            "messageCount": chosen.len(),
        });
        if let (Some(newest), Some(oldest)) = (chosen.first(), chosen.last()) {
            answer["previous"] = json!(oldest.uid());
            answer["next"] = json!(newest.uid());
        }
        answer
    }

    pub(super) fn json(&self, accounts: &Accounts) -> Value {
        let members: Vec<Value> = self.members.iter().map(|member| named(*member, accounts)).collect();
        let mut group = json!({
            "groupId": self.id,
            "groupType": if self.kind == Kind::Two { 0 } else { 1 },
            "groupName": { "value": self.name },
            "members": members,
            "mainThread": { "threadId": self.thread, "modifiedTimestamp": self.changed_millis().to_string() },
        });
        if let Some(latest) = self.messages.back() {
            group["mainThread"]["latestMessage"] = latest.json(accounts);
        }
        if let Kind::Party(session) = &self.kind {
            group["partySessions"] = json!([{ "sessionId": session }]);
        }
        group
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARLOW: AccountId = AccountId((1 << 60) + 1);
    const SECOND: AccountId = AccountId((1 << 60) + 2);

    fn group(messages: u64) -> Group {
        let members = vec![MARLOW, SECOND];
        let mut group = Group::new("g".to_owned(), "t".to_owned(), Kind::Two, members, 1);
        for n in 1..=messages {
            group.write(MARLOW, MessageKind::Text, &n.to_string(), n).expect("a member");
        }
        group
    }

    fn bodies(page: &Value) -> Vec<&str> {
        page["messages"].as_array().expect("a list").iter().filter_map(|it| it["body"].as_str()).collect()
    }

    #[test]
    fn pages_lead_back_to_the_beginning_and_forth_to_the_end() {
        let (group, accounts) = (group(7), Accounts::default());
        let page = |before: Option<&str>, after: Option<&str>| {
            let (before, after) = (before.and_then(number_of), after.and_then(number_of));
            group.page(&Page { limit: 3, before, after }, &accounts)
        };
        let newest = page(None, None);
        assert_eq!(bodies(&newest), ["7", "6", "5"]);
        assert_eq!(newest["reachedEndOfPage"], false);
        let older = page(newest["previous"].as_str(), None);
        assert_eq!(bodies(&older), ["4", "3", "2"]);
        let oldest = page(older["previous"].as_str(), None);
        assert_eq!((bodies(&oldest), &oldest["reachedEndOfPage"]), (vec!["1"], &json!(true)));
        let newer = page(None, oldest["next"].as_str());
        assert_eq!(bodies(&newer), ["4", "3", "2"]);
        assert_eq!(bodies(&page(None, newest["next"].as_str())), Vec::<&str>::new());
    }

    #[test]
    fn messages_of_one_moment_have_different_uids_and_the_oldest_go() {
        let mut group = group(0);
        let first = group.write(MARLOW, MessageKind::Text, "a", 5).expect("a member").0;
        let second = group.write(SECOND, MessageKind::Sticker, "", 5).expect("a member").0;
        assert_ne!(first, second);
        for n in 0..MAX_MESSAGES as u64 {
            group.write(MARLOW, MessageKind::Text, "x", 6 + n).expect("a member");
        }
        assert_eq!(group.messages.len(), MAX_MESSAGES);
        assert_eq!(group.react(SECOND, &first, "👍").err(), Some(Refusal::NotFound));
    }

    #[test]
    fn a_reaction_given_twice_is_taken_back() {
        let mut group = group(1);
        let uid = group.newest().expect("one");
        let event = group.react(SECOND, &uid, "👍").expect("there");
        assert_eq!(event.data["reactions"][0]["reaction"], "👍");
        assert_eq!(group.react(SECOND, &uid, "👍").expect("there").data["reactions"], json!([]));
    }
}

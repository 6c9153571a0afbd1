//! A service of the property test: groups with messages, calls that it sees at one moment and answers at another, and events
//! that come when they like.

use jiff::Timestamp;

use crate::{
    client::{
        ProblemKind,
        failure::Failure,
        input::{ChatsEffect, ChatsInput, Undone},
    },
    model::{
        AccountId, ChatMessage, Group, GroupId, GroupMember, MessageKind, MessagePage, MessageRange,
        MessageUid, PrivateText, Reaction, SentMessage, ThreadId,
    },
};

pub const ME: AccountId = AccountId(1);
const PAGE: usize = 20;

pub struct Service {
    pub groups: Vec<Kept>,
    next: u64,
}

pub struct Kept {
    pub group: Group,
    pub messages: Vec<ChatMessage>,
    /// The user is in it.
    pub mine: bool,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Answered,
    /// Carried out, and nobody hears of it.
    AnswerLost,
    /// Not carried out, and nobody can tell.
    Lost,
    /// Not carried out, as everybody knows.
    NotNow,
    Refused,
}

fn member(account: AccountId) -> GroupMember {
    GroupMember { account, online_id: Some(format!("somebody_{}", account.0).as_str().into()) }
}

impl Service {
    pub fn new() -> Self {
        let mut service = Self { groups: Vec::new(), next: 1 };
        for number in 0..3 {
            service.add_group(number == 0);
            for _ in 0..number * 12 {
                service.write(number, AccountId(2), MessageKind::Text, "before");
            }
        }
        service
    }

    fn tick(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub fn add_group(&mut self, is_favorite: bool) -> GroupId {
        let number = self.tick();
        let id = GroupId::from(format!("group-{number}").as_str());
        let group = Group {
            id: id.clone(),
            name: String::new(),
            members: [ME, AccountId(2), AccountId(3)].map(member).into(),
            is_favorite,
            thread: Some("thread".into()),
            latest: None,
            read_up_to: None,
            has_unread: false,
            changed: Some(at(number)),
            parties: Vec::new(),
        };
        self.groups.push(Kept { group, messages: Vec::new(), mine: true });
        id
    }

    pub fn write(&mut self, group: usize, from: AccountId, kind: MessageKind, text: &str) -> MessageUid {
        let number = self.tick();
        let uid = MessageUid(format!("1#{number}"));
        let sender = Some(member(from));
        let body = PrivateText::from(text);
        let message =
            ChatMessage { uid: uid.clone(), kind, body, sender, sent: at(number), reactions: vec![] };
        let kept = &mut self.groups[group];
        kept.messages.push(message);
        kept.group.changed = Some(at(number));
        uid
    }

    pub fn react(&mut self, group: usize, uid: &MessageUid) {
        let messages = &mut self.groups[group].messages;
        if let Some(message) = messages.iter_mut().find(|message| message.uid == *uid) {
            match message.reactions.pop() {
                Some(_) => {}
                None => message.reactions.push(Reaction { name: "👍".into(), by: vec![AccountId(2)] }),
            }
        }
    }

    pub fn come_or_go(&mut self, group: usize, who: AccountId) {
        let members = &mut self.groups[group].group.members;
        match members.iter().position(|it| it.account == who) {
            Some(at) => drop(members.remove(at)),
            None => members.push(member(who)),
        }
    }

    pub fn shown(&self, id: &GroupId) -> Option<Group> {
        let kept = self.groups.iter().find(|it| it.group.id == *id && it.mine)?;
        let mut group = kept.group.clone();
        group.latest = kept.messages.last().cloned();
        Some(group)
    }

    pub fn list(&self) -> Vec<Group> {
        self.groups.iter().filter_map(|kept| self.shown(&kept.group.id)).collect()
    }

    fn page(&self, id: &GroupId, range: &MessageRange) -> Option<MessagePage> {
        let kept = self.groups.iter().find(|it| it.group.id == *id && it.mine)?;
        let end = match range {
            MessageRange::Before(uid) => kept
                .messages
                .iter()
                .position(|it| it.uid.number() >= uid.number())
                .unwrap_or(kept.messages.len()),
            _ => kept.messages.len(),
        };
        let begin = end.saturating_sub(PAGE);
        Some(MessagePage { messages: kept.messages[begin..end].to_vec(), reached_end: begin == 0 })
    }

    /// What the service makes of a call now; the events that follow go to `told`.
    pub fn see(
        &mut self,
        call: &ChatsEffect,
        fate: Fate,
        told: &mut Vec<(GroupId, Option<MessageUid>)>,
    ) -> Option<ChatsInput> {
        let gone = || Failure::new(ProblemKind::ChatGone, "404");
        let failure = || Failure::new(ProblemKind::ServiceUnreachable, "no answer");
        let read_fails = fate != Fate::Answered;
        Some(match call {
            ChatsEffect::ReadGroups { attempt } => {
                let result = match fate {
                    Fate::Answered => Ok(self.list()),
                    // One moved from a page that was not read so far to one that was.
                    Fate::Refused => Ok(self.list().into_iter().rev().skip(1).collect()),
                    _ => Err(failure()),
                };
                ChatsInput::Groups { attempt: *attempt, result }
            }
            ChatsEffect::ReadGroup { attempt, group } => {
                // One alone does not say whether it is a favourite.
                let alone = |group: Group| Group { is_favorite: false, ..group };
                let result = self.shown(group).map(alone).map(Box::new).ok_or_else(gone);
                let result = if read_fails { Err(failure()) } else { result };
                ChatsInput::Group { attempt: *attempt, group: group.clone(), result }
            }
            ChatsEffect::ReadMessages { attempt, group, range, .. } => {
                let result = self.page(group, range).ok_or_else(gone);
                let result = if read_fails { Err(failure()) } else { result };
                ChatsInput::Messages { attempt: *attempt, group: group.clone(), range: range.clone(), result }
            }
            ChatsEffect::Send { message, group, text, .. } => {
                let undone = match fate {
                    Fate::Answered | Fate::AnswerLost => None,
                    Fate::Lost => Some(Undone::Perhaps(failure())),
                    Fate::NotNow => Some(Undone::NotNow(failure())),
                    Fate::Refused => Some(Undone::Refused(Failure::new(ProblemKind::NotAllowed, "403"))),
                };
                let at = self.groups.iter().position(|it| it.group.id == *group && it.mine);
                let result = match (undone, at) {
                    (Some(undone), _) => Err(undone),
                    (None, None) => Err(Undone::Refused(gone())),
                    (None, Some(at)) => {
                        let uid = self.write(at, ME, MessageKind::Text, text.as_str());
                        told.push((group.clone(), Some(uid.clone())));
                        let sent = self.groups[at].messages.last().map(|message| message.sent);
                        match fate {
                            Fate::AnswerLost => Err(Undone::Perhaps(failure())),
                            _ => Ok(SentMessage { uid, sent }),
                        }
                    }
                };
                ChatsInput::Sent { message: *message, group: group.clone(), result }
            }
            ChatsEffect::MakeGroup { attempt, .. } => {
                let result = Ok((self.add_group(false), ThreadId::from("thread")));
                ChatsInput::GroupMade { attempt: *attempt, result }
            }
            ChatsEffect::React { group, message, .. } => {
                if let Some(at) = self.groups.iter().position(|it| it.group.id == *group && it.mine) {
                    self.react(at, message);
                    told.push((group.clone(), Some(message.clone())));
                }
                ChatsInput::Reacted { group: group.clone(), message: message.clone(), result: Ok(()) }
            }
            ChatsEffect::TellWriting { .. }
            | ChatsEffect::ReadNotifications { .. }
            | ChatsEffect::MarkRead { .. } => return None,
        })
    }
}

fn at(number: u64) -> Timestamp {
    // Several in one millisecond, as it happens.
    Timestamp::from_millisecond(number as i64 / 3).unwrap_or_default()
}

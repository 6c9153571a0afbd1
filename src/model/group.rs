//! Groups of people who write to each other, and what they write.

use jiff::Timestamp;

use super::{AccountId, GroupId, MessageUid, OnlineId, PrivateText, SessionId, ThreadId};

/// Somebody in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    pub account: AccountId,
    pub online_id: Option<OnlineId>,
}

/// People who write to each other: two friends, or several under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    /// Empty where nobody named it.
    pub name: String,
    pub members: Vec<GroupMember>,
    /// The user keeps it among the favourites.
    pub is_favorite: bool,
    /// Where its messages are; `None` where nobody has written yet.
    pub thread: Option<ThreadId>,
    /// The newest message.
    pub latest: Option<ChatMessage>,
    /// Up to where the user has read, as far as the service says **[?]**.
    pub read_up_to: Option<MessageUid>,
    /// The service says something in it is unread **[?]**.
    pub has_unread: bool,
    pub changed: Option<Timestamp>,
    /// Parties of the group that are going on.
    pub parties: Vec<SessionId>,
}

impl Group {
    /// Two people who write to each other, rather than a group under a name.
    pub fn is_pair(&self) -> bool {
        self.id.pair().is_some()
    }

    /// What somebody is called, by their own word or the group's.
    pub fn name_of(&self, who: &GroupMember) -> Option<OnlineId> {
        let listed = || self.members.iter().find(|member| member.account == who.account)?.online_id.clone();
        who.online_id.clone().or_else(listed)
    }
}

/// What a message is. What cannot be shown is named, never hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageKind {
    Text,
    Image,
    Video,
    /// A recording.
    Audio,
    Sticker,
    /// An answer to another message without words.
    Reaction,
    /// The sender left the group.
    Left,
    /// The sender started a party.
    VoiceChatStarted,
    /// By its number on the wire.
    Other(u32),
}

impl MessageKind {
    /// As the wire numbers them.
    pub fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Text,
            3 => Self::Image,
            210 => Self::Video,
            1011 => Self::Audio,
            1013 => Self::Sticker,
            1201 => Self::Reaction,
            2002 => Self::Left,
            2020 => Self::VoiceChatStarted,
            other => Self::Other(other),
        }
    }
}

/// One message of a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatMessage {
    pub uid: MessageUid,
    pub kind: MessageKind,
    /// What was written, or the service's own words for what is no text.
    pub body: PrivateText,
    /// `None` for what the service itself says.
    pub sender: Option<GroupMember>,
    /// By the service's clock, to the millisecond.
    pub sent: Timestamp,
    pub reactions: Vec<Reaction>,
}

impl ChatMessage {
    /// Its place among the others of its thread. Of one moment the uid's number tells.
    pub fn place(&self) -> (Timestamp, Option<u64>) {
        (self.sent, self.uid.number())
    }
}

/// What people answered a message with, without words. The wire's shape is not known **[?]**.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// The service's name for the picture, or the picture itself as an emoji.
    pub name: String,
    pub by: Vec<AccountId>,
}

/// Some messages of a thread, in the order they were sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessagePage {
    pub messages: Vec<ChatMessage>,
    /// Nothing further lies in the direction that was asked for.
    pub reached_end: bool,
}

/// Which messages of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum MessageRange {
    #[default]
    Latest,
    /// Older ones.
    Before(MessageUid),
    /// Newer ones.
    After(MessageUid),
}

/// What the service says about a message that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    pub uid: MessageUid,
    /// `None` where it did not say.
    pub sent: Option<Timestamp>,
}

/// An open party of one of the user's groups. The answer's shape is a guess **[?]**.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenParty {
    pub session: SessionId,
    /// The group that it belongs to.
    pub group: Option<GroupId>,
    /// Empty where nobody named it.
    pub name: String,
    pub members: Vec<GroupMember>,
    pub max_members: Option<u32>,
}

/// A party that is over, or people one was in a party with. The answer's shape is a guess **[?]**.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastParty {
    /// `None` where the service speaks of people alone.
    pub session: Option<SessionId>,
    /// Empty where it had none.
    pub name: String,
    pub members: Vec<GroupMember>,
    pub when: Option<Timestamp>,
}

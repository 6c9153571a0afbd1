//! About conversations and notifications: what happened, and what to do.

use super::{Attempt, Failure};
use crate::model::{
    AccountId, Group, GroupId, MessagePage, MessageRange, MessageUid, Notification, NotificationId,
    PrivateText, SentMessage, ThreadId,
};

/// What happened.
#[derive(Debug)]
pub enum ChatsInput {
    Groups { attempt: Attempt, result: Result<Vec<Group>, Failure> },
    Group { attempt: Attempt, group: GroupId, result: Result<Box<Group>, Failure> },
    Messages { attempt: Attempt, group: GroupId, range: MessageRange, result: Result<MessagePage, Failure> },
    GroupMade { attempt: Attempt, result: Result<(GroupId, ThreadId), Undone> },
    Sent { message: Attempt, group: GroupId, result: Result<SentMessage, Undone> },
    Reacted { group: GroupId, message: MessageUid, result: Result<(), Failure> },
    Notifications { attempt: Attempt, result: Result<Vec<Notification>, Failure> },
    MarkedRead { notifications: Vec<NotificationId>, result: Result<(), Failure> },
}

/// Why nobody knows that something was done which must not be done twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undone {
    /// It was not carried out, and may be later.
    NotNow(Failure),
    /// The service said no.
    Refused(Failure),
    /// It may have been carried out.
    Perhaps(Failure),
}

/// What to do.
#[derive(Debug, PartialEq)]
pub enum ChatsEffect {
    ReadGroups { attempt: Attempt },
    ReadGroup { attempt: Attempt, group: GroupId },
    ReadMessages { attempt: Attempt, group: GroupId, thread: ThreadId, range: MessageRange },
    MakeGroup { attempt: Attempt, people: Vec<AccountId> },
    Send { message: Attempt, group: GroupId, thread: ThreadId, text: PrivateText },
    TellWriting { group: GroupId },
    React { group: GroupId, thread: ThreadId, message: MessageUid, reaction: String },
    ReadNotifications { attempt: Attempt },
    MarkRead { notifications: Vec<NotificationId> },
}

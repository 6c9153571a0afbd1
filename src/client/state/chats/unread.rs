//! What the user has not read so far. Pure.

use super::thread::{Thread, is_by};
use crate::{
    client::Unread,
    model::{AccountId, ChatMessage, Group, MessageKind, MessageUid},
};

/// In the notes, of a group nothing of which was on screen: older than every message.
pub fn nothing_read() -> MessageUid {
    MessageUid::from("")
}

/// `mark`: the newest message that was on screen here. The service's own mark counts as well, and so does a message of the
/// user's own: who answers has read.
pub fn unread(group: &Group, thread: &Thread, mark: Option<&MessageUid>, me: AccountId) -> Unread {
    let marks = || mark.into_iter().chain(&group.read_up_to);
    let messages = thread.messages();
    let read = messages.iter().rposition(|it| is_by(it, me) || marks().any(|mark| *mark == it.uid));
    let since = messages.get(read.map_or(0, |at| at + 1)..).unwrap_or_default();
    let is_new = |message: &ChatMessage| is_of_others(message, me) && is_after(message, marks());
    let count = since.iter().filter(|message| is_new(message)).count() as u32;
    let newer =
        group.latest.as_ref().filter(|latest| thread.newest().is_none_or(|it| it.place() < latest.place()));
    match newer {
        // What lies between is not known.
        Some(latest) if is_by(latest, me) || !is_after(latest, marks()) => Unread::None,
        Some(latest) => match count + u32::from(is_of_others(latest, me)) {
            0 => Unread::None,
            count => Unread::AtLeast(count),
        },
        None if count == 0 => Unread::None,
        None if read.is_some() || thread.is_complete() || reaches_back(messages, marks()) => {
            Unread::Count(count)
        }
        None => Unread::AtLeast(count),
    }
}

/// The newest message says nothing itself, and what lies before it has not been read: there may be something unread or nothing.
pub fn is_unclear(group: &Group, thread: &Thread, mark: Option<&MessageUid>, me: AccountId) -> bool {
    let behind = |latest: &&ChatMessage| thread.newest().is_none_or(|it| it.place() < latest.place());
    group.latest.as_ref().filter(behind).is_some_and(|latest| {
        let marks = mark.into_iter().chain(&group.read_up_to);
        !is_by(latest, me) && !is_of_others(latest, me) && is_after(latest, marks)
    })
}

/// Somebody else wrote it, and it says something.
pub fn is_of_others(message: &ChatMessage, me: AccountId) -> bool {
    let speaks =
        !matches!(message.kind, MessageKind::Left | MessageKind::Reaction | MessageKind::VoiceChatStarted);
    speaks && message.sender.as_ref().is_some_and(|sender| sender.account != me)
}

/// Where numbers do not tell, it counts as new.
fn is_after<'a>(message: &ChatMessage, mut marks: impl Iterator<Item = &'a MessageUid>) -> bool {
    marks.all(|mark| match (message.uid.number(), mark.number()) {
        (Some(number), Some(mark)) => number > mark,
        _ => message.uid != *mark,
    })
}

/// A mark whose message is gone, and yet everything since is there.
fn reaches_back<'a>(messages: &[ChatMessage], mut marks: impl Iterator<Item = &'a MessageUid>) -> bool {
    let oldest = messages.first().and_then(|message| message.uid.number());
    marks.any(|mark| mark.number().zip(oldest).is_some_and(|(mark, oldest)| mark >= oldest))
}

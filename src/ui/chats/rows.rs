//! A conversation as rows: days, messages by sender, what is on its way. Pure.

use jiff::{SignedDuration, civil::Date, tz::TimeZone};

use crate::{
    client::Outgoing,
    model::{AccountId, ChatMessage, MessageKind, MessageUid},
};

/// Messages of one sender further apart than this have a name and a time each.
const TOGETHER: SignedDuration = SignedDuration::from_mins(5);

/// One row, by what stays the same while others come and go.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// What lies before the messages.
    Top,
    Day(Date),
    Message(MessageUid),
    Outgoing(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Top,
    Day(Date),
    /// `head`: the name of the sender and the time stand above it.
    Message {
        index: usize,
        head: bool,
    },
    Outgoing {
        index: usize,
        head: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub key: Key,
    pub content: Content,
}

pub fn rows(messages: &[ChatMessage], outbox: &[Outgoing], me: AccountId, zone: &TimeZone) -> Vec<Row> {
    let mut rows = Vec::with_capacity(messages.len() + outbox.len() + 8);
    rows.push(Row { key: Key::Top, content: Content::Top });
    let mut day = None;
    let mut before: Option<&ChatMessage> = None;
    for (index, message) in messages.iter().enumerate() {
        let date = message.sent.to_zoned(zone.clone()).date();
        let new_day = day != Some(date);
        if new_day {
            day = Some(date);
            rows.push(Row { key: Key::Day(date), content: Content::Day(date) });
        }
        let follows = !new_day && before.is_some_and(|before| belongs(before, message));
        let head = !is_aside(message) && !follows;
        rows.push(Row { key: Key::Message(message.uid.clone()), content: Content::Message { index, head } });
        before = Some(message);
    }
    let mine_before =
        before.is_some_and(|b| !is_aside(b) && b.sender.as_ref().is_some_and(|sender| sender.account == me));
    for (index, outgoing) in outbox.iter().enumerate() {
        let head = index == 0 && !mine_before;
        rows.push(Row { key: Key::Outgoing(outgoing.id), content: Content::Outgoing { index, head } });
    }
    rows
}

/// Said about the conversation rather than in it.
pub fn is_aside(message: &ChatMessage) -> bool {
    message.sender.is_none()
        || matches!(message.kind, MessageKind::Left | MessageKind::VoiceChatStarted | MessageKind::Reaction)
}

fn belongs(before: &ChatMessage, message: &ChatMessage) -> bool {
    let sender = |message: &ChatMessage| message.sender.as_ref().map(|sender| sender.account);
    !is_aside(before)
        && sender(before) == sender(message)
        && message.sent.duration_since(before.sent) < TOGETHER
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        client::Sending,
        model::{GroupMember, PrivateText},
    };

    fn message(uid: &str, from: u64, at: &str) -> ChatMessage {
        ChatMessage {
            uid: uid.into(),
            kind: MessageKind::Text,
            body: PrivateText::from("x"),
            sender: Some(GroupMember { account: AccountId(from), online_id: None }),
            sent: at.parse::<Timestamp>().expect("a time"),
            reactions: Vec::new(),
        }
    }

    fn heads(messages: &[ChatMessage], outbox: &[Outgoing]) -> Vec<Option<bool>> {
        let rows = rows(messages, outbox, AccountId(1), &TimeZone::UTC);
        rows.iter()
            .map(|row| match row.content {
                Content::Message { head, .. } | Content::Outgoing { head, .. } => Some(head),
                Content::Top | Content::Day(_) => None,
            })
            .collect()
    }

    #[test]
    fn what_one_says_in_a_row_has_one_name_above_it() {
        let messages = [
            message("a", 2, "2026-05-14T09:00:00Z"),
            message("b", 2, "2026-05-14T09:01:00Z"),
            message("c", 3, "2026-05-14T09:01:30Z"),
            message("d", 3, "2026-05-14T09:20:00Z"),
        ];
        assert_eq!(heads(&messages, &[]), [None, None, Some(true), Some(false), Some(true), Some(true)]);
    }

    #[test]
    fn a_day_begins_anew() {
        let messages = [message("a", 2, "2026-05-13T23:59:00Z"), message("b", 2, "2026-05-14T00:01:00Z")];
        assert_eq!(heads(&messages, &[]), [None, None, Some(true), None, Some(true)]);
    }

    #[test]
    fn what_is_said_about_the_conversation_stands_between() {
        let mut left = message("b", 2, "2026-05-14T09:00:10Z");
        left.kind = MessageKind::Left;
        let messages =
            [message("a", 2, "2026-05-14T09:00:00Z"), left, message("c", 2, "2026-05-14T09:00:20Z")];
        assert_eq!(heads(&messages, &[]), [None, None, Some(true), Some(false), Some(true)]);
    }

    #[test]
    fn what_is_on_its_way_goes_on_from_ones_own_last_message() {
        let outgoing = |id| Outgoing { id, text: PrivateText::from("x"), state: Sending::Pending };
        let mine = [message("a", 1, "2026-05-14T09:00:00Z")];
        assert_eq!(heads(&mine, &[outgoing(1)]), [None, None, Some(true), Some(false)]);
        assert_eq!(heads(&[], &[outgoing(1), outgoing(2)]), [None, Some(true), Some(false)]);
    }
}

//! Conversations and notifications in words: who writes, what it was, when. Pure.

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    client::{Chat, Unread},
    model::{AccountId, ChatMessage, Group, GroupMember, MessageKind, OnlineId, PrivateText},
    ui::display::{one_line, short},
};

/// What a conversation is called: its name, or who is in it besides the user.
pub fn chat_title(group: &Group, me: AccountId) -> String {
    let name = short(&group.name);
    if !name.is_empty() {
        return name;
    }
    let others = group.members.iter().filter(|member| member.account != me);
    let names: Vec<&str> = others.filter_map(|other| Some(other.online_id.as_ref()?.as_str())).collect();
    if names.is_empty() { "Conversation".to_owned() } else { super::names(names) }
}

/// Somebody in a conversation.
pub fn member(member: &GroupMember) -> String {
    member.online_id.as_ref().map_or_else(|| "Somebody".to_owned(), |id| one_line(id.as_str()))
}

/// What the list says of a conversation: the newest message, in one line.
pub fn last_line(chat: &Chat, me: AccountId) -> String {
    let Some(latest) = &chat.group.latest else { return "No messages yet".to_owned() };
    let who = latest.sender.as_ref().map(|sender| match sender.account == me {
        true => "You".to_owned(),
        false => member(sender),
    });
    match (said(latest), who) {
        (Said::Text(text), Some(who)) if who == "You" || !chat.group.is_pair() => format!("{who}: {text}"),
        (Said::Text(text), _) => text,
        (Said::Deed(deed), who) => format!("{} {deed}", who.unwrap_or_else(|| "Somebody".to_owned())),
    }
}

enum Said {
    Text(String),
    Deed(&'static str),
}

fn said(message: &ChatMessage) -> Said {
    match deed(message.kind) {
        Some(deed) if message.sender.is_some() => Said::Deed(deed),
        _ => match short(message.body.as_str()) {
            text if text.is_empty() => Said::Deed(deed(message.kind).unwrap_or("sent an empty message")),
            text => Said::Text(text),
        },
    }
}

/// What somebody did who did not write. `None`: they wrote.
pub fn deed(kind: MessageKind) -> Option<&'static str> {
    match kind {
        MessageKind::Text => None,
        MessageKind::Image => Some("sent an image"),
        MessageKind::Video => Some("sent a video"),
        MessageKind::Audio => Some("sent a voice message"),
        MessageKind::Sticker => Some("sent a sticker"),
        MessageKind::Reaction => Some("reacted to a message"),
        MessageKind::Left => Some("left"),
        MessageKind::VoiceChatStarted => Some("started a voice chat"),
        MessageKind::Other(_) => Some("sent something Partyline can’t show"),
    }
}

/// What arrived, to somebody who looks elsewhere.
pub fn arrived(from: &OnlineId, kind: MessageKind, text: &PrivateText) -> String {
    let from = one_line(from.as_str());
    match (deed(kind), short(text.as_str())) {
        (Some(deed), _) => format!("{from} {deed}"),
        (None, text) if text.is_empty() => format!("{from} wrote to you"),
        (None, text) => format!("{from}: {text}"),
    }
}

/// `Nova is writing…`. Empty while nobody is.
pub fn writing(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("{one} is writing…"),
        [one, other] => format!("{one} and {other} are writing…"),
        _ => "Several people are writing…".to_owned(),
    }
}

/// What stands on a mark of unread messages. `None` where all are read.
pub fn unread(unread: Unread) -> Option<String> {
    const MOST: u32 = 99;
    match unread {
        Unread::None | Unread::Count(0) => None,
        Unread::Count(count) if count <= MOST => Some(count.to_string()),
        Unread::AtLeast(0) => Some("1+".to_owned()),
        Unread::Count(count) | Unread::AtLeast(count) => Some(format!("{}+", count.min(MOST))),
    }
}

/// The time of day: `14:02`.
pub fn clock(then: Timestamp, zone: &TimeZone) -> String {
    then.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// As short as it can be: `14:02`, `Yesterday`, `12 May`, `12 May 2024`.
pub fn when(then: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let date = then.to_zoned(zone.clone()).date();
    if date == now.to_zoned(zone.clone()).date() { clock(then, zone) } else { day(date, now, zone) }
}

/// A day above the messages of it.
pub fn day(date: jiff::civil::Date, now: Timestamp, zone: &TimeZone) -> String {
    let today = now.to_zoned(zone.clone()).date();
    if date == today {
        "Today".to_owned()
    } else if date.tomorrow().is_ok_and(|next| next == today) {
        "Yesterday".to_owned()
    } else if date.year() == today.year() {
        date.strftime("%-d %B").to_string()
    } else {
        date.strftime("%-d %B %Y").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, members: &[(u64, &str)]) -> Group {
        Group {
            id: "group".into(),
            name: name.to_owned(),
            members: members
                .iter()
                .map(|(id, name)| GroupMember { account: AccountId(*id), online_id: Some((*name).into()) })
                .collect(),
            is_favorite: false,
            thread: None,
            latest: None,
            read_up_to: None,
            has_unread: false,
            changed: None,
            parties: Vec::new(),
        }
    }

    fn chat(kind: MessageKind, sender: Option<(u64, &str)>, body: &str) -> Chat {
        let latest = ChatMessage {
            uid: "1".into(),
            kind,
            body: PrivateText::from(body),
            sender: sender
                .map(|(id, name)| GroupMember { account: AccountId(id), online_id: Some(name.into()) }),
            sent: Timestamp::UNIX_EPOCH,
            reactions: Vec::new(),
        };
        let group = Group { latest: Some(latest), ..group("", &[(1, "me"), (2, "Nova")]) };
        Chat { group, unread: Unread::None, writing: Vec::new() }
    }

    #[test]
    fn a_conversation_is_called_by_its_name_or_by_who_is_in_it() {
        let me = AccountId(1);
        assert_eq!(chat_title(&group(" Squad ", &[(1, "me")]), me), "Squad");
        assert_eq!(chat_title(&group("", &[(1, "me"), (2, "Nova"), (3, "bramble")]), me), "Nova, bramble");
        assert_eq!(chat_title(&group("\u{202e}", &[(1, "me")]), me), "Conversation");
    }

    #[test]
    fn the_last_message_is_told_in_a_line() {
        let me = AccountId(1);
        let line = |kind, sender, body| last_line(&chat(kind, sender, body), me);
        assert_eq!(line(MessageKind::Text, Some((1, "me")), "on my\nway"), "You: on my way");
        assert_eq!(line(MessageKind::Text, Some((2, "Nova")), "hi"), "Nova: hi");
        assert_eq!(line(MessageKind::Image, Some((2, "Nova")), "x"), "Nova sent an image");
        assert_eq!(line(MessageKind::VoiceChatStarted, Some((1, "me")), ""), "You started a voice chat");
        assert_eq!(line(MessageKind::Other(9), None, "The name was changed."), "The name was changed.");
    }

    #[test]
    fn what_arrives_is_named_whatever_it_is() {
        let arrived = |kind, text: &str| arrived(&"Nova".into(), kind, &text.into());
        assert_eq!(arrived(MessageKind::Text, "ready\nnow?"), "Nova: ready now?");
        assert_eq!(arrived(MessageKind::Text, "\u{200b}"), "Nova wrote to you");
        assert_eq!(arrived(MessageKind::Sticker, ""), "Nova sent a sticker");
    }

    #[test]
    fn the_time_is_as_short_as_it_can_be() {
        let now: Timestamp = "2026-05-14T09:00:00Z".parse().expect("a time");
        let when = |then: &str| when(then.parse().expect("a time"), now, &TimeZone::UTC);
        assert_eq!(when("2026-05-14T08:02:11Z"), "08:02");
        assert_eq!(when("2026-05-13T23:59:59Z"), "Yesterday");
        assert_eq!(when("2026-05-02T10:00:00Z"), "2 May");
        assert_eq!(when("2024-12-31T10:00:00Z"), "31 December 2024");
        assert_eq!(when("2026-05-15T00:00:00Z"), "15 May");
    }

    #[test]
    fn unread_is_a_number_or_more_than_one() {
        assert_eq!(unread(Unread::None), None);
        assert_eq!(unread(Unread::Count(3)).as_deref(), Some("3"));
        assert_eq!(unread(Unread::Count(1200)).as_deref(), Some("99+"));
        assert_eq!(unread(Unread::AtLeast(5)).as_deref(), Some("5+"));
    }

    #[test]
    fn those_who_write_are_named_while_they_are_few() {
        let names = |count: usize| vec!["Nova".to_owned(); count];
        assert_eq!(writing(&names(0)), "");
        assert_eq!(writing(&names(1)), "Nova is writing…");
        assert_eq!(writing(&names(3)), "Several people are writing…");
    }
}

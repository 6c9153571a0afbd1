//! Push frames as events. Pure; frames are untrusted.

use serde::Deserialize;
use serde_json::Value;

use super::wire::{
    custom_data::VoiceState,
    miranda::Heard,
    party::{self, connections},
    push::{Body, BridgeRef, Data, Frame},
};
use crate::model::{
    AccountId, Bridge, BridgeId, GroupId, Member, MessageUid, OnlineId, Privacy, SessionId, Signal,
    is_path_segment,
};

/// Longer ones are nobody's.
const MAX_UID: usize = 128;

/// What a frame of the push line is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushEvent {
    Party(PartyEvent),
    Group {
        group: GroupId,
        news: GroupNews,
    },
    /// Something new about friends, requests or blocks. None was ever captured either: all that the service of profiles says
    /// means that **[?]**.
    People,
    /// Something new in the notifications, likewise **[?]**.
    Notifications,
}

/// What an event that names a group says. None was ever captured **[?]**.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupNews {
    /// Somebody is writing: an event of a kind that says `typing`.
    Typing(AccountId),
    /// Something is new in it: any other. About this message, where it names one.
    Changed(Option<MessageUid>),
}

/// One event about one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyEvent {
    pub session: SessionId,
    /// Who caused it, as far as the frame says.
    pub from: Option<(AccountId, OnlineId)>,
    pub event: Event,
}

/// What happened. An event that does not hold its new value is [`Event::SettingsChanged`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    PartyCreated,
    PartyDeleted,
    MembersJoined(Vec<Member>),
    MembersLeft(Vec<AccountId>),
    MembersChanged(Vec<MemberChange>),
    Renamed(String),
    OwnerChanged(AccountId),
    /// Who may enter. Who may *see* the party comes as an event of its own, which alone does not say this.
    PrivacyChanged(Privacy),
    /// How many may be in.
    LimitChanged(u32),
    BridgeLinked(Bridge),
    BridgesRemoved(Vec<BridgeId>),
    /// The frame does not hold the new value, so it is to be read.
    SettingsChanged,
    Invited,
    /// The program of another member says to one of this session how to connect.
    Signal(Box<Signal>),
    /// It says something else, which means nothing to us.
    OtherMessage,
    /// It says something that is damaged, or in another member's name.
    UnusableMessage,
    /// Of a kind nobody has described.
    Unknown,
}

/// What one member says anew; `None` where the frame does not speak of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberChange {
    pub account: AccountId,
    pub muted: Option<bool>,
    pub voice_off: Option<bool>,
    pub connected_to: Option<Vec<AccountId>>,
}

impl PushEvent {
    /// `None` for a frame that is about nothing the client knows.
    pub fn parse(text: &str) -> Option<Self> {
        let frame: Frame = serde_json::from_str(text).ok()?;
        let kind = frame.data_type?;
        let body: Value = match frame.body {
            Value::String(text) => serde_json::from_str(&text).ok()?,
            body => body,
        };
        match short_kind(&kind).and_then(|kind| party_event(kind, &body)) {
            Some(event) => Some(Self::Party(event)),
            None => match group_in(&body) {
                Some(group) => Some(Self::Group { group, news: group_news(&kind, &body)? }),
                None => match kind.split(':').nth(1) {
                    Some("userProfile") => Some(Self::People),
                    Some("userNotificationManager") => Some(Self::Notifications),
                    _ => None,
                },
            },
        }
    }

    /// See [`Event::UnusableMessage`].
    pub fn is_unusable(&self) -> bool {
        matches!(self, Self::Party(PartyEvent { event: Event::UnusableMessage, .. }))
    }

    /// Of a kind nobody has described.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Party(PartyEvent { event: Event::Unknown, .. }))
    }
}

fn party_event(kind: &str, body: &Value) -> Option<PartyEvent> {
    let Body { data } = Body::deserialize(body).ok()?;
    let session: SessionId = data.session_id.as_deref()?.parse().ok()?;
    let from = data.custom_properties.as_ref().and_then(|p| p.from.as_ref());
    let from = from.and_then(|p| Some((p.account_id, OnlineId(p.online_id.clone()?))));
    let event = event(kind, data, &session);
    Some(PartyEvent { session, from, event })
}

/// The group that is named, wherever it is.
fn group_in(body: &Value) -> Option<GroupId> {
    named(body, "groupId").filter(|id| is_path_segment(id)).map(GroupId::from)
}

/// `None`: somebody is writing, and nobody says who.
fn group_news(kind: &str, body: &Value) -> Option<GroupNews> {
    if kind.contains("typing") {
        let Body { data } = Body::deserialize(body).ok()?;
        return Some(GroupNews::Typing(data.custom_properties?.from?.account_id));
    }
    let uid = named(body, "messageUid").filter(|uid| uid.len() <= MAX_UID);
    Some(GroupNews::Changed(uid.map(MessageUid::from)))
}

/// The first text under this name, wherever it is.
fn named<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    match body {
        Value::Object(fields) => fields
            .get(name)
            .and_then(Value::as_str)
            .or_else(|| fields.values().find_map(|value| named(value, name))),
        Value::Array(values) => values.iter().find_map(|value| named(value, name)),
        _ => None,
    }
}

/// Both vocabularies and both prefixes come down to one: `ps:members:created`, `partySession:deleted`.
pub(super) fn short_kind(kind: &str) -> Option<&str> {
    let kind = kind.strip_prefix("psn:sessionManager:sys:")?;
    let kind = kind.strip_prefix("outside:").unwrap_or(kind);
    let kind = kind.strip_prefix("v2:").unwrap_or(kind);
    Some(kind.strip_prefix("ps:").or_else(|| kind.strip_prefix("pts:")).unwrap_or(kind))
}

fn event(kind: &str, data: Data, session: &SessionId) -> Event {
    match kind {
        "partySession:created" => Event::PartyCreated,
        "partySession:deleted" => Event::PartyDeleted,
        "members:created" => {
            Event::MembersJoined(data.members.into_iter().map(|m| m.into_model(session)).collect())
        }
        "members:deleted" => Event::MembersLeft(data.members.into_iter().map(|m| m.account_id).collect()),
        "m:customData3:updated" | "m:customData4:updated" | "m:voiceChatActivated:updated" => {
            Event::MembersChanged(data.members.into_iter().map(|m| change(m, session)).collect())
        }
        "sessionName:updated" => or_read(data.session_name.map(Event::Renamed)),
        "owner:updated" => or_read(data.owner.map(|owner| Event::OwnerChanged(owner.account_id))),
        "maxMembers:updated" => or_read(data.max_members.map(Event::LimitChanged)),
        "joinableUserType:updated" => {
            let joinable = data.joinable_user_type;
            or_read(joinable.map(|it| Event::PrivacyChanged(party::privacy(Some(&it), None))))
        }
        "bridges:created" => {
            let linked = data.bridges.into_iter().find_map(BridgeRef::into_model);
            or_read(linked.map(Event::BridgeLinked))
        }
        "bridges:deleted" => {
            let removed: Vec<_> = data.bridges.into_iter().map(BridgeRef::id).collect();
            or_read(Some(removed).filter(|ids| !ids.is_empty()).map(Event::BridgesRemoved))
        }
        "visibilityType:updated" => Event::SettingsChanged,
        "invitations:created" => Event::Invited,
        "customMessage:noSeq:created" => {
            let from = data.custom_properties.and_then(|properties| properties.from);
            let heard = data.custom_message.map(|message| message.heard(from.map(|from| from.account_id)));
            match heard {
                Some(Heard::Signal(signal)) => Event::Signal(signal),
                Some(Heard::Nothing) => Event::OtherMessage,
                Some(Heard::Unusable) => Event::UnusableMessage,
                None => Event::Unknown,
            }
        }
        _ => Event::Unknown,
    }
}

fn or_read(event: Option<Event>) -> Event {
    event.unwrap_or(Event::SettingsChanged)
}

fn change(member: party::Member, session: &SessionId) -> MemberChange {
    MemberChange {
        account: member.account_id,
        muted: member.custom_data4.as_deref().and_then(VoiceState::decode).map(|s| s.muted()),
        voice_off: member.voice_chat_activated.map(|on| !on),
        connected_to: member.custom_data3.as_deref().and_then(|wire| connections(wire, session)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIDEWALKER: AccountId = AccountId(987654321098765432);

    fn of_party(event: PushEvent) -> Event {
        match event {
            PushEvent::Party(event) => event.event,
            other => panic!("{other:?}"),
        }
    }

    fn events() -> Vec<Option<Event>> {
        let frames: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/fixtures/push.json")).expect("a fixture");
        frames.iter().map(|frame| PushEvent::parse(&frame.to_string()).map(of_party)).collect()
    }

    #[test]
    fn every_captured_frame_is_understood() {
        let events: Vec<Event> = events().into_iter().map(|e| e.expect("parses")).collect();
        assert_eq!(events[0], Event::PartyCreated);
        assert!(matches!(&events[1], Event::MembersJoined(m) if m[0].account == TIDEWALKER && !m[0].muted));
        assert!(matches!(&events[2], Event::MembersChanged(m) if m[0].muted == Some(true)));
        assert!(matches!(&events[3], Event::MembersChanged(m)
            if m[0].connected_to == Some(vec![AccountId(1234567890123456789)]) && m[0].muted.is_none()));
        assert!(matches!(&events[4], Event::Signal(signal) if signal.from == TIDEWALKER));
        assert_eq!(events[5], Event::Renamed("Sunday squad".into()));
        assert_eq!(events[6], Event::MembersLeft(vec![TIDEWALKER]));
        assert_eq!(events[7], Event::PartyDeleted);
        assert_eq!(events[8], Event::MembersJoined(vec![]), "an older name, the body as a string");
        assert_eq!(events[9], Event::Unknown);
    }

    /// Of both vocabularies.
    fn event_of(kind: &str, data: Value) -> Option<Event> {
        let mut data = data;
        data["sessionId"] = "s".into();
        let of = |prefix: &str| {
            let frame = serde_json::json!({"dataType": format!("{prefix}{kind}"), "body": {"data": data}});
            PushEvent::parse(&frame.to_string()).map(of_party)
        };
        let events = ["sys:v2:ps:", "sys:outside:v2:ps:", "sys:pts:"]
            .map(|it| of(&format!("psn:sessionManager:{it}")));
        assert!(events.windows(2).all(|two| two[0] == two[1]), "{kind}");
        events.into_iter().next().flatten()
    }

    #[test]
    fn an_event_carries_what_it_names_and_asks_to_be_read_where_it_does_not() {
        let bridge = serde_json::json!({"bridges": [{"bridgeId": "b1", "bridgeToken": "t"}]});
        let linked = Bridge { id: BridgeId::from("b1"), token: "t".into() };
        let friends = Event::PrivacyChanged(Privacy::FriendsCanJoin);
        for (kind, data, event) in [
            (
                "owner:updated",
                serde_json::json!({"owner": {"accountId": "7"}}),
                Event::OwnerChanged(AccountId(7)),
            ),
            ("maxMembers:updated", serde_json::json!({"maxMembers": "8"}), Event::LimitChanged(8)),
            ("sessionName:updated", serde_json::json!({"sessionName": ""}), Event::Renamed(String::new())),
            ("joinableUserType:updated", serde_json::json!({"joinableUserType": "FRIENDS"}), friends),
            ("bridges:created", bridge.clone(), Event::BridgeLinked(linked)),
            ("bridges:deleted", bridge, Event::BridgesRemoved(vec!["b1".into()])),
        ] {
            assert_eq!(event_of(kind, data), Some(event), "{kind}");
            assert_eq!(event_of(kind, serde_json::json!({})), Some(Event::SettingsChanged), "{kind}");
        }
    }

    #[test]
    fn an_event_that_names_a_group_is_about_the_group_whatever_it_is_called() {
        let of = |frame: Value| PushEvent::parse(&frame.to_string());
        let id = "~112210F47DE98115.0DB4DA5F49F8B478";
        let group = Some(PushEvent::Group { group: id.into(), news: GroupNews::Changed(None) });
        for body in [
            serde_json::json!({"data": {"groupId": id}}),
            serde_json::json!({"data": {"threads": [{"x": 1}, {"groupId": id}]}}),
            Value::from(serde_json::json!({"groupId": id}).to_string()),
        ] {
            assert_eq!(of(serde_json::json!({"dataType": "psn:other:created", "body": body})), group);
        }
        let odd = serde_json::json!({"dataType": "psn:other:created", "body": {"data": {"groupId": "../x"}}});
        assert_eq!(of(odd), None);
    }

    #[test]
    fn somebody_who_writes_is_no_news_and_a_message_that_is_named_is() {
        let of = |kind: &str, data: Value| {
            PushEvent::parse(&serde_json::json!({"dataType": kind, "body": {"data": data}}).to_string())
        };
        let news = |news| Some(PushEvent::Group { group: "g".into(), news });
        let kind = "psn:gamingLoungeGroups:sys:v1:typing:created";
        let from = serde_json::json!({"from": {"accountId": "7", "onlineId": "marlow_87"}});
        let typing = of(kind, serde_json::json!({"groupId": "g", "customProperties": from}));
        assert_eq!(typing, news(GroupNews::Typing(AccountId(7))));
        assert_eq!(of(kind, serde_json::json!({"groupId": "g"})), None, "nobody says who");
        let kind = "psn:gamingLoungeGroups:sys:v1:message:created";
        let message = of(kind, serde_json::json!({"groupId": "g", "messageUid": "1#5"}));
        assert_eq!(message, news(GroupNews::Changed(Some("1#5".into()))));
        let long = of(kind, serde_json::json!({"groupId": "g", "messageUid": "1".repeat(5000)}));
        assert_eq!(long, news(GroupNews::Changed(None)));
    }

    #[test]
    fn what_a_service_says_makes_its_lists_old() {
        let of = |kind: &str| {
            let frame = serde_json::json!({"dataType": kind, "body": {"data": {"accountId": "7"}}});
            PushEvent::parse(&frame.to_string())
        };
        assert_eq!(of("psn:userProfile:sys:v1:anything"), Some(PushEvent::People));
        assert_eq!(of("psn:userNotificationManager:sys:v1:x:created"), Some(PushEvent::Notifications));
        for other in ["psn:telemetry:userProfile", "userProfile", "", "psn:sessionManager:sys:v2:ps:x"] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn hostile_frames_are_nothing() {
        for text in ["", "{}", "[]", "null", r#"{"dataType":"x","body":"{"}"#, r#"{"dataType":1,"body":{}}"#]
        {
            assert_eq!(PushEvent::parse(text), None, "{text}");
        }
        assert_eq!(PushEvent::parse(&"[".repeat(100_000)), None, "deep nesting");
    }
}

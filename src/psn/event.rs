//! Push frames as events. Pure; frames are untrusted.

use super::wire::{
    custom_data::VoiceState,
    party::{self, connections},
    push::{Body, Data, Frame},
};
use crate::model::{AccountId, Member, OnlineId, SessionId};

/// One event about one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushEvent {
    pub session: SessionId,
    /// Who caused it, as far as the frame says.
    pub from: Option<(AccountId, OnlineId)>,
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    PartyCreated,
    PartyDeleted,
    MembersJoined(Vec<Member>),
    MembersLeft(Vec<AccountId>),
    MembersChanged(Vec<MemberChange>),
    Renamed(String),
    /// Owner, privacy, limit or bridge: the frame need not hold the new value, so it is read.
    SettingsChanged,
    Invited,
    /// Voice signalling from member to member.
    CustomMessage,
    /// Of a kind nobody has described.
    Unknown,
}

/// What one member says anew; `None` where the frame does not speak of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberChange {
    pub account: AccountId,
    pub muted: Option<bool>,
    pub connected_to: Option<Vec<AccountId>>,
}

impl PushEvent {
    /// `None` for a frame that is no event about a session.
    pub fn parse(text: &str) -> Option<Self> {
        let frame: Frame = serde_json::from_str(text).ok()?;
        let kind = frame.data_type?;
        let body: Body = match frame.body {
            serde_json::Value::String(text) => serde_json::from_str(&text).ok()?,
            body => serde_json::from_value(body).ok()?,
        };
        let data = body.data;
        let session: SessionId = data.session_id.as_deref()?.parse().ok()?;
        let from = data.custom_properties.as_ref().and_then(|p| p.from.as_ref());
        let from = from.and_then(|p| Some((p.account_id, OnlineId(p.online_id.clone()?))));
        let event = event(short_kind(&kind)?, data, &session);
        Some(Self { session, from, event })
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
        "sessionName:updated" if data.session_name.is_some() => {
            Event::Renamed(data.session_name.unwrap_or_default())
        }
        "owner:updated"
        | "sessionName:updated"
        | "maxMembers:updated"
        | "visibilityType:updated"
        | "joinableUserType:updated"
        | "bridges:created"
        | "bridges:deleted" => Event::SettingsChanged,
        "invitations:created" => Event::Invited,
        "customMessage:noSeq:created" => Event::CustomMessage,
        _ => Event::Unknown,
    }
}

fn change(member: party::Member, session: &SessionId) -> MemberChange {
    MemberChange {
        account: member.account_id,
        muted: member.custom_data4.as_deref().and_then(VoiceState::decode).map(|s| s.muted()),
        connected_to: member.custom_data3.as_deref().and_then(|wire| connections(wire, session)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIDEWALKER: AccountId = AccountId(987654321098765432);

    fn events() -> Vec<Option<Event>> {
        let frames: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../tests/fixtures/push.json")).expect("a fixture");
        frames.iter().map(|frame| PushEvent::parse(&frame.to_string()).map(|e| e.event)).collect()
    }

    #[test]
    fn every_captured_frame_is_understood() {
        let events: Vec<Event> = events().into_iter().map(|e| e.expect("parses")).collect();
        assert_eq!(events[0], Event::PartyCreated);
        assert!(matches!(&events[1], Event::MembersJoined(m) if m[0].account == TIDEWALKER && !m[0].muted));
        assert!(matches!(&events[2], Event::MembersChanged(m) if m[0].muted == Some(true)));
        assert!(matches!(&events[3], Event::MembersChanged(m)
            if m[0].connected_to == Some(vec![AccountId(1234567890123456789)]) && m[0].muted.is_none()));
        assert_eq!(events[4], Event::CustomMessage);
        assert_eq!(events[5], Event::Renamed("Sunday squad".into()));
        assert_eq!(events[6], Event::MembersLeft(vec![TIDEWALKER]));
        assert_eq!(events[7], Event::PartyDeleted);
        assert_eq!(events[8], Event::MembersJoined(vec![]), "an older name, the body as a string");
        assert_eq!(events[9], Event::Unknown);
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

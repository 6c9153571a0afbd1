//! What `sessionManager/v2` answers (protocol section 4).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    custom_data::{Connections, VoiceState},
    tolerant,
};
use crate::model::{
    self, AccountId, BridgeId, BridgeToken, OnlineId, PartySession, Platform, Privacy, SessionId,
};

/// `GET /partySessions`, and the answer to creating one.
#[derive(Deserialize, JsonSchema)]
pub struct Sessions {
    #[serde(rename = "v2PartySessions", default, deserialize_with = "tolerant::each")]
    pub sessions: Vec<Session>,
}

/// `POST /sys/gameBase/parties/bulkGet`.
#[derive(Deserialize, JsonSchema)]
pub struct Parties {
    #[serde(default, deserialize_with = "tolerant::each")]
    pub parties: Vec<Session>,
}

#[derive(Deserialize, JsonSchema)]
pub struct Invitations {
    #[serde(default, deserialize_with = "tolerant::each")]
    pub invitations: Vec<Invitation>,
}

/// The shape is not captured: every field is optional but the session's id.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["invitationId", "invitationType", "receivedTimestamp"]))]
pub struct Invitation {
    #[serde(deserialize_with = "tolerant::id")]
    #[schemars(extend("format" = "id"))]
    pub session_id: String,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub session_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    pub from: Option<Person>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["platform", "joinOrder", "deviceUniqueId"]))]
pub struct Person {
    #[serde(deserialize_with = "tolerant::account")]
    pub account_id: AccountId,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub online_id: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    #[serde(deserialize_with = "tolerant::id")]
    #[schemars(extend("format" = "id"))]
    pub session_id: String,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub session_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
    pub max_members: Option<u32>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub joinable_user_type: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub visibility_type: Option<String>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    pub party_joinable: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    pub party_request_to_joinable: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::millis")]
    #[schemars(with = "Option<tolerant::Millis>")]
    pub created_timestamp: Option<jiff::Timestamp>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    pub owner: Option<Person>,
    #[serde(default, deserialize_with = "tolerant::each")]
    pub members: Vec<Member>,
    #[serde(default, deserialize_with = "tolerant::each")]
    pub bridges: Vec<Bridge>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["bridgeHostingType"]))]
pub struct Bridge {
    #[serde(deserialize_with = "tolerant::id")]
    #[schemars(extend("format" = "id"))]
    pub bridge_id: String,
    #[serde(deserialize_with = "tolerant::header_value")]
    #[schemars(extend("format" = "headerValue"))]
    pub bridge_token: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["deviceUniqueId", "joinTimestamp", "isOnShareScreen"]))]
pub struct Member {
    #[serde(deserialize_with = "tolerant::account")]
    pub account_id: AccountId,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub online_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub platform: Option<String>,
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
    pub join_order: Option<u32>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    pub voice_chat_activated: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    #[schemars(extend("format" = "customData3"))]
    pub custom_data3: Option<String>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    #[schemars(extend("format" = "customData4"))]
    pub custom_data4: Option<String>,
}

/// More members than the service ever lets in are cut: memory stays bounded.
const MAX_MEMBERS: usize = 64;

impl From<Session> for PartySession {
    fn from(session: Session) -> Self {
        let id = SessionId(session.session_id);
        let mut members: Vec<_> =
            session.members.into_iter().take(MAX_MEMBERS).map(|member| member.into_model(&id)).collect();
        members.sort_by_key(|member| member.join_order);
        Self {
            privacy: privacy(session.joinable_user_type.as_deref(), session.visibility_type.as_deref()),
            name: session.session_name.unwrap_or_default(),
            max_members: session.max_members.unwrap_or(PartySession::MAX_MEMBERS),
            owner: session.owner.map(|owner| owner.account_id),
            bridge: session.bridges.into_iter().next().map(Into::into),
            joinable: session.party_joinable.unwrap_or(false),
            request_to_join: session.party_request_to_joinable.unwrap_or(false),
            created: session.created_timestamp,
            members,
            id,
        }
    }
}

impl From<Bridge> for model::Bridge {
    fn from(bridge: Bridge) -> Self {
        Self { id: BridgeId(bridge.bridge_id), token: BridgeToken(bridge.bridge_token) }
    }
}

impl Member {
    /// `session`: `customData3` counts only where it speaks of this very session.
    pub fn into_model(self, session: &SessionId) -> model::Member {
        model::Member {
            account: self.account_id,
            online_id: OnlineId(self.online_id.unwrap_or_default()),
            platform: self.platform.as_deref().map_or(Platform::Unknown, platform),
            join_order: self.join_order.unwrap_or(u32::MAX),
            muted: self.custom_data4.as_deref().and_then(VoiceState::decode).is_some_and(|s| s.muted()),
            voice_off: self.voice_chat_activated == Some(false),
            connected_to: self.custom_data3.as_deref().and_then(|wire| connections(wire, session)),
        }
    }
}

pub fn connections(wire: &str, session: &SessionId) -> Option<Vec<AccountId>> {
    let connections = Connections::decode(wire).filter(|it| it.session() == session.as_str())?;
    Some(connections.accounts().collect())
}

pub fn platform(wire: &str) -> Platform {
    match wire {
        "PS4" => Platform::Ps4,
        "PS5" => Platform::Ps5,
        "MOBILE_APP" => Platform::Mobile,
        "PSPC" => Platform::Pc,
        _ => Platform::Unknown,
    }
}

/// A platform that is not known is told as the one we are.
pub fn platform_name(platform: Platform) -> &'static str {
    match platform {
        Platform::Ps4 => "PS4",
        Platform::Ps5 => "PS5",
        Platform::Pc => "PSPC",
        Platform::Mobile | Platform::Unknown => "MOBILE_APP",
    }
}

pub fn privacy(joinable: Option<&str>, visibility: Option<&str>) -> Privacy {
    if joinable == Some("FRIENDS") || (joinable.is_none() && visibility == Some("FRIENDS_ONLY")) {
        Privacy::FriendsCanJoin
    } else {
        Privacy::InviteOnly
    }
}

pub fn visibility_type(privacy: Privacy) -> &'static str {
    match privacy {
        Privacy::InviteOnly => "INVITE_ONLY",
        Privacy::FriendsCanJoin => "FRIENDS_ONLY",
    }
}

pub fn joinable_user_type(privacy: Privacy) -> &'static str {
    match privacy {
        Privacy::InviteOnly => "INVITE_ONLY",
        Privacy::FriendsCanJoin => "FRIENDS",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers() -> serde_json::Value {
        serde_json::from_str(include_str!("../../../tests/fixtures/answers.json")).expect("a fixture")
    }

    #[test]
    fn a_captured_party_is_read() {
        let parties: Parties = serde_json::from_value(answers()["bulkGet"].clone()).expect("parses");
        let party = PartySession::from(parties.parties.into_iter().next().expect("one party"));
        assert_eq!(
            (party.name.as_str(), party.max_members, party.privacy),
            ("Sunday squad", 16, Privacy::InviteOnly)
        );
        assert_eq!(party.owner, Some(AccountId(1234567890123456789)));
        assert_eq!(party.members[0].platform, Platform::Mobile);
        assert_eq!(party.members[0].connected_to, None, "nothing said yet");
    }

    #[test]
    fn one_odd_member_does_not_hide_the_others() {
        let session: Session = serde_json::from_str(
            r#"{"sessionId":"s","maxMembers":"16","owner":{},"members":[{"accountId":12,"joinOrder":"2"},{"accountId":{}},
                {"accountId":"11","joinOrder":1,"onlineId":7}],"bridges":[{"bridgeId":"b","bridgeToken":"a b"}]}"#,
        )
        .expect("parses");
        let party = PartySession::from(session);
        let accounts: Vec<_> = party.members.iter().map(|m| m.account).collect();
        assert_eq!(accounts, [AccountId(11), AccountId(12)]);
        assert_eq!((party.max_members, party.owner, party.bridge), (16, None, None));
    }
}

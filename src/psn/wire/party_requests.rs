//! What is asked of `sessionManager/v2` (protocol section 4).

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    custom_data::VoiceState,
    party::{Bridge, joinable_user_type, visibility_type},
    tolerant,
};
use crate::model::{AccountId, Privacy};

#[derive(Serialize, JsonSchema)]
pub struct Create<'a> {
    #[serde(rename = "v2PartySessions")]
    pub sessions: [NewSession<'a>; 1],
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewSession<'a> {
    session_type: &'static str,
    session_name: &'a str,
    max_members: u32,
    visibility_type: &'static str,
    joinable_user_type: &'static str,
    members: [NewMember; 1],
}

impl<'a> NewSession<'a> {
    pub fn new(name: &'a str, privacy: Privacy, max_members: u32, me: NewMember) -> Self {
        Self {
            session_type: "ROOM",
            session_name: name,
            max_members,
            visibility_type: visibility_type(privacy),
            joinable_user_type: joinable_user_type(privacy),
            members: [me],
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct Join {
    pub members: [NewMember; 1],
}

/// Ourselves, on entering.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewMember {
    account_id: &'static str,
    platform: &'static str,
    voice_chat_activated: bool,
    push_contexts: [PushContext; 1],
    #[schemars(extend("format" = "customData4"))]
    custom_data4: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PushContext {
    context_id: String,
}

impl NewMember {
    pub fn me(push_context: uuid::Uuid, voice: &VoiceState) -> Self {
        Self {
            account_id: "me",
            platform: "me",
            voice_chat_activated: true,
            push_contexts: [PushContext { context_id: push_context.to_string() }],
            custom_data4: voice.encode(),
        }
    }
}

#[derive(Serialize, Default, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PatchSession<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joinable_user_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_members: Option<u32>,
}

impl<'a> PatchSession<'a> {
    pub fn limit(max_members: u32) -> Self {
        Self { max_members: Some(max_members), ..Self::default() }
    }

    pub fn name(name: &'a str) -> Self {
        Self { session_name: Some(name), ..Self::default() }
    }

    pub fn privacy(privacy: Privacy) -> Self {
        Self {
            joinable_user_type: Some(joinable_user_type(privacy)),
            visibility_type: Some(visibility_type(privacy)),
            ..Self::default()
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["voiceChatActivated"]))]
pub struct PatchMe {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "customData3"))]
    pub custom_data3: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "customData4"))]
    pub custom_data4: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invite {
    pub invitation_type: &'static str,
    pub invitations: Vec<InviteOne>,
    pub invitations_to_groups: [(); 0],
}

#[derive(Serialize, JsonSchema)]
pub struct InviteOne {
    pub to: To,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct To {
    #[serde(serialize_with = "tolerant::as_string")]
    pub account_id: AccountId,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BulkGet {
    pub group_invited_party_sessions: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct LinkBridge {
    pub bridges: [Bridge; 1],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn creating_is_written_as_captured() {
        let me = NewMember::me(uuid::Uuid::nil(), &VoiceState::default());
        let body =
            serde_json::to_value(Create { sessions: [NewSession::new("", Privacy::InviteOnly, 16, me)] });
        let expected = serde_json::json!({"v2PartySessions":[{"sessionType":"ROOM","sessionName":"","maxMembers":16,
            "visibilityType":"INVITE_ONLY","joinableUserType":"INVITE_ONLY","members":[{"accountId":"me","platform":"me",
            "voiceChatActivated":true,"pushContexts":[{"contextId":"00000000-0000-0000-0000-000000000000"}],
            "customData4":"WyIiLCIiLCIxIiwiMCIsIjYuMi4wIiwiMCIsIjAiLCIwIiwiIiwiIl0="}]}]});
        assert_eq!(body.expect("serializes"), expected);
    }
}

//! Request bodies and queries of `sessionManager/v2`, exactly as captured: what is unknown or absent is refused.

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::values::{Entry, Joinable, Visibility};
use crate::sandbox::{people::AccountId, refusal::Refusal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadQuery {
    pub view: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    pub limit: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ListBody {
    /// Parties of the caller's groups; what of them is visible is listed anyway.
    pub group_invited_party_sessions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct CreateBody {
    #[serde(rename = "v2PartySessions")]
    pub sessions: [NewSession; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct NewSession {
    pub session_type: SessionType,
    pub session_name: String,
    pub max_members: usize,
    pub visibility_type: Visibility,
    pub joinable_user_type: Joinable,
    pub members: [NewMember; 1],
}

#[derive(Deserialize)]
pub(super) enum SessionType {
    #[serde(rename = "ROOM")]
    Room,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct NewMember {
    pub account_id: Me,
    pub platform: Me,
    pub voice_chat_activated: bool,
    pub push_contexts: [PushContext; 1],
    pub custom_data4: String,
}

/// The caller, whoever that is.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Me {
    Me,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct PushContext {
    /// Only its shape is checked: the sandbox pushes to every socket of an account.
    #[serde(rename = "contextId")]
    _context_id: Uuid,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct TermsBody {
    pub session_name: Option<String>,
    pub joinable_user_type: Option<Joinable>,
    pub visibility_type: Option<Visibility>,
    pub max_members: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JoinBody {
    pub members: [NewMember; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct MemberBody {
    pub custom_data3: Option<String>,
    pub custom_data4: Option<String>,
    pub voice_chat_activated: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct InviteBody {
    pub invitation_type: InvitationType,
    pub invitations: Vec<Invitee>,
    /// What it holds was never captured: must be empty.
    pub invitations_to_groups: [Value; 0],
}

#[derive(Deserialize)]
pub(super) enum InvitationType {
    #[serde(rename = "NORMAL")]
    Normal,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Invitee {
    pub to: InviteeId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct InviteeId {
    pub account_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BridgesBody {
    pub bridges: [BridgeBody; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct BridgeBody {
    pub bridge_id: String,
    pub bridge_token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct MessageBody {
    pub channel: String,
    pub payload: String,
    pub to: Option<Vec<Recipient>>,
    pub without_sequence_number: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Recipient {
    pub account_id: String,
    pub platform: String,
}

impl From<NewMember> for Entry {
    fn from(member: NewMember) -> Self {
        let NewMember { account_id: Me::Me, platform: Me::Me, push_contexts: [_], .. } = member;
        Self {
            voice_chat_activated: member.voice_chat_activated,
            custom_data4: member.custom_data4,
            link: None,
        }
    }
}

impl Recipient {
    pub fn account(&self) -> Result<AccountId, Refusal> {
        if !matches!(self.platform.as_str(), "PS4" | "PS5" | "MOBILE_APP" | "PSPC") {
            return Err(Refusal::BadParameter("platform"));
        }
        self.account_id.parse().map_err(|_| Refusal::BadParameter("accountId"))
    }
}

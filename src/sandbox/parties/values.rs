//! The values a party is made of, as the wire shows them.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{custom, sending::Messages};
use crate::sandbox::people::{Account, AccountId, Platform};

/// Why a change was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::sandbox) enum Denied {
    #[error("no such party, or not for the caller's eyes")]
    NoSuchParty,
    #[error("not allowed for this caller")]
    NotPermitted,
    #[error("the party is full")]
    Full,
    #[error("a value is out of range: {0}")]
    BadValue(&'static str),
    #[error("too many parties")]
    TooManyParties,
    #[error("a message that is none, or not its sender's")]
    NotUnderstood,
    #[error("too many messages")]
    TooFast,
}

/// Who acts, as sessions show them.
#[derive(Clone)]
pub(in crate::sandbox) struct Person {
    pub account: AccountId,
    pub online_id: String,
    pub platform: Platform,
    pub device_unique_id: String,
}

impl From<&Account> for Person {
    fn from(account: &Account) -> Self {
        Self {
            account: account.id,
            online_id: account.online_id.clone(),
            platform: account.platform,
            device_unique_id: account.device_unique_id(),
        }
    }
}

/// What somebody brings along when entering.
#[derive(Clone)]
pub(in crate::sandbox) struct Entry {
    pub voice_chat_activated: bool,
    /// The voice state, base64.
    pub custom_data4: String,
    /// The shared link that led here.
    pub link: Option<String>,
}

pub(in crate::sandbox) struct Member {
    pub person: Person,
    pub join_order: u32,
    pub joined_millis: u64,
    pub voice_chat_activated: bool,
    /// Whom they are connected to, base64; absent until they say so.
    pub custom_data3: Option<String>,
    pub custom_data4: String,
    pub(super) messages: Messages,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Visibility {
    InviteOnly,
    FriendsOnly,
}

impl Visibility {
    pub(super) fn wire(self) -> &'static str {
        match self {
            Self::InviteOnly => "INVITE_ONLY",
            Self::FriendsOnly => "FRIENDS_ONLY",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Joinable {
    InviteOnly,
    Friends,
}

impl Joinable {
    pub(super) fn wire(self) -> &'static str {
        match self {
            Self::InviteOnly => "INVITE_ONLY",
            Self::Friends => "FRIENDS",
        }
    }
}

/// What the owner chooses.
#[derive(Clone)]
pub(super) struct Terms {
    pub name: String,
    pub max_members: usize,
    pub visibility: Visibility,
    pub joinable: Joinable,
}

/// Changes to the terms; what is absent stays.
#[derive(Default)]
pub(super) struct TermsChange {
    pub name: Option<String>,
    pub max_members: Option<usize>,
    pub visibility: Option<Visibility>,
    pub joinable: Option<Joinable>,
}

impl TermsChange {
    pub fn is_empty(&self) -> bool {
        matches!(self, Self { name: None, max_members: None, visibility: None, joinable: None })
    }
}

/// What a member says about themselves; what is absent stays.
#[derive(Default)]
pub(super) struct MemberChange {
    pub custom_data3: Option<String>,
    pub custom_data4: Option<String>,
    pub voice_chat_activated: Option<bool>,
}

impl MemberChange {
    pub fn is_empty(&self) -> bool {
        matches!(self, Self { custom_data3: None, custom_data4: None, voice_chat_activated: None })
    }
}

#[derive(Clone)]
pub(in crate::sandbox) struct Invitation {
    pub id: Uuid,
    pub from: Person,
    pub sent_millis: u64,
}

/// The voice bridge a session is linked to.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::sandbox) struct BridgeLink {
    pub id: String,
    pub token: String,
}

impl Terms {
    pub const MEMBER_LIMIT: usize = 16;
    const MAX_NAME: usize = 64;

    pub(super) fn check(&self) -> Result<(), Denied> {
        if self.name.chars().count() > Self::MAX_NAME || self.name.chars().any(char::is_control) {
            return Err(Denied::BadValue("sessionName"));
        }
        if !(2..=Self::MEMBER_LIMIT).contains(&self.max_members) {
            return Err(Denied::BadValue("maxMembers"));
        }
        Ok(())
    }
}

impl BridgeLink {
    pub(super) fn json(&self) -> Value {
        json!({ "bridgeId": self.id, "bridgeToken": self.token })
    }
}

impl Member {
    pub(super) fn platform(&self) -> Platform {
        self.person.platform
    }

    /// How events name somebody.
    pub(super) fn address(&self) -> Value {
        json!({
            "accountId": self.person.account.to_string(),
            "onlineId": self.person.online_id,
            "platform": self.person.platform.wire(),
            "joinOrder": self.join_order,
            "deviceUniqueId": self.person.device_unique_id,
        })
    }

    pub(super) fn json(&self) -> Value {
        let mut json = self.address();
        json["joinTimestamp"] = json!(self.joined_millis);
        json["voiceChatActivated"] = json!(self.voice_chat_activated);
        json["isOnShareScreen"] = json!(false);
        json["customData4"] = json!(self.custom_data4);
        if let Some(data) = &self.custom_data3 {
            json["customData3"] = json!(data);
        }
        json
    }
}

impl Entry {
    pub(super) fn check(&self) -> Result<(), Denied> {
        if custom::is_voice_state(&self.custom_data4) { Ok(()) } else { Err(Denied::BadValue("customData4")) }
    }
}

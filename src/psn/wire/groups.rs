//! The groups of `gamingLoungeGroups/v1` (protocol section 9).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{messages::Message, party_requests::To, tolerant};
use crate::model::{self, AccountId, GroupId, MessageUid, OnlineId, SessionId, ThreadId};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["previousOffset", "totalGroupCount"]))]
pub struct Groups {
    #[serde(default, deserialize_with = "tolerant::each")]
    pub groups: Vec<Group>,
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
    pub next_offset: Option<u32>,
}

/// One group. Of the fields beyond the protocol's, other public clients read the same.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["groupType", "groupIcon", "joinedTimestamp", "notificationSetting"]))]
pub struct Group {
    #[serde(deserialize_with = "tolerant::segment")]
    #[schemars(extend("format" = "segment"))]
    group_id: String,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    group_name: Option<Name>,
    #[serde(default, deserialize_with = "tolerant::each")]
    members: Vec<Member>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    main_thread: Option<Thread>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    is_favorite: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    exists_new_arrival: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::millis")]
    #[schemars(with = "Option<tolerant::Millis>")]
    modified_timestamp: Option<Timestamp>,
    #[serde(default, deserialize_with = "tolerant::each")]
    party_sessions: Vec<PartyRef>,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(extend("x-not-read" = ["status"]))]
struct Name {
    #[serde(default, deserialize_with = "tolerant::text")]
    value: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["role"]))]
pub struct Member {
    #[serde(deserialize_with = "tolerant::account")]
    account_id: AccountId,
    #[serde(default, deserialize_with = "tolerant::text")]
    online_id: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    #[serde(deserialize_with = "tolerant::segment")]
    #[schemars(extend("format" = "segment"))]
    thread_id: String,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    latest_message: Option<Message>,
    #[serde(default, deserialize_with = "tolerant::text")]
    read_message_uid: Option<String>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    exists_unread_message: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::millis")]
    #[schemars(with = "Option<tolerant::Millis>")]
    modified_timestamp: Option<Timestamp>,
}

/// A party that is named along with a group **[?]**.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PartyRef {
    #[serde(deserialize_with = "tolerant::id")]
    #[schemars(extend("format" = "id"))]
    session_id: String,
}

/// More members than a group has room for are cut: memory stays bounded.
const MAX_MEMBERS: usize = 128;
const MAX_PARTIES: usize = 16;

impl From<Member> for model::GroupMember {
    fn from(wire: Member) -> Self {
        Self { account: wire.account_id, online_id: wire.online_id.map(OnlineId) }
    }
}

impl From<Group> for model::Group {
    fn from(wire: Group) -> Self {
        let thread = wire.main_thread;
        let unread = thread.as_ref().and_then(|thread| thread.exists_unread_message);
        let changed = thread.as_ref().and_then(|thread| thread.modified_timestamp);
        Self {
            id: GroupId(wire.group_id),
            name: wire.group_name.and_then(|name| name.value).unwrap_or_default(),
            members: wire.members.into_iter().take(MAX_MEMBERS).map(Into::into).collect(),
            is_favorite: wire.is_favorite.unwrap_or(false),
            thread: thread.as_ref().map(|thread| ThreadId(thread.thread_id.clone())),
            read_up_to: thread.as_ref().and_then(|thread| thread.read_message_uid.clone()).map(MessageUid),
            latest: thread.and_then(|thread| thread.latest_message).and_then(Message::into_model),
            has_unread: unread.or(wire.exists_new_arrival).unwrap_or(false),
            changed: changed.max(wire.modified_timestamp),
            parties: wire
                .party_sessions
                .into_iter()
                .take(MAX_PARTIES)
                .map(|it| SessionId(it.session_id))
                .collect(),
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct NewGroup {
    pub invitees: Vec<To>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedGroup {
    #[serde(deserialize_with = "tolerant::segment")]
    #[schemars(extend("format" = "segment"))]
    pub group_id: String,
    pub main_thread: CreatedThread,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedThread {
    #[serde(deserialize_with = "tolerant::segment")]
    #[schemars(extend("format" = "segment"))]
    pub thread_id: String,
}

/// The field is captured, empty; what is in it is a guess **[?]**.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenParties {
    #[serde(default, deserialize_with = "tolerant::each")]
    pub open_party_sessions: Vec<OpenParty>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenParty {
    #[serde(deserialize_with = "tolerant::id")]
    #[schemars(extend("format" = "id"))]
    session_id: String,
    #[serde(default, deserialize_with = "tolerant::maybe_segment")]
    group_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    session_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::each")]
    members: Vec<Member>,
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
    max_members: Option<u32>,
}

impl From<OpenParty> for model::OpenParty {
    fn from(wire: OpenParty) -> Self {
        Self {
            session: SessionId(wire.session_id),
            group: wire.group_id.map(GroupId),
            name: wire.session_name.unwrap_or_default(),
            members: wire.members.into_iter().take(MAX_MEMBERS).map(Into::into).collect(),
            max_members: wire.max_members,
        }
    }
}

/// People, or parties with people in them: which of the two is not known, so both are read **[?]**.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartyHistory {
    #[serde(
        default,
        deserialize_with = "tolerant::each",
        alias = "histories",
        alias = "parties",
        alias = "players"
    )]
    pub party_history: Vec<PastParty>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["historyId"]))]
pub struct PastParty {
    #[serde(default, deserialize_with = "tolerant::maybe_id")]
    session_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    session_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::each")]
    members: Vec<Member>,
    #[serde(default, deserialize_with = "tolerant::maybe_account")]
    account_id: Option<AccountId>,
    #[serde(default, deserialize_with = "tolerant::text")]
    online_id: Option<String>,
    #[serde(
        default,
        deserialize_with = "tolerant::date",
        alias = "lastPlayedTimestamp",
        alias = "endedTimestamp"
    )]
    #[schemars(with = "Option<tolerant::Date>")]
    timestamp: Option<Timestamp>,
}

impl PastParty {
    /// `None` where nobody is named.
    pub fn into_model(self) -> Option<model::PastParty> {
        let person = self.account_id.map(|account_id| Member { account_id, online_id: self.online_id });
        let members: Vec<_> =
            self.members.into_iter().chain(person).take(MAX_MEMBERS).map(Into::into).collect();
        if members.is_empty() {
            return None;
        }
        Some(model::PastParty {
            session: self.session_id.map(SessionId),
            name: self.session_name.unwrap_or_default(),
            members,
            when: self.timestamp,
        })
    }
}

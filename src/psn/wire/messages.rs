//! The messages of `gamingLoungeGroups/v1` (protocol section 9).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{groups::Member, tolerant};
use crate::model::{self, AccountId, ChatMessage, MessageKind, MessageUid, PrivateText};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["previous", "next", "messageCount"]))]
pub struct Messages {
    #[serde(default, deserialize_with = "tolerant::each")]
    pub messages: Vec<Message>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    pub reached_end_of_page: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["messageDetail"]))]
pub struct Message {
    #[serde(deserialize_with = "tolerant::opaque")]
    #[schemars(extend("format" = "opaqueId"))]
    message_uid: String,
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
    message_type: Option<u32>,
    /// What to take it for where the type is not known.
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
    alternative_message_type: Option<u32>,
    #[serde(default, deserialize_with = "tolerant::prose")]
    body: Option<String>,
    #[serde(default, deserialize_with = "tolerant::millis")]
    #[schemars(with = "Option<tolerant::Millis>")]
    created_timestamp: Option<Timestamp>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    sender: Option<Member>,
    #[serde(default, deserialize_with = "tolerant::each")]
    reactions: Vec<Reaction>,
}

/// **[?]**
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Reaction {
    #[serde(alias = "name", alias = "type", deserialize_with = "tolerant::text")]
    reaction: Option<String>,
    #[serde(default, deserialize_with = "tolerant::accounts")]
    account_ids: Vec<AccountId>,
}

/// Of one message; more are cut.
const MAX_REACTIONS: usize = 64;

impl Message {
    /// `None` for one without a time: it has no place among the others.
    pub fn into_model(self) -> Option<ChatMessage> {
        let reaction = |wire: Reaction| {
            let by = wire.account_ids.into_iter().take(MAX_REACTIONS).collect();
            Some(model::Reaction { name: wire.reaction?, by })
        };
        let kind = MessageKind::from_number(self.message_type.unwrap_or_default());
        Some(ChatMessage {
            uid: MessageUid(self.message_uid),
            kind: match (kind, self.alternative_message_type) {
                (MessageKind::Other(_), Some(other)) => match MessageKind::from_number(other) {
                    MessageKind::Other(_) => kind,
                    known => known,
                },
                _ => kind,
            },
            body: PrivateText(self.body.unwrap_or_default()),
            sender: self.sender.map(Into::into),
            sent: self.created_timestamp?,
            reactions: self.reactions.into_iter().take(MAX_REACTIONS).filter_map(reaction).collect(),
        })
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["messageDetail"]))]
pub struct NewMessage<'a> {
    message_type: u32,
    body: &'a str,
}

impl<'a> NewMessage<'a> {
    pub fn text(body: &'a str) -> Self {
        Self { message_type: 1, body }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SentMessage {
    #[serde(deserialize_with = "tolerant::opaque")]
    #[schemars(extend("format" = "opaqueId"))]
    message_uid: String,
    #[serde(default, deserialize_with = "tolerant::millis")]
    #[schemars(with = "Option<tolerant::Millis>")]
    created_timestamp: Option<Timestamp>,
}

impl From<SentMessage> for model::SentMessage {
    fn from(wire: SentMessage) -> Self {
        Self { uid: MessageUid(wire.message_uid), sent: wire.created_timestamp }
    }
}

/// That there is such a call is captured, what it says is not **[?]**.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewReaction<'a> {
    pub message_uid: &'a str,
    pub reaction: &'a str,
}

/// There is nothing to say but who types, and the token says that.
#[derive(Serialize, JsonSchema)]
pub struct Typing {}

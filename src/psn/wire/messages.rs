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
    #[serde(deserialize_with = "tolerant::text")]
    reaction: Option<String>,
    #[serde(default, deserialize_with = "tolerant::maybe_account")]
    account_id: Option<AccountId>,
}

/// Of one message; more are cut.
const MAX_REACTIONS: usize = 64;

impl Message {
    /// `None` for one without a time: it has no place among the others.
    pub fn into_model(self) -> Option<ChatMessage> {
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
            reactions: gathered(self.reactions),
        })
    }
}

/// Those of one kind together.
fn gathered(reactions: Vec<Reaction>) -> Vec<model::Reaction> {
    let mut gathered: Vec<model::Reaction> = Vec::new();
    for Reaction { reaction, account_id } in reactions.into_iter().take(MAX_REACTIONS) {
        let Some(name) = reaction else { continue };
        match gathered.iter_mut().find(|known| known.name == name) {
            Some(known) => known.by.extend(account_id),
            None => gathered.push(model::Reaction { name, by: account_id.into_iter().collect() }),
        }
    }
    gathered
}

/// Oldest first, whatever order they came in.
pub fn in_order(mut messages: Vec<ChatMessage>) -> Vec<ChatMessage> {
    messages.sort_by_key(ChatMessage::place);
    messages
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<ChatMessage> {
        let messages: Messages = serde_json::from_str(text).expect("parses");
        in_order(messages.messages.into_iter().filter_map(Message::into_model).collect())
    }

    #[test]
    fn messages_are_in_order_named_by_their_kind_and_one_odd_hides_no_other() {
        let messages = read(
            r#"{"messages":[
                {"messageUid":"1#12","messageType":1,"body":"last","createdTimestamp":"1719100599882"},
                {"messageUid":"1#9","messageType":4242,"alternativeMessageType":3,"createdTimestamp":1719100599882},
                {"messageUid":"1#10","messageType":4242,"alternativeMessageType":4243,"createdTimestamp":"1719100599882"},
                {"messageUid":{},"messageType":1,"createdTimestamp":"1"},
                {"messageUid":"1#11","createdTimestamp":"yesterday"},
                {"messageUid":"1#1","messageType":"2002","body":7,"createdTimestamp":"1719100599881","sender":{}}]}"#,
        );
        let told: Vec<_> = messages.iter().map(|it| (it.kind, it.uid.as_str())).collect();
        let other = MessageKind::Other(4242);
        let text = (MessageKind::Text, "1#12");
        assert_eq!(told, [(MessageKind::Left, "1#1"), (MessageKind::Image, "1#9"), (other, "1#10"), text]);
    }

    #[test]
    fn reactions_of_one_kind_are_one_with_many_hands() {
        let messages = read(
            r#"{"messages":[{"messageUid":"1#1","messageType":1,"createdTimestamp":"1","reactions":[
                {"reaction":"heart","accountId":"7"},{"reaction":"laugh","accountId":8},{"reaction":"heart","accountId":"9"},
                {"reaction":5},7]}]}"#,
        );
        let told: Vec<_> = messages[0].reactions.iter().map(|it| (it.name.as_str(), it.by.len())).collect();
        assert_eq!(told, [("heart", 2), ("laugh", 1)]);
    }
}

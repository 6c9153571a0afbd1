//! `cpss/v1`: shared parties (protocol section 4).

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{party::platform, tolerant};
use crate::model::{
    self, AccountId, ImageUrl, LinkPreview, OnlineId, PartyLink, PartySession, Platform, SessionId,
};

/// `GET {web}/cpss/v1/partyInfo/{linkId}`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkedParty {
    #[serde(deserialize_with = "tolerant::id")]
    #[schemars(extend("format" = "id"))]
    session_id: String,
    #[serde(default, deserialize_with = "tolerant::text")]
    session_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    is_joinable: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::each")]
    joinable_from: Vec<String>,
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
    ms_polling_interval: Option<u32>,
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
    max_members: Option<u32>,
    #[serde(default, deserialize_with = "tolerant::millis")]
    #[schemars(with = "Option<tolerant::Millis>")]
    time_started: Option<Timestamp>,
    #[serde(default, deserialize_with = "tolerant::image")]
    #[schemars(with = "Option<String>", extend("format" = "image"))]
    share_image_url: Option<ImageUrl>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    in_party: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::each")]
    members: Vec<Member>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Member {
    #[serde(default, deserialize_with = "tolerant::maybe")]
    is_host: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::text")]
    online_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    platform_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::maybe_account")]
    account_id: Option<AccountId>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    is_anonymous: Option<bool>,
}

/// More than any party holds are cut.
const MAX_MEMBERS: usize = 64;
/// As captured; also the least, whatever the answer says.
const POLL_EVERY: Duration = Duration::from_secs(5);

impl From<LinkedParty> for LinkPreview {
    fn from(wire: LinkedParty) -> Self {
        let interval = wire.ms_polling_interval.map(|millis| Duration::from_millis(millis.into()));
        let from: Vec<_> = wire.joinable_from.iter().map(|it| platform(it)).collect();
        Self {
            session: SessionId(wire.session_id),
            name: wire.session_name.unwrap_or_default(),
            is_joinable: wire.is_joinable.unwrap_or(false),
            joinable_from: from.into_iter().filter(|it| *it != Platform::Unknown).collect(),
            poll_every: interval.unwrap_or(POLL_EVERY).max(POLL_EVERY),
            max_members: wire.max_members.unwrap_or(PartySession::MAX_MEMBERS),
            started: wire.time_started,
            image: wire.share_image_url,
            is_inside: wire.in_party.unwrap_or(false),
            members: wire.members.into_iter().take(MAX_MEMBERS).map(Into::into).collect(),
        }
    }
}

impl From<Member> for model::LinkMember {
    fn from(wire: Member) -> Self {
        let is_named = !wire.is_anonymous.unwrap_or(false);
        let known = wire.account_id.filter(|account| account.0 != 0).zip(wire.online_id.map(OnlineId));
        Self {
            known: known.filter(|_| is_named),
            platform: wire.platform_id.as_deref().map_or(Platform::Unknown, platform),
            is_host: wire.is_host.unwrap_or(false),
        }
    }
}

/// The link in the answer of `GET {mobile}/cpss/v1/share/party/{sessionId}`, wherever it is in there: the shape was never
/// captured **[?]**.
pub fn link_in(answer: &Value) -> Option<PartyLink> {
    match answer {
        Value::String(text) => text.parse().ok(),
        Value::Array(values) => values.iter().find_map(link_in),
        Value::Object(fields) => fields.values().find_map(link_in),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_captured_preview_is_read_and_strangers_have_no_name() {
        let answers: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/answers.json")).expect("a fixture");
        let party: LinkedParty = serde_json::from_value(answers["partyInfo"].clone()).expect("parses");
        let preview = LinkPreview::from(party);
        assert!(preview.is_joinable && !preview.is_inside && preview.started.is_some());
        assert_eq!(preview.joinable_from, [Platform::Ps4, Platform::Ps5, Platform::Mobile]);
        let [member] = &*preview.members else { panic!("one member") };
        assert_eq!((member.is_host, &member.known), (true, &None));
    }

    #[test]
    fn no_answer_makes_the_client_ask_without_pause() {
        for interval in ["0", "\"1\"", "-5", "null", "{}"] {
            let text = format!(r#"{{"sessionId":"s","msPollingInterval":{interval},"members":7}}"#);
            let party: Result<LinkedParty, _> = serde_json::from_str(&text);
            assert!(party.is_err() || party.is_ok_and(|it| LinkPreview::from(it).poll_every >= POLL_EVERY));
        }
    }

    #[test]
    fn a_link_to_share_is_found_wherever_it_is() {
        let vectors: Vec<Value> =
            serde_json::from_str(include_str!("../../../tests/fixtures/party_link.json")).expect("a fixture");
        for vector in vectors {
            let answer = serde_json::json!({"share": {"image": "https://static.example/", "links": [7, vector["url"]]}});
            assert_eq!(link_in(&answer).expect("found").id(), vector["share_id"].as_str().expect("a text"));
        }
        assert_eq!(link_in(&serde_json::json!({"url": "https://evil.example/ASNFZ4mrTe-BI0VniavN7w"})), None);
    }
}

//! Requests, closeness, blocks and one setting of `userProfile` (protocol section 7).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tolerant;
use crate::model::{self, AccountId, FriendRelation};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["totalItemCount", "nextOffset", "previousOffset"]))]
pub struct ReceivedRequests {
    #[serde(default, deserialize_with = "tolerant::each")]
    pub received_requests: Vec<Request>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    #[serde(deserialize_with = "tolerant::account")]
    account_id: AccountId,
    #[serde(default, deserialize_with = "tolerant::date")]
    #[schemars(with = "Option<tolerant::Date>")]
    requested_date: Option<Timestamp>,
}

impl From<Request> for model::FriendRequest {
    fn from(wire: Request) -> Self {
        Self { from: wire.account_id, requested: wire.requested_date }
    }
}

/// Field names as older clients of the service know them; the values of `friendRelation` too **[I]**.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["isFavorite", "isBlocking"]))]
pub struct Summary {
    #[serde(default, deserialize_with = "tolerant::text")]
    friend_relation: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    personal_detail_sharing: Option<String>,
    /// -1 where the other keeps it to themselves, hence no number to this reader.
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
    friends_count: Option<u32>,
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
    mutual_friends_count: Option<u32>,
}

impl From<Summary> for model::FriendSummary {
    fn from(wire: Summary) -> Self {
        Self {
            relation: match wire.friend_relation.as_deref() {
                Some("friend") => FriendRelation::Friend,
                Some("no") => FriendRelation::Stranger,
                Some("requesting") => FriendRelation::Requested,
                Some("requested") => FriendRelation::Asks,
                _ => FriendRelation::Unknown,
            },
            real_name_sharing: wire.personal_detail_sharing,
            friends: wire.friends_count,
            mutual_friends: wire.mutual_friends_count,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["totalItemCount", "nextOffset", "previousOffset"]))]
pub struct Blocks {
    #[serde(default, deserialize_with = "tolerant::accounts")]
    pub block_list: Vec<AccountId>,
}

/// The answer is "the setting"; that its field is called like the setting is a guess, and writing it one more **[?]**.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppearOffline {
    pub appear_offline: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_a_date_or_with_an_odd_one_is_a_request() {
        let requests: ReceivedRequests = serde_json::from_str(
            r#"{"receivedRequests":[{"accountId":"7","requestedDate":"2026-02-14T03:03:35Z"},{"accountId":8},
                {"accountId":"9","requestedDate":"soon"},{"requestedDate":"2026-02-14T03:03:35Z"}]}"#,
        )
        .expect("parses");
        let requests: Vec<_> =
            requests.received_requests.into_iter().map(model::FriendRequest::from).collect();
        let known: Vec<_> = requests.iter().map(|it| (it.from.0, it.requested.is_some())).collect();
        assert_eq!(known, [(7, true), (8, false), (9, false)]);
    }

    #[test]
    fn what_somebody_keeps_to_themselves_is_no_number() {
        let summary: Summary =
            serde_json::from_str(r#"{"friendRelation":"no","friendsCount":-1,"mutualFriendsCount":2}"#)
                .expect("parses");
        let summary = model::FriendSummary::from(summary);
        assert_eq!(summary.relation, FriendRelation::Stranger);
        assert_eq!((summary.friends, summary.mutual_friends), (None, Some(2)));
    }
}

//! `search/v1` (public clients, see `psn/search.rs`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tolerant;
use crate::model::{AccountId, OnlineId};

/// Everybody, friend or not.
const PEOPLE: &str = "SocialAllAccounts";

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Search<'a> {
    search_term: &'a str,
    domain_requests: [Domain; 1],
}

#[derive(Serialize, JsonSchema)]
struct Domain {
    domain: &'static str,
}

impl<'a> Search<'a> {
    pub fn people(search_term: &'a str) -> Self {
        Self { search_term, domain_requests: [Domain { domain: PEOPLE }] }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["prefix", "suggestions", "fallbackQueried"]))]
pub struct Found {
    #[serde(default, deserialize_with = "tolerant::each")]
    domain_responses: Vec<Responses>,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(extend("x-not-read" = ["domain", "domainTitle", "domainTitleMessageId", "next", "totalResultCount",
    "zeroState", "univexId"]))]
struct Responses {
    #[serde(default, deserialize_with = "tolerant::each")]
    results: Vec<Hit>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["id", "type", "score"]))]
struct Hit {
    social_metadata: Person,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["accountType", "country", "language", "isPsPlus", "isOfficiallyVerified", "avatarUrl",
    "relationshipState", "mutualFriendsCount", "highlights", "verifiedUserName", "realNameDisplayStatus", "profilePicUrl",
    "firstName", "middleName", "lastName"]))]
struct Person {
    #[serde(deserialize_with = "tolerant::account")]
    account_id: AccountId,
    online_id: String,
}

impl Found {
    /// The search is a fuzzy one; only an exact match is who was meant.
    pub fn exactly(self, name: &OnlineId) -> Option<AccountId> {
        let mut people = self.domain_responses.into_iter().flat_map(|domain| domain.results);
        people
            .find(|hit| hit.social_metadata.online_id.eq_ignore_ascii_case(name.as_str()))
            .map(|hit| hit.social_metadata.account_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_name_is_who_was_meant() {
        let found = || -> Found {
            serde_json::from_str(
                r#"{"prefix":"wren","domainResponses":[{"domain":"SocialAllAccounts","results":[7,
                    {"id":"1","socialMetadata":{"accountId":"41","onlineId":"wren_44"}},
                    {"id":"2","socialMetadata":{"onlineId":"wren_4"}},
                    {"id":"3","socialMetadata":{"accountId":"42","onlineId":"Wren_4"}}]}]}"#,
            )
            .expect("parses")
        };
        assert_eq!(found().exactly(&"wren_4".into()), Some(AccountId(42)));
        assert_eq!(found().exactly(&"wren".into()), None);
        let search = serde_json::to_value(Search::people("wren_4")).expect("a body");
        let expected = serde_json::json!({"searchTerm": "wren_4",
            "domainRequests": [{"domain": "SocialAllAccounts"}]});
        assert_eq!(search, expected);
    }
}

//! `search/v1`: who has a name. `protocol.md` does not have this call; it is written from what the public clients `psn-api`,
//! `psnawp` and `psn-php` send and read, and as strict as they allow.

use axum::{Json, extract::State as Extract};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Account;
use crate::sandbox::{
    checks::{Body, Caller},
    refusal::Refusal,
    world::Shared,
};

const PEOPLE: &str = "SocialAllAccounts";
/// As long as any name may be, and some more.
const LONGEST_TERM: usize = 64;
const MAX_RESULTS: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Search {
    search_term: String,
    domain_requests: Vec<Domain>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Domain {
    domain: String,
}

/// Names that begin like the term, those nearest first; never the caller's own.
pub(super) async fn universal(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Body(search): Body<Search>,
) -> Result<Json<Value>, Refusal> {
    if world.faults.uncaptured_is_refused() {
        return Err(Refusal::NotPermitted);
    }
    let term = search.search_term.to_lowercase();
    if term.is_empty() || term.len() > LONGEST_TERM {
        return Err(Refusal::BadParameter("body: searchTerm"));
    }
    if !matches!(search.domain_requests.as_slice(), [it] if it.domain == PEOPLE) {
        return Err(Refusal::BadParameter("body: domainRequests"));
    }
    let state = world.state();
    let fits = |account: &&Account| account.id != me && account.online_id.to_lowercase().starts_with(&term);
    let mut found: Vec<&Account> = state.accounts.all().filter(fits).collect();
    found.sort_by_key(|account| account.online_id.len());
    let total = found.len();
    let results: Vec<Value> = found
        .into_iter()
        .take(MAX_RESULTS)
        .map(|account| {
            let person = json!({ "accountId": account.id.to_string(), "onlineId": account.online_id });
            json!({ "id": account.id.to_string(), "type": "social", "socialMetadata": person })
        })
        .collect();
    let domain = json!({ "domain": PEOPLE, "totalResultCount": total, "results": results });
    Ok(Json(json!({ "prefix": search.search_term, "domainResponses": [domain] })))
}

//! `userProfile`: friends, profiles, presences (section 7 of the protocol).

use axum::{
    Json, Router,
    extract::{Path, State as Extract},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Account, AccountId, Activity};
use crate::sandbox::{
    checks::{Caller, Parameters},
    refusal::Refusal,
    world::{Shared, State, now_millis},
};

/// Most ids in one question.
const MAX_IDS: usize = 100;
const PLATFORMS: [&str; 4] = ["PS4", "PS5", "MOBILE_APP", "PSPC"];

pub(in crate::sandbox) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v2/internal/users/{user}/friends", get(friends))
        .route("/v1/internal/users/profiles", get(profiles))
        .route("/v2/internal/users/basicPresences", get(presences))
}

impl State {
    /// What somebody is doing now: visitors are online while their push socket stands.
    pub fn activity(&self, account: &Account, now_millis: u64) -> Activity {
        if account.resident {
            self.crowd.activity(account.id, now_millis)
        } else if self.push.is_connected(account.id) {
            Activity::Online { game: None }
        } else {
            Activity::Offline { since: self.push.last_seen(account.id) }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FriendsQuery {
    limit: usize,
    offset: usize,
    order: String,
    platforms: String,
}

async fn friends(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(user): Path<String>,
    Parameters(query): Parameters<FriendsQuery>,
) -> Result<Json<Value>, Refusal> {
    if query.limit == 0 || query.limit > MAX_IDS {
        return Err(Refusal::BadParameter("query: limit"));
    }
    // A plus in a query is a space, unless the caller escaped it.
    if query.order.replace('+', " ") != "availability realName onlineId" {
        return Err(Refusal::BadParameter("query: order"));
    }
    check_platforms(&query.platforms)?;
    let state = world.state();
    let user = if user == "me" { me } else { user.parse().map_err(|_| Refusal::BadParameter("path"))? };
    state.accounts.get(user).ok_or(Refusal::NotFound)?;

    let now = now_millis();
    let mut friends: Vec<&Account> = state.accounts.friends_of(user).collect();
    friends.sort_by_cached_key(|friend| {
        (matches!(state.activity(friend, now), Activity::Offline { .. }), friend.online_id.to_lowercase())
    });
    let page: Vec<String> =
        friends.iter().skip(query.offset).take(query.limit).map(|friend| friend.id.to_string()).collect();
    let next = query.offset.saturating_add(page.len());
    let mut answer = json!({ "friends": page, "totalItemCount": friends.len() });
    if next < friends.len() {
        answer["nextOffset"] = json!(next);
    }
    Ok(Json(answer))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ProfilesQuery {
    account_ids: String,
}

async fn profiles(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Parameters(query): Parameters<ProfilesQuery>,
) -> Result<Json<Value>, Refusal> {
    let state = world.state();
    let profiles: Vec<Value> = asked(&state, &query.account_ids)?
        .into_iter()
        .map(|account| {
            json!({
                "onlineId": account.online_id,
                "aboutMe": account.about,
                "avatars": [],
                "languages": ["en-US"],
                "isPlus": true,
                "isOfficiallyVerified": false,
                "isMe": account.id == me,
            })
        })
        .collect();
    Ok(Json(json!({ "profiles": profiles })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PresencesQuery {
    account_ids: String,
    platforms: String,
    r#type: String,
    with_own_game_title_info: bool,
}

async fn presences(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Parameters(query): Parameters<PresencesQuery>,
) -> Result<Json<Value>, Refusal> {
    if query.r#type != "primary" {
        return Err(Refusal::BadParameter("query: type"));
    }
    check_platforms(&query.platforms)?;
    let state = world.state();
    let now = now_millis();
    let presences: Vec<Value> = asked(&state, &query.account_ids)?
        .into_iter()
        .map(|account| {
            let with_game = account.id != me || query.with_own_game_title_info;
            presence(account, state.activity(account, now), with_game)
        })
        .collect();
    Ok(Json(json!({ "basicPresences": presences })))
}

fn presence(account: &Account, activity: Activity, with_game: bool) -> Value {
    let platform = account.platform.wire();
    let (availability, status) = match activity {
        Activity::Online { .. } => ("availableToPlay", "online"),
        Activity::Offline { .. } => ("unavailable", "offline"),
    };
    let mut presence = json!({
        "accountId": account.id.to_string(),
        "availability": availability,
        "primaryPlatformInfo": { "onlineStatus": status, "platform": platform },
    });
    match activity {
        Activity::Online { game: Some(game) } if with_game => {
            presence["gameTitleInfoList"] = json!([{
                "npTitleId": title_id(game),
                "titleName": game,
                "format": platform.to_lowercase(),
                "launchPlatform": platform,
            }]);
        }
        Activity::Offline { since: Some(since) } => {
            let since = jiff::Timestamp::from_millisecond(since as i64).unwrap_or_default();
            let since = since.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
            presence["lastAvailableDate"] = json!(since);
            presence["primaryPlatformInfo"]["lastOnlineDate"] = json!(since);
        }
        Activity::Online { .. } | Activity::Offline { since: None } => {}
    }
    presence
}

/// An invented title id that stays the same for a game.
fn title_id(game: &str) -> String {
    let number = game.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 100_000);
    format!("PPSA{number:05}_00")
}

/// The accounts named in `accountIds`, in that order.
fn asked<'a>(state: &'a State, ids: &str) -> Result<Vec<&'a Account>, Refusal> {
    if ids.split(',').count() > MAX_IDS {
        return Err(Refusal::BadParameter("query: accountIds"));
    }
    ids.split(',')
        .map(|id| {
            let id: AccountId = id.parse().map_err(|_| Refusal::BadParameter("query: accountIds"))?;
            state.accounts.get(id).ok_or(Refusal::NotFound)
        })
        .collect()
}

fn check_platforms(platforms: &str) -> Result<(), Refusal> {
    let known = platforms.split(',').all(|platform| PLATFORMS.contains(&platform));
    if known { Ok(()) } else { Err(Refusal::BadParameter("query: platforms")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::people::{Accounts, Platform};

    #[test]
    fn presences_have_the_captured_shape() {
        let mut accounts = Accounts::default();
        let id = accounts.add_resident("tidewalker", "", Platform::Ps5);
        let account = accounts.get(id).expect("just added");
        let playing = presence(account, Activity::Online { game: Some("Deep Harbor") }, true);
        assert_eq!(playing["availability"], "availableToPlay");
        assert_eq!(playing["gameTitleInfoList"][0]["titleName"], "Deep Harbor");
        assert_eq!(playing["gameTitleInfoList"][0]["format"], "ps5");
        let away = presence(account, Activity::Offline { since: Some(1_771_038_215_858) }, true);
        assert_eq!(away["lastAvailableDate"], "2026-02-14T03:03:35.858Z");
        assert_eq!(away["primaryPlatformInfo"]["onlineStatus"], "offline");
    }
}

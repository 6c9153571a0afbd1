//! `userProfile` and `gamelist` (section 7 of the protocol), and `search`: where each call is answered, and what the calls share.

use axum::{
    Json, Router,
    extract::State as Extract,
    routing::{get, post, put},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Account, AccountId, Picture, friends, games, presence, search};
use crate::sandbox::{
    checks::{Caller, Parameters},
    pictures,
    refusal::Refusal,
    world::{Shared, State},
};

/// Most ids in one question.
pub(super) const MAX_IDS: usize = 100;
const PLATFORMS: [&str; 4] = ["PS4", "PS5", "MOBILE_APP", "PSPC"];

pub(in crate::sandbox) fn routes() -> Router<Shared> {
    const MINE: &str = "/v1/internal/users/me";
    Router::new()
        .route("/v2/internal/users/{user}/friends", get(friends::list))
        .route("/v1/internal/users/profiles", get(profiles))
        .route("/v2/internal/users/basicPresences", get(presence::basic))
        .route(&format!("{MINE}/friends/receivedRequests"), get(friends::received))
        .route(&format!("{MINE}/friends/{{account}}"), put(friends::befriend).delete(friends::part))
        .route(&format!("{MINE}/friends/{{account}}/summary"), get(friends::summary))
        .route(&format!("{MINE}/friends/{{account}}/personalDetailSharing"), post(friends::show_real_name))
        .route(&format!("{MINE}/blocks"), get(friends::blocks))
        .route(&format!("{MINE}/blocks/{{account}}"), put(friends::block).delete(friends::unblock))
        .route(
            &format!("{MINE}/userSettings/appearOffline"),
            get(presence::appearance).put(presence::change_appearance),
        )
}

pub(in crate::sandbox) fn game_routes() -> Router<Shared> {
    Router::new().route("/users/{user}/titles", get(games::titles))
}

pub(in crate::sandbox) fn search_routes() -> Router<Shared> {
    Router::new().route("/universalSearch", post(search::universal))
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
    let origin = world.base_url();
    let state = world.state();
    let asked = asked(&state, &query.account_ids)?;
    let profiles: Vec<Value> =
        asked.into_iter().map(|account| profile(&state, &origin, account, me)).collect();
    Ok(Json(json!({ "profiles": profiles })))
}

fn profile(state: &State, origin: &str, account: &Account, viewer: AccountId) -> Value {
    let url = |size| match account.picture {
        Picture::Drawn => Some(pictures::url(origin, account.id.0, size)),
        Picture::Missing => Some(pictures::missing_url(origin, size)),
        Picture::None => None,
    };
    let avatars: Vec<Value> = pictures::SIZES
        .into_iter()
        .filter_map(|(size, _)| Some(json!({ "size": size, "url": url(size)? })))
        .collect();
    // Spread over those who live here, the same in every run.
    let one_in = |share: u64| account.id.0.is_multiple_of(share);
    let languages = if one_in(3) { json!(["de-DE", "en-US"]) } else { json!(["en-US"]) };
    let mut profile = json!({
        "onlineId": account.online_id,
        "aboutMe": account.about,
        "avatars": avatars,
        "languages": languages,
        "isPlus": !one_in(4),
        "isOfficiallyVerified": account.resident && one_in(97),
        "isMe": account.id == viewer,
    });
    let is_friend = state.ties.are_friends(account.id, viewer) && account.resident;
    if let Some((first, last)) = account.real_name
        && (is_friend || state.ties.shows_real_name(account.id, viewer))
    {
        profile["personalDetail"] =
            json!({ "firstName": first, "lastName": last, "profilePictures": avatars });
    }
    profile
}

/// The account of a path, `me` included.
pub(super) fn user(state: &State, user: &str, me: AccountId) -> Result<AccountId, Refusal> {
    if user == "me" {
        return Ok(me);
    }
    let account = user.parse().map_err(|_| Refusal::BadParameter("path"))?;
    state.accounts.get(account).map(|account| account.id).ok_or(Refusal::NotFound)
}

/// The accounts named in `accountIds`, in that order.
pub(super) fn asked<'a>(state: &'a State, ids: &str) -> Result<Vec<&'a Account>, Refusal> {
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

pub(super) fn check_platforms(platforms: &str) -> Result<(), Refusal> {
    let known = platforms.split(',').all(|platform| PLATFORMS.contains(&platform));
    if known { Ok(()) } else { Err(Refusal::BadParameter("query: platforms")) }
}

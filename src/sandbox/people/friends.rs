//! Friends, requests and blocks of the caller, over the rules in `ties`.

use axum::{
    Json,
    extract::{Path, State as Extract},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Account, AccountId, Activity,
    routes::{MAX_IDS, check_platforms, user},
};
use crate::sandbox::{
    checks::{Caller, Parameters},
    clock::iso_date,
    push::Event,
    refusal::Refusal,
    world::{Shared, State, World, now_millis},
};

/// Most blocks in one answer, as the app asks for them.
const MAX_BLOCKS: usize = 2000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    limit: usize,
    offset: usize,
    order: String,
    platforms: String,
}

pub(super) async fn list(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(whose): Path<String>,
    Parameters(query): Parameters<ListQuery>,
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
    let whose = user(&state, &whose, me)?;

    let now = now_millis();
    let mut friends: Vec<&Account> = state.friends_of(whose).collect();
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

impl State {
    fn friends_of(&self, account: AccountId) -> impl Iterator<Item = &Account> {
        self.accounts.all().filter(move |other| self.ties.are_friends(account, other.id))
    }
}

pub(super) async fn received(Extract(world): Extract<Shared>, Caller(me): Caller) -> Json<Value> {
    let requests: Vec<Value> = world
        .state()
        .ties
        .received(me)
        .into_iter()
        .map(|(from, millis)| json!({ "accountId": from.to_string(), "requestedDate": iso_date(millis) }))
        .collect();
    Json(json!({ "receivedRequests": requests }))
}

/// Carries out a decision about another account.
fn decide(
    world: &World,
    other: &str,
    decision: impl FnOnce(&mut State, AccountId) -> Result<Vec<Event>, Refusal>,
) -> Result<StatusCode, Refusal> {
    world.change(|state| {
        // "me" is nobody else.
        let other = user(state, other, AccountId(0))?;
        decision(state, other).map(|events| ((), events))
    })?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn befriend(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(other): Path<String>,
) -> Result<StatusCode, Refusal> {
    decide(&world, &other, |state, other| state.ties.befriend(me, other, now_millis()))
}

pub(super) async fn part(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(other): Path<String>,
) -> Result<StatusCode, Refusal> {
    decide(&world, &other, |state, other| state.ties.part(me, other))
}

pub(super) async fn summary(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(other): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let state = world.state();
    let other = user(&state, &other, me)?;
    Ok(Json(state.ties.summary(me, other, state.friends_of(other).count())))
}

pub(super) async fn show_real_name(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(other): Path<String>,
) -> Result<StatusCode, Refusal> {
    decide(&world, &other, |state, other| state.ties.show_real_name(me, other).map(|()| Vec::new()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlocksQuery {
    offset: usize,
    limit: usize,
}

pub(super) async fn blocks(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Parameters(query): Parameters<BlocksQuery>,
) -> Result<Json<Value>, Refusal> {
    if query.limit == 0 || query.limit > MAX_BLOCKS {
        return Err(Refusal::BadParameter("query: limit"));
    }
    let state = world.state();
    let blocked = state.ties.blocked_by(me).skip(query.offset).take(query.limit);
    Ok(Json(json!({ "blockList": blocked.map(|id| id.to_string()).collect::<Vec<_>>() })))
}

pub(super) async fn block(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(other): Path<String>,
) -> Result<StatusCode, Refusal> {
    decide(&world, &other, |state, other| state.ties.block(me, other))
}

pub(super) async fn unblock(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(other): Path<String>,
) -> Result<StatusCode, Refusal> {
    decide(&world, &other, |state, other| state.ties.unblock(me, other).map(|()| Vec::new()))
}

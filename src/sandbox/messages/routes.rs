//! `gamingLoungeGroups/v1` (section 9 of the protocol). Where the protocol shortens a path with dots, the call is answered
//! below `members/me` and without it.

use axum::{
    Json, Router,
    extract::{Path, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    bodies::{FavoriteFilter, GroupQuery, ListQuery, MessagesQuery, NewGroup, NewMessage, Reaction},
    group::{Group, Kind, MessageKind, Page, number_of},
};
use crate::sandbox::{
    checks::{Body, Caller, Parameters},
    parties::Party,
    people::AccountId,
    push::{Event, guessed},
    refusal::Refusal,
    world::{Shared, State, now_millis},
};

const MAX_GROUPS: usize = 200;
const MAX_MESSAGES: usize = 200;

pub(in crate::sandbox) fn routes() -> Router<Shared> {
    let of_one = || {
        Router::new()
            .route("/groups/{group}", get(one))
            .route("/groups/{group}/typing", post(typing))
            .route("/groups/{group}/threads/{thread}/messages", get(messages).post(send))
            .route("/groups/{group}/threads/{thread}/reactions", post(react))
    };
    Router::new()
        .route("/groups", post(open))
        .route("/members/me/groups", get(list))
        .route("/members/me/groups/openPartySessions", get(open_parties))
        .merge(of_one())
        .nest("/members/me", of_one())
}

async fn list(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Value>, Refusal> {
    if !(1..=MAX_GROUPS).contains(&query.limit) {
        return Err(Refusal::BadParameter("query: limit"));
    }
    check_fields(query.include_fields.as_deref())?;
    let state = world.state();
    let mut groups = state.groups.of(me);
    groups.retain(|group| group.favorite == (query.favorite_filter == FavoriteFilter::Favorite));
    let page: Vec<Value> =
        groups.iter().skip(query.offset).take(query.limit).map(|group| group.json(&state.accounts)).collect();
    let next = query.offset.saturating_add(page.len());
    let mut answer = json!({ "groups": page });
    if next < groups.len() {
        answer["nextOffset"] = json!(next);
    }
    if query.offset > 0 {
        answer["previousOffset"] = json!(query.offset.saturating_sub(query.limit));
    }
    Ok(Json(answer))
}

fn check_fields(fields: Option<&str>) -> Result<(), Refusal> {
    let known = fields.is_none_or(|fields| !fields.is_empty());
    if known { Ok(()) } else { Err(Refusal::BadParameter("query: includeFields")) }
}

async fn one(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(group): Path<String>,
    Parameters(query): Parameters<GroupQuery>,
) -> Result<Json<Value>, Refusal> {
    check_fields(query.include_fields.as_deref())?;
    let state = world.state();
    Ok(Json(state.groups.get(&group, me)?.json(&state.accounts)))
}

async fn open(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Body(body): Body<NewGroup>,
) -> Result<Response, Refusal> {
    let invitees = body
        .invitees
        .iter()
        .map(|invitee| invitee.account_id.parse())
        .collect::<Result<Vec<AccountId>, _>>()
        .map_err(|_| Refusal::BadParameter("accountId"))?;
    let opened = world.change(|state| {
        let mut members = vec![me];
        for invitee in invitees {
            if state.may_write(me, invitee) && !members.contains(&invitee) {
                members.push(invitee);
            }
        }
        let kind = match members.len() {
            1 => return Err(Refusal::RefusedByTargets),
            2 => Kind::Two,
            _ => Kind::Several,
        };
        let (group, events) = state.groups.open(members, kind, now_millis())?;
        Ok((json!({ "groupId": group.id, "mainThread": { "threadId": group.thread } }), events))
    })?;
    Ok((StatusCode::CREATED, Json(opened)).into_response())
}

impl State {
    /// Whoever exists and has not blocked the sender.
    fn may_write(&self, from: AccountId, to: AccountId) -> bool {
        self.accounts.get(to).is_some() && !self.ties.has_blocked(to, from)
    }

    /// A group of two falls silent when one blocked the other.
    fn writable(&mut self, group: &str, thread: &str, me: AccountId) -> Result<&mut Group, Refusal> {
        let group = self.groups.get_mut(group, me)?;
        if group.thread != thread {
            return Err(Refusal::NotFound);
        }
        let blocked = || group.others(me).iter().any(|other| self.ties.has_blocked(*other, me));
        if group.kind == Kind::Two && blocked() {
            return Err(Refusal::RefusedByTargets);
        }
        Ok(group)
    }
}

async fn messages(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path((group, thread)): Path<(String, String)>,
    Parameters(query): Parameters<MessagesQuery>,
) -> Result<Json<Value>, Refusal> {
    if !(1..=MAX_MESSAGES).contains(&query.limit) || (query.before.is_some() && query.after.is_some()) {
        return Err(Refusal::BadParameter("query: limit, before, after"));
    }
    let number = |uid: Option<String>| match uid {
        None => Ok(None),
        Some(uid) => number_of(&uid).map(Some).ok_or(Refusal::BadParameter("query: before, after")),
    };
    let page = Page { limit: query.limit, before: number(query.before)?, after: number(query.after)? };
    let state = world.state();
    let group = state.groups.get(&group, me)?;
    if group.thread != thread {
        return Err(Refusal::NotFound);
    }
    Ok(Json(group.page(&page, &state.accounts)))
}

async fn send(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path((group, thread)): Path<(String, String)>,
    Body(message): Body<NewMessage>,
) -> Result<Response, Refusal> {
    if message.message_type != MessageKind::TEXT {
        return Err(Refusal::BadParameter("messageType"));
    }
    let now = now_millis();
    let uid = world.change(|state| {
        let group = state.writable(&group, &thread, me)?;
        let (uid, event) = group.write(me, MessageKind::Text, &message.body, now)?;
        Ok::<_, Refusal>((uid, vec![event]))
    })?;
    let answer = json!({ "messageUid": uid, "createdTimestamp": now.to_string() });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

async fn typing(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(group): Path<String>,
) -> Result<StatusCode, Refusal> {
    world.change(|state| {
        let from = state.accounts.get(me).ok_or(Refusal::NotPermitted)?.address();
        let group = state.groups.get(&group, me)?;
        let data = json!({ "groupId": group.id, "customProperties": { "from": from } });
        let event = Event { to: group.others(me), data_type: guessed::TYPING_CREATED, data };
        Ok::<_, Refusal>(((), vec![event]))
    })?;
    Ok(StatusCode::NO_CONTENT)
}

async fn react(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path((group, thread)): Path<(String, String)>,
    Body(body): Body<Reaction>,
) -> Result<StatusCode, Refusal> {
    world.change(|state| {
        let group = state.writable(&group, &thread, me)?;
        let event = group.react(me, &body.message_uid, &body.reaction)?;
        Ok::<_, Refusal>(((), vec![event]))
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Parties that members of the caller's groups are in and that the caller may join. The answer's shape is a guess.
async fn open_parties(Extract(world): Extract<Shared>, Caller(me): Caller) -> Json<Value> {
    let state = world.state();
    let mut groups = Vec::new();
    for group in state.groups.of(me) {
        let is_in = |party: &&Party| {
            group.others(me).iter().any(|other| party.member(*other).is_some())
                && party.member(me).is_none()
                && party.is_joinable_by(me, &state.ties)
        };
        let sessions: Vec<Value> =
            state.parties.all().filter(is_in).map(|party| json!({ "sessionId": party.id })).collect();
        if !sessions.is_empty() {
            groups.push(json!({ "groupId": group.id, "partySessions": sessions }));
        }
    }
    Json(json!({ "groups": groups }))
}

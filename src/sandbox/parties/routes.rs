//! `sessionManager/v2` (section 4 of the protocol): bodies of exactly the captured shape, then the rules.

use axum::{
    Json, Router,
    extract::{Path, State as Extract},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{delete, get, patch, post},
};
use serde_json::{Value, json};

use super::{
    bodies::{
        BridgeBody, BridgesBody, CreateBody, InvitationType, InviteBody, JoinBody, ListBody, ListQuery,
        MemberBody, MessageBody, NewSession, ReadQuery, Recipient, SessionType, TermsBody,
    },
    session::Party,
    values::{BridgeLink, Denied, Entry, MemberChange, Person, Terms, TermsChange},
};
use crate::sandbox::{
    checks::{self, Body, Caller, Parameters},
    people::AccountId,
    refusal::Refusal,
    world::{Shared, State, now_millis},
};

/// Most sessions, invitations or recipients named in one call.
const MAX_LISTED: usize = 100;
const SESSION_IDS: &str = "x-psn-session-manager-session-ids";
const PROFANITY_FILTER: &str = "x-psn-session-manager-set-profanity-filter-language-code";
const SHARE_ID: &str = "x-psn-session-manager-cpss-id";
const IGNORE_CONFLICT: &str = "x-psn-session-manager-ignore-conflict";

pub(in crate::sandbox) fn routes() -> Router<Shared> {
    Router::new()
        .route("/partySessions", get(read).post(create))
        .route("/sys/gameBase/parties/bulkGet", post(list))
        .route("/users/me/partySessionsInvitations", get(my_invitations))
        .route("/partySessions/{id}", patch(change_terms))
        .route("/partySessions/{id}/members", post(join))
        .route("/partySessions/{id}/members/me", patch(update_me).delete(leave))
        .route("/partySessions/{id}/members/{account}", delete(remove))
        .route("/partySessions/{id}/invitations", post(invite))
        .route("/partySessions/{id}/bridges", post(link_bridge))
        .route("/partySessions/{id}/customMessage", post(message))
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NoSuchParty => Self::NoSuchGroup,
            Denied::NotPermitted => Self::NotPermitted,
            Denied::Full => Self::PartyFull,
            Denied::BadValue(name) => Self::BadParameter(name),
            Denied::TooManyParties => Self::TooMany,
            Denied::NotUnderstood => Self::BodyNotUnderstood,
            Denied::TooFast => Self::TooFast,
        }
    }
}

impl State {
    /// How sessions show somebody.
    pub fn person(&self, account: AccountId) -> Result<Person, Denied> {
        self.accounts.get(account).map(Person::from).ok_or(Denied::NotPermitted)
    }
}

/// Calls on one session name it in a header too.
fn check_session(headers: &HeaderMap, id: &str) -> Result<(), Refusal> {
    if checks::text(headers, SESSION_IDS) == Some(id) {
        Ok(())
    } else {
        Err(Refusal::BadParameter("header: X-PSN-SESSION-MANAGER-SESSION-IDS"))
    }
}

fn check_language(headers: &HeaderMap) -> Result<(), Refusal> {
    let language = checks::text(headers, PROFANITY_FILTER).unwrap_or_default();
    if (2..=16).contains(&language.len()) {
        Ok(())
    } else {
        Err(Refusal::BadParameter("header: X-PSN-SESSION-MANAGER-SET-PROFANITY-FILTER-LANGUAGE-CODE"))
    }
}

async fn read(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    headers: HeaderMap,
    Parameters(query): Parameters<ReadQuery>,
) -> Result<Json<Value>, Refusal> {
    if query.view != "v3" {
        return Err(Refusal::BadParameter("query: view"));
    }
    let ids = checks::text(&headers, SESSION_IDS)
        .filter(|ids| !ids.is_empty())
        .ok_or(Refusal::BadParameter("header: X-PSN-SESSION-MANAGER-SESSION-IDS"))?;
    let ids: Vec<&str> = ids.split(',').map(str::trim).take(MAX_LISTED + 1).collect();
    if ids.len() > MAX_LISTED {
        return Err(Refusal::BadParameter("header: X-PSN-SESSION-MANAGER-SESSION-IDS"));
    }
    let state = world.state();
    Ok(Json(json!({ "v2PartySessions": state.parties.visible(&ids, me, &state.ties) })))
}

async fn list(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Parameters(query): Parameters<ListQuery>,
    Body(body): Body<ListBody>,
) -> Result<Json<Value>, Refusal> {
    if !(1..=MAX_LISTED).contains(&query.limit) {
        return Err(Refusal::BadParameter("query: limit"));
    }
    if body.group_invited_party_sessions.len() > MAX_LISTED {
        return Err(Refusal::BadParameter("groupInvitedPartySessions"));
    }
    let state = world.state();
    Ok(Json(json!({ "parties": state.parties.listed(me, &state.ties, query.limit) })))
}

async fn my_invitations(Extract(world): Extract<Shared>, Caller(me): Caller) -> Json<Value> {
    if world.faults.invitations_are_unlisted() {
        return Json(json!({ "invitations": [] }));
    }
    let state = world.state();
    let invitations: Vec<Value> = state
        .parties
        .all()
        .filter_map(|party| Some((party, party.invitation(me)?)))
        .filter(|(_, invitation)| !state.ties.has_blocked(me, invitation.from.account))
        .map(|(party, invitation)| {
            json!({
                "invitationId": invitation.id,
                "invitationType": "NORMAL",
                "sessionId": party.id,
                "from": {
                    "accountId": invitation.from.account.to_string(),
                    "onlineId": invitation.from.online_id,
                    "platform": invitation.from.platform.wire(),
                },
                "receivedTimestamp": invitation.sent_millis.to_string(),
            })
        })
        .collect();
    Json(json!({ "invitations": invitations }))
}

async fn create(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    headers: HeaderMap,
    Body(body): Body<CreateBody>,
) -> Result<Response, Refusal> {
    check_language(&headers)?;
    let [session @ NewSession { session_type: SessionType::Room, .. }] = body.sessions;
    let [member] = session.members;
    let terms = Terms {
        name: session.session_name,
        max_members: session.max_members,
        visibility: session.visibility_type,
        joinable: session.joinable_user_type,
    };
    let session = world.change(|state| {
        let who = state.person(me)?;
        state.parties.create(&who, terms, member.into(), now_millis())
    });
    let session = session.map_err(Refusal::from)?;
    Ok((StatusCode::CREATED, Json(json!({ "v2PartySessions": [session] }))).into_response())
}

async fn change_terms(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<TermsBody>,
) -> Result<StatusCode, Refusal> {
    check_session(&headers, &id)?;
    if body.session_name.is_some() {
        check_language(&headers)?;
    }
    let change = TermsChange {
        name: body.session_name,
        max_members: body.max_members,
        visibility: body.visibility_type,
        joinable: body.joinable_user_type,
    };
    if change.is_empty() {
        return Err(Refusal::BodyNotUnderstood);
    }
    let changed = world.change(|state| {
        let who = state.person(me)?;
        state.parties.change(&id, |party| party.change_terms(&who, change))
    });
    changed.map_err(Refusal::from)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn join(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<JoinBody>,
) -> Result<Response, Refusal> {
    check_session(&headers, &id)?;
    let [member] = body.members;
    let link = checks::text(&headers, SHARE_ID).map(str::to_owned);
    let entry = Entry { link, ..member.into() };
    let joined = world.change(|state| {
        let who = state.person(me)?;
        state.parties.join(&id, &who, entry, &state.ties, now_millis())
    });
    joined.map_err(Refusal::from)?;
    let member = { world.state().parties.get(&id).and_then(|party| party.member(me)).map(|it| it.json()) };
    Ok((StatusCode::CREATED, Json(json!({ "members": [member] }))).into_response())
}

async fn update_me(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<MemberBody>,
) -> Result<StatusCode, Refusal> {
    check_session(&headers, &id)?;
    let change = MemberChange {
        custom_data3: body.custom_data3,
        custom_data4: body.custom_data4,
        voice_chat_activated: body.voice_chat_activated,
    };
    if change.is_empty() {
        return Err(Refusal::BodyNotUnderstood);
    }
    let updated = world.change(|state| {
        let who = state.person(me)?;
        state.parties.change(&id, |party| party.update_member(&who, change))
    });
    updated.map_err(Refusal::from)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn leave(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    check_session(&headers, &id)?;
    world.change(|state| state.parties.leave(&id, me)).map_err(Refusal::from)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path((id, account)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    check_session(&headers, &id)?;
    let account: AccountId = account.parse().map_err(|_| Refusal::BadParameter("path"))?;
    let removed = world.change(|state| state.parties.change(&id, |party| party.remove(me, account)));
    removed.map_err(Refusal::from)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn invite(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<InviteBody>,
) -> Result<Response, Refusal> {
    check_session(&headers, &id)?;
    let InviteBody { invitation_type: InvitationType::Normal, invitations, invitations_to_groups: [] } = body;
    if invitations.is_empty() || invitations.len() > MAX_LISTED {
        return Err(Refusal::BadParameter("invitations"));
    }
    let to = invitations
        .iter()
        .map(|invitee| invitee.to.account_id.parse())
        .collect::<Result<Vec<AccountId>, _>>()
        .map_err(|_| Refusal::BadParameter("accountId"))?;
    let sent = world.change(|state| {
        let reachable =
            |to: &AccountId| state.accounts.get(*to).is_some() && !state.ties.has_blocked(*to, me);
        let known: Vec<AccountId> = to.into_iter().filter(reachable).collect();
        if known.is_empty() {
            return Err(Refusal::RefusedByTargets);
        }
        let who = state.person(me)?;
        Ok(state.parties.get_mut(&id)?.invite(&who, &known, now_millis())?)
    })?;
    Ok((StatusCode::CREATED, Json(json!({ "invitations": sent }))).into_response())
}

async fn link_bridge(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<BridgesBody>,
) -> Result<Response, Refusal> {
    check_session(&headers, &id)?;
    if checks::text(&headers, IGNORE_CONFLICT) != Some("true") {
        return Err(Refusal::BadParameter("header: X-PSN-SESSION-MANAGER-IGNORE-CONFLICT"));
    }
    let [BridgeBody { bridge_id, bridge_token }] = body.bridges;
    let bridge = world.bridges.get(&bridge_id).ok_or(Refusal::NotFound)?;
    if !bridge.admits(&bridge_token) {
        return Err(Refusal::NotPermitted);
    }
    let link = BridgeLink { id: bridge_id, token: bridge_token };
    let answer = json!({ "bridges": [{ "bridgeId": &link.id, "bridgeToken": &link.token }] });
    let linked = world.change(|state| {
        let who = state.person(me)?;
        state.parties.change(&id, |party| party.link_bridge(&who, link))
    });
    linked.map_err(Refusal::from)?;
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

async fn message(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<MessageBody>,
) -> Result<StatusCode, Refusal> {
    check_session(&headers, &id)?;
    if !body.channel.starts_with("miranda:") || body.channel.len() > 64 {
        return Err(Refusal::BadParameter("channel"));
    }
    if body.without_sequence_number == Some(false) {
        return Err(Refusal::BadParameter("withoutSequenceNumber"));
    }
    let to =
        body.to.map(|recipients| recipients.iter().map(Recipient::account).collect::<Result<Vec<_>, _>>());
    let to = to.transpose()?;
    let sent = world.change(|state| {
        let who = state.person(me)?;
        let send = |party: &mut Party| party.message(&who, &body.channel, &body.payload, to, now_millis());
        state.parties.change(&id, send)
    });
    sent.map_err(Refusal::from)?;
    Ok(StatusCode::NO_CONTENT)
}

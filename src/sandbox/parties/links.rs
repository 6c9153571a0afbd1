//! Links that people share (section 4 of the protocol): what one leads to, without sign-in, and a page that lists those of
//! this sandbox. The sandbox has no phone app to copy a link from, so the page is where they come from.

use axum::{
    Json, Router,
    extract::{Path, State as Extract},
    http::HeaderMap,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::session::Party;
use crate::sandbox::{
    checks::{self, Caller, Parameters},
    page,
    people::AccountId,
    refusal::Refusal,
    sign_in,
    world::{Shared, State},
};

/// The page that links name, and that calls about them come from.
const PARTY_PAGE: &str = "https://party.playstation.com";

pub(in crate::sandbox) fn api_routes() -> Router<Shared> {
    Router::new().route("/partyInfo/{link}", get(info)).route("/share/party/{session}", get(share))
}

pub(in crate::sandbox) fn page_routes() -> Router<Shared> {
    Router::new().route("/", get(list))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InfoQuery {
    country: String,
    language: String,
}

async fn info(
    Extract(world): Extract<Shared>,
    Path(link): Path<String>,
    headers: HeaderMap,
    Parameters(query): Parameters<InfoQuery>,
) -> Result<Json<Value>, Refusal> {
    if query.country.len() != 2 || query.language.is_empty() {
        return Err(Refusal::BadParameter("query: country, language"));
    }
    if checks::text(&headers, "origin") != Some(PARTY_PAGE) {
        return Err(Refusal::BadParameter("header: Origin"));
    }
    if !checks::text(&headers, "referer").is_some_and(|from| from.starts_with(PARTY_PAGE)) {
        return Err(Refusal::BadParameter("header: Referer"));
    }
    // Nobody has to be signed in.
    let viewer = checks::bearer(&headers, &world).ok();
    let state = world.state();
    let party = state.parties.all().find(|party| party.link == link).ok_or(Refusal::NoSuchGroup)?;
    Ok(Json(describe(party, &state, viewer)))
}

/// Strangers are anonymous; who asks without signing in knows nobody.
fn describe(party: &Party, state: &State, viewer: Option<AccountId>) -> Value {
    let is_known = |who| viewer.is_some_and(|viewer| viewer == who || state.ties.are_friends(viewer, who));
    let members: Vec<Value> = party
        .members()
        .iter()
        .map(|member| {
            let account = member.person.account;
            let known = is_known(account);
            json!({
                "isHost": account == party.owner,
                "onlineId": if known { member.person.online_id.as_str() } else { "_anonymous_user" },
                "platformId": member.platform().wire(),
                "accountId": if known { account.to_string() } else { "0".to_owned() },
                "isAnonymous": !known,
            })
        })
        .collect();
    json!({
        "sessionId": party.id,
        "sessionName": party.name(),
        "isJoinable": party.has_room(),
        "joinableFrom": ["PS4", "PS5", "MOBILE_APP"],
        "msPollingInterval": 5000,
        "maxMembers": party.max_members(),
        "timeStarted": party.created_millis(),
        "shareImageUrl": "",
        "inParty": viewer.is_some_and(|viewer| party.member(viewer).is_some()),
        "members": members,
    })
}

/// A link to share, for members. What the real answer holds is not known: the sandbox's guess.
async fn share(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Path(session): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let state = world.state();
    let party = state.parties.get(&session).filter(|party| party.is_visible_to(me, &state.ties));
    let party = party.ok_or(Refusal::NoSuchGroup)?;
    if party.member(me).is_none() {
        return Err(Refusal::NotPermitted);
    }
    Ok(Json(json!({ "sessionId": party.id, "shareUrl": format!("{PARTY_PAGE}/{}", party.link) })))
}

async fn list(Extract(world): Extract<Shared>, headers: HeaderMap) -> Response {
    let visitor = sign_in::visitor(&world, &headers).map_or_else(String::new, |visitor| {
        let (name, sign_out) = (page::escape(&visitor.online_id), sign_in::SIGN_OUT);
        format!("<p>This browser is signed in as {name}. <a href=\"{sign_out}\">Sign out</a> to use another account.</p>")
    });
    let state = world.state();
    let mut items = String::new();
    for party in state.parties.all() {
        let name = if party.name().is_empty() { "A party without a name" } else { party.name() };
        let (name, count, link) = (page::escape(name), party.members().len(), page::escape(&party.link));
        items.push_str(&format!("<li>{name}, {count} inside<br><code>{PARTY_PAGE}/{link}</code></li>"));
    }
    let body = if items.is_empty() {
        "<p>No party runs here now.</p>".to_owned()
    } else {
        format!("<p>Join one with its link.</p><ul>{items}</ul>")
    };
    let (residents, visitors) = state.accounts.all().fold((0, 0), |(residents, visitors), account| {
        if account.resident { (residents + 1, visitors) } else { (residents, visitors + 1) }
    });
    let body = format!(
        "<h1>Partyline sandbox</h1>{body}{visitor}<p>{residents} live here, {visitors} signed in so far. Everything \
         here is in memory alone.</p>"
    );
    (page::headers(), Html(page::document("Partyline sandbox", &body))).into_response()
}

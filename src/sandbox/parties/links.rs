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
    checks::{self, Parameters},
    page,
    refusal::Refusal,
    sign_in,
    world::Shared,
};

/// The page that links name, and that calls about them come from.
const PARTY_PAGE: &str = "https://party.playstation.com";

pub(in crate::sandbox) fn info_routes() -> Router<Shared> {
    Router::new().route("/partyInfo/{link}", get(info))
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
    let state = world.state();
    let party = state.parties.all().find(|party| party.link == link).ok_or(Refusal::NoSuchGroup)?;
    Ok(Json(describe(party)))
}

/// Whoever asks is a stranger, so everybody inside is anonymous.
fn describe(party: &Party) -> Value {
    let members: Vec<Value> = party
        .members()
        .iter()
        .enumerate()
        .map(|(seat, member)| {
            json!({
                "isHost": seat == 0,
                "onlineId": "_anonymous_user",
                "platformId": member.platform().wire(),
                "accountId": "0",
                "isAnonymous": true,
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
        "inParty": false,
        "members": members,
    })
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
    let body = format!("<h1>Partyline sandbox</h1>{body}{visitor}<p>Everything here is in memory alone.</p>");
    (page::headers(), Html(page::document("Partyline sandbox", &body))).into_response()
}

//! The browser's session: begun by the sign-in page, kept in the `npsso` cookie, ended by signing out.

use axum::{
    Form, Json,
    extract::State as Extract,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{AUTHORIZE, authorize, found, page};
use crate::sandbox::{
    checks, page as frame,
    people::{Account, NameRefused},
    world::{Shared, World, now_millis},
};

const COOKIE: &str = "npsso";

/// The cookie's value, whatever it is worth.
pub(super) fn npsso(headers: &HeaderMap) -> Option<&str> {
    let cookies = checks::text(headers, header::COOKIE.as_str())?;
    cookies.split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// Who is signed in in the browser that asks.
pub(in crate::sandbox) fn visitor(world: &World, headers: &HeaderMap) -> Option<Account> {
    let now = world.clock.moment().now;
    let state = world.state();
    let account = state.tokens.session(npsso(headers)?, now)?;
    state.accounts.get(account).cloned()
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    account: String,
    /// The authorize request to go back to. Absent: the caller has no browser and wants the session as JSON.
    #[serde(rename = "continue")]
    request: Option<String>,
}

/// Signs an account in, new names included.
pub(super) async fn sign_in(Extract(world): Extract<Shared>, Form(form): Form<SignIn>) -> Response {
    let now = world.clock.moment().now;
    let name = form.account.trim();
    let session = world.change(|state| {
        let is_new = !state.accounts.is_known(name);
        let account = state.accounts.sign_in(name)?;
        let met = if is_new { state.welcome(account, world.config.groups, now_millis()) } else { Vec::new() };
        Ok::<_, NameRefused>((state.tokens.start_session(account, now), met))
    });
    match (session, form.request) {
        (Ok(npsso), Some(request)) => {
            let mut on = found(&format!("{AUTHORIZE}?{request}"));
            set_cookie(&mut on, &format!("{COOKIE}={npsso}; Path=/; HttpOnly; SameSite=Lax"));
            on
        }
        (Ok(npsso), None) => {
            ([(header::CACHE_CONTROL, "no-store")], Json(json!({ "npsso": npsso }))).into_response()
        }
        (Err(refused), Some(request)) => authorize::render_page(&world, &request, Some(&refused.to_string())),
        (Err(refused), None) => {
            let body = json!({ "error": "invalid_account", "error_description": refused.to_string() });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    }
}

/// Ends the browser's session. With an authorize request as its query, goes on with that: "use another account".
pub(super) async fn sign_out(Extract(world): Extract<Shared>, headers: HeaderMap, uri: Uri) -> Response {
    if let Some(npsso) = npsso(&headers) {
        world.state().tokens.end_session(npsso);
    }
    let mut answer = match uri.query().filter(|query| !query.is_empty()) {
        Some(request) => found(&format!("{AUTHORIZE}?{request}")),
        None => (frame::headers(), Html(page::signed_out())).into_response(),
    };
    set_cookie(&mut answer, &format!("{COOKIE}=; Path=/; Max-Age=0"));
    answer
}

/// The session of the browser that asks, for the sign-in without a redirect.
pub(super) async fn ssocookie(Extract(world): Extract<Shared>, headers: HeaderMap) -> Response {
    let now = world.clock.moment().now;
    let session = npsso(&headers).filter(|npsso| world.state().tokens.session(npsso, now).is_some());
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    match session {
        Some(npsso) => (no_store, Json(json!({ "npsso": npsso }))).into_response(),
        None => {
            let body =
                json!({ "error": "invalid_grant", "error_description": "Invalid login", "error_code": 20 });
            (StatusCode::UNAUTHORIZED, no_store, Json(body)).into_response()
        }
    }
}

fn set_cookie(answer: &mut Response, cookie: &str) {
    // Sessions are letters and digits: every cookie of ours is a header.
    if let Ok(cookie) = cookie.parse() {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}

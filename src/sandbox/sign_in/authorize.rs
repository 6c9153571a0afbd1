//! The browser's way: authorize, the detour over the sign-in page, and back to the client with a code.

use std::time::SystemTime;

use axum::{
    Form, Json,
    body::Body,
    extract::State as Extract,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use url::{Host, Url, form_urlencoded};
use uuid::Uuid;

use super::{AUTHORIZE, CLIENT_ID, SCOPE, SESSION_COOKIE, SIGN_IN_PAGE, page, tokens::Grant};
use crate::sandbox::{checks, page as frame, world::Shared};

/// An authorize request that passed every check.
struct Authorization {
    redirect_uri: Url,
    cid: Uuid,
    state: String,
}

/// Why it did not.
enum Invalid {
    /// Nobody to send the browser back to: said on a page.
    Untrusted(&'static str),
    /// Said to the client, through the redirect.
    Client { redirect_uri: Box<Url>, state: String, error: &'static str, parameter: &'static str },
}

impl Authorization {
    fn parse(query: &str) -> Result<Self, Invalid> {
        let get = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        if get("client_id") != CLIENT_ID {
            return Err(Invalid::Untrusted("This client_id is not the sandbox's own."));
        }
        let redirect_uri = Url::parse(&get("redirect_uri"))
            .ok()
            .filter(is_loopback)
            .ok_or(Invalid::Untrusted("The redirect_uri must be a page at http://127.0.0.1:PORT."))?;
        let state = get("state");
        let refuse = |error, parameter| Invalid::Client {
            redirect_uri: Box::new(redirect_uri.clone()),
            state: state.clone(),
            error,
            parameter,
        };
        let fixed = [
            ("response_type", "code", "unsupported_response_type"),
            ("scope", SCOPE, "invalid_scope"),
            ("access_type", "offline", "invalid_request"),
            ("service_entity", "urn:service-entity:psn", "invalid_request"),
            ("ui", "pr", "invalid_request"),
        ];
        if let Some((name, _, error)) = fixed.into_iter().find(|(name, value, _)| get(name) != *value) {
            return Err(refuse(error, name));
        }
        if !is_duid(&get("duid")) {
            return Err(refuse("invalid_request", "duid"));
        }
        if state.is_empty() || state.len() > 512 {
            return Err(refuse("invalid_request", "state"));
        }
        let cid = Uuid::parse_str(&get("cid")).map_err(|_| refuse("invalid_request", "cid"))?;
        Ok(Self { redirect_uri, cid, state })
    }

    fn back(&self, answer: &[(&str, &str)]) -> Response {
        redirect(&self.redirect_uri, answer, &self.state)
    }
}

impl IntoResponse for Invalid {
    fn into_response(self) -> Response {
        match self {
            Self::Untrusted(problem) => {
                (StatusCode::BAD_REQUEST, frame::headers(), Html(page::problem(problem))).into_response()
            }
            Self::Client { redirect_uri, state, error, parameter } => {
                redirect(&redirect_uri, &[("error", error), ("error_description", parameter)], &state)
            }
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "http" && loopback && url.port().is_some() && url.username().is_empty()
}

/// One per install: a fixed head and 16 random bytes, in lower-case hex.
fn is_duid(text: &str) -> bool {
    text.len() == 48
        && text.starts_with("0000000700410080")
        && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// 302 as the service answers, with the parameters added to the address.
fn redirect(target: &Url, answer: &[(&str, &str)], state: &str) -> Response {
    let mut target = target.clone();
    target.query_pairs_mut().extend_pairs(answer).append_pair("state", state);
    found(target.as_str())
}

fn found(location: &str) -> Response {
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::FOUND, headers, Body::empty()).into_response()
}

/// With a session: back to the client with a code. Without: to the sign-in page.
pub(super) async fn authorize(Extract(world): Extract<Shared>, headers: HeaderMap, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    let authorization = match Authorization::parse(query) {
        Ok(authorization) => authorization,
        Err(invalid) => return invalid.into_response(),
    };
    let mut state = world.state();
    let session = cookie(&headers).and_then(|npsso| state.tokens.session(npsso));
    let Some(account) = session else {
        return found(&format!("{SIGN_IN_PAGE}?error=login_required&error_code=4165&{query}"));
    };
    let cid = authorization.cid;
    let grant = Grant { account, redirect_uri: authorization.redirect_uri.to_string(), cid };
    let code = state.tokens.issue_code(grant, SystemTime::now());
    drop(state);
    let mut back = authorization.back(&[("code", &code), ("cid", &cid.to_string())]);
    // The browser forgets the session, so that a second client in it can choose another account. The real service
    // remembers; a sandbox is there to try several people.
    if let Ok(forget) = format!("{SESSION_COOKIE}=; Path=/; Max-Age=0").parse() {
        back.headers_mut().insert(header::SET_COOKIE, forget);
    }
    back
}

/// The page where somebody picks or names an account.
pub(super) async fn sign_in_page(Extract(world): Extract<Shared>, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    render_page(&world, query, None)
}

fn render_page(world: &Shared, query: &str, problem: Option<&str>) -> Response {
    // What brought the browser here; the page carries it back to authorize.
    let request = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(
            form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key != "error" && key != "error_code"),
        )
        .finish();
    let authorization = match Authorization::parse(&request) {
        Ok(authorization) => authorization,
        Err(invalid) => return invalid.into_response(),
    };
    let mut cancel = authorization.redirect_uri.clone();
    cancel
        .query_pairs_mut()
        .extend_pairs([("error", "access_denied"), ("state", authorization.state.as_str())]);
    let names: Vec<String> =
        world.state().accounts.visitors().map(|account| account.online_id.clone()).collect();
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let page = page::sign_in(&names, &request, cancel.as_str(), problem);
    (status, frame::headers(), Html(page)).into_response()
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
    let session = {
        let mut state = world.state();
        state.accounts.sign_in(form.account.trim()).map(|account| state.tokens.start_session(account))
    };
    match (session, form.request) {
        (Ok(npsso), Some(request)) => {
            let cookie = format!("{SESSION_COOKIE}={npsso}; Path=/; HttpOnly; SameSite=Lax");
            // 303: the browser goes on with GET.
            ([(header::SET_COOKIE, cookie)], Redirect::to(&format!("{AUTHORIZE}?{request}"))).into_response()
        }
        (Ok(npsso), None) => {
            let cookie = format!("{SESSION_COOKIE}={npsso}; Path=/; HttpOnly; SameSite=Lax");
            ([(header::SET_COOKIE, cookie)], Json(json!({ "npsso": npsso }))).into_response()
        }
        (Err(refused), Some(request)) => render_page(&world, &request, Some(&refused.to_string())),
        (Err(refused), None) => {
            let body = json!({ "error": "invalid_account", "error_description": refused.to_string() });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    }
}

/// The session of the browser that asks.
pub(super) async fn ssocookie(Extract(world): Extract<Shared>, headers: HeaderMap) -> Response {
    match cookie(&headers).filter(|npsso| world.state().tokens.session(npsso).is_some()) {
        Some(npsso) => Json(json!({ "npsso": npsso })).into_response(),
        None => {
            let body =
                json!({ "error": "invalid_grant", "error_description": "Invalid login", "error_code": 20 });
            (StatusCode::UNAUTHORIZED, Json(body)).into_response()
        }
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = checks::text(headers, header::COOKIE.as_str())?;
    cookies.split(';').find_map(|pair| pair.trim().strip_prefix(SESSION_COOKIE)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_pages_may_be_redirected_to() {
        for good in ["http://127.0.0.1:8123/callback", "http://[::1]:8123/", "http://localhost:8123/x?y=z"] {
            assert!(Url::parse(good).is_ok_and(|url| is_loopback(&url)), "{good}");
        }
        for bad in [
            "https://127.0.0.1:8123/",
            "http://127.0.0.1.example:8123/",
            "http://192.0.2.1:8123/",
            "javascript:alert(1)",
            "http://user@127.0.0.1:8123/",
        ] {
            assert!(!Url::parse(bad).is_ok_and(|url| is_loopback(&url)), "{bad}");
        }
    }
}

//! The browser's way: authorize, the detour over the sign-in page, and back to the client with a code.

use axum::{
    extract::State as Extract,
    http::{HeaderMap, StatusCode, Uri},
    response::{Html, IntoResponse, Response},
};
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::{SCOPE, SIGN_IN_PAGE, clients::OAuthClient, found, page, session, tokens::Grant};
use crate::sandbox::{faults::Twist, page as frame, world::Shared};

/// An authorize request that passed every check.
struct Authorization {
    client: OAuthClient,
    redirect_uri: Url,
    /// As it was written: the token request must repeat it to the letter.
    redirect_text: String,
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
        let client = OAuthClient::by_id(&get("client_id"))
            .ok_or(Invalid::Untrusted("This client_id is not one of the sandbox's own."))?;
        let redirect_text = get("redirect_uri");
        let redirect_uri = client
            .redirect(&redirect_text)
            .ok_or(Invalid::Untrusted("The redirect_uri is not one of this client's."))?;
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
        Ok(Self { client, redirect_uri, redirect_text, cid, state })
    }
}

impl IntoResponse for Invalid {
    fn into_response(self) -> Response {
        match self {
            Self::Untrusted(problem) => {
                (StatusCode::BAD_REQUEST, frame::headers(), Html(page::problem(problem))).into_response()
            }
            Self::Client { redirect_uri, state, error, parameter } => {
                let answer = [("error", error), ("error_description", parameter)];
                found(back(&redirect_uri, &answer, &state).as_str())
            }
        }
    }
}

/// One per install: a fixed head and 16 random bytes, in lower-case hex.
fn is_duid(text: &str) -> bool {
    text.len() == 48
        && text.starts_with("0000000700410080")
        && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Where the browser goes back to, with an answer for the client.
fn back(redirect_uri: &Url, answer: &[(&str, &str)], state: &str) -> Url {
    let mut target = redirect_uri.clone();
    target.query_pairs_mut().extend_pairs(answer).append_pair("state", state);
    target
}

/// With a session: back to the client with a code. Without: to the sign-in page.
pub(super) async fn authorize(Extract(world): Extract<Shared>, headers: HeaderMap, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    let Authorization { client, redirect_uri, redirect_text, cid, state } = match Authorization::parse(query)
    {
        Ok(authorization) => authorization,
        Err(invalid) => return invalid.into_response(),
    };
    let Some(visitor) = session::visitor(&world, &headers) else {
        return found(&format!("{SIGN_IN_PAGE}?error=login_required&error_code=4165&{query}"));
    };
    let grant = Grant { account: visitor.id, client, redirect_uri: redirect_text, cid };
    let code = world.state().tokens.issue_code(grant, world.clock.moment().now);
    let state = if world.faults.strikes(Twist::WrongState) { Uuid::new_v4().to_string() } else { state };
    let target = back(&redirect_uri, &[("code", &code), ("cid", &cid.to_string())], &state);
    if world.faults.strikes(Twist::RedirectTwice) {
        return (frame::headers(), Html(page::redirect_twice(target.as_str()))).into_response();
    }
    found(target.as_str())
}

/// The page where somebody picks or names an account.
pub(super) async fn sign_in_page(Extract(world): Extract<Shared>, uri: Uri) -> Response {
    render_page(&world, uri.query().unwrap_or_default(), None)
}

pub(super) fn render_page(world: &Shared, query: &str, problem: Option<&str>) -> Response {
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
    let cancel = back(&authorization.redirect_uri, &[("error", "access_denied")], &authorization.state);
    let names: Vec<String> =
        world.state().accounts.visitors().map(|account| account.online_id.clone()).collect();
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let page = page::sign_in(&names, &request, cancel.as_str(), problem);
    (status, frame::headers(), Html(page)).into_response()
}

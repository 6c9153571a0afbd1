//! The token endpoint: a code or a refresh token in, an access token out.

use axum::{
    Form, Json,
    extract::{State as Extract, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{SCOPE, clients::OAuthClient};
use crate::sandbox::{
    checks,
    faults::Twist,
    world::{Shared, World},
};

/// Calls of the token endpoint so far; each is counted in one place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenCalls {
    pub code: Calls,
    pub refresh: Calls,
    /// Refused: no grant that the endpoint knows.
    pub unknown: u64,
    /// Answered by a fault in the endpoint's place.
    pub kept_away: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calls {
    /// With tokens. Whether the answer arrived is not known.
    pub answered: u64,
    pub refused: u64,
}

impl TokenCalls {
    fn count(&mut self, request: Option<&TokenRequest>, answered: bool) {
        let calls = match request {
            Some(TokenRequest::Code { .. }) => &mut self.code,
            Some(TokenRequest::Refresh { .. }) => &mut self.refresh,
            None => return self.unknown += 1,
        };
        if answered { calls.answered += 1 } else { calls.refused += 1 }
    }
}

#[derive(Deserialize)]
#[serde(tag = "grant_type")]
pub(super) enum TokenRequest {
    #[serde(rename = "authorization_code")]
    Code { token_format: TokenFormat, redirect_uri: String, code: String, cid: Uuid },
    #[serde(rename = "refresh_token")]
    Refresh { token_format: TokenFormat, refresh_token: String, scope: String },
}

/// The one format there is.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TokenFormat {
    Jwt,
}

/// OAuth's error shape, with PSN's number.
struct OAuthError {
    status: StatusCode,
    error: &'static str,
    description: String,
    code: u32,
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let body = json!({
            "error": self.error, "error_description": self.description, "error_code": self.code,
        });
        (self.status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
    }
}

impl OAuthError {
    fn bad_request(error: &'static str, description: impl Into<String>, code: u32) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, description: description.into(), code }
    }
}

pub(super) async fn token(
    Extract(world): Extract<Shared>,
    headers: HeaderMap,
    form: Result<Form<TokenRequest>, FormRejection>,
) -> Response {
    let request = form.as_ref().ok().map(|Form(request)| request);
    let answer = answer(&world, &headers, request);
    world.state().token_calls.count(request, answer.is_ok());
    match answer {
        Ok(tokens) => ([(header::CACHE_CONTROL, "no-store")], Json(tokens)).into_response(),
        Err(error) => {
            tracing::debug!(error = error.error, description = error.description, "token request refused");
            error.into_response()
        }
    }
}

fn answer(world: &World, headers: &HeaderMap, request: Option<&TokenRequest>) -> Result<Value, OAuthError> {
    let invalid = |description: &str| OAuthError::bad_request("invalid_request", description, 4104);
    let client = client(world, headers)?;
    let correlation = checks::text(headers, "x-psn-correlation-id")
        .and_then(|id| Uuid::parse_str(id).ok())
        .ok_or_else(|| invalid("X-Psn-Correlation-Id is missing"))?;
    let mut answer = match request.ok_or_else(|| invalid("The form is not a known grant"))? {
        TokenRequest::Code { cid, .. } if *cid != correlation => {
            return Err(invalid("cid differs from X-Psn-Correlation-Id"));
        }
        TokenRequest::Code { token_format: TokenFormat::Jwt, redirect_uri, code, cid } => {
            redeem(world, client, redirect_uri, code, *cid)?
        }
        TokenRequest::Refresh { token_format: TokenFormat::Jwt, refresh_token, scope } => {
            refresh(world, client, refresh_token, scope)?
        }
    };
    if world.faults.strikes(Twist::TextLifetime) {
        for field in ["expires_in", "refresh_token_expires_in"] {
            if let Some(seconds) = answer.get_mut(field) {
                *seconds = Value::String(seconds.to_string());
            }
        }
    }
    Ok(answer)
}

/// Which client asks.
fn client(world: &World, headers: &HeaderMap) -> Result<OAuthClient, OAuthError> {
    checks::text(headers, header::AUTHORIZATION.as_str())
        .and_then(OAuthClient::by_basic)
        .filter(|_| !world.faults.strikes(Twist::InvalidClient))
        .ok_or_else(|| OAuthError {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_client",
            description: "Bad client credentials".to_owned(),
            code: 4102,
        })
}

fn redeem(
    world: &World,
    client: OAuthClient,
    redirect_uri: &str,
    code: &str,
    cid: Uuid,
) -> Result<Value, OAuthError> {
    let tokens = &mut world.state().tokens;
    if world.faults.strikes(Twist::ExpiredCode) {
        tokens.expire_code(code);
    }
    if world.faults.strikes(Twist::UsedCode) {
        tokens.use_up_code(code);
    }
    let answer = tokens.redeem_code(code, client, redirect_uri, cid, world.clock.moment());
    answer.map_err(|why| OAuthError::bad_request("invalid_grant", format!("Invalid code: {why}"), 4159))
}

fn refresh(
    world: &World,
    client: OAuthClient,
    refresh_token: &str,
    scope: &str,
) -> Result<Value, OAuthError> {
    if scope != SCOPE {
        return Err(OAuthError::bad_request("invalid_scope", "Unknown scope", 4110));
    }
    let answer = world.state().tokens.refresh(refresh_token, client, world.clock.moment());
    let invalid =
        |why| OAuthError::bad_request("invalid_grant", format!("Invalid refresh token: {why}"), 4160);
    let mut answer = answer.map_err(invalid)?;
    if world.faults.strikes(Twist::NoRefreshToken)
        && let Some(fields) = answer.as_object_mut()
    {
        fields.remove("refresh_token");
        fields.remove("refresh_token_expires_in");
    }
    Ok(answer)
}

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
use crate::sandbox::{checks, faults::Twist, world::Shared};

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

impl Calls {
    fn count(&mut self, answered: bool) {
        if answered { self.answered += 1 } else { self.refused += 1 }
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

fn bad_request(error: &'static str, description: String, code: u32) -> OAuthError {
    OAuthError { status: StatusCode::BAD_REQUEST, error, description, code }
}

pub(super) async fn token(
    Extract(world): Extract<Shared>,
    headers: HeaderMap,
    form: Result<Form<TokenRequest>, FormRejection>,
) -> Response {
    let answer = match &form {
        Ok(Form(request)) => {
            let answer = answer(&world, &headers, request);
            let calls = &mut world.state().token_calls;
            match request {
                TokenRequest::Code { .. } => calls.code.count(answer.is_ok()),
                TokenRequest::Refresh { .. } => calls.refresh.count(answer.is_ok()),
            }
            answer
        }
        Err(_) => {
            world.state().token_calls.unknown += 1;
            Err(client(&world, &headers).err().unwrap_or_else(|| {
                bad_request("invalid_request", "The form is not a known grant".into(), 4104)
            }))
        }
    };
    match answer {
        Ok(tokens) => ([(header::CACHE_CONTROL, "no-store")], Json(tokens)).into_response(),
        Err(error) => {
            tracing::debug!(error = error.error, description = error.description, "token request refused");
            error.into_response()
        }
    }
}

/// Which client asks.
fn client(world: &Shared, headers: &HeaderMap) -> Result<OAuthClient, OAuthError> {
    checks::text(headers, header::AUTHORIZATION.as_str())
        .and_then(OAuthClient::by_basic)
        .filter(|_| !world.faults.strikes(Twist::InvalidClient))
        .ok_or(OAuthError {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_client",
            description: "Bad client credentials".into(),
            code: 4102,
        })
}

fn answer(world: &Shared, headers: &HeaderMap, request: &TokenRequest) -> Result<Value, OAuthError> {
    let client = client(world, headers)?;
    let correlation =
        checks::text(headers, "x-psn-correlation-id")
            .and_then(|id| Uuid::parse_str(id).ok())
            .ok_or_else(|| bad_request("invalid_request", "X-Psn-Correlation-Id is missing".into(), 4104))?;
    let faults = &world.faults;
    let moment = world.clock.moment();
    let tokens = &mut world.state().tokens;
    let mut answer = match request {
        TokenRequest::Code { token_format: TokenFormat::Jwt, redirect_uri, code, cid } => {
            if *cid != correlation {
                let description = "cid differs from X-Psn-Correlation-Id";
                return Err(bad_request("invalid_request", description.into(), 4104));
            }
            if faults.strikes(Twist::ExpiredCode) {
                tokens.expire_code(code);
            }
            if faults.strikes(Twist::UsedCode) {
                tokens.use_up_code(code);
            }
            let answer = tokens.redeem_code(code, client, redirect_uri, *cid, moment);
            answer.map_err(|why| bad_request("invalid_grant", format!("Invalid code: {why}"), 4159))?
        }
        TokenRequest::Refresh { token_format: TokenFormat::Jwt, refresh_token, scope } => {
            if scope != SCOPE {
                return Err(bad_request("invalid_scope", "Unknown scope".into(), 4110));
            }
            let answer = tokens.refresh(refresh_token, client, moment);
            let mut answer = answer
                .map_err(|why| bad_request("invalid_grant", format!("Invalid refresh token: {why}"), 4160))?;
            if faults.strikes(Twist::NoRefreshToken)
                && let Some(fields) = answer.as_object_mut()
            {
                fields.remove("refresh_token");
                fields.remove("refresh_token_expires_in");
            }
            answer
        }
    };
    if faults.strikes(Twist::TextLifetime) {
        for field in ["expires_in", "refresh_token_expires_in"] {
            if let Some(seconds) = answer.get_mut(field) {
                *seconds = Value::String(seconds.to_string());
            }
        }
    }
    Ok(answer)
}

//! The token endpoint: a code or a refresh token in, an access token out.

use std::time::SystemTime;

use axum::{
    Form, Json,
    extract::{State as Extract, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CLIENT_ID, CLIENT_SECRET, SCOPE};
use crate::sandbox::{checks, world::Shared};

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
    description: &'static str,
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

fn bad_request(error: &'static str, description: &'static str, code: u32) -> OAuthError {
    OAuthError { status: StatusCode::BAD_REQUEST, error, description, code }
}

pub(super) async fn token(
    Extract(world): Extract<Shared>,
    headers: HeaderMap,
    form: Result<Form<TokenRequest>, FormRejection>,
) -> Response {
    match answer(&world, &headers, form) {
        Ok(tokens) => ([(header::CACHE_CONTROL, "no-store")], Json(tokens)).into_response(),
        Err(error) => {
            tracing::debug!(error = error.error, description = error.description, "token request refused");
            error.into_response()
        }
    }
}

fn answer(
    world: &Shared,
    headers: &HeaderMap,
    form: Result<Form<TokenRequest>, FormRejection>,
) -> Result<Value, OAuthError> {
    let expected = format!("Basic {}", STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}")));
    if checks::text(headers, header::AUTHORIZATION.as_str()) != Some(expected.as_str()) {
        return Err(OAuthError {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_client",
            description: "Bad client credentials",
            code: 4102,
        });
    }
    let correlation =
        checks::text(headers, "x-psn-correlation-id")
            .and_then(|id| Uuid::parse_str(id).ok())
            .ok_or_else(|| bad_request("invalid_request", "X-Psn-Correlation-Id is missing", 4104))?;
    let Form(request) =
        form.map_err(|_| bad_request("invalid_request", "The form is not a known grant", 4104))?;
    let mut state = world.state();
    let now = SystemTime::now();
    match request {
        TokenRequest::Code { token_format: TokenFormat::Jwt, redirect_uri, code, cid } => {
            if cid != correlation {
                return Err(bad_request("invalid_request", "cid differs from X-Psn-Correlation-Id", 4104));
            }
            let tokens = state.tokens.redeem_code(&code, &redirect_uri, cid, now);
            tokens.map_err(|_| bad_request("invalid_grant", "Invalid code", 4159))
        }
        TokenRequest::Refresh { token_format: TokenFormat::Jwt, refresh_token, scope } => {
            if scope != SCOPE {
                return Err(bad_request("invalid_scope", "Unknown scope", 4110));
            }
            let tokens = state.tokens.refresh(&refresh_token, now);
            tokens.map_err(|_| bad_request("invalid_grant", "Invalid refresh token", 4160))
        }
    }
}

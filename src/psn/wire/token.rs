//! The token endpoint (protocol section 2). `oauth2` writes the forms and reads the answers; these are what both are
//! expected to be, for captures to be held against.

use schemars::JsonSchema;
use serde::Deserialize;

/// The form that exchanges a code.
#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read for its shape")]
pub struct CodeGrant {
    token_format: String,
    grant_type: String,
    redirect_uri: String,
    code: String,
    cid: String,
}

/// The form that exchanges a refresh token.
#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read for its shape")]
pub struct RefreshGrant {
    token_format: String,
    grant_type: String,
    refresh_token: String,
    scope: String,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read for its shape")]
pub struct Granted {
    access_token: String,
    token_type: String,
    expires_in: u64,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    id_token: Option<String>,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    refresh_token_expires_in: Option<u64>,
}

/// OAuth's own error shape, with a number of the service's.
#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read for its shape")]
pub struct NotGranted {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
    #[serde(default)]
    error_code: Option<u64>,
}

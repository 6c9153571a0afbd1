//! The token endpoint (protocol section 2). `oauth2` writes the forms; here they are what captures are held against.

use std::time::Duration;

use oauth2::{AccessToken, RefreshToken, Scope, TokenResponse, basic::BasicTokenType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tolerant;

#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[schemars(extend("x-not-read" = ["token_type", "scope", "id_token"]))]
pub struct TokenAnswer {
    #[schemars(with = "String")]
    pub access_token: AccessToken,
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
    pub expires_in: Option<u32>,
    /// Absent in an answer that leaves the old one in force.
    #[serde(default, deserialize_with = "tolerant::maybe")]
    #[schemars(with = "Option<String>")]
    pub refresh_token: Option<RefreshToken>,
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
    pub refresh_token_expires_in: Option<u32>,
}

impl TokenAnswer {
    pub fn stay(&self) -> Option<Duration> {
        self.refresh_token_expires_in.map(|seconds| Duration::from_secs(seconds.into()))
    }
}

impl TokenResponse for TokenAnswer {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &BasicTokenType::Bearer
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(|seconds| Duration::from_secs(seconds.into()))
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

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

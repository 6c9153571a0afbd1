//! The token endpoint's answer (protocol section 2).

use std::time::Duration;

use oauth2::{AccessToken, RefreshToken, Scope, TokenResponse, basic::BasicTokenType};
use serde::{Deserialize, Serialize};

use super::tolerant;

/// The id token and the scope are there as well; nothing of ours needs them.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct TokenAnswer {
    pub access_token: AccessToken,
    #[serde(default, deserialize_with = "tolerant::number")]
    pub expires_in: Option<u32>,
    /// Absent in an answer that leaves the old one in force.
    #[serde(default, deserialize_with = "tolerant::maybe")]
    pub refresh_token: Option<RefreshToken>,
    #[serde(default, deserialize_with = "tolerant::number")]
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

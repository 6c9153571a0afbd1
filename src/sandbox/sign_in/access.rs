//! Access tokens: JWTs that say who may call until when, signed so that nobody else makes any. Pure: time is an argument.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::clients::OAuthClient;
use crate::sandbox::people::AccountId;

pub(super) struct AccessTokens {
    /// Replaced to invalidate every token at once.
    key: hmac::Key,
    lifetime: Duration,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    account_id: String,
    client_id: String,
    device_type: String,
    iat: u64,
    exp: u64,
    jti: Uuid,
}

impl AccessTokens {
    /// The lifetime counts in whole seconds.
    pub fn new(lifetime: Duration) -> Self {
        Self { key: new_key(), lifetime }
    }

    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    pub fn issue(&self, account: AccountId, client: OAuthClient, now: SystemTime) -> String {
        let issued = unix_seconds(now);
        let claims = json!(Claims {
            account_id: account.to_string(),
            client_id: client.id().to_owned(),
            device_type: "MOBILE_APP".to_owned(),
            iat: issued,
            exp: issued + self.lifetime.as_secs(),
            jti: Uuid::new_v4(),
        });
        let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(json!({ "typ": "JWT", "alg": "HS256" })), part(claims));
        let signature = hmac::sign(&self.key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The account of a token that this sandbox signed and that is not over.
    pub fn verify(&self, token: &str, now: SystemTime) -> Option<AccountId> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (_, claims) = signed.split_once('.')?;
        hmac::verify(&self.key, signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        if unix_seconds(now) >= claims.exp {
            return None;
        }
        claims.account_id.parse().ok()
    }

    pub fn expire_all(&mut self) {
        self.key = new_key();
    }
}

fn new_key() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &rand::random::<[u8; 32]>())
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_was_tampered_with_is_refused() {
        let (tokens, now) = (AccessTokens::new(Duration::from_secs(60)), SystemTime::now());
        let account = AccountId(1_152_921_504_606_846_977);
        let token = tokens.issue(account, OAuthClient::Loopback, now);
        assert_eq!(tokens.verify(&token, now), Some(account));
        for forged in [token.replacen("ey", "eY", 2).as_str(), "a.b.c", ""] {
            assert_eq!(tokens.verify(forged, now), None);
        }
        let elsewhere = AccessTokens::new(Duration::from_secs(60));
        assert_eq!(elsewhere.verify(&token, now), None);
    }
}

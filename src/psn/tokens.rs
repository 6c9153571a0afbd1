//! The access token in force and its renewal: one refresh for all who wait, never cancelled half-way.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio_util::task::TaskTracker;

use super::{
    Error,
    oauth::{OAuth, SignInError},
};
use crate::model::AccountId;

/// Renewed this long before its end, so that no call meets the end.
const EARLY: Duration = Duration::from_secs(5 * 60);
/// A refresh that failed for want of a network is not tried again sooner: hammering the token endpoint gets an address banned.
const FAILED_PAUSE: Duration = Duration::from_secs(2);

/// A bearer token. Never printed.
#[derive(Clone)]
pub struct AccessToken {
    secret: SecretString,
    /// Tells this token from its successors without comparing secrets.
    generation: u64,
}

impl AccessToken {
    pub(super) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }
}

/// What a grant brought.
pub(super) struct Grant {
    pub access: SecretString,
    pub lifetime: Duration,
    /// Absent in an answer that leaves the old one in force.
    pub refresh: Option<SecretString>,
}

/// The tokens of one account. They live in memory alone.
pub struct Tokens {
    oauth: OAuth,
    account: AccountId,
    stay: Arc<Mutex<Stay>>,
}

struct Stay {
    access: AccessToken,
    renew_at: Instant,
    refresh: Option<SecretString>,
    failed_at: Option<Instant>,
    ended: bool,
}

impl Tokens {
    /// # Errors
    /// When the access token names no account.
    pub(super) fn new(oauth: OAuth, grant: Grant) -> Result<Self, SignInError> {
        let account = account_in(grant.access.expose_secret()).ok_or(SignInError::NotUnderstood)?;
        let stay = Stay {
            access: AccessToken { secret: grant.access, generation: 0 },
            renew_at: renew_at(grant.lifetime),
            refresh: grant.refresh,
            failed_at: None,
            ended: false,
        };
        Ok(Self { oauth, account, stay: Arc::new(Mutex::new(stay)) })
    }

    pub fn account(&self) -> AccountId {
        self.account
    }

    /// A token that is good for now.
    pub(super) async fn access(&self, refreshes: &TaskTracker) -> Result<AccessToken, Error> {
        let token = {
            let stay = self.stay.lock().await;
            if stay.ended {
                return Err(Error::SignInEnded);
            }
            if Instant::now() < stay.renew_at {
                return Ok(stay.access.clone());
            }
            stay.access.clone()
        };
        self.refresh(&token, refreshes).await
    }

    /// Replaces `stale`, unless somebody already did. The exchange runs on `refreshes` and goes on if the caller is dropped:
    /// the service may already have acted on it.
    pub(super) async fn refresh(
        &self,
        stale: &AccessToken,
        refreshes: &TaskTracker,
    ) -> Result<AccessToken, Error> {
        let mut stay = Arc::clone(&self.stay).lock_owned().await;
        if stay.ended {
            return Err(Error::SignInEnded);
        }
        if stay.access.generation != stale.generation {
            return Ok(stay.access.clone());
        }
        if let Some(failed) = stay.failed_at
            && failed.elapsed() < FAILED_PAUSE
        {
            return Err(Error::RateLimited { wait: FAILED_PAUSE.saturating_sub(failed.elapsed()) });
        }
        let Some(refresh) = stay.refresh.clone() else {
            stay.ended = true;
            return Err(Error::SignInEnded);
        };
        let oauth = self.oauth.clone();
        let renewal = refreshes.spawn(async move {
            match oauth.refresh(&refresh).await {
                Ok(grant) => {
                    stay.access = AccessToken {
                        secret: grant.access,
                        generation: stay.access.generation.wrapping_add(1),
                    };
                    stay.renew_at = renew_at(grant.lifetime);
                    stay.failed_at = None;
                    if grant.refresh.is_some() {
                        stay.refresh = grant.refresh;
                    }
                    tracing::debug!("access token renewed");
                    Ok(stay.access.clone())
                }
                Err(SignInError::Refused) => {
                    stay.ended = true;
                    Err(Error::SignInEnded)
                }
                Err(SignInError::Service(error)) => {
                    stay.failed_at = Some(Instant::now());
                    Err(error)
                }
                Err(SignInError::NotUnderstood) => {
                    stay.failed_at = Some(Instant::now());
                    Err(Error::Incomplete { what: "token", field: "access_token" })
                }
            }
        });
        renewal.await.unwrap_or(Err(Error::SignInEnded))
    }
}

/// Counted from the answer by our own clock, so a wrong system clock does no harm.
fn renew_at(lifetime: Duration) -> Instant {
    Instant::now() + lifetime.saturating_sub(EARLY.min(lifetime / 5))
}

/// Reads the claims without checking the signature: we are the bearer, not the verifier.
fn account_in(jwt: &str) -> Option<AccountId> {
    #[derive(Deserialize)]
    struct Claims {
        account_id: serde_json::Value,
    }
    let claims = BASE64_URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1)?).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    match claims.account_id {
        serde_json::Value::String(text) => text.parse().ok(),
        serde_json::Value::Number(number) => number.as_u64().map(AccountId),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.sig", BASE64_URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn the_account_is_read_from_a_string_or_a_number() {
        let id = Some(AccountId(1234567890123456789));
        assert_eq!(account_in(&jwt(r#"{"account_id":"1234567890123456789"}"#)), id);
        assert_eq!(account_in(&jwt(r#"{"account_id":1234567890123456789}"#)), id);
    }

    #[test]
    fn a_token_that_is_not_a_jwt_names_nobody() {
        for text in ["", "abc", "a.b.c", "..", &jwt("{}"), &jwt(r#"{"account_id":[]}"#)] {
            assert_eq!(account_in(text), None, "{text}");
        }
    }
}

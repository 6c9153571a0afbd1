//! The access token in force and its renewal: one refresh for all who wait, never cancelled half-way.

use std::{
    ops::RangeInclusive,
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
/// A token lives no shorter and no longer, whatever an answer says.
const LIFETIMES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(24 * 3600);
/// Hammering the token endpoint gets an address banned for hours: a refresh that reached nobody may be tried soon, one that
/// was answered ever later.
const UNREACHED_PAUSE: Duration = Duration::from_secs(2);
const ANSWERED_PAUSE: Duration = Duration::from_secs(5);
const BLOCKED_PAUSE: Duration = Duration::from_secs(5 * 60);

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
    expires_at: Instant,
    refresh: Option<SecretString>,
    /// After refreshes that failed.
    not_before: Option<Instant>,
    failures: u32,
    ended: bool,
}

impl Stay {
    fn take_in(&mut self, grant: Grant) {
        let lifetime = grant.lifetime.clamp(*LIFETIMES.start(), *LIFETIMES.end());
        let generation = self.access.generation.wrapping_add(1);
        self.access = AccessToken { secret: grant.access, generation };
        // Counted from the answer by our own clock, so a wrong system clock does no harm.
        self.expires_at = Instant::now() + lifetime;
        self.renew_at = self.expires_at - EARLY.min(lifetime / 5);
        self.not_before = None;
        self.failures = 0;
        if grant.refresh.is_some() {
            self.refresh = grant.refresh;
        }
    }

    fn put_off(&mut self, error: &Error) {
        let pause = match error {
            Error::Unreachable(_) => UNREACHED_PAUSE,
            Error::Blocked => BLOCKED_PAUSE,
            Error::RateLimited { wait } => *wait,
            _ => ANSWERED_PAUSE * (1 << self.failures.min(6)),
        };
        self.failures += 1;
        self.not_before = Some(Instant::now() + pause);
    }
}

impl Tokens {
    /// # Errors
    /// When the access token names no account.
    pub(super) fn new(oauth: OAuth, grant: Grant) -> Result<Self, SignInError> {
        let account = account_in(grant.access.expose_secret()).ok_or(SignInError::NotUnderstood)?;
        let now = Instant::now();
        let mut stay = Stay {
            access: AccessToken { secret: SecretString::default(), generation: 0 },
            renew_at: now,
            expires_at: now,
            refresh: None,
            not_before: None,
            failures: 0,
            ended: false,
        };
        stay.take_in(grant);
        Ok(Self { oauth, account, stay: Arc::new(Mutex::new(stay)) })
    }

    pub fn account(&self) -> AccountId {
        self.account
    }

    /// A token that is good for now.
    pub(super) async fn access(&self, refreshes: &TaskTracker) -> Result<AccessToken, Error> {
        let (token, expires_at) = {
            let stay = self.stay.lock().await;
            if stay.ended {
                return Err(Error::SignInEnded);
            }
            if Instant::now() < stay.renew_at {
                return Ok(stay.access.clone());
            }
            (stay.access.clone(), stay.expires_at)
        };
        match self.refresh(&token, refreshes).await {
            // Renewal begins early so that it may fail now and then.
            Err(error) if !matches!(error, Error::SignInEnded) && Instant::now() < expires_at => Ok(token),
            renewed => renewed,
        }
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
        let wait = stay.not_before.map(|at| at.saturating_duration_since(Instant::now()));
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            return Err(Error::RateLimited { wait });
        }
        let Some(refresh) = stay.refresh.clone() else {
            stay.ended = true;
            return Err(Error::SignInEnded);
        };
        let oauth = self.oauth.clone();
        let renewal = refreshes.spawn(async move {
            match oauth.refresh(&refresh).await {
                Ok(grant) => {
                    stay.take_in(grant);
                    tracing::debug!("access token renewed");
                    Ok(stay.access.clone())
                }
                Err(SignInError::Refused) => {
                    stay.ended = true;
                    Err(Error::SignInEnded)
                }
                Err(error) => {
                    let error = match error {
                        SignInError::Service(error) => error,
                        _ => Error::Incomplete { what: "token", field: "access_token" },
                    };
                    stay.put_off(&error);
                    Err(error)
                }
            }
        });
        renewal.await.unwrap_or(Err(Error::SignInEnded))
    }
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

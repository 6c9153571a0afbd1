//! The access token in force and its renewal: one refresh for all who wait, never cancelled half-way.

use std::sync::{Arc, OnceLock};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio_util::task::TaskTracker;

use super::{
    Error,
    oauth::{OAuth, SignInError},
    stay::{AccessToken, Granted, Kept, Need, Stay},
};
use crate::model::{AccountId, Clock, OAuthClient};

/// Told at once of what is worth keeping; must not block.
pub type Keeper = Box<dyn Fn(Kept) + Send + Sync>;

/// A sign-in that worked, not yet anybody's.
pub struct Grant {
    oauth: OAuth,
    account: AccountId,
    granted: Granted,
}

impl Grant {
    /// # Errors
    /// When the access token names no account.
    pub(super) fn new(oauth: OAuth, granted: Granted) -> Result<Self, SignInError> {
        let account = account_in(granted.access.expose()).ok_or(SignInError::NotUnderstood)?;
        Ok(Self { oauth, account, granted })
    }

    pub fn account(&self) -> AccountId {
        self.account
    }
}

/// The tokens of one account.
pub struct Tokens {
    account: AccountId,
    clock: Clock,
    inner: Arc<Mutex<Inner>>,
    keeper: Arc<OnceLock<Keeper>>,
}

struct Inner {
    oauth: OAuth,
    stay: Stay,
}

impl Tokens {
    pub fn new(grant: Grant, clock: Clock) -> Self {
        let stay = Stay::begin(grant.granted, clock.now(), clock.wall());
        Self::with(grant.account, grant.oauth, stay, clock)
    }

    /// Goes on from an earlier run; the first call renews.
    pub fn resume(
        endpoints: Arc<super::Endpoints>,
        http: reqwest::Client,
        client: OAuthClient,
        account: AccountId,
        kept: Kept,
        clock: Clock,
    ) -> Self {
        let stay = Stay::resume(kept, clock.now());
        Self::with(account, OAuth::new(endpoints, http, client), stay, clock)
    }

    fn with(account: AccountId, oauth: OAuth, stay: Stay, clock: Clock) -> Self {
        let inner = Arc::new(Mutex::new(Inner { oauth, stay }));
        Self { account, clock, inner, keeper: Arc::default() }
    }

    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The same user signed in once more: everything that holds these tokens goes on with the new ones.
    pub async fn adopt(&self, grant: Grant) {
        let mut inner = self.inner.lock().await;
        inner.oauth = grant.oauth;
        inner.stay.take_in(grant.granted, self.clock.now(), self.clock.wall());
        tell(&self.keeper, &inner.stay);
    }

    /// `keeper` hears what there is to keep now, and every change of it. The first one stays.
    pub async fn keep_with(&self, keeper: Keeper) {
        let inner = self.inner.lock().await;
        if self.keeper.set(keeper).is_ok() {
            tell(&self.keeper, &inner.stay);
        }
    }

    /// What there is to keep now.
    pub async fn kept(&self) -> Option<Kept> {
        self.inner.lock().await.stay.kept().cloned()
    }

    /// A token that is good for now.
    pub(super) async fn access(&self, refreshes: &TaskTracker) -> Result<AccessToken, Error> {
        let need = self.inner.lock().await.stay.need(self.clock.now());
        match need {
            Need::Use(token) => Ok(token),
            Need::Ended => Err(Error::SignInEnded),
            Need::Renew { stale, meanwhile } => match (self.refresh(&stale, refreshes).await, meanwhile) {
                // Renewal begins early so that it may fail now and then.
                (Err(error), Some(token)) if !matches!(error, Error::SignInEnded) => Ok(token),
                (renewed, _) => renewed,
            },
        }
    }

    /// Replaces `stale`, unless somebody already did. The exchange runs on `refreshes` and goes on if the caller is dropped:
    /// the service may already have acted on it.
    pub(super) async fn refresh(
        &self,
        stale: &AccessToken,
        refreshes: &TaskTracker,
    ) -> Result<AccessToken, Error> {
        let mut inner = Arc::clone(&self.inner).lock_owned().await;
        let Some(refresh) = inner.stay.renewal(stale, self.clock.now())? else {
            return Ok(inner.stay.current());
        };
        let (account, clock, keeper) = (self.account, self.clock.clone(), Arc::clone(&self.keeper));
        let renewal = refreshes.spawn(async move {
            match inner.oauth.refresh(&refresh, account).await {
                Ok(granted) => {
                    inner.stay.take_in(granted, clock.now(), clock.wall());
                    tell(&keeper, &inner.stay);
                    tracing::debug!("access token renewed");
                    Ok(inner.stay.current())
                }
                Err(SignInError::Refused) => {
                    inner.stay.end();
                    Err(Error::SignInEnded)
                }
                Err(error) => {
                    let error = match error {
                        SignInError::Service(error) => error,
                        SignInError::ClientRefused => Error::ClientRefused,
                        SignInError::Refused | SignInError::NotUnderstood => {
                            Error::Incomplete { what: "token", field: "access_token" }
                        }
                    };
                    inner.stay.put_off(&error, clock.now());
                    Err(error)
                }
            }
        });
        renewal.await.unwrap_or(Err(Error::Incomplete { what: "token", field: "access_token" }))
    }
}

fn tell(keeper: &OnceLock<Keeper>, stay: &Stay) {
    if let (Some(keeper), Some(kept)) = (keeper.get(), stay.kept()) {
        keeper(kept.clone());
    }
}

/// Reads the claims without checking the signature: we are the bearer, not the verifier.
pub(super) fn account_in(jwt: &str) -> Option<AccountId> {
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

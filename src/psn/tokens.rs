//! The access token in force and its renewal: one refresh for all, never cancelled half-way, and waited for only where no token
//! works any more. Any thread; the refresh runs on the tracker that its callers bring.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use tokio::{
    sync::{Mutex as AsyncMutex, OwnedMutexGuard},
    task::JoinHandle,
};
use tokio_util::task::TaskTracker;

use super::{
    Error,
    oauth::{OAuth, SignInError},
    stay::{AccessToken, Granted, Kept, Need, Stay},
};
use crate::model::{AccountId, Clock, OAuthClient};

/// Told at once of what is worth keeping, one after the other. It must neither block nor ask the tokens anything.
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
    /// Never held while the network is waited for.
    inner: Mutex<Inner>,
    /// Held by the refresh under way.
    refreshing: Arc<AsyncMutex<()>>,
}

struct Inner {
    oauth: OAuth,
    stay: Stay,
    keeper: Option<Keeper>,
}

impl Tokens {
    pub fn new(grant: Grant, clock: Clock) -> Self {
        let stay = Stay::begin(grant.granted, clock.now(), clock.wall());
        Self::with(grant.account, Inner { oauth: grant.oauth, stay, keeper: None }, clock)
    }

    /// Goes on from an earlier run; the first call renews. `keeper` hears every change from then on: a new refresh token is kept
    /// even if nothing else works.
    pub fn resume(
        endpoints: Arc<super::Endpoints>,
        http: reqwest::Client,
        client: OAuthClient,
        account: AccountId,
        kept: Kept,
        keeper: Option<Keeper>,
        clock: Clock,
    ) -> Self {
        let stay = Stay::resume(kept, clock.now());
        Self::with(account, Inner { oauth: OAuth::new(endpoints, http, client), stay, keeper }, clock)
    }

    fn with(account: AccountId, inner: Inner, clock: Clock) -> Self {
        Self { account, clock, inner: Mutex::new(inner), refreshing: Arc::default() }
    }

    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The same user signed in once more: everything that holds these tokens goes on with the new ones. A refresh under way is of
    /// the past, whatever comes of it.
    pub fn adopt(&self, grant: Grant) {
        let mut inner = self.inner();
        inner.oauth = grant.oauth;
        inner.stay.take_in(grant.granted, self.clock.now(), self.clock.wall());
        inner.tell();
    }

    /// `keeper` hears what there is to keep now, and every change of it, in place of the one before.
    pub fn keep_with(&self, keeper: Keeper) {
        let mut inner = self.inner();
        inner.keeper = Some(keeper);
        inner.tell();
    }

    /// What there is to keep now.
    pub fn kept(&self) -> Option<Kept> {
        self.inner().stay.kept().cloned()
    }

    /// A token that is good for now. It takes time only where the last one has ended; in its last minutes it is renewed beside, so
    /// that this may fail now and then.
    pub(super) async fn access(self: &Arc<Self>, refreshes: &TaskTracker) -> Result<AccessToken, Error> {
        let need = self.inner().stay.need(self.clock.now());
        match need {
            Need::Use(token) => Ok(token),
            Need::UseAndRenew(token) => {
                if let Ok(turn) = Arc::clone(&self.refreshing).try_lock_owned() {
                    // Too soon after one that failed: a later call tries.
                    let _ = self.begin_refresh(&token, turn, refreshes);
                }
                Ok(token)
            }
            Need::Renew(stale) => self.refresh(&stale, refreshes).await,
            Need::Ended => Err(Error::SignInEnded),
        }
    }

    /// Replaces `stale`, unless somebody already did. The exchange runs on `refreshes` and goes on if the caller is dropped:
    /// the service may already have acted on it.
    pub(super) async fn refresh(
        self: &Arc<Self>,
        stale: &AccessToken,
        refreshes: &TaskTracker,
    ) -> Result<AccessToken, Error> {
        let turn = Arc::clone(&self.refreshing).lock_owned().await;
        match self.begin_refresh(stale, turn, refreshes)? {
            Some(refresh) => refresh.await.unwrap_or(Err(NO_TOKEN)),
            None => Ok(self.inner().stay.current()),
        }
    }

    /// `Ok(None)`: somebody did already.
    fn begin_refresh(
        self: &Arc<Self>,
        stale: &AccessToken,
        turn: OwnedMutexGuard<()>,
        refreshes: &TaskTracker,
    ) -> Result<Option<JoinHandle<Result<AccessToken, Error>>>, Error> {
        let mut inner = self.inner();
        let Some(refresh) = inner.stay.renewal(stale, self.clock.now())? else { return Ok(None) };
        let (oauth, tokens, stale) = (inner.oauth.clone(), Arc::clone(self), stale.clone());
        Ok(Some(refreshes.spawn(async move {
            let answer = oauth.refresh(&refresh, tokens.account).await;
            let refreshed = tokens.inner().refreshed(&stale, answer, &tokens.clock);
            drop(turn);
            refreshed
        })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const NO_TOKEN: Error = Error::Incomplete { what: "token", field: "access_token" };

impl Inner {
    /// Takes in what came of a refresh in place of `stale`.
    fn refreshed(
        &mut self,
        stale: &AccessToken,
        answer: Result<Granted, SignInError>,
        clock: &Clock,
    ) -> Result<AccessToken, Error> {
        if !self.stay.is_current(stale) {
            return Ok(self.stay.current());
        }
        let error = match answer {
            Ok(granted) => {
                self.stay.renewed(granted, clock.now(), clock.wall());
                self.tell();
                tracing::debug!("access token renewed");
                return Ok(self.stay.current());
            }
            Err(SignInError::Refused) => {
                self.stay.end();
                return Err(Error::SignInEnded);
            }
            Err(SignInError::Service(error)) => error,
            Err(SignInError::ClientRefused) => Error::ClientRefused,
            Err(SignInError::NotUnderstood) => NO_TOKEN,
        };
        self.stay.put_off(&error, clock.now());
        Err(error)
    }

    fn tell(&self) {
        if let (Some(keeper), Some(kept)) = (&self.keeper, self.stay.kept()) {
            keeper(kept.clone());
        }
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

//! What a sign-in yields and how long each is good for. Pure: time is an argument.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::distr::{Alphanumeric, SampleString};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{SCOPE, access::AccessTokens, clients::OAuthClient};
use crate::sandbox::{clock::Moment, people::AccountId, recent::Recent};

const CODE_LIFETIME: Duration = Duration::from_secs(180);
/// A browser stays signed in for as long as a client does.
const SESSION_LIFETIME: Duration = Duration::from_secs(5_183_999);
/// Codes, sessions and refresh tokens remembered, of each kind; the oldest goes first.
const REMEMBERED: usize = 1024;

pub(in crate::sandbox) struct Tokens {
    access: AccessTokens,
    refresh_lifetime: Duration,
    rotates: bool,
    sessions: Recent<String, Session>,
    codes: Recent<String, Code>,
    refresh: Recent<String, Refresh>,
}

/// What a code was given for; the token request must name the same.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub account: AccountId,
    pub client: OAuthClient,
    pub redirect_uri: String,
    pub cid: Uuid,
}

struct Code {
    grant: Grant,
    expires: SystemTime,
    used: bool,
}

struct Session {
    account: AccountId,
    expires: SystemTime,
}

#[derive(Clone)]
struct Refresh {
    account: AccountId,
    client: OAuthClient,
    expires: SystemTime,
    /// The token before this one. Good until this one is used: only then is it sure that the answer arrived.
    replaces: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidGrant {
    #[error("Unknown")]
    Unknown,
    #[error("Expired")]
    Expired,
    #[error("Already used")]
    Used,
    #[error("Given for something else")]
    Mismatch,
}

impl Tokens {
    pub fn new(access_lifetime: Duration, refresh_lifetime: Duration) -> Self {
        Self {
            access: AccessTokens::new(access_lifetime),
            refresh_lifetime,
            rotates: false,
            sessions: Recent::new(REMEMBERED),
            codes: Recent::new(REMEMBERED),
            refresh: Recent::new(REMEMBERED),
        }
    }

    /// Starts a browser session; the value of its cookie.
    pub(super) fn start_session(&mut self, account: AccountId, now: SystemTime) -> String {
        let npsso = random_text(64);
        self.sessions.insert(npsso.clone(), Session { account, expires: now + SESSION_LIFETIME });
        npsso
    }

    pub(super) fn session(&self, npsso: &str, now: SystemTime) -> Option<AccountId> {
        self.sessions.get(npsso).filter(|session| now < session.expires).map(|session| session.account)
    }

    pub(super) fn end_session(&mut self, npsso: &str) {
        self.sessions.remove(npsso);
    }

    pub(super) fn issue_code(&mut self, grant: Grant, now: SystemTime) -> String {
        let code = format!("v3.{}", random_text(6));
        self.codes.insert(code.clone(), Code { grant, expires: now + CODE_LIFETIME, used: false });
        code
    }

    /// The code's minutes are over at once.
    pub(super) fn expire_code(&mut self, code: &str) {
        if let Some(code) = self.codes.get_mut(code) {
            code.expires = UNIX_EPOCH;
        }
    }

    /// Somebody else was faster with this code.
    pub(super) fn use_up_code(&mut self, code: &str) {
        if let Some(code) = self.codes.get_mut(code) {
            code.used = true;
        }
    }

    /// Tokens for a code, once.
    pub(super) fn redeem_code(
        &mut self,
        code: &str,
        client: OAuthClient,
        redirect_uri: &str,
        cid: Uuid,
        moment: Moment,
    ) -> Result<Value, InvalidGrant> {
        let code = self.codes.get_mut(code).ok_or(InvalidGrant::Unknown)?;
        let grant = &code.grant;
        if grant.client != client || grant.redirect_uri != redirect_uri || grant.cid != cid {
            return Err(InvalidGrant::Mismatch);
        }
        if code.used {
            return Err(InvalidGrant::Used);
        }
        if moment.now >= code.expires {
            return Err(InvalidGrant::Expired);
        }
        code.used = true;
        let expires = moment.now + self.refresh_lifetime;
        let refresh = Refresh { account: grant.account, client, expires, replaces: None };
        let token = Uuid::new_v4().to_string();
        self.refresh.insert(token.clone(), refresh.clone());
        Ok(self.answer(token, &refresh, moment))
    }

    /// From now on each refresh brings a new refresh token.
    pub fn rotate_refresh(&mut self) {
        self.rotates = true;
    }

    /// New access for a refresh token, which ends when it would have ended anyway.
    pub(super) fn refresh(
        &mut self,
        token: &str,
        client: OAuthClient,
        moment: Moment,
    ) -> Result<Value, InvalidGrant> {
        let refresh = self.refresh.get_mut(token).ok_or(InvalidGrant::Unknown)?;
        if refresh.client != client {
            return Err(InvalidGrant::Mismatch);
        }
        if moment.now >= refresh.expires {
            return Err(InvalidGrant::Expired);
        }
        let replaced = refresh.replaces.take();
        let refresh = refresh.clone();
        if let Some(replaced) = replaced {
            self.refresh.remove(&replaced);
        }
        if !self.rotates {
            return Ok(self.answer(token.to_owned(), &refresh, moment));
        }
        let next = Uuid::new_v4().to_string();
        self.refresh.insert(next.clone(), Refresh { replaces: Some(token.to_owned()), ..refresh.clone() });
        Ok(self.answer(next, &refresh, moment))
    }

    fn answer(&self, refresh_token: String, refresh: &Refresh, moment: Moment) -> Value {
        let left = refresh.expires.duration_since(moment.now).unwrap_or_default();
        json!({
            "access_token": self.access.issue(refresh.account, refresh.client, moment.shown),
            "token_type": "bearer",
            "expires_in": self.access.lifetime().as_secs(),
            "scope": SCOPE,
            "id_token": self.access.issue(refresh.account, refresh.client, moment.shown),
            "refresh_token": refresh_token,
            "refresh_token_expires_in": left.as_secs(),
        })
    }

    /// The account of an access token that is good now.
    pub fn verify(&self, token: &str, moment: Moment) -> Option<AccountId> {
        self.access.verify(token, moment.shown)
    }

    pub fn expire_access(&mut self) {
        self.access.expire_all();
    }

    pub fn revoke_refresh(&mut self) {
        self.refresh.clear();
        self.sessions.clear();
        self.codes.clear();
    }
}

fn random_text(length: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARLOW: AccountId = AccountId(1_152_921_504_606_846_977);
    const CLIENT: OAuthClient = OAuthClient::Loopback;
    const REDIRECT: &str = "http://127.0.0.1:9999/callback";

    fn tokens() -> Tokens {
        Tokens::new(Duration::from_secs(60), Duration::from_secs(600))
    }

    /// That many seconds into the test.
    fn at(seconds: u64) -> Moment {
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds);
        Moment { now, shown: now }
    }

    fn grant() -> Grant {
        Grant { account: MARLOW, client: CLIENT, redirect_uri: REDIRECT.to_owned(), cid: Uuid::from_u128(7) }
    }

    fn redeem(tokens: &mut Tokens, code: &str, moment: Moment) -> Result<Value, InvalidGrant> {
        tokens.redeem_code(code, CLIENT, REDIRECT, grant().cid, moment)
    }

    fn signed_in(tokens: &mut Tokens, moment: Moment) -> Value {
        let code = tokens.issue_code(grant(), moment.now);
        redeem(tokens, &code, moment).expect("a fresh code")
    }

    fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
        answer[field].as_str().expect("a string")
    }

    #[test]
    fn an_access_token_is_good_until_its_time_is_over() {
        let mut tokens = tokens();
        let answer = signed_in(&mut tokens, at(0));
        for token in ["access_token", "id_token"] {
            let token = text(&answer, token);
            assert_eq!(tokens.verify(token, at(59)), Some(MARLOW));
            assert_eq!(tokens.verify(token, at(60)), None);
        }
    }

    #[test]
    fn a_code_is_good_once_for_minutes_and_for_what_it_was_given() {
        let mut tokens = tokens();
        let cid = grant().cid;
        let code = tokens.issue_code(grant(), at(0).now);
        for (client, redirect, cid) in [
            (CLIENT, "http://127.0.0.1:1/other", cid),
            (CLIENT, REDIRECT, Uuid::from_u128(8)),
            (OAuthClient::Scheme, REDIRECT, cid),
        ] {
            let refused = tokens.redeem_code(&code, client, redirect, cid, at(0));
            assert_eq!(refused, Err(InvalidGrant::Mismatch));
        }
        assert!(redeem(&mut tokens, &code, at(0)).is_ok());
        assert_eq!(redeem(&mut tokens, &code, at(0)), Err(InvalidGrant::Used));
        let late = tokens.issue_code(grant(), at(0).now);
        assert_eq!(redeem(&mut tokens, &late, at(CODE_LIFETIME.as_secs())), Err(InvalidGrant::Expired));
        assert_eq!(redeem(&mut tokens, "v3.abcdef", at(0)), Err(InvalidGrant::Unknown));
    }

    #[test]
    fn a_refresh_does_not_extend_the_stay() {
        let mut tokens = tokens();
        let answer = signed_in(&mut tokens, at(0));
        let refresh = text(&answer, "refresh_token");
        let again = tokens.refresh(refresh, CLIENT, at(400)).expect("still good");
        assert_eq!(again["refresh_token"], answer["refresh_token"]);
        assert_eq!(again["refresh_token_expires_in"], 200);
        assert_eq!(tokens.refresh(refresh, CLIENT, at(600)), Err(InvalidGrant::Expired));
    }

    #[test]
    fn a_refresh_token_that_was_replaced_is_good_until_its_successor_is_used() {
        let mut tokens = tokens();
        tokens.rotate_refresh();
        let answer = signed_in(&mut tokens, at(0));
        let first = text(&answer, "refresh_token");
        tokens.refresh(first, CLIENT, at(1)).expect("an answer that nobody saw");
        let second = tokens.refresh(first, CLIENT, at(2)).expect("still good");
        let second = text(&second, "refresh_token");
        assert_ne!(second, first);
        let third = tokens.refresh(second, CLIENT, at(100)).expect("good");
        assert_eq!(third["refresh_token_expires_in"], 500);
        assert_eq!(tokens.refresh(first, CLIENT, at(100)), Err(InvalidGrant::Unknown));
    }

    #[test]
    fn a_browser_session_ends_by_itself_and_on_request() {
        let mut tokens = tokens();
        let npsso = tokens.start_session(MARLOW, at(0).now);
        assert_eq!(tokens.session(&npsso, at(SESSION_LIFETIME.as_secs() - 1).now), Some(MARLOW));
        assert_eq!(tokens.session(&npsso, at(SESSION_LIFETIME.as_secs()).now), None);
        tokens.end_session(&npsso);
        assert_eq!(tokens.session(&npsso, at(0).now), None);
    }

    #[test]
    fn expired_at_once_means_refresh_still_works_and_revoked_means_it_does_not() {
        let mut tokens = tokens();
        let answer = signed_in(&mut tokens, at(0));
        tokens.expire_access();
        assert_eq!(tokens.verify(text(&answer, "access_token"), at(0)), None);
        let again = tokens.refresh(text(&answer, "refresh_token"), CLIENT, at(0)).expect("still good");
        assert_eq!(tokens.verify(text(&again, "access_token"), at(0)), Some(MARLOW));
        tokens.revoke_refresh();
        assert!(tokens.refresh(text(&answer, "refresh_token"), CLIENT, at(0)).is_err());
    }
}

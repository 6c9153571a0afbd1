//! What a sign-in yields and how long each is good for. Pure: time is an argument.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::distr::{Alphanumeric, SampleString};
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CLIENT_ID, SCOPE};
use crate::sandbox::{people::AccountId, recent::Recent};

const CODE_LIFETIME: Duration = Duration::from_secs(180);
/// Codes, sessions and refresh tokens remembered, of each kind; the oldest goes first.
const REMEMBERED: usize = 1024;

pub(in crate::sandbox) struct Tokens {
    /// Replaced to invalidate every access token at once.
    key: hmac::Key,
    access_lifetime: Duration,
    refresh_lifetime: Duration,
    sessions: Recent<String, AccountId>,
    codes: Recent<String, Code>,
    refresh: Recent<String, Refresh>,
}

/// What a code was given for; the token request must name the same.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub account: AccountId,
    pub redirect_uri: String,
    pub cid: Uuid,
}

struct Code {
    grant: Grant,
    expires: SystemTime,
    used: bool,
}

#[derive(Clone, Copy)]
struct Refresh {
    account: AccountId,
    expires: SystemTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the grant is unknown, used, over, or was given for something else")]
pub(super) struct InvalidGrant;

#[derive(Serialize, Deserialize)]
struct Claims {
    account_id: String,
    client_id: String,
    device_type: String,
    iat: u64,
    exp: u64,
    jti: Uuid,
}

impl Tokens {
    pub fn new(access_lifetime: Duration, refresh_lifetime: Duration) -> Self {
        Self {
            key: new_key(),
            access_lifetime,
            refresh_lifetime,
            sessions: Recent::new(REMEMBERED),
            codes: Recent::new(REMEMBERED),
            refresh: Recent::new(REMEMBERED),
        }
    }

    /// Starts a browser session; the value of its cookie.
    pub fn start_session(&mut self, account: AccountId) -> String {
        let npsso = random_text(64);
        self.sessions.insert(npsso.clone(), account);
        npsso
    }

    pub fn session(&self, npsso: &str) -> Option<AccountId> {
        self.sessions.get(&npsso.to_owned()).copied()
    }

    pub(super) fn issue_code(&mut self, grant: Grant, now: SystemTime) -> String {
        let code = format!("v3.{}", random_text(6));
        self.codes.insert(code.clone(), Code { grant, expires: now + CODE_LIFETIME, used: false });
        code
    }

    /// Tokens for a code, once.
    pub(super) fn redeem_code(
        &mut self,
        code: &str,
        redirect_uri: &str,
        cid: Uuid,
        now: SystemTime,
    ) -> Result<Value, InvalidGrant> {
        let code = self.codes.get_mut(&code.to_owned()).ok_or(InvalidGrant)?;
        let fits = code.grant.redirect_uri == redirect_uri && code.grant.cid == cid;
        if code.used || now >= code.expires || !fits {
            return Err(InvalidGrant);
        }
        code.used = true;
        let refresh = Refresh { account: code.grant.account, expires: now + self.refresh_lifetime };
        let refresh_token = Uuid::new_v4().to_string();
        self.refresh.insert(refresh_token.clone(), refresh);
        Ok(self.answer(refresh_token, refresh, now))
    }

    /// New access for a refresh token, which stays the same and ends when it would have ended anyway.
    pub(super) fn refresh(&self, refresh_token: &str, now: SystemTime) -> Result<Value, InvalidGrant> {
        let refresh_token = refresh_token.to_owned();
        let refresh = *self.refresh.get(&refresh_token).ok_or(InvalidGrant)?;
        if now >= refresh.expires {
            return Err(InvalidGrant);
        }
        Ok(self.answer(refresh_token, refresh, now))
    }

    fn answer(&self, refresh_token: String, refresh: Refresh, now: SystemTime) -> Value {
        let left = refresh.expires.duration_since(now).unwrap_or_default();
        json!({
            "access_token": self.sign(refresh.account, now),
            "token_type": "bearer",
            "expires_in": self.access_lifetime.as_secs(),
            "scope": SCOPE,
            "id_token": self.sign(refresh.account, now),
            "refresh_token": refresh_token,
            "refresh_token_expires_in": left.as_secs(),
        })
    }

    /// The account of an access token that this sandbox signed and that is not over.
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

    pub fn expire_access(&mut self) {
        self.key = new_key();
    }

    pub fn revoke_refresh(&mut self) {
        self.refresh.clear();
        self.sessions.clear();
        self.codes.clear();
    }

    fn sign(&self, account: AccountId, now: SystemTime) -> String {
        let issued = unix_seconds(now);
        let claims = json!(Claims {
            account_id: account.to_string(),
            client_id: CLIENT_ID.to_owned(),
            device_type: "MOBILE_APP".to_owned(),
            iat: issued,
            exp: issued + self.access_lifetime.as_secs(),
            jti: Uuid::new_v4(),
        });
        let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(json!({ "typ": "JWT", "alg": "HS256" })), part(claims));
        let signature = hmac::sign(&self.key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn new_key() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &rand::random::<[u8; 32]>())
}

fn random_text(length: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), length)
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARLOW: AccountId = AccountId(1_152_921_504_606_846_977);
    const REDIRECT: &str = "http://127.0.0.1:9999/callback";

    fn tokens() -> Tokens {
        Tokens::new(Duration::from_secs(60), Duration::from_secs(600))
    }

    fn signed_in(tokens: &mut Tokens, now: SystemTime) -> Value {
        let cid = Uuid::new_v4();
        let grant = Grant { account: MARLOW, redirect_uri: REDIRECT.to_owned(), cid };
        let code = tokens.issue_code(grant, now);
        tokens.redeem_code(&code, REDIRECT, cid, now).expect("a fresh code")
    }

    fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
        answer[field].as_str().expect("a string")
    }

    #[test]
    fn an_access_token_is_good_until_its_time_is_over() {
        let (mut tokens, now) = (tokens(), SystemTime::now());
        let answer = signed_in(&mut tokens, now);
        let access = text(&answer, "access_token");
        assert_eq!(tokens.verify(access, now), Some(MARLOW));
        assert_eq!(tokens.verify(access, now + Duration::from_secs(60)), None);
    }

    #[test]
    fn an_access_token_that_was_tampered_with_is_refused() {
        let (mut tokens, now) = (tokens(), SystemTime::now());
        let answer = signed_in(&mut tokens, now);
        let forged = text(&answer, "access_token").replacen("ey", "eY", 2);
        assert_eq!(tokens.verify(&forged, now), None);
        assert_eq!(tokens.verify("a.b.c", now), None);
        assert_eq!(tokens.verify("", now), None);
    }

    #[test]
    fn a_code_is_good_once_and_for_minutes() {
        let (mut tokens, now) = (tokens(), SystemTime::now());
        let cid = Uuid::new_v4();
        let grant = Grant { account: MARLOW, redirect_uri: REDIRECT.to_owned(), cid };
        let code = tokens.issue_code(grant.clone(), now);
        assert!(tokens.redeem_code(&code, "http://127.0.0.1:1/other", cid, now).is_err());
        assert!(tokens.redeem_code(&code, REDIRECT, Uuid::new_v4(), now).is_err());
        assert!(tokens.redeem_code(&code, REDIRECT, cid, now).is_ok());
        assert_eq!(tokens.redeem_code(&code, REDIRECT, cid, now), Err(InvalidGrant));
        let late = tokens.issue_code(grant, now);
        assert_eq!(tokens.redeem_code(&late, REDIRECT, cid, now + CODE_LIFETIME), Err(InvalidGrant));
    }

    #[test]
    fn a_refresh_does_not_extend_the_stay() {
        let (mut tokens, now) = (tokens(), SystemTime::now());
        let answer = signed_in(&mut tokens, now);
        let refresh = text(&answer, "refresh_token");
        let later = now + Duration::from_secs(400);
        let again = tokens.refresh(refresh, later).expect("still good");
        assert_eq!(again["refresh_token"], answer["refresh_token"]);
        assert_eq!(again["refresh_token_expires_in"], 200);
        assert!(tokens.refresh(refresh, now + Duration::from_secs(600)).is_err());
    }

    #[test]
    fn expired_at_once_means_refresh_still_works_and_revoked_means_it_does_not() {
        let (mut tokens, now) = (tokens(), SystemTime::now());
        let answer = signed_in(&mut tokens, now);
        tokens.expire_access();
        assert_eq!(tokens.verify(text(&answer, "access_token"), now), None);
        let again = tokens.refresh(text(&answer, "refresh_token"), now).expect("still good");
        assert_eq!(tokens.verify(text(&again, "access_token"), now), Some(MARLOW));
        tokens.revoke_refresh();
        assert!(tokens.refresh(text(&answer, "refresh_token"), now).is_err());
    }
}

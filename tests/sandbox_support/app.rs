//! The sandbox's two OAuth clients, played by hand.

use base64::{Engine, engine::general_purpose::STANDARD};
use partyline::sandbox::{CLIENT_ID, CLIENT_SECRET, SCHEME_CLIENT_ID, SCHEME_CLIENT_SECRET, SCHEME_REDIRECT};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header};
use serde_json::Value;
use uuid::Uuid;

use super::{AUTHORIZE, REDIRECT, SCOPE, location, query};

/// An OAuth client.
#[derive(Clone, Copy)]
pub struct App {
    pub id: &'static str,
    pub secret: &'static str,
    pub redirect: &'static str,
}

pub const LOOPBACK: App = App { id: CLIENT_ID, secret: CLIENT_SECRET, redirect: REDIRECT };
pub const SCHEME: App = App { id: SCHEME_CLIENT_ID, secret: SCHEME_CLIENT_SECRET, redirect: SCHEME_REDIRECT };

impl App {
    pub fn authorize_query(self, cid: &str, state: &str) -> Vec<(&'static str, String)> {
        [
            ("response_type", "code"),
            ("client_id", self.id),
            ("redirect_uri", self.redirect),
            ("scope", SCOPE),
            ("access_type", "offline"),
            ("service_entity", "urn:service-entity:psn"),
            ("ui", "pr"),
            ("duid", "0000000700410080000102030405060708090a0b0c0d0e0f"),
            ("cid", cid),
            ("state", state),
        ]
        .map(|(key, value)| (key, value.to_owned()))
        .to_vec()
    }

    pub async fn authorize(self, http: &Client, base: &str, cid: &str, npsso: &str) -> Response {
        http.get(format!("{base}{AUTHORIZE}"))
            .query(&self.authorize_query(cid, "st"))
            .header(header::COOKIE, format!("npsso={npsso}"))
            .send()
            .await
            .expect("answered")
    }

    /// A code for this account, by the way without a browser.
    pub async fn code(self, http: &Client, base: &str, name: &str, cid: &str) -> String {
        let npsso = npsso(http, base, name).await;
        let back = self.authorize(http, base, cid, &npsso).await;
        assert_eq!(back.status(), StatusCode::FOUND);
        query(&location(&back), "code").expect("a code")
    }

    pub fn token_request(self, http: &Client, base: &str, cid: &str) -> RequestBuilder {
        let basic = STANDARD.encode(format!("{}:{}", self.id, self.secret));
        http.post(format!("{base}/api/authz/v3/oauth/token"))
            .header(header::AUTHORIZATION, format!("Basic {basic}"))
            .header("X-Psn-Correlation-Id", cid)
    }

    pub fn code_form<'a>(self, code: &'a str, cid: &'a str) -> [(&'static str, &'a str); 5] {
        [
            ("token_format", "jwt"),
            ("grant_type", "authorization_code"),
            ("redirect_uri", self.redirect),
            ("code", code),
            ("cid", cid),
        ]
    }

    /// The token endpoint's answer to a code.
    pub async fn redeem(self, http: &Client, base: &str, code: &str, cid: &str) -> Response {
        let request = self.token_request(http, base, cid).form(&self.code_form(code, cid));
        request.send().await.expect("answered")
    }

    pub fn refresh_request(self, http: &Client, base: &str, token: &str) -> RequestBuilder {
        let form = [
            ("token_format", "jwt"),
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("scope", SCOPE),
        ];
        self.token_request(http, base, &Uuid::new_v4().to_string()).form(&form)
    }
}

/// A browser session of this account.
pub async fn npsso(http: &Client, base: &str, name: &str) -> String {
    let request = http.post(format!("{base}/sandbox/signin")).form(&[("account", name)]);
    let session: Value = request.send().await.expect("answered").json().await.expect("json");
    session["npsso"].as_str().expect("a session").to_owned()
}

/// Status, error and number of a refusal, checked against OAuth's shape.
pub async fn oauth_error(answer: Response) -> (StatusCode, String, u64) {
    let status = answer.status();
    let body: Value = answer.json().await.expect("OAuth's error shape");
    assert!(body["error_description"].is_string());
    let error = body["error"].as_str().expect("an error").to_owned();
    (status, error, body["error_code"].as_u64().expect("a code"))
}

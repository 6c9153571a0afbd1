//! What the sandbox's tests share: a client that speaks the protocol by hand, a push listener, and a WebRTC peer.
//! Written from the protocol, not from Partyline's own client.
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod app;
pub mod direct;
pub mod peer;
#[path = "../support/turns.rs"]
mod turns;

use std::time::Duration;

use app::LOOPBACK;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::{SinkExt, StreamExt};
use partyline::sandbox::{BridgeKind, Sandbox, SandboxConfig};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};
#[allow(unused_imports, reason = "each test file uses its own part")]
pub use turns::{alone, beside_few};
use uuid::Uuid;

pub const REDIRECT: &str = "http://127.0.0.1:8123/callback";
pub const VOICE_STATE: &str = "WyIiLCIiLCIxIiwiMCIsIjYuMi4wIiwiMCIsIjAiLCIwIiwiIiwiIl0=";
pub const SCOPE: &str = "psn:mobile.v2.core psn:clientapp";
pub const AUTHORIZE: &str = "/api/authz/v3/oauth/authorize";
/// A call that anybody signed in may make.
pub const INVITATIONS: &str = "/sessionManager/v2/users/me/partySessionsInvitations";
const PATIENCE: Duration = Duration::from_secs(5);

pub async fn sandbox() -> Sandbox {
    Sandbox::start(SandboxConfig::default()).await.expect("the sandbox starts")
}

/// Whose bridge mixes.
pub async fn mixing_sandbox(residents: bool) -> Sandbox {
    let config = SandboxConfig { bridge: BridgeKind::Mixes, residents, ..SandboxConfig::default() };
    Sandbox::start(config).await.expect("the sandbox starts")
}

pub async fn empty_sandbox() -> Sandbox {
    let config = SandboxConfig { residents: false, ..SandboxConfig::default() };
    Sandbox::start(config).await.expect("the sandbox starts")
}

/// A browser and an HTTP client that follow no redirect.
pub fn http() -> Client {
    // Several tests of a process get here; the first installs it for all.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(Policy::none()).no_proxy().build().expect("a client")
}

pub fn location(response: &Response) -> url::Url {
    let base = response.url().clone();
    let location = response.headers()[header::LOCATION].to_str().expect("text");
    base.join(location).expect("a URL")
}

pub fn query(url: &url::Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Person {
    pub http: Client,
    pub base: String,
    pub name: String,
    pub account: String,
    pub access_token: String,
    pub refresh_token: String,
}

impl Person {
    pub async fn sign_in(sandbox: &Sandbox, name: &str) -> Self {
        let (http, base) = (http(), sandbox.base_url());
        let cid = Uuid::new_v4().to_string();
        let code = LOOPBACK.code(&http, &base, name, &cid).await;
        let answer = LOOPBACK.redeem(&http, &base, &code, &cid).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let tokens: Value = answer.json().await.expect("json");
        let text = |field: &str| tokens[field].as_str().expect("a string").to_owned();
        let access_token = text("access_token");
        let account = claims(&access_token)["account_id"].as_str().expect("an id").to_owned();
        Self {
            http,
            base,
            name: name.to_owned(),
            account,
            access_token,
            refresh_token: text("refresh_token"),
        }
    }

    pub async fn refresh(&self) -> Response {
        let request = LOOPBACK.refresh_request(&self.http, &self.base, &self.refresh_token);
        request.send().await.expect("answered")
    }

    /// Takes over what a refresh brought.
    pub fn take_in(&mut self, tokens: &Value) {
        self.access_token = tokens["access_token"].as_str().expect("a token").to_owned();
        if let Some(refresh_token) = tokens["refresh_token"].as_str() {
            self.refresh_token = refresh_token.to_owned();
        }
    }

    /// What a call of the API is answered with.
    pub async fn standing(&self) -> StatusCode {
        self.call(Method::GET, INVITATIONS).send().await.expect("answered").status()
    }

    /// A call to the mobile API with every header of section 3.
    pub fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}/api{path}", self.base))
            .bearer_auth(&self.access_token)
            .header("x-psn-request-id", Uuid::new_v4().to_string())
            .header("x-psn-trace-id", "0123456789abcdef")
            .header("x-psn-span-id", "fedcba9876543210")
            .header("x-psn-app-ver", "PlayStationApp-Android/26.1.0")
    }

    pub fn session_call(&self, method: Method, session: &str, rest: &str) -> RequestBuilder {
        self.call(method, &format!("/sessionManager/v2/partySessions/{session}{rest}"))
            .header("X-PSN-SESSION-MANAGER-SESSION-IDS", session)
    }

    pub async fn create_with(&self, visibility: &str, joinable: &str) -> String {
        let answer = self
            .call(Method::POST, "/sessionManager/v2/partySessions")
            .header("X-PSN-SESSION-MANAGER-SET-PROFANITY-FILTER-LANGUAGE-CODE", "en-US")
            .body_json(&create_body(visibility, joinable))
            .send()
            .await
            .expect("answered");
        assert_eq!(answer.status(), StatusCode::CREATED);
        let answer: Value = answer.json().await.expect("json");
        answer["v2PartySessions"][0]["sessionId"].as_str().expect("an id").to_owned()
    }

    pub async fn create(&self) -> String {
        self.create_with("INVITE_ONLY", "INVITE_ONLY").await
    }

    pub async fn join(&self, session: &str) -> StatusCode {
        let body = json!({ "members": [member()] });
        let call = self.session_call(Method::POST, session, "/members").body_json(&body);
        call.send().await.expect("answered").status()
    }

    pub async fn leave(&self, session: &str) -> StatusCode {
        self.session_call(Method::DELETE, session, "/members/me").send().await.expect("answered").status()
    }

    pub async fn invite(&self, session: &str, account: &str) -> StatusCode {
        let body = json!({
            "invitationType": "NORMAL", "invitations": [{ "to": { "accountId": account } }], "invitationsToGroups": [],
        });
        let call = self.session_call(Method::POST, session, "/invitations").body_json(&body);
        call.send().await.expect("answered").status()
    }

    /// The session, if this person may see it.
    pub async fn read(&self, session: &str) -> Option<Value> {
        let answer: Value = self
            .call(Method::GET, "/sessionManager/v2/partySessions?view=v3")
            .header("X-PSN-SESSION-MANAGER-SESSION-IDS", session)
            .send()
            .await
            .expect("answered")
            .json()
            .await
            .expect("json");
        answer["v2PartySessions"].as_array().expect("a list").first().cloned()
    }

    pub async fn member_names(&self, session: &str) -> Vec<String> {
        let session = self.read(session).await.unwrap_or_default();
        let members = session["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|member| member["onlineId"].as_str().expect("a name").to_owned()).collect()
    }

    /// The account of the friend with this name.
    pub async fn friend(&self, name: &str) -> String {
        let order = "availability+realName+onlineId";
        let path = format!(
            "/userProfile/v2/internal/users/me/friends?limit=100&offset=0&order={order}&platforms=PS4,PS5,MOBILE_APP,PSPC"
        );
        let friends: Value =
            self.call(Method::GET, &path).send().await.expect("answered").json().await.expect("json");
        let ids: Vec<&str> =
            friends["friends"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        let path = format!("/userProfile/v1/internal/users/profiles?accountIds={}", ids.join(","));
        let profiles: Value =
            self.call(Method::GET, &path).send().await.expect("answered").json().await.expect("json");
        let profiles = profiles["profiles"].as_array().expect("a list");
        let at =
            profiles.iter().position(|profile| profile["onlineId"] == name).expect("a friend of that name");
        ids[at].to_owned()
    }

    pub async fn listen(&self) -> Listener {
        Listener::open(self).await
    }

    /// A group with these people, as `(group, thread)`.
    pub async fn open_group(&self, invitees: &[&str]) -> (String, String) {
        let invitees: Vec<Value> = invitees.iter().map(|id| json!({ "accountId": id })).collect();
        let call = self.call(Method::POST, "/gamingLoungeGroups/v1/groups");
        let answer = json(call.body_json(&json!({ "invitees": invitees }))).await;
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        (text(&answer["groupId"]), text(&answer["mainThread"]["threadId"]))
    }

    /// A call to a group's thread.
    pub fn thread_call(
        &self,
        method: Method,
        (group, thread): &(String, String),
        rest: &str,
    ) -> RequestBuilder {
        self.call(method, &format!("/gamingLoungeGroups/v1/groups/{group}/threads/{thread}/{rest}"))
    }

    pub fn write(&self, thread: &(String, String), text: &str) -> RequestBuilder {
        self.thread_call(Method::POST, thread, "messages")
            .body_json(&json!({ "messageType": 1, "body": text }))
    }
}

/// The body of an answer that is a success.
pub async fn json(call: RequestBuilder) -> Value {
    let answer = call.send().await.expect("answered");
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.json().await.expect("json")
}

pub async fn status(call: RequestBuilder) -> StatusCode {
    call.send().await.expect("answered").status()
}

/// `json` with the content type that the app sends.
pub trait BodyJson {
    fn body_json(self, body: &Value) -> Self;
}

impl BodyJson for RequestBuilder {
    fn body_json(self, body: &Value) -> Self {
        self.header(header::CONTENT_TYPE, "application/json; charset=utf-8").body(body.to_string())
    }
}

pub fn member() -> Value {
    json!({
        "accountId": "me", "platform": "me", "voiceChatActivated": true,
        "pushContexts": [{ "contextId": Uuid::new_v4() }], "customData4": VOICE_STATE,
    })
}

pub fn create_body(visibility: &str, joinable: &str) -> Value {
    json!({ "v2PartySessions": [{
        "sessionType": "ROOM", "sessionName": "", "maxMembers": 16,
        "visibilityType": visibility, "joinableUserType": joinable, "members": [member()],
    }] })
}

pub fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).expect("three parts");
    let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64");
    serde_json::from_slice(&claims).expect("json")
}

/// Code and message of an error answer, checked against PSN's shape.
pub async fn refusal(answer: Response) -> (StatusCode, u64, String) {
    let status = answer.status();
    let body: Value = answer.json().await.expect("PSN's error shape");
    let error = &body["error"];
    Uuid::parse_str(error["referenceId"].as_str().expect("a reference")).expect("a UUID");
    (
        status,
        error["code"].as_u64().expect("a code"),
        error["message"].as_str().expect("a message").to_owned(),
    )
}

/// An open push socket.
pub struct Listener(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

pub fn push_request(person: &Person, version: &str, keep_alive: &str) -> http_request::Request {
    let address = person.base.replace("http://", "ws://");
    let mut request = format!("{address}/np/pushNotification").into_client_request().expect("a request");
    for (name, value) in [
        ("authorization", format!("Bearer {}", person.access_token).as_str()),
        ("sec-websocket-protocol", "np-pushpacket"),
        ("x-psn-app-type", "MOBILE_APP.PSAPP"),
        ("x-psn-app-ver", "26.1.0"),
        ("x-psn-os-ver", "14"),
        ("x-psn-protocol-version", version),
        ("x-psn-keep-alive-status-type", keep_alive),
        ("x-psn-reconnection", "false"),
    ] {
        request.headers_mut().insert(http_request::name(name), value.parse().expect("a header value"));
    }
    request
}

/// Names of the HTTP types that tungstenite uses.
pub mod http_request {
    use tokio_tungstenite::tungstenite::{handshake::client, http};

    pub type Request = client::Request;

    pub fn name(name: &'static str) -> http::HeaderName {
        http::HeaderName::from_static(name)
    }
}

impl Listener {
    pub async fn open(person: &Person) -> Self {
        let (socket, answer) = connect_async(push_request(person, "3.0", "6")).await.expect("accepted");
        assert_eq!(answer.headers()["sec-websocket-protocol"], "np-pushpacket");
        let mut listener = Self(socket);
        listener.introduce(person, person.account.parse().expect("a number")).await;
        // There is no answer to the introduction: a pong shows that it was read.
        listener.0.send(Message::Ping(Default::default())).await.expect("sent");
        while !matches!(listener.0.next().await, Some(Ok(Message::Pong(_)))) {}
        listener
    }

    pub async fn introduce(&mut self, person: &Person, account: u64) {
        let frame = json!({
            "version": "3.0", "method": 1003, "tranId": "1", "accountId": account, "status": "active",
            "auth": { "accessToken": person.access_token },
        });
        self.0.send(Message::text(frame.to_string())).await.expect("sent");
    }

    /// The next event whose type ends like this; others are passed over.
    pub async fn event(&mut self, suffix: &str) -> Value {
        timeout(PATIENCE, self.event_at_last(suffix)).await.unwrap_or_else(|_| panic!("no event {suffix}"))
    }

    /// As [`Self::event`], for as long as it takes.
    pub async fn event_at_last(&mut self, suffix: &str) -> Value {
        loop {
            match self.0.next().await.expect("open").expect("a frame") {
                Message::Text(text) => {
                    let frame: Value = serde_json::from_str(&text).expect("json");
                    if frame["dataType"].as_str().is_some_and(|kind| kind.ends_with(suffix)) {
                        return frame;
                    }
                }
                Message::Close(_) => panic!("closed while waiting for {suffix}"),
                _ => {}
            }
        }
    }

    /// The types of all events that come within this time.
    pub async fn events_within(&mut self, time: Duration) -> Vec<String> {
        let mut kinds = Vec::new();
        let collect = async {
            while let Some(Ok(message)) = self.0.next().await {
                if let Message::Text(text) = message {
                    let frame: Value = serde_json::from_str(&text).expect("json");
                    kinds.push(frame["dataType"].as_str().expect("a type").to_owned());
                }
            }
        };
        let _ = timeout(time, collect).await;
        kinds
    }

    /// Waits for the other side to close.
    pub async fn closed(&mut self) {
        let closed = async { while let Some(Ok(_)) = self.0.next().await {} };
        timeout(PATIENCE, closed).await.expect("the socket closes");
    }
}

/// Tries until it is so, a few times a second.
pub async fn eventually<F: Future<Output = bool>>(what: &str, limit: Duration, mut is_so: impl FnMut() -> F) {
    let try_on = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(limit, try_on).await.unwrap_or_else(|_| panic!("not within {limit:?}: {what}"));
}

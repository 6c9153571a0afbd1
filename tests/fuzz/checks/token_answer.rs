//! Any answer of the token endpoint, through the client's own HTTP: to a code, and to a refresh token.
//!
//! An input is a status, a few headers, a body, and the claims that stand for `$CLAIMS` in it, each apart by a blank line:
//!
//! ```text
//! 200
//! content-type: application/json
//!
//! {"access_token":"e30.$CLAIMS.c2ln","expires_in":3599}
//!
//! {"account_id":"1234567890123456789"}
//! ```

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    time::{Duration, SystemTime},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use partyline::{
    model::{AccountId, Clock, OAuthClient},
    psn::{Authorization, Endpoints, Error, Grant, Kept, Psn, SignInError, Tokens, http_client},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    task::LocalSet,
};
use tokio_util::task::TaskTracker;
use url::Url;

const US: AccountId = AccountId(1_234_567_890_123_456_789);
/// The headers that the client looks at.
const HEADERS: [&str; 2] = ["content-type", "retry-after"];
const A_DAY: Duration = Duration::from_secs(24 * 3600);
/// Shorter ones might be in an error's own words.
const SHORTEST_SECRET: usize = 24;

thread_local! {
    static STAGE: Stage = Stage::new();
}

pub fn check(input: &[u8]) {
    STAGE.with(|stage| stage.local.block_on(&stage.runtime, stage.check(Answer::read(input))));
}

/// What the endpoint says, and what that means when it is read without the client's types.
#[derive(Default)]
struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn read(input: &[u8]) -> Self {
        let (head, rest) = parted(input);
        let (body, claims) = parted(rest);
        let head = String::from_utf8_lossy(head);
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.trim().parse().ok());
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            let name = HEADERS.into_iter().find(|known| known.eq_ignore_ascii_case(name))?;
            let fits = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
            fits.then(|| (name, value.to_owned()))
        };
        Self {
            status: status.filter(|status| (200..600).contains(status)).unwrap_or(200),
            headers: lines.filter_map(header).collect(),
            body: replaced(body, b"$CLAIMS", BASE64_URL_SAFE_NO_PAD.encode(claims).as_bytes()),
        }
    }

    fn has_body(&self) -> bool {
        !matches!(self.status, 204 | 304)
    }

    fn is_html(&self) -> bool {
        let kind = self.headers.iter().find(|(name, _)| *name == "content-type");
        kind.is_some_and(|(_, value)| value.trim().starts_with("text/html"))
    }

    fn granted(&self) -> Granted {
        first(&self.body).unwrap_or_default()
    }

    /// OAuth's word for why not.
    fn error(&self) -> Option<String> {
        first::<Refused>(&self.body)?.error.as_str().map(str::to_owned)
    }

    /// Whom the access token is for.
    fn account(&self) -> Option<AccountId> {
        let granted = self.granted();
        let token = granted.access_token.as_str()?;
        let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        match serde_json::from_slice::<Claims>(&claims).ok()?.account_id {
            Value::String(text) => text.parse().ok(),
            number => number.as_u64().map(AccountId),
        }
    }
}

/// In the client's order, as is the next: a list is taken for the fields.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Granted {
    access_token: Value,
    expires_in: Value,
    refresh_token: Value,
    refresh_token_expires_in: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    error: Value,
    error_description: Value,
    error_uri: Value,
}

#[derive(Deserialize)]
struct Claims {
    account_id: Value,
}

/// `oauth2` does not mind what comes after the answer.
fn first<T: DeserializeOwned>(text: &[u8]) -> Option<T> {
    T::deserialize(&mut serde_json::Deserializer::from_slice(text)).ok()
}

/// A server of one answer, and the client that asks it.
struct Stage {
    runtime: Runtime,
    local: LocalSet,
    endpoints: Arc<Endpoints>,
    http: reqwest::Client,
    answer: Rc<RefCell<Answer>>,
    /// How often the token endpoint was asked.
    asked: Rc<Cell<u32>>,
}

impl Stage {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let local = LocalSet::new();
        let (answer, asked) = <(Rc<RefCell<Answer>>, Rc<Cell<u32>>)>::default();
        let listener = local.block_on(&runtime, TcpListener::bind("127.0.0.1:0")).expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let (told, counted) = (Rc::clone(&answer), Rc::clone(&asked));
        local.spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).expect("a socket");
                tokio::task::spawn_local(serve(stream, Rc::clone(&told), Rc::clone(&counted)));
            }
        });
        let endpoints = Arc::new(Endpoints::sandbox(&base).expect("a loopback address"));
        let http = http_client(&endpoints).expect("a client");
        Self { runtime, local, endpoints, http, answer, asked }
    }

    async fn check(&self, answer: Answer) {
        self.answer.replace(answer);
        let exchanged = self.exchange().await;
        is_what_was_said(&self.answer.borrow(), &exchanged);
        let told = match exchanged {
            Ok(grant) => {
                self.is_kept(grant).await;
                String::new()
            }
            Err(error) => format!("{error} {error:?}"),
        };
        let told = told + &self.refresh().await;
        let Granted { access_token, refresh_token, .. } = self.answer.borrow().granted();
        for secret in [&access_token, &refresh_token].into_iter().filter_map(Value::as_str) {
            assert!(secret.len() < SHORTEST_SECRET || !told.contains(secret), "a token in a text");
        }
    }

    async fn exchange(&self) -> Result<Grant, SignInError> {
        let redirect = Url::parse("http://127.0.0.1:4711/redirect").expect("a constant");
        let (endpoints, http) = (Arc::clone(&self.endpoints), self.http.clone());
        Authorization::begin(endpoints, http, client(), redirect, "duid").exchange("v3.code".into()).await
    }

    /// What a later run gets is what was granted, whatever numbers came with it.
    async fn is_kept(&self, grant: Grant) {
        let refresh = self.answer.borrow().granted().refresh_token;
        let tokens = Tokens::new(grant, Clock::default());
        let kept = tokens.kept();
        assert_eq!(
            kept.as_ref().map(|kept| kept.refresh.expose()),
            refresh.as_str().filter(|token| !token.is_empty())
        );
        if let Some(ends) = kept.and_then(|kept| kept.ends) {
            assert!(ends <= SystemTime::now() + 400 * A_DAY, "a stay of more than a year");
        }
        // The token is sent as it is, or not at all.
        let error = self.psn(tokens).friends(0).await.expect_err("not found");
        assert!(matches!(error, Error::Refused { status: 404, .. } | Error::Unsendable(_)), "{error:?}");
    }

    /// The same answer to a refresh token; the error as text.
    async fn refresh(&self) -> String {
        self.asked.set(0);
        let kept = Kept { refresh: "refresh-token".into(), ends: None };
        let (endpoints, http) = (Arc::clone(&self.endpoints), self.http.clone());
        let psn = self.psn(Tokens::resume(endpoints, http, client(), US, kept, None, Clock::default()));
        let error = psn.friends(0).await.expect_err("not found at best");
        let asked = self.asked.get();
        {
            let answer = self.answer.borrow();
            match &error {
                Error::Refused { .. } | Error::Unsendable(_) => {
                    assert!(
                        answer.account().is_none_or(|account| account == US),
                        "a token for somebody else"
                    );
                }
                Error::SignInEnded => assert_eq!(answer.error().as_deref(), Some("invalid_grant")),
                Error::ClientRefused | Error::Incomplete { .. } => assert!(!is_of_the_network(&answer)),
                error => is_about_the_network(&answer, error),
            }
        }
        if !matches!(error, Error::Refused { .. } | Error::Unsendable(_) | Error::RateLimited { .. }) {
            let again = psn.friends(0).await.expect_err("no token");
            assert!(matches!(again, Error::SignInEnded | Error::RateLimited { .. }), "{again:?}");
        }
        assert_eq!((asked, self.asked.get()), (1, 1), "the token endpoint was hammered");
        format!("{error} {error:?}")
    }

    fn psn(&self, tokens: Tokens) -> Psn {
        let (endpoints, http) = (Arc::clone(&self.endpoints), self.http.clone());
        Psn::new(endpoints, http, Arc::new(tokens), TaskTracker::new(), Clock::default())
    }
}

fn client() -> OAuthClient {
    OAuthClient::mobile("client-secret".into())
}

fn is_what_was_said(answer: &Answer, exchanged: &Result<Grant, SignInError>) {
    let error = answer.error().unwrap_or_default();
    match exchanged {
        Ok(grant) => {
            assert_eq!(answer.status, 200);
            assert_eq!(Some(grant.account()), answer.account(), "a token for somebody else");
        }
        Err(SignInError::Refused) => assert_eq!((answer.status != 200, &*error), (true, "invalid_grant")),
        Err(SignInError::ClientRefused) => {
            assert!(answer.status != 200 && ["invalid_client", "unauthorized_client"].contains(&&*error));
        }
        Err(SignInError::NotUnderstood) => {}
        Err(SignInError::Service(error)) => is_about_the_network(answer, error),
    }
    if is_of_the_network(answer) {
        assert!(matches!(exchanged, Err(SignInError::Service(_))));
    }
}

fn is_of_the_network(answer: &Answer) -> bool {
    matches!(answer.status, 429 | 500..) || answer.status == 403 && answer.is_html()
}

fn is_about_the_network(answer: &Answer, error: &Error) {
    match error {
        Error::Blocked => assert!(answer.status == 403 && answer.is_html()),
        Error::RateLimited { wait } => assert!(answer.status == 429 && *wait <= A_DAY / 24, "{wait:?}"),
        Error::Trouble { status } => assert!(*status == answer.status && *status >= 500),
        error => panic!("{error:?} for a status of {}", answer.status),
    }
}

async fn serve(stream: TcpStream, answer: Rc<RefCell<Answer>>, asked: Rc<Cell<u32>>) {
    let mut stream = BufStream::new(stream);
    while let Some(path) = request(&mut stream).await {
        let reply = if path.ends_with("/oauth/token") {
            asked.set(asked.get() + 1);
            reply(&answer.borrow())
        } else {
            reply(&Answer { status: 404, body: b"{}".to_vec(), ..Answer::default() })
        };
        if stream.write_all(&reply).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

/// Reads one request to its end and returns its path.
async fn request(stream: &mut BufStream<TcpStream>) -> Option<String> {
    let (mut path, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        match line.trim_end() {
            "" => break,
            head if path.is_none() => path = Some(head.split(' ').nth(1)?.to_owned()),
            line => {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().ok()?;
                }
            }
        }
    }
    stream.read_exact(&mut vec![0; length]).await.ok()?;
    path
}

fn reply(answer: &Answer) -> Vec<u8> {
    let mut reply = format!("HTTP/1.1 {} -\r\n", answer.status);
    for (name, value) in &answer.headers {
        reply += &format!("{name}: {value}\r\n");
    }
    let body = if answer.has_body() { &answer.body[..] } else { &[] };
    if answer.has_body() {
        reply += &format!("content-length: {}\r\n", body.len());
    }
    [(reply + "\r\n").as_bytes(), body].concat()
}

/// Around the first blank line.
fn parted(text: &[u8]) -> (&[u8], &[u8]) {
    match text.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&text[..at], &text[at + 2..]),
        None => (text, &[]),
    }
}

fn replaced(text: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    match text.windows(what.len()).position(|part| part == what) {
        Some(at) => [&text[..at], with, &text[at + what.len()..]].concat(),
        None => text.to_vec(),
    }
}

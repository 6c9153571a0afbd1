//! The one way out: every call with a Bearer token goes through [`Http::send`].

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
};
use serde::{Serialize, de::DeserializeOwned};
use tokio_util::task::TaskTracker;
use url::Url;
use uuid::Uuid;

use super::{
    Error,
    budget::{Budget, Urgency},
    endpoints::Endpoints,
    retry::{self, BLOCKED_PAUSE, Next, Outcome, Repeat},
    stay::AccessToken,
    tokens::Tokens,
    wire::error::ErrorBody,
};
use crate::model::Clock;

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is read; a page of friends is some kilobytes.
const BODY_LIMIT: usize = 4 << 20;
/// Where the service asks for a pause and names none.
const USUAL_WAIT: Duration = Duration::from_secs(30);
/// No pause that is asked for is longer, whatever the number: it is added to the time, and a program that falls silent for a
/// day is broken to its user.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// As captured (protocol section 3).
const APP_VERSION: &str = "PlayStationApp-Android/26.1.0";

pub(super) struct Http {
    endpoints: Arc<Endpoints>,
    client: reqwest::Client,
    tokens: Arc<Tokens>,
    refreshes: TaskTracker,
    /// One for as long as the account is in use.
    trace_id: String,
    clock: Clock,
    pauses: Mutex<Pauses>,
}

#[derive(Default)]
struct Pauses {
    budget: Budget,
    /// Set by a 429 or a block, for every caller.
    not_before: Option<(Instant, Pause)>,
}

#[derive(Clone, Copy)]
enum Pause {
    Blocked,
    RateLimited,
}

/// One call, written down before it is sent.
pub(super) struct Call {
    /// For errors and logs; never holds an id.
    what: &'static str,
    method: Method,
    url: Url,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
    repeat: Repeat,
    urgency: Urgency,
    anonymous: bool,
}

impl Call {
    /// GET may be repeated, everything else only when [`Call::repeatable`] says so.
    pub fn new(what: &'static str, method: Method, url: Url) -> Self {
        let repeat = if method == Method::GET { Repeat::Safe } else { Repeat::Never };
        Self {
            what,
            method,
            url,
            headers: Vec::new(),
            body: None,
            repeat,
            urgency: Urgency::Normal,
            anonymous: false,
        }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        self.url.query_pairs_mut().extend_pairs(pairs);
        self
    }

    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.body = Some(serde_json::to_vec(body).expect("wire shapes always serialize"));
        self
    }

    /// Without our token: whoever answers need not know who asks.
    pub fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// It gives something back, and must not wait for the budget.
    pub fn on_reserve(mut self) -> Self {
        self.urgency = Urgency::MayUseReserve;
        self
    }

    /// Sending it twice does no harm.
    pub fn repeatable(mut self) -> Self {
        self.repeat = Repeat::Safe;
        self
    }
}

impl Http {
    pub fn new(
        endpoints: Arc<Endpoints>,
        client: reqwest::Client,
        tokens: Arc<Tokens>,
        refreshes: TaskTracker,
        clock: Clock,
    ) -> Self {
        let trace_id = span_id();
        Self { endpoints, client, tokens, refreshes, trace_id, clock, pauses: Mutex::default() }
    }

    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// A call to `{mobile}/api{path}`.
    pub fn call(&self, what: &'static str, method: Method, path: &str) -> Call {
        Call::new(what, method, self.endpoints.api(path))
    }

    pub async fn access_token(&self) -> Result<AccessToken, Error> {
        self.tokens.access(&self.refreshes).await
    }

    /// After a token was refused outside of [`Http::send`].
    pub async fn renew_token(&self, stale: &AccessToken) -> Result<AccessToken, Error> {
        self.tokens.refresh(stale, &self.refreshes).await
    }

    /// Sends and parses the answer.
    pub async fn fetch<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        let what = call.what;
        let body = self.send(call).await?;
        serde_json::from_slice(&body).map_err(|error| Error::Malformed {
            what,
            line: error.line(),
            column: error.column(),
        })
    }

    /// Sends, with everything of protocol section 3, and returns the body of a 2xx answer.
    pub async fn send(&self, call: Call) -> Result<Vec<u8>, Error> {
        let span_id = span_id();
        let mut refreshed = false;
        let mut tries = 0;
        loop {
            self.may_call(call.urgency)?;
            tries += 1;
            let token = if call.anonymous { None } else { Some(self.access_token().await?) };
            let outcome = match self.try_once(&call, token.as_ref(), &span_id).await {
                Ok(answer) => answer,
                Err(Error::Unreachable(source)) => {
                    if source.is_connect() {
                        self.pauses().budget.refund();
                    }
                    match retry::next(Outcome::NoAnswer, call.repeat, tries, rand::random()) {
                        Next::Again(wait) => {
                            tokio::time::sleep(wait).await;
                            continue;
                        }
                        Next::GiveUp => return Err(Error::Unreachable(source)),
                    }
                }
                Err(error) => return Err(error),
            };
            let status = outcome.status;
            tracing::debug!(call = call.what, status = status.as_u16(), tries, "answered");
            if status.is_success() {
                return Ok(outcome.body);
            }
            if status == StatusCode::UNAUTHORIZED
                && !refreshed
                && let Some(token) = token
            {
                refreshed = true;
                tries -= 1;
                self.renew_token(&token).await?;
                continue;
            }
            if status == StatusCode::FORBIDDEN && outcome.is_html {
                self.pause(BLOCKED_PAUSE, Pause::Blocked);
                return Err(Error::Blocked);
            }
            let failed = Outcome::Status { status: status.as_u16(), retry_after: outcome.retry_after };
            match retry::next(failed, call.repeat, tries, rand::random()) {
                Next::Again(wait) => tokio::time::sleep(wait).await,
                Next::GiveUp => return Err(self.refusal(outcome)),
            }
        }
    }

    async fn try_once(
        &self,
        call: &Call,
        token: Option<&AccessToken>,
        span_id: &str,
    ) -> Result<Answered, Error> {
        let mut request = self.client.request(call.method.clone(), call.url.clone()).timeout(CALL_TIMEOUT);
        if let Some(token) = token {
            request = request
                .bearer_auth(token.expose())
                .header("x-psn-request-id", Uuid::new_v4().to_string())
                .header("x-psn-trace-id", &self.trace_id)
                .header("x-psn-span-id", span_id)
                .header("x-psn-app-ver", APP_VERSION);
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json; charset=utf-8").body(body.clone());
        }
        let response = request.send().await.map_err(unreachable)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_limited(response, BODY_LIMIT).await?;
        Ok(Answered { status, is_html: is_html(&headers), retry_after: retry_after(&headers), body })
    }

    fn may_call(&self, urgency: Urgency) -> Result<(), Error> {
        let now = self.clock.now();
        let mut pauses = self.pauses();
        if let Some((not_before, pause)) = pauses.not_before {
            let excused = matches!((urgency, pause), (Urgency::MayUseReserve, Pause::RateLimited));
            if now < not_before && !excused {
                return Err(match pause {
                    Pause::Blocked => Error::Blocked,
                    Pause::RateLimited => Error::RateLimited { wait: not_before - now },
                });
            }
            if now >= not_before {
                pauses.not_before = None;
            }
        }
        pauses.budget.spend(now, urgency).map_err(|wait| Error::RateLimited { wait })
    }

    fn pause(&self, wait: Duration, pause: Pause) {
        let mut pauses = self.pauses();
        pauses.not_before = Some((self.clock.now() + wait, pause));
    }

    fn pauses(&self) -> MutexGuard<'_, Pauses> {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refusal(&self, answer: Answered) -> Error {
        match answer.status.as_u16() {
            429 => {
                let wait = answer.retry_after.unwrap_or(USUAL_WAIT);
                self.pause(wait, Pause::RateLimited);
                Error::RateLimited { wait }
            }
            status @ 500..=599 => Error::Trouble { status },
            status => Error::Refused { status, code: ErrorBody::code_in(&answer.body) },
        }
    }
}

struct Answered {
    status: StatusCode,
    is_html: bool,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

/// The address would name the account, so it is taken out.
pub(super) fn unreachable(error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_builder() { Error::Unsendable(error) } else { Error::Unreachable(error) }
}

/// Reads at most `limit` bytes, whatever the length the other side announced.
pub(super) async fn read_limited(mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > limit {
            return Err(Error::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

pub(super) fn is_html(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(|v| v.starts_with("text/html"))
}

/// Whole seconds, an hour at most; the date form is not used by the service.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let wait = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)?;
    Some(wait.min(LONGEST_WAIT))
}

/// 16 hex digits.
fn span_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_pause_that_is_asked_for_is_no_longer_than_an_hour() {
        let asked = |value: &'static str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
            retry_after(&headers)
        };
        assert_eq!(asked("20"), Some(Duration::from_secs(20)));
        for long in ["3601", "31536000", "18446744073709551615"] {
            assert_eq!(asked(long), Some(LONGEST_WAIT), "{long}");
        }
        for nonsense in ["", "-1", "soon", "18446744073709551616"] {
            assert_eq!(asked(nonsense), None, "{nonsense}");
        }
    }
}

//! The one way out: every call with a Bearer token goes through [`Http::send`].

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, LAST_MODIFIED, RETRY_AFTER},
};
use serde::de::DeserializeOwned;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{
    Error,
    budget::Urgency,
    call::Call,
    endpoints::Endpoints,
    in_flight::InFlight,
    pause::{LONGEST_WAIT, Pauses},
    retry::{self, Next, Outcome},
    stay::AccessToken,
    tokens::Tokens,
    wire::error::ErrorBody,
};
use crate::model::{CallBudget, Clock};

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Short pauses that one call waits through.
const MAX_PAUSES: u32 = 2;
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
    in_flight: InFlight<Answered>,
}

/// What the service answered with 2xx, or that nothing has changed.
pub(super) struct Answered {
    status: StatusCode,
    is_html: bool,
    retry_after: Option<Duration>,
    /// As it was given, to be given back.
    pub last_modified: Option<String>,
    pub body: Vec<u8>,
}

impl Answered {
    /// Only ever so where the call asked.
    pub fn is_not_modified(&self) -> bool {
        self.status == StatusCode::NOT_MODIFIED
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
        Self {
            endpoints,
            client,
            tokens,
            refreshes,
            trace_id,
            clock,
            pauses: Mutex::default(),
            in_flight: InFlight::default(),
        }
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
    pub async fn fetch<T: DeserializeOwned>(self: &Arc<Self>, call: Call) -> Result<T, Error> {
        let what = call.what;
        parse(what, &self.send(call).await?.body)
    }

    /// Sends, with everything of protocol section 3, and returns a 2xx answer, or a 304 where the call asked for one.
    /// Reading calls that are the same share one answer.
    pub async fn send(self: &Arc<Self>, call: Call) -> Result<Arc<Answered>, Error> {
        if call.method == Method::GET {
            let key = (call.url.clone(), call.headers.clone());
            let http = Arc::clone(self);
            return self.in_flight.join(key, async move { http.carry_out(call).await.map(Arc::new) }).await;
        }
        let answer = self.carry_out(call).await;
        self.in_flight.forget();
        answer.map(Arc::new)
    }

    /// For whoever hears of a change otherwise: no reading call that has begun is shared any more.
    pub fn in_flight(&self) -> InFlight<Answered> {
        self.in_flight.clone()
    }

    pub fn budget(&self) -> CallBudget {
        self.pauses().budget.state(self.clock.now())
    }

    pub fn pause(&self) -> Option<SystemTime> {
        self.pauses().left(self.clock.now()).map(|left| self.clock.wall() + left)
    }

    pub fn pause_until(&self, until: SystemTime) {
        if let Ok(left) = until.duration_since(self.clock.wall()) {
            self.pauses().resume(self.clock.now(), left);
        }
    }

    async fn carry_out(&self, call: Call) -> Result<Answered, Error> {
        let span_id = span_id();
        let mut refreshed = false;
        let mut tries = 0;
        loop {
            self.wait_for_leave(&call).await?;
            tries += 1;
            let token = if call.anonymous { None } else { Some(self.access_token().await?) };
            let answer = match self.try_once(&call, token.as_ref(), &span_id).await {
                Ok(answer) => answer,
                Err(Error::Unreachable(source)) => {
                    if source.is_connect() && call.urgency != Urgency::Uncounted {
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
            let status = answer.status;
            tracing::debug!(call = call.what, status = status.as_u16(), tries, "answered");
            if status.is_success() || answer.is_not_modified() && call.asks_for_changes() {
                return Ok(answer);
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
            let failed = Outcome::Status { status: status.as_u16(), retry_after: answer.retry_after };
            match retry::next(failed, call.repeat, tries, rand::random()) {
                Next::Again(wait) => {
                    if status == StatusCode::TOO_MANY_REQUESTS && call.urgency != Urgency::Uncounted {
                        // Whoever else wants to call waits as well.
                        self.pauses().limited(self.clock.now(), Some(wait));
                    }
                    self.clock.sleep_until(self.clock.now() + wait).await;
                }
                Next::GiveUp => return Err(self.refusal(answer, &call)),
            }
        }
    }

    /// Waits through a short pause, and counts the call.
    async fn wait_for_leave(&self, call: &Call) -> Result<(), Error> {
        for _ in 0..MAX_PAUSES {
            let leave = self.pauses().may_call(self.clock.now(), call.urgency);
            match leave {
                Err(Error::RateLimited { wait }) if wait <= retry::MAX_HELD => {
                    let spread = Duration::from_millis(rand::random_range(0..50));
                    self.clock.sleep_until(self.clock.now() + wait + spread).await;
                }
                leave => return leave,
            }
        }
        self.pauses().may_call(self.clock.now(), call.urgency)
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
        let body = read_limited(response, call.limit).await?;
        Ok(Answered {
            status,
            is_html: is_html(&headers),
            retry_after: retry_after(&headers),
            last_modified: last_modified(&headers),
            body,
        })
    }

    fn pauses(&self) -> MutexGuard<'_, Pauses> {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refusal(&self, answer: Answered, call: &Call) -> Error {
        let status = answer.status.as_u16();
        // What a host beside the service says is nobody else's trouble.
        if call.urgency != Urgency::Uncounted {
            match status {
                403 if answer.is_html => return self.pauses().blocked(self.clock.now()),
                429 => return self.pauses().limited(self.clock.now(), answer.retry_after),
                _ => {}
            }
        }
        match status {
            500..=599 => Error::Trouble { status },
            _ => Error::Refused { status, code: ErrorBody::code_in(&answer.body) },
        }
    }
}

pub(super) fn parse<T: DeserializeOwned>(what: &'static str, body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Malformed {
        what,
        line: error.line(),
        column: error.column(),
    })
}

/// The address would name the account, so it is taken out.
pub(super) fn unreachable(error: reqwest::Error) -> Error {
    let error = Arc::new(error.without_url());
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

fn last_modified(headers: &HeaderMap) -> Option<String> {
    headers.get(LAST_MODIFIED)?.to_str().ok().map(str::to_owned)
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

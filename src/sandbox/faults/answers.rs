//! Answers that are not what they should be. Stands before every handler.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header, response::Parts},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use futures_util::{StreamExt, stream};

use super::spend;
use crate::sandbox::{
    refusal::error_response,
    sign_in::{AUTHORIZE, SIGN_IN, SIGN_IN_PAGE, SSO_COOKIE, TOKEN},
    world::{Shared, World},
};

/// Largest answer that is read in order to be spoiled; none of the sandbox's own comes near.
const MAX_ANSWER: usize = 4 << 20;
/// A huge answer begins with this much white space, in bytes.
const PADDING: usize = 8 << 20;
static PADDING_CHUNK: [u8; 64 << 10] = [b' '; 64 << 10];
/// Half an answer gets this long to leave before the connection closes.
const FLUSH: Duration = Duration::from_millis(50);

/// A part of the service whose answers can be spoiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Area {
    Token,
    /// Authorize, and the session cookie of the fallback.
    Authorize,
    /// The sign-in page, and where its form goes.
    Page,
    /// The mobile API.
    Api,
    /// The push directory, and the beginning of a push socket.
    Push,
}

impl Area {
    fn of(path: &str) -> Option<Self> {
        match path {
            TOKEN => Some(Self::Token),
            AUTHORIZE | SSO_COOKIE => Some(Self::Authorize),
            SIGN_IN_PAGE | SIGN_IN => Some(Self::Page),
            _ if path.starts_with("/api/") => Some(Self::Api),
            _ if path.starts_with("/np/") => Some(Self::Push),
            _ => None,
        }
    }
}

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoiled {
    /// 429, with `Retry-After` in seconds where given. Nothing was done.
    TooManyRequests { retry_after: Option<u64> },
    /// 503. Nothing was done.
    Unavailable,
    /// The network edge's HTML page. Nothing was done.
    AccessDenied,
    /// The connection is accepted and stays silent. Nothing was done.
    Never,
    /// The request is carried out, and answered this much later.
    Late(Duration),
    /// The request is carried out; the connection closes in the middle of the answer's body.
    CutOff,
    /// The request is carried out; the body ends in the middle, as if that were all.
    Malformed,
    /// The request is carried out; megabytes of white space come before the body.
    Huge,
}

impl Spoiled {
    fn replaces_the_handler(self) -> bool {
        match self {
            Self::TooManyRequests { .. } | Self::Unavailable | Self::AccessDenied | Self::Never => true,
            Self::Late(_) | Self::CutOff | Self::Malformed | Self::Huge => false,
        }
    }
}

/// For each area, what happens to its next answers, and how often.
#[derive(Default)]
pub(super) struct Queues(HashMap<Area, VecDeque<(Spoiled, u32)>>);

impl Queues {
    pub fn push(&mut self, area: Area, spoiled: Spoiled, times: u32) {
        if times > 0 {
            self.0.entry(area).or_default().push_back((spoiled, times));
        }
    }

    pub fn next(&mut self, area: Area) -> Option<Spoiled> {
        let queue = self.0.get_mut(&area)?;
        let (spoiled, times) = queue.front_mut()?;
        let spoiled = *spoiled;
        spend(times);
        if *times == 0 {
            queue.pop_front();
        }
        Some(spoiled)
    }
}

/// Answers in a handler's place, or spoils what it answered, where a fault says so.
pub(in crate::sandbox) async fn spoil(State(world): State<Shared>, request: Request, next: Next) -> Response {
    let area = Area::of(request.uri().path());
    if area == Some(Area::Api) {
        world.api_calls.fetch_add(1, Relaxed);
    }
    let mut answer = match area {
        Some(area) => answer(&world, area, request, next).await,
        None => next.run(request).await,
    };
    if let Some(date) = world.clock.date() {
        answer.headers_mut().insert(header::DATE, date);
    }
    answer
}

async fn answer(world: &World, area: Area, request: Request, next: Next) -> Response {
    let spoiled = world.faults.pending().next(area, Instant::now(), world.clock.moment().now);
    let Some(spoiled) = spoiled else { return next.run(request).await };
    tracing::debug!(?area, ?spoiled, "an answer is spoiled");
    if area == Area::Token && spoiled.replaces_the_handler() {
        world.state().token_calls.kept_away += 1;
    }
    match spoiled {
        Spoiled::TooManyRequests { retry_after } => {
            let mut answer = error_response(StatusCode::TOO_MANY_REQUESTS, 2_290_429, "Too many requests");
            if let Some(seconds) = retry_after {
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            answer
        }
        Spoiled::Unavailable => {
            error_response(StatusCode::SERVICE_UNAVAILABLE, 2_290_503, "Service unavailable")
        }
        Spoiled::AccessDenied => access_denied(),
        Spoiled::Never => {
            // The caller gives up first, or the sandbox ends.
            world.cancel.cancelled().await;
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Spoiled::Late(time) => {
            let answer = next.run(request).await;
            tokio::select! {
                () = tokio::time::sleep(time) => {}
                () = world.cancel.cancelled() => {}
            }
            answer
        }
        Spoiled::CutOff => with_body(next.run(request).await, cut_off).await,
        Spoiled::Malformed => with_body(next.run(request).await, malformed).await,
        Spoiled::Huge => with_body(next.run(request).await, huge).await,
    }
}

fn access_denied() -> Response {
    let page = "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>\
         You don't have permission to access this resource.<P>Reference #18.2d.0000000000.0000</BODY></HTML>";
    (StatusCode::FORBIDDEN, [(header::CACHE_CONTROL, "no-store")], Html(page)).into_response()
}

/// Spoils the body of an answer. One without a body, as of a push socket that begins, arrives as it is.
async fn with_body(answer: Response, spoil: fn(Parts, Bytes) -> Response) -> Response {
    if answer.body().is_end_stream() {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    // Our own answers are in memory and below the limit.
    let body = to_bytes(body, MAX_ANSWER).await.unwrap_or_default();
    spoil(parts, body)
}

fn cut_off(mut parts: Parts, body: Bytes) -> Response {
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let half = body.slice(..body.len() / 2);
    let end = stream::once(async {
        tokio::time::sleep(FLUSH).await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    let body = stream::once(async { Ok(half) }).chain(end);
    Response::from_parts(parts, Body::from_stream(body))
}

fn malformed(parts: Parts, body: Bytes) -> Response {
    Response::from_parts(parts, Body::from(body.slice(..body.len() / 2)))
}

/// Still JSON, and without a length that would give it away.
fn huge(parts: Parts, body: Bytes) -> Response {
    let chunks = PADDING / PADDING_CHUNK.len();
    let padding = stream::iter(0..chunks).map(|_| Bytes::from_static(&PADDING_CHUNK));
    let body = padding.chain(stream::once(async { body })).map(Ok::<_, io::Error>);
    Response::from_parts(parts, Body::from_stream(body))
}

#[cfg(test)]
mod tests {
    use super::{super::ALWAYS, *};

    #[test]
    fn spoiled_answers_come_in_order_and_end() {
        let mut queues = Queues::default();
        let limited = Spoiled::TooManyRequests { retry_after: Some(3) };
        queues.push(Area::Api, limited, 2);
        queues.push(Area::Api, Spoiled::Unavailable, 1);
        queues.push(Area::Api, Spoiled::AccessDenied, 0);
        queues.push(Area::Token, Spoiled::CutOff, ALWAYS);
        let answers: Vec<_> = (0..4).map(|_| queues.next(Area::Api)).collect();
        assert_eq!(answers, [Some(limited), Some(limited), Some(Spoiled::Unavailable), None]);
        assert!((0..3).all(|_| queues.next(Area::Token) == Some(Spoiled::CutOff)));
        assert_eq!(queues.next(Area::Push), None);
    }

    #[test]
    fn every_path_belongs_to_one_area() {
        for (path, area) in [
            ("/api/authz/v3/oauth/token", Some(Area::Token)),
            ("/api/authz/v3/oauth/authorize", Some(Area::Authorize)),
            ("/api/v1/ssocookie", Some(Area::Authorize)),
            ("/sonyacct/signin/", Some(Area::Page)),
            ("/sandbox/signin", Some(Area::Page)),
            ("/api/userProfile/v1/internal/users/profiles", Some(Area::Api)),
            ("/np/serveraddr", Some(Area::Push)),
            ("/", None),
        ] {
            assert_eq!(Area::of(path), area, "{path}");
        }
    }
}

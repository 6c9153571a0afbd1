//! Trouble on request, so that a client's recovery can be tested and watched.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};

use super::{
    refusal::error_response,
    world::{Shared, World},
};

/// Something that goes wrong. Answers are spoiled for the API, the token endpoint and the push directory alike; the
/// sign-in page always works.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Every access token given out so far is invalid from now on.
    ExpireTokens,
    /// Every refresh token and browser session is invalid from now on: the user must sign in again.
    RevokeRefreshTokens,
    /// Closes every push socket.
    DropPush,
    /// Refuses new push sockets for this long.
    RefusePush(Duration),
    /// Every bridge vanishes: its sockets close, sessions lose it, calls that name it are answered with 404.
    DropBridges,
    /// The next answers are 429, with `Retry-After` in seconds where given.
    Answer429 { times: u32, retry_after: Option<u64> },
    /// The next answers are 503.
    Answer5xx { times: u32 },
    /// The next answers are the network edge's HTML page.
    AccessDeniedPage { times: u32 },
    /// Requests that arrive within this time are accepted and never answered.
    Silence(Duration),
    /// This share of voice packets is lost, in both directions; 0 to 1.
    BridgePacketLoss(f32),
}

/// Faults in force.
#[derive(Default)]
pub(super) struct Faults {
    pending: Mutex<Pending>,
    packet_loss: PacketLoss,
}

#[derive(Default)]
struct Pending {
    answers: VecDeque<(Spoiled, u32)>,
    silent_until: Option<Instant>,
    push_refused_until: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoiled {
    TooManyRequests(Option<u64>),
    Unavailable,
    AccessDenied,
    /// No answer at all.
    Silence,
}

impl Faults {
    fn pending(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn packet_loss(&self) -> PacketLoss {
        self.packet_loss.clone()
    }

    pub fn push_is_refused(&self, now: Instant) -> bool {
        self.pending().push_refused_until.is_some_and(|until| now < until)
    }
}

impl Pending {
    fn next(&mut self, now: Instant) -> Option<Spoiled> {
        if self.silent_until.is_some_and(|until| now < until) {
            return Some(Spoiled::Silence);
        }
        let (kind, times) = self.answers.front_mut()?;
        let kind = *kind;
        *times -= 1;
        if *times == 0 {
            self.answers.pop_front();
        }
        Some(kind)
    }

    fn spoil(&mut self, kind: Spoiled, times: u32) {
        if times > 0 {
            self.answers.push_back((kind, times));
        }
    }
}

pub(super) fn inject(world: &World, fault: Fault) {
    tracing::info!(?fault, "fault injected");
    let pending = || world.faults.pending();
    match fault {
        Fault::ExpireTokens => world.state().tokens.expire_access(),
        Fault::RevokeRefreshTokens => world.state().tokens.revoke_refresh(),
        Fault::DropPush => world.state().push.drop_all(),
        Fault::RefusePush(time) => pending().push_refused_until = Some(Instant::now() + time),
        Fault::DropBridges => world.bridges.drop_all(),
        Fault::Answer429 { times, retry_after } => {
            pending().spoil(Spoiled::TooManyRequests(retry_after), times)
        }
        Fault::Answer5xx { times } => pending().spoil(Spoiled::Unavailable, times),
        Fault::AccessDeniedPage { times } => pending().spoil(Spoiled::AccessDenied, times),
        Fault::Silence(time) => pending().silent_until = Some(Instant::now() + time),
        Fault::BridgePacketLoss(share) => world.faults.packet_loss.set(share),
    }
}

/// Stands before every handler and spoils the answer where a fault says so.
pub(super) async fn spoil(State(world): State<Shared>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if !path.starts_with("/api/") && !path.starts_with("/np/") {
        return next.run(request).await;
    }
    let spoiled = world.faults.pending().next(Instant::now());
    match spoiled {
        None => next.run(request).await,
        Some(Spoiled::TooManyRequests(retry_after)) => {
            let mut answer = error_response(StatusCode::TOO_MANY_REQUESTS, 2_290_429, "Too many requests");
            if let Some(seconds) = retry_after {
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            answer
        }
        Some(Spoiled::Unavailable) => {
            error_response(StatusCode::SERVICE_UNAVAILABLE, 2_290_503, "Service unavailable")
        }
        Some(Spoiled::AccessDenied) => (
            StatusCode::FORBIDDEN,
            Html(
                "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>\
                 You don't have permission to access this resource.<P>Reference #18.2d.0000000000.0000</BODY></HTML>",
            ),
        )
            .into_response(),
        Some(Spoiled::Silence) => {
            // The caller gives up first, or the sandbox ends.
            world.cancel.cancelled().await;
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The share of voice packets to lose, shared with every peer.
#[derive(Clone, Default)]
pub(super) struct PacketLoss(Arc<AtomicU32>);

impl PacketLoss {
    fn set(&self, share: f32) {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        self.0.store(share.to_bits(), Relaxed);
    }

    /// Whether this packet is to be lost.
    pub fn strikes(&self) -> bool {
        let share = f32::from_bits(self.0.load(Relaxed));
        share > 0.0 && rand::random::<f32>() < share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spoiled_answers_come_in_order_and_end() {
        let now = Instant::now();
        let mut pending = Pending::default();
        pending.spoil(Spoiled::TooManyRequests(Some(3)), 2);
        pending.spoil(Spoiled::Unavailable, 1);
        pending.spoil(Spoiled::AccessDenied, 0);
        let answers: Vec<_> = (0..4).map(|_| pending.next(now)).collect();
        let limited = Some(Spoiled::TooManyRequests(Some(3)));
        assert_eq!(answers, [limited, limited, Some(Spoiled::Unavailable), None]);
    }

    #[test]
    fn silence_ends_by_itself_and_keeps_what_waits_behind_it() {
        let now = Instant::now();
        let mut pending = Pending::default();
        pending.spoil(Spoiled::Unavailable, 1);
        pending.silent_until = Some(now + Duration::from_secs(1));
        assert_eq!(pending.next(now), Some(Spoiled::Silence));
        assert_eq!(pending.next(now + Duration::from_secs(2)), Some(Spoiled::Unavailable));
    }
}

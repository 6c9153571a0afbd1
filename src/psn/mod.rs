//! The network service, as `protocol.md` knows it. Everything here is async and runs on the client's tokio workers; nothing
//! spawns but a token refresh, onto the tracker its owner hands in, because a refresh must not be cancelled half-way.
//!
//! | file | calls | base |
//! |---|---|---|
//! | `oauth`, `redirect`, `loopback`, `tokens` | authorize, token | accounts |
//! | `party` | `sessionManager/v2` | mobile |
//! | `people` | `userProfile` | mobile |
//! | `bridge` | `rtcBridge/v1` | mobile |
//! | `push` | `serveraddr`, the push socket | push |
//!
//! `examine` holds recorded exchanges against the same types.
//!
//! One [`http`] `send` carries every call: headers, a fresh request id, time and size limits, retries, the call budget,
//! and the error shape. The JSON mirrors live in `wire` and never leave this module.

mod bridge;
mod budget;
mod call;
mod endpoints;
mod error;
mod event;
mod examine;
mod friends;
mod games;
mod groups;
mod history;
mod http;
mod images;
mod in_flight;
mod links;
mod loopback;
mod messages;
mod notifications;
mod oauth;
mod party;
mod pause;
mod people;
mod presence;
mod push;
mod redirect;
mod retry;
mod sandbox_account;
mod stay;
mod tokens;
mod wire;

use std::{sync::Arc, time::SystemTime};

use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::model::{AccountId, CallBudget, Clock};

pub use endpoints::{Endpoints, InvalidBase};
pub use error::Error;
pub use event::{Event, MemberChange, PartyEvent, PushEvent};
pub use examine::{Examiner, SignInCall, sign_in_call};
pub use loopback::RedirectListener;
pub use oauth::{Authorization, SignInError};
pub use party::PartyChange;
pub use presence::PresenceCache;
pub use push::{PushCounts, PushError, PushSocket};
pub use redirect::{Expected, Redirect, RedirectError, pasted_npsso};
pub use sandbox_account::npsso_of_sandbox_account;
pub use stay::Kept;
pub use tokens::{Grant, Keeper, Tokens};

/// One signed-in account at one service. Cheap to share; every method is one or a few calls and may be dropped midway.
pub struct Psn {
    http: Arc<http::Http>,
    tokens: Arc<Tokens>,
    /// Names this running client to the push system; the same for the whole run.
    push_context: Uuid,
}

impl Psn {
    /// `refreshes` gets the one task that must outlive its caller: a token refresh under way.
    pub fn new(
        endpoints: Arc<Endpoints>,
        client: reqwest::Client,
        tokens: Arc<Tokens>,
        refreshes: TaskTracker,
        clock: Clock,
    ) -> Self {
        let http = Arc::new(http::Http::new(endpoints, client, Arc::clone(&tokens), refreshes, clock));
        Self { http, tokens, push_context: Uuid::new_v4() }
    }

    /// Whose account this is.
    pub fn account(&self) -> AccountId {
        self.tokens.account()
    }

    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// How many calls were made lately, and how many may be.
    pub fn budget(&self) -> CallBudget {
        self.http.budget()
    }

    /// Until when, by the computer's clock, the service wants to be left alone; a later run should know of it too.
    pub fn pause(&self) -> Option<SystemTime> {
        self.http.pause()
    }

    /// Takes over what [`Psn::pause`] told an earlier run. What is past, or further away than an hour, does not count as such.
    pub fn pause_until(&self, until: SystemTime) {
        self.http.pause_until(until);
    }
}

/// The one HTTP client of a run. Redirects are never followed: none of the calls expects one, and sign-in reads them.
///
/// # Errors
/// When the TLS stack cannot start.
pub fn http_client(endpoints: &Endpoints) -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(http::CONNECT_TIMEOUT)
        .pool_idle_timeout(std::time::Duration::from_secs(60))
        // A connection that died with the network is given up before the next call waits for it.
        .http2_keep_alive_interval(std::time::Duration::from_secs(10))
        .http2_keep_alive_timeout(std::time::Duration::from_secs(3))
        .user_agent(concat!("Partyline/", env!("CARGO_PKG_VERSION")));
    let builder = if endpoints.is_sandbox() { builder.no_proxy() } else { builder.https_only(true) };
    builder.build()
}

//! The network service, as `protocol.md` knows it. Everything here is async and runs on the client's tokio workers; nothing
//! spawns but a token refresh, onto the tracker its owner hands in, because a refresh must not be cancelled half-way.
//!
//! # The calls
//!
//! One row for each of protocol sections 2–10. *Sure*: **B** captured, **C** seen in other public clients, **I** inferred,
//! **?** a guess that lives in one place of `wire`; the second letter, where there is one, is the body's.
//!
//! | method, path | sure | here |
//! |---|---|---|
//! | **accounts** `/api/authz/v3/oauth` | | |
//! | GET `/authorize` (browser) | B | [`Authorization::begin`] |
//! | GET `/authorize` with the npsso cookie | C | [`Authorization::code_for_npsso`] |
//! | POST `/token`, code | B | [`Authorization::exchange`] |
//! | POST `/token`, refresh | B | [`Tokens`], before a token ends or after a 401 |
//! | **mobile** `/sessionManager/v2` | | |
//! | GET `/partySessions?view=v3` | B, I | [`Psn::party`] |
//! | POST `/sys/gameBase/parties/bulkGet` | B, C | [`Psn::visible_parties`] |
//! | GET `/users/me/partySessionsInvitations` | B, C | [`Psn::invitations`] |
//! | POST `/partySessions` | B, C | [`Psn::create_party`] |
//! | PATCH `/partySessions/{id}` | B | [`Psn::change_party`] |
//! | POST `/partySessions/{id}/members` | B, C | [`Psn::join_party`] |
//! | PATCH `/partySessions/{id}/members/me` | B, I | [`Psn::announce_voice`] |
//! | DELETE `/partySessions/{id}/members/me` | B | [`Psn::leave_party`] |
//! | DELETE `/partySessions/{id}/members/{account}` | ? | [`Psn::remove_member`] |
//! | POST `/partySessions/{id}/invitations` | B | [`Psn::invite`] |
//! | POST `/partySessions/{id}/bridges` | B, C | [`Psn::link_bridge`] |
//! | POST `/partySessions/{id}/customMessage` | B, I | [`Psn::send_custom_message`] |
//! | **mobile** `/playerRecommendations/v1` | | |
//! | GET `/partyHistory/me` | B, ? | [`Psn::party_history`] |
//! | **web** and **mobile** `/cpss/v1` | | |
//! | GET `{web}/partyInfo/{link}` | B | [`Psn::link_preview`] |
//! | GET `{mobile}/share/party/{id}` | C, ? | [`Psn::share_party`] |
//! | **mobile** `/rtcBridge/v1` | | |
//! | POST `/bridges` | B | [`Psn::create_bridge`] |
//! | GET `/bridges/{b}` | B | [`Psn::bridge_peers`] |
//! | DELETE `/bridges/{b}` | B | [`Psn::delete_bridge`] |
//! | POST `/bridges/{b}/peers` | B | [`Psn::add_peer`] |
//! | POST `/bridges/{b}/peers/{p}/offer` | B | not made: a lost voice path gets a new seat instead |
//! | POST `/bridges/{b}/peers/{p}/answer` | B | [`Psn::answer_peer`] |
//! | DELETE `/bridges/{b}/peers/{p}` | B | [`Psn::delete_peer`] |
//! | **mobile** `/userProfile` | | |
//! | GET `/v2/internal/users/me/friends` | B, C | [`Psn::friends`] |
//! | GET `/v1/internal/users/profiles` | B, C | [`Psn::profiles`] |
//! | GET `/v2/internal/users/basicPresences` | B, C | [`Psn::presences`] |
//! | GET `/v1/internal/users/me/friends/receivedRequests` | B, C | [`Psn::friend_requests`] |
//! | PUT `/v1/internal/users/me/friends/{account}` | C | [`Psn::befriend`] |
//! | DELETE `/v1/internal/users/me/friends/{account}` | C | [`Psn::unfriend`] |
//! | GET `/v1/internal/users/me/friends/{account}/summary` | B, I | [`Psn::friend_summary`] |
//! | POST `/v1/internal/users/me/friends/{account}/personalDetailSharing` | B, ? | [`Psn::share_real_name`] |
//! | GET `/v1/internal/users/me/blocks` | B, C | [`Psn::blocked`] |
//! | PUT `/v1/internal/users/me/blocks/{account}` | C | [`Psn::block`] |
//! | DELETE `/v1/internal/users/me/blocks/{account}` | C | [`Psn::unblock`] |
//! | GET `/v1/internal/users/me/userSettings/appearOffline` | B, ? | [`Psn::appears_offline`] |
//! | PUT `/v1/internal/users/me/userSettings/appearOffline` | ? | [`Psn::set_appear_offline`] |
//! | **mobile** `/gamelist/v2` | | |
//! | GET `/users/{account}/titles` | B, C | [`Psn::played_titles`] |
//! | **mobile** `/search/v1` | | |
//! | POST `/universalSearch` | C, C | [`Psn::find_person`] |
//! | **push** | | |
//! | GET `/np/serveraddr` | B, C | [`Psn::open_push`] |
//! | GET `wss://{fqdn}/np/pushNotification` | B, C | [`Psn::open_push`], [`PushSocket::next`] |
//! | **mobile** `/gamingLoungeGroups/v1` | | |
//! | GET `/members/me/groups` | B, C | [`Psn::groups`] |
//! | GET `/members/me/groups/openPartySessions` | B, ? | [`Psn::open_parties`] |
//! | GET `/members/me/groups/{g}` | C | [`Psn::group`] |
//! | POST `/groups` | C | [`Psn::create_group`] |
//! | GET `/members/me/groups/{g}/threads/{t}/messages` | B, C | [`Psn::messages`] |
//! | POST `/groups/{g}/threads/{t}/messages` | C | [`Psn::send_message`] |
//! | POST `/groups/{g}/typing` | B, ? | [`Psn::typing`] |
//! | POST `/groups/{g}/threads/{t}/reactions` | B, ? | [`Psn::react`] |
//! | **mobile** `/userNotificationManager/v1` | | |
//! | GET `/users/me/notifications` | B, ? | [`Psn::notifications`] |
//! | PUT `/users/me/notifications` | B, ? | [`Psn::mark_read`] |
//! | **mobile**, the rest of section 10 | | |
//! | GET `/graphql/v1/op` | B | not made: nothing in it is needed |
//! | PUT `/psan/v1/appTypes/psapp/users/{account}/deviceTypes/Android/deviceInfo` | B | not made: this is no phone |
//!
//! Pictures come from other hosts: [`Psn::image`].
//!
//! `examine` holds recorded exchanges against the same types.
//!
//! One `send` in `http` carries every call: headers, a fresh request id, time and size limits, retries, the call budget,
//! one answer for all who ask the same at once, and the error shape. The JSON mirrors live in `wire` and never leave this module.

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
mod search;
mod stay;
mod tokens;
mod wire;

use std::{sync::Arc, time::SystemTime};

use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::model::{AccountId, CallBudget, Clock};

pub use endpoints::{Endpoints, InvalidBase};
pub use error::Error;
pub use event::{Event, GroupNews, MemberChange, PartyEvent, PushEvent};
pub use examine::{Examiner, SignInCall, is_of_service, sign_in_call};
pub use loopback::RedirectListener;
pub use oauth::{Authorization, SignInError};
pub use party::PartyChange;
pub use presence::PresenceCache;
pub use push::{PushCounts, PushError, PushSocket};
pub use redirect::{Expected, Redirect, RedirectError, pasted_npsso};
pub use retry::BLOCKED_PAUSE;
pub use sandbox_account::npsso_of_sandbox_account;
pub use stay::Kept;
pub use tokens::{Grant, Keeper, Tokens};

/// One signed-in account at one service. Cheap to share; every method is one or a few calls and may be dropped midway.
pub struct Psn {
    http: Arc<http::Http>,
    tokens: Arc<Tokens>,
    /// Names this client to the push system, the same for as long as it lives.
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

//! The network service, as `protocol.md` knows it. Everything here is async and runs on the client's tokio workers; nothing
//! spawns but a token refresh, onto the tracker its owner hands in, because a refresh must not be cancelled half-way.
//!
//! # The calls
//!
//! One row for each of protocol sections 2–10. *Source*: the section of `protocol.md`, or the public client that the call was
//! seen in. *Sure*: **B** captured, **C** seen in other public clients, **I** inferred,
//! **?** a guess that lives in one place of `wire`; the second letter, where there is one, is the body's.
//!
//! | method, path | source | sure | here | used for |
//! |---|---|---|---|---|
//! | **accounts** `/api/authz/v3/oauth` | | | | |
//! | GET `/authorize` (browser) | 2 | B | [`Authorization::begin`] | signing in |
//! | GET `/authorize` with the npsso cookie | 2 | C | [`Authorization::code_for_npsso`] | signing in by an npsso |
//! | POST `/token`, code | 2 | B | [`Authorization::exchange`] | signing in |
//! | POST `/token`, refresh | 2 | B | [`Tokens`], before a token ends or after a 401 | staying signed in |
//! | **mobile** `/sessionManager/v2` | | | | |
//! | GET `/partySessions?view=v3` | 4 | B, I | [`Psn::party`] | the party one is in; whether an invitation still stands |
//! | POST `/sys/gameBase/parties/bulkGet` | 4 | B, C | [`Psn::visible_parties`] | parties to join, of friends and by invitation |
//! | GET `/users/me/partySessionsInvitations` | 4 | B, C | [`Psn::invitations`] | invitations |
//! | POST `/partySessions` | 4 | B, C | [`Psn::create_party`] | Start a party |
//! | PATCH `/partySessions/{id}` | 4 | B | [`Psn::change_party`] | name, privacy, places |
//! | POST `/partySessions/{id}/members` | 4 | B, C | [`Psn::join_party`] | Join; the way back in |
//! | PATCH `/partySessions/{id}/members/me` | 4 | B, I | [`Psn::announce_voice`] | muted, and whom one hears |
//! | DELETE `/partySessions/{id}/members/me` | 4 | B | [`Psn::leave_party`] | Leave; quitting |
//! | DELETE `/partySessions/{id}/members/{account}` | 4 | ? | [`Psn::remove_member`] | a member's menu, for the host |
//! | POST `/partySessions/{id}/invitations` | 4 | B | [`Psn::invite`] | Invite |
//! | POST `/partySessions/{id}/bridges` | 4 | B, C | [`Psn::link_bridge`] | voice |
//! | POST `/partySessions/{id}/customMessage` | 4, 6 | B, I | [`Psn::send_signal`] | voice from member to member |
//! | **mobile** `/playerRecommendations/v1` | | | | |
//! | GET `/partyHistory/me` | 4 | B, ? | [`Psn::party_history`] | recent parties and people |
//! | **web** and **mobile** `/cpss/v1` | | | | |
//! | GET `{web}/partyInfo/{link}` | 4 | B | [`Psn::link_preview`] | what a link leads to |
//! | GET `{mobile}/share/party/{id}` | 4 | C, ? | [`Psn::share_party`] | the party's link |
//! | **mobile** `/rtcBridge/v1` | | | | |
//! | POST `/bridges` | 5 | B | [`Psn::create_bridge`] | voice |
//! | GET `/bridges/{b}` | 5 | B | [`Psn::bridge_peers`] | leaving: whether somebody is left |
//! | DELETE `/bridges/{b}` | 5 | B | [`Psn::delete_bridge`] | leaving, as the last one |
//! | POST `/bridges/{b}/peers` | 5 | B | [`Psn::add_peer`] | voice |
//! | POST `/bridges/{b}/peers/{p}/offer` | 5 | B | not made: a lost voice path gets a new seat instead | – |
//! | POST `/bridges/{b}/peers/{p}/answer` | 5 | B | [`Psn::answer_peer`] | voice |
//! | DELETE `/bridges/{b}/peers/{p}` | 5 | B | [`Psn::delete_peer`] | leaving |
//! | **mobile** `/userProfile` | | | | |
//! | GET `/v2/internal/users/me/friends` | 7 | B, C | [`Psn::friends`] | the list |
//! | GET `/v1/internal/users/profiles` | 7 | B, C | [`Psn::profiles`] | names and pictures in every list; who signed in |
//! | GET `/v2/internal/users/basicPresences` | 7 | B, C | [`Psn::presences`] | the list, a card |
//! | GET `/v1/internal/users/me/friends/receivedRequests` | 7 | B, C | [`Psn::friend_requests`] | requests |
//! | PUT `/v1/internal/users/me/friends/{account}` | 7 | C | [`Psn::befriend`] | Accept; Add a friend |
//! | DELETE `/v1/internal/users/me/friends/{account}` | 7 | C | [`Psn::unfriend`] | Decline; Remove |
//! | GET `/v1/internal/users/me/friends/{account}/summary` | 7 | B, I | [`Psn::friend_summary`] | a card |
//! | POST `/v1/internal/users/me/friends/{account}/personalDetailSharing` | 7 | B, ? | [`Psn::share_real_name`] | a card |
//! | GET `/v1/internal/users/me/blocks` | 7 | B, C | [`Psn::blocked`] | settings, a card |
//! | PUT `/v1/internal/users/me/blocks/{account}` | 7 | C | [`Psn::block`] | a card, a member's menu |
//! | DELETE `/v1/internal/users/me/blocks/{account}` | 7 | C | [`Psn::unblock`] | settings, a card |
//! | GET `/v1/internal/users/me/userSettings/appearOffline` | 7 | B, ? | [`Psn::appears_offline`] | one's own row, settings |
//! | PUT `/v1/internal/users/me/userSettings/appearOffline` | 7 | ? | [`Psn::set_appear_offline`] | the same |
//! | **mobile** `/gamelist/v2` | | | | |
//! | GET `/users/{account}/titles` | 7 | B, C | [`Psn::played_titles`] | a card |
//! | **mobile** `/search/v1` | | | | |
//! | POST `/universalSearch` | psn-api | C, C | [`Psn::find_person`] | Add a friend |
//! | **push** | | | | |
//! | GET `/np/serveraddr` | 8 | B, C | [`Psn::open_push`] | the line |
//! | GET `wss://{fqdn}/np/pushNotification` | 8 | B, C | [`Psn::open_push`], [`PushSocket::next`] | the line |
//! | **mobile** `/gamingLoungeGroups/v1` | | | | |
//! | GET `/members/me/groups` | 9 | B, C | [`Psn::groups`] | the list of messages |
//! | GET `/members/me/groups/openPartySessions` | 4 | B, ? | [`Psn::open_parties`] | parties to join |
//! | GET `/members/me/groups/{g}` | 9 | C | [`Psn::group`] | a group that an event names |
//! | POST `/groups` | 9 | C | [`Psn::create_group`] | the first message to somebody |
//! | GET `/members/me/groups/{g}/threads/{t}/messages` | 9 | B, C | [`Psn::messages`] | a conversation |
//! | POST `/groups/{g}/threads/{t}/messages` | 9 | C | [`Psn::send_message`] | a conversation |
//! | POST `/groups/{g}/typing` | 9 | B, ? | [`Psn::typing`] | a conversation |
//! | POST `/groups/{g}/threads/{t}/reactions` | 9 | B, ? | [`Psn::react`] | a conversation |
//! | **mobile** `/userNotificationManager/v1` | | | | |
//! | GET `/users/me/notifications` | 10 | B, ? | [`Psn::notifications`] | notifications |
//! | PUT `/users/me/notifications` | 10 | B, ? | [`Psn::mark_read`] | notifications |
//! | **mobile**, the rest of section 10 | | | | |
//! | GET `/graphql/v1/op` | 10 | B | not made: nothing in it is needed | – |
//! | PUT `/psan/v1/appTypes/psapp/users/{account}/deviceTypes/Android/deviceInfo` | 10 | B | not made: this is no phone | – |
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

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::SystemTime,
};

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
    /// How many were sent.
    signals: AtomicU64,
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
        Self { http, tokens, push_context: Uuid::new_v4(), signals: AtomicU64::new(0) }
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

//! A small PSN that runs on this machine: sign-in, friends, parties, messages, push, and a real voice bridge.
//!
//! It is the first-run tour for somebody without credentials at hand, and the stage of every end-to-end test. All
//! hosts of the protocol are paths of one loopback origin; state lives in memory and ends with the process. It is
//! written from the protocol's description alone and shares no type with the client, so that one misreading cannot
//! hide on both sides; it is strict where the captures allow it, so that a careless client fails here first.
//!
//! ```text
//! request ─▶ faults ─▶ checks (token, headers, body) ─▶ State under one lock ─▶ events, aftermath ─▶ push sockets
//!                                                          ▲            │
//!                           residents, evening, janitor ───┘            └─▶ changed (a version number)
//! rtcBridge ─▶ Bridge ─▶ Peer (ICE, DTLS, SRTP) ◀─▶ the bridge's mixer thread
//! push sockets ─▶ direct's Member ─▶ Peer (the same) ◀─▶ the resident's thread
//! ```
//!
//! | module | owns |
//! |---|---|
//! | `sign_in` | the page in the browser, authorization codes, tokens |
//! | `parties` | sessions, members, invitations, links, history: the rules, and `sessionManager/v2`, `cpss/v1`, `partyHistory` |
//! | `messages` | groups, threads, messages: `gamingLoungeGroups/v1` |
//! | `notices` | notifications: `userNotificationManager/v1` |
//! | `aftermath` | what follows from what happened: a party's thread and history, notifications |
//! | `people` | accounts, friends, requests, blocks, presence, games: `userProfile`, `gamelist/v2`, `search/v1` |
//! | `pictures` | avatars and game icons |
//! | `push` | the event sockets, and the names of events that are guesses |
//! | `bridge` | WebRTC peers, jitter buffers, the mix: `rtcBridge/v1` |
//! | `direct` | residents who talk directly: signals through `customMessage`, a connection to each member |
//! | `rtc` | what both have of WebRTC |
//! | `residents` | those who live here: Nova, Echo, Kestrel with a console, the host of an open party, a dozen friends, thousands on request; the evening by script |
//! | `faults` | trouble on request |
//! | `clock` | the time that tokens are judged by, which tests move |
//!
//! Everything runs on the tokio runtime that called [`Sandbox::start`], apart from one thread per bridge that mixes, and per
//! resident who talks directly.

mod aftermath;
mod bridge;
mod checks;
mod clock;
mod direct;
mod faults;
mod janitor;
mod messages;
mod notices;
mod page;
mod parties;
mod people;
mod pictures;
mod push;
mod recent;
mod refusal;
mod residents;
mod rtc;
mod server;
mod sign_in;
mod world;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

pub use bridge::BridgeKind;
pub use faults::{ALWAYS, Area, Fault, FaultError, Spoiled, TimedFault, Twist};
pub use residents::{Act, Evening, Step};
pub use sign_in::{
    CLIENT_ID, CLIENT_SECRET, Calls, SCHEME_CLIENT_ID, SCHEME_CLIENT_SECRET, SCHEME_REDIRECT, TokenCalls,
};
use tokio::net::TcpListener;
use world::World;

/// How long [`Sandbox::shutdown`] waits for its tasks.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(2);

/// What can be chosen about a sandbox.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// A loopback or private address; port 0 picks a free one. At a private one the sandbox is open to that network: it has
    /// no real secrets and asks for none.
    pub listen: SocketAddr,
    /// Whether members hear each other through the bridge, or directly.
    pub bridge: BridgeKind,
    /// How long an access token is good for. Whole seconds.
    pub token_lifetime: Duration,
    /// How long a refresh token is good for. Whole seconds; using it does not extend it.
    pub refresh_token_lifetime: Duration,
    /// Whether anybody lives here besides those who sign in.
    pub residents: bool,
    /// Friends who live here besides the usual dozen; their names are in many scripts. Needs `residents`.
    pub friends: usize,
    /// Groups of these friends that everybody who signs in belongs to. Needs `residents`.
    pub groups: usize,
    /// How many of these friends come, go or change games in a second, all together.
    pub churn_per_second: f64,
    /// A scripted evening among those who live here. Needs `residents`.
    pub evening: Option<Evening>,
    /// How long a member with neither a push socket nor a live peer on the bridge stays in a party.
    pub member_grace: Duration,
    /// How often a push client is told to ping, and how long it should wait for the pong.
    pub keep_alive_interval: Duration,
    pub keep_alive_timeout: Duration,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            bridge: BridgeKind::default(),
            token_lifetime: Duration::from_secs(3599),
            refresh_token_lifetime: Duration::from_secs(5_183_999),
            residents: true,
            friends: 0,
            groups: 0,
            churn_per_second: 0.0,
            evening: None,
            member_grace: Duration::from_secs(10),
            keep_alive_interval: Duration::from_secs(60),
            keep_alive_timeout: Duration::from_secs(20),
        }
    }
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Whoever reaches a sandbox may sign in: it must not be reachable from outside.
    #[error("a sandbox listens on a loopback or private address only, not on {0}")]
    NotPrivate(SocketAddr),
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    /// The program was built with an unreadable recording.
    #[error("the residents' recording is unreadable")]
    Recording(#[from] residents::ClipError),
}

/// A running sandbox. Dropping it stops everything it started; [`Sandbox::shutdown`] also waits for the end.
pub struct Sandbox {
    world: Arc<World>,
}

impl Sandbox {
    /// Listens and serves until dropped or shut down. Must be called on a tokio runtime.
    pub async fn start(config: SandboxConfig) -> Result<Self, StartError> {
        if !is_private(config.listen.ip()) {
            return Err(StartError::NotPrivate(config.listen));
        }
        let refused = |source| StartError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let cast = if config.residents { Some(residents::Cast::new()?) } else { None };

        let world = Arc::new(World::new(config, address));
        world.tasks.spawn(server::serve(listener, world.clone()));
        world.tasks.spawn(janitor::run(world.clone()));
        if let Some(cast) = cast {
            world.tasks.spawn(residents::run(world.clone(), cast));
            if let Some(evening) = world.config.evening {
                world.tasks.spawn(residents::play(world.clone(), evening));
            }
        }
        tracing::info!(%address, "sandbox is open");
        Ok(Self { world })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end. The mobile API is below `/api`.
    pub fn base_url(&self) -> String {
        self.world.base_url()
    }

    /// Makes trouble, see [`Fault`]. In force when this returns, apart from sockets that take a moment to close.
    pub fn inject(&self, fault: Fault) {
        faults::inject(&self.world, fault);
    }

    /// [`Self::inject`] after a while, unless the sandbox ends first.
    pub fn schedule(&self, TimedFault { fault, after }: TimedFault) {
        if after.is_zero() {
            return self.inject(fault);
        }
        let world = Arc::clone(&self.world);
        self.world.tasks.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(after) => faults::inject(&world, fault),
                () = world.cancel.cancelled() => {}
            }
        });
    }

    /// Moves the clock that codes, tokens and browser sessions are judged by; twenty years in all at most. Parties, push
    /// and voice go on in real time.
    pub fn advance(&self, by: Duration) {
        self.world.clock.advance(by);
    }

    /// How often the token endpoint was called so far, and with what success.
    pub fn token_calls(&self) -> TokenCalls {
        self.world.state().token_calls
    }

    /// How often the mobile API was called so far, refused and spoiled calls included: what a client's budget is judged by.
    pub fn api_calls(&self) -> u64 {
        self.world.api_calls.load(Relaxed)
    }

    /// Stops everything and waits for it, two seconds at most.
    pub async fn shutdown(self) {
        self.world.cancel.cancel();
        self.world.tasks.close();
        if tokio::time::timeout(SHUTDOWN_LIMIT, self.world.tasks.wait()).await.is_err() {
            tracing::warn!("the sandbox's tasks did not end in time");
        }
    }
}

/// Of this machine, or of a network that is nobody else's.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.world.cancel.cancel();
        self.world.tasks.close();
    }
}

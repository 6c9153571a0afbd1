//! What the end-to-end tests share: a sandbox and clients in this process, and an ear that compares recordings.

#![allow(dead_code, reason = "each test binary uses its part")]

pub mod ear;
#[allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]
#[path = "../support/sound.rs"]
pub mod sound;
#[path = "../support/turns.rs"]
mod turns;

use std::{
    path::PathBuf,
    sync::{Arc, Once},
    time::{Duration, Instant},
};

use partyline::{
    client::{
        Client, Command, Config, Handle, Party, PartyState, PictureArrival, Screen, SignedIn, Snapshot,
        VoiceStatus,
    },
    model::{
        AccountId, ClientSource, Clock, OAuthClient, OnlineId, Privacy, Processing, SessionId, TalkMode,
    },
    psn::{self, Authorization, Endpoints, Grant, Psn, Tokens},
    sandbox::{CLIENT_ID, CLIENT_SECRET, Fault, Sandbox, SandboxConfig},
    store::{self, Paths},
    voice::{Microphone, Speakers},
};
use tokio::{runtime::Runtime, sync::SemaphorePermit};
use tokio_util::task::TaskTracker;

/// Once for each test binary.
pub fn crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        rustls::crypto::ring::default_provider().install_default().expect("the first provider");
    });
}

/// For a test that talks or listens.
pub fn beside_few() -> SemaphorePermit<'static> {
    wait(turns::beside_few())
}

/// For one that counts what the process holds or measures what it costs.
pub fn alone() -> SemaphorePermit<'static> {
    wait(turns::alone())
}

fn wait<T>(turn: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(turn)
}

/// A sandbox on a runtime of its own, as a service elsewhere would be.
pub struct Service {
    pub sandbox: Option<Sandbox>,
    pub runtime: Runtime,
    pub url: String,
}

impl Service {
    pub fn start(config: SandboxConfig) -> Self {
        crypto();
        let runtime = Runtime::new().expect("a runtime");
        let sandbox = runtime.block_on(Sandbox::start(config)).expect("a sandbox");
        let url = sandbox.base_url();
        Self { sandbox: Some(sandbox), runtime, url }
    }

    pub fn empty() -> Self {
        Self::start(SandboxConfig { residents: false, ..SandboxConfig::default() })
    }

    pub fn inject(&self, fault: Fault) {
        let _inside = self.runtime.enter();
        self.sandbox().inject(fault);
    }

    pub fn client(&self, name: &str) -> Running {
        self.client_with(name, Microphone::None, Speakers::None)
    }

    pub fn client_with(&self, name: &str, microphone: Microphone, speakers: Speakers) -> Running {
        let mut running = self.stranger(microphone, speakers);
        running.send(Command::SignInAs(OnlineId::from(name)));
        running.wait("signed in with friends", |s| signed_in(s).is_some_and(|s| s.friends.value.is_some()));
        running
    }

    pub fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("running")
    }

    /// A client that nobody has signed in yet.
    pub fn stranger(&self, microphone: Microphone, speakers: Speakers) -> Running {
        Running::start(self.config(microphone, speakers))
    }

    /// A client that keeps below `paths` what it needs to go on after a restart.
    pub fn remembering(&self, paths: &Paths, clock: &Clock) -> Running {
        let config = self.config(Microphone::None, Speakers::None);
        Running::start(Config { paths: Some(paths.clone()), remember: true, clock: clock.clone(), ..config })
    }

    pub fn config(&self, microphone: Microphone, speakers: Speakers) -> Config {
        Config {
            endpoints: Endpoints::sandbox(&self.url).expect("a loopback address"),
            client: Some((loopback_client(), ClientSource::Sandbox)),
            paths: None,
            remember: false,
            instances: None,
            clock: Clock::default(),
            microphone: Some(microphone),
            speakers: Some(speakers),
            talk_mode: Some(TalkMode::OpenMicrophone),
            frame_millis: None,
            // Files are clean microphones, and what is compared is the way of their sound.
            processing: Some(Processing::OFF),
            stun_servers: None,
        }
    }
}

/// An account without a client around it.
pub async fn account(url: &str, name: &str, clock: &Clock) -> Arc<Psn> {
    with(url, Tokens::new(grant(url, name).await, clock.clone()), clock)
}

/// A sign-in that nobody uses yet.
pub async fn grant(url: &str, name: &str) -> Grant {
    let endpoints = Arc::new(Endpoints::sandbox(url).expect("a loopback address"));
    let http = psn::http_client(&endpoints).expect("an HTTP client");
    let redirect = "http://127.0.0.1:9/redirect".parse().expect("an address");
    let duid = store::new_installation_id();
    let authorization =
        Authorization::begin(endpoints.clone(), http.clone(), loopback_client(), redirect, &duid);
    let npsso =
        psn::npsso_of_sandbox_account(&endpoints, &http, &OnlineId::from(name)).await.expect("an account");
    let code = authorization.code_for_npsso(&npsso).await.expect("a code");
    authorization.exchange(code).await.expect("tokens")
}

/// The account of these tokens.
pub fn with(url: &str, tokens: Tokens, clock: &Clock) -> Arc<Psn> {
    let endpoints = Arc::new(Endpoints::sandbox(url).expect("a loopback address"));
    let http = psn::http_client(&endpoints).expect("an HTTP client");
    Arc::new(Psn::new(endpoints, http, Arc::new(tokens), TaskTracker::new(), clock.clone()))
}

/// The sandbox's client that comes back to a page on this computer.
pub fn loopback_client() -> OAuthClient {
    let redirect = "http://127.0.0.1/redirect".into();
    OAuthClient { id: CLIENT_ID.into(), secret: CLIENT_SECRET.into(), redirect }
}

/// A client under test. Quits when dropped.
pub struct Running {
    client: Option<Client>,
    pub handle: Handle,
}

impl Running {
    pub fn start(config: Config) -> Self {
        crypto();
        let (client, handle) = Client::start(config, Arc::new(|| {})).expect("a client");
        Self { client: Some(client), handle }
    }

    pub fn send(&self, command: Command) {
        self.handle.send(command);
    }

    /// Blocks until the snapshot is as wanted.
    pub fn wait(&mut self, what: &str, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        self.wait_within(Duration::from_secs(10), what, wanted)
    }

    pub fn wait_within(
        &mut self,
        time: Duration,
        what: &str,
        wanted: impl Fn(&Snapshot) -> bool,
    ) -> Arc<Snapshot> {
        let deadline = Instant::now() + time;
        loop {
            let snapshot = self.handle.snapshot();
            if wanted(&snapshot) {
                return snapshot;
            }
            assert!(Instant::now() < deadline, "waited {time:?} for: {what}; there is {snapshot:#?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Blocks until the next picture is there, or is said not to be.
    pub fn picture(&mut self) -> PictureArrival {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Ok(arrived) = self.handle.pictures.try_recv() {
                return arrived;
            }
            assert!(Instant::now() < deadline, "no answer to a wish for a picture");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub fn create_party(&mut self, privacy: Privacy) -> SessionId {
        self.send(Command::StartParty { name: "Sunday squad".into(), privacy, limit: 16, invite: vec![] });
        self.wait_connected()
    }

    pub fn join(&mut self, session: &SessionId) {
        self.send(Command::JoinParty(session.clone()));
        self.wait_connected();
    }

    pub fn wait_connected(&mut self) -> SessionId {
        let snapshot =
            self.wait("voice connected", |s| party(s).is_some_and(|p| p.voice == VoiceStatus::Connected));
        party(&snapshot).expect("in a party").session.id.clone()
    }

    pub fn wait_members(&mut self, count: usize) {
        self.wait(&format!("{count} members"), |s| {
            party(s).is_some_and(|p| p.session.members.len() == count)
        });
    }

    pub fn invite(&mut self, name: &str) {
        let snapshot =
            self.wait("a friend of that name", |s| signed_in(s).and_then(|s| friend(s, name)).is_some());
        let account = signed_in(&snapshot).and_then(|s| friend(s, name)).expect("just seen");
        self.send(Command::Invite(vec![account]));
    }

    /// Quits and waits for the end; says how long it took.
    pub fn quit(mut self) -> Duration {
        self.end()
    }

    fn end(&mut self) -> Duration {
        let began = Instant::now();
        if let Some(client) = self.client.take() {
            self.handle.send(Command::Quit);
            client.join();
        }
        began.elapsed()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

pub fn signed_in(snapshot: &Snapshot) -> Option<&SignedIn> {
    match &snapshot.screen {
        Screen::SignedIn(signed_in) => Some(signed_in),
        _ => None,
    }
}

pub fn party(snapshot: &Snapshot) -> Option<&Party> {
    match &signed_in(snapshot)?.party {
        PartyState::Joined(party) => Some(party),
        _ => None,
    }
}

fn friend(signed_in: &SignedIn, name: &str) -> Option<AccountId> {
    let friends = signed_in.friends.value.as_ref()?;
    friends.iter().find(|f| f.profile.online_id.as_str() == name).map(|f| f.profile.account)
}

/// Removed with the test.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

pub fn in_folder(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

//! Shared by the voice tests.
#![allow(dead_code, reason = "each test program uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

pub mod bridge;
pub mod sound;
pub mod speech;
mod turns;

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bridge::Bridge;
#[allow(unused_imports, reason = "each test program uses its own part")]
pub use turns::{alone, beside_few};

use partyline::{
    model::{Activation, LinkReport, Offer, OtherEnd, TalkMode},
    voice::{ConnectionState, Meters, Microphone, Network, Speakers, Talk, Voice, VoiceConfig, VoiceEvent},
};

pub const OPEN: Talk = Talk {
    mode: TalkMode::OpenMicrophone,
    key_held: false,
    muted: false,
    deafened: false,
    activation: Activation { open_at: -38.0, close_at: -44.0, hold_millis: 300 },
    release_hold: Duration::from_millis(200),
};
pub const KEY_UP: Talk = Talk { mode: TalkMode::PushToTalk, ..OPEN };
pub const KEY_DOWN: Talk = Talk { key_held: true, ..KEY_UP };

/// A voice path, and everything it said.
pub struct Client {
    pub voice: Voice,
    pub meters: Arc<Meters>,
    pub wakes: Arc<AtomicUsize>,
    events: Arc<Mutex<Vec<VoiceEvent>>>,
}

impl Client {
    /// Files as microphone and speakers; `None`: none.
    pub fn new(microphone: Option<&Path>, speakers: Option<&Path>, talk: Talk) -> Self {
        Self::with(VoiceConfig {
            microphone: microphone.map_or(Microphone::None, |path| Microphone::File(path.into())),
            speakers: speakers.map_or(Speakers::None, |path| Speakers::File(path.into())),
            talk,
            network: Network::Loopback,
        })
    }

    pub fn with(config: VoiceConfig) -> Self {
        let (meters, wakes, events) =
            (Arc::new(Meters::default()), Arc::new(AtomicUsize::new(0)), Arc::default());
        let voice = Voice::start(
            config,
            meters.clone(),
            Arc::new({
                let wakes = wakes.clone();
                move || _ = wakes.fetch_add(1, Ordering::Relaxed)
            }),
            {
                let events: Arc<Mutex<Vec<VoiceEvent>>> = Arc::clone(&events);
                move |event| events.lock().unwrap().push(event)
            },
        );
        Self { voice: voice.unwrap(), meters, wakes, events }
    }

    /// Answers a bridge and waits until media can flow.
    pub async fn join(&self, connection: u64, bridge: &Bridge) -> String {
        let answer =
            self.voice.answer(connection, OtherEnd::Bridge, Offer(bridge.offer().await)).await.unwrap();
        bridge.accept(answer.0.clone()).await;
        bridge.connected().await;
        self.until(&VoiceEvent::Connection { connection, state: ConnectionState::Connected }).await;
        answer.0
    }

    /// Of its only connection.
    pub fn link(&self) -> Option<LinkReport> {
        let mut links = self.voice.report().links;
        assert!(links.len() < 2, "{links:?}");
        links.pop()
    }

    pub fn events(&self) -> Vec<VoiceEvent> {
        self.events.lock().unwrap().clone()
    }

    /// Forgets what happened so far.
    pub fn forget(&self) {
        self.events.lock().unwrap().clear();
    }

    pub fn saw(&self, event: &VoiceEvent) -> bool {
        self.events.lock().unwrap().contains(event)
    }

    /// Waits for an event, and says how long that took.
    pub async fn until(&self, event: &VoiceEvent) -> Duration {
        until(|| self.saw(event), || format!("{event:?} among {:?}", self.events())).await
    }
}

/// Waits for at most ten seconds until something is so.
pub async fn until(is_so: impl Fn() -> bool, what: impl Fn() -> String) -> Duration {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(10), "never came: {}", what());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    start.elapsed()
}

/// The same for what costs something to look at.
pub async fn until_slowly(is_so: impl Fn() -> bool, what: impl Fn() -> String) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(10), "never came: {}", what());
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

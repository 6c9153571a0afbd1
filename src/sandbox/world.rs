//! Everything the sandbox knows, behind one lock that is never held across an await.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    SandboxConfig,
    bridge::Bridges,
    checks::RequestIds,
    clock::Clock,
    direct::Connected,
    faults::Faults,
    messages::Groups,
    notices::Notices,
    parties::{History, Parties},
    people::{Accounts, Ties},
    push::{Event, Late, PushHub},
    residents::Crowd,
    sign_in::{TokenCalls, Tokens},
};

/// Events on their way at a time; more are lost.
const MAX_LATE: usize = 10_000;

pub(super) type Shared = Arc<World>;

pub(super) struct World {
    pub config: SandboxConfig,
    pub address: SocketAddr,
    pub bridges: Bridges,
    pub clock: Clock,
    pub faults: Faults,
    /// Parent of everything that runs.
    pub cancel: CancellationToken,
    pub tasks: TaskTracker,
    /// Calls of the mobile API so far, whoever made them and however they were answered.
    pub api_calls: AtomicU64,
    state: Mutex<State>,
    /// Counts changes of `state`; who waits for one subscribes.
    version: watch::Sender<u64>,
}

/// Plain data: who there is, what they may, where they are.
pub(super) struct State {
    pub accounts: Accounts,
    pub ties: Ties,
    pub tokens: Tokens,
    pub token_calls: TokenCalls,
    pub parties: Parties,
    pub history: History,
    pub groups: Groups,
    pub notices: Notices,
    pub push: PushHub,
    pub connected: Connected,
    pub crowd: Crowd,
    pub request_ids: RequestIds,
}

impl World {
    pub fn new(config: SandboxConfig, address: SocketAddr) -> Self {
        let cancel = CancellationToken::new();
        let tasks = TaskTracker::new();
        let faults = Faults::default();
        let mut accounts = Accounts::default();
        let mut ties = Ties::default();
        let crowd =
            if config.residents { Crowd::new(&mut accounts, &mut ties, &config) } else { Crowd::default() };
        let mut state = State {
            accounts,
            ties,
            tokens: Tokens::new(config.token_lifetime, config.refresh_token_lifetime),
            token_calls: TokenCalls::default(),
            parties: Parties::default(),
            history: History::default(),
            groups: Groups::default(),
            notices: Notices::default(),
            push: PushHub::default(),
            connected: Connected::default(),
            crowd,
            request_ids: RequestIds::default(),
        };
        state.settle(config.groups, now_millis());
        let (version, _) = watch::channel(0);
        Self {
            bridges: Bridges::new(
                config.bridge,
                address.ip(),
                faults.packet_loss(),
                version.clone(),
                tasks.clone(),
            ),
            config,
            address,
            clock: Clock::default(),
            faults,
            cancel,
            tasks,
            api_calls: AtomicU64::new(0),
            state: Mutex::new(state),
            version,
        }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees every later change of the state or of the bridges.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Tells the janitor and the residents that something changed.
    pub fn changed(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    /// Changes the state and pushes what others must know of it, in one step: events leave in the order of changes.
    pub fn change<T, E>(
        &self,
        change: impl FnOnce(&mut State) -> Result<(T, Vec<Event>), E>,
    ) -> Result<T, E> {
        let mut state = self.state();
        let (answer, events) = change(&mut state)?;
        let late = state.tell(events);
        drop(state);
        self.send_later(late);
        self.changed();
        Ok(answer)
    }

    fn send_later(&self, late: Vec<Late>) {
        let room = MAX_LATE.saturating_sub(self.tasks.len());
        for frame in late.into_iter().take(room) {
            let cancel = self.cancel.clone();
            self.tasks.spawn(async move {
                tokio::select! {
                    () = frame.travel() => {}
                    () = cancel.cancelled() => {}
                }
            });
        }
    }

    /// As [`Self::change`], without waking anybody where nothing came of it: for those who are woken by changes.
    pub fn change_if_any<T, E>(
        &self,
        change: impl FnOnce(&mut State) -> Result<(T, Vec<Event>), E>,
    ) -> Result<T, E> {
        let mut state = self.state();
        let (answer, events) = change(&mut state)?;
        let is_any = !events.is_empty();
        let late = state.tell(events);
        drop(state);
        self.send_later(late);
        if is_any {
            self.changed();
        }
        Ok(answer)
    }
}

impl State {
    /// Pushes these events and what follows from them.
    fn tell(&mut self, mut events: Vec<Event>) -> Vec<Late> {
        let after = self.aftermath(&events, now_millis());
        events.extend(after);
        events.iter().flat_map(|event| self.push.publish(event, &self.accounts)).collect()
    }
}

/// Milliseconds since 1970, as the wire counts.
pub(super) fn now_millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

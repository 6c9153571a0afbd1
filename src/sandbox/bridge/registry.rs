//! All bridges, who sits on which, and how each ends.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rand::distr::{Alphanumeric, SampleString};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{
    mixer::{Mixer, Voice},
    peer::Peer,
};
use crate::sandbox::{
    faults::PacketLoss,
    people::AccountId,
    refusal::Refusal,
    rtc::{Health, RtcError},
};

const MAX_BRIDGES: usize = 64;
/// A party holds sixteen; a few more are on their way in or out.
const MAX_PEERS: usize = 20;
/// How long a bridge that no session names, or a peer that does not connect, is kept.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a bridge does with the voices on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BridgeKind {
    /// As captured: it takes voices and sends nobody anything; members talk to each other directly.
    #[default]
    Listens,
    /// Everybody on it hears everybody else; residents are on it too.
    Mixes,
}

pub(in crate::sandbox) struct Bridges {
    by_id: Mutex<HashMap<String, Arc<Bridge>>>,
    kind: BridgeKind,
    address: IpAddr,
    loss: PacketLoss,
    changed: watch::Sender<u64>,
    tasks: TaskTracker,
}

pub(in crate::sandbox) struct Bridge {
    pub id: String,
    pub token: String,
    creator: AccountId,
    created: Instant,
    /// A session named it at some time: when none does any more, it is over.
    was_linked: AtomicBool,
    /// None where it only listens.
    mixer: Option<Mixer>,
    seats: Mutex<Seats>,
    address: IpAddr,
    loss: PacketLoss,
    changed: watch::Sender<u64>,
    tasks: TaskTracker,
}

#[derive(Default)]
struct Seats {
    peers: HashMap<String, Arc<Peer>>,
    residents: HashSet<AccountId>,
    closed: bool,
}

impl Bridges {
    pub fn new(
        kind: BridgeKind,
        address: IpAddr,
        loss: PacketLoss,
        changed: watch::Sender<u64>,
        tasks: TaskTracker,
    ) -> Self {
        Self { by_id: Mutex::default(), kind, address, loss, changed, tasks }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Bridge>>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn get(&self, id: &str) -> Option<Arc<Bridge>> {
        self.lock().get(id).cloned()
    }

    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    pub(super) fn create(&self, creator: AccountId) -> Result<Arc<Bridge>, Refusal> {
        let mut bridges = self.lock();
        if bridges.len() >= MAX_BRIDGES {
            return Err(Refusal::TooMany);
        }
        let mixer = match self.kind {
            BridgeKind::Listens => Ok(None),
            BridgeKind::Mixes => Mixer::start().map(Some),
        };
        let mixer = mixer.map_err(|error| {
            tracing::error!(%error, "no thread for a mixer");
            Refusal::Internal
        })?;
        let bridge = Arc::new(Bridge {
            id: Uuid::new_v4().to_string(),
            token: Alphanumeric.sample_string(&mut rand::rng(), 40),
            creator,
            created: Instant::now(),
            was_linked: AtomicBool::new(false),
            mixer,
            seats: Mutex::default(),
            address: self.address,
            loss: self.loss.clone(),
            changed: self.changed.clone(),
            tasks: self.tasks.clone(),
        });
        bridges.insert(bridge.id.clone(), bridge.clone());
        Ok(bridge)
    }

    /// Takes a bridge down; its peers close in the background.
    pub fn remove(&self, id: &str) {
        let removed = self.lock().remove(id);
        if let Some(bridge) = removed {
            bridge.close();
        }
    }

    pub fn drop_all(&self) {
        let bridges: Vec<Arc<Bridge>> = self.lock().drain().map(|(_, bridge)| bridge).collect();
        for bridge in bridges {
            bridge.close();
        }
        self.changed.send_modify(|version| *version += 1);
    }

    /// Makes the bridges fit the sessions: `admitted` says which accounts may be on a linked bridge, `None` that no
    /// session names it.
    pub fn fit(&self, admitted: impl Fn(&str) -> Option<HashSet<AccountId>>) {
        let bridges: Vec<Arc<Bridge>> = self.lock().values().cloned().collect();
        for bridge in bridges {
            match admitted(&bridge.id) {
                Some(accounts) => {
                    bridge.was_linked.store(true, Relaxed);
                    bridge.keep_only(&accounts);
                }
                None if bridge.was_linked.load(Relaxed) || bridge.created.elapsed() > PATIENCE => {
                    self.remove(&bridge.id);
                }
                None => {}
            }
        }
    }

    /// Whether this account has a peer that is connected now.
    pub fn has_live_peer(&self, account: AccountId) -> bool {
        let bridges: Vec<Arc<Bridge>> = self.lock().values().cloned().collect();
        bridges.iter().any(|bridge| {
            bridge.seats().peers.values().any(|peer| peer.account == account && peer.is_alive())
        })
    }
}

impl Bridge {
    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this token opens the bridge.
    pub fn admits(&self, token: &str) -> bool {
        self.token == token
    }

    pub(super) fn is_creator(&self, account: AccountId) -> bool {
        self.creator == account
    }

    pub(super) fn peer_ids(&self) -> Vec<String> {
        self.seats().peers.keys().cloned().collect()
    }

    pub(super) fn is_used_by_others(&self, account: AccountId) -> bool {
        self.seats().peers.values().any(|peer| peer.account != account)
    }

    /// A peer of this account.
    pub(super) fn peer(&self, id: &str, account: AccountId) -> Option<Arc<Peer>> {
        self.seats().peers.get(id).filter(|peer| peer.account == account).cloned()
    }

    /// A new seat with its offer. One device has one seat: an earlier one of the account is closed.
    pub(super) async fn add_peer(self: &Arc<Self>, account: AccountId) -> Result<(String, String), Refusal> {
        if self.seats().peers.len() >= MAX_PEERS {
            return Err(Refusal::TooMany);
        }
        let kind = if self.mixer.is_some() { BridgeKind::Mixes } else { BridgeKind::Listens };
        let offered = Peer::offer(kind, account, self.address, self.loss.clone(), self.tasks.clone()).await;
        let (peer, sdp) = offered.map_err(|error: RtcError| {
            tracing::error!(error = &error as &dyn std::error::Error, "no offer");
            Refusal::Internal
        })?;
        let peer = Arc::new(peer);
        let replaced: Vec<Arc<Peer>> = {
            let mut seats = self.seats();
            if seats.closed || seats.peers.len() >= MAX_PEERS {
                self.close_later(peer);
                return Err(Refusal::NotFound);
            }
            let replaced =
                seats.peers.extract_if(|_, other| other.account == account).map(|(_, other)| other).collect();
            seats.peers.insert(peer.id.clone(), peer.clone());
            replaced
        };
        for other in replaced {
            self.close_later(other);
        }
        self.tasks.spawn(attend(Arc::downgrade(self), peer.clone()));
        Ok((peer.id.clone(), sdp))
    }

    /// Whether there was such a peer.
    pub(super) fn remove_peer(&self, id: &str) -> bool {
        let removed = { self.seats().peers.remove(id) };
        let Some(peer) = removed else { return false };
        self.vacate(&peer);
        self.tell();
        true
    }

    fn vacate(&self, peer: &Arc<Peer>) {
        // The account may sit on another seat already.
        if !self.seats().peers.values().any(|other| other.account == peer.account) {
            self.unseat(peer.account);
        }
        self.close_later(peer.clone());
    }

    fn unseat(&self, account: AccountId) {
        if let Some(mixer) = &self.mixer {
            mixer.unseat(account);
        }
    }

    fn close_later(&self, peer: Arc<Peer>) {
        self.tasks.spawn(async move { peer.close().await });
    }

    /// Seats somebody who lives in this process; does nothing when they sit already.
    pub fn seat_resident(&self, account: AccountId, voice: impl FnOnce() -> Box<dyn Voice>) {
        let Some(mixer) = &self.mixer else { return };
        let mut seats = self.seats();
        if !seats.closed && seats.residents.insert(account) {
            mixer.seat_resident(account, voice());
        }
    }

    /// Who is not in the party is not on its bridge.
    fn keep_only(&self, accounts: &HashSet<AccountId>) {
        let (strangers, left) = {
            let mut seats = self.seats();
            let strangers: Vec<Arc<Peer>> = seats
                .peers
                .extract_if(|_, peer| !accounts.contains(&peer.account))
                .map(|(_, peer)| peer)
                .collect();
            let left: Vec<AccountId> =
                seats.residents.extract_if(|account| !accounts.contains(account)).collect();
            (strangers, left)
        };
        for peer in strangers {
            self.vacate(&peer);
        }
        for account in left {
            self.unseat(account);
        }
    }

    fn close(&self) {
        let peers: Vec<Arc<Peer>> = {
            let mut seats = self.seats();
            seats.closed = true;
            seats.peers.drain().map(|(_, peer)| peer).collect()
        };
        for peer in peers {
            self.unseat(peer.account);
            self.close_later(peer);
        }
    }

    fn tell(&self) {
        self.changed.send_modify(|version| *version += 1);
    }
}

/// Seats a peer at the mixer once it is connected, and removes it when it is gone or never came.
async fn attend(bridge: Weak<Bridge>, peer: Arc<Peer>) {
    let mut health = peer.health();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut seated = false;
    loop {
        // Copied out: a guard kept across the next lines would block the peer's callbacks.
        let now = *health.borrow_and_update();
        let Some(bridge) = bridge.upgrade() else { return };
        if now == Health::Gone {
            break;
        }
        if now == Health::Connected && !seated {
            match bridge.mixer.as_ref().map(|mixer| mixer.seat_peer(peer.account)) {
                Some(Ok(line)) => peer.plug_in(line),
                Some(Err(error)) => tracing::error!(%error, "no codec for a peer"),
                None => {}
            }
            seated = true;
        }
        bridge.tell();
        drop(bridge);
        tokio::select! {
            changed = health.changed() => if changed.is_err() { break },
            () = peer.closed().cancelled() => break,
            () = tokio::time::sleep_until(deadline), if !seated => break,
        }
    }
    if let Some(bridge) = bridge.upgrade()
        && bridge.remove_peer(&peer.id)
    {
        tracing::info!("a peer on the bridge is gone");
    }
}

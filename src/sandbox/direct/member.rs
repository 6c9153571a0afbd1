//! One resident in one party, where members talk directly: signals in, connections and signals out. A tokio task, asleep
//! while nothing changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use axum::extract::ws::Utf8Bytes;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{
    CHANNEL,
    links::{Do, LineId, Links},
    manner::Manner,
    peer::{Ground, Peer, PeerError},
    signal::{Kind, Signal, User},
    sound::{Sound, SoundError},
    terms::Terms,
};
use crate::sandbox::{
    bridge::Voice,
    parties::Denied,
    people::AccountId,
    rtc::Health,
    world::{Shared, now_millis},
};

/// Changes of connections that wait for their resident.
const BACKLOG: usize = 64;
const MESSAGE: &str = "customMessage:noSeq:created";

/// How a resident takes part.
pub(in crate::sandbox) struct Role {
    pub voice: Box<dyn Voice>,
    pub manner: Manner,
}

/// Whom each resident is connected to: data of the sandbox's state.
#[derive(Default)]
pub(in crate::sandbox) struct Connected(BTreeMap<AccountId, BTreeSet<AccountId>>);

impl Connected {
    /// Whether this resident has a line to somebody.
    pub fn has(&self, resident: AccountId, other: AccountId) -> bool {
        self.0.get(&resident).is_some_and(|others| others.contains(&other))
    }
}

struct Member {
    world: Shared,
    party: String,
    me: AccountId,
    manner: Manner,
    ground: Ground,
    links: Links,
    peers: BTreeMap<LineId, Connection>,
    sound: Sound,
    /// From the tasks that watch connections.
    health: mpsc::Sender<(LineId, Health)>,
    /// Messages sent so far.
    messages: u64,
    /// What others were told, as [`Connected`].
    told: BTreeSet<AccountId>,
    /// How often connections were to be lost, so far.
    losses: u64,
}

struct Connection {
    to: AccountId,
    peer: Peer,
    stands: bool,
}

/// Takes part until cancelled; `join_order` is the resident's own.
pub(in crate::sandbox) async fn attend(
    world: Shared,
    party: String,
    me: AccountId,
    join_order: u32,
    role: Role,
    cancel: CancellationToken,
) {
    let (health, healths) = mpsc::channel(BACKLOG);
    match Member::new(world, party, me, join_order, role, health) {
        Ok(member) => member.run(healths, cancel).await,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a resident cannot talk");
        }
    }
}

impl Member {
    fn new(
        world: Shared,
        party: String,
        me: AccountId,
        join_order: u32,
        Role { voice, manner }: Role,
        health: mpsc::Sender<(LineId, Health)>,
    ) -> Result<Self, SoundError> {
        let (loss, tasks) = (world.faults.packet_loss(), world.tasks.clone());
        Ok(Self {
            ground: Ground { address: world.address.ip(), loss, tasks },
            losses: world.faults.direct_losses(),
            links: Links::new(me, join_order),
            peers: BTreeMap::new(),
            sound: Sound::start(voice, manner)?,
            messages: 0,
            told: BTreeSet::new(),
            world,
            party,
            me,
            manner,
            health,
        })
    }

    async fn run(mut self, mut healths: mpsc::Receiver<(LineId, Health)>, cancel: CancellationToken) {
        let mut changes = self.world.changes();
        let mut events = self.listen();
        loop {
            self.lose_connections();
            let present = self.present();
            let todo = self.links.fit(&present, Instant::now());
            self.perform(todo).await;
            self.tell_who_is_connected();
            let next = self.links.next();
            tokio::select! {
                () = cancel.cancelled() => break,
                changed = changes.changed() => if changed.is_err() { break },
                event = events.recv() => match event {
                    Some(event) => self.take(&event).await,
                    // Its socket was dropped, as anybody's may be.
                    None => events = self.listen(),
                },
                Some((line, health)) = healths.recv() => self.heed(line, health),
                () = sleep_until(next) => {}
            }
        }
        let lines: Vec<LineId> = self.peers.keys().copied().collect();
        lines.into_iter().for_each(|line| self.close(line));
        self.tell_who_is_connected();
    }

    /// A push socket like anybody's: with what happens to events on their way.
    fn listen(&self) -> mpsc::Receiver<Utf8Bytes> {
        self.world.state().push.connect(self.me).1
    }

    /// Visitors in the party with their join orders. Residents are in one process, and need no line to each other.
    fn present(&self) -> Vec<(AccountId, u32)> {
        let state = self.world.state();
        let Some(party) = state.parties.get(&self.party) else { return Vec::new() };
        let is_visitor =
            |account: &AccountId| state.accounts.get(*account).is_some_and(|account| !account.resident);
        let members = party.members().iter().map(|member| (member.person.account, member.join_order));
        members.filter(|(account, _)| is_visitor(account)).collect()
    }

    async fn perform(&mut self, todo: Vec<Do>) {
        for step in todo {
            let (line, done) = match step {
                Do::Close { line } => {
                    self.close(line);
                    continue;
                }
                Do::Offer { to, line, sequence } => (line, self.offer(to, line, sequence).await),
                Do::Answer { to, line, sequence, offer } => {
                    (line, self.answer(to, line, sequence, offer).await)
                }
                Do::Accept { line, answer } => (line, self.accept(line, answer).await),
            };
            if let Err(error) = done {
                tracing::debug!(error = &error as &dyn std::error::Error, "no direct connection");
                self.close(line);
                self.links.gone(line, Instant::now());
            }
        }
    }

    async fn offer(&mut self, to: AccountId, line: LineId, sequence: u64) -> Result<(), PeerError> {
        if self.world.faults.directs_are_unanswered() {
            return Ok(());
        }
        let peer = Peer::open(self.ground.clone(), self.manner, &Terms::ours()).await?;
        let sdp = self.keep(line, to, peer).offer().await?;
        self.tell(to, &Signal { kind: Kind::Offer, sequence, sdp });
        Ok(())
    }

    async fn answer(
        &mut self,
        to: AccountId,
        line: LineId,
        sequence: u64,
        offer: String,
    ) -> Result<(), PeerError> {
        let terms = Terms::read(&offer).ok_or(PeerError::Terms)?;
        let peer = Peer::open(self.ground.clone(), self.manner, &terms).await?;
        let sdp = self.keep(line, to, peer).answer(offer, terms).await?;
        self.tell(to, &Signal { kind: Kind::Answer, sequence, sdp });
        Ok(())
    }

    async fn accept(&mut self, line: LineId, answer: String) -> Result<(), PeerError> {
        match self.peers.get_mut(&line) {
            Some(connection) => connection.peer.accept(answer).await,
            None => Ok(()),
        }
    }

    fn keep(&mut self, line: LineId, to: AccountId, peer: Peer) -> &mut Peer {
        self.ground.tasks.spawn(watch(line, peer.health(), self.health.clone()));
        &mut self.peers.entry(line).insert_entry(Connection { to, peer, stands: false }).into_mut().peer
    }

    /// In the background: the others do not wait for it.
    fn close(&mut self, line: LineId) {
        if let Some(connection) = self.peers.remove(&line) {
            self.sound.unplug(line);
            self.ground.tasks.spawn(async move { connection.peer.close().await });
        }
    }

    fn tell(&mut self, to: AccountId, signal: &Signal) {
        self.messages += 1;
        let told = self.world.change(|state| {
            let (who, whom) = (state.person(self.me)?, state.person(to)?);
            let [from, to] = [&who, &whom].map(|it| User { account: it.account, platform: it.platform });
            let payload = signal.payload(from, to, self.messages);
            let to = Some(vec![whom.account]);
            state
                .parties
                .change(&self.party, |party| party.message(&who, CHANNEL, &payload, to, now_millis()))
        });
        if let Err(denied) = told {
            // They left in this very moment.
            tracing::debug!(%denied, "a signal was not sent");
        }
    }

    /// An event from the push hub, as a client reads it.
    async fn take(&mut self, event: &str) {
        let Some(signal) = read(event, &self.party) else { return };
        let Some((from, signal)) = Signal::read(&signal, self.me) else { return };
        if self.world.faults.directs_are_unanswered() {
            return;
        }
        let todo = self.links.take(from, signal, Instant::now());
        self.perform(todo).await;
    }

    fn heed(&mut self, line: LineId, health: Health) {
        match health {
            Health::New | Health::Silent => {}
            Health::Connected => self.plug_in(line),
            Health::Gone => {
                self.close(line);
                self.links.gone(line, Instant::now());
            }
        }
    }

    fn plug_in(&mut self, line: LineId) {
        let Some(connection) = self.peers.get_mut(&line) else { return };
        if connection.stands || self.links.connected(line).is_none() {
            return;
        }
        connection.stands = true;
        let plugged = connection.peer.plug_in().map(|ends| self.sound.plug(line, ends));
        if let Some(Err(error)) = plugged {
            tracing::error!(%error, "a resident cannot hear somebody");
        }
    }

    /// Where a fault says so: every connection ends.
    fn lose_connections(&mut self) {
        let losses = self.world.faults.direct_losses();
        if std::mem::replace(&mut self.losses, losses) == losses {
            return;
        }
        let lines: Vec<LineId> = self.peers.keys().copied().collect();
        for line in lines {
            self.close(line);
            self.links.gone(line, Instant::now());
        }
    }

    /// For `customData3`, which is written from the sandbox's state.
    fn tell_who_is_connected(&mut self) {
        let standing = self.peers.values().filter(|connection| connection.stands);
        let connected: BTreeSet<AccountId> = standing.map(|connection| connection.to).collect();
        if self.told != connected {
            self.told.clone_from(&connected);
            let changed: Result<(), Denied> = self.world.change(|state| {
                match connected.is_empty() {
                    true => state.connected.0.remove(&self.me),
                    false => state.connected.0.insert(self.me, connected),
                };
                Ok(((), Vec::new()))
            });
            // The closure never declines.
            let _ = changed;
        }
    }
}

/// The payload of a voice signal in an event of this party, under its newer or older name, with its body as JSON or as text.
fn read(event: &str, party: &str) -> Option<String> {
    let event: Value = serde_json::from_str(event).ok()?;
    event["dataType"].as_str().filter(|kind| kind.ends_with(MESSAGE))?;
    let text_body: Option<Value> = event["body"].as_str().and_then(|body| serde_json::from_str(body).ok());
    let data = &text_body.as_ref().unwrap_or(&event["body"])["data"];
    let message = &data["customMessage"];
    let is_ours = data["sessionId"] == party && message["channel"] == CHANNEL;
    message["payload"].as_str().filter(|_| is_ours).map(str::to_owned)
}

/// Reports how a connection fares until it is over.
async fn watch(line: LineId, mut health: watch::Receiver<Health>, report: mpsc::Sender<(LineId, Health)>) {
    loop {
        let now = *health.borrow_and_update();
        if report.send((line, now)).await.is_err() || now == Health::Gone || health.changed().await.is_err() {
            return;
        }
    }
}

async fn sleep_until(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when.into()).await,
        None => std::future::pending().await,
    }
}

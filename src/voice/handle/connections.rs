//! Every connection there is, by number. At most one for each other end, and for the moment of a change the one it replaces.
//!
//! Called from the client's tasks and from the WebRTC crate's. The lock is held for moments; what the voice thread is told of
//! connections is told under it, so that it hears of them in their order.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};

use tokio::sync::mpsc;

use super::{ConnectionState, VoiceEvent, sampling};
use crate::{
    model::{CandidatePair, LinkPhase, LinkReport, OtherEnd},
    voice::{
        engine::{Attachment, Command, Remote},
        meters::Meters,
        negotiation::{NegotiationError, Terms},
        outgoing::Frame,
        peer::Peer,
        stats::{Counters, Trace},
    },
};

/// One connection.
pub struct Link {
    pub connection: u64,
    pub with: OtherEnd,
    pub counters: Arc<Counters>,
    /// Known once both sides have spoken.
    pub terms: OnceLock<Terms>,
    /// Of an offer that is not answered yet: where its frames will go.
    pub frames: Mutex<Option<mpsc::Sender<Frame>>>,
    pub peer: Peer,
    pub life: Mutex<Life>,
}

/// How it goes.
pub struct Life {
    phase: LinkPhase,
    /// It was looked at since the connection came up, or came back.
    pub is_path_known: bool,
    pub path: Option<CandidatePair>,
    pub rtt: Option<Duration>,
    pub trace: Trace,
}

impl Default for Life {
    fn default() -> Self {
        Self {
            phase: LinkPhase::Connecting,
            is_path_known: false,
            path: None,
            rtt: None,
            trace: Trace::default(),
        }
    }
}

impl Link {
    pub fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self) -> LinkReport {
        let offered = Terms::offered;
        let terms = self.terms.get().cloned().unwrap_or_else(offered);
        let life = self.life();
        let latest = life.trace.latest();
        LinkReport {
            connection: self.connection,
            with: self.with,
            state: life.phase,
            path: life.path.clone(),
            rtt: life.rtt,
            clock_hz: terms.clock_hz,
            frame_millis: terms.frame_millis,
            redundancy: terms.redundancy.is_some(),
            packets_sent: self.counters.sent.load(Relaxed),
            packets_received: self.counters.received.load(Relaxed),
            packets_lost: self.counters.lost.load(Relaxed),
            lost_there: self.counters.lost_there(),
            lost_here: latest.lost_here,
            jitter: latest.jitter,
            buffer: latest.buffer,
            concealed: latest.concealed,
            sent_kbps: life.trace.sent_kbps,
            received_kbps: life.trace.received_kbps,
            history: life.trace.history(),
        }
    }
}

/// The right to add a connection to an other end, until somebody else claims it. Dropping it gives it up.
pub struct Claim {
    connections: Arc<Connections>,
    with: OtherEnd,
    ticket: u64,
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut inner = self.connections.lock();
        if inner.claims.get(&self.with).is_some_and(|(ticket, _)| *ticket == self.ticket) {
            inner.claims.remove(&self.with);
        }
    }
}

pub struct Connections {
    remote: Remote,
    pub meters: Arc<Meters>,
    events: Arc<dyn Fn(VoiceEvent) + Send + Sync>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// With the ticket each came with: the order in which they were asked for.
    links: BTreeMap<u64, (u64, Arc<Link>)>,
    /// Who negotiates: ticket and connection.
    claims: BTreeMap<OtherEnd, (u64, u64)>,
    tickets: u64,
    sampling: bool,
}

impl Inner {
    /// Takes those out of which this is true of ticket and link.
    fn take(&mut self, which: impl Fn(u64, &Link) -> bool) -> Vec<Arc<Link>> {
        let taken = self.links.extract_if(.., |_, (ticket, link)| which(*ticket, link));
        taken.map(|(_, (_, link))| link).collect()
    }
}

impl Connections {
    pub fn new(
        remote: Remote,
        meters: Arc<Meters>,
        events: Arc<dyn Fn(VoiceEvent) + Send + Sync>,
    ) -> Arc<Self> {
        Arc::new(Self { remote, meters, events, inner: Mutex::default() })
    }

    /// Overtakes whoever negotiates with this other end.
    pub fn claim(self: &Arc<Self>, with: OtherEnd, connection: u64) -> Claim {
        let mut inner = self.lock();
        inner.tickets += 1;
        let ticket = inner.tickets;
        inner.claims.insert(with, (ticket, connection));
        Claim { connections: self.clone(), with, ticket }
    }

    /// Adds a connection; those to the same other end that never came up give way at once, and what came up stays until this one
    /// does. `attachment`: what the voice thread needs, once it is known.
    pub fn add(
        self: &Arc<Self>,
        claim: &Claim,
        link: Link,
        attachment: Option<Attachment>,
    ) -> Result<(), NegotiationError> {
        let mut inner = self.lock();
        if inner.claims.get(&claim.with).is_none_or(|(ticket, _)| *ticket != claim.ticket) {
            return Err(NegotiationError::Overtaken);
        }
        let never_up = |_, other: &Link| {
            other.connection == link.connection
                || other.with == link.with && other.life().phase == LinkPhase::Connecting
        };
        let given_up = inner.take(never_up);
        self.detach(&given_up);
        inner.links.insert(link.connection, (claim.ticket, Arc::new(link)));
        if let Some(attachment) = attachment {
            self.remote.send(Command::Attach(Box::new(attachment)));
        }
        if !std::mem::replace(&mut inner.sampling, true) {
            tokio::spawn(sampling::run(Arc::downgrade(self)));
        }
        drop(inner);
        drop(given_up); // Closes them.
        Ok(())
    }

    /// The voice thread may have it, if it is still there.
    pub fn attach(&self, attachment: Attachment) -> Result<(), NegotiationError> {
        let inner = self.lock();
        if !inner.links.contains_key(&attachment.connection) {
            return Err(NegotiationError::Overtaken);
        }
        self.remote.send(Command::Attach(Box::new(attachment)));
        Ok(())
    }

    pub fn get(&self, connection: u64) -> Option<Arc<Link>> {
        self.lock().links.get(&connection).map(|(_, link)| link.clone())
    }

    /// Takes a connection out, or whoever is about to add it. The devices stay open: another may follow.
    pub fn remove(&self, connection: u64) -> Option<Arc<Link>> {
        let mut inner = self.lock();
        inner.claims.retain(|_, (_, claimed)| *claimed != connection);
        let removed = inner.links.remove(&connection).map(|(_, link)| link);
        self.detach(removed.as_slice());
        removed
    }

    /// Takes all of them out; whoever is about to add one was overtaken.
    pub fn clear(&self) -> Vec<Arc<Link>> {
        let mut inner = self.lock();
        inner.claims.clear();
        let all = inner.take(|_, _| true);
        self.remote.send(Command::HangUp);
        self.meters.rtt_tenths.store(0, Relaxed);
        all
    }

    /// A connection says how it is.
    pub fn changed(&self, connection: u64, state: ConnectionState) {
        let mut inner = self.lock();
        let Some((ticket, link)) = inner.links.get(&connection).cloned() else { return };
        let ended = match state {
            ConnectionState::Connected => {
                let mut life = link.life();
                (life.phase, life.is_path_known) = (LinkPhase::Connected, false);
                drop(life);
                self.remote.send(Command::Connected(connection));
                inner.take(|earlier, other| other.with == link.with && earlier < ticket)
            }
            ConnectionState::Interrupted => {
                link.life().phase = LinkPhase::Interrupted;
                self.remote.send(Command::Interrupted(connection));
                vec![]
            }
            ConnectionState::Closed | ConnectionState::Failed => {
                inner.take(|_, other| other.connection == connection)
            }
        };
        self.detach(&ended);
        drop(inner);
        drop(ended); // Closes them.
        (self.events)(VoiceEvent::Connection { connection, state });
    }

    /// The bridge first, then members by account.
    pub fn report(&self) -> Vec<LinkReport> {
        let links: Vec<_> = self.lock().links.values().map(|(_, link)| link.clone()).collect();
        let mut reports: Vec<_> = links.iter().map(|link| link.report()).collect();
        reports.sort_by_key(|report| (report.with, report.connection));
        reports
    }

    /// What there is to sample; whoever finds nothing does so no longer.
    pub fn sampled(&self) -> Vec<Arc<Link>> {
        let mut inner = self.lock();
        inner.sampling = !inner.links.is_empty();
        inner.links.values().map(|(_, link)| link.clone()).collect()
    }

    fn detach(&self, links: &[Arc<Link>]) {
        for link in links {
            self.remote.send(Command::Detach(link.connection));
        }
    }

    /// A panic while it was held left it whole: its maps are only ever changed in one step.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

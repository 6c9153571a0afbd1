//! Making and ending connections. The caller's task runs it; a future that is dropped leaves nothing behind.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError, atomic::Ordering},
    time::Instant,
};

use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::{
    Voice,
    connections::{Life, Link},
};
use crate::{
    model::{AccountId, Answer, Offer, OtherEnd},
    voice::{
        engine::{Attachment, Command},
        negotiation::{NegotiationError, Terms},
        outgoing::{Frame, Outgoing},
        peer::{Peer, Surroundings},
        stats::Counters,
    },
};

/// Frames between the voice thread and the network: over half a second of the shortest, then they are dropped.
const FRAMES: usize = 64;

impl Voice {
    /// Builds a connection to whoever made this offer, in place of the previous one to them, which is closed once this one is
    /// up. The answer holds the candidates; media flows once [`ConnectionState::Connected`](super::ConnectionState::Connected)
    /// was reported under the number given here. A future that is dropped leaves nothing behind.
    ///
    /// # Errors
    /// The offer is not understood (the previous connection then stays), or this computer cannot take part.
    pub async fn answer(
        &self,
        connection: u64,
        with: OtherEnd,
        offer: Offer,
    ) -> Result<Answer, NegotiationError> {
        let wish = self.frame_time.load(Ordering::Relaxed);
        let terms = Terms::of_offer(&offer, wish)?;
        let claim = self.connections.claim(with, connection);
        let counters = Arc::new(Counters::default());
        let (frames, surroundings) = self.surroundings(connection, with, &counters);
        let (peer, answer) = Peer::answer(&offer, &terms, wish, surroundings).await?;
        let attachment = attachment(connection, with, &terms, frames, counters.clone())?;
        let link = Link {
            connection,
            with,
            counters,
            terms: terms.into(),
            frames: Mutex::default(),
            peer,
            life: Mutex::new(Life::default()),
        };
        self.connections.add(&claim, link, Some(attachment))?;
        Ok(answer)
    }

    /// Offers a member a connection, in place of the previous one to them, which is closed once this one is up. It waits for
    /// [`Self::accept`]. A future that is dropped leaves nothing behind.
    ///
    /// # Errors
    /// This computer cannot take part.
    pub async fn offer(&self, connection: u64, to: AccountId) -> Result<Offer, NegotiationError> {
        let with = OtherEnd::Member(to);
        let claim = self.connections.claim(with, connection);
        let counters = Arc::new(Counters::default());
        let (frames, surroundings) = self.surroundings(connection, with, &counters);
        let (peer, offer) = Peer::offer(self.frame_time.load(Ordering::Relaxed), surroundings).await?;
        let link = Link {
            connection,
            with,
            counters,
            terms: OnceLock::new(),
            frames: Mutex::new(Some(frames)),
            peer,
            life: Mutex::new(Life::default()),
        };
        self.connections.add(&claim, link, None)?;
        Ok(offer)
    }

    /// The other side's answer to [`Self::offer`] of this number. One that is not understood leaves the offer as it was; one that
    /// cannot be used ends the connection.
    ///
    /// # Errors
    /// The answer is not understood, or the connection is not there any more, or was answered before.
    pub async fn accept(&self, connection: u64, answer: Answer) -> Result<(), NegotiationError> {
        let link = self.connections.get(connection).ok_or(NegotiationError::Overtaken)?;
        let terms = Terms::offered().of_answer(&answer, self.frame_time.load(Ordering::Relaxed))?;
        let frames = link.frames.lock().unwrap_or_else(PoisonError::into_inner).take();
        let frames = frames.ok_or(NegotiationError::Overtaken)?;
        let _ = link.terms.set(terms.clone()); // Whoever took the frames is the only one here.
        let attachment = attachment(connection, link.with, &terms, frames, link.counters.clone())?;
        self.connections.attach(attachment)?;
        let accepted = link.peer.accept(&answer, &terms).await;
        if accepted.is_err() {
            drop(self.connections.remove(connection));
        }
        accepted
    }

    /// Closes one connection, which is gone when this returns; the future waits until the other side was told, and is safe to
    /// drop. The devices stay open and a recording goes on, even with the last: another connection may follow.
    pub fn close(&self, connection: u64) -> impl Future<Output = ()> + Send + use<> {
        let link = self.connections.remove(connection);
        async move {
            if let Some(link) = link {
                link.peer.close().await;
            }
        }
    }

    /// The party is over: closes all connections there are now, the devices and what is being recorded. The future waits until
    /// the other sides were told, and is safe to drop.
    pub fn hang_up(&self) -> impl Future<Output = ()> + Send + use<> {
        let all = self.connections.clear();
        async move {
            join_all(all.iter().map(|link| link.peer.close())).await;
        }
    }

    /// What a connection needs, and where its frames are to go.
    fn surroundings(
        &self,
        connection: u64,
        with: OtherEnd,
        counters: &Arc<Counters>,
    ) -> (mpsc::Sender<Frame>, Surroundings) {
        let (sender, frames) = mpsc::channel(FRAMES);
        let connections = Arc::downgrade(&self.connections);
        let (voices, losses) = (self.remote.clone(), self.remote.clone());
        let surroundings = Surroundings {
            with,
            network: self.network,
            stun_servers: self.stun_servers.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            counters: counters.clone(),
            frames,
            nudge: self.remote.nudge.clone(),
            on_state: Box::new(move |state| {
                if let Some(connections) = connections.upgrade() {
                    connections.changed(connection, state);
                }
            }),
            on_voice: Box::new(move |voice| voices.send(Command::Voice(connection, Box::new(voice)))),
            on_loss: Box::new(move |share| losses.send(Command::Loss(connection, share))),
        };
        (sender, surroundings)
    }
}

fn attachment(
    connection: u64,
    with: OtherEnd,
    terms: &Terms,
    frames: mpsc::Sender<Frame>,
    counters: Arc<Counters>,
) -> Result<Attachment, NegotiationError> {
    let outgoing = match terms.we_send {
        true => {
            let outgoing = Outgoing::new(terms, frames, Instant::now());
            Some(outgoing.map_err(|error| NegotiationError::Refused(error.to_string()))?)
        }
        false => None,
    };
    Ok(Attachment { connection, with, outgoing, counters })
}

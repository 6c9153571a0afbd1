//! One WebRTC connection: described with the candidates inside, watched for its health, closed in bounded time.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use rtc::{peer_connection::configuration::RTCOfferOptions, rtp::packet::Packet};
use tokio::{
    sync::{OnceCell, watch},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use webrtc::{
    data_channel::{DataChannel, DataChannelEvent},
    media_stream::{
        track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP},
        track_remote::{TrackRemote, TrackRemoteEvent},
    },
    peer_connection::{
        PeerConnection, PeerConnectionEventHandler, RTCIceGatheringState, RTCPeerConnectionState,
        RTCSessionDescription,
    },
};

use super::stack::{self, Media, Voices};
use crate::sandbox::faults::PacketLoss;

/// Gathering takes milliseconds: there are host candidates alone.
const GATHERING_LIMIT: Duration = Duration::from_secs(3);
const CLOSING_LIMIT: Duration = Duration::from_secs(1);
/// Largest voice packet that is looked at.
const MAX_PAYLOAD: usize = 1500;

#[derive(Debug, thiserror::Error)]
pub(in crate::sandbox) enum RtcError {
    #[error("webrtc")]
    WebRtc(#[from] webrtc::error::Error),
    #[error("no candidates were gathered in time")]
    Gathering,
}

/// How a connection fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Health {
    /// Not connected yet.
    New,
    Connected,
    /// Silent for longer than it may be; perhaps it returns.
    Silent,
    /// Closed, or silent for too long.
    Gone,
}

/// What is done with a voice packet. Called on the connection's tasks; must not block.
pub(in crate::sandbox) type OnPacket = Box<dyn Fn(Packet) + Send + Sync>;

pub(in crate::sandbox) struct Connection {
    inner: Arc<dyn PeerConnection>,
    media: Media,
    /// Our voice, once an audio section has one.
    track: OnceCell<Arc<TrackLocalStaticRTP>>,
    watches: Arc<Watches>,
    /// Ends the connection's tasks.
    pub cancel: CancellationToken,
}

/// What the connection's callbacks leave behind. Holds nothing of the connection, so that no cycle keeps it alive.
struct Watches {
    health: watch::Sender<Health>,
    gathered: watch::Sender<bool>,
    /// The other side offered, and so opens the channel.
    answering: AtomicBool,
    on_packet: OnPacket,
    loss: PacketLoss,
    tasks: TaskTracker,
    cancel: CancellationToken,
}

impl Connection {
    /// A socket at `address`. A share of packets is lost both ways where `loss` says so.
    pub async fn open(
        address: IpAddr,
        media: Media,
        loss: PacketLoss,
        tasks: TaskTracker,
        on_packet: OnPacket,
    ) -> Result<Self, RtcError> {
        let cancel = CancellationToken::new();
        let watches = Arc::new(Watches {
            health: watch::channel(Health::New).0,
            gathered: watch::channel(false).0,
            answering: AtomicBool::new(false),
            on_packet,
            loss,
            tasks,
            cancel: cancel.clone(),
        });
        let handler: Arc<dyn PeerConnectionEventHandler> = Arc::new(Handler(watches.clone()));
        let inner = stack::connect(address, &media, handler).await?;
        Ok(Self { inner, media, track: OnceCell::new(), watches, cancel })
    }

    /// The first offer: these voices, and a data channel of this name.
    pub async fn offer(&self, voices: &Voices, channel: &str) -> Result<String, RtcError> {
        if let Some(track) = stack::add_voices(&*self.inner, &self.media, voices).await? {
            // One offer is the first.
            let _ = self.track.set(track);
        }
        let channel = self.inner.create_data_channel(channel, None).await?;
        self.spawn(watch_channel(channel, self.watches.clone()));
        self.describe(None).await
    }

    /// A later offer: the same again while it is unanswered, else one that restarts ICE.
    pub async fn renew_offer(&self) -> Result<String, RtcError> {
        match self.inner.pending_local_description().await {
            Some(pending) => Ok(stack::outwards(&pending.sdp)),
            None => self.describe(Some(RTCOfferOptions { ice_restart: true })).await,
        }
    }

    async fn describe(&self, options: Option<RTCOfferOptions>) -> Result<String, RtcError> {
        let offer = self.inner.create_offer(options).await?;
        self.settle(offer).await
    }

    /// Takes the other side's offer; the answer.
    pub async fn answer(&self, offer: String, voices: &Voices) -> Result<String, RtcError> {
        self.watches.answering.store(true, Relaxed);
        self.inner.set_remote_description(RTCSessionDescription::offer(stack::inwards(&offer))?).await?;
        if let Some(track) = voices.track(&self.media) {
            self.inner.add_track(track.clone()).await?;
            // One answer is all there is.
            let _ = self.track.set(track);
        }
        let answer = self.inner.create_answer(None).await?;
        self.settle(answer).await
    }

    /// Makes a description ours, and waits for the candidates inside it.
    async fn settle(&self, description: RTCSessionDescription) -> Result<String, RtcError> {
        self.watches.gathered.send_replace(false);
        self.inner.set_local_description(description).await?;
        let mut gathered = self.watches.gathered.subscribe();
        let all = timeout(GATHERING_LIMIT, gathered.wait_for(|gathered| *gathered)).await;
        all.map_err(|_| RtcError::Gathering)?.map_err(|_| RtcError::Gathering)?;
        let described = self.inner.local_description().await.ok_or(RtcError::Gathering)?;
        Ok(stack::outwards(&described.sdp))
    }

    /// Takes the other side's answer; media flows some moments later.
    pub async fn accept(&self, answer: String) -> Result<(), RtcError> {
        let answer = RTCSessionDescription::answer(stack::inwards(&answer))?;
        Ok(self.inner.set_remote_description(answer).await?)
    }

    pub fn health(&self) -> watch::Receiver<Health> {
        self.watches.health.subscribe()
    }

    pub fn is_alive(&self) -> bool {
        *self.watches.health.borrow() == Health::Connected
    }

    /// Where our voice's packets go.
    pub fn outlet(&self) -> Option<Outlet> {
        let track = self.track.get()?.clone();
        Some(Outlet { track, loss: self.watches.loss.clone(), cancel: self.cancel.clone() })
    }

    /// A task that the sandbox waits for when it ends.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.watches.tasks.spawn(task);
    }

    /// Closes the sockets. Bounded in time.
    pub async fn close(&self) {
        self.cancel.cancel();
        self.watches.health.send_replace(Health::Gone);
        match timeout(CLOSING_LIMIT, self.inner.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a peer did not close cleanly"),
            Err(_) => tracing::warn!("a peer did not close in time"),
        }
    }
}

/// The sending half of a connection.
pub(in crate::sandbox) struct Outlet {
    track: Arc<TrackLocalStaticRTP>,
    loss: PacketLoss,
    cancel: CancellationToken,
}

impl Outlet {
    /// Sends a packet with these extensions, unless the line loses it. Those numbered 0 the other side did not take: with
    /// one of them the packet would not be sent at all.
    pub async fn send(&self, mut packet: Packet, extensions: &[(u8, &[u8])]) {
        if self.loss.strikes() {
            return;
        }
        for (id, value) in extensions.iter().filter(|(id, _)| *id != 0) {
            if let Err(error) = packet.header.set_extension(*id, value.to_vec().into()) {
                tracing::trace!(%error, "an extension was left out");
            }
        }
        if let Err(error) = self.track.write_rtp(packet).await {
            tracing::trace!(%error, "a packet was not sent");
        }
    }

    /// Until the connection is closed by us.
    pub async fn closed(&self) {
        self.cancel.cancelled().await;
    }
}

/// The other side says goodbye by closing the data channel; its connection state lags seconds behind.
async fn watch_channel(channel: Arc<dyn DataChannel>, watches: Arc<Watches>) {
    loop {
        let event = tokio::select! {
            event = channel.poll() => event,
            () = watches.cancel.cancelled() => return,
        };
        match event {
            Some(DataChannelEvent::OnClose) => {
                watches.health.send_replace(Health::Gone);
                return;
            }
            None => return,
            Some(_) => {}
        }
    }
}

struct Handler(Arc<Watches>);

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.0.gathered.send_replace(true);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        tracing::debug!(%state, "a peer");
        let health = match state {
            RTCPeerConnectionState::Connected => Health::Connected,
            RTCPeerConnectionState::Disconnected => Health::Silent,
            RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed => Health::Gone,
            _ => return,
        };
        self.0.health.send_if_modified(|known| {
            let news = *known != health && *known != Health::Gone;
            if news {
                *known = health;
            }
            news
        });
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        if self.0.answering.swap(false, Relaxed) {
            self.0.tasks.spawn(watch_channel(channel, self.0.clone()));
        }
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        self.0.tasks.spawn(receive(track, self.0.clone()));
    }
}

/// Hands a talker's packets on as they come.
async fn receive(track: Arc<dyn TrackRemote>, watches: Arc<Watches>) {
    loop {
        let event = tokio::select! {
            event = track.poll() => event,
            () = watches.cancel.cancelled() => return,
        };
        match event {
            Some(TrackRemoteEvent::OnRtpPacket(packet)) => {
                let size = packet.payload.len();
                if (1..=MAX_PAYLOAD).contains(&size) && !watches.loss.strikes() {
                    (watches.on_packet)(packet);
                }
            }
            Some(TrackRemoteEvent::OnEnded) | None => return,
            Some(_) => {}
        }
    }
}

//! One seat on a bridge: a WebRTC connection, and the tasks that carry packets between it and the mixer.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use rtc::{
    peer_connection::configuration::RTCOfferOptions,
    rtp::{
        extension::{HeaderExtension, audio_level_extension::AudioLevelExtension},
        header::Header,
        packet::Packet,
    },
};
use tokio::{sync::watch, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use webrtc::{
    data_channel::{DataChannel, DataChannelEvent},
    media_stream::{
        track_local::static_rtp::TrackLocalStaticRTP,
        track_remote::{TrackRemote, TrackRemoteEvent},
    },
    peer_connection::{
        PeerConnection, PeerConnectionEventHandler, RTCIceGatheringState, RTCPeerConnectionState,
        RTCSessionDescription, RTCSignalingState,
    },
};

use super::{
    jitter::Arrival,
    mixer::{Line, Outgoing},
    webrtc_stack::{self, COMFORT_NOISE, OPUS, with_ptime},
};
use crate::sandbox::{faults::PacketLoss, people::AccountId};

/// Gathering on loopback takes milliseconds.
const GATHERING_LIMIT: Duration = Duration::from_secs(3);
const CLOSING_LIMIT: Duration = Duration::from_secs(1);
/// Largest voice packet that is looked at.
const MAX_PAYLOAD: usize = 1500;

#[derive(Debug, thiserror::Error)]
pub(super) enum PeerError {
    #[error("webrtc")]
    WebRtc(#[from] webrtc::error::Error),
    #[error("no candidates were gathered in time")]
    Gathering,
}

/// How a peer fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    /// Not connected yet.
    New,
    Connected,
    /// Silent for longer than it may be; perhaps it returns.
    Silent,
    /// Closed, or silent for too long.
    Gone,
}

pub(super) struct Peer {
    pub id: String,
    pub account: AccountId,
    connection: Arc<dyn PeerConnection>,
    mix: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
    watches: Arc<Watches>,
    /// Ends the peer's tasks.
    pub cancel: CancellationToken,
}

/// What the connection's callbacks leave behind. Holds nothing of the connection, so that no cycle keeps it alive.
struct Watches {
    health: watch::Sender<Health>,
    gathered: watch::Sender<bool>,
    /// The answer has the audio level extension.
    takes_levels: AtomicBool,
    arrivals: Mutex<Option<std::sync::mpsc::SyncSender<Arrival>>>,
    loss: PacketLoss,
    tasks: TaskTracker,
    cancel: CancellationToken,
}

impl Peer {
    /// A new seat at a socket of its own, and the offer for whoever takes it.
    pub async fn offer(
        account: AccountId,
        address: IpAddr,
        loss: PacketLoss,
        tasks: TaskTracker,
    ) -> Result<(Self, String), PeerError> {
        let cancel = CancellationToken::new();
        let watches = Arc::new(Watches {
            health: watch::channel(Health::New).0,
            gathered: watch::channel(false).0,
            takes_levels: AtomicBool::new(false),
            arrivals: Mutex::new(None),
            loss,
            tasks,
            cancel: cancel.clone(),
        });
        let ssrc = rand::random();
        let mix = webrtc_stack::mix_track(ssrc);
        let handler: Arc<dyn PeerConnectionEventHandler> = Arc::new(Handler(watches.clone()));
        let connection = webrtc_stack::connect(address, handler, mix.clone()).await?;
        let id = uuid::Uuid::new_v4().to_string();
        let peer = Self { id, account, connection, mix, ssrc, watches, cancel };
        let channel = peer.connection.create_data_channel("bridge", None).await?;
        peer.watches.tasks.spawn(watch_channel(channel, peer.watches.clone()));
        let sdp = peer.describe(None).await?;
        Ok((peer, sdp))
    }

    /// A new offer on the same seat: the same again while it is unanswered, else one that restarts ICE.
    pub async fn renew_offer(&self) -> Result<String, PeerError> {
        match self.connection.pending_local_description().await {
            Some(pending) => Ok(with_ptime(&pending.sdp)),
            None => self.describe(Some(RTCOfferOptions { ice_restart: true })).await,
        }
    }

    async fn describe(&self, options: Option<RTCOfferOptions>) -> Result<String, PeerError> {
        self.watches.gathered.send_replace(false);
        let offer = self.connection.create_offer(options).await?;
        self.connection.set_local_description(offer).await?;
        let mut gathered = self.watches.gathered.subscribe();
        let all = timeout(GATHERING_LIMIT, gathered.wait_for(|gathered| *gathered)).await;
        all.map_err(|_| PeerError::Gathering)?.map_err(|_| PeerError::Gathering)?;
        let local = self.connection.local_description().await.ok_or(PeerError::Gathering)?;
        Ok(with_ptime(&local.sdp))
    }

    /// Takes the other side's answer; media flows some moments later.
    pub async fn answer(&self, sdp: String) -> Result<(), PeerError> {
        self.watches.takes_levels.store(sdp.contains(webrtc_stack::AUDIO_LEVEL), Relaxed);
        self.connection.set_remote_description(RTCSessionDescription::answer(sdp)?).await?;
        Ok(())
    }

    pub fn health(&self) -> watch::Receiver<Health> {
        self.watches.health.subscribe()
    }

    pub fn is_alive(&self) -> bool {
        *self.watches.health.borrow() == Health::Connected
    }

    /// Carries packets in both directions until the mixer drops its ends or the peer is closed.
    pub fn plug_in(&self, line: Line) {
        let mut arrivals = self.watches.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        *arrivals = Some(line.arrivals);
        let (mix, ssrc) = (self.mix.clone(), self.ssrc);
        let watches = self.watches.clone();
        let mut outgoing = line.outgoing;
        self.watches.tasks.spawn(async move {
            loop {
                let packet = tokio::select! {
                    packet = outgoing.recv() => packet,
                    () = watches.cancel.cancelled() => None,
                };
                let Some(packet) = packet else { return };
                if !watches.loss.strikes() {
                    send(&mix, ssrc, watches.takes_levels.load(Relaxed), packet).await;
                }
            }
        });
    }

    /// Closes the sockets. Bounded in time.
    pub async fn close(&self) {
        self.cancel.cancel();
        self.watches.health.send_replace(Health::Gone);
        match timeout(CLOSING_LIMIT, self.connection.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a peer did not close cleanly"),
            Err(_) => tracing::warn!("a peer did not close in time"),
        }
    }
}

async fn send(mix: &TrackLocalStaticRTP, ssrc: u32, with_level: bool, packet: Outgoing) {
    let level = AudioLevelExtension { level: packet.level, voice: !packet.contributors.is_empty() };
    let extensions = [HeaderExtension::AudioLevel(level)];
    let header = Header {
        version: 2,
        marker: packet.marker,
        payload_type: OPUS,
        sequence_number: packet.sequence,
        timestamp: packet.timestamp,
        ssrc,
        csrc: packet.contributors,
        ..Header::default()
    };
    let packet = Packet { header, payload: packet.payload.into() };
    // A packet with an extension that the answer does not name is not sent at all.
    let extensions = if with_level { extensions.as_slice() } else { &[] };
    if let Err(error) = mix.write_rtp_with_extensions(packet, extensions).await {
        tracing::trace!(%error, "a packet of the mix was not sent");
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

    async fn on_signaling_state_change(&self, state: RTCSignalingState) {
        tracing::trace!(%state, "signaling");
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        tracing::debug!(%state, "bridge peer");
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

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        self.0.tasks.spawn(receive(track, self.0.clone()));
    }
}

/// Hands a talker's packets to the mixer as they come.
async fn receive(track: Arc<dyn TrackRemote>, watches: Arc<Watches>) {
    loop {
        let event = tokio::select! {
            event = track.poll() => event,
            () = watches.cancel.cancelled() => return,
        };
        match event {
            Some(TrackRemoteEvent::OnRtpPacket(packet)) => take(packet, &watches),
            Some(TrackRemoteEvent::OnEnded) | None => return,
            Some(_) => {}
        }
    }
}

fn take(packet: Packet, watches: &Watches) {
    let Packet { header, payload } = packet;
    if watches.loss.strikes() || payload.is_empty() || payload.len() > MAX_PAYLOAD {
        return;
    }
    let payload = match header.payload_type {
        OPUS => payload.to_vec(),
        COMFORT_NOISE => Vec::new(),
        _ => return,
    };
    let arrival = Arrival {
        at: Instant::now(),
        sequence: header.sequence_number,
        timestamp: header.timestamp,
        payload,
    };
    let arrivals = watches.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(arrivals) = arrivals.as_ref() {
        // Full or closed: the mixer is behind or gone, and late sound is worth nothing.
        let _ = arrivals.try_send(arrival);
    }
}

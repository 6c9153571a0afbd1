//! What happens on a connection: its states, its data channel, its voices. Tasks on tokio.

use std::{
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rtc::peer_connection::transport::RTCDtlsTransportState;
use rtrb::{Producer, RingBuffer};
use tokio::sync::Notify;
use webrtc::{
    data_channel::{DataChannel, DataChannelEvent},
    media_stream::track_remote::{TrackRemote, TrackRemoteEvent},
    peer_connection::{
        PeerConnection, PeerConnectionEventHandler, RTCIceGatheringState, RTCPeerConnectionState,
    },
};

use super::{Closing, spawn_until};
use crate::{
    model::OtherEnd,
    voice::{
        ConnectionState,
        depacketize::{Depacketizer, Rtp},
        engine::Nudge,
        incoming::Incoming,
        jitter::Packet,
        negotiation::Terms,
        stats::Counters,
    },
};

/// Packets between a track and the voice thread: more than a second of the shortest.
const RING: usize = 128;
/// A bridge may hand on a party of 16 one by one; a member has one voice, and while it is exchanged for another two.
const BRIDGE_STREAMS: usize = 16;
const MEMBER_STREAMS: usize = 2;
/// Nothing is read from them but their end; more than these are not even that.
const MAX_CHANNELS: usize = 4;
/// Whoever closes a connection ends its channels first and says goodbye over DTLS in the next datagram: looked for this often,
/// this many times.
const FAREWELL: (Duration, u32) = (Duration::from_millis(25), 20);

/// Says how the connection is, until it is over.
pub struct Reporter {
    on_state: Box<dyn Fn(ConnectionState) + Send + Sync>,
    closing: Arc<Closing>,
    /// Set once it is built.
    pub connection: OnceLock<Weak<dyn PeerConnection>>,
    /// A data channel was closed, and the connection was not.
    is_suspect: AtomicBool,
    is_interrupted: AtomicBool,
}

impl Reporter {
    pub fn new(on_state: Box<dyn Fn(ConnectionState) + Send + Sync>, closing: Arc<Closing>) -> Self {
        Self {
            on_state,
            closing,
            connection: OnceLock::new(),
            is_suspect: AtomicBool::new(false),
            is_interrupted: AtomicBool::new(false),
        }
    }

    fn report(&self, state: ConnectionState) {
        let ends = matches!(state, ConnectionState::Closed | ConnectionState::Failed);
        let was_over = match ends {
            true => self.closing.over.swap(true, Relaxed),
            false => self.closing.over.load(Relaxed),
        };
        if !was_over {
            (self.on_state)(state);
        }
    }

    fn connected(&self) {
        self.is_interrupted.store(false, Relaxed);
        self.report(ConnectionState::Connected);
    }

    /// Whoever closed a channel before and is silent now is gone.
    fn interrupted(&self) {
        self.is_interrupted.store(true, Relaxed);
        let is_suspect = self.is_suspect.load(Relaxed);
        self.report(if is_suspect { ConnectionState::Closed } else { ConnectionState::Interrupted });
    }

    /// Nothing is read from a channel but its end: it is how a close shows first.
    pub fn watch(self: &Arc<Self>, channel: Arc<dyn DataChannel>) {
        let reporter = self.clone();
        spawn_until(&self.closing, async move {
            while let Some(event) = channel.poll().await {
                if matches!(event, DataChannelEvent::OnClose) {
                    return reporter.channel_closed().await;
                }
            }
        });
    }

    /// The other side left, or had enough of this channel alone and is heard all the same.
    async fn channel_closed(&self) {
        let (pause, times) = FAREWELL;
        for _ in 0..times {
            if self.was_closed().await {
                return self.report(ConnectionState::Closed);
            }
            tokio::time::sleep(pause).await;
        }
        self.is_suspect.store(true, Relaxed);
        if self.is_interrupted.load(Relaxed) {
            self.report(ConnectionState::Closed);
        }
    }

    /// The other side said so: the crate's own state of a connection does not tell.
    async fn was_closed(&self) -> bool {
        let Some(connection) = self.connection.get().and_then(Weak::upgrade) else { return true };
        let Some(transport) = connection.sctp().await else { return false };
        matches!(transport.transport().state().await, Ok(RTCDtlsTransportState::Closed))
    }
}

/// The crate calls these on its driver's task: whatever takes time is spawned.
pub struct Events {
    pub with: OtherEnd,
    /// Set before anything can be heard.
    pub terms: Arc<OnceLock<Terms>>,
    pub counters: Arc<Counters>,
    pub nudge: Arc<Nudge>,
    pub reporter: Arc<Reporter>,
    pub on_voice: Box<dyn Fn(Incoming) + Send + Sync>,
    pub gathered: Arc<Notify>,
    /// Counts the streams that are alive.
    pub voices: Arc<()>,
    /// Counts the data channels there were.
    pub channels: AtomicUsize,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Events {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.gathered.notify_one();
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        match state {
            RTCPeerConnectionState::Connected => self.reporter.connected(),
            RTCPeerConnectionState::Disconnected => self.reporter.interrupted(),
            RTCPeerConnectionState::Failed => self.reporter.report(ConnectionState::Failed),
            RTCPeerConnectionState::Closed => self.reporter.report(ConnectionState::Closed),
            _ => {}
        }
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        if self.channels.fetch_add(1, Relaxed) >= MAX_CHANNELS {
            return;
        }
        self.reporter.watch(channel);
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let most = match self.with {
            OtherEnd::Bridge => BRIDGE_STREAMS,
            OtherEnd::Member(_) => MEMBER_STREAMS,
        };
        if Arc::strong_count(&self.voices) > most {
            tracing::warn!("more than {most} streams on one connection; one is not heard");
            return;
        }
        let Some(terms) = self.terms.get() else { return };
        let (packets, ring) = RingBuffer::new(RING);
        match Incoming::new(ring, terms.clock_hz) {
            Ok(voice) => (self.on_voice)(voice),
            Err(error) => return tracing::error!(%error, "a voice is not heard"),
        }
        let alive = self.voices.clone();
        let drain = Drain {
            packets,
            depacketizer: Depacketizer::new(terms),
            counters: self.counters.clone(),
            nudge: self.nudge.clone(),
        };
        spawn_until(&self.reporter.closing, async move {
            drain.run(track).await;
            drop(alive);
        });
    }
}

/// From the network to the voice thread.
struct Drain {
    packets: Producer<Packet>,
    depacketizer: Depacketizer,
    counters: Arc<Counters>,
    nudge: Arc<Nudge>,
}

impl Drain {
    async fn run(mut self, track: Arc<dyn TrackRemote>) {
        while let Some(event) = track.poll().await {
            let TrackRemoteEvent::OnRtpPacket(packet) = event else { continue };
            self.counters.received_bytes.fetch_add(packet.payload.len() as u64, Relaxed);
            let mut fits = true;
            let header = &packet.header;
            let rtp = Rtp {
                payload_type: header.payload_type,
                sequence: header.sequence_number,
                timestamp: header.timestamp,
                ssrc: header.ssrc,
                sources: &header.csrc,
                payload: &packet.payload,
            };
            let read = self.depacketizer.read(rtp, Instant::now(), |packet| {
                fits &= self.packets.push(packet).is_ok();
            });
            if let Err(reason) = read {
                tracing::trace!(%reason, "a packet is not heard");
            }
            let taken = read.is_ok() && fits;
            let counter = if taken { &self.counters.received } else { &self.counters.rejected };
            counter.fetch_add(1, Relaxed);
            if taken {
                self.nudge.packet_arrived();
            }
        }
    }
}

//! One seat on a bridge: a connection, and the task that carries the mix to it.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering::Relaxed},
        mpsc::SyncSender,
    },
    time::Instant,
};

use rtc::rtp::{header::Header, packet::Packet};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    BridgeKind,
    audio::SAMPLE_RATE,
    jitter::Arrival,
    mixer::{Line, Outgoing},
};
use crate::sandbox::{
    faults::PacketLoss,
    people::AccountId,
    rtc::{
        AUDIO_LEVEL, Connection, Health, Media, Outlet, PAYLOAD_SIGNATURE, RtcError, Voices, codec,
        extension_id, with_ptime,
    },
};

const OPUS: u8 = 111;
const COMFORT_NOISE: u8 = 13;

pub(super) struct Peer {
    pub id: String,
    pub account: AccountId,
    connection: Connection,
    ssrc: u32,
    /// Where packets go once the peer is plugged in.
    arrivals: Arc<Mutex<Option<SyncSender<Arrival>>>>,
    /// The number of the audio level extension, 0 where the answer has none.
    level_id: AtomicU8,
}

impl Peer {
    /// A new seat at a socket of its own, and the offer for whoever takes it.
    pub async fn offer(
        kind: BridgeKind,
        account: AccountId,
        address: IpAddr,
        loss: PacketLoss,
        tasks: TaskTracker,
    ) -> Result<(Self, String), RtcError> {
        let media = Media {
            codecs: vec![
                codec(OPUS, "opus", SAMPLE_RATE, 2, "minptime=10;stereo=0;useinbandfec=1"),
                codec(COMFORT_NOISE, "CN", 8000, 0, ""),
            ],
            extensions: vec![AUDIO_LEVEL, PAYLOAD_SIGNATURE],
        };
        let arrivals: Arc<Mutex<Option<SyncSender<Arrival>>>> = Arc::default();
        let to_mixer = arrivals.clone();
        let on_packet = Box::new(move |packet| take(packet, &to_mixer));
        let connection = Connection::open(address, media, loss, tasks, on_packet).await?;
        let ssrc = rand::random();
        let voices = match kind {
            BridgeKind::Listens => Voices::OnlyTheirs,
            BridgeKind::Mixes => {
                Voices::BothWays { ssrc, stream: "bridge_1_CELT/40".to_owned(), track: "mix".to_owned() }
            }
        };
        let sdp = connection.offer(&voices, "bridge").await?;
        let id = uuid::Uuid::new_v4().to_string();
        let peer = Self { id, account, connection, ssrc, arrivals, level_id: AtomicU8::new(0) };
        Ok((peer, with_ptime(&sdp, OPUS)))
    }

    /// A new offer on the same seat: the same again while it is unanswered, else one that restarts ICE.
    pub async fn renew_offer(&self) -> Result<String, RtcError> {
        Ok(with_ptime(&self.connection.renew_offer().await?, OPUS))
    }

    /// Takes the other side's answer; media flows some moments later.
    pub async fn answer(&self, sdp: String) -> Result<(), RtcError> {
        self.level_id.store(extension_id(&sdp, AUDIO_LEVEL).unwrap_or_default(), Relaxed);
        self.connection.accept(sdp).await
    }

    pub fn health(&self) -> watch::Receiver<Health> {
        self.connection.health()
    }

    pub fn is_alive(&self) -> bool {
        self.connection.is_alive()
    }

    /// Cancelled when the peer is closed.
    pub fn closed(&self) -> &CancellationToken {
        &self.connection.cancel
    }

    /// Carries packets in both directions until the mixer drops its ends or the peer is closed.
    pub fn plug_in(&self, line: Line) {
        *self.arrivals.lock().unwrap_or_else(PoisonError::into_inner) = Some(line.arrivals);
        let Some(outlet) = self.connection.outlet() else { return };
        let (ssrc, level_id) = (self.ssrc, self.level_id.load(Relaxed));
        let mut outgoing = line.outgoing;
        self.connection.spawn(async move {
            loop {
                let packet = tokio::select! {
                    packet = outgoing.recv() => packet,
                    () = outlet.closed() => None,
                };
                let Some(packet) = packet else { return };
                send(&outlet, ssrc, level_id, packet).await;
            }
        });
    }

    /// Closes the sockets. Bounded in time.
    pub async fn close(&self) {
        self.connection.close().await;
    }
}

async fn send(outlet: &Outlet, ssrc: u32, level_id: u8, packet: Outgoing) {
    let speaks = !packet.contributors.is_empty();
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
    let level = [packet.level | u8::from(speaks) << 7];
    outlet.send(Packet { header, payload: packet.payload.into() }, &[(level_id, &level)]).await;
}

fn take(packet: Packet, arrivals: &Mutex<Option<SyncSender<Arrival>>>) {
    let Packet { header, payload } = packet;
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
    if let Some(arrivals) = arrivals.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
        // Full or closed: the mixer is behind or gone, and late sound is worth nothing.
        let _ = arrivals.try_send(arrival);
    }
}

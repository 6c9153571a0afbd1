//! One WebRTC connection, answered. With [`events`] the only place that names the crates behind it; its tasks run on tokio and never
//! touch samples.
//!
//! Three habits of the crate are worked around here: a close of the other side shows as the close of its data channel
//! long before the connection notices; a remote track drops packets unless it is drained at once; and a connection that
//! is dropped without being closed lives on.

mod events;

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rtc::{
    interceptor::Registry,
    media_stream::MediaStreamTrack,
    peer_connection::transport::RTCDtlsRole,
    rtp::{
        self,
        extension::{HeaderExtension, audio_level_extension::AudioLevelExtension},
    },
    rtp_transceiver::rtp_sender::{
        RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
        RTCRtpHeaderExtensionCapability, RtpCodecKind,
    },
};
use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use webrtc::{
    media_stream::track_local::static_rtp::TrackLocalStaticRTP,
    peer_connection::{
        MediaEngine, PeerConnection, PeerConnectionBuilder, RTCSessionDescription, RTCStatsReportEntry,
        SettingEngineBuilder, StatsSelector, configure_rtcp_reports,
    },
};

use events::{Events, Reporter};

use super::{
    ConnectionState, Network,
    engine::Nudge,
    incoming::Incoming,
    meters::Meters,
    negotiation::{NegotiationError, Terms},
    outgoing::Frame,
    stats::Counters,
};
use crate::model::{Answer, Decibels, Offer};

/// Host candidates need no network; longer than this and something is broken.
const GATHERING: Duration = Duration::from_secs(5);
/// Silence of the path after which it counts as interrupted, and as lost for good.
const INTERRUPTED_AFTER: Duration = Duration::from_secs(3);
const FAILED_AFTER: Duration = Duration::from_secs(15);
const PATH_CHECK: Duration = Duration::from_secs(2);
/// How often the round trip is read.
const RTT_EVERY: Duration = Duration::from_secs(3);
const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

/// What a connection needs of its surroundings.
pub struct Surroundings {
    pub network: Network,
    pub counters: Arc<Counters>,
    pub meters: Arc<Meters>,
    /// What to send.
    pub frames: mpsc::Receiver<Frame>,
    pub nudge: Arc<Nudge>,
    pub on_state: Box<dyn Fn(ConnectionState) + Send + Sync>,
    /// A remote voice was found.
    pub on_voice: Box<dyn Fn(Incoming) + Send + Sync>,
}

/// A connection. Dropping it closes it in the background; [`Self::close`] also waits.
pub struct Peer {
    connection: Arc<dyn PeerConnection>,
    closing: Arc<Closing>,
    runtime: Handle,
}

/// How a connection ends, whoever ends it.
#[derive(Default)]
struct Closing {
    /// Set by our own close, and by the first report of another's: from then on there is nothing to report.
    over: AtomicBool,
    closed: AtomicBool,
    tasks: CancellationToken,
}

impl Peer {
    /// Answers an offer: gathers first, so the answer holds the candidates. Dropping the future closes what was begun.
    ///
    /// # Errors
    /// [`NegotiationError::Refused`] and [`NegotiationError::NoCandidates`].
    pub async fn answer(
        offer: &Offer,
        terms: &Terms,
        surroundings: Surroundings,
    ) -> Result<(Self, Answer), NegotiationError> {
        let Surroundings { network, counters, meters, frames, nudge, on_state, on_voice } = surroundings;
        let closing = Arc::new(Closing::default());
        let gathered = Arc::new(Notify::new());
        let handler = Arc::new(Events {
            terms: terms.clone(),
            counters: counters.clone(),
            nudge,
            reporter: Arc::new(Reporter { on_state, closing: closing.clone() }),
            on_voice,
            gathered: gathered.clone(),
            voices: Arc::default(),
            channels: AtomicUsize::new(0),
        });
        let address = match network {
            Network::Loopback => "127.0.0.1:0",
            Network::Any => "0.0.0.0:0",
        };
        let connection = PeerConnectionBuilder::new()
            .with_media_engine(media_engine(terms)?)
            // Reports alone: an audio stream has no use for retransmission, and nothing here obeys a bandwidth estimate.
            .with_interceptor_registry(configure_rtcp_reports(Registry::new()))
            .with_setting_engine(
                SettingEngineBuilder::new()
                    .with_ice_timeouts(Some(INTERRUPTED_AFTER), Some(FAILED_AFTER), Some(PATH_CHECK))
                    // A bridge may be ICE-lite and passive; the active side is always allowed to begin.
                    .with_answering_dtls_role(RTCDtlsRole::Client)
                    .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
                    .build(),
            )
            .with_handler(handler)
            .with_udp_addrs(vec![address])
            .build()
            .await
            .map_err(refused)?;
        let peer = Self { connection: Arc::new(connection), closing, runtime: Handle::current() };
        let connection = &peer.connection;

        let offer = RTCSessionDescription::offer(offer.0.clone()).map_err(refused)?;
        connection.set_remote_description(offer).await.map_err(refused)?;
        if terms.we_send {
            let ssrc = rand::random();
            let track = Arc::new(TrackLocalStaticRTP::new(microphone_track(terms, ssrc)));
            connection.add_track(track.clone()).await.map_err(refused)?;
            peer.spawn(send(track, frames, ssrc, counters.clone()));
        }
        let answer = connection.create_answer(None).await.map_err(refused)?;
        connection.set_local_description(answer).await.map_err(refused)?;
        tokio::time::timeout(GATHERING, gathered.notified())
            .await
            .map_err(|_| NegotiationError::NoCandidates)?;
        let answer = connection.local_description().await.ok_or(NegotiationError::NoCandidates)?;
        peer.spawn(watch_round_trip(Arc::downgrade(connection), counters, meters));
        Ok((peer, Answer(answer.sdp)))
    }

    /// Closes, and waits until the other side was told. Goes on by itself when the future is dropped.
    pub async fn close(mut self) {
        // An abandoned or panicked task leaves nothing to wait for.
        let _ = self.begin_close().await;
    }

    fn begin_close(&mut self) -> JoinHandle<()> {
        let first = !self.closing.closed.swap(true, Relaxed);
        self.closing.over.store(true, Relaxed);
        self.closing.tasks.cancel();
        let connection = self.connection.clone();
        self.runtime.spawn(async move {
            if first && let Err(error) = connection.close().await {
                tracing::debug!(%error, "a connection was not closed cleanly");
            }
        })
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        spawn_until(&self.closing, task);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.begin_close());
    }
}

/// Ends with the connection.
fn spawn_until(closing: &Arc<Closing>, task: impl Future<Output = ()> + Send + 'static) {
    let ended = closing.tasks.clone();
    tokio::spawn(async move { ended.run_until_cancelled(task).await });
}

fn refused(error: rtc::shared::error::Error) -> NegotiationError {
    NegotiationError::Refused(Box::new(error))
}

/// Exactly the codecs of the offer: the crate matches without looking at the clock rate.
fn media_engine(terms: &Terms) -> Result<MediaEngine, NegotiationError> {
    let mut engine = MediaEngine::default();
    let mut register = |rtp_codec, payload_type| {
        let codec = RTCRtpCodecParameters { rtp_codec, payload_type };
        engine.register_codec(codec, RtpCodecKind::Audio).map_err(refused)
    };
    register(opus(terms), terms.opus)?;
    for &payload_type in &terms.comfort_noise {
        let codec = RTCRtpCodec { mime_type: "audio/CN".into(), clock_rate: 8_000, ..Default::default() };
        register(codec, payload_type)?;
    }
    let extension = RTCRtpHeaderExtensionCapability { uri: AUDIO_LEVEL.into() };
    engine.register_header_extension(extension, RtpCodecKind::Audio, None).map_err(refused)?;
    Ok(engine)
}

fn opus(terms: &Terms) -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: "audio/opus".into(),
        clock_rate: terms.clock_hz,
        channels: terms.channels,
        sdp_fmtp_line: terms.format_parameters.clone(),
        rtcp_feedback: vec![],
    }
}

fn microphone_track(terms: &Terms, ssrc: u32) -> MediaStreamTrack {
    let coding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
        codec: opus(terms),
        ..Default::default()
    };
    let id = || uuid::Uuid::new_v4().to_string();
    MediaStreamTrack::new(id(), id(), "microphone".into(), RtpCodecKind::Audio, vec![coding])
}

/// From the voice thread to the network, numbered.
async fn send(
    track: Arc<TrackLocalStaticRTP>,
    mut frames: mpsc::Receiver<Frame>,
    ssrc: u32,
    counters: Arc<Counters>,
) {
    let (mut sequence_number, first_timestamp): (u16, u32) = (rand::random(), rand::random());
    while let Some(frame) = frames.recv().await {
        let header = rtp::Header {
            version: 2,
            marker: frame.begins_talk,
            payload_type: frame.payload_type,
            sequence_number,
            timestamp: first_timestamp.wrapping_add(frame.timestamp),
            ssrc,
            ..Default::default()
        };
        sequence_number = sequence_number.wrapping_add(1);
        let level = HeaderExtension::AudioLevel(audio_level(frame.speech));
        let packet = rtp::Packet { header, payload: frame.payload.into() };
        match track.write_rtp_with_extensions(packet, &[level]).await {
            Ok(()) => _ = counters.sent.fetch_add(1, Relaxed),
            Err(error) => tracing::debug!(%error, "a packet was not sent"),
        }
    }
}

/// RFC 6464: minus decibels relative to overload.
fn audio_level(speech: Option<Decibels>) -> AudioLevelExtension {
    match speech {
        Some(level) => AudioLevelExtension { level: (-level.0).clamp(0.0, 127.0) as u8, voice: true },
        None => AudioLevelExtension { level: 127, voice: false },
    }
}

async fn watch_round_trip(
    connection: Weak<dyn PeerConnection>,
    counters: Arc<Counters>,
    meters: Arc<Meters>,
) {
    let mut wait = Duration::from_millis(500);
    loop {
        tokio::time::sleep(wait).await;
        let Some(connection) = connection.upgrade() else { return };
        let report = connection.get_stats(Instant::now(), StatsSelector::None).await;
        let seconds = report.iter().find_map(|entry| match entry {
            RTCStatsReportEntry::IceCandidatePair(pair)
                if pair.nominated && pair.current_round_trip_time > 0.0 =>
            {
                Some(pair.current_round_trip_time)
            }
            _ => None,
        });
        if let Some(seconds) = seconds {
            counters.rtt_micros.store((seconds * 1e6) as u32, Relaxed);
            meters.rtt_tenths.store(((seconds * 1e4).round() as u32).max(1), Relaxed);
            wait = RTT_EVERY;
        }
    }
}

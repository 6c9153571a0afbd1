//! One WebRTC connection, answered or offered. With what is below it the only place that names the crates behind it; its tasks run on
//! tokio and never touch samples.
//!
//! Three habits of the crate are worked around here: a close of the other side shows at its data channels and in the state of
//! DTLS, long before the connection notices; a remote track drops packets unless it is drained at once; and a connection that
//! is dropped without being closed lives on.

mod codecs;
mod events;
mod path;
mod reports;
mod send;
mod stun;

use std::{
    net::IpAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rtc::{
    interceptor::{ReceiverReportBuilder, Registry, SenderReportBuilder, Slot},
    peer_connection::transport::RTCDtlsRole,
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
        PeerConnection, PeerConnectionBuilder, RTCConfigurationBuilder, RTCIceCandidateInit,
        RTCSessionDescription, SettingEngineBuilder, StatsSelector,
    },
};

pub use path::Path;

use events::{Events, Reporter};
use reports::Reports;
use send::Sending;

use super::{
    ConnectionState, Network,
    engine::Nudge,
    incoming::Incoming,
    negotiation::{self, NegotiationError, Terms},
    outgoing::Frame,
    stats::Counters,
};
use crate::model::{Answer, Offer, OtherEnd};

/// Host candidates need no network; longer than this and something is broken.
const GATHERING: Duration = Duration::from_secs(5);
/// How long STUN servers are waited for; then those addresses go out that are known.
const STUN_PATIENCE: Duration = Duration::from_millis(1500);
/// Silence of the path after which it counts as interrupted, and as lost for good.
const INTERRUPTED_AFTER: Duration = Duration::from_secs(3);
const FAILED_AFTER: Duration = Duration::from_secs(15);
/// Only these checks tell that the path is there, sound does not: of three, ours and theirs, one comes through on a line
/// that loses a fifth.
const PATH_CHECK: Duration = Duration::from_secs(1);
/// Loss is answered by redundancy: the sooner it is known, the fewer words are lost.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// What a connection needs of its surroundings.
pub struct Surroundings {
    pub with: OtherEnd,
    pub network: Network,
    /// `host:port` each.
    pub stun_servers: Vec<String>,
    pub counters: Arc<Counters>,
    /// What to send.
    pub frames: mpsc::Receiver<Frame>,
    pub nudge: Arc<Nudge>,
    pub on_state: Box<dyn Fn(ConnectionState) + Send + Sync>,
    /// A remote voice was found.
    pub on_voice: Box<dyn Fn(Incoming) + Send + Sync>,
    /// Of what we sent lately, this share did not arrive: 0–1.
    pub on_loss: Box<dyn Fn(f32) + Send + Sync>,
}

/// A connection. Dropping it closes it in the background; [`Self::close`] also waits.
pub struct Peer {
    connection: Arc<dyn PeerConnection>,
    closing: Arc<Closing>,
    reporter: Arc<Reporter>,
    gathered: Arc<Notify>,
    /// Known once both sides have spoken.
    terms: Arc<OnceLock<Terms>>,
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
    /// Answers an offer: gathers first, so the answer holds the candidates. `wish`: our frame time, for another Partyline.
    /// Dropping the future closes what was begun.
    ///
    /// # Errors
    /// [`NegotiationError::Refused`] and [`NegotiationError::NoCandidates`].
    pub async fn answer(
        offer: &Offer,
        terms: &Terms,
        wish: u32,
        mut surroundings: Surroundings,
    ) -> Result<(Self, Answer), NegotiationError> {
        // A bridge may be ICE-lite and passive; the active side is always allowed to begin.
        let role = if negotiation::is_active(offer) { RTCDtlsRole::Server } else { RTCDtlsRole::Client };
        let ssrc = rand::random();
        let send = Sending::take(&mut surroundings);
        let (peer, has_stun) = {
            let redundancy_first = negotiation::prefers_redundancy(offer, terms);
            Self::build(terms, redundancy_first, role, ssrc, surroundings).await?
        };
        // Cannot have been set before.
        let _ = peer.terms.set(terms.clone());

        let (offer, candidates) = negotiation::split(&offer.0);
        peer.take(RTCSessionDescription::offer(offer), candidates).await?;
        if terms.we_send {
            peer.add_microphone(terms, ssrc, send).await?;
        }
        let answer = peer.connection.create_answer(None).await.map_err(refused)?;
        let written = peer.gather(answer, has_stun).await?;
        let wish = terms.partyline.then_some(wish);
        Ok((peer, Answer(negotiation::finished(&written, terms, wish))))
    }

    /// Offers, as the service's own members do: what is offered is what [`Terms::offered`] says. Dropping the future closes
    /// what was begun.
    ///
    /// # Errors
    /// [`NegotiationError::Refused`] and [`NegotiationError::NoCandidates`].
    pub async fn offer(wish: u32, mut surroundings: Surroundings) -> Result<(Self, Offer), NegotiationError> {
        let (terms, ssrc) = (Terms::offered(), rand::random());
        let send = Sending::take(&mut surroundings);
        let (peer, has_stun) = Self::build(&terms, false, RTCDtlsRole::Client, ssrc, surroundings).await?;
        peer.add_microphone(&terms, ssrc, send).await?;
        let channel = peer.connection.create_data_channel("voice", None).await.map_err(refused)?;
        peer.reporter.watch(channel);
        let offer = peer.connection.create_offer(None).await.map_err(refused)?;
        let written = peer.gather(offer, has_stun).await?;
        let written = negotiation::with_captured_codecs(&written);
        Ok((peer, Offer(negotiation::finished(&written, &terms, Some(wish)))))
    }

    /// Takes the answer to [`Self::offer`], understood as these terms.
    ///
    /// # Errors
    /// [`NegotiationError::Refused`].
    pub async fn accept(&self, answer: &Answer, terms: &Terms) -> Result<(), NegotiationError> {
        self.terms.set(terms.clone()).map_err(|_| NegotiationError::Overtaken)?;
        let (answer, candidates) = negotiation::split(&answer.0);
        self.take(RTCSessionDescription::answer(answer), candidates).await
    }

    /// Candidates one by one: of those inside a description the crate keeps no record, and could not say which was chosen.
    async fn take(
        &self,
        theirs: Result<RTCSessionDescription, rtc::shared::error::Error>,
        candidates: Vec<String>,
    ) -> Result<(), NegotiationError> {
        self.connection.set_remote_description(theirs.map_err(refused)?).await.map_err(refused)?;
        for candidate in candidates {
            let candidate = RTCIceCandidateInit { candidate, ..Default::default() };
            if self.connection.add_ice_candidate(candidate).await.is_err() {
                tracing::debug!("a candidate was not understood");
            }
        }
        Ok(())
    }

    /// The path it took, once it took one. Costs some microseconds of everybody who sends at that moment.
    pub async fn path(&self) -> Option<Path> {
        path::chosen(&self.connection.get_stats(Instant::now(), StatsSelector::None).await)
    }

    /// Closes, and waits until the other side was told. Goes on by itself when the future is dropped.
    pub async fn close(&self) {
        // An abandoned or panicked task leaves nothing to wait for.
        let _ = self.begin_close().await;
    }

    async fn build(
        terms: &Terms,
        redundancy_first: bool,
        role: RTCDtlsRole,
        ssrc: u32,
        surroundings: Surroundings,
    ) -> Result<(Self, bool), NegotiationError> {
        let Surroundings {
            with, network, stun_servers, counters, nudge, on_state, on_voice, on_loss, ..
        } = surroundings;
        let addresses = match network {
            Network::Loopback => vec!["127.0.0.1:0", "[::1]:0"],
            Network::Any => vec!["0.0.0.0:0", "[::]:0"],
        };
        let stun_servers = stun::resolved(&stun_servers).await;
        let has_stun = !stun_servers.is_empty();
        let closing = Arc::new(Closing::default());
        let reporter = Arc::new(Reporter::new(on_state, closing.clone()));
        let (gathered, known) = (Arc::new(Notify::new()), Arc::new(OnceLock::new()));
        let handler = Events {
            with,
            terms: known.clone(),
            counters: counters.clone(),
            nudge,
            reporter: reporter.clone(),
            on_voice,
            gathered: gathered.clone(),
            voices: Arc::default(),
            channels: AtomicUsize::new(0),
        };
        // Reports alone: an audio stream has no use for retransmission, and nothing here obeys a bandwidth estimate.
        let interceptors = Registry::new()
            .with(Slot::ReceiverReport, ReceiverReportBuilder::new().with_interval(REPORT_EVERY).build())
            .with(Slot::SenderReport, SenderReportBuilder::new().with_interval(REPORT_EVERY).build())
            .with(Slot::Custom(1), Reports::new(ssrc, terms.clock_hz, counters, on_loss));
        let connection = PeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().with_ice_servers(stun_servers).build())
            .with_media_engine(codecs::engine(terms, redundancy_first)?)
            .with_interceptor_registry(interceptors)
            .with_setting_engine(
                SettingEngineBuilder::new()
                    .with_ice_timeouts(Some(INTERRUPTED_AFTER), Some(FAILED_AFTER), Some(PATH_CHECK))
                    .with_answering_dtls_role(role)
                    .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
                    .build(),
            )
            .with_handler(Arc::new(handler))
            .with_udp_addrs(addresses)
            .build()
            .await
            .map_err(refused)?;
        let connection: Arc<dyn PeerConnection> = Arc::new(connection);
        // Cannot have been set before.
        let _ = reporter.connection.set(Arc::downgrade(&connection));
        let runtime = Handle::current();
        Ok((Self { connection, closing, reporter, gathered, terms: known, runtime }, has_stun))
    }

    async fn add_microphone(&self, terms: &Terms, ssrc: u32, send: Sending) -> Result<(), NegotiationError> {
        let track = Arc::new(TrackLocalStaticRTP::new(codecs::microphone(terms, ssrc)));
        self.connection.add_track(track.clone()).await.map_err(refused)?;
        spawn_until(&self.closing, send.run(track, ssrc));
        Ok(())
    }

    /// Our description with the addresses in it that were found in time.
    async fn gather(&self, ours: RTCSessionDescription, has_stun: bool) -> Result<String, NegotiationError> {
        self.connection.set_local_description(ours).await.map_err(refused)?;
        let patience = if has_stun { STUN_PATIENCE } else { GATHERING };
        let complete = tokio::time::timeout(patience, self.gathered.notified()).await.is_ok();
        let written = self.connection.local_description().await.ok_or(NegotiationError::NoCandidates)?.sdp;
        if !complete && !written.contains("a=candidate:") {
            return Err(NegotiationError::NoCandidates);
        }
        // A family without an interface shows as its wildcard, where nobody can be reached.
        let is_nowhere =
            |line: &str| line.starts_with("a=candidate:") && line.split(' ').nth(4).is_some_and(is_wildcard);
        Ok(written.split_inclusive('\n').filter(|line| !is_nowhere(line)).collect())
    }

    fn begin_close(&self) -> JoinHandle<()> {
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

fn is_wildcard(address: &str) -> bool {
    address.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified())
}

fn refused(error: rtc::shared::error::Error) -> NegotiationError {
    let text = format!("{error:?}");
    let name = text.split(|letter: char| !letter.is_alphanumeric()).next();
    NegotiationError::Refused(name.unwrap_or_default().to_owned())
}

//! One resident's connection to one other member, and the task that numbers and sends what the resident says.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Instant,
};

use rtc::rtp::{header::Header, packet::Packet};
use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{
    manner::{Manner, Utterance, What},
    red,
    sound::{BACKLOG, Line},
    terms::Terms,
};
use crate::sandbox::{
    bridge::{Arrival, audio::FRAME},
    faults::PacketLoss,
    rtc::{Connection, Health, Outlet, RtcError, Voices, with_ptime},
};

#[derive(Debug, thiserror::Error)]
pub(super) enum PeerError {
    #[error(transparent)]
    Rtc(#[from] RtcError),
    #[error("no Opus with a clock of 16 kHz")]
    Terms,
}

/// What connections are made on.
#[derive(Clone)]
pub(super) struct Ground {
    pub address: IpAddr,
    pub loss: PacketLoss,
    pub tasks: TaskTracker,
}

pub(super) struct Peer {
    connection: Connection,
    manner: Manner,
    ssrc: u32,
    /// As the other side numbers things, once it said so.
    terms: Option<Terms>,
    /// Taken when the line is plugged in.
    arrivals: Option<Receiver<Arrival>>,
}

impl Peer {
    /// A new connection. It is to be closed, also where it could not be described.
    pub async fn open(ground: Ground, manner: Manner, terms: &Terms) -> Result<Self, PeerError> {
        let (sender, arrivals) = sync_channel(BACKLOG);
        let received = terms.clone();
        let on_packet = Box::new(move |packet| take(packet, &received, &sender));
        let Ground { address, loss, tasks } = ground;
        let connection = Connection::open(address, terms.media(), loss, tasks, on_packet).await?;
        Ok(Self { connection, manner, ssrc: rand::random(), terms: None, arrivals: Some(arrivals) })
    }

    /// The offer for the other side, of a connection with [`Terms::ours`].
    pub async fn offer(&mut self) -> Result<String, PeerError> {
        let sdp = self.connection.offer(&self.voices(), "voice").await?;
        Ok(with_ptime(&sdp, Terms::ours().opus))
    }

    /// The answer to an offer, of a connection with the offer's terms.
    pub async fn answer(&mut self, offer: String, terms: Terms) -> Result<String, PeerError> {
        let sdp = self.connection.answer(offer, &self.voices()).await?;
        let answer = with_ptime(&sdp, terms.opus);
        self.terms = Some(terms);
        Ok(answer)
    }

    /// Takes the other side's answer.
    pub async fn accept(&mut self, answer: String) -> Result<(), PeerError> {
        self.terms = Some(Terms::read(&answer).ok_or(PeerError::Terms)?);
        Ok(self.connection.accept(answer).await?)
    }

    fn voices(&self) -> Voices {
        let track = format!("{}_1_CELT/40", Uuid::new_v4());
        Voices::BothWays { ssrc: self.ssrc, stream: "-".to_owned(), track }
    }

    pub fn health(&self) -> watch::Receiver<Health> {
        self.connection.health()
    }

    /// The ends for the resident, and a task that sends what comes from there. Once, and not before both sides said
    /// their terms.
    pub fn plug_in(&mut self) -> Option<Line> {
        let (outlet, terms) = (self.connection.outlet()?, self.terms.clone()?);
        let arrivals = self.arrivals.take()?;
        let (utterances, mut queue) = mpsc::channel::<Arc<Utterance>>(BACKLOG);
        let mut writer = Writer {
            terms,
            signs: self.manner == Manner::Console,
            ssrc: self.ssrc,
            sequence: rand::random(),
            begin: rand::random(),
        };
        self.connection.spawn(async move {
            loop {
                let utterance = tokio::select! {
                    utterance = queue.recv() => utterance,
                    () = outlet.closed() => None,
                };
                let Some(utterance) = utterance else { return };
                writer.send(&utterance, &outlet).await;
            }
        });
        Some(Line { arrivals, utterances })
    }

    /// Closes the sockets. Bounded in time.
    pub async fn close(self) {
        self.connection.close().await;
    }
}

/// Numbers packets for one connection.
struct Writer {
    terms: Terms,
    /// Fills the service's own extension.
    signs: bool,
    ssrc: u32,
    sequence: u16,
    /// The timestamp that the resident's beginning has here.
    begin: u32,
}

impl Writer {
    async fn send(&mut self, utterance: &Utterance, outlet: &Outlet) {
        let Some((payload_type, payload)) = self.payload(&utterance.what) else { return };
        let header = Header {
            version: 2,
            marker: utterance.marker,
            payload_type,
            sequence_number: self.sequence,
            timestamp: self.begin.wrapping_add(utterance.timestamp),
            ssrc: self.ssrc,
            ..Header::default()
        };
        let level = [utterance.level | u8::from(utterance.speech) << 7];
        // What it signs, and how, nobody published: bytes that change.
        let [high, low] = self.sequence.to_be_bytes();
        let signature = [0xA5, 0x1E, high, low, !high, !low];
        let signature_id = if self.signs { self.terms.signature_id } else { 0 };
        let extensions: [(u8, &[u8]); 2] = [(self.terms.level_id, &level), (signature_id, &signature)];
        self.sequence = self.sequence.wrapping_add(1);
        outlet.send(Packet { header, payload: payload.into() }, &extensions).await;
    }

    /// `None` where the other side has no payload type for it.
    fn payload(&self, what: &What) -> Option<(u8, Vec<u8>)> {
        let opus = self.terms.opus;
        Some(match what {
            What::Opus(payload) => (opus, payload.to_vec()),
            What::Redundant { before, now } => match self.terms.redundancy {
                Some(redundancy) => (redundancy, red::pack(opus, before, FRAME as u32, now)),
                None => (opus, now.to_vec()),
            },
            What::Noise { place, level } => {
                let noise = &self.terms.noise;
                let (payload_type, _) = noise.get(place.checked_rem(noise.len())?)?;
                (*payload_type, vec![*level])
            }
            What::Key(key) => (self.terms.key()?, key.to_vec()),
        })
    }
}

/// Hands what the other side said to the resident, redundant frames as if they came for themselves.
fn take(packet: Packet, terms: &Terms, arrivals: &SyncSender<Arrival>) {
    let Packet { header, payload } = packet;
    let at = Instant::now();
    let arrive = |ago: u32, payload: Vec<u8>| {
        let sequence = header.sequence_number.wrapping_sub((ago / FRAME as u32) as u16);
        let timestamp = header.timestamp.wrapping_sub(ago);
        // Full or closed: the resident is behind or gone, and late sound is worth nothing.
        let _ = arrivals.try_send(Arrival { at, sequence, timestamp, payload });
    };
    let payload_type = header.payload_type;
    if payload_type == terms.opus {
        arrive(0, payload.to_vec());
    } else if Some(payload_type) == terms.redundancy {
        for (ago, block) in red::unpack(terms.opus, &payload) {
            arrive(ago, block.to_vec());
        }
    } else if terms.noise.iter().any(|(noise, _)| *noise == payload_type) {
        // Plays as silence.
        arrive(0, Vec::new());
    }
}

//! A WebRTC peer that talks and listens, by hand: the other half of a bridge seat, or of a line to another member.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use opus::{Application, Channels, Decoder, Encoder};
use reqwest::{Method, StatusCode};
use rtc::{
    media_stream::MediaStreamTrack,
    rtp::{header::Header, packet::Packet},
    rtp_transceiver::rtp_sender::{
        RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
        RTCRtpHeaderExtensionCapability, RtpCodecKind,
    },
};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use webrtc::{
    media_stream::{
        track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP},
        track_remote::{TrackRemote, TrackRemoteEvent},
    },
    peer_connection::{
        MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState,
        RTCPeerConnectionState, RTCSessionDescription,
    },
};

use super::{BodyJson, Person};

pub const RATE: usize = 16_000;
pub const FRAME: usize = 640;

/// A session's bridge, as its members see it.
#[derive(Clone)]
pub struct Bridge {
    pub id: String,
    pub token: String,
}

pub fn media_types() -> Value {
    json!({ "mediaTypes": {
        "application": { "isRequired": true },
        "audio": { "isRequired": true, "opus": [
            { "bitrate": 40, "channels": 1, "codec": "CELT", "ptime": 40, "samplingRates": [16000] },
        ] },
    } })
}

impl Person {
    pub fn bridge_call(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.call(method, &format!("/rtcBridge/v1/bridges{path}"))
            .header("X-PSN-RTC-TITLE-ID", "METROPOL_AND")
    }

    pub fn peer_call(&self, method: Method, bridge: &Bridge, rest: &str) -> reqwest::RequestBuilder {
        let path = format!("/{}/peers{rest}", bridge.id);
        self.bridge_call(method, &path).header("X-PSN-BRIDGE-TOKEN", &bridge.token)
    }

    pub async fn create_bridge(&self) -> Bridge {
        let answer = self.bridge_call(Method::POST, "").body_json(&json!({})).send().await.expect("answered");
        assert_eq!(answer.status(), StatusCode::OK);
        let answer: Value = answer.json().await.expect("json");
        let text = |field: &str| answer["bridge"][field].as_str().expect("text").to_owned();
        Bridge { id: text("bridgeId"), token: text("bridgeToken") }
    }

    pub async fn link_bridge(&self, session: &str, bridge: &Bridge) {
        let body = json!({ "bridges": [{ "bridgeId": bridge.id, "bridgeToken": bridge.token }] });
        let call = self
            .session_call(Method::POST, session, "/bridges")
            .header("X-PSN-SESSION-MANAGER-IGNORE-CONFLICT", "true")
            .body_json(&body);
        assert_eq!(call.send().await.expect("answered").status(), StatusCode::CREATED);
    }

    /// A new bridge, linked to the session.
    pub async fn bridge_for(&self, session: &str) -> Bridge {
        let bridge = self.create_bridge().await;
        self.link_bridge(session, &bridge).await;
        bridge
    }

    /// A new seat: its id and the offer.
    pub async fn take_seat(&self, bridge: &Bridge) -> (String, String) {
        let call = self.peer_call(Method::POST, bridge, "?allow_duid_duplication=false&g=2");
        let answer = call.body_json(&media_types()).send().await.expect("answered");
        assert_eq!(answer.status(), StatusCode::CREATED);
        let answer: Value = answer.json().await.expect("json");
        let id = answer["peer"]["peerId"].as_str().expect("an id").to_owned();
        (id, answer["peer"]["offer"]["sdp"].as_str().expect("an offer").to_owned())
    }

    pub async fn answer(&self, bridge: &Bridge, peer: &str, sdp: &str) -> StatusCode {
        let call = self.peer_call(Method::POST, bridge, &format!("/{peer}/answer"));
        let call = call.body_json(&json!({ "answer": { "sdp": sdp } }));
        call.send().await.expect("answered").status()
    }

    /// Takes a seat and connects.
    pub async fn connect(&self, bridge: &Bridge) -> Peer {
        let (id, offer) = self.take_seat(bridge).await;
        let mut peer = Peer::new(id).await;
        let sdp = peer.answer(offer).await;
        assert_eq!(self.answer(bridge, &peer.id, &sdp).await, StatusCode::NO_CONTENT);
        peer.connected().await;
        peer
    }
}

/// What arrived, in the order of arrival.
pub struct Heard {
    pub at: Instant,
    pub sequence: u16,
    pub timestamp: u32,
    pub contributors: Vec<u32>,
    pub payload_type: u8,
    pub marker: bool,
    /// By their numbers.
    pub extensions: BTreeMap<u8, Vec<u8>>,
    pub payload: Vec<u8>,
}

pub struct Peer {
    pub id: String,
    pub connection: Arc<dyn PeerConnection>,
    track: Arc<TrackLocalStaticRTP>,
    codecs: &'static [Codec],
    /// Payload type of Opus.
    opus: u8,
    gathered: watch::Receiver<bool>,
    state: watch::Receiver<RTCPeerConnectionState>,
    pub heard: Arc<Mutex<Vec<Heard>>>,
}

struct Handler {
    gathered: watch::Sender<bool>,
    state: watch::Sender<RTCPeerConnectionState>,
    heard: Arc<Mutex<Vec<Heard>>>,
}

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.gathered.send_replace(true);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.state.send_replace(state);
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let heard = self.heard.clone();
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(Packet { header, payload }) = event {
                    heard.lock().expect("unpoisoned").push(Heard {
                        at: Instant::now(),
                        sequence: header.sequence_number,
                        timestamp: header.timestamp,
                        contributors: header.csrc,
                        payload_type: header.payload_type,
                        marker: header.marker,
                        extensions: header.extensions.iter().map(|it| (it.id, it.payload.to_vec())).collect(),
                        payload: payload.to_vec(),
                    });
                }
            }
        });
    }
}

/// Payload type, name, clock, channels, format parameters.
type Codec = (u8, &'static str, u32, u16, &'static str);

const FORMAT: &str = "minptime=10;stereo=0;useinbandfec=1";
const OF_A_SEAT: [Codec; 1] = [(111, "opus", RATE as u32, 2, FORMAT)];
const OF_A_MEMBER: [Codec; 7] = [
    (96, "opus", RATE as u32, 2, FORMAT),
    (RED, "red", 48_000, 2, "96/96"),
    (106, "CN", 32_000, 0, ""),
    (105, "CN", 16_000, 0, ""),
    (13, "CN", 8_000, 0, ""),
    (110, "telephone-event", 48_000, 0, ""),
    (113, "telephone-event", 16_000, 0, ""),
];
const EXTENSIONS: [&str; 2] = [
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "urn:uuid:84a86fab-a84f-4d61-b376-2ee79d2b67d2#sie:rtp-hdrext:rtp-payload-signature",
];
const RED: u8 = 63;
const SSRC: u32 = 0x5EED;

fn codec((number, name, clock_rate, channels, format): Codec) -> RTCRtpCodecParameters {
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: format!("audio/{name}"),
            clock_rate,
            channels,
            sdp_fmtp_line: format.to_owned(),
            rtcp_feedback: vec![],
        },
        payload_type: number,
    }
}

/// The description with exactly these codecs: the library takes those of one name for one.
fn with_codecs(sdp: &str, codecs: &[Codec]) -> String {
    let mut described = String::new();
    for line in sdp.split_inclusive("\r\n") {
        if line.starts_with("m=audio ") {
            let section: Vec<&str> = line.split(' ').take(3).collect();
            let numbers: String = codecs.iter().map(|codec| format!(" {}", codec.0)).collect();
            described += &format!("{}{numbers}\r\n", section.join(" "));
        } else if line.starts_with("a=mid:0") {
            described += line;
            for (number, name, clock, channels, format) in codecs {
                let channels = if *channels > 0 { format!("/{channels}") } else { String::new() };
                described += &format!("a=rtpmap:{number} {name}/{clock}{channels}\r\n");
                if !format.is_empty() {
                    described += &format!("a=fmtp:{number} {format}\r\n");
                }
            }
        } else if !line.starts_with("a=rtpmap:") && !line.starts_with("a=fmtp:") {
            described += line;
        }
    }
    described
}

/// The new one of the blocks of a redundant packet (RFC 2198).
fn newest(mut packet: &[u8]) -> &[u8] {
    let mut before = 0;
    while packet[0] & 0x80 != 0 {
        before += usize::from(packet[2] & 3) << 8 | usize::from(packet[3]);
        packet = &packet[4..];
    }
    &packet[1 + before..]
}

impl Peer {
    pub async fn new(id: String) -> Self {
        Self::with(id, &OF_A_SEAT, &[]).await
    }

    /// With everything that a member's offer names.
    pub async fn member() -> Self {
        Self::with(String::new(), &OF_A_MEMBER, &EXTENSIONS).await
    }

    async fn with(id: String, codecs: &'static [Codec], extensions: &[&str]) -> Self {
        let mut engine = MediaEngine::default();
        for described in codecs {
            engine.register_codec(codec(*described), RtpCodecKind::Audio).expect("registered");
        }
        for uri in extensions {
            let extension = RTCRtpHeaderExtensionCapability { uri: (*uri).to_owned() };
            engine.register_header_extension(extension, RtpCodecKind::Audio, None).expect("registered");
        }
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (gathered, gathered_rx) = watch::channel(false);
        let (state, state_rx) = watch::channel(RTCPeerConnectionState::New);
        let connection: Arc<dyn PeerConnection> = Arc::new(
            PeerConnectionBuilder::new()
                .with_media_engine(engine)
                .with_handler(Arc::new(Handler { gathered, state, heard: heard.clone() }))
                .with_udp_addrs(vec!["127.0.0.1:0".to_owned()])
                .build()
                .await
                .expect("a connection"),
        );
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(SSRC), ..Default::default() },
            codec: codec(codecs[0]).rtp_codec,
            ..Default::default()
        };
        let track = Arc::new(TrackLocalStaticRTP::new(MediaStreamTrack::new(
            "test".to_owned(),
            "test".to_owned(),
            "test".to_owned(),
            RtpCodecKind::Audio,
            vec![encoding],
        )));
        connection.add_track(track.clone()).await.expect("a track");
        Self {
            id,
            connection,
            track,
            codecs,
            opus: codecs[0].0,
            gathered: gathered_rx,
            state: state_rx,
            heard,
        }
    }

    /// The answer to an offer, with the candidates inside.
    pub async fn answer(&mut self, offer: String) -> String {
        let offer = RTCSessionDescription::offer(offer).expect("an offer");
        self.connection.set_remote_description(offer).await.expect("understood");
        let answer = self.connection.create_answer(None).await.expect("an answer");
        self.settle(answer).await
    }

    /// An offer with the candidates inside.
    pub async fn offer(&mut self) -> String {
        self.connection.create_data_channel("test", None).await.expect("a channel");
        let offer = self.connection.create_offer(None).await.expect("an offer");
        self.settle(offer).await
    }

    pub async fn accept(&self, answer: String) {
        let answer = RTCSessionDescription::answer(answer).expect("an answer");
        self.connection.set_remote_description(answer).await.expect("understood");
    }

    async fn settle(&mut self, description: RTCSessionDescription) -> String {
        self.connection.set_local_description(description).await.expect("applied");
        let gathered = self.gathered.wait_for(|gathered| *gathered);
        timeout(Duration::from_secs(3), gathered).await.expect("gathered in time").expect("gathering");
        let described = self.connection.local_description().await.expect("described").sdp;
        if self.codecs.len() == 1 { described } else { with_codecs(&described, self.codecs) }
    }

    pub async fn connected(&mut self) {
        let connected = self.state.wait_for(|state| *state == RTCPeerConnectionState::Connected);
        timeout(Duration::from_secs(5), connected).await.expect("connected in time").expect("alive");
    }

    /// Says this at the pace of speech, in the background.
    pub fn say(&self, samples: Vec<f32>) -> JoinHandle<()> {
        let (track, opus) = (self.track.clone(), self.opus);
        tokio::spawn(async move {
            let mut encoder =
                Encoder::new(RATE as u32, Channels::Mono, Application::Voip).expect("an encoder");
            encoder.set_bitrate(opus::Bitrate::Bits(40_000)).expect("a rate");
            let start = tokio::time::Instant::now();
            let first: u32 = rand::random();
            for (n, samples) in samples.chunks_exact(FRAME).enumerate() {
                tokio::time::sleep_until(start + Duration::from_millis(40 * n as u64)).await;
                let payload = encoder.encode_vec_float(samples, 1000).expect("encoded");
                let header = Header {
                    version: 2,
                    payload_type: opus,
                    sequence_number: n as u16,
                    timestamp: first.wrapping_add((n * FRAME) as u32),
                    ssrc: SSRC,
                    ..Header::default()
                };
                let packet = Packet { header, payload: payload.into() };
                track.write_rtp(packet).await.expect("sent");
            }
        })
    }

    /// What was heard so far on the sender's timeline: lost and paused time is silence.
    pub fn recording(&self) -> Vec<f32> {
        let heard = self.heard.lock().expect("unpoisoned");
        let mut decoder = Decoder::new(RATE as u32, Channels::Mono).expect("a decoder");
        let Some(first) = heard.first().map(|packet| packet.timestamp) else { return Vec::new() };
        let mut recording = Vec::new();
        for packet in heard.iter() {
            let payload = match packet.payload_type {
                RED => newest(&packet.payload),
                opus if opus == self.opus => &packet.payload,
                // Noise, keys.
                _ => continue,
            };
            let at = packet.timestamp.wrapping_sub(first) as usize;
            recording.resize(at.max(recording.len()), 0.0);
            let mut samples = [0.0; FRAME];
            let length = decoder.decode_float(payload, &mut samples, false).expect("decodes");
            recording.extend_from_slice(&samples[..length]);
        }
        recording
    }

    /// When the packet with this sample of the recording came.
    pub fn arrival(&self, sample: usize) -> Instant {
        let heard = self.heard.lock().expect("unpoisoned");
        let first = heard.first().expect("something was heard").timestamp;
        let packet =
            heard.iter().rev().find(|packet| packet.timestamp.wrapping_sub(first) as usize <= sample);
        packet.expect("recorded").at
    }

    /// Waits until the other side is known to be away.
    pub async fn gone(&mut self) {
        let gone = self.state.wait_for(|state| *state != RTCPeerConnectionState::Connected);
        timeout(Duration::from_secs(8), gone).await.expect("noticed in time").expect("alive");
    }

    pub async fn close(self) {
        self.connection.close().await.expect("closed");
    }
}

/// Where `needle` is in `hay`, in samples, and how alike they are there: normalised correlation, 1 being the same.
pub fn find(hay: &[f32], needle: &[f32]) -> (usize, f32) {
    let mut energy = vec![0.0_f64];
    energy.extend(hay.iter().scan(0.0, |sum, s| {
        *sum += f64::from(s * s);
        Some(*sum)
    }));
    let own: f64 = needle.iter().map(|s| f64::from(s * s)).sum();
    let likeness = |at: usize, step: usize| {
        let Some(window) = hay.get(at..at + needle.len()) else { return 0.0 };
        let dot: f32 = window.iter().zip(needle).step_by(step).map(|(a, b)| a * b).sum();
        let norm = ((energy[at + needle.len()] - energy[at]) * own).sqrt() as f32;
        if norm < 1e-6 { 0.0 } else { dot * step as f32 / norm }
    };
    // Rough over everything, then fine around the best places.
    let last = hay.len().saturating_sub(needle.len());
    let mut places: Vec<(usize, f32)> = (0..=last).step_by(4).map(|at| (at, likeness(at, 37))).collect();
    places.sort_by(|a, b| b.1.total_cmp(&a.1));
    let around = places.iter().take(20).flat_map(|(at, _)| at.saturating_sub(4)..=at + 4);
    around.map(|at| (at, likeness(at, 1))).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default()
}

//! A bridge to test against: offers as the service's does, hears packets, and says what it is told. It is another
//! WebRTC peer over real sockets, written apart from the client's own.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rtc::{
    interceptor::Registry,
    media_stream::MediaStreamTrack,
    rtcp::{self, receiver_report::ReceiverReport, reception_report::ReceptionReport},
    rtp,
    rtp_transceiver::rtp_sender::{
        RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
        RTCRtpHeaderExtensionCapability, RtpCodecKind,
    },
};
use tokio::sync::Notify;
use webrtc::{
    data_channel::DataChannel,
    media_stream::{
        track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP},
        track_remote::{TrackRemote, TrackRemoteEvent},
    },
    peer_connection::{
        MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState,
        RTCPeerConnectionState, RTCSessionDescription, SettingEngineBuilder, configure_rtcp_reports,
    },
};

pub const OPUS: u8 = 111;
const SSRC: u32 = 0x0b1d_9e00;

/// A packet as the bridge got it.
pub struct Got {
    pub at: Instant,
    pub header: rtp::Header,
    pub payload: Vec<u8>,
}

#[derive(Default)]
struct Events {
    gathered: Notify,
    connected: Notify,
    got: Arc<Mutex<Vec<Got>>>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Events {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.gathered.notify_one();
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        if state == RTCPeerConnectionState::Connected {
            self.connected.notify_one();
        }
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let got = self.got.clone();
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(packet) = event {
                    let got_now =
                        Got { at: Instant::now(), header: packet.header, payload: packet.payload.to_vec() };
                    got.lock().unwrap().push(got_now);
                }
            }
        });
    }
}

pub struct Bridge {
    connection: Arc<dyn PeerConnection>,
    channel: Arc<dyn DataChannel>,
    track: Arc<TrackLocalStaticRTP>,
    events: Arc<Events>,
    clock_hz: u32,
    frame_millis: u32,
    sequence: u16,
    pub got: Arc<Mutex<Vec<Got>>>,
}

impl Bridge {
    /// A bridge that both sends and listens.
    pub async fn new(clock_hz: u32, frame_millis: u32) -> Self {
        let events = Arc::new(Events::default());
        let mut engine = MediaEngine::default();
        let opus = RTCRtpCodec {
            mime_type: "audio/opus".into(),
            clock_rate: clock_hz,
            channels: 2,
            sdp_fmtp_line: "minptime=10;stereo=0;useinbandfec=1".into(),
            rtcp_feedback: vec![],
        };
        let noise = RTCRtpCodec { mime_type: "audio/CN".into(), clock_rate: 8000, ..Default::default() };
        for (rtp_codec, payload_type) in [(opus.clone(), OPUS), (noise, 13)] {
            engine
                .register_codec(RTCRtpCodecParameters { rtp_codec, payload_type }, RtpCodecKind::Audio)
                .unwrap();
        }
        let level =
            RTCRtpHeaderExtensionCapability { uri: "urn:ietf:params:rtp-hdrext:ssrc-audio-level".into() };
        engine.register_header_extension(level, RtpCodecKind::Audio, None).unwrap();
        let connection: Arc<dyn PeerConnection> = Arc::new(
            PeerConnectionBuilder::new()
                .with_media_engine(engine)
                .with_interceptor_registry(configure_rtcp_reports(Registry::new()))
                .with_setting_engine(
                    SettingEngineBuilder::new()
                        .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
                        .build(),
                )
                .with_handler(events.clone())
                .with_udp_addrs(vec!["127.0.0.1:0"])
                .build()
                .await
                .unwrap(),
        );
        let coding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(SSRC), ..Default::default() },
            codec: opus,
            ..Default::default()
        };
        let track = MediaStreamTrack::new(
            "mix".into(),
            "mix".into(),
            "mix".into(),
            RtpCodecKind::Audio,
            vec![coding],
        );
        let track = Arc::new(TrackLocalStaticRTP::new(track));
        connection.add_track(track.clone()).await.unwrap();
        let channel = connection.create_data_channel("bridge", None).await.unwrap();
        let got = events.got.clone();
        Self { connection, channel, track, events, clock_hz, frame_millis, sequence: 65_530, got }
    }

    pub async fn offer(&self) -> String {
        let offer = self.connection.create_offer(None).await.unwrap();
        self.connection.set_local_description(offer).await.unwrap();
        self.events.gathered.notified().await;
        let sdp = self.connection.local_description().await.unwrap().sdp;
        // The crate does not write it.
        sdp.replacen("a=rtcp-mux\r\n", &format!("a=rtcp-mux\r\na=ptime:{}\r\n", self.frame_millis), 1)
    }

    pub async fn accept(&self, answer: String) {
        let answer = RTCSessionDescription::answer(answer).unwrap();
        self.connection.set_remote_description(answer).await.unwrap();
    }

    pub async fn connected(&self) {
        tokio::time::timeout(Duration::from_secs(5), self.events.connected.notified())
            .await
            .expect("connected");
    }

    /// Says one frame; `frame` gives its place in time.
    pub async fn say(&mut self, frame: u32, payload: Vec<u8>, sources: &[u32]) {
        let timestamp = (u32::MAX - 5000).wrapping_add(frame * (self.clock_hz / 1000 * self.frame_millis));
        self.say_raw(self.sequence, timestamp, OPUS, payload, sources).await;
        self.sequence = self.sequence.wrapping_add(1);
    }

    /// The next frame never reaches the other side.
    pub fn lose(&mut self) {
        self.sequence = self.sequence.wrapping_add(1);
    }

    pub async fn say_raw(
        &self,
        sequence: u16,
        timestamp: u32,
        payload_type: u8,
        payload: Vec<u8>,
        sources: &[u32],
    ) {
        let header = rtp::Header {
            version: 2,
            payload_type,
            sequence_number: sequence,
            timestamp,
            ssrc: SSRC,
            csrc: sources.to_vec(),
            ..Default::default()
        };
        self.track.write_rtp(rtp::Packet { header, payload: payload.into() }).await.unwrap();
    }

    /// Opus packets of this sound, at the bridge's frame time.
    pub fn encode(&self, sound: &[f32]) -> Vec<Vec<u8>> {
        let mut encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip).unwrap();
        encoder.set_bitrate(opus::Bitrate::Bits(40_000)).unwrap();
        encoder.set_inband_fec(true).unwrap();
        encoder.set_packet_loss_perc(10).unwrap();
        encoder.set_max_bandwidth(opus::Bandwidth::Wideband).unwrap();
        let frame = 48 * self.frame_millis as usize;
        sound.chunks_exact(frame).map(|frame| encoder.encode_vec_float(frame, 1275).unwrap()).collect()
    }

    /// Everything heard so far, decoded and put where its timestamp says; silence between.
    pub fn heard(&self) -> Vec<f32> {
        let got = self.got.lock().unwrap();
        let mut decoder = opus::Decoder::new(48_000, opus::Channels::Mono).unwrap();
        let mut heard = vec![];
        let first = got.first().map_or(0, |packet| packet.header.timestamp);
        for packet in got.iter() {
            let place =
                packet.header.timestamp.wrapping_sub(first) as usize * 48_000 / self.clock_hz as usize;
            assert!(place >= heard.len(), "speech overlaps itself");
            heard.resize(place, 0.0);
            let mut frame = vec![0.0; 5760];
            let samples = decoder.decode_float(&packet.payload, &mut frame, false).unwrap();
            heard.extend(&frame[..samples]);
        }
        heard
    }

    /// The connection stays.
    pub async fn close_channel(&self) {
        self.channel.close().await.unwrap();
    }

    /// Says what it got of the client's voice, this often at once.
    pub async fn report(&self, count: u32) {
        let ssrc = self.got.lock().unwrap().last().map_or(0, |got| got.header.ssrc);
        let report = |n: u32| -> Box<dyn rtcp::Packet> {
            // Everything is lost, and much was sent since the last report.
            let lost = ReceptionReport {
                ssrc,
                fraction_lost: 255,
                last_sequence_number: n * 100,
                ..Default::default()
            };
            Box::new(ReceiverReport { ssrc: SSRC, reports: vec![lost], ..Default::default() })
        };
        self.track.write_rtcp((0..count).map(report).collect()).await.unwrap();
    }

    pub async fn close(self) {
        drop(self.channel);
        self.connection.close().await.unwrap();
    }
}

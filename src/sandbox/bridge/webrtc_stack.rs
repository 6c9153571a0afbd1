//! What a peer connection of the bridge is made of: codecs, extensions, timeouts, and the offer's last touches.

use std::{net::IpAddr, sync::Arc, time::Duration};

use rtc::{
    ice::mdns::MulticastDnsMode,
    media_stream::MediaStreamTrack,
    rtp_transceiver::{
        RTCRtpTransceiverDirection, RTCRtpTransceiverInit,
        rtp_sender::{
            RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
            RTCRtpHeaderExtensionCapability, RtpCodecKind,
        },
    },
};
use webrtc::{
    error::Result,
    media_stream::track_local::static_rtp::TrackLocalStaticRTP,
    peer_connection::{
        MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, Registry,
        SettingEngine, SettingEngineBuilder, configure_rtcp_reports,
    },
};

use super::audio::SAMPLE_RATE;

pub(super) const OPUS: u8 = 111;
pub(super) const COMFORT_NOISE: u8 = 13;
pub(super) const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/// Sony's own: offered as captured, its use is unknown.
const PAYLOAD_SIGNATURE: &str =
    "urn:uuid:84a86fab-a84f-4d61-b376-2ee79d2b67d2#sie:rtp-hdrext:rtp-payload-signature";
/// How soon a peer that went away without a word is noticed, and given up.
const DISCONNECTED_AFTER: Duration = Duration::from_secs(2);
const FAILED_AFTER: Duration = Duration::from_secs(3);
const KEEP_ALIVE: Duration = Duration::from_millis(500);

fn opus() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: "audio/opus".to_owned(),
        clock_rate: SAMPLE_RATE,
        channels: 2,
        sdp_fmtp_line: "minptime=10;stereo=0;useinbandfec=1".to_owned(),
        rtcp_feedback: vec![],
    }
}

fn comfort_noise() -> RTCRtpCodec {
    RTCRtpCodec { mime_type: "audio/CN".to_owned(), clock_rate: 8000, ..RTCRtpCodec::default() }
}

fn codecs() -> [RTCRtpCodecParameters; 2] {
    [(opus(), OPUS), (comfort_noise(), COMFORT_NOISE)]
        .map(|(rtp_codec, payload_type)| RTCRtpCodecParameters { rtp_codec, payload_type })
}

fn media_engine() -> Result<MediaEngine> {
    let mut engine = MediaEngine::default();
    for codec in codecs() {
        engine.register_codec(codec, RtpCodecKind::Audio)?;
    }
    for uri in [AUDIO_LEVEL, PAYLOAD_SIGNATURE] {
        let extension = RTCRtpHeaderExtensionCapability { uri: uri.to_owned() };
        engine.register_header_extension(extension, RtpCodecKind::Audio, None)?;
    }
    Ok(engine)
}

fn setting_engine() -> SettingEngine {
    SettingEngineBuilder::new()
        .with_ice_timeouts(Some(DISCONNECTED_AFTER), Some(FAILED_AFTER), Some(KEEP_ALIVE))
        .with_include_loopback_candidate(true)
        // It would open a socket to the whole local network, and fail where there is none.
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        // A new offer is asked for when the network changed: then old sockets are of no use.
        .with_discard_local_candidates_during_ice_restart(true)
        .with_sdp_media_level_fingerprints(true)
        .build()
}

/// A connection with one UDP socket at `address`, the mix as its track, and a data channel section in its offers.
pub(super) async fn connect(
    address: IpAddr,
    handler: Arc<dyn PeerConnectionEventHandler>,
    mix: Arc<TrackLocalStaticRTP>,
) -> Result<Arc<dyn PeerConnection>> {
    let connection: Arc<dyn PeerConnection> = Arc::new(
        PeerConnectionBuilder::new()
            .with_media_engine(media_engine()?)
            .with_interceptor_registry(configure_rtcp_reports(Registry::new()))
            .with_setting_engine(setting_engine())
            .with_handler(handler)
            .with_udp_addrs(vec![format!("{}:0", bracketed(address))])
            .build()
            .await?,
    );
    let both_ways = RTCRtpTransceiverInit {
        direction: RTCRtpTransceiverDirection::Sendrecv,
        ..RTCRtpTransceiverInit::default()
    };
    let transceiver = connection.add_transceiver_from_track(mix, Some(both_ways)).await?;
    // Of itself it would offer the track's codec alone.
    transceiver.set_codec_preferences(codecs().to_vec()).await?;
    Ok(connection)
}

fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// The track that carries the mix to one peer.
pub(super) fn mix_track(ssrc: u32) -> Arc<TrackLocalStaticRTP> {
    let encoding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
        codec: opus(),
        ..Default::default()
    };
    Arc::new(TrackLocalStaticRTP::new(MediaStreamTrack::new(
        "bridge_1_CELT/40".to_owned(),
        "mix".to_owned(),
        "mix".to_owned(),
        RtpCodecKind::Audio,
        vec![encoding],
    )))
}

/// The offer as the service writes it: with the frame time, which the library has no word for.
pub(super) fn with_ptime(sdp: &str) -> String {
    let mut offer = String::with_capacity(sdp.len() + 16);
    for line in sdp.split_inclusive("\r\n") {
        offer.push_str(line);
        if line.starts_with("a=fmtp:111 ") {
            offer.push_str("a=ptime:40\r\n");
        }
    }
    offer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_time_is_said_once_in_the_audio_section() {
        let sdp =
            "v=0\r\nm=audio 9 X 111\r\na=rtpmap:111 opus/16000/2\r\na=fmtp:111 stereo=0\r\nm=application\r\n";
        let offer = with_ptime(sdp);
        assert!(offer.contains("a=fmtp:111 stereo=0\r\na=ptime:40\r\nm=application"), "{offer}");
        assert_eq!(offer.matches("a=ptime").count(), 1);
    }
}

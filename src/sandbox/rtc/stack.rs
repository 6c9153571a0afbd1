//! What a peer connection is made of: codecs, extensions, timeouts, tracks, and an offer's last touches.

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

pub(in crate::sandbox) const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/// The service's own: offered as captured, its use is unknown.
pub(in crate::sandbox) const PAYLOAD_SIGNATURE: &str =
    "urn:uuid:84a86fab-a84f-4d61-b376-2ee79d2b67d2#sie:rtp-hdrext:rtp-payload-signature";
/// How soon a peer that went away without a word is noticed, and given up.
const DISCONNECTED_AFTER: Duration = Duration::from_secs(2);
const FAILED_AFTER: Duration = Duration::from_secs(3);
const KEEP_ALIVE: Duration = Duration::from_millis(500);

/// What the audio section of a connection's descriptions names.
pub(in crate::sandbox) struct Media {
    /// The one that voices are sent in comes first.
    pub codecs: Vec<RTCRtpCodecParameters>,
    /// By URI, numbered from 1.
    pub extensions: Vec<&'static str>,
}

/// Which way voices go.
pub(in crate::sandbox) enum Voices {
    /// Ours is this stream and track, sent with this SSRC.
    BothWays {
        ssrc: u32,
        stream: String,
        track: String,
    },
    OnlyTheirs,
}

/// Codecs that come with several clocks. The library tells codecs apart by their names alone, and would take all of them for
/// the first: to it, each clock has a name of its own.
const OF_MANY_CLOCKS: [&str; 2] = ["CN", "telephone-event"];

/// `{name}/{clock_rate}` as payload type `number`.
pub(in crate::sandbox) fn codec(
    number: u8,
    name: &str,
    clock_rate: u32,
    channels: u16,
    format: &str,
) -> RTCRtpCodecParameters {
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: match OF_MANY_CLOCKS.contains(&name) {
                true => format!("audio/{name}-{clock_rate}"),
                false => format!("audio/{name}"),
            },
            clock_rate,
            channels,
            sdp_fmtp_line: format.to_owned(),
            rtcp_feedback: vec![],
        },
        payload_type: number,
    }
}

/// A description from outside as the library is to read it.
pub(super) fn inwards(sdp: &str) -> String {
    rename(sdp, |name, clock| format!("{name}/{clock}"), |name, clock| format!("{name}-{clock}/{clock}"))
}

/// A description of the library's as it goes out.
pub(super) fn outwards(sdp: &str) -> String {
    rename(sdp, |name, clock| format!("{name}-{clock}/{clock}"), |name, clock| format!("{name}/{clock}"))
}

fn rename(sdp: &str, from: impl Fn(&str, &str) -> String, to: impl Fn(&str, &str) -> String) -> String {
    let renamed = |line: &str| {
        let (number, coding) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
        let coding = coding.trim_end();
        let (_, clock) = coding.split_once('/')?;
        let name = OF_MANY_CLOCKS.iter().find(|name| from(name, clock).eq_ignore_ascii_case(coding))?;
        Some(format!("a=rtpmap:{number} {}\r\n", to(name, clock)))
    };
    sdp.split_inclusive('\n').map(|line| renamed(line).unwrap_or_else(|| line.to_owned())).collect()
}

fn media_engine(media: &Media) -> Result<MediaEngine> {
    let mut engine = MediaEngine::default();
    for codec in &media.codecs {
        engine.register_codec(codec.clone(), RtpCodecKind::Audio)?;
    }
    for uri in &media.extensions {
        let extension = RTCRtpHeaderExtensionCapability { uri: (*uri).to_owned() };
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

/// A connection with one UDP socket at `address`.
pub(super) async fn connect(
    address: IpAddr,
    media: &Media,
    handler: Arc<dyn PeerConnectionEventHandler>,
) -> Result<Arc<dyn PeerConnection>> {
    let connection = PeerConnectionBuilder::new()
        .with_media_engine(media_engine(media)?)
        .with_interceptor_registry(configure_rtcp_reports(Registry::new()))
        .with_setting_engine(setting_engine())
        .with_handler(handler)
        .with_udp_addrs(vec![format!("{}:0", bracketed(address))])
        .build()
        .await?;
    Ok(Arc::new(connection))
}

fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// Adds the audio section to a connection that offers. The track of our voice, where we have one.
pub(super) async fn add_voices(
    connection: &dyn PeerConnection,
    media: &Media,
    voices: &Voices,
) -> Result<Option<Arc<TrackLocalStaticRTP>>> {
    let going = |direction| Some(RTCRtpTransceiverInit { direction, ..RTCRtpTransceiverInit::default() });
    let track = voices.track(media);
    let transceiver = match &track {
        Some(track) => {
            let both_ways = going(RTCRtpTransceiverDirection::Sendrecv);
            connection.add_transceiver_from_track(track.clone(), both_ways).await?
        }
        None => {
            let inwards = going(RTCRtpTransceiverDirection::Recvonly);
            connection.add_transceiver_from_kind(RtpCodecKind::Audio, inwards).await?
        }
    };
    // Of itself it would offer the track's codec alone.
    transceiver.set_codec_preferences(media.codecs.clone()).await?;
    Ok(track)
}

impl Voices {
    pub(super) fn track(&self, media: &Media) -> Option<Arc<TrackLocalStaticRTP>> {
        let Self::BothWays { ssrc, stream, track } = self else { return None };
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(*ssrc), ..Default::default() },
            codec: media.codecs.first()?.rtp_codec.clone(),
            ..Default::default()
        };
        let track = MediaStreamTrack::new(
            stream.clone(),
            track.clone(),
            "voice".to_owned(),
            RtpCodecKind::Audio,
            vec![encoding],
        );
        Some(Arc::new(TrackLocalStaticRTP::new(track)))
    }
}

/// A description as the service writes it: with the frame time, which the library has no word for.
pub(in crate::sandbox) fn with_ptime(sdp: &str, opus: u8) -> String {
    let format = format!("a=fmtp:{opus} ");
    let mut described = String::with_capacity(sdp.len() + 16);
    for line in sdp.split_inclusive("\r\n") {
        described.push_str(line);
        if line.starts_with(&format) {
            described.push_str("a=ptime:40\r\n");
        }
    }
    described
}

/// The number that a description gives to an extension.
pub(in crate::sandbox) fn extension_id(sdp: &str, uri: &str) -> Option<u8> {
    let mut extensions =
        sdp.lines().filter_map(|line| line.strip_prefix("a=extmap:")?.trim_end().split_once(' '));
    let (number, _) = extensions.find(|(_, named)| *named == uri)?;
    number.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_codec_of_many_clocks_has_a_name_for_each_inside_and_its_own_outside() {
        let outside = "m=audio 9 X 96 106 105\r\na=rtpmap:96 opus/16000/2\r\na=rtpmap:106 CN/32000\r\n\
                       a=rtpmap:105 CN/16000\r\na=rtpmap:113 telephone-event/16000\r\n";
        let inside = inwards(outside);
        assert!(inside.contains("a=rtpmap:105 CN-16000/16000\r\n"), "{inside}");
        assert!(inside.contains("a=rtpmap:113 telephone-event-16000/16000\r\n"), "{inside}");
        assert_eq!(outwards(&inside), outside);
        for odd in ["", "a=rtpmap:", "a=rtpmap:1", "a=rtpmap:1 CN", "a=rtpmap:1 CN/"] {
            assert!(outwards(&inwards(odd)).starts_with(odd), "{odd}");
        }
    }

    #[test]
    fn the_frame_time_is_said_once_in_the_audio_section() {
        let sdp =
            "v=0\r\nm=audio 9 X 111\r\na=rtpmap:111 opus/16000/2\r\na=fmtp:111 stereo=0\r\nm=application\r\n";
        let offer = with_ptime(sdp, 111);
        assert!(offer.contains("a=fmtp:111 stereo=0\r\na=ptime:40\r\nm=application"), "{offer}");
        assert_eq!(offer.matches("a=ptime").count(), 1);
    }
}

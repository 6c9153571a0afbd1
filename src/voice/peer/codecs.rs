//! What the crate is told of codecs, and of our track. It matches them without looking at the clock rate: so it knows exactly those
//! of the offer.

use rtc::{
    media_stream::MediaStreamTrack,
    rtp_transceiver::rtp_sender::{
        RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
        RTCRtpHeaderExtensionCapability, RtpCodecKind,
    },
};
use webrtc::peer_connection::MediaEngine;

use super::refused;
use crate::voice::negotiation::{NegotiationError, Terms};

const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

/// `redundancy_first`: that is what the other side prefers to send, and we to get.
pub fn engine(terms: &Terms, redundancy_first: bool) -> Result<MediaEngine, NegotiationError> {
    let mut engine = MediaEngine::default();
    let mut register = |rtp_codec, payload_type| {
        let codec = RTCRtpCodecParameters { rtp_codec, payload_type };
        engine.register_codec(codec, RtpCodecKind::Audio).map_err(refused)
    };
    let voice = Some((opus(terms), terms.opus));
    let red = terms.redundancy.map(|payload_type| (redundancy(terms.opus), payload_type));
    let preferred = if redundancy_first { [red, voice] } else { [voice, red] };
    for (codec, payload_type) in preferred.into_iter().flatten() {
        register(codec, payload_type)?;
    }
    for &payload_type in &terms.comfort_noise {
        // What the captured offers say; where we answer, the offer's own clock is repeated whatever stands here.
        let clock_rate = match payload_type {
            106 => 32_000,
            105 => 16_000,
            _ => 8_000,
        };
        register(codec("audio/CN", clock_rate), payload_type)?;
    }
    let extension = RTCRtpHeaderExtensionCapability { uri: AUDIO_LEVEL.into() };
    engine.register_header_extension(extension, RtpCodecKind::Audio, None).map_err(refused)?;
    Ok(engine)
}

/// Our voice.
pub fn microphone(terms: &Terms, ssrc: u32) -> MediaStreamTrack {
    let coding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
        codec: opus(terms),
        ..Default::default()
    };
    let track = format!("{}_1_CELT/40", uuid::Uuid::new_v4());
    MediaStreamTrack::new("-".into(), track, "microphone".into(), RtpCodecKind::Audio, vec![coding])
}

fn opus(terms: &Terms) -> RTCRtpCodec {
    RTCRtpCodec {
        channels: terms.channels,
        sdp_fmtp_line: terms.format_parameters.clone(),
        ..codec("audio/opus", terms.clock_hz)
    }
}

fn redundancy(opus: u8) -> RTCRtpCodec {
    RTCRtpCodec { channels: 2, sdp_fmtp_line: format!("{opus}/{opus}"), ..codec("audio/red", 48_000) }
}

fn codec(mime_type: &str, clock_rate: u32) -> RTCRtpCodec {
    RTCRtpCodec { mime_type: mime_type.into(), clock_rate, ..Default::default() }
}

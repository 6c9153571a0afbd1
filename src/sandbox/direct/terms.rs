//! What a description's audio section numbers how. Pure.

use rtc::rtp_transceiver::rtp_sender::RTCRtpCodecParameters;

use crate::sandbox::{
    bridge::audio::SAMPLE_RATE,
    rtc::{AUDIO_LEVEL, Media, PAYLOAD_SIGNATURE, codec, extension_id},
};

const FORMAT: &str = "minptime=10;stereo=0;useinbandfec=1";
const EXTENSIONS: [&str; 5] = [
    AUDIO_LEVEL,
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    PAYLOAD_SIGNATURE,
];
/// Payload types in one section; a real one has eight.
const MAX_CODECS: usize = 32;

/// Payload types, and numbers of extensions; 0 is an extension that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    /// At 16 kHz: another clock is not spoken here.
    pub opus: u8,
    /// Around that Opus.
    pub redundancy: Option<u8>,
    /// Comfort noise, with its clocks in hertz.
    pub noise: Vec<(u8, u32)>,
    /// Telephone events, with their clocks.
    pub keys: Vec<(u8, u32)>,
    pub level_id: u8,
    pub signature_id: u8,
}

impl Terms {
    /// As published.
    pub fn ours() -> Self {
        Self {
            opus: 96,
            redundancy: Some(63),
            noise: vec![(106, 32_000), (105, 16_000), (13, 8_000)],
            keys: vec![(110, 48_000), (113, 16_000)],
            level_id: 0,
            signature_id: 0,
        }
    }

    /// The terms of an offer or an answer; `None` where Opus with a clock of 16 kHz is not among them.
    pub fn read(sdp: &str) -> Option<Self> {
        let mut sections = sdp.split("\r\nm=").skip(1);
        let audio = sections.find(|section| section.starts_with("audio "))?;
        let mut terms = Self {
            opus: 0,
            redundancy: None,
            noise: Vec::new(),
            keys: Vec::new(),
            level_id: extension_id(audio, AUDIO_LEVEL).unwrap_or_default(),
            signature_id: extension_id(audio, PAYLOAD_SIGNATURE).unwrap_or_default(),
        };
        let attribute = |name: &'static str| {
            audio.lines().filter_map(move |line| line.strip_prefix(name)?.split_once(' '))
        };
        let mut red = Vec::new();
        for (number, coding) in attribute("a=rtpmap:").take(MAX_CODECS) {
            let Ok(number) = number.parse::<u8>() else { continue };
            let mut parts = coding.trim_end().split('/');
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let clock = parts.next().and_then(|clock| clock.parse().ok()).unwrap_or(0);
            match name.as_str() {
                "opus" if clock == SAMPLE_RATE && terms.opus == 0 => terms.opus = number,
                "red" => red.push(number),
                "cn" => terms.noise.push((number, clock)),
                "telephone-event" => terms.keys.push((number, clock)),
                _ => {}
            }
        }
        let carries_opus = |red: &u8| {
            let mut formats = attribute("a=fmtp:").filter(|(number, _)| number.parse() == Ok(*red));
            formats
                .any(|(_, blocks)| blocks.trim_end().split('/').all(|block| block.parse() == Ok(terms.opus)))
        };
        terms.redundancy = red.iter().copied().find(carries_opus);
        (terms.opus != 0).then_some(terms)
    }

    pub fn media(&self) -> Media {
        let red = |number| codec(number, "red", 48_000, 2, &format!("{0}/{0}", self.opus));
        let mut codecs: Vec<RTCRtpCodecParameters> = vec![codec(self.opus, "opus", SAMPLE_RATE, 2, FORMAT)];
        codecs.extend(self.redundancy.map(red));
        codecs.extend(self.noise.iter().map(|(number, clock)| codec(*number, "CN", *clock, 0, "")));
        codecs
            .extend(self.keys.iter().map(|(number, clock)| codec(*number, "telephone-event", *clock, 0, "")));
        Media { codecs, extensions: EXTENSIONS.to_vec() }
    }

    /// Telephone events in the clock of the voice.
    pub fn key(&self) -> Option<u8> {
        self.keys.iter().find(|(_, clock)| *clock == SAMPLE_RATE).map(|(number, _)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: &str = include_str!("../../../tests/fixtures/member_offer.sdp");

    #[test]
    fn the_published_offer_has_our_terms() {
        let terms = Terms::read(MEMBER).expect("understood");
        assert_eq!(terms, Terms { level_id: 1, signature_id: 5, ..Terms::ours() });
        assert_eq!(terms.key(), Some(113));
    }

    #[test]
    fn numbers_are_the_offers_own_and_another_clock_is_declined() {
        let other =
            MEMBER.replace("a=rtpmap:96 ", "a=rtpmap:120 ").replace("a=fmtp:63 96/96", "a=fmtp:63 120/120");
        let terms = Terms::read(&other).expect("understood");
        assert_eq!((terms.opus, terms.redundancy), (120, Some(63)));
        assert_eq!(Terms::read(&MEMBER.replace("opus/16000", "opus/48000")), None);
        for odd in ["", "v=0\r\nm=video 9 X 96\r\n", "v=0\r\nm=audio 9 X 96\r\na=rtpmap:x y\r\n"] {
            assert_eq!(Terms::read(odd), None, "{odd}");
        }
    }
}

//! What an offer asks of us: payload type, RTP clock, frame time, direction. Pure; runs on the caller's task.

use crate::model::Offer;

/// An honest offer is some three kilobytes.
pub const MAX_OFFER_BYTES: usize = 64 * 1024;
/// What an offer without `a=ptime` means (RFC 7587).
const DEFAULT_FRAME_MILLIS: u32 = 20;

/// Why an offer could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum NegotiationError {
    #[error("the offer is {0} bytes long, more than {MAX_OFFER_BYTES}")]
    TooLarge(usize),
    #[error("the offer has no audio section")]
    NoAudio,
    #[error("the offer has no Opus")]
    NoOpus,
    #[error("Opus with an RTP clock of {0} Hz is not understood")]
    UnusableClock(u32),
    #[error("a frame time of {0} is not understood")]
    UnusableFrameTime(String),
    /// The media stack refused the offer, or could not open a socket.
    #[error("the connection could not be prepared")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("no local address was found in time")]
    NoCandidates,
    /// Hung up, or answered another offer, meanwhile.
    #[error("overtaken by a newer request")]
    Overtaken,
    #[error("the voice thread is gone")]
    Stopped,
}

/// What both sides will speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// RTP payload type of Opus.
    pub opus: u8,
    /// Ticks of an RTP timestamp in a second: 16 000 or 48 000.
    pub clock_hz: u32,
    /// As the rtpmap says; the audio is mono all the same.
    pub channels: u16,
    /// Repeated in the answer.
    pub format_parameters: String,
    /// RTP payload type of RED (RFC 2198) around this Opus, if offered.
    pub redundancy: Option<u8>,
    /// RTP payload types of comfort noise, at any clock.
    pub comfort_noise: Vec<u8>,
    /// Audio in one packet: 10, 20, 40 or 60 ms.
    pub frame_millis: u32,
    /// The other side wants to hear us.
    pub we_send: bool,
    /// The other side may be heard.
    pub they_send: bool,
    /// The other side is a Partyline too.
    pub partyline: bool,
}

impl Terms {
    /// Reads an offer.
    ///
    /// # Errors
    /// All but [`NegotiationError::Refused`] and what follows it.
    pub fn read(offer: &Offer) -> Result<Self, NegotiationError> {
        let text = offer.0.as_str();
        if text.len() > MAX_OFFER_BYTES {
            return Err(NegotiationError::TooLarge(text.len()));
        }
        let audio = AudioSection::find(text).ok_or(NegotiationError::NoAudio)?;
        let opus = audio.codecs("opus").next().ok_or(NegotiationError::NoOpus)?;
        if !matches!(opus.clock_hz, 16_000 | 48_000) {
            return Err(NegotiationError::UnusableClock(opus.clock_hz));
        }
        let carries_opus = |red: &Codec| {
            let mut blocks = audio.format_parameters(red.payload_type).split('/');
            blocks.all(|block| block.parse() == Ok(opus.payload_type))
        };
        Ok(Self {
            opus: opus.payload_type,
            clock_hz: opus.clock_hz,
            channels: opus.channels,
            format_parameters: audio.format_parameters(opus.payload_type).to_owned(),
            redundancy: audio.codecs("red").find(carries_opus).map(|red| red.payload_type),
            comfort_noise: audio.codecs("cn").map(|noise| noise.payload_type).collect(),
            frame_millis: audio.frame_millis()?,
            we_send: !matches!(audio.direction(text), "sendonly" | "inactive"),
            they_send: !matches!(audio.direction(text), "recvonly" | "inactive"),
            partyline: false,
        })
    }
}

struct Codec {
    payload_type: u8,
    clock_hz: u32,
    channels: u16,
}

/// The lines of the first live `m=audio`.
struct AudioSection<'a> {
    payload_types: Vec<u8>,
    lines: Vec<&'a str>,
}

impl<'a> AudioSection<'a> {
    fn find(sdp: &'a str) -> Option<Self> {
        let mut lines = sdp.lines().map(str::trim_end);
        loop {
            let mut media = lines.by_ref().find_map(|line| line.strip_prefix("m=audio "))?.split(' ');
            let port = media.next()?;
            if port == "0" {
                continue; // Rejected by the offerer itself.
            }
            let payload_types = media.skip(1).filter_map(|number| number.parse().ok()).collect();
            let lines = lines.take_while(|line| !line.starts_with("m=")).collect();
            return Some(Self { payload_types, lines });
        }
    }

    fn attributes(&self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.lines
            .iter()
            .filter_map(move |line| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'))
    }

    /// Codecs of this name, in the order of the offerer's preference.
    fn codecs(&self, name: &str) -> impl Iterator<Item = Codec> {
        self.payload_types.iter().filter_map(move |&payload_type| {
            let (_, map) = self
                .attributes("rtpmap")
                .filter_map(|value| value.split_once(' '))
                .find(|(number, _)| number.parse() == Ok(payload_type))?;
            let mut parts = map.trim().split('/');
            if !parts.next()?.eq_ignore_ascii_case(name) {
                return None;
            }
            let clock_hz = parts.next()?.parse().ok()?;
            let channels = parts.next().map_or(Some(1), |count| count.parse().ok())?;
            Some(Codec { payload_type, clock_hz, channels })
        })
    }

    fn format_parameters(&self, payload_type: u8) -> &'a str {
        self.attributes("fmtp")
            .filter_map(|value| value.split_once(' '))
            .find(|(number, _)| number.parse() == Ok(payload_type))
            .map_or("", |(_, parameters)| parameters)
    }

    /// The longest frame Opus has that is no longer than what was asked for.
    fn frame_millis(&self) -> Result<u32, NegotiationError> {
        let Some(asked) = self.attributes("ptime").next() else { return Ok(DEFAULT_FRAME_MILLIS) };
        match asked.trim().parse() {
            Ok(10..=19) => Ok(10),
            Ok(20..=39) => Ok(20),
            Ok(40..=59) => Ok(40),
            Ok(60u32) => Ok(60),
            _ => Err(NegotiationError::UnusableFrameTime(asked.chars().take(16).collect())),
        }
    }

    /// The section's own direction, else the session's, else the default.
    fn direction(&self, sdp: &'a str) -> &'a str {
        let session = sdp.lines().map(str::trim_end).take_while(|line| !line.starts_with("m="));
        self.lines
            .iter()
            .copied()
            .chain(session)
            .filter_map(|line| line.strip_prefix("a="))
            .find(|value| matches!(*value, "sendrecv" | "sendonly" | "recvonly" | "inactive"))
            .unwrap_or("sendrecv")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRIDGE: &str = include_str!("../../tests/fixtures/bridge_offer.sdp");
    const MEMBER: &str = include_str!("../../tests/fixtures/member_offer.sdp");

    fn read(sdp: &str) -> Result<Terms, NegotiationError> {
        Terms::read(&Offer(sdp.to_owned()))
    }

    #[test]
    fn the_bridges_offer_is_understood() {
        let terms = read(BRIDGE).unwrap();
        assert_eq!(
            terms,
            Terms {
                opus: 111,
                clock_hz: 16_000,
                channels: 2,
                format_parameters: "minptime=10;stereo=0;useinbandfec=1".into(),
                redundancy: None,
                comfort_noise: vec![13],
                frame_millis: 40,
                we_send: true,
                they_send: false,
                partyline: false,
            }
        );
    }

    #[test]
    fn a_members_offer_is_understood_though_opus_is_one_of_eight_codecs() {
        let terms = read(MEMBER).unwrap();
        assert_eq!((terms.opus, terms.clock_hz, terms.redundancy), (96, 16_000, Some(63)));
        assert_eq!(terms.comfort_noise, [106, 105, 13]);
    }

    #[test]
    fn a_browsers_clock_and_default_frame_time_are_taken_from_the_offer() {
        let terms =
            read(&BRIDGE.replace("opus/16000/2", "OPUS/48000/2").replace("a=ptime:40\r\n", "")).unwrap();
        assert_eq!((terms.clock_hz, terms.frame_millis), (48_000, 20));
    }

    #[test]
    fn a_frame_time_between_two_opus_frames_takes_the_shorter() {
        assert_eq!(read(&BRIDGE.replace("ptime:40", "ptime:30")).unwrap().frame_millis, 20);
    }

    #[test]
    fn who_only_sends_is_not_sent_to() {
        assert!(!read(&BRIDGE.replace("a=recvonly", "a=sendonly")).unwrap().we_send);
        assert!(read(&BRIDGE.replace("a=recvonly", "a=sendrecv")).unwrap().we_send);
        let session_wide =
            BRIDGE.replace("a=recvonly\r\n", "").replace("t=0 0\r\n", "t=0 0\r\na=inactive\r\n");
        assert!(!read(&session_wide).unwrap().we_send);
    }

    #[test]
    fn offers_that_cannot_be_answered_say_why() {
        use NegotiationError as E;
        assert!(matches!(read(""), Err(E::NoAudio)));
        assert!(matches!(read("v=0\r\nm=audio"), Err(E::NoAudio)));
        assert!(matches!(read(&BRIDGE.replace("m=audio 50163", "m=audio 0")), Err(E::NoAudio)));
        assert!(matches!(read(&BRIDGE.replace("opus/", "speex/")), Err(E::NoOpus)));
        assert!(matches!(read(&BRIDGE.replace("opus/16000", "opus/xyz")), Err(E::NoOpus)));
        assert!(matches!(read(&BRIDGE.replace("opus/16000", "opus/1")), Err(E::UnusableClock(1))));
        for absurd in ["0", "9", "61", "4000000000", "-40", "", "forty"] {
            let offer = BRIDGE.replace("ptime:40", &format!("ptime:{absurd}"));
            assert!(matches!(read(&offer), Err(E::UnusableFrameTime(_))), "{absurd}");
        }
        assert!(matches!(read(&"a".repeat(MAX_OFFER_BYTES + 1)), Err(E::TooLarge(_))));
    }
}

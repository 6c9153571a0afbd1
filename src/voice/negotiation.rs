//! What an offer or an answer asks of us: payload types, RTP clock, frame time, direction. Pure; runs on the caller's task.

mod sdp;

pub use sdp::{MAX_BYTES as MAX_OFFER_BYTES, finished, split, with_captured_codecs};

use sdp::{AudioSection, Description};

use crate::model::{Answer, Offer};

/// Of our own offers, as the service's own members write them.
const OPUS: u8 = 96;
const REDUNDANCY: u8 = 63;
const COMFORT_NOISE: [u8; 3] = [106, 105, 13];
const CLOCK_HZ: u32 = 16_000;
/// What everybody else sends and expects.
const FRAME_MILLIS: u32 = 40;

/// Why an offer could not be answered, or an answer not be taken.
#[derive(Debug, thiserror::Error)]
pub enum NegotiationError {
    #[error("the description is {0} bytes long, more than {MAX_OFFER_BYTES}")]
    TooLarge(usize),
    #[error("the description has more sections than a party")]
    TooManySections,
    #[error("the description has no audio section")]
    NoAudio,
    #[error("the description has no Opus")]
    NoOpus,
    #[error("Opus with an RTP clock of {0} Hz is not understood")]
    UnusableClock(u32),
    /// The media stack refused the description, or could not open a socket. The name of its error alone: the text may be a
    /// piece of the description.
    #[error("the connection could not be prepared: {0}")]
    Refused(String),
    #[error("no local address was found in time")]
    NoCandidates,
    /// Hung up, closed, or negotiated anew with the same other end, meanwhile.
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
    /// RTP payload type of RED (RFC 2198) around this Opus, if both know it.
    pub redundancy: Option<u8>,
    /// RTP payload types of comfort noise, at any clock.
    pub comfort_noise: Vec<u8>,
    /// Audio in one packet: 10, 20, 40 or 60 ms.
    pub frame_millis: u32,
    /// The other side wants to hear us.
    pub we_send: bool,
    /// The other side is another of these programs: it plays all of Opus' bandwidth, whatever the clock says.
    pub partyline: bool,
}

impl Terms {
    /// Of our own offers, before they are answered.
    pub fn offered() -> Self {
        Self {
            opus: OPUS,
            clock_hz: CLOCK_HZ,
            channels: 2,
            format_parameters: "minptime=10;stereo=0;useinbandfec=1".into(),
            redundancy: Some(REDUNDANCY),
            comfort_noise: COMFORT_NOISE.to_vec(),
            frame_millis: FRAME_MILLIS,
            we_send: true,
            partyline: false,
        }
    }

    /// Reads an offer. `wish`: our frame time in milliseconds, where it is left to us.
    ///
    /// # Errors
    /// All but [`NegotiationError::Refused`] and what follows it.
    pub fn of_offer(offer: &Offer, wish: u32) -> Result<Self, NegotiationError> {
        let description = Description::read(&offer.0)?;
        let (audio, opus) = described(&description)?;
        if !matches!(opus.clock_hz, 16_000 | 48_000) {
            return Err(NegotiationError::UnusableClock(opus.clock_hz));
        }
        let read = Self {
            opus: opus.payload_type,
            clock_hz: opus.clock_hz,
            channels: opus.channels,
            format_parameters: audio.format_parameters(opus.payload_type).to_owned(),
            redundancy: audio.redundancy(opus.payload_type),
            comfort_noise: audio.codecs("cn").map(|noise| noise.payload_type).collect(),
            frame_millis: audio.frame_millis(opus.payload_type, wish),
            we_send: !matches!(audio.direction(), "sendonly" | "inactive"),
            partyline: false,
        };
        Ok(read.between(&audio, wish))
    }

    /// Reads the answer to an offer of these terms.
    ///
    /// # Errors
    /// As for [`Self::of_offer`]; an answer of other codecs than were offered has no Opus.
    pub fn of_answer(&self, answer: &Answer, wish: u32) -> Result<Self, NegotiationError> {
        let description = Description::read(&answer.0)?;
        let (audio, opus) = described(&description)?;
        if opus.payload_type != self.opus {
            return Err(NegotiationError::NoOpus);
        }
        if opus.clock_hz != self.clock_hz {
            return Err(NegotiationError::UnusableClock(opus.clock_hz));
        }
        let noise: Vec<_> = audio.codecs("cn").map(|noise| noise.payload_type).collect();
        let read = Self {
            redundancy: self.redundancy.filter(|_| audio.redundancy(self.opus) == self.redundancy),
            comfort_noise: self.comfort_noise.iter().copied().filter(|one| noise.contains(one)).collect(),
            frame_millis: audio.frame_millis(self.opus, self.frame_millis),
            we_send: !matches!(audio.direction(), "sendonly" | "inactive"),
            ..self.clone()
        };
        Ok(read.between(&audio, wish))
    }

    /// Two Partylines take the longer of their wishes, whatever is said to everybody else.
    fn between(self, audio: &AudioSection<'_>, wish: u32) -> Self {
        match audio.partyline_wish() {
            Some(theirs) => Self { frame_millis: theirs.max(wish), partyline: true, ..self },
            None => self,
        }
    }
}

/// Whether whoever made this offer lets us hear anybody: the captured bridge does not. `false` for one that is not understood.
pub fn lets_us_hear(offer: &Offer) -> bool {
    let sends = |audio: AudioSection<'_>| !matches!(audio.direction(), "recvonly" | "inactive");
    Description::read(&offer.0).is_ok_and(|description| description.audio().any(sends))
}

/// The other side would rather send RED than plain Opus.
pub fn prefers_redundancy(offer: &Offer, terms: &Terms) -> bool {
    let Ok(description) = Description::read(&offer.0) else { return false };
    let first = description.audio().find_map(|audio| audio.first_of(&[Some(terms.opus), terms.redundancy]));
    first.is_some() && first == terms.redundancy
}

/// The DTLS handshake is begun by whoever offers this, rather than by us.
pub fn is_active(offer: &Offer) -> bool {
    Description::read(&offer.0).is_ok_and(|description| description.is_active())
}

/// The first live audio section that has Opus.
fn described<'a>(
    description: &'a Description<'_>,
) -> Result<(AudioSection<'a>, sdp::Codec), NegotiationError> {
    let mut why = NegotiationError::NoAudio;
    for audio in description.audio() {
        let opus = audio.codecs("opus").next();
        match opus {
            Some(opus) => return Ok((audio, opus)),
            None => why = NegotiationError::NoOpus,
        }
    }
    Err(why)
}

#[cfg(test)]
impl Terms {
    /// Plain Opus as the bridge asks for it.
    pub const PLAIN: Self = Self {
        opus: 111,
        clock_hz: 16_000,
        channels: 2,
        format_parameters: String::new(),
        redundancy: None,
        comfort_noise: Vec::new(),
        frame_millis: 40,
        we_send: true,
        partyline: false,
    };
}

#[cfg(test)]
mod tests;

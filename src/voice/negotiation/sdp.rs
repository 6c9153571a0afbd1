//! Session descriptions, as far as they are read and written here. The WebRTC crate reads them whole; this is for what it does not
//! tell, and for what it does not write. Pure; every step is bounded by the size of the text, and that by [`MAX_BYTES`].

use super::{NegotiationError, Terms};

/// An honest description is some three kilobytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// A voice and a data channel; a bridge may have a stream for each of sixteen.
const MAX_SECTIONS: usize = 20;
/// A computer has a handful of addresses. Each costs a check against every one of ours.
const MAX_CANDIDATES: usize = 32;
const MAX_PAYLOAD_TYPES: usize = 64;
/// By which one Partyline knows another; nobody else minds it.
const PARTYLINE: &str = "x-partyline";

/// Comfort noise and telephone events, as captured.
const CAPTURED: [(&str, &str); 5] = [
    ("106", "CN/32000"),
    ("105", "CN/16000"),
    ("13", "CN/8000"),
    ("110", "telephone-event/48000"),
    ("113", "telephone-event/16000"),
];

/// A codec as an `rtpmap` has it.
pub struct Codec {
    pub payload_type: u8,
    pub clock_hz: u32,
    pub channels: u16,
}

/// The lines of a description, section by section.
pub struct Description<'a> {
    session: Vec<&'a str>,
    sections: Vec<Vec<&'a str>>,
}

impl<'a> Description<'a> {
    pub fn read(text: &'a str) -> Result<Self, NegotiationError> {
        if text.len() > MAX_BYTES {
            return Err(NegotiationError::TooLarge(text.len()));
        }
        let (mut session, mut sections) = (vec![], Vec::<Vec<_>>::new());
        for line in text.lines().map(str::trim_end) {
            if line.starts_with("m=") {
                if sections.len() == MAX_SECTIONS {
                    return Err(NegotiationError::TooManySections);
                }
                sections.push(vec![]);
            }
            sections.last_mut().unwrap_or(&mut session).push(line);
        }
        Ok(Self { session, sections })
    }

    /// The live audio sections, in order.
    pub fn audio(&self) -> impl Iterator<Item = AudioSection<'_>> {
        self.sections.iter().filter_map(|lines| AudioSection::read(lines, &self.session))
    }

    /// The other side wants to begin the DTLS handshake itself.
    pub fn is_active(&self) -> bool {
        let setup = self.sections.iter().flatten().chain(&self.session);
        setup.filter_map(|line| line.strip_prefix("a=setup:")).next() == Some("active")
    }
}

/// One live `m=audio`.
pub struct AudioSection<'a> {
    payload_types: Vec<u8>,
    lines: &'a [&'a str],
    session: &'a [&'a str],
}

impl<'a> AudioSection<'a> {
    fn read(lines: &'a [&'a str], session: &'a [&'a str]) -> Option<Self> {
        let mut media = lines.first()?.strip_prefix("m=audio ")?.split(' ');
        if media.next()? == "0" {
            return None; // Rejected.
        }
        let mut payload_types = vec![];
        for number in media.skip(1).filter_map(|number| number.parse().ok()) {
            // Each costs a search through the section; there are seven bits of them, and nobody has so many.
            if payload_types.len() < MAX_PAYLOAD_TYPES && !payload_types.contains(&number) {
                payload_types.push(number);
            }
        }
        Some(Self { payload_types, lines, session })
    }

    fn attributes(&self, name: &'static str) -> impl Iterator<Item = &'a str> {
        let value = move |line: &&'a str| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':');
        self.lines.iter().filter_map(value)
    }

    /// Which of these the other side prefers.
    pub fn first_of(&self, wanted: &[Option<u8>]) -> Option<u8> {
        self.payload_types.iter().copied().find(|payload_type| wanted.contains(&Some(*payload_type)))
    }

    fn milliseconds(&self, name: &'static str) -> Option<u32> {
        self.attributes(name).next()?.trim().parse().ok()
    }

    /// Codecs of this name, in the order of the other side's preference.
    pub fn codecs(&self, name: &str) -> impl Iterator<Item = Codec> {
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

    pub fn format_parameters(&self, payload_type: u8) -> &'a str {
        self.attributes("fmtp")
            .filter_map(|value| value.split_once(' '))
            .find(|(number, _)| number.parse() == Ok(payload_type))
            .map_or("", |(_, parameters)| parameters)
    }

    /// RED (RFC 2198) whose every block is this Opus.
    pub fn redundancy(&self, opus: u8) -> Option<u8> {
        let carries_opus = |red: &Codec| {
            let mut blocks = self.format_parameters(red.payload_type).split('/');
            blocks.all(|block| block.parse() == Ok(opus))
        };
        self.codecs("red").find(carries_opus).map(|red| red.payload_type)
    }

    /// The frame time that another Partyline wishes for.
    pub fn partyline_wish(&self) -> Option<u32> {
        let mut words = self.attributes(PARTYLINE).next()?.split(' ');
        if words.next() != Some("1") {
            return None;
        }
        let millis = words.find_map(|word| word.strip_prefix("ptime="))?.parse().ok()?;
        matches!(millis, 10 | 20 | 40).then_some(millis)
    }

    /// The longest frame Opus has that is no longer than what they ask for, or than `otherwise` where they do not ask and
    /// allow it. It is a wish: one out of reach gets the nearest there is.
    pub fn frame_millis(&self, opus: u8, otherwise: u32) -> u32 {
        let millis = self.milliseconds("ptime").unwrap_or_else(|| {
            let mut parameters = self.format_parameters(opus).split(';');
            let shortest = parameters.find_map(|one| one.trim().strip_prefix("minptime=")?.parse().ok());
            otherwise.max(shortest.unwrap_or(0))
        });
        match millis.min(self.milliseconds("maxptime").unwrap_or(u32::MAX)) {
            ..20 => 10,
            20..40 => 20,
            40..60 => 40,
            60.. => 60,
        }
    }

    /// The section's own direction, else the session's, else the default.
    pub fn direction(&self) -> &'a str {
        self.lines
            .iter()
            .chain(self.session)
            .filter_map(|line| line.strip_prefix("a="))
            .find(|value| matches!(*value, "sendrecv" | "sendonly" | "recvonly" | "inactive"))
            .unwrap_or("sendrecv")
    }
}

/// A description without its candidates, and those: no more than anybody has.
pub fn split(sdp: &str) -> (String, Vec<String>) {
    let is_candidate = |line: &&str| line.starts_with("a=candidate:");
    let rest = sdp.split_inclusive('\n').filter(|line| !is_candidate(line)).collect();
    let candidates = sdp.lines().filter(is_candidate).take(MAX_CANDIDATES);
    (rest, candidates.filter_map(|line| Some(line.trim_end().strip_prefix("a=")?.to_owned())).collect())
}

/// What the crate leaves out of our own description. `wish`: our frame time, for another Partyline.
pub fn finished(sdp: &str, terms: &Terms, wish: Option<u32>) -> String {
    let mut last = format!("a=ptime:{}\r\n", terms.frame_millis);
    if let Some(wish) = wish {
        last += &format!("a={PARTYLINE}:1 ptime={wish}\r\n");
    }
    let Some(audio) = sdp.find("m=audio") else { return sdp.to_owned() };
    // Behind the section's own lines.
    let end = sdp[audio..].find("\r\nm=").map_or(sdp.len(), |end| audio + end + 2);
    [&sdp[..end], &last, &sdp[end..]].concat()
}

/// Adds to our own offer what everybody offers beside Opus and the crate leaves out.
pub fn with_captured_codecs(sdp: &str) -> String {
    let has = |number: &str| sdp.contains(&format!("\r\na=rtpmap:{number} "));
    let missing = || CAPTURED.iter().filter(|(number, _)| !has(number));
    let numbers: String = missing().map(|(number, _)| format!(" {number}")).collect();
    let maps: String = missing().map(|(number, map)| format!("a=rtpmap:{number} {map}\r\n")).collect();
    let ends = sdp.find("m=audio").and_then(|audio| {
        let media = audio + sdp[audio..].find("\r\n")?;
        Some((media, audio + sdp[audio..].find("a=rtpmap:")?))
    });
    let Some((media, map)) = ends else { return sdp.to_owned() };
    // The first codec is the preferred one: ours stays it.
    [&sdp[..media], &numbers, &sdp[media..map], &maps, &sdp[map..]].concat()
}

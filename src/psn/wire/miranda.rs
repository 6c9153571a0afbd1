//! Voice signalling from member to member: the body of a `customMessage` on the channel `miranda:12` (protocol section 6).
//! Inferred from published frames, **[I]** throughout; the codec is lossless, and the guesses live here alone.

use base64::{Engine, prelude::BASE64_STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{party::platform_name, tolerant};
use crate::model::{self, AccountId, Answer, Description, Offer, Platform};

pub const CHANNEL: &str = "miranda:12";
/// As messages number them **[I]**. Which console it is they do not tell.
const MOBILE_APP: u32 = 100_001;
const CONSOLE: u32 = 5;
const PREFIX: &str = "ver=1.0, type=binary, body=";
/// Longest payload that is decoded; an offer with many candidates fits several times.
const LIMIT: usize = 128 << 10;
const HEADER: usize = 44;

/// `POST …/customMessage`, and what the others are told of it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("format" = "customMessage"))]
pub struct CustomMessage {
    pub channel: String,
    pub payload: String,
    /// In one capture, and absent in another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Vec<Recipient>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_sequence_number: Option<bool>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recipient {
    #[serde(deserialize_with = "tolerant::account", serialize_with = "tolerant::as_string")]
    pub account_id: AccountId,
    pub platform: String,
}

/// What another member's program said.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    Signal(Box<model::Signal>),
    /// Of another channel, a kind that changes no connection (`sdp_updated`, `user_table_updated`), or one of several parts:
    /// those were never seen, and how they would be put together is not known **[?]**.
    Nothing,
    /// Not what its sender can have meant: cut, changed, or in somebody else's name.
    Unusable,
}

impl CustomMessage {
    /// `number` grows with each message of ours.
    pub fn new(signal: &model::Signal, number: u64) -> Self {
        let recipient =
            Recipient { account_id: signal.to, platform: platform_name(signal.to_platform).to_owned() };
        Self {
            channel: CHANNEL.to_owned(),
            payload: Frame::new(signal, number).encode(),
            to: Some(vec![recipient]),
            without_sequence_number: Some(true),
        }
    }

    /// `from`: who sent it, by the service's word.
    pub fn heard(&self, from: Option<AccountId>) -> Heard {
        if self.channel != CHANNEL {
            return Heard::Nothing;
        }
        let Some(frame) = Frame::decode(&self.payload) else { return Heard::Unusable };
        if Some(frame.header.sender) != from {
            return Heard::Unusable;
        }
        match frame.part {
            Part { part: 1, parts: 1, .. } => {}
            Part { part, parts, .. } if (1..=parts).contains(&part) => return Heard::Nothing,
            _ => return Heard::Unusable,
        }
        match serde_json::from_str::<Signal>(&frame.json) {
            Ok(signal) if signal.from.account_id == frame.header.sender => signal.into_model(),
            _ => Heard::Unusable,
        }
    }
}

/// A decoded payload. What follows the header is kept as text: JSON does not survive a round trip byte by byte.
#[derive(PartialEq, Eq)]
pub struct Frame {
    pub header: Header,
    pub part: Part,
    pub json: String,
}

/// Little endian; the length of the text, its last field, is implied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// 1 **[I]**.
    pub version: u32,
    /// 0 **[?]**.
    pub unknown_4: u32,
    /// 1 and 7 seen; perhaps a sequence number **[?]**.
    pub unknown_8: u32,
    /// 0 **[?]**.
    pub unknown_12: u32,
    /// The sender. With another's id in here the service refuses the message **[I]**.
    pub sender: AccountId,
    /// 100001 is the mobile app, 5 a console **[I]**.
    pub sender_platform: u32,
    /// 0; perhaps the recipient, or everyone **[?]**.
    pub unknown_28: u64,
    /// 0; perhaps the recipient's platform **[?]**.
    pub unknown_36: u32,
}

/// The line before the JSON: `1/1/1`, `2/1/1` **[?]**.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub message: u32,
    pub part: u32,
    pub parts: u32,
}

impl Frame {
    fn new(signal: &model::Signal, number: u64) -> Self {
        let header = Header {
            version: 1,
            unknown_4: 0,
            unknown_8: 1,
            unknown_12: 0,
            sender: signal.from,
            sender_platform: platform_number(signal.from_platform),
            unknown_28: 0,
            unknown_36: 0,
        };
        let json = serde_json::to_value(Signal::new(signal, number)).unwrap_or_default().to_string();
        Self { header, part: Part { message: 1, part: 1, parts: 1 }, json }
    }

    /// `None` for anything that [`Frame::encode`] would not write in the same way.
    pub fn decode(payload: &str) -> Option<Self> {
        let body = payload.strip_prefix(PREFIX).filter(|body| body.len() <= LIMIT)?;
        let bytes = BASE64_STANDARD.decode(body).ok()?;
        let (header, text) = bytes.split_first_chunk::<HEADER>()?;
        let (header, length) = Header::decode(header);
        let text = std::str::from_utf8(text).ok().filter(|text| u32::try_from(text.len()) == Ok(length))?;
        let (part, json) = text.split_once('\n')?;
        Some(Self { header, part: Part::decode(part)?, json: json.to_owned() })
    }

    pub fn encode(&self) -> String {
        let text = format!("{}\n{}", self.part.encode(), self.json);
        let mut bytes = self.header.encode(text.len() as u32);
        bytes.extend_from_slice(text.as_bytes());
        format!("{PREFIX}{}", BASE64_STANDARD.encode(bytes))
    }
}

impl Header {
    fn decode(bytes: &[u8; HEADER]) -> (Self, u32) {
        let word =
            |at: usize| bytes.iter().skip(at).take(4).rev().fold(0, |n, byte| n << 8 | u32::from(*byte));
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        let header = Self {
            version: word(0),
            unknown_4: word(4),
            unknown_8: word(8),
            unknown_12: word(12),
            sender: AccountId(long(16)),
            sender_platform: word(24),
            unknown_28: long(28),
            unknown_36: word(36),
        };
        (header, word(40))
    }

    fn encode(&self, length: u32) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + length as usize);
        for word in [self.version, self.unknown_4, self.unknown_8, self.unknown_12] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.extend_from_slice(&self.sender.0.to_le_bytes());
        bytes.extend_from_slice(&self.sender_platform.to_le_bytes());
        bytes.extend_from_slice(&self.unknown_28.to_le_bytes());
        bytes.extend_from_slice(&self.unknown_36.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes
    }
}

impl Part {
    fn decode(line: &str) -> Option<Self> {
        let mut numbers = line.split('/').map(str::parse);
        let part = Self {
            message: numbers.next()?.ok()?,
            part: numbers.next()?.ok()?,
            parts: numbers.next()?.ok()?,
        };
        (part.encode() == line).then_some(part)
    }

    fn encode(self) -> String {
        format!("{}/{}/{}", self.message, self.part, self.parts)
    }
}

/// The JSON of a [`Frame`].
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Signal {
    pub from: User,
    pub to: User,
    /// `offer`, `answer`; an older client also names `sdp_updated` and `user_table_updated`.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_sequence_number: Option<String>,
    /// Grows with each message of the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global_seq_num: Option<u64>,
    #[serde(default)]
    pub medias: Vec<Media>,
    #[serde(default)]
    pub users: Vec<User>,
}

impl Signal {
    /// As published: the media of whoever offered, who also is the first of the users.
    fn new(signal: &model::Signal, number: u64) -> Self {
        let from = User { account_id: signal.from, platform: platform_number(signal.from_platform) };
        let to = User { account_id: signal.to, platform: platform_number(signal.to_platform) };
        let (kind, sdp, offerer, answerer) = match &signal.description {
            Description::Offer(Offer(sdp)) => ("offer", sdp, from, to),
            Description::Answer(Answer(sdp)) => ("answer", sdp, to, from),
        };
        let record = MediaRecord { media_identifier: "voice_chat".to_owned(), mid: "0".to_owned() };
        Self {
            from,
            to,
            kind: kind.to_owned(),
            sdp: Some(sdp.clone()),
            sdp_sequence_number: Some(signal.sequence.to_string()),
            global_seq_num: Some(number),
            medias: vec![Media { user: offerer, msids: vec!["0".to_owned()], media_records: vec![record] }],
            users: vec![offerer, answerer],
        }
    }

    fn into_model(self) -> Heard {
        let description = match (self.kind.as_str(), self.sdp) {
            ("offer", Some(sdp)) => Description::Offer(Offer(sdp)),
            ("answer", Some(sdp)) => Description::Answer(Answer(sdp)),
            ("offer" | "answer", None) => return Heard::Unusable,
            _ => return Heard::Nothing,
        };
        // A message without a number is the first.
        let Ok(sequence) = self.sdp_sequence_number.map_or(Ok(1), |number| number.parse()) else {
            return Heard::Unusable;
        };
        Heard::Signal(Box::new(model::Signal {
            from: self.from.account_id,
            from_platform: platform_of(self.from.platform),
            to: self.to.account_id,
            to_platform: platform_of(self.to.platform),
            description,
            sequence,
        }))
    }
}

fn platform_number(platform: Platform) -> u32 {
    match platform {
        Platform::Ps4 | Platform::Ps5 => CONSOLE,
        Platform::Mobile | Platform::Pc | Platform::Unknown => MOBILE_APP,
    }
}

fn platform_of(number: u32) -> Platform {
    match number {
        CONSOLE => Platform::Ps5,
        MOBILE_APP => Platform::Mobile,
        _ => Platform::Unknown,
    }
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct User {
    #[serde(deserialize_with = "tolerant::account", serialize_with = "tolerant::as_string")]
    pub account_id: AccountId,
    pub platform: u32,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Media {
    pub user: User,
    #[serde(default)]
    pub msids: Vec<String>,
    #[serde(default)]
    pub media_records: Vec<MediaRecord>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct MediaRecord {
    pub media_identifier: String,
    pub mid: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Vector {
        header_hex: String,
        text: String,
        payload: String,
        sender_account_id: String,
        sender_platform: u32,
        word_at_8: u32,
        length: usize,
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!("../../../tests/fixtures/miranda.json")).expect("a fixture")
    }

    #[test]
    fn frames_survive_the_round_trip() {
        for vector in vectors() {
            let frame = Frame::decode(&vector.payload).expect("decodes");
            let Header { version, sender, sender_platform, unknown_8, .. } = frame.header;
            assert_eq!((version, sender_platform, unknown_8), (1, vector.sender_platform, vector.word_at_8));
            assert_eq!(sender.to_string(), vector.sender_account_id);
            assert_eq!(format!("{}\n{}", frame.part.encode(), frame.json), vector.text);
            let header = frame.header.encode(vector.length as u32);
            let hex: String = header.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, vector.header_hex);
            assert_eq!(frame.encode(), vector.payload);
        }
    }

    #[test]
    fn the_signal_inside_is_read_and_written_alike() {
        for vector in vectors() {
            let frame = Frame::decode(&vector.payload).expect("decodes");
            let signal: Signal = serde_json::from_str(&frame.json).expect("a signal");
            assert_eq!(signal.from.account_id, frame.header.sender);
            let written = serde_json::to_value(&signal).expect("serializes");
            assert_eq!(written, serde_json::from_str::<serde_json::Value>(&frame.json).expect("json"));
        }
    }

    fn message(payload: &str) -> CustomMessage {
        let (channel, payload) = (CHANNEL.to_owned(), payload.to_owned());
        CustomMessage { channel, payload, to: None, without_sequence_number: None }
    }

    #[test]
    fn published_messages_are_signals_of_their_senders_and_ours_look_the_same() {
        for vector in vectors() {
            let sender = vector.sender_account_id.parse().expect("an id");
            let Heard::Signal(signal) = message(&vector.payload).heard(Some(sender)) else {
                panic!("{}", vector.text)
            };
            assert_eq!((signal.from, signal.sequence), (sender, 1));
            let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("json");
            let ours = Frame::new(&signal, 58);
            assert_eq!(json(&ours.json), json(&Frame::decode(&vector.payload).expect("decodes").json));
            let sent = CustomMessage::new(&signal, 58);
            assert_eq!(sent.heard(Some(sender)), Heard::Signal(signal), "and are read back");
        }
    }

    #[test]
    fn what_is_in_somebody_elses_name_is_unusable_and_other_kinds_are_nothing() {
        let vector = vectors().remove(0);
        let sender: AccountId = vector.sender_account_id.parse().expect("an id");
        assert_eq!(message(&vector.payload).heard(Some(AccountId(7))), Heard::Unusable);
        assert_eq!(message(&vector.payload).heard(None), Heard::Unusable);
        assert_eq!(message("ver=1.0").heard(Some(sender)), Heard::Unusable);
        let changed = |from: &str, to: &str, part: Part| {
            let frame = Frame::decode(&vector.payload).expect("decodes");
            let json = frame.json.replacen(from, to, 1);
            assert_ne!((json.as_str(), part), (frame.json.as_str(), frame.part), "something changed");
            message(&Frame { json, part, ..frame }.encode()).heard(Some(sender))
        };
        let whole = Part { message: 1, part: 1, parts: 1 };
        assert_eq!(changed(&vector.sender_account_id, "7", whole), Heard::Unusable, "inside");
        assert_eq!(changed(r#""sdp":"#, r#""other":"#, whole), Heard::Unusable, "nothing offered");
        assert_eq!(changed(r#":"1""#, r#":"one""#, whole), Heard::Unusable, "no number");
        for kind in ["sdp_updated", "user_table_updated", "anything"] {
            assert_eq!(changed("\"offer\"", &format!("\"{kind}\""), whole), Heard::Nothing, "{kind}");
        }
        assert_eq!(changed("x", "x", Part { parts: 2, ..whole }), Heard::Nothing, "a part of two");
        assert_eq!(changed("x", "x", Part { part: 2, ..whole }), Heard::Unusable, "the second of one");
    }

    #[test]
    fn a_frame_cut_or_changed_anywhere_is_none_or_another_but_never_a_panic() {
        let payload = vectors().remove(0).payload;
        let bytes = BASE64_STANDARD.decode(&payload[PREFIX.len()..]).expect("base64");
        for length in 0..bytes.len() {
            let cut = format!("{PREFIX}{}", BASE64_STANDARD.encode(&bytes[..length]));
            assert!(Frame::decode(&cut).is_none(), "{length}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x20;
            let changed = format!("{PREFIX}{}", BASE64_STANDARD.encode(changed));
            assert!(Frame::decode(&changed).is_none_or(|frame| frame.encode() == changed), "{at}");
        }
        for odd in ["", PREFIX, "ver=2.0, type=binary, body=", &format!("{PREFIX}{}", "A".repeat(LIMIT + 1))]
        {
            assert!(Frame::decode(odd).is_none());
        }
    }
}

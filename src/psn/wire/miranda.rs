//! Voice signalling from member to member: the body of a `customMessage` on the channel `miranda:12` (protocol section 6).
//! Inferred from published frames, **[I]** throughout; the codec is lossless, and the guesses live here alone.

use base64::{Engine, prelude::BASE64_STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{party::platform_name, tolerant};
use crate::model::{self, AccountId, Platform, PrivateText};

pub const CHANNEL: &str = "miranda:12";
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

impl CustomMessage {
    pub fn new(message: &model::CustomMessage, to: &[(AccountId, Platform)]) -> Self {
        let recipient = |(account_id, platform): &(AccountId, Platform)| Recipient {
            account_id: *account_id,
            platform: platform_name(*platform).to_owned(),
        };
        Self {
            channel: message.channel.clone(),
            payload: message.payload.0.clone(),
            to: Some(to.iter().map(recipient).collect()),
            without_sequence_number: Some(true),
        }
    }

    pub fn into_model(self) -> model::CustomMessage {
        model::CustomMessage { channel: self.channel, payload: PrivateText(self.payload) }
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
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub message: u32,
    pub part: u32,
    pub parts: u32,
}

impl Frame {
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

#[derive(Serialize, Deserialize, JsonSchema)]
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

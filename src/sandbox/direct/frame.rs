//! The frame around a message from member to member: prefix, base64, a header of 44 bytes, numbered text with JSON in
//! it. What it says of itself is checked here; who may say it, by the party.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::sandbox::people::{AccountId, Platform};

const PREFIX: &str = "ver=1.0, type=binary, body=";
/// Longest payload, in characters.
const MAX_PAYLOAD: usize = 128 * 1024;
const HEADER: usize = 44;
const VERSION: u32 = 1;
/// The word at 8, as seen in offers; perhaps a sequence number.
const WORD_AT_8: u32 = 1;
/// Message number, part, parts: one message of one part.
const NUMBER: &str = "1/1/1";

/// A message and who sent it.
#[derive(Debug, PartialEq)]
pub(in crate::sandbox) struct Frame {
    pub sender: AccountId,
    /// How the header names the sender's platform, see [`Platform::number`].
    pub platform: u32,
    pub json: Value,
}

impl Frame {
    /// `None` for what the service does not accept, whoever sends it.
    pub fn decode(payload: &str) -> Option<Self> {
        let body = payload.strip_prefix(PREFIX).filter(|_| payload.len() <= MAX_PAYLOAD)?;
        let body = STANDARD.decode(body).ok()?;
        let (header, text) = body.split_first_chunk::<HEADER>()?;
        let u32_at = |at: usize| bytes(header, at).map(u32::from_le_bytes);
        let sender = AccountId(bytes(header, 16).map(u64::from_le_bytes)?);
        let platform = u32_at(24)?;
        if u32_at(0)? != VERSION || usize::try_from(u32_at(40)?) != Ok(text.len()) {
            return None;
        }
        let (number, json) = std::str::from_utf8(text).ok()?.split_once('\n')?;
        let mut parts = number.split('/').map(|part| part.parse::<u32>().is_ok());
        let numbered = parts.by_ref().take(3).filter(|is_number| *is_number).count() == 3;
        if !numbered || parts.next().is_some() {
            return None;
        }
        let json = serde_json::from_str::<Value>(json).ok().filter(Value::is_object)?;
        Some(Self { sender, platform, json })
    }

    pub fn encode(&self) -> String {
        let text = format!("{NUMBER}\n{}", self.json);
        let mut body = [0; HEADER].to_vec();
        body[0..4].copy_from_slice(&VERSION.to_le_bytes());
        body[8..12].copy_from_slice(&WORD_AT_8.to_le_bytes());
        body[16..24].copy_from_slice(&self.sender.0.to_le_bytes());
        body[24..28].copy_from_slice(&self.platform.to_le_bytes());
        body[40..44].copy_from_slice(&(text.len() as u32).to_le_bytes());
        body.extend_from_slice(text.as_bytes());
        format!("{PREFIX}{}", STANDARD.encode(body))
    }

    /// Whether the header names its real sender.
    pub fn is_from(&self, sender: AccountId, platform: Platform) -> bool {
        self.sender == sender && self.platform == platform.number()
    }
}

fn bytes<const N: usize>(header: &[u8; HEADER], at: usize) -> Option<[u8; N]> {
    header.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TIDEWALKER: AccountId = AccountId(987_654_321_098_765_432);

    fn message() -> Frame {
        Frame { sender: TIDEWALKER, platform: 5, json: json!({ "type": "offer" }) }
    }

    #[test]
    fn a_frame_has_the_published_bytes() {
        let payload = message().encode();
        let body = STANDARD.decode(payload.strip_prefix(PREFIX).expect("a prefix")).expect("base64");
        // The header of `miranda.json`'s console, but for the word at 8 and the length.
        let header = "01000000000000000100000000000000\
                      78b4f8495fdab40d0500000000000000000000000000000016000000";
        let hex: String = body[..HEADER].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, header);
        assert_eq!(&body[HEADER..], b"1/1/1\n{\"type\":\"offer\"}");
        assert_eq!(Frame::decode(&payload), Some(message()));
    }

    #[test]
    fn a_message_must_name_its_real_sender() {
        assert!(message().is_from(TIDEWALKER, Platform::Ps5));
        assert!(!message().is_from(TIDEWALKER, Platform::Mobile));
        assert!(!message().is_from(AccountId(5), Platform::Ps5));
    }

    #[test]
    fn what_contradicts_itself_is_no_frame() {
        let good = STANDARD.decode(&message().encode()[PREFIX.len()..]).expect("base64");
        let frame = |body: &[u8]| Frame::decode(&format!("{PREFIX}{}", STANDARD.encode(body)));
        assert!(frame(&good).is_some());
        for length in 0..good.len() {
            assert!(frame(&good[..length]).is_none(), "{length} bytes");
        }
        let changed = |at: usize, to: u8| {
            let mut body = good.clone();
            body[at] = to;
            frame(&body)
        };
        assert!(changed(0, 2).is_none(), "another version");
        assert!(changed(40, 23).is_none(), "another length");
        assert!(changed(HEADER + 1, b'-').is_none(), "no numbers");
        assert!(changed(HEADER + 6, b'[').is_none(), "no object");
        for odd in ["", "hello", PREFIX, "ver=1.0, type=binary, body=!", "ver=2.0, type=binary, body="] {
            assert!(Frame::decode(odd).is_none(), "{odd}");
        }
        assert!(Frame::decode(&format!("{PREFIX}{}", "A".repeat(MAX_PAYLOAD))).is_none());
    }
}

//! What members tell each other: an offer or its answer.

use serde_json::{Value, json};

use super::{MAX_SDP, frame::Frame};
use crate::sandbox::people::{AccountId, Platform};

/// How a message names a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct User {
    pub account: AccountId,
    pub platform: Platform,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Offer,
    Answer,
}

/// Half of a negotiation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signal {
    pub kind: Kind,
    /// Grows with each offer of its sender to the same member; an answer repeats its offer's.
    pub sequence: u64,
    pub sdp: String,
}

impl Signal {
    /// Who sent this to `me`, and what; `None` for anything else.
    pub fn read(payload: &str, me: AccountId) -> Option<(AccountId, Self)> {
        let Frame { sender, json, .. } = Frame::decode(payload)?;
        let account = |field: &str| json[field]["account_id"].as_str()?.parse::<AccountId>().ok();
        if account("from") != Some(sender) || account("to") != Some(me) {
            return None;
        }
        let kind = match json["type"].as_str()? {
            "offer" => Kind::Offer,
            "answer" => Kind::Answer,
            _ => return None,
        };
        let sdp = json["sdp"].as_str().filter(|sdp| sdp.len() <= MAX_SDP)?.to_owned();
        let sequence = json["sdp_sequence_number"].as_str()?.parse().ok()?;
        Some((sender, Self { kind, sequence, sdp }))
    }

    /// The payload of a custom message. `number` grows with each message of the sender.
    pub fn payload(&self, from: User, to: User, number: u64) -> String {
        // As published: the media of whoever offered, who also is the first of the users.
        let (kind, offerer, answerer) = match self.kind {
            Kind::Offer => ("offer", from, to),
            Kind::Answer => ("answer", to, from),
        };
        let json = json!({
            "from": from.json(),
            "to": to.json(),
            "type": kind,
            "sdp": self.sdp,
            "sdp_sequence_number": self.sequence.to_string(),
            "global_seq_num": number,
            "medias": [{
                "user": offerer.json(),
                "msids": ["0"],
                "media_records": [{ "media_identifier": "voice_chat", "mid": "0" }],
            }],
            "users": [offerer.json(), answerer.json()],
        });
        Frame { sender: from.account, platform: from.platform.number(), json }.encode()
    }
}

impl User {
    fn json(self) -> Value {
        json!({ "account_id": self.account.to_string(), "platform": self.platform.number() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: User = User { account: AccountId(1_234_567_890_123_456_789), platform: Platform::Mobile };
    const CONSOLE: User = User { account: AccountId(987_654_321_098_765_432), platform: Platform::Ps5 };

    /// Texts of `miranda.json`, made by a third hand.
    fn published(name: &str) -> Value {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/miranda.json")).expect("json");
        let vectors = vectors.as_array().expect("a list");
        let vector = vectors.iter().find(|it| it["name"] == name).expect("a vector");
        let (_, json) = vector["text"].as_str().expect("text").split_once('\n').expect("a number first");
        serde_json::from_str(json).expect("json")
    }

    fn signal(kind: Kind) -> Signal {
        Signal { kind, sequence: 1, sdp: "v=0\r\n…".to_owned() }
    }

    #[test]
    fn offers_and_answers_have_the_published_shape() {
        for (kind, from, to, name) in [
            (Kind::Offer, PHONE, CONSOLE, "offer from a phone to a console"),
            (Kind::Answer, CONSOLE, PHONE, "answer, other prefix"),
        ] {
            let payload = signal(kind).payload(from, to, 58);
            assert_eq!(Frame::decode(&payload).expect("a frame").json, published(name), "{name}");
        }
    }

    #[test]
    fn a_signal_is_read_by_the_one_it_is_for_alone() {
        let payload = signal(Kind::Offer).payload(PHONE, CONSOLE, 1);
        assert_eq!(Signal::read(&payload, CONSOLE.account), Some((PHONE.account, signal(Kind::Offer))));
        assert_eq!(Signal::read(&payload, PHONE.account), None);
        let huge = Signal { sdp: "a".repeat(MAX_SDP + 1), ..signal(Kind::Offer) };
        assert_eq!(Signal::read(&huge.payload(PHONE, CONSOLE, 1), CONSOLE.account), None);
    }
}

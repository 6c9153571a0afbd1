//! One end of a direct connection between members, by hand: frames, signals, and a WebRTC peer with a member's codecs.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{BodyJson, Listener, Person, peer::Peer};

pub const MOBILE_APP: u32 = 100_001;
pub const CONSOLE: u32 = 5;
pub const PREFIX: &str = "ver=1.0, type=binary, body=";

/// The payload around this text, as if from that account.
pub fn frame(account: &str, platform: u32, text: &str) -> String {
    let mut body = Vec::new();
    for word in [1_u32, 0, 1, 0] {
        body.extend_from_slice(&word.to_le_bytes());
    }
    body.extend_from_slice(&account.parse::<u64>().expect("a number").to_le_bytes());
    body.extend_from_slice(&platform.to_le_bytes());
    body.extend_from_slice(&[0; 12]);
    body.extend_from_slice(&(text.len() as u32).to_le_bytes());
    body.extend_from_slice(text.as_bytes());
    format!("{PREFIX}{}", STANDARD.encode(&body))
}

/// The bytes of a payload.
pub fn bytes(payload: &str) -> Vec<u8> {
    STANDARD.decode(payload.strip_prefix(PREFIX).expect("a prefix")).expect("base64")
}

/// The JSON of a payload.
pub fn signal(payload: &str) -> Value {
    let bytes = bytes(payload);
    let text = std::str::from_utf8(&bytes[44..]).expect("text");
    serde_json::from_str(text.strip_prefix("1/1/1\n").expect("numbered")).expect("json")
}

impl Person {
    /// Sends this payload to one account.
    pub async fn send(&self, session: &str, to: &str, payload: &str) -> reqwest::Response {
        let body = json!({
            "channel": "miranda:12", "payload": payload, "withoutSequenceNumber": true,
            "to": [{ "accountId": to, "platform": "PS5" }],
        });
        let call = self.session_call(Method::POST, session, "/customMessage").body_json(&body);
        call.send().await.expect("answered")
    }

    /// Sends an offer or an answer.
    pub async fn tell(&self, session: &str, to: &str, kind: &str, sequence: &str, sdp: &str) {
        let user = |account: &str, platform| json!({ "account_id": account, "platform": platform });
        let (me, other) = (user(&self.account, MOBILE_APP), user(to, CONSOLE));
        let json = json!({
            "from": me, "to": other, "type": kind, "sdp": sdp, "sdp_sequence_number": sequence,
            "global_seq_num": 1, "users": [me, other],
            "medias": [{ "user": me, "msids": ["0"],
                         "media_records": [{ "media_identifier": "voice_chat", "mid": "0" }] }],
        });
        let payload = frame(&self.account, MOBILE_APP, &format!("1/1/1\n{json}"));
        assert_eq!(self.send(session, to, &payload).await.status(), StatusCode::NO_CONTENT);
    }

    /// Offers, and takes the answer: a connection that stands.
    pub async fn call_up(&self, session: &str, ear: &mut Listener, to: &str, sequence: &str) -> Peer {
        let mut peer = Peer::member().await;
        let offer = peer.offer().await;
        self.tell(session, to, "offer", sequence, &offer).await;
        let answer = ear.signal_from(to).await;
        assert_eq!(
            (answer["type"].as_str(), answer["sdp_sequence_number"].as_str()),
            (Some("answer"), Some(sequence))
        );
        peer.accept(answer["sdp"].as_str().expect("an answer").to_owned()).await;
        peer.connected().await;
        peer
    }

    /// Takes an offer: a connection that stands.
    pub async fn pick_up(&self, session: &str, offer: &Value) -> Peer {
        let mut peer = Peer::member().await;
        let answer = peer.answer(offer["sdp"].as_str().expect("an offer").to_owned()).await;
        let from = offer["from"]["account_id"].as_str().expect("an id");
        let sequence = offer["sdp_sequence_number"].as_str().expect("a number");
        self.tell(session, from, "answer", sequence, &answer).await;
        peer.connected().await;
        peer
    }
}

impl Listener {
    /// The next payload from this account.
    pub async fn payload_from(&mut self, account: &str) -> String {
        loop {
            let told = self.event_at_last("ps:customMessage:noSeq:created").await;
            let data = &told["body"]["data"];
            if data["customProperties"]["from"]["accountId"] == account {
                assert_eq!(data["customMessage"]["channel"], "miranda:12");
                return data["customMessage"]["payload"].as_str().expect("text").to_owned();
            }
        }
    }

    /// The next signal from this account.
    pub async fn signal_from(&mut self, account: &str) -> Value {
        let signal = signal(&self.payload_from(account).await);
        assert_eq!(signal["from"]["account_id"], account);
        signal
    }
}

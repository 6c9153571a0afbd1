//! `rtcBridge/v1` (protocol section 5).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{party, tolerant};

#[derive(Deserialize)]
pub struct Created {
    pub bridge: party::Bridge,
}

#[derive(Deserialize)]
pub struct PeerList {
    pub bridge: Peers,
}

#[derive(Deserialize)]
pub struct Peers {
    #[serde(default, deserialize_with = "tolerant::each")]
    pub peers: Vec<PeerId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerId {
    #[serde(deserialize_with = "tolerant::id")]
    pub peer_id: String,
}

#[derive(Deserialize)]
pub struct Added {
    pub peer: Peer,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    #[serde(deserialize_with = "tolerant::id")]
    pub peer_id: String,
    pub offer: Sdp,
}

#[derive(Serialize, Deserialize)]
pub struct Sdp {
    pub sdp: String,
}

#[derive(Serialize)]
pub struct Answer {
    pub answer: Sdp,
}

/// What we can do with media, as captured.
pub fn media_types() -> Value {
    json!({"mediaTypes": {
        "application": {"isRequired": true},
        "audio": {"isRequired": true, "opus": [
            {"bitrate": 40, "channels": 1, "codec": "CELT", "ptime": 40, "samplingRates": [16000]}
        ]}
    }})
}

//! `rtcBridge/v1` (protocol section 5).

use super::{party, tolerant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
pub struct Created {
    pub bridge: party::Bridge,
}

#[derive(Deserialize, JsonSchema)]
pub struct PeerList {
    pub bridge: Peers,
}

#[derive(Deserialize, JsonSchema)]
pub struct Peers {
    #[serde(default, deserialize_with = "tolerant::each")]
    pub peers: Vec<PeerId>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PeerId {
    #[serde(deserialize_with = "tolerant::id")]
    #[schemars(extend("format" = "id"))]
    pub peer_id: String,
}

#[derive(Deserialize, JsonSchema)]
pub struct Added {
    pub peer: Peer,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    #[serde(deserialize_with = "tolerant::id")]
    #[schemars(extend("format" = "id"))]
    pub peer_id: String,
    pub offer: Sdp,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Sdp {
    pub sdp: String,
}

#[derive(Serialize, JsonSchema)]
pub struct Answer {
    pub answer: Sdp,
}

/// `POST /bridges`: there is nothing to say.
#[derive(Serialize, JsonSchema)]
pub struct NewBridge {}

/// `POST /bridges/{b}/peers`: what we can do with media.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewPeer {
    media_types: MediaTypes,
}

#[derive(Serialize, JsonSchema)]
struct MediaTypes {
    application: Application,
    audio: Audio,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Application {
    is_required: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Audio {
    is_required: bool,
    opus: [Opus; 1],
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Opus {
    bitrate: u32,
    channels: u32,
    codec: &'static str,
    ptime: u32,
    sampling_rates: [u32; 1],
}

impl Default for NewPeer {
    /// As captured.
    fn default() -> Self {
        let opus = Opus { bitrate: 40, channels: 1, codec: "CELT", ptime: 40, sampling_rates: [16000] };
        let application = Application { is_required: true };
        Self { media_types: MediaTypes { application, audio: Audio { is_required: true, opus: [opus] } } }
    }
}

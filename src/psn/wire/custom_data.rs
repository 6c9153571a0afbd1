//! A member's `customData3` (whom they are connected to) and `customData4` (their voice state). Both **[I]**: inferred from
//! the bytes, see protocol section 4. The guesses live here alone.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::model::{AccountId, SessionId};

/// Longest text that is decoded; 16 members fit many times.
const LIMIT: usize = 4096;
/// The voice library version of the captured app.
const VOICE_LIBRARY: &str = "6.2.0";
const MUTED: usize = 5;

/// `customData4`: a JSON array of strings. Positions nobody understands are kept as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceState(Vec<String>);

impl Default for VoiceState {
    fn default() -> Self {
        Self(["", "", "1", "0", VOICE_LIBRARY, "0", "0", "0", "", ""].map(str::to_owned).into())
    }
}

impl VoiceState {
    pub fn decode(wire: &str) -> Option<Self> {
        let bytes = (wire.len() <= LIMIT).then(|| BASE64_STANDARD.decode(wire).ok())??;
        serde_json::from_slice(&bytes).ok().map(Self)
    }

    pub fn encode(&self) -> String {
        BASE64_STANDARD.encode(serde_json::Value::from(self.0.clone()).to_string())
    }

    pub fn muted(&self) -> bool {
        self.0.get(MUTED).is_some_and(|field| field == "1")
    }

    pub fn with_muted(mut self, muted: bool) -> Self {
        if let Some(field) = self.0.get_mut(MUTED) {
            *field = if muted { "1" } else { "0" }.to_owned();
        }
        self
    }
}

/// `customData3`: the session id and a line for each connected member, padded with zeros to 21 digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections {
    pub session: SessionId,
    pub accounts: Vec<AccountId>,
}

impl Connections {
    pub fn decode(wire: &str) -> Option<Self> {
        let bytes = (wire.len() <= LIMIT).then(|| BASE64_STANDARD.decode(wire).ok())??;
        let text = String::from_utf8(bytes).ok()?;
        let mut lines = text.lines();
        let session = SessionId::from(lines.next().filter(|line| !line.is_empty())?);
        Some(Self { session, accounts: lines.filter_map(|line| line.parse().ok()).collect() })
    }

    pub fn encode(&self) -> String {
        let mut text = format!("{}\n", self.session);
        for account in &self.accounts {
            text.push_str(&format!("{:021}\n", account.0));
        }
        BASE64_STANDARD.encode(text)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vectors {
        custom_data4: Vec<Vector4>,
        custom_data3: Vec<Vector3>,
    }

    #[derive(Deserialize)]
    struct Vector4 {
        decoded: Vec<String>,
        wire: String,
    }

    #[derive(Deserialize)]
    struct Vector3 {
        session_id: String,
        connected: Vec<String>,
        wire: String,
    }

    fn vectors() -> Vectors {
        serde_json::from_str(include_str!("../../../tests/fixtures/custom_data.json")).expect("a fixture")
    }

    #[test]
    fn voice_states_survive_the_round_trip_whatever_their_number_of_fields() {
        for vector in vectors().custom_data4 {
            let state = VoiceState::decode(&vector.wire).expect("decodes");
            assert_eq!(state.0, vector.decoded);
            assert_eq!(state.muted(), vector.decoded.get(5).is_some_and(|f| f == "1"));
            assert_eq!(state.encode(), vector.wire);
        }
    }

    #[test]
    fn connections_survive_the_round_trip() {
        for vector in vectors().custom_data3 {
            let connections = Connections::decode(&vector.wire).expect("decodes");
            assert_eq!(connections.session.as_str(), vector.session_id);
            let accounts: Vec<_> = connections.accounts.iter().map(ToString::to_string).collect();
            assert_eq!(accounts, vector.connected);
            assert_eq!(connections.encode(), vector.wire);
        }
    }

    #[test]
    fn hostile_data_is_nothing_rather_than_a_panic() {
        for wire in ["", "%%%", "AAAA", "WzFd", &"A".repeat(100_000), "eyJhIjoxfQ=="] {
            assert_eq!(VoiceState::decode(wire), None, "{wire:.20}");
        }
        assert_eq!(Connections::decode("Cg=="), None);
    }
}

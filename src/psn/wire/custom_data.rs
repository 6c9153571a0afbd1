//! A member's `customData3` (whom they are connected to) and `customData4` (their voice state). Both **[I]**: inferred from
//! the bytes, see protocol section 4. The guesses live here alone.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::model::{AccountId, PrivateText, SessionId};

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

/// `customData3`: the session id and a line for each connected member, padded with zeros to 21 digits. Kept as it came; lines
/// that nobody understands are passed over in reading alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections(PrivateText);

impl Connections {
    pub fn new(session: &SessionId, accounts: &[AccountId]) -> Self {
        let mut text = format!("{session}\n");
        for account in accounts {
            text.push_str(&format!("{:021}\n", account.0));
        }
        Self(PrivateText(text))
    }

    pub fn decode(wire: &str) -> Option<Self> {
        let bytes = (wire.len() <= LIMIT).then(|| BASE64_STANDARD.decode(wire).ok())??;
        let text = String::from_utf8(bytes).ok()?;
        Some(Self(PrivateText(text))).filter(|connections| !connections.session().is_empty())
    }

    pub fn encode(&self) -> String {
        BASE64_STANDARD.encode(self.0.as_str())
    }

    /// The session that this is about.
    pub fn session(&self) -> &str {
        self.0.as_str().lines().next().unwrap_or_default()
    }

    pub fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.0.as_str().lines().skip(1).filter_map(|line| line.parse().ok())
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
            assert_eq!(connections.session(), vector.session_id);
            let accounts: Vec<_> = connections.accounts().collect();
            let connected: Vec<AccountId> =
                vector.connected.iter().map(|account| account.parse().expect("an id")).collect();
            assert_eq!(accounts, connected);
            assert_eq!(connections.encode(), vector.wire);
            let session = SessionId::from(&*vector.session_id);
            assert_eq!(Connections::new(&session, &connected), connections);
        }
    }

    /// Anything from nothing to some characters of any script.
    fn random_text() -> String {
        (0..rand::random_range(0..8)).map(|_| rand::random::<char>()).collect()
    }

    #[test]
    fn whatever_is_in_a_voice_state_survives_and_muting_changes_one_position() {
        for _ in 0..10_000 {
            let fields: Vec<String> = (0..rand::random_range(0..16)).map(|_| random_text()).collect();
            let state = VoiceState(fields.clone());
            assert_eq!(VoiceState::decode(&state.encode()), Some(state.clone()));
            let muted = rand::random();
            let changed = state.with_muted(muted);
            assert_eq!(changed.muted(), muted && fields.len() > MUTED);
            for (at, (before, after)) in fields.iter().zip(&changed.0).enumerate() {
                assert!(at == MUTED || before == after, "{at}");
            }
            assert_eq!(changed.0.len(), fields.len());
        }
    }

    #[test]
    fn whatever_is_in_the_connections_survives() {
        for _ in 0..10_000 {
            let session = SessionId::from(&*format!("{:x}", rand::random::<u128>()));
            let accounts: Vec<_> =
                (0..rand::random_range(0..17)).map(|_| AccountId(rand::random())).collect();
            let connections = Connections::new(&session, &accounts);
            assert_eq!(connections.accounts().collect::<Vec<_>>(), accounts);
            // A line of a later version of the app, anywhere, in any form.
            let text = format!("{}{}\n{:021}", connections.0.as_str(), random_text().replace('\n', "x"), 7);
            let wire = BASE64_STANDARD.encode(text);
            let decoded = Connections::decode(&wire).expect("decodes");
            assert_eq!((decoded.session(), decoded.encode()), (session.as_str(), wire));
            assert!(decoded.accounts().count() > accounts.len());
        }
    }

    #[test]
    fn noise_is_nothing_or_survives() {
        for _ in 0..10_000 {
            let bytes: Vec<u8> = (0..rand::random_range(0..40)).map(|_| rand::random()).collect();
            let wire = BASE64_STANDARD.encode(bytes);
            assert!(Connections::decode(&wire).is_none_or(|it| it.encode() == wire));
            assert!(VoiceState::decode(&wire).is_none_or(|it| VoiceState::decode(&it.encode()) == Some(it)));
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

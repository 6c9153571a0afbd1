//! The opaque fields that members write about themselves: checked, never changed.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::sandbox::people::AccountId;

/// Longest `customData3` and `customData4`, in characters.
const MAX_DATA: usize = 4096;

/// A voice state: base64 of a JSON array of strings, ten in the version known.
pub(super) fn is_voice_state(data: &str) -> bool {
    let fields = decode(data, MAX_DATA).and_then(|json| serde_json::from_slice::<Vec<String>>(&json).ok());
    fields.is_some_and(|fields| (3..=32).contains(&fields.len()))
}

/// Whom somebody is connected to: base64 of the session's id and padded account ids, a line each.
pub(super) fn is_connections(data: &str, session: &str) -> bool {
    let Some(text) = decode(data, MAX_DATA).and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return false;
    };
    let Some(lines) = text.strip_suffix('\n') else { return false };
    let mut lines = lines.split('\n');
    lines.next() == Some(session)
        && lines.all(|line| line.len() == 21 && line.parse::<u64>().is_ok_and(|account| account > 0))
}

/// What [`is_connections`] accepts.
pub(in crate::sandbox) fn connections(session: &str, to: impl Iterator<Item = AccountId>) -> String {
    let lines: String = to.map(|account| format!("{:021}\n", account.0)).collect();
    STANDARD.encode(format!("{session}\n{lines}"))
}

/// The voice state of somebody who talks and is not muted.
pub(in crate::sandbox) fn open_voice_state() -> String {
    STANDARD.encode(r#"["","","1","0","6.2.0","0","0","0","",""]"#)
}

fn decode(text: &str, limit: usize) -> Option<Vec<u8>> {
    if text.len() > limit { None } else { STANDARD.decode(text).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "11111111-2222-4333-8444-555555555555";
    const TIDEWALKER: AccountId = AccountId(987_654_321_098_765_432);

    #[test]
    fn captured_voice_states_are_known_and_others_refused() {
        // `custom_data.json` of the vectors: seven, ten and eleven fields.
        for known in [
            "WyIiLCIiLCIxIiwiMCIsIjYuMi4wIiwiMCIsIjAiLCIwIiwiIiwiIl0=",
            "WyIiLCIiLCIxIiwiMCIsIjcuMC4wIiwiMCIsIjAiXQ==",
            "WyIiLCIiLCIxIiwiMCIsIjYuMi4wIiwiMCIsIjAiLCIwIiwiIiwiIiwibmV3Il0=",
        ] {
            assert!(is_voice_state(known), "{known}");
        }
        assert!(is_voice_state(&open_voice_state()));
        for unknown in ["", "!", "e30=", "WzEsMiwzXQ=="] {
            assert!(!is_voice_state(unknown), "{unknown}");
        }
    }

    #[test]
    fn connections_name_the_session_and_padded_ids() {
        let wire = "MTExMTExMTEtMjIyMi00MzMzLTg0NDQtNTU1NTU1NTU1NTU1CjAwMDk4NzY1NDMyMTA5ODc2NTQzMgo=";
        assert_eq!(connections(SESSION, [TIDEWALKER].into_iter()), wire);
        assert!(is_connections(wire, SESSION));
        assert!(is_connections(&connections(SESSION, [].into_iter()), SESSION));
        assert!(!is_connections(wire, "99999999-2222-4333-8444-555555555555"));
        assert!(!is_connections(&STANDARD.encode(format!("{SESSION}\n987654321098765432\n")), SESSION));
        assert!(!is_connections(&STANDARD.encode(SESSION), SESSION));
    }
}

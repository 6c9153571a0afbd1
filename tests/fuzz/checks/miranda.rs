//! Anything another member's program says where a voice signal is read: it comes with the push line.
//!
//! An input is a payload as it stands in the message, or else the bytes of one, which are easier to come by.

use base64::{Engine, prelude::BASE64_STANDARD};
use partyline::{
    model::{AccountId, Description, Signal},
    psn::{Event, PartyEvent, PushEvent},
};
use serde_json::json;

const PREFIX: &str = "ver=1.0, type=binary, body=";
/// Where the sender's account is in the bytes.
const SENDER: std::ops::Range<usize> = 16..24;
/// Longer payloads are nobody's.
const LIMIT: usize = 128 << 10;

/// Says whether it was a signal.
pub fn check(input: &[u8]) -> bool {
    let as_text = String::from_utf8_lossy(input);
    let payload = match as_text.starts_with("ver=") {
        true => as_text.into_owned(),
        false => format!("{PREFIX}{}", BASE64_STANDARD.encode(input)),
    };
    let claimed = claimed_sender(&payload);
    let sender = claimed.unwrap_or(AccountId(7));
    let heard = heard(&payload, sender);
    if let Event::Signal(signal) = &heard {
        assert_eq!(claimed, Some(signal.from), "in another's name");
        assert!(payload.len() <= PREFIX.len() + LIMIT, "a signal longer than any");
        is_silent_about_addresses(signal);
    }
    let other = AccountId(sender.0.wrapping_add(1));
    assert!(!matches!(self::heard(&payload, other), Event::Signal(_)), "one member spoke for another");
    matches!(heard, Event::Signal(_))
}

/// As the service passes it on, with its own word on who sent it.
fn heard(payload: &str, from: AccountId) -> Event {
    let frame = json!({
        "dataType": "psn:sessionManager:sys:v2:ps:customMessage:noSeq:created",
        "body": {
            "data": {
                "sessionId": "11111111-2222-4333-8444-555555555555",
                "customProperties": {"from": {"accountId": from.to_string(), "onlineId": "somebody"}},
                "customMessage": {"channel": "miranda:12", "payload": payload},
            },
        },
    });
    match PushEvent::parse(&frame.to_string()) {
        Some(PushEvent::Party(PartyEvent { event, .. })) => event,
        other => panic!("a message of the party is not one: {other:?}"),
    }
}

fn claimed_sender(payload: &str) -> Option<AccountId> {
    let bytes = BASE64_STANDARD.decode(payload.strip_prefix(PREFIX)?).ok()?;
    Some(AccountId(u64::from_le_bytes(bytes.get(SENDER)?.try_into().ok()?)))
}

/// It is printed where a test fails and where the log is verbose.
fn is_silent_about_addresses(signal: &Signal) {
    let (Description::Offer(partyline::model::Offer(sdp))
    | Description::Answer(partyline::model::Answer(sdp))) = &signal.description;
    let printed = format!("{signal:?}");
    assert!(printed.len() < 120, "more than a few words");
    assert!(sdp.len() < 8 || !printed.contains(sdp.as_str()), "the description is printed");
}

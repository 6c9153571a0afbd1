//! Values that are more than their type: what the schemas mark with `format` is read as the client reads it.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::schema::{Told, WireType, joined};
use crate::{
    model::{AccountId, Difference, ImageUrl, SessionId, is_path_segment},
    psn::wire::{
        custom_data::{Connections, VoiceState},
        miranda::{self, Frame, Signal},
        tolerant,
    },
};

static SIGNAL: LazyLock<WireType> = LazyLock::new(WireType::read::<Signal>);

/// Formats that are not ours are left alone.
pub(super) fn examine(format: &str, value: &Value, path: &str, told: &mut dyn FnMut(Told)) {
    match value {
        Value::String(value) => text(format, value, path, told),
        Value::Object(message) if format == "customMessage" => custom_message(message, path, told),
        _ => {}
    }
}

fn text(format: &str, text: &str, path: &str, told: &mut dyn FnMut(Told)) {
    let difference = match format {
        // Nothing said yet.
        "customData3" | "customData4" if text.is_empty() => return,
        "customData3" if !is_connections(text) => Difference::Undecodable,
        "customData4" if VoiceState::decode(text).is_none() => Difference::Undecodable,
        "id" if !SessionId::is_well_formed(text) => Difference::Unacceptable,
        "accountId" if text.parse::<AccountId>().is_err() => Difference::Unacceptable,
        "number" if text.parse::<u32>().is_err() => Difference::Unacceptable,
        "segment" if !is_path_segment(text) => Difference::Unacceptable,
        "opaqueId" if !tolerant::is_opaque_id(text) => Difference::Unacceptable,
        "date" if text.parse::<jiff::Timestamp>().is_err() && text.parse::<i64>().is_err() => {
            Difference::Unacceptable
        }
        "image" if text.parse::<ImageUrl>().is_err() => Difference::Unacceptable,
        "millis" if text.parse::<i64>().is_err() => Difference::Unacceptable,
        "headerValue" if !tolerant::is_header_value(text) => Difference::Unacceptable,
        _ => return,
    };
    told(Told::Difference(difference, path.to_owned()));
}

/// The client passes over the lines that it does not understand; a capture should tell them. So what was read has to be all.
fn is_connections(text: &str) -> bool {
    Connections::decode(text).is_some_and(|connections| {
        let accounts: Vec<_> = connections.accounts().collect();
        Connections::new(&SessionId::from(connections.session()), &accounts) == connections
    })
}

/// Other channels' payloads are their own affair.
fn custom_message(message: &Map<String, Value>, path: &str, told: &mut dyn FnMut(Told)) {
    if message.get("channel").is_some_and(|channel| channel == miranda::CHANNEL)
        && let Some(payload) = message.get("payload").and_then(Value::as_str)
    {
        let path = joined(path, "payload");
        if !signal(payload, &path, told) {
            told(Told::Difference(Difference::Undecodable, path));
        }
    }
}

/// A frame counts as decoded where encoding it again gives the same.
fn signal(payload: &str, path: &str, told: &mut dyn FnMut(Told)) -> bool {
    let frame = Frame::decode(payload).filter(|frame| frame.encode() == payload);
    let Some(json) = frame.and_then(|frame| serde_json::from_str::<Value>(&frame.json).ok()) else {
        return false;
    };
    SIGNAL.examine(&json, &format!("{path}<miranda>"), told);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psn::wire::miranda::CustomMessage;

    fn told(channel: &str, payload: &str) -> Vec<String> {
        let message = serde_json::json!({"channel": channel, "payload": payload});
        let mut all = Vec::new();
        WireType::read::<CustomMessage>().examine(&message, "", &mut |told| {
            if let Told::Difference(difference, path) = told {
                all.push(format!("{difference} {path}"));
            }
        });
        all
    }

    #[test]
    fn connections_are_decoded_only_where_nothing_is_passed_over() {
        use base64::{Engine, prelude::BASE64_STANDARD};

        for (text, fits) in [
            ("s\n", true),
            ("s\n001234567890123456789\n", true),
            ("s\n1234567890123456789\n", false),
            ("s\nsomebody\n", false),
            ("s", false),
            ("no lines at all, but a sentence", false),
        ] {
            assert_eq!(is_connections(&BASE64_STANDARD.encode(text)), fits, "{text}");
        }
    }

    #[test]
    fn a_custom_message_is_judged_by_what_is_inside() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/miranda.json")).expect("a fixture");
        let payload = vectors[0]["payload"].as_str().expect("a payload");
        assert_eq!(told("miranda:12", payload), [""; 0]);
        let mut frame = Frame::decode(payload).expect("decodes");
        frame.json =
            frame.json.replace("\"sdp\":\"v=0", "\"sdp\":7,\"sdp2\":\"v=0").replace("\"to\"", "\"too\"");
        let changed = ["missing payload<miranda>.to", "mistyped payload<miranda>.sdp"];
        let unknown = ["unknown payload<miranda>.sdp2", "unknown payload<miranda>.too"];
        let mut all = told("miranda:12", &frame.encode());
        all.sort();
        let mut expected = [changed, unknown].concat();
        expected.sort_unstable();
        assert_eq!(all, expected);
        let other = "ver=1.0, type=binary, body=AAAA";
        assert_eq!(told("miranda:12", other), ["undecodable payload"]);
        assert_eq!(told("miranda:13", other), [""; 0], "another channel's");
    }
}

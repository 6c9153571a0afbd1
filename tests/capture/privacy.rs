//! What is somebody's never leaves a capture.

use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};

use crate::{HAR, check_har};

const CANARY: &str = "Canary-bird-4711";
const KEYS: [&str; 6] = [
    CANARY,
    "4711471147114711",
    "canary_4711",
    "Canary",
    "ca4711ca-0000-4000-8000-ca4711ca4711",
    "ca4711ca00004000",
];

/// Everything that may be personal becomes a canary; what names the kind of an exchange stays.
fn with_canaries(har: &mut Value) {
    for entry in har["log"]["entries"].as_array_mut().expect("entries") {
        for half in ["request", "response"] {
            for header in entry[half]["headers"].as_array_mut().expect("headers") {
                if !header["name"].as_str().is_some_and(|name| name.starts_with("content-")) {
                    header["value"] = CANARY.into();
                }
            }
        }
        let mut url = Url::parse(entry["request"]["url"].as_str().expect("a url")).expect("a url");
        let is_id = |segment: &str| segment.len() > 30;
        let path: Vec<_> = url.path().split('/').map(|s| if is_id(s) { CANARY } else { s }).collect();
        let path = path.join("/");
        url.set_path(&path);
        if url.query().is_some() {
            url.set_query(Some(&format!("accountIds={CANARY}&{CANARY}={CANARY}")));
        }
        entry["request"]["url"] = url.as_str().into();
        sing_in(&mut entry["request"]["postData"]["text"]);
        sing_in(&mut entry["response"]["content"]["text"]);
        for message in entry["_webSocketMessages"].as_array_mut().into_iter().flatten() {
            sing_in(&mut message["data"]);
        }
        entry["comment"] = CANARY.into();
        entry[CANARY] = CANARY.into();
    }
}

fn sing_in(text: &mut Value) {
    let Some(inner) = text.as_str().filter(|text| !text.is_empty()) else { return };
    *text = match serde_json::from_str::<Value>(inner) {
        Ok(mut inner) => {
            sing(&mut inner);
            inner.to_string()
        }
        Err(_) => {
            let sung = form_urlencoded::parse(inner.as_bytes()).map(|(key, _)| (key, CANARY));
            form_urlencoded::Serializer::new(String::new()).extend_pairs(sung).finish()
        }
    }
    .into();
}

fn sing(value: &mut Value) {
    match value {
        Value::String(text) => *text = CANARY.into(),
        Value::Number(_) => *value = json!(471_147_114_711_u64),
        Value::Array(elements) => elements.iter_mut().for_each(sing),
        Value::Object(fields) => {
            fields.values_mut().for_each(sing);
            // As in a map by account, by online id, by session.
            for key in KEYS {
                fields.insert(key.into(), CANARY.into());
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

#[test]
fn no_value_of_a_capture_is_ever_in_a_report() {
    let mut har: Value = serde_json::from_str(HAR).expect("json");
    with_canaries(&mut har);
    let report = check_har(&har);
    assert!(report.findings() > 40, "{report}");
    let json = serde_json::to_string(&report).expect("serializes");
    for shown in [report.to_string(), json, format!("{report:?}")] {
        assert!(shown.contains("<key>") && !shown.to_lowercase().contains("canary"), "{shown}");
        assert!(!shown.contains("4711"), "{shown}");
    }
}

#[test]
fn whoever_is_the_key_of_a_map_is_not_in_a_report() {
    let mut har: Value = serde_json::from_str(HAR).expect("json");
    let names = ["canary", "birdie", "canaryBird", "canary_bird"];
    let map: Map<_, _> = names.iter().map(|name| (name.to_string(), json!({"accountId": "1"}))).collect();
    for entry in har["log"]["entries"].as_array_mut().expect("entries") {
        let text = &mut entry["response"]["content"]["text"];
        let Some(Ok(mut body)) = text.as_str().map(serde_json::from_str::<Value>) else { continue };
        if let Value::Object(fields) = &mut body {
            fields.extend(map.clone());
            *text = body.to_string().into();
        }
    }
    let report = check_har(&har).to_string();
    assert!(report.contains("<key>"), "{report}");
    assert!(!report.to_lowercase().contains("canary") && !report.contains("birdie"), "{report}");
}

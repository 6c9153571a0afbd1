//! HAR captures, as `partyline capture` reads them.
//!
//! `fixtures/mitmproxy.har` was written by mitmproxy 11 between two clients and the sandbox; every id, name and token in it
//! is the sandbox's own and thrown away. To make it again (the push directory must name the proxy, or the socket passes it by):
//!
//! ```text
//! partyline sandbox --listen 127.0.0.1:18787 --token-lifetime 6
//! mitmdump -p 18788 --mode reverse:http://127.0.0.1:18787 --set keep_host_header=true --set hardump=mitmproxy.har \
//!     --modify-body '/~s & ~u serveraddr/127.0.0.1:18787/127.0.0.1:18788'
//! partyline headless --server http://127.0.0.1:18788 --account tester --create "Tide pool" --invite Nova --invite marlow_87 --for 7 …
//! partyline headless --server http://127.0.0.1:18788 --account marlow_87 --join invitation --for 3 …
//! ```

#[cfg(target_os = "linux")]
mod client;
mod command;
mod differences;
#[cfg(target_os = "linux")]
mod import;
mod large;
mod privacy;
#[path = "../stage/mod.rs"]
mod stage;
#[cfg(target_os = "linux")]
#[path = "../step/mod.rs"]
mod step;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use partyline::{client::capture, model::Report, psn::Endpoints};
use serde_json::{Value, json};
use tempfile::TempDir;

const HAR: &str = include_str!("../fixtures/mitmproxy.har");
const SERVER: &str = "http://127.0.0.1:18788";

fn endpoints() -> Endpoints {
    Endpoints::sandbox(SERVER).expect("a loopback address")
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mitmproxy.har")
}

fn check(path: &Path) -> Report {
    capture::check(path, &endpoints(), &mut |_| {}, &|| false).expect("readable")
}

fn check_har(har: &Value) -> Report {
    let folder = TempDir::new().expect("a folder");
    check(&saved(&folder, &har.to_string()))
}

fn saved(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("capture.har");
    fs::write(&path, text).expect("written");
    path
}

#[test]
fn the_clients_own_traffic_recorded_by_mitmproxy_is_clean() {
    let report = check(&fixture());
    assert!(report.is_clean(), "{report}");
    for endpoint in &report.endpoints {
        assert_eq!(endpoint.seen, endpoint.parsed + endpoint.not_examined, "{}", endpoint.name);
    }
    let parsed = |name: &str| {
        report.endpoints.iter().find(|endpoint| endpoint.name == name).map_or(0, |endpoint| endpoint.parsed)
    };
    assert!(parsed("POST authz oauth token") > 2, "codes and refresh tokens");
    for name in [
        "GET sessionManager partySessions",
        "POST sessionManager partySessions",
        "POST sessionManager members",
        "PATCH sessionManager members me",
        "GET userProfile basicPresences",
        "POST rtcBridge peers",
        "GET np serveraddr",
        "push, sent: authenticate",
        "push ps:members:created",
        "push ps:m:customData3:updated",
        "push ps:invitations:created",
    ] {
        assert!(parsed(name) > 0, "{name}\n{report}");
    }
    let accounted: u64 =
        report.endpoints.iter().filter(|e| !e.name.starts_with("push")).map(|e| e.seen).sum();
    assert_eq!(report.exchanges, accounted + report.unused.values().sum::<u64>() + report.other_hosts);
}

#[test]
fn a_sandboxs_capture_is_none_of_the_live_service() {
    let report = capture::check(&fixture(), &Endpoints::live(), &mut |_| {}, &|| false).expect("readable");
    // The push socket is told by the path alone only where the host is one of the service's.
    assert_eq!((report.endpoints.len(), report.other_hosts), (0, report.exchanges));
    assert!(!report.is_clean(), "nothing was compared");
}

fn program(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_partyline"));
    command.env("HOME", folder.path()).env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME");
    command
}

#[test]
fn a_cut_capture_is_reported_as_far_as_it_goes() {
    let folder = TempDir::new().expect("a folder");
    let report = check(&saved(&folder, &HAR[..HAR.len() / 2]));
    assert!(report.ends_early && !report.is_clean());
    assert!(report.exchanges > 10 && report.findings() == 0, "{report}");
    assert!(report.to_string().contains("ends early"));
}

#[test]
fn a_body_that_is_missing_or_too_large_is_not_parsed_and_not_clean() {
    let change = |text: Value| {
        let mut har: Value = serde_json::from_str(HAR).expect("json");
        let entries = har["log"]["entries"].as_array_mut().expect("entries");
        let entry = entries.iter_mut().find(|entry| {
            let url = entry["request"]["url"].as_str().expect("a url");
            entry["request"]["method"] == "POST" && url.ends_with("/v2/partySessions")
        });
        entry.expect("a party was created")["response"]["content"]["text"] = text;
        check_har(&har)
    };
    let created = |report: &Report| {
        let name = "POST sessionManager partySessions";
        let created = report.endpoints.iter().find(|endpoint| endpoint.name == name).expect("called");
        (created.parsed, created.unjudged)
    };
    let (parsed, none) = created(&check(&fixture()));
    assert_eq!(none, 0);
    let tiny_values = format!("[{}0]", "0,".repeat(60_000));
    for text in [Value::Null, "x".repeat(5 << 20).into(), tiny_values.into()] {
        let report = change(text);
        assert_eq!(created(&report), (parsed - 1, 1), "the request alone is not enough");
        assert!(!report.is_clean() && report.findings() == 0);
        assert!(report.to_string().contains("1 with a body missing or too large"), "{report}");
    }
}

#[test]
fn every_entry_of_the_file_is_counted() {
    let mut har: Value = serde_json::from_str(HAR).expect("json");
    let entries = har["log"]["entries"].as_array_mut().expect("entries");
    entries.push(json!({"request": {"method": "GET", "url": format!("{SERVER}/{}", "x".repeat(20 << 10))}}));
    entries.push(json!({"request": {"url": SERVER}}));
    entries.push(json!({"request": {"method": "GET", "url": "https://elsewhere.example/"}}));
    entries.push(json!({"request": {"method": "GET", "url": "no address"}}));
    let (count, report) = (entries.len() as u64, check_har(&har));
    assert_eq!((report.exchanges, report.odd, report.other_hosts), (count, 2, 2));
    assert!(report.is_clean() && report.to_string().contains("2 entries are no exchanges"), "{report}");
}

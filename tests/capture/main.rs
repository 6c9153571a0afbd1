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

mod command;
mod differences;
mod large;
mod privacy;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use partyline::{client::capture, model::Report, psn::Endpoints};
use serde_json::Value;
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

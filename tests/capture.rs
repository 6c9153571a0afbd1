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

use std::{
    cell::Cell,
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use partyline::{
    client::capture::{self, CaptureError},
    model::{Difference, Report},
    psn::Endpoints,
    sandbox,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{Url, form_urlencoded};

const HAR: &str = include_str!("fixtures/mitmproxy.har");
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

/// The entry of the first such call.
fn call<'a>(har: &'a mut Value, method: &str, path: &str, which: impl Fn(&Value) -> bool) -> &'a mut Value {
    let is_it = |entry: &Value| {
        let url = Url::parse(entry["request"]["url"].as_str().expect("a url")).expect("a url");
        entry["request"]["method"] == method && url.path().ends_with(path) && which(entry)
    };
    har["log"]["entries"].as_array_mut().expect("entries").iter_mut().find(|e| is_it(e)).expect("such a call")
}

/// Changes the JSON inside a text.
fn edit(text: &mut Value, change: impl FnOnce(&mut Value)) {
    let mut inner = serde_json::from_str(text.as_str().expect("a text")).expect("json");
    change(&mut inner);
    *text = inner.to_string().into();
}

fn rename(object: &mut Value, from: &str, to: &str) {
    object[to] = object.as_object_mut().expect("an object").remove(from).expect("the field");
}

fn remove(object: &mut Value, name: &str) {
    object.as_object_mut().expect("an object").remove(name).expect("the field");
}

fn any(_: &Value) -> bool {
    true
}

fn succeeded(entry: &Value) -> bool {
    entry["response"]["status"].as_u64().is_some_and(|status| status < 300)
}

#[test]
fn renamed_removed_and_retyped_fields_are_reported_at_exactly_their_paths() {
    let mut har: Value = serde_json::from_str(HAR).expect("json");
    let entry = call(&mut har, "POST", "/v2/partySessions", any);
    edit(&mut entry["request"]["postData"]["text"], |body| {
        rename(&mut body["v2PartySessions"][0], "sessionName", "sessionTitle");
    });
    let entry = call(&mut har, "GET", "/v2/partySessions", any);
    edit(&mut entry["response"]["content"]["text"], |body| {
        remove(&mut body["v2PartySessions"][0]["members"][0], "accountId");
    });
    let entry = call(&mut har, "GET", "/basicPresences", any);
    edit(&mut entry["response"]["content"]["text"], |body| {
        body["basicPresences"][0]["primaryPlatformInfo"]["platform"] = json!(5);
        body["basicPresences"][1]["primaryPlatformInfo"]["platform"] = json!(5);
    });
    let entry = call(&mut har, "GET", "/serveraddr", any);
    edit(&mut entry["response"]["content"]["text"], |body| body["fqdn"] = json!(["host"]));
    let entry = call(&mut har, "POST", "/oauth/token", any);
    edit(&mut entry["response"]["content"]["text"], |body| body["expires_in"] = json!("3599"));
    let form = entry["request"]["postData"]["text"].as_str().expect("a form").replace("cid=", "ciid=");
    entry["request"]["postData"]["text"] = form.into();
    let entry = call(&mut har, "POST", "/peers", succeeded);
    edit(&mut entry["response"]["content"]["text"], |body| remove(&mut body["peer"], "offer"));
    let entry = call(&mut har, "PATCH", "/members/me", any);
    edit(&mut entry["request"]["postData"]["text"], |body| body["customData4"] = json!("bm9uc2Vuc2U="));
    let entry = call(&mut har, "GET", "/friends", any);
    edit(&mut entry["response"]["content"]["text"], |body| body["friends"][0] = json!({"accountId": "1"}));
    let entry = call(&mut har, "GET", "/profiles", any);
    edit(&mut entry["response"]["content"]["text"], |body| remove(&mut body["profiles"][0], "onlineId"));
    let entry = call(&mut har, "DELETE", "", |entry| entry["response"]["status"] == 404);
    let deleted = entry["request"]["url"].as_str().expect("a url").contains("/peers/");
    edit(&mut entry["response"]["content"]["text"], |body| {
        body["error"]["code"] = json!("2290002");
        body["error"]["1234567890123456789"] = json!("somebody");
    });
    let entry = call(&mut har, "GET", "/pushNotification", any);
    let messages = entry["_webSocketMessages"].as_array_mut().expect("messages");
    let kind = "psn:sessionManager:sys:v2:ps:members:created";
    let joined = messages.iter_mut().find(|m| m["data"].as_str().is_some_and(|data| data.contains(kind)));
    edit(&mut joined.expect("somebody joined")["data"], |frame| {
        let data = &mut frame["body"]["data"];
        rename(&mut data["members"][0], "customData4", "customData9");
        data["sessionId"] = json!(12);
    });

    let (clean, changed) = (check(&fixture()), check_har(&har));
    let delete = if deleted { "DELETE rtcBridge peer" } else { "DELETE rtcBridge bridge" };
    let mut expected: Vec<String> = [
        "POST sessionManager partySessions: 1 missing request v2PartySessions[].sessionName",
        "POST sessionManager partySessions: 1 unknown request v2PartySessions[].sessionTitle",
        "GET sessionManager partySessions: 1 missing answer v2PartySessions[].members[].accountId",
        "GET userProfile basicPresences: 2 number instead of string answer basicPresences[].primaryPlatformInfo.platform",
        "GET np serveraddr: 1 array instead of string answer fqdn",
        "POST authz oauth token: 1 string instead of integer answer expires_in",
        "POST authz oauth token: 1 missing request cid",
        "POST authz oauth token: 1 unknown request ciid",
        "POST rtcBridge peers: 1 missing answer peer.offer",
        "PATCH sessionManager members me: 1 undecodable request customData4",
        "GET userProfile friends: 1 object instead of string or integer answer friends[]",
        "push ps:members:created: 1 unknown message body.data.members[].customData9",
        "push ps:members:created: 1 number instead of string message body.data.sessionId",
    ]
    .map(str::to_owned)
    .into();
    expected.push(format!("{delete}: 1 string instead of integer answer error.code"));
    expected.push(format!("{delete}: 1 unknown answer error.<key>"));
    assert_eq!(findings(&changed), expected.into_iter().collect(), "{changed}");

    // What is optional is no finding, and still told.
    let newly: BTreeSet<_> = absent(&changed).difference(&absent(&clean)).cloned().collect();
    let gone: Vec<_> = newly.iter().map(|line| line.split(' ').next_back().unwrap_or_default()).collect();
    assert_eq!(gone, ["profiles[].onlineId", "body.data.members[].customData4"], "{newly:?}");

    let failed: BTreeSet<_> = changed.endpoints.iter().filter(|e| e.failed > 0).map(|e| e.name).collect();
    // The tolerant types read the others in spite of the differences.
    let hopeless = [
        "POST sessionManager partySessions",
        "PATCH sessionManager members me",
        "GET np serveraddr",
        "POST authz oauth token",
        "POST rtcBridge peers",
        "push ps:members:created",
        delete,
    ];
    assert_eq!(failed, hopeless.into());
}

fn findings(report: &Report) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for endpoint in &report.endpoints {
        for finding in &endpoint.findings {
            let what = match &finding.difference {
                Difference::Mistyped { expected, found } => format!("{found} instead of {expected}"),
                other => other.to_string(),
            };
            lines.insert(format!(
                "{}: {} {what} {} {}",
                endpoint.name, finding.count, finding.part, finding.path
            ));
        }
    }
    lines
}

fn absent(report: &Report) -> BTreeSet<String> {
    let of = |e: &partyline::model::EndpointReport| {
        let name = e.name;
        e.absent.iter().map(move |a| format!("{name}: {} {} {}", a.count, a.part, a.path)).collect::<Vec<_>>()
    };
    report.endpoints.iter().flat_map(of).collect()
}

const CANARY: &str = "Canary-bird-4711";

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
            // As in a map by account.
            fields.insert("4711471147114711".into(), CANARY.into());
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
fn a_cut_capture_is_reported_as_far_as_it_goes() {
    let folder = TempDir::new().expect("a folder");
    let report = check(&saved(&folder, &HAR[..HAR.len() / 2]));
    assert!(report.ends_early && !report.is_clean());
    assert!(report.exchanges > 10 && report.findings() == 0, "{report}");
    assert!(report.to_string().contains("ends early"));
}

/// The fixture's exchanges again and again.
fn large(folder: &TempDir, bytes: usize) -> PathBuf {
    let har: Value = serde_json::from_str(HAR).expect("json");
    let entries = har["log"]["entries"].as_array().expect("entries");
    let entries: Vec<_> = entries.iter().map(ToString::to_string).collect();
    let mut text = String::from(r#"{"log": {"version": "1.2", "entries": [{}"#);
    while text.len() < bytes {
        for entry in &entries {
            text.push(',');
            text.push_str(entry);
        }
    }
    text.push_str("]}}");
    saved(folder, &text)
}

#[test]
fn thirty_megabytes_stay_far_below_a_hundred_resident() {
    let folder = TempDir::new().expect("a folder");
    let (code, peak) = peak_of_check(&folder, &large(&folder, 30 << 20));
    assert_eq!(code, Some(0));
    assert!(peak > 0 && peak < 60 << 10, "{peak} KiB");
}

/// Runs the program on a capture: its exit code, and the most memory it had, in KiB.
fn peak_of_check(folder: &TempDir, path: &Path) -> (Option<i32>, usize) {
    let mut child = program(folder)
        .args(["capture", "check", "--server", SERVER])
        .arg(path)
        .stdout(Stdio::null())
        .spawn()
        .expect("starts");
    let (begun, mut peak) = (Instant::now(), 0);
    let ended = loop {
        peak = peak.max(peak_resident_kib(child.id()).unwrap_or(0));
        if let Some(ended) = child.try_wait().expect("a child") {
            break ended;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "still reading");
        std::thread::sleep(Duration::from_millis(5));
    };
    println!("{peak} KiB at most, {:?}", begun.elapsed());
    (ended.code(), peak)
}

#[test]
fn a_hostile_capture_costs_no_more_memory_than_a_large_one() {
    let folder = TempDir::new().expect("a folder");
    let url = format!("{SERVER}/api/sessionManager/v2/partySessions");
    let tiny_values = format!(r#"{{"v2PartySessions":[{{"a":0}}{}]}}"#, r#",{"a":0}"#.repeat(24_000));
    let too_many = format!(r#"{{"v2PartySessions":[{{"a":0}}{}]}}"#, r#",{"a":0}"#.repeat(400_000));
    let long = format!(r#"{{"v2PartySessions":"{}"}}"#, "x".repeat(4 << 20));
    let entry = |text: &String| {
        json!({
            "request": {"method": "POST", "url": url, "postData": {"text": text}},
            "response": {"status": 200, "content": {"text": text}},
            "_webSocketMessages": vec![json!({"type": "send", "opcode": 1, "data": "{"}); 50_000],
        })
    };
    let entries = [&tiny_values, &too_many, &long].map(entry);
    let path = saved(&folder, &json!({"log": {"entries": entries}}).to_string());
    let (code, peak) = peak_of_check(&folder, &path);
    assert_eq!(code, Some(1));
    assert!(peak > 0 && peak < 100 << 10, "{peak} KiB");
}

/// The most that process ever had in memory.
fn peak_resident_kib(process: u32) -> Option<usize> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn progress_is_told_all_along_and_a_cancelled_read_stops() {
    let folder = TempDir::new().expect("a folder");
    let path = large(&folder, 4 << 20);
    let mut seen = Vec::new();
    let report = capture::check(&path, &endpoints(), &mut |p| seen.push((p.read, p.total)), &|| false);
    assert!(report.is_ok_and(|report| report.is_clean()));
    let length = fs::metadata(&path).expect("the file").len();
    assert!(seen.len() > 50 && seen.is_sorted() && seen.iter().all(|(_, total)| *total == length));
    assert_eq!(seen.last(), Some(&(length, length)));

    let reads = Cell::new(0);
    let cancelled =
        capture::find_client(&path, &endpoints(), &mut |_| reads.set(reads.get() + 1), &|| reads.get() >= 3);
    assert!(matches!(cancelled, Err(CaptureError::Cancelled)));
    assert_eq!(reads.get(), 3, "not a read more");
}

fn program(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_partyline"));
    command.env("HOME", folder.path()).env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME");
    command
}

fn run(folder: &TempDir, arguments: &[&str], file: &Path, answer: &str) -> Output {
    let mut child = program(folder)
        .args(["capture"])
        .args(arguments)
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    child.stdin.take().expect("piped").write_all(answer.as_bytes()).expect("written");
    child.wait_with_output().expect("ends")
}

#[test]
fn the_command_tells_by_its_exit_code_and_saves_what_it_says() {
    let folder = TempDir::new().expect("a folder");
    let report = folder.path().join("report.json");
    let save = report.to_str().expect("a path");
    let clean = run(&folder, &["check", "--server", SERVER, "--json", "--save", save], &fixture(), "");
    assert_eq!(clean.status.code(), Some(0));
    assert_eq!(fs::read(&report).expect("saved"), clean.stdout);
    let said: Value = serde_json::from_slice(&clean.stdout).expect("json");
    assert_eq!(said["ends_early"], false);

    let cut = run(&folder, &["check", "--server", SERVER], &saved(&folder, &HAR[..HAR.len() / 2]), "");
    assert_eq!(cut.status.code(), Some(1));
    let none = run(&folder, &["check"], &saved(&folder, "<html>secret</html>"), "");
    assert_eq!(none.status.code(), Some(2));
    let said = String::from_utf8(none.stderr).expect("text");
    assert!(said.contains("no JSON") && !said.contains("secret"), "{said}");
    let missing = run(&folder, &["check"], &folder.path().join("nowhere.har"), "");
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn credentials_are_shown_masked_and_kept_only_on_a_plain_yes() {
    let found = capture::find_client(&fixture(), &endpoints(), &mut |_| {}, &|| false).expect("readable");
    let found = found.expect("a client");
    assert_eq!((found.id.as_str(), found.secret.expose()), (sandbox::CLIENT_ID, sandbox::CLIENT_SECRET));
    assert!(found.redirect.is_some_and(|redirect| redirect.starts_with("http://127.0.0.1:")));
    assert_eq!(found.others, 0);

    let folder = TempDir::new().expect("a folder");
    for answer in ["", "no\n", "y\n"] {
        let output = run(&folder, &["import-credentials", "--server", SERVER], &fixture(), answer);
        let said = String::from_utf8(output.stdout).expect("text") + &String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(sandbox::CLIENT_ID) && said.contains("Nothing was kept"), "{said}");
        assert!(!said.contains(sandbox::CLIENT_SECRET), "{said}");
        assert_eq!(output.status.code(), Some(1));
    }
    let live = run(&folder, &["import-credentials"], &fixture(), "yes\n");
    assert!(String::from_utf8_lossy(&live.stdout).contains("No sign-in"), "another service's client is none");
}

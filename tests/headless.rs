//! `partyline headless` as a script sees it: the built program, its lines, its exit code.

mod stage;

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command as Process, Output, Stdio},
    time::{Duration, Instant},
};

use partyline::model::Privacy;
use serde_json::Value;
use stage::{Service, party};

fn headless(arguments: &[&str]) -> Process {
    let mut process = Process::new(env!("CARGO_BIN_EXE_partyline"));
    process.arg("headless").args(["--mic", "none", "--speaker", "none"]).args(arguments);
    process.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    process
}

fn lines(output: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(output).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect()
}

#[test]
fn a_party_of_its_own_ends_with_a_summary_and_exit_code_zero() {
    let output = headless(&[
        "--sandbox",
        "--bridge",
        "mix",
        "--create",
        "Sunday squad",
        "--invite",
        "Nova",
        "--for",
        "5",
        "--json",
    ])
    .output()
    .expect("it runs");
    assert!(output.status.success(), "{output:?}");
    let lines = lines(&output.stdout);
    assert!(lines.iter().any(|line| line["event"] == "member_joined" && line["online_id"] == "Nova"));
    let summary = lines.last().expect("a summary");
    assert_eq!(summary["event"], "summary");
    assert_eq!(summary["signed_in"], true);
    assert_eq!(summary["party"]["members"].as_array().map(Vec::len), Some(2));
    let voice = &summary["voice"];
    assert_eq!(voice["state"], "connected");
    assert_eq!(voice["paths"], serde_json::json!(["bridge"]));
    assert_eq!((voice["clock_hz"].as_u64(), voice["ptime_ms"].as_u64()), (Some(16_000), Some(40)));
    assert!(voice["packets_sent"].as_u64() > Some(0) && voice["packets_received"].as_u64() > Some(0));
    assert_eq!(voice["packets_lost"], 0);
    assert_eq!(summary["problems"], serde_json::json!([]));
}

#[test]
fn a_party_that_does_not_exist_is_an_exit_code_of_one() {
    let output =
        headless(&["--sandbox", "--join", "11111111-2222-4333-8444-555555555555", "--for", "5", "--json"])
            .output()
            .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let lines = lines(&output.stdout);
    assert!(lines.iter().any(|line| line["event"] == "problem"), "{lines:?}");
    assert_eq!(lines.last().expect("a summary")["party"], Value::Null);
}

#[test]
fn a_service_that_is_not_there_is_an_exit_code_of_one() {
    let output =
        headless(&["--server", "http://127.0.0.1:1", "--create", "--for", "20"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("service unreachable"));
}

#[test]
fn a_public_address_is_no_sandbox() {
    let output =
        headless(&["--server", "http://example.org", "--create", "--for", "1"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("loopback"), "{output:?}");
}

#[test]
fn an_npsso_on_stdin_signs_in_and_a_wrong_one_is_a_sentence() {
    let service = Service::empty();
    let session = async {
        let form = [("account", "Rook_4")];
        let answer =
            reqwest::Client::new().post(format!("{}/sandbox/signin", service.url)).form(&form).send();
        answer.await?.text().await
    };
    let page = service.runtime.block_on(session).expect("a session");
    let arguments = ["--server", &service.url, "--sign-in", "npsso", "--create", "--for", "20"];
    let output = with_input(&arguments, &format!("{page}\n"));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("Signed in as Rook_4"), "{output:?}");
    let npsso = serde_json::from_str::<Value>(&page).expect("JSON")["npsso"].as_str().map(str::to_owned);
    assert!(!said.contains(&npsso.expect("a session")), "what was pasted stays unsaid");

    for (input, sentence) in [
        ("hello\n", "that is no npsso"),
        ("0123456789abcdef0123456789abcdef\n", "the service does not accept this npsso"),
        ("", "No npsso was given."),
    ] {
        let output = with_input(&arguments, input);
        assert_eq!(output.status.code(), Some(1), "{input}");
        assert!(String::from_utf8_lossy(&output.stdout).contains(sentence), "{output:?}");
    }
}

#[test]
fn the_live_service_wants_a_browser_and_a_client_secret() {
    for (how, sentence) in [("account", "--sign-in browser"), ("browser", "PARTYLINE_CLIENT_SECRET")] {
        let output = headless(&["--sign-in", how, "--create", "--for", "1"])
            .env_remove("PARTYLINE_CLIENT_SECRET")
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains(sentence), "{output:?}");
    }
}

#[test]
fn an_invitation_is_waited_for_and_accepted() {
    let service = Service::empty();
    let mut host = service.client("host");
    host.create_party(Privacy::InviteOnly);
    let guest =
        spawn(&["--server", &service.url, "--account", "guest", "--join", "invitation", "--for", "20"]);
    host.wait("the guest online", |s| {
        stage::signed_in(s).and_then(|s| s.friends.value.as_ref()).is_some() && s.problems.is_empty()
    });
    let began = Instant::now();
    while party(&host.handle.snapshot()).is_some_and(|p| p.session.members.len() < 2) {
        assert!(began.elapsed() < Duration::from_secs(15), "the guest never came");
        host.send(partyline::client::Command::Refresh);
        std::thread::sleep(Duration::from_millis(500));
        let known = stage::signed_in(&host.handle.snapshot())
            .and_then(|s| s.friends.value.clone())
            .is_some_and(|friends| friends.iter().any(|f| f.profile.online_id.as_str() == "guest"));
        if known {
            host.invite("guest");
        }
    }
    drop(guest);
}

#[test]
fn a_shared_link_leads_into_a_party_that_is_closed_otherwise() {
    let service = Service::empty();
    let mut host = service.client("host");
    host.create_party(Privacy::InviteOnly);
    // The sandbox's front page lists the links of its parties.
    let page = service.runtime.block_on(async { reqwest::get(&service.url).await?.text().await });
    let page = page.expect("a page");
    let from = page.find("https://party.playstation.com/").expect("a link");
    let link = &page[from..from + "https://party.playstation.com/".len() + 22];
    let output =
        headless(&["--server", &service.url, "--account", "guest", "--join", link, "--for", "3", "--json"])
            .output()
            .expect("it runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        lines(&output.stdout).last().expect("a summary")["party"]["members"].as_array().map(Vec::len),
        Some(2)
    );
}

#[test]
fn a_killed_client_is_gone_from_the_others_within_fifteen_seconds() {
    let service = Service::empty();
    let mut host = service.client("host");
    let session = host.create_party(Privacy::FriendsCanJoin);
    let guest = spawn(&["--server", &service.url, "--account", "guest", "--join", session.as_str()]);
    host.wait_members(2);
    // Until its voice runs as well.
    host.wait("the guest connected", |s| {
        party(s).is_some_and(|p| p.session.members.iter().any(|m| m.connected_to.is_some()))
    });
    drop(guest);
    let began = Instant::now();
    host.wait_within(Duration::from_secs(15), "alone again", |s| {
        party(s).is_some_and(|p| p.session.members.len() == 1)
    });
    println!("gone after {:?}", began.elapsed());
}

#[test]
fn a_window_without_a_display_is_one_sentence_and_an_exit_code_of_two() {
    let output = Process::new(env!("CARGO_BIN_EXE_partyline"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.lines().count() == 1 && !said.contains("panic"), "{said}");
}

#[test]
fn the_sandbox_without_a_display_goes_on_as_a_headless_client() {
    let mut program = Process::new(env!("CARGO_BIN_EXE_partyline"))
        .arg("--sandbox")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .stdout(Stdio::piped())
        .spawn()
        .map(Killed)
        .expect("it runs");
    let output = BufReader::new(program.0.stdout.take().expect("piped"));
    let mut seen = Vec::new();
    for line in output.lines() {
        seen.push(line.expect("text"));
        if seen.iter().any(|l| l.contains("Nova speaks")) {
            break;
        }
    }
    assert!(seen[0].contains("no display"), "{seen:?}");
    assert!(seen.iter().any(|line| line.contains("Nova joined")), "{seen:?}");
}

/// A child that ends with SIGKILL when it is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn with_input(arguments: &[&str], input: &str) -> Output {
    let pipes = || Stdio::piped();
    let mut program = headless(arguments).stdin(pipes()).stdout(pipes()).spawn().expect("it runs");
    program.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
    program.wait_with_output().expect("it ends")
}

fn spawn(arguments: &[&str]) -> Killed {
    Killed(headless(arguments).stdout(Stdio::null()).spawn().expect("it runs"))
}

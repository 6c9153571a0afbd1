//! The ways back from the browser while something else goes on: a text browser that stays open, a redirect nobody can listen for,
//! a machine without file handles. Each in a process of its own.
#![cfg(target_os = "linux")]

mod stage;
mod step;

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    time::Duration,
};

use partyline::{
    client::{Command, Config, Screen, SignIn, Snapshot, WayBack},
    model::{ClientSource, OAuthClient, OnlineId},
    psn::{self, Endpoints, Expected, Redirect, RedirectListener},
    sandbox::SCHEME_REDIRECT,
    voice::{Microphone, Speakers},
};
use stage::{Running, Service, loopback_client, signed_in};
use step::{again, assert_succeeds, home, isolated, step};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[test]
fn a_text_browser_that_stays_open_does_not_keep_its_answer_away() {
    const TEST: &str = "a_text_browser_that_stays_open_does_not_keep_its_answer_away";
    let Some(started) = step() else {
        let home = home();
        let (browser, started) = (home.path().join("lynx"), home.path().join("started"));
        // As long as its file is there; the folder goes with the test.
        let file = started.display();
        let script = format!(
            "#!/bin/sh\nexec > /dev/null 2>&1\n: > '{file}'\nwhile [ -e '{file}' ]; do sleep 0.1; done\n"
        );
        fs::write(&browser, script).expect("written");
        fs::set_permissions(&browser, Permissions::from_mode(0o755)).expect("set");
        let mut command = again(home.path(), TEST, started.to_str().expect("text"));
        command.env("BROWSER", &browser);
        return assert_succeeds(command);
    };
    let started = PathBuf::from(started);
    let service = Service::empty();
    let mut client = waiting(&service, loopback_client());
    let snapshot = client.wait("the browser", |s| started.exists() && sign_in(s).is_some());
    let link = sign_in(&snapshot).and_then(|s| s.link.clone()).expect("a link");
    let page = service.runtime.block_on(async {
        let endpoints = Endpoints::sandbox(&service.url).expect("a loopback address");
        let http = psn::http_client(&endpoints).expect("an HTTP client");
        let name = OnlineId::from("marlow_87");
        let npsso = psn::npsso_of_sandbox_account(&endpoints, &http, &name).await.expect("a session");
        let asked = http.get(link.as_str()).header("cookie", format!("npsso={}", npsso.expose()));
        let answer = asked.send().await.expect("answered");
        let back = answer.headers()["location"].to_str().expect("an address").to_owned();
        let page = http.get(back).timeout(Duration::from_secs(10)).send().await.expect("listened to");
        page.text().await.expect("a page")
    });
    assert!(page.contains("Partyline has what it needs"), "{page}");
    client.wait("signed in", |s| signed_in(s).is_some());
    client.quit();
    fs::remove_file(&started).expect("the browser was open all the time");
}

#[test]
fn what_cannot_come_back_by_itself_is_to_be_pasted() {
    const TEST: &str = "what_cannot_come_back_by_itself_is_to_be_pasted";
    if step().is_none() {
        let home = home();
        let mut command = again(home.path(), TEST, "look");
        command.env("BROWSER", "/bin/true");
        return assert_succeeds(command);
    }
    let service = Service::empty();
    for (redirect, way_back) in [
        ("http://127.0.0.1/redirect", WayBack::Loopback),
        ("http://127.0.0.2/redirect", WayBack::Loopback),
        (SCHEME_REDIRECT, WayBack::Scheme),
        ("com.example.other://redirect", WayBack::Paste),
        ("https://example.org/redirect", WayBack::Paste),
    ] {
        let mut client = waiting(&service, OAuthClient { redirect: redirect.into(), ..loopback_client() });
        let snapshot = client.wait("the link", |s| sign_in(s).is_some());
        assert_eq!(sign_in(&snapshot).map(|s| s.way_back), Some(way_back), "{redirect}");
    }
}

#[tokio::test]
async fn a_moment_without_file_handles_does_not_end_the_wait() {
    const TEST: &str = "a_moment_without_file_handles_does_not_end_the_wait";
    if step().is_none() {
        let home = home();
        let plain = again(home.path(), TEST, "listen");
        let mut limited = isolated("sh", home.path());
        limited.args(["-c", "ulimit -n 100; exec \"$0\" \"$@\""]).arg(plain.get_program());
        limited
            .args(plain.get_args())
            .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        return assert_succeeds(limited);
    }
    let redirect = "http://127.0.0.1/redirect".parse().expect("an address");
    let listener = RedirectListener::bind(&redirect).await.expect("a port").expect("loopback");
    let expected = Expected { redirect_uri: listener.uri().clone(), state: "s1".into() };
    let port = listener.uri().port().expect("bound");
    let wait = tokio::spawn(async move { listener.wait(&expected).await });
    let mut handles: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    // For this end of the connection; the other one finds none.
    handles.pop().expect("some were free");
    let mut browser = TcpStream::connect(("127.0.0.1", port)).await.expect("listening");
    assert!(File::open("/dev/null").is_err(), "the limit holds");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!wait.is_finished());
    drop(handles);
    browser.write_all(b"GET /redirect?code=x&state=s1 HTTP/1.1\r\n\r\n").await.expect("open");
    let mut answer = String::new();
    browser.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(wait.await.expect("no panic"), Redirect::Code("x".into()));
}

/// A client whose browser was just opened.
fn waiting(service: &Service, client: OAuthClient) -> Running {
    let config = service.config(Microphone::None, Speakers::None);
    let running = Running::start(Config { client: Some((client, ClientSource::Sandbox)), ..config });
    running.send(Command::SignIn);
    running
}

/// Once its link is there.
fn sign_in(snapshot: &Snapshot) -> Option<&SignIn> {
    match &snapshot.screen {
        Screen::SigningIn(sign_in) => Some(sign_in).filter(|sign_in| sign_in.link.is_some()),
        _ => None,
    }
}

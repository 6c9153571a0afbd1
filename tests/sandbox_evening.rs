//! An evening in the sandbox by script, and a sandbox with thousands in it on the command line.

mod sandbox_support;

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use partyline::sandbox::{Act, Evening, Sandbox, SandboxConfig};
use sandbox_support::{Person, eventually, json};

#[tokio::test]
async fn an_evening_goes_as_its_script_says() {
    let evening = Evening { speed: 300.0, seed: 7 };
    let script = evening.script();
    let opens = script.iter().find_map(|step| match step.act {
        Act::Opens { host, guest, name } => Some((host, guest, name)),
        _ => None,
    });
    let (host, guest, name) = opens.expect("a party");
    let renamed = script.iter().find_map(|step| match step.act {
        Act::Renames { who, name } if who == host => Some(name),
        _ => None,
    });
    let config = SandboxConfig { evening: Some(evening), ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).await.expect("starts");
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let mut ear = marlow.listen().await;

    // A step is over within milliseconds, and the party lasts for a second and a half: whichever round it is by now.
    let invited = ear.event("ps:invitations:created").await;
    let session = invited["body"]["data"]["sessionId"].as_str().expect("an id").to_owned();
    assert_eq!(invited["body"]["data"]["customProperties"]["from"]["onlineId"], host);
    let seen = marlow.read(&session).await.expect("invited");
    assert_eq!((&seen["sessionName"], &seen["members"][1]["onlineId"]), (&name.into(), &guest.into()));

    ear.event("typing:created").await;
    let written = ear.event("message:created").await["body"]["data"].clone();
    let path = format!(
        "/gamingLoungeGroups/v1/members/me/groups/{}/threads/{}/messages?limit=5",
        written["groupId"].as_str().expect("an id"),
        written["threadId"].as_str().expect("an id"),
    );
    let talk = json(marlow.call(reqwest::Method::GET, &path)).await;
    assert_eq!(talk["messages"][0]["sender"]["onlineId"], guest);

    eventually("renamed", Duration::from_secs(2), async || {
        marlow.read(&session).await.is_some_and(|party| party["sessionName"].as_str() == renamed)
    })
    .await;
    eventually("the owner left and the guest owns", Duration::from_secs(2), async || {
        marlow.read(&session).await.is_some_and(|party| party["owner"]["onlineId"] == guest)
    })
    .await;
    ear.event("partySession:deleted").await;
    ear.event("ps:invitations:created").await;
}

#[test]
fn the_command_line_fills_a_sandbox_and_refuses_what_it_cannot_do() {
    let partyline = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_partyline"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let mut serving = partyline()
        .args(["sandbox", "--listen", "127.0.0.1:0", "--friends", "2000", "--groups", "200"])
        .args(["--churn", "20", "--evening", "60", "--seed", "3"])
        .spawn()
        .expect("starts");
    let mut said = String::new();
    BufReader::new(serving.stdout.take().expect("piped")).read_line(&mut said).expect("a line");
    serving.kill().expect("running");
    serving.wait().expect("over");
    assert!(said.contains("http://127.0.0.1:"), "{said}");

    for (args, complaint) in [
        (&["sandbox", "--friends", "1000000"][..], "up to 5000"),
        (&["sandbox", "--groups", "5"], "--friends"),
        (&["sandbox", "--friends", "5", "--churn=-1"], "above 0"),
        (&["headless", "--server", "http://127.0.0.1:9", "--create", "--friends", "5"], "add --sandbox"),
    ] {
        let refused = partyline().args(args).output().expect("ran");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(complaint), "{args:?}: {said}");
    }
}

//! `partyline capture` as a program.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Output, Stdio},
};

use partyline::{client::capture, sandbox};
use serde_json::Value;
use tempfile::TempDir;

use crate::{HAR, SERVER, endpoints, fixture, program, saved};

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
fn a_report_is_saved_over_an_older_one_and_over_nothing_else() {
    let folder = TempDir::new().expect("a folder");
    let capture = saved(&folder, HAR);
    let report = folder.path().join("report");
    let save = |to: &Path, more: &[&str]| {
        let arguments = ["check", "--server", SERVER, "--save", to.to_str().expect("a path")];
        run(&folder, &[&arguments, more].concat(), &capture, "")
    };
    for more in [&["--json"][..], &[], &["--json"]] {
        let output = save(&report, more);
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(fs::read(&report).expect("saved"), output.stdout);
    }
    let notes = folder.path().join("notes.txt");
    fs::write(&notes, "mine").expect("written");
    for kept in [&capture, &notes, &folder.path().to_owned()] {
        let before = fs::read(kept).ok();
        let output = save(kept, &[]);
        assert_eq!(output.status.code(), Some(2));
        assert!(!output.stdout.is_empty(), "it is still said");
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(said.contains("what is there already is no report; nothing was written over it"), "{said}");
        assert_eq!(fs::read(kept).ok(), before);
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_went_away_is_no_panic() {
    for task in [&["check"][..], &["import-credentials", "--yes"]] {
        let folder = TempDir::new().expect("a folder");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = program(&folder);
        command.args(["capture"]).args(task).args(["--server", SERVER]).arg(fixture()).stdout(writer);
        let output = command.output().expect("runs");
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("nobody reads what is said") && !said.contains("panicked"), "{said}");
    }
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

#[test]
fn without_a_keyring_nothing_is_kept_behind_the_users_back() {
    let folder = TempDir::new().expect("a folder");
    let output = program(&folder)
        .args(["capture", "import-credentials", "--yes", "--server", SERVER])
        .arg(fixture())
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .output()
        .expect("runs");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("nothing was kept") && !said.contains(sandbox::CLIENT_SECRET), "{said}");
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).expect("a file");
                let text = String::from_utf8_lossy(&bytes);
                assert!(!text.contains(sandbox::CLIENT_SECRET), "{}", path.display());
            }
        }
    }
}

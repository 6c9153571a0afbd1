//! Captures in a running client: commands in, snapshots out, against a sandbox that the capture then signs in to.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use partyline::{
    client::{Capture, Command, Config, ReportFile, Snapshot},
    model::ClientSource,
    sandbox,
    voice::{Microphone, Speakers},
};
use tempfile::TempDir;

use crate::{
    HAR, SERVER, large,
    stage::{Running, Service, signed_in},
};

/// A client without any credentials, and the fixture as if it had been taken of its sandbox.
fn stage(folder: &TempDir) -> (Service, Running, PathBuf) {
    let service = Service::empty();
    let config = Config { client: None, ..service.config(Microphone::None, Speakers::None) };
    let address = |url: &str| url.strip_prefix("http://").expect("plain http").to_owned();
    let har = HAR.replace(&address(SERVER), &address(&service.url));
    let file = folder.path().join("mine.har");
    fs::write(&file, har).expect("written");
    (service, Running::start(config), file)
}

fn checked(snapshot: &Snapshot) -> Option<(&partyline::model::Report, &ReportFile)> {
    match &snapshot.capture {
        Capture::Checked { report, file } => Some((report, file)),
        _ => None,
    }
}

#[test]
fn a_capture_is_checked_and_its_report_saved() {
    let folder = TempDir::new().expect("a folder");
    let (_service, mut client, har) = stage(&folder);
    client.send(Command::CheckCapture(har.clone()));
    let snapshot = client.wait("checked", |s| checked(s).is_some());
    let (report, _) = checked(&snapshot).expect("just seen");
    assert!(report.is_clean(), "{report}");

    let file = folder.path().join("report.txt");
    client.send(Command::SaveReport(file.clone()));
    let saved = ReportFile::Saved(file.clone());
    client.wait("saved", |s| checked(s).is_some_and(|(_, file)| *file == saved));
    assert_eq!(fs::read_to_string(file).expect("saved"), report.to_string());

    let before = fs::read(&har).expect("the capture");
    client.send(Command::SaveReport(har.clone()));
    client.wait("refused", |s| checked(s).is_some_and(|(_, file)| *file == ReportFile::CannotSave));
    assert_eq!(fs::read(har).expect("the capture"), before);
}

#[test]
fn the_client_of_a_capture_signs_in_once_the_user_said_yes() {
    let folder = TempDir::new().expect("a folder");
    let (_service, mut client, har) = stage(&folder);
    client.send(Command::FindClient(har));
    let snapshot = client.wait("found", |s| matches!(s.capture, Capture::FoundClient { .. }));
    let Capture::FoundClient { id, masked_secret, others, .. } = &snapshot.capture else { unreachable!() };
    assert_eq!((id.as_str(), *others), (sandbox::CLIENT_ID, 0));
    assert!(!masked_secret.contains(sandbox::CLIENT_SECRET));
    assert!(snapshot.client.is_none(), "nothing is used before the yes");

    client.send(Command::UseFoundClient);
    let used = client.wait("in use", |s| s.client.is_some());
    assert_eq!(used.client.as_ref().map(|client| client.source), Some(ClientSource::Kept));
    assert_eq!(used.capture, Capture::None);
    client.send(Command::SignInAs("tidewalker_19".into()));
    let snapshot = client.wait("signed in", |s| signed_in(s).is_some());
    assert_eq!(signed_in(&snapshot).map(|s| s.me.online_id.as_str()), Some("tidewalker_19"));
}

#[test]
fn closing_a_capture_that_is_read_stops_the_reading() {
    let folder = TempDir::new().expect("a folder");
    let (_service, mut client, _) = stage(&folder);
    // Many seconds of reading.
    let har = large::large(&folder, 100 << 20);
    client.send(Command::CheckCapture(har.clone()));
    client.wait("reading", |s| matches!(s.capture, Capture::Reading(progress) if progress.read > 0));
    assert!(is_open(&har));
    client.send(Command::CloseCapture);
    client.wait("closed", |s| s.capture == Capture::None);
    let began = Instant::now();
    while is_open(&har) {
        assert!(began.elapsed() < Duration::from_secs(2), "still reading");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(client.handle.snapshot().capture, Capture::None, "a late result is nobody's");
}

/// Whether this process has the file open.
fn is_open(file: &Path) -> bool {
    let open = fs::read_dir("/proc/self/fd").expect("a list").flatten();
    open.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|path| path == file)
}

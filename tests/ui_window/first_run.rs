//! The first run: the client secret is the user's to supply, and seen nowhere.

use std::{path::PathBuf, sync::Arc};

use egui::{DroppedFile, Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use partyline::{
    client::{Capture, CaptureTrouble, Command, Place, ProblemKind},
    model::{ClientSource, KeyringState, OAuthClient, Progress, Secret, SecretStorage},
    ui::SandboxOffer,
};

use crate::stage::{self, Stage, problem};

const SECRET: &str = "zQ9-invented-secret";

#[test]
fn a_typed_secret_is_used_and_seen_nowhere() {
    let mut stage = Stage::new(stage::first_run());
    assert!(!stage.is_enabled("Use this secret"));
    stage.type_into("Client secret", SECRET);
    assert!(!stage.everything().contains(SECRET));
    stage.click("Use this secret");
    let commands = stage.commands();
    assert_eq!(commands, [Command::UseClient(OAuthClient::mobile(Secret::from(SECRET)))]);
    assert!(!format!("{commands:?}").contains(SECRET));
    // Gone from the field, and not to be had back.
    assert_eq!(stage.value("Client secret"), "");
    stage.click("Client secret");
    stage.window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    stage.window.run();
    assert_eq!(stage.value("Client secret"), "");
}

#[test]
fn a_secret_is_shown_to_who_asks_to_see_it() {
    let mut stage = Stage::new(stage::first_run());
    stage.type_into("Client secret", SECRET);
    stage.click("Show client secret");
    assert!(stage.everything().contains(SECRET));
    stage.click("Hide client secret");
    assert!(!stage.everything().contains(SECRET));
}

#[test]
fn another_client_can_be_typed_and_enter_is_enough() {
    let mut stage = Stage::new(stage::first_run());
    stage.type_into("Client secret", SECRET);
    assert!(stage.window.query_by_label("Client id").is_none());
    stage.click("Advanced");
    assert_eq!(stage.value("Redirect"), OAuthClient::MOBILE_REDIRECT);
    let id = stage.window.get_all_by_label("Client id").last().expect("the field");
    id.click();
    stage.window.run();
    stage.window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    stage.window.event(egui::Event::Text(" my-client ".into()));
    stage.press(Key::Enter);
    let client = OAuthClient { id: "my-client".into(), ..OAuthClient::mobile(Secret::from(SECRET)) };
    assert_eq!(stage.commands(), [Command::UseClient(client)]);
}

#[test]
fn what_is_refused_is_said_where_it_was_typed() {
    let mut stage = Stage::new(stage::first_run());
    stage.type_into("Client secret", SECRET);
    stage.press(Key::Enter);
    stage.publish(|s| s.problems.push(problem(ProblemKind::ClientUnusable, Place::SignIn)));
    assert!(stage.shows("That can't be a client."));
    assert!(stage.window.query_by_label("Use this secret").is_some());
}

#[test]
fn the_sandbox_is_one_press_away_with_and_without_a_client() {
    for snapshot in [stage::first_run(), stage::ready_to_sign_in()] {
        let sandbox = SandboxOffer::new(Some(Box::new(|_| Ok(Stage::handle_of(stage::signed_out())))));
        let mut stage = Stage::offering(snapshot, 1280.0, 800.0, sandbox);
        stage.click("Try the sandbox");
        assert!(stage.shows("This is the sandbox"));
        assert_eq!(stage.commands(), [Command::Quit], "the client of before");
    }
}

#[test]
fn a_capture_is_named_by_its_path_or_dropped() {
    let mut stage = Stage::new(stage::first_run());
    stage.type_into("Capture file", "/captures/mine.har");
    stage.press(Key::Enter);
    stage.click("Look in it");
    stage.window.input_mut().dropped_files.push(Arc::new(Dropped("/captures/other.har".into())));
    stage.window.run();
    assert_eq!(
        stage.commands(),
        ["/captures/mine.har", "/captures/mine.har", "/captures/other.har"]
            .map(|file| Command::FindClient(file.into()))
    );
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("the window reads no file".into())
    }
}

#[test]
fn reading_shows_how_far_it_is_and_can_be_stopped() {
    let mut snapshot = stage::first_run();
    snapshot.capture = Capture::Reading(Progress { read: 15_000_000, total: 30_000_000 });
    let mut stage = Stage::new(snapshot);
    let bar = stage.window.get_by_label("Reading the capture");
    assert_eq!(bar.accesskit_node().numeric_value(), Some(50.0));
    assert!(stage.shows("15.0 of 30.0 MB"));
    stage.click("Cancel");
    assert_eq!(stage.commands(), [Command::CloseCapture]);
}

#[test]
fn a_client_that_was_found_is_named_and_used_only_after_a_yes() {
    let found = Capture::FoundClient {
        id: "found-id".into(),
        redirect: "com.example.app://redirect".into(),
        masked_secret: "xy••••••".into(),
        others: 2,
    };
    let mut snapshot = stage::first_run();
    snapshot.capture = found.clone();
    let mut stage = Stage::new(snapshot);
    for named in ["found-id", "com.example.app://redirect", "xy••••••", "2 other clients"] {
        assert!(stage.shows(named), "{named}");
    }
    assert_eq!(stage.commands(), []);
    stage.click("Use this client");
    stage.click("Cancel");
    stage.press(Key::Escape);
    assert_eq!(stage.commands(), [Command::UseFoundClient, Command::CloseCapture, Command::CloseCapture]);
}

#[test]
fn a_capture_without_a_client_says_what_to_do() {
    for (capture, text) in [
        (Capture::NoClient, "Nobody signs in in that capture."),
        (Capture::Failed(CaptureTrouble::CannotOpen), "That file can't be opened."),
        (Capture::Failed(CaptureTrouble::NotACapture), "That is no capture"),
    ] {
        let mut snapshot = stage::first_run();
        snapshot.capture = capture;
        let stage = Stage::new(snapshot);
        assert!(stage.shows(text), "{text}");
        assert!(stage.window.query_by_label("Capture file").is_some());
    }
}

#[test]
fn what_is_stored_is_told_for_every_place_it_may_be_in() {
    for (storage, text) in [
        (Some(SecretStorage::Keyring), "in your system's keyring"),
        (Some(SecretStorage::File), "not encrypted"),
        (Some(SecretStorage::Memory), "gone when you quit"),
        (None, "Nothing of this sign-in is written down"),
    ] {
        let mut snapshot = stage::first_run();
        snapshot.secrets = storage.map(|storage| stage::secrets(storage, KeyringState::Working));
        let mut stage = Stage::new(snapshot);
        stage.click("What is stored, and where");
        assert!(stage.shows(text), "{text}");
        stage.press(Key::Escape);
        assert!(!stage.shows("settings.toml"));
    }
}

#[test]
fn a_kept_secret_can_be_changed_or_removed_and_one_of_the_environment_cannot() {
    let mut stage = Stage::new(stage::ready_to_sign_in());
    stage.click("Change the client secret");
    stage.click("Keep the one in use");
    stage.click("Change the client secret");
    stage.type_into("Client secret", SECRET);
    stage.click("Use this secret");
    stage.click("Change the client secret");
    stage.click("Remove it from here");
    let used = Command::UseClient(OAuthClient::mobile(Secret::from(SECRET)));
    assert_eq!(stage.commands(), [used, Command::ForgetClient]);

    let stage = Stage::new(stage::live(stage::signed_out(), Some(ClientSource::Environment)));
    assert!(stage.shows("The client secret is from PARTYLINE_CLIENT_SECRET"));
    assert!(stage.window.query_by_label("Change the client secret").is_none());
}

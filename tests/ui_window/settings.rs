//! The settings page.

use std::time::{Duration, Instant};

use eframe::App as _;
use egui::{Event, Key, RawInput};
use egui_kittest::kittest::Queryable;
use partyline::{
    client::{Command, DeviceState, LinkState, MicrophoneTest, Place, ProblemKind},
    model::{
        ClientSource, DeviceChoice, DeviceKind, DeviceTrouble, KeyringState, SchemeStatus, SecretStorage,
        Settings, TalkKey, Theme,
    },
};

use crate::stage::{self, Stage, problem};

fn settings(command: &Command) -> &Settings {
    match command {
        Command::ChangeSettings(settings) => settings,
        other => panic!("not a change of settings: {other:?}"),
    }
}

#[test]
fn the_microphone_is_open_only_while_its_page_is() {
    let mut stage = Stage::new(stage::home());
    stage.click("Settings");
    stage.click("Hear yourself");
    stage.click("Stop");
    stage.click("Test sound");
    stage.click("Back");
    assert_eq!(
        stage.commands(),
        [
            Command::TestMicrophone(MicrophoneTest::Meter),
            Command::TestMicrophone(MicrophoneTest::HearYourself),
            Command::TestMicrophone(MicrophoneTest::Meter),
            Command::PlayTestSound,
            Command::TestMicrophone(MicrophoneTest::Off),
        ]
    );
}

#[test]
fn a_device_is_chosen_from_the_list() {
    let mut stage = Stage::new(stage::home());
    stage.click("Settings");
    stage.commands();
    stage.click("Microphone");
    stage.click("USB headset");
    let commands = stage.commands();
    assert_eq!(settings(&commands[0]).microphone, DeviceChoice::Device("a".into()));
}

#[test]
fn a_missing_microphone_leads_here() {
    let mut snapshot = stage::home();
    snapshot.sound.microphone = DeviceState::Missing(DeviceTrouble::None);
    snapshot
        .problems
        .push(problem(ProblemKind::DeviceMissing(DeviceKind::Microphone, DeviceTrouble::None), Place::Voice));
    let mut stage = Stage::new(snapshot);
    stage.click("Choose a device");
    assert!(stage.window.query_by_label("Hear yourself").is_some());
    assert_eq!(stage.commands(), [Command::TestMicrophone(MicrophoneTest::Meter)]);
}

#[test]
fn the_talk_key_is_set_by_pressing_it() {
    let mut stage = Stage::new(stage::home());
    stage.click("Settings");
    stage.click("Talk keys");
    stage.click("Change the talk key");
    stage.commands();
    stage.raw_key(Key::Tab, true);
    stage.window.run();
    assert!(stage.shows("Tab is needed to work the window"));
    stage.raw_key(Key::F8, true);
    let commands = stage.commands();
    assert_eq!(commands.len(), 1);
    assert_eq!(settings(&commands[0]).talk_key, TalkKey("F8".into()));
}

#[test]
fn theme_and_size_apply_at_once() {
    let mut stage = Stage::new(stage::home());
    stage.click("Settings");
    stage.click("Appearance");
    stage.commands();
    stage.click("Light");
    let commands = stage.commands();
    let changed = settings(&commands[0]).clone();
    assert_eq!(changed.theme, Theme::Light);
    stage.publish(|snapshot| snapshot.settings = Settings { scale: 1.25, ..changed });
    assert_eq!(stage.window.ctx.theme(), egui::Theme::Light);
    stage.window.run();
    assert_eq!(stage.window.ctx.zoom_factor(), 1.25);
}

#[test]
fn signing_out_is_in_the_account_section() {
    let mut stage = Stage::new(stage::home());
    stage.click("Settings");
    stage.click("Account");
    stage.commands();
    stage.click("Sign out");
    assert_eq!(stage.commands(), [Command::SignOut]);
}

#[test]
fn escape_leaves_the_page() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("Settings");
    stage.window.key_press(Key::Escape);
    stage.window.run();
    assert!(stage.shows("Nova, PS5 · quiet"));
}

#[test]
fn the_talk_key_is_heard_on_every_page_and_released_with_the_focus() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("Settings");
    stage.commands();
    stage.raw_key(Key::ControlRight, true);
    stage.raw_key(Key::ControlRight, true);
    stage.raw_key(Key::ControlRight, false);
    stage.raw_key(Key::ControlRight, true);
    let mut away =
        RawInput { events: vec![Event::WindowFocused(false)], focused: false, ..Default::default() };
    let ctx = stage.window.ctx.clone();
    stage.window.state_mut().raw_input_hook(&ctx, &mut away);
    let held = |held| Command::TalkKey { held };
    assert_eq!(stage.commands(), [held(true), held(false), held(true), held(false)]);
}

fn section(snapshot: partyline::client::Snapshot, title: &str) -> Stage {
    let mut stage = Stage::sized(snapshot, 1280.0, 1000.0);
    stage.click("Settings");
    stage.click(title);
    stage.commands();
    stage
}

#[test]
fn accounts_are_switched_forgotten_and_added() {
    let mut snapshot = stage::home();
    snapshot.accounts = stage::kept_accounts();
    let slot = snapshot.accounts[1].slot.clone();
    let mut stage = section(snapshot, "Account");
    assert!(stage.window.query_by_label("Switch to marlow_87").is_none(), "that is who one is");
    stage.click("Switch to Kestrel_9");
    stage.click("Forget Kestrel_9");
    stage.click("Cancel");
    stage.click("Forget Kestrel_9");
    stage.click("Forget");
    stage.click("Add an account");
    assert_eq!(
        stage.commands(),
        [Command::SwitchAccount(slot.clone()), Command::ForgetAccount(slot), Command::AddAccount]
    );
}

#[test]
fn without_other_accounts_the_page_says_what_would_be_there() {
    let stage = section(stage::home(), "Account");
    assert!(stage.shows("Accounts that you add appear here."));
    assert!(stage.shows("Your browser may still be signed in as the first one"));
}

#[test]
fn an_endless_name_leaves_room_for_what_to_press() {
    let mut snapshot = stage::home();
    snapshot.accounts = stage::kept_accounts();
    snapshot.accounts[1].online_id = "x".repeat(10_000).as_str().into();
    for width in [1280.0, 480.0] {
        let mut stage = Stage::sized(snapshot.clone(), width, 900.0);
        stage.click("Settings");
        stage.click("Account");
        let switch = stage.window.query_all_by_label_contains("Switch to x").next().expect("a button");
        assert!(switch.rect().right() <= width, "{:?} in {width}", switch.rect());
    }
}

#[test]
fn where_secrets_live_can_be_changed_later() {
    let mut snapshot = stage::home();
    snapshot.secrets = Some(stage::secrets(SecretStorage::File, KeyringState::Locked));
    let mut stage = section(snapshot, "Sign-in");
    assert!(stage.shows("The keyring is locked."));
    stage.click("In a file only I can read");
    stage.click("Only until I quit");
    stage.click("In the system's keyring");
    let moved = [SecretStorage::Memory, SecretStorage::Keyring].map(Command::KeepSecretsIn);
    assert_eq!(stage.commands(), moved, "what is in force already is not asked for again");
}

#[test]
fn the_browsers_way_back_is_registered_and_undone() {
    let mut snapshot = stage::home();
    snapshot.scheme = SchemeStatus::OtherProgram;
    assert!(
        section(snapshot.clone(), "Sign-in").shows("ends on a page of this program"),
        "nothing to register"
    );
    let snapshot = stage::live(snapshot, Some(ClientSource::Kept));
    let mut stage = section(snapshot, "Sign-in");
    assert!(stage.shows("Another program is registered"));
    stage.click("Register");
    stage.publish(|s| s.scheme = SchemeStatus::Registered);
    stage.click("Undo the registration");
    stage.publish(|s| s.scheme = SchemeStatus::Unavailable);
    assert!(stage.window.query_by_label("Register").is_none());
    assert_eq!(stage.commands(), [Command::RegisterScheme, Command::UnregisterScheme]);
}

#[test]
fn a_kept_client_is_named_and_forgotten_after_a_yes() {
    let mut stage = section(stage::live(stage::home(), Some(ClientSource::Kept)), "Sign-in");
    assert!(stage.shows("Secret ab••••••"));
    stage.click("Forget the client secret");
    stage.press(Key::Escape);
    assert!(stage.shows("Where your sign-in is kept") || stage.shows("WHERE YOUR SIGN-IN IS KEPT"));
    stage.click("Forget the client secret");
    stage.click("Forget it");
    assert_eq!(stage.commands(), [Command::ForgetClient]);

    let stage = section(stage::live(stage::home(), Some(ClientSource::Environment)), "Sign-in");
    assert!(stage.shows("From PARTYLINE_CLIENT_SECRET"));
    assert!(stage.window.query_by_label("Forget the client secret").is_none());
}

#[test]
fn the_line_and_the_calls_are_shown_and_copied_without_a_name() {
    let mut snapshot = stage::in_party();
    let signed_in = stage::signed_in(&mut snapshot);
    signed_in.link = LinkState::CatchingUp;
    signed_in.link_since = Instant::now() - Duration::from_secs(125);
    snapshot.problems.push(problem(ProblemKind::ServiceTrouble, Place::Window));
    let mut stage = Stage::sized(snapshot, 1280.0, 900.0);
    stage.click("Settings");
    stage.click_once("Connection");
    stage.window.step();
    assert!(stage.shows("Catching up for 2 minutes"));
    assert!(stage.shows("37 of 270 in the last 15 minutes"));
    stage.click_once("Copy diagnostics");
    let commands = &stage.window.output().platform_output.commands;
    let [egui::OutputCommand::CopyText(text)] = commands.as_slice() else { panic!("nothing was copied") };
    for part in
        ["Partyline ", "line: CatchingUp for 12", "calls: 37 of 270", "POST /bridges: 503", "voice Connected"]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    for secret in ["marlow", "Nova", "Sunday", "squad"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[test]
fn calls_are_counted_once_a_second_while_they_are_looked_at_and_not_after() {
    let mut stage = Stage::new(stage::home());
    stage.click("Settings");
    stage.click_once("Connection");
    stage.window.step();
    stage.window.step();
    let delay = stage.repaint_delay();
    assert!(delay > Duration::from_millis(500) && delay <= Duration::from_secs(1), "{delay:?}");
    stage.click_once("Account");
    stage.window.run();
    assert_eq!(stage.repaint_delay(), Duration::MAX);
}

#[test]
fn everything_can_be_read_again() {
    let mut stage = Stage::new(stage::home());
    stage.click("Settings");
    stage.click("Connection");
    stage.commands();
    stage.click("Read again");
    assert_eq!(stage.commands(), [Command::Refresh]);
}

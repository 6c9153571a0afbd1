//! The settings page.

use eframe::App as _;
use egui::{Event, Key, RawInput};
use egui_kittest::kittest::Queryable;
use partyline::{
    client::{Command, DeviceState, MicrophoneTest, Place, ProblemKind},
    model::{DeviceChoice, DeviceKind, Settings, TalkKey, Theme},
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
    snapshot.sound.microphone = DeviceState::Missing;
    snapshot.problems.push(problem(ProblemKind::DeviceMissing(DeviceKind::Microphone), Place::Voice));
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

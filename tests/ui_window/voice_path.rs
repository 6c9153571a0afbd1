//! What the window shows and sets of the way of a voice: members, the connection page, recordings, the voice settings.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use egui::accesskit::{Role, Toggled};
use egui_kittest::kittest::{NodeT, Queryable};
use partyline::{
    client::{Command, DeviceState, MemberReach, Notice, Recording, Unreachable},
    model::{
        AccountId, Activation, Candidate, CandidateKind, CandidatePair, DeviceChoice, DeviceTrouble, Hearing,
        LinkPhase, LinkReport, LinkSample, OtherEnd, PrivateText, Processing, RecordingFormat, Settings,
        TalkMode, VoiceReport,
    },
};

use crate::stage::{self, NOVA, Stage, TIDEWALKER, heard};

fn settings(commands: &[Command]) -> &Settings {
    match commands {
        [Command::ChangeSettings(settings)] => settings,
        other => panic!("not one change of settings: {other:?}"),
    }
}

/// Draws what is under way; a window that wants a frame a second never rests for good.
fn settle(stage: &mut Stage) {
    for _ in 0..8 {
        stage.window.step();
    }
}

fn members(stage: &mut Stage, nova: MemberReach, hearing: Hearing) {
    stage.publish(|snapshot| {
        let members = Arc::make_mut(&mut stage::party(snapshot).members);
        members.insert(AccountId(NOVA), partyline::client::MemberVoice { reach: nova, hearing });
        members.insert(AccountId(TIDEWALKER), heard(MemberReach::Bridge));
    });
}

pub fn link(with: OtherEnd) -> LinkReport {
    let candidate = |kind, address: &str| Candidate { kind, address: PrivateText(address.into()) };
    let sample = |second: u64| LinkSample {
        rtt: Some(Duration::from_millis(30 + second % 7 * 3)),
        lost_there: Some(0.0),
        lost_here: if second % 20 == 7 { 0.04 } else { 0.0 },
        jitter: Duration::from_millis(2),
        buffer: Duration::from_millis(40 + second / 6 * 2),
        concealed: 0.0,
    };
    LinkReport {
        connection: 1,
        with,
        state: LinkPhase::Connected,
        path: Some(CandidatePair {
            local: candidate(CandidateKind::Host, "192.0.2.17:50001"),
            remote: candidate(CandidateKind::ServerReflexive, "198.51.100.4:50002"),
        }),
        rtt: Some(Duration::from_millis(38)),
        clock_hz: 48_000,
        frame_millis: 20,
        redundancy: true,
        packets_sent: 500,
        packets_received: 480,
        packets_lost: 2,
        lost_there: Some(0.013),
        lost_here: 0.004,
        jitter: Duration::from_millis(3),
        buffer: Duration::from_millis(60),
        concealed: 0.02,
        sent_kbps: 31.6,
        received_kbps: 29.2,
        history: (0..60).map(sample).collect(),
    }
}

pub fn report() -> VoiceReport {
    let member = |id| link(OtherEnd::Member(AccountId(id)));
    let lost = LinkReport { state: LinkPhase::Interrupted, history: vec![], ..member(TIDEWALKER) };
    VoiceReport {
        links: vec![link(OtherEnd::Bridge), member(NOVA), lost],
        input_latency: Some(Duration::from_millis(12)),
        output_latency: None,
    }
}

#[test]
fn each_member_says_how_they_are_reached() {
    let mut stage = Stage::new(stage::in_party());
    members(&mut stage, MemberReach::Direct, Hearing::default());
    assert!(stage.shows("Nova, PS5 · quiet, Direct"));
    assert!(stage.shows("tidewalker, PS5 · quiet, Through the bridge"));
    members(&mut stage, MemberReach::Reconnecting, Hearing { volume_percent: 40, muted: false });
    assert!(stage.shows("Nova, PS5 · 40 %, Reconnecting…"));
    members(&mut stage, MemberReach::Connecting, Hearing { volume_percent: 40, muted: true });
    assert!(stage.shows("Nova, PS5 · muted for you, Connecting…"));
}

#[test]
fn a_member_who_cannot_be_reached_can_be_tried_again() {
    let mut stage = Stage::new(stage::in_party());
    members(&mut stage, MemberReach::Unreachable(Unreachable::NoAnswer), Hearing::default());
    stage.click("Nova, PS5, Can't be reached: no answer");
    assert!(stage.shows("trying again may help"));
    stage.click("Try again");
    assert_eq!(stage.commands(), [Command::RetryMember(AccountId(NOVA))]);
    assert!(!stage.shows("Mute for me"), "the menu is done");
    members(&mut stage, MemberReach::Direct, Hearing::default());
    stage.click("Nova, PS5 · quiet, Direct");
    assert!(!stage.shows("Try again"), "nothing to try");
}

#[test]
fn a_member_is_muted_for_the_user_alone_and_the_menu_stays() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("Nova, PS5 · quiet, Direct");
    stage.click("Mute for me");
    let hearing = Hearing { volume_percent: 100, muted: true };
    assert_eq!(stage.commands(), [Command::SetHearing { account: AccountId(NOVA), hearing }]);
    members(&mut stage, MemberReach::Direct, hearing);
    stage.click("Mute for me");
    let hearing = Hearing::default();
    assert_eq!(stage.commands(), [Command::SetHearing { account: AccountId(NOVA), hearing }]);
}

#[test]
fn what_a_mix_makes_of_a_wish_is_said() {
    let said = "only while nobody else speaks";
    let mut stage = Stage::new(stage::in_party());
    members(&mut stage, MemberReach::Bridge, Hearing::default());
    stage.click("Nova, PS5 · quiet, Through the bridge");
    assert!(!stage.shows(said), "nothing is wished");
    members(&mut stage, MemberReach::Bridge, Hearing { volume_percent: 40, muted: false });
    settle(&mut stage);
    assert!(stage.shows(said));
    members(&mut stage, MemberReach::Direct, Hearing { volume_percent: 40, muted: false });
    settle(&mut stage);
    assert!(!stage.shows(said), "they are heard alone");
}

#[test]
fn a_volume_is_set_on_its_slider_and_reset_by_two_clicks() {
    let mut stage = Stage::new(stage::in_party());
    members(&mut stage, MemberReach::Direct, Hearing { volume_percent: 50, muted: false });
    stage.click("Nova, PS5 · quiet · 50 %, Direct");
    assert!(stage.shows("Volume 50 %"));
    stage.window.get_by_label("Volume").focus();
    stage.press(egui::Key::ArrowRight);
    let set = |volume_percent| Command::SetHearing {
        account: AccountId(NOVA),
        hearing: Hearing { volume_percent, muted: false },
    };
    assert_eq!(stage.commands(), [set(55)]);

    stage.window.get_by_label("Volume").click();
    stage.window.get_by_label("Volume").click();
    stage.window.run();
    assert_eq!(stage.commands().last(), Some(&set(100)));
}

#[test]
fn a_recording_begins_in_the_header_and_is_seen_on_every_page() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("Record what you hear");
    assert_eq!(stage.commands(), [Command::Record(true)]);
    let since = Instant::now() - Duration::from_secs(192);
    stage.publish_once(|snapshot| {
        snapshot.sound.recording = Some(Recording { file: "/music/party.opus".into(), since });
    });
    stage.window.get_by_label("Settings").click();
    settle(&mut stage);
    assert!(stage.shows("Recording 03:12"));
    let delay = stage.repaint_delay();
    assert!(delay <= Duration::from_secs(1), "{delay:?}");
    stage.commands();
    stage.window.get_by_label_contains("Recording 03:1").click();
    stage.window.step();
    assert_eq!(stage.commands(), [Command::Record(false)]);
    stage.publish_once(|snapshot| snapshot.sound.recording = None);
    assert!(!stage.shows("Recording 03:1"));
}

#[test]
fn where_a_recording_went_is_told() {
    let mut stage = Stage::new(stage::in_party());
    stage.notify(Notice::Recorded("/music/Sunday squad.opus".into()));
    assert!(stage.shows("The recording is saved as Sunday squad.opus"));
    stage.notify(Notice::NothingToRecord);
    assert!(stage.shows("There is nothing to record"));
}

#[test]
fn the_connection_page_is_calm_where_there_is_nothing() {
    let mut stage = Stage::new(stage::in_party());
    stage.window.get_by_label("Connection").click();
    settle(&mut stage);
    assert!(stage.shows("No connection yet"));
    let delay = stage.repaint_delay();
    assert!(delay > Duration::from_millis(500) && delay <= Duration::from_secs(1), "{delay:?}");
    stage.window.get_by_label("Back").click();
    stage.window.run();
    assert!(stage.repaint_delay() > Duration::from_secs(1));
}

fn connection_page(width: f32, height: f32) -> Stage {
    let mut stage = Stage::sized(stage::in_party(), width, height);
    stage.report(report());
    stage.window.get_by_label("Connection").click();
    settle(&mut stage);
    stage
}

#[test]
fn every_connection_has_a_row_and_the_open_one_everything() {
    let mut stage = connection_page(1280.0, 800.0);
    assert!(stage.shows("The party's bridge, 38 ms · 0.4 % lost · 60 ms buffer"));
    assert!(stage.shows("tidewalker, interrupted"));
    assert!(stage.shows("own address → seen by STUN"));
    assert!(stage.shows("20 ms, sent twice") && stage.shows("Opus, 48 kHz"));
    assert!(stage.shows("Round trip, last minute: at most 48 ms"));
    assert!(stage.shows("Lost here, last minute: at most 4.0 %"));
    stage.window.get_by_label("tidewalker, interrupted").click();
    settle(&mut stage);
    assert!(stage.shows("Round trip, last minute: not known yet"));
}

#[test]
fn addresses_are_shown_on_demand_alone_and_never_copied() {
    let mut stage = connection_page(1280.0, 800.0);
    assert!(!stage.everything().contains("192.0.2.17"));
    stage.window.get_by_label("Copy diagnostics").click();
    stage.window.step();
    let copied: Vec<_> = stage.window.output().platform_output.commands.clone();
    let text = match &copied[..] {
        [egui::OutputCommand::CopyText(text)] => text.clone(),
        other => panic!("nothing copied: {other:?}"),
    };
    assert!(text.contains("bridge: connected") && text.contains("member-2: interrupted"), "{text}");
    for private in ["192.0.2.17", "198.51.100.4", "Nova", "tidewalker"] {
        assert!(!text.contains(private), "{private}");
    }
    stage.window.get_by_label("Show addresses").click();
    settle(&mut stage);
    assert!(stage.everything().contains("192.0.2.17:50001"));
}

#[test]
fn sixteen_members_with_long_names_fit_a_small_window() {
    let mut snapshot = stage::in_party();
    let names: Vec<String> = (0..15).map(|n| format!("{n}_{}", "W".repeat(60))).collect();
    let all: Vec<(u64, &str)> = std::iter::once((stage::ME, "marlow_87"))
        .chain(names.iter().enumerate().map(|(n, name)| (100 + n as u64, name.as_str())))
        .collect();
    stage::party(&mut snapshot).session = stage::session("squad", "Sunday squad", &all);
    let mut stage = Stage::sized(snapshot, 720.0, 480.0);
    let links = (0..15).map(|n| link(OtherEnd::Member(AccountId(100 + n)))).collect();
    stage.report(VoiceReport { links, ..VoiceReport::default() });
    stage.window.get_by_label("Connection").click();
    settle(&mut stage);
    let window = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(720.0, 480.0));
    let rows: Vec<_> = stage.window.query_all_by_label_contains("38 ms · 0.4 % lost").collect();
    assert_eq!(rows.len(), 15);
    assert!(rows.iter().all(|row| window.x_range().contains(row.rect().right())));
}

fn voice_settings() -> Stage {
    let mut stage = Stage::sized(stage::home(), 1280.0, 2400.0);
    stage.click("Settings");
    stage.commands();
    stage
}

#[test]
fn what_is_done_to_the_voice_is_switched_one_by_one() {
    let mut stage = voice_settings();
    stage.click("Remove noise");
    let wanted = Processing { noise_suppression: false, ..Processing::default() };
    assert_eq!(settings(&stage.commands()).processing, wanted);
    stage.click("Everybody about equally loud");
    assert!(!settings(&stage.commands()).level_voices);
}

#[test]
fn voice_activation_shows_its_thresholds() {
    let mut stage = voice_settings();
    assert!(!stage.shows("Speech begins at"));
    stage.click("Voice activation");
    assert_eq!(settings(&stage.commands()).talk_mode, TalkMode::VoiceActivation);
    stage.publish(|snapshot| snapshot.settings.talk_mode = TalkMode::VoiceActivation);
    assert!(stage.shows("−38 dB") && stage.shows("−44 dB") && stage.shows("300 ms"));
    stage.window.get_by_role_and_label(Role::Slider, "Speech begins at").focus();
    stage.press(egui::Key::ArrowRight);
    let wanted = Activation { open_at: -37.0, ..Activation::default() };
    assert_eq!(settings(&stage.commands()).activation, wanted);
}

#[test]
fn a_bluetooth_microphone_in_use_is_warned_of() {
    let mut stage = voice_settings();
    assert!(!stage.shows("sound like a telephone"));
    stage.publish(|snapshot| snapshot.sound.microphones[0].is_bluetooth = true);
    assert!(stage.shows("sound like a telephone"), "it is what the system uses");
    stage.publish(|snapshot| snapshot.settings.microphone = DeviceChoice::Device("another".into()));
    assert!(!stage.shows("sound like a telephone"));
}

#[test]
fn a_device_that_does_not_open_says_why() {
    let mut stage = voice_settings();
    for (trouble, words) in [
        (DeviceTrouble::None, "There is no microphone."),
        (DeviceTrouble::Busy, "Another program holds the microphone."),
        (DeviceTrouble::NotPermitted, "Partyline may not use the microphone."),
        (DeviceTrouble::Broken, "The microphone does not open."),
    ] {
        stage.publish(|snapshot| snapshot.sound.microphone = DeviceState::Missing(trouble));
        assert!(stage.shows(words), "{words}");
    }
    let opened = |refused| DeviceState::Open { name: "Webcam".into(), refused };
    stage.publish(|snapshot| snapshot.sound.microphone = opened(Some(DeviceTrouble::Busy)));
    assert!(stage.shows("Another program holds your microphone. Using Webcam for now."));
    stage.publish(|snapshot| snapshot.sound.microphone = opened(None));
    assert!(!stage.shows("Using Webcam"));
}

#[test]
fn the_party_is_played_elsewhere_as_well_by_choice() {
    let mut stage = voice_settings();
    stage.click_last("Party output");
    stage.click("USB headset");
    let commands = stage.commands();
    assert_eq!(settings(&commands).party_output, Some(DeviceChoice::Device("a".into())));
    stage.publish(|snapshot| snapshot.settings.party_output = Some(DeviceChoice::Device("a".into())));
    stage.click_last("Party output");
    stage.click("Nowhere else");
    assert_eq!(settings(&stage.commands()).party_output, None);
}

#[test]
fn recordings_have_a_format_and_a_folder() {
    let mut stage = voice_settings();
    stage.click("WAV");
    assert_eq!(settings(&stage.commands()).recording_format, RecordingFormat::Wav);
    stage.type_into("Folder for recordings", " /music/parties ");
    stage.click("Use it");
    assert_eq!(settings(&stage.commands()).recording_folder.as_deref(), Some("/music/parties".as_ref()));
    stage.publish(|snapshot| snapshot.settings.recording_folder = Some("/music/parties".into()));
    assert!(stage.shows("Recordings go to /music/parties."));
    stage.click("Use the folder for music");
    assert_eq!(settings(&stage.commands()).recording_folder, None);
}

#[test]
fn the_frame_time_is_a_choice_of_three() {
    let mut stage = voice_settings();
    assert_eq!(stage.window.get_by_label("Balanced").accesskit_node().toggled(), Some(Toggled::True));
    stage.click("Sooner");
    assert_eq!(settings(&stage.commands()).frame_millis, 10);
}

#[test]
fn stun_servers_are_checked_before_they_count() {
    let mut stage = Stage::sized(stage::home(), 1280.0, 1400.0);
    stage.click("Settings");
    stage.click("Connection");
    stage.commands();
    assert!(stage.shows("The sandbox does not use them."));
    stage.type_into("Another STUN server", "stun.example.org");
    assert!(!stage.is_enabled("Add the server"));
    assert!(stage.shows("a colon and a port"));
    stage.type_into("Another STUN server", ":3478");
    stage.click("Add the server");
    let usual = Settings::default().stun_servers;
    let with = [&usual[..], &["stun.example.org:3478".to_owned()]].concat();
    assert_eq!(settings(&stage.commands()).stun_servers, with);

    stage.click(&format!("Remove {}", usual[0]));
    assert_eq!(settings(&stage.commands()).stun_servers, usual[1..]);
    stage.publish(|snapshot| snapshot.settings.stun_servers = Vec::new());
    assert!(stage.shows("There is none"));
    stage.click("Use the usual ones");
    assert_eq!(settings(&stage.commands()).stun_servers, usual);
}

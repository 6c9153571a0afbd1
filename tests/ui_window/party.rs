//! In a party: who speaks, and the controls of one's own voice.

use std::{sync::atomic::Ordering, time::Duration};

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use partyline::{
    client::{Command, PartyState, Place, ProblemKind, VoiceStatus},
    model::{AccountId, Decibels, Privacy, Settings, TalkMode},
};

use crate::stage::{self, NOVA, ODALYS, Stage, problem, signed_in};

#[test]
fn members_show_what_they_do() {
    let mut stage = Stage::new(stage::in_party());
    assert!(stage.shows("marlow_87, host, You · quiet"));
    assert!(stage.shows("Nova, PS5 · quiet"));
    stage.meters.set_speakers([(AccountId(NOVA), Decibels(-20.0))]);
    stage.meters.live.store(true, Ordering::Relaxed);
    stage.publish(|snapshot| {
        let members = &mut stage::party(snapshot).session.members;
        members[2].connected_to = None;
    });
    assert!(stage.shows("Nova, PS5 · talking"));
    assert!(stage.shows("marlow_87, host, You · talking"));
    assert!(stage.shows("tidewalker, Connecting…"));
    assert!(stage.shows("LIVE"));
}

#[test]
fn the_header_counts_and_times() {
    let mut stage = Stage::new(stage::in_party());
    stage.meters.rtt_tenths.store(384, Ordering::Relaxed);
    stage.window.run();
    assert!(stage.shows("3 of 16 · Invite only · voice connected, 38 ms"));
}

#[test]
fn the_bar_mutes_deafens_changes_mode_and_leaves() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("Mute");
    stage.click("Deafen");
    stage.click("Talk mode: Push-to-talk");
    stage.click("Open microphone");
    stage.click("Leave");
    let settings = Settings { talk_mode: TalkMode::OpenMicrophone, ..Settings::default() };
    assert_eq!(
        stage.commands(),
        [
            Command::SetMuted(true),
            Command::SetDeafened(true),
            Command::ChangeSettings(Box::new(settings)),
            Command::LeaveParty
        ]
    );
}

#[test]
fn what_is_on_can_be_turned_off_again() {
    let mut snapshot = stage::in_party();
    stage::party(&mut snapshot).talk.muted = true;
    stage::party(&mut snapshot).talk.deafened = true;
    let mut stage = Stage::new(snapshot);
    stage.click("Unmute");
    stage.click("Undeafen");
    assert_eq!(stage.commands(), [Command::SetMuted(false), Command::SetDeafened(false)]);
}

#[test]
fn shortcuts_work_on_every_page() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("Settings");
    stage.commands();
    stage.window.key_press_modifiers(Modifiers::COMMAND, Key::M);
    stage.window.key_press_modifiers(Modifiers::COMMAND, Key::D);
    stage.window.run();
    assert_eq!(stage.commands(), [Command::SetMuted(true), Command::SetDeafened(true)]);
}

#[test]
fn friends_are_invited_one_by_one() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("Invite a friend");
    assert_eq!(stage.window.get_all_by_label("In the party").count(), 2);
    stage.click("Invite Odalys");
    stage.click("Done");
    assert_eq!(stage.commands(), [Command::Invite(vec![AccountId(ODALYS)])]);
}

#[test]
fn the_party_is_renamed_and_opened() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("More");
    stage.click("Friends can join");
    stage.click("More");
    stage.click("Rename the party");
    stage.window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    stage.window.event(egui::Event::Text("Late shift".into()));
    stage.window.key_press(Key::Enter);
    stage.window.run();
    assert_eq!(
        stage.commands(),
        [Command::SetPrivacy(Privacy::FriendsCanJoin), Command::RenameParty("Late shift".into())]
    );
}

#[test]
fn the_page_turns_when_a_party_is_joined_or_left() {
    let mut stage = Stage::new(stage::home());
    assert!(stage.shows("Invitations") || stage.shows("INVITATIONS"));
    stage.publish(stage::join);
    assert!(stage.shows("Nova, PS5 · quiet"));
    stage.publish(|snapshot| signed_in(snapshot).party = PartyState::None);
    assert!(stage.window.query_by_label("Start a party").is_some());
    assert!(!stage.shows("Off air"));
}

#[test]
fn the_bar_stays_on_other_pages_and_the_party_is_one_press_away() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("All parties");
    assert!(stage.window.query_by_label("Mute").is_some());
    stage.click("Show");
    assert!(stage.shows("Nova, PS5 · quiet"));
}

#[test]
fn voice_that_failed_says_why_and_can_be_tried_again() {
    let mut snapshot = stage::in_party();
    stage::party(&mut snapshot).voice = VoiceStatus::Failed;
    snapshot.problems.push(problem(ProblemKind::VoiceUnreachable, Place::Voice));
    let mut stage = Stage::new(snapshot);
    assert!(stage.shows("Voice did not connect."));
    stage.click("Try again");
    assert_eq!(stage.commands(), [Command::RetryVoice]);
    // Dismissed, the way back stays.
    stage.publish(|snapshot| snapshot.problems.clear());
    stage.click("Try again");
    assert_eq!(stage.commands(), [Command::RetryVoice]);
}

#[test]
fn connecting_moves_slowly_and_stands_still_once_it_is_done() {
    let mut snapshot = stage::in_party();
    stage::party(&mut snapshot).voice = VoiceStatus::Connecting;
    let mut stage = Stage::new(snapshot);
    let delay = stage.repaint_delay();
    assert!(delay >= Duration::from_millis(50) && delay <= Duration::from_millis(150), "{delay:?}");
    stage.publish(|snapshot| stage::party(snapshot).voice = VoiceStatus::Connected);
    assert_eq!(stage.repaint_delay(), Duration::MAX);
}

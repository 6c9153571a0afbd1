//! In a party: who speaks, and the controls of one's own voice.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::kittest::{NodeT, Queryable};
use partyline::{
    client::{Command, MemberReach, PartyState, Place, ProblemKind, VoiceStatus},
    model::{AccountId, Decibels, Privacy, Settings, TalkMode},
};

use crate::stage::{self, NOVA, ODALYS, Stage, TIDEWALKER, arrived, friend, heard, problem, signed_in};

#[test]
fn members_show_what_they_do() {
    let mut stage = Stage::new(stage::in_party());
    assert!(stage.shows("marlow_87, host, You · quiet"));
    assert!(stage.shows("Nova, PS5 · quiet"));
    stage.meters.set_speakers([(AccountId(NOVA), Decibels(-20.0))]);
    stage.meters.live.store(true, Ordering::Relaxed);
    stage.publish(|snapshot| {
        let members = Arc::make_mut(&mut stage::party(snapshot).members);
        members.insert(AccountId(TIDEWALKER), heard(MemberReach::Connecting));
    });
    assert!(stage.shows("Nova, PS5 · talking"));
    assert!(stage.shows("marlow_87, host, You · talking"));
    assert!(stage.shows("tidewalker, PS5, Connecting…"));
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
fn friends_are_invited_several_at_once() {
    let mut snapshot = stage::in_party();
    signed_in(&mut snapshot).friends = arrived(Arc::new(vec![
        friend(NOVA, "Nova", None),
        friend(ODALYS, "Odalys", None),
        friend(15, "bramble", None),
        friend(16, "Pell", None),
    ]));
    stage::party(&mut snapshot).invited.push(AccountId(16));
    let mut stage = Stage::new(snapshot);
    stage.click("Invite a friend");
    assert!(stage.shows("Nova, In the party") && stage.shows("Pell, Invited"));
    stage.click("Odalys");
    stage.click("bramble");
    stage.click("Invite 2");
    assert_eq!(stage.commands(), [Command::Invite(vec![AccountId(ODALYS), AccountId(15)])]);
    assert!(!stage.shows("Search friends to invite"));
}

#[test]
fn who_came_in_meanwhile_is_not_invited_again() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("Invite a friend");
    stage.click("Odalys");
    stage.publish(|snapshot| stage::party(snapshot).invited.push(AccountId(ODALYS)));
    assert!(stage.shows("Odalys, Invited"));
    assert!(
        stage.window.get_all_by_label("Invite").last().expect("the dialog's").accesskit_node().is_disabled()
    );
}

#[test]
fn more_guests_than_places_are_pointed_out() {
    let mut snapshot = stage::in_party();
    stage::party(&mut snapshot).session.max_members = 3;
    let mut stage = Stage::new(snapshot);
    stage.click("Invite");
    stage.click("Odalys");
    assert!(stage.shows("The party is full. They can join when somebody leaves."));
}

#[test]
fn two_thousand_friends_cost_what_is_seen_of_them() {
    let painted = |count: u64| {
        let mut snapshot = stage::in_party();
        let many = (0..count).map(|i| friend(1000 + i, &format!("friend_{i:04}"), None)).collect();
        signed_in(&mut snapshot).friends = arrived(Arc::new(many));
        let mut stage = Stage::new(snapshot);
        stage.click("Invite");
        stage.window.event(egui::Event::Text("friend".into()));
        stage.window.run();
        stage
            .window
            .root()
            .children_recursive()
            .filter(|n| n.accesskit_node().role() == Role::CheckBox)
            .count()
    };
    let (screenful, endless) = (painted(20), painted(2000));
    assert!((5..20).contains(&screenful) && endless == screenful, "{endless} rows against {screenful}");
}

#[test]
fn the_party_is_renamed_where_its_name_stands() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("More");
    stage.click("Friends can join");
    stage.click("More");
    stage.click("Rename the party");
    stage.window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    stage.window.event(egui::Event::Text("Late shift".into()));
    stage.press(Key::Enter);
    assert_eq!(
        stage.commands(),
        [Command::SetPrivacy(Privacy::FriendsCanJoin), Command::RenameParty("Late shift".into())]
    );
    assert!(stage.window.query_by_label("Name of the party").is_none());
}

#[test]
fn a_new_name_can_be_thought_better_of() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("Sunday squad");
    assert_eq!(stage.value("Name of the party"), "Sunday squad");
    stage.window.event(egui::Event::Text("!".into()));
    stage.press(Key::Escape);
    assert!(stage.shows("Sunday squad") && stage.window.query_by_label("Name of the party").is_none());
    assert_eq!(stage.commands(), []);
}

#[test]
fn the_places_change_between_who_is_there_and_sixteen() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("More");
    stage.click("Change the places");
    assert!(!stage.is_enabled("Change it") && !stage.is_enabled("One place more"));
    for _ in 0..20 {
        if stage.is_enabled("One place less") {
            stage.click("One place less");
        }
    }
    stage.click("Change it");
    assert_eq!(stage.commands(), [Command::SetLimit(3)]);
}

#[test]
fn a_member_is_met_written_to_and_asked_to_be_a_friend() {
    let mut snapshot = stage::in_party();
    let members = &mut stage::party(&mut snapshot).session.members;
    members[2].account = AccountId(77);
    let mut stage = Stage::new(snapshot);
    for item in ["Show the card", "Write a message", "Ask to be friends"] {
        stage.click("tidewalker, PS5, Connecting…");
        stage.click(item);
    }
    assert_eq!(
        stage.commands(),
        [
            Command::OpenCard(AccountId(77)),
            Command::OpenChatWith(vec![AccountId(77)]),
            Command::AskFriendById(AccountId(77))
        ]
    );
    stage.publish(|snapshot| signed_in(snapshot).people.asked = Arc::new([AccountId(77)].into()));
    stage.click("tidewalker, PS5, Connecting…");
    assert!(!stage.is_enabled("Request sent"));
    assert!(stage.window.query_by_label("Ask to be friends").is_none());
}

#[test]
fn a_friend_is_not_asked_to_be_one() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("Nova, PS5 · quiet, Direct");
    assert!(stage.window.query_by_label("Write a message").is_some());
    assert!(stage.window.query_by_label("Ask to be friends").is_none());
}

#[test]
fn the_host_removes_somebody_after_a_second_thought() {
    let mut stage = Stage::new(stage::in_party());
    for answer in ["Cancel", "Remove"] {
        stage.click("Nova, PS5 · quiet, Direct");
        stage.click("Remove from the party");
        assert!(stage.shows("Remove Nova from the party?"));
        stage.click(answer);
    }
    assert_eq!(stage.commands(), [Command::RemoveMember(AccountId(NOVA))]);
}

#[test]
fn what_the_service_refused_is_not_offered_again() {
    let mut snapshot = stage::in_party();
    stage::party(&mut snapshot).may_remove = false;
    let mut stage = Stage::new(snapshot);
    stage.click("Nova, PS5 · quiet, Direct");
    assert!(stage.shows("Show the card") && !stage.shows("Remove from the party"));
}

#[test]
fn who_is_not_the_host_is_not_offered_to_remove_and_may_block() {
    let mut snapshot = stage::in_party();
    stage::party(&mut snapshot).session.owner = Some(AccountId(NOVA));
    let mut stage = Stage::new(snapshot);
    stage.click("Nova, host, PS5 · quiet, Direct");
    assert!(stage.window.query_by_label("Remove from the party").is_none());
    stage.press(Key::Escape);
    stage.click("More");
    for decided_by_host in ["Rename the party", "Change the places", "Friends can join"] {
        assert!(!stage.is_enabled(decided_by_host), "{decided_by_host}");
    }
    stage.press(Key::Escape);
    stage.click("Nova, host, PS5 · quiet, Direct");
    stage.click("Block");
    assert!(stage.shows("Block Nova?"));
    stage.click("Block");
    assert_eq!(stage.commands(), [Command::Block(AccountId(NOVA))]);
}

#[test]
fn a_question_about_somebody_who_left_is_over() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("Nova, PS5 · quiet, Direct");
    stage.click("Remove from the party");
    stage.publish(|snapshot| stage::party(snapshot).session.members.retain(|m| m.account != AccountId(NOVA)));
    assert!(!stage.shows("Remove Nova from the party?"));
}

#[test]
fn the_partys_messages_are_one_press_away_where_it_has_any() {
    let mut stage = Stage::new(stage::in_party());
    assert!(stage.window.query_by_label("Party chat").is_none());
    stage.publish(|snapshot| stage::party(snapshot).chat = Some("group".into()));
    stage.click("Party chat");
    assert_eq!(stage.commands(), [Command::OpenChat("group".into())]);
}

#[test]
fn whoever_was_asked_and_is_no_friend_is_shown_by_what_is_known() {
    let mut snapshot = stage::in_party();
    stage::party(&mut snapshot).invited = vec![AccountId(ODALYS), AccountId(404)];
    let stage = Stage::new(snapshot);
    assert!(stage.shows("Odalys, invited") && stage.shows("Somebody, invited"));
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

#[test]
fn escape_leaves_the_page_and_not_from_a_field() {
    let mut stage = Stage::new(stage::in_party());
    stage.type_into("Search friends", "nova");
    stage.press(Key::Escape);
    assert!(stage.shows("All parties"), "it left the field");
    stage.press(Key::Escape);
    assert!(!stage.shows("All parties"));
}

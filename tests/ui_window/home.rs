//! Friends, invitations, and starting a party.

use std::sync::Arc;

use egui_kittest::kittest::Queryable;
use partyline::{
    client::{Command, PartyState, Place, ProblemKind},
    model::{AccountId, Privacy},
};

use crate::stage::{self, NOVA, ODALYS, Stage, arrived, friend, problem, signed_in};

#[test]
fn an_invitation_can_be_taken_or_put_off() {
    let mut stage = Stage::new(stage::home());
    assert!(stage.shows("Nova invites you to “Sunday squad”"));
    stage.click("Join Nova");
    stage.click("Not now, Nova");
    assert_eq!(
        stage.commands(),
        [Command::JoinParty("squad".into()), Command::DismissInvitation("squad".into())]
    );
}

#[test]
fn a_friends_party_can_be_joined_from_the_page_and_from_the_friend() {
    let mut stage = Stage::new(stage::home());
    stage.click("Join Harbor night");
    stage.click("tidewalker, Deep Harbor · PS5, in Harbor night");
    let in_menu = stage.window.get_all_by_label("Join Harbor night").last().expect("a menu row");
    in_menu.click();
    stage.window.run();
    assert_eq!(stage.commands(), [Command::JoinParty("harbor".into()), Command::JoinParty("harbor".into())]);
}

#[test]
fn a_party_is_started_with_a_name_a_privacy_and_guests() {
    let mut stage = Stage::new(stage::home());
    stage.click("Start a party");
    // The name has the focus at once.
    stage.window.event(egui::Event::Text("  Race night ".into()));
    stage.window.run();
    stage.click("Friends can join");
    stage.click("Odalys");
    stage.click("Nova");
    stage.click("Odalys");
    stage.click("Start and invite 1");
    let name = "Race night".to_owned();
    let invite = vec![AccountId(NOVA)];
    assert_eq!(
        stage.commands(),
        [Command::StartParty { name, privacy: Privacy::FriendsCanJoin, limit: 16, invite }]
    );
    assert!(!stage.shows("Name, if you like"));
}

#[test]
fn escape_closes_a_dialog_and_nothing_happens() {
    let mut stage = Stage::new(stage::home());
    stage.click("Odalys, Online · PS5");
    stage.click("Start a party together");
    assert!(stage.shows("Start and invite 1"));
    stage.window.key_press(egui::Key::Escape);
    stage.window.run();
    assert!(!stage.shows("Start and invite 1"));
    assert_eq!(stage.commands(), []);
}

#[test]
fn the_search_narrows_the_list() {
    let mut stage = Stage::new(stage::home());
    stage.window.get_by_label("Search friends").click();
    stage.window.run();
    stage.window.event(egui::Event::Text("oda".into()));
    stage.window.run();
    assert!(stage.shows("Odalys, Online"));
    assert!(!stage.shows("Nova, Astro Rally"));
}

#[test]
fn empty_lists_say_what_would_be_there() {
    let mut snapshot = stage::home();
    let signed_in = signed_in(&mut snapshot);
    signed_in.friends = arrived(Default::default());
    signed_in.parties = arrived(Default::default());
    signed_in.invitations = Default::default();
    let stage = Stage::new(snapshot);
    assert!(stage.shows("No friends yet."));
    assert!(stage.shows("No parties right now"));
}

#[test]
fn joining_can_be_given_up() {
    let mut snapshot = stage::home();
    signed_in(&mut snapshot).party = PartyState::Joining;
    let mut stage = Stage::new(snapshot);
    assert!(stage.window.query_by_label("Start a party").is_none());
    stage.click("Cancel");
    assert_eq!(stage.commands(), [Command::LeaveParty]);
}

#[test]
fn friends_that_did_not_load_can_be_asked_for_again_in_any_width() {
    for width in [1280.0, 720.0] {
        let mut snapshot = stage::home();
        snapshot.problems.push(problem(ProblemKind::FriendsNotLoaded, Place::Friends));
        let mut stage = Stage::sized(snapshot, width, 600.0);
        stage.click("Try again");
        stage.click("Dismiss");
        assert_eq!(stage.commands(), [Command::Refresh, Command::DismissProblem(7)], "at {width}");
    }
}

#[test]
fn a_friend_is_invited_from_the_list_once() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("Odalys, Online · PS5");
    stage.click("Invite to the party");
    assert_eq!(stage.commands(), [Command::Invite(vec![AccountId(ODALYS)])]);
    stage.publish(|snapshot| stage::party(snapshot).invited.push(AccountId(ODALYS)));
    stage.click("Odalys, Online · PS5");
    stage.click("Invited");
    assert_eq!(stage.commands(), []);
}

#[test]
fn a_long_list_costs_what_is_seen_of_it() {
    let painted = |count: u64| {
        let mut snapshot = stage::home();
        let many: Vec<_> = (0..count).map(|i| friend(1000 + i, &format!("friend_{i:04}"), None)).collect();
        signed_in(&mut snapshot).friends = arrived(Arc::new(many));
        Stage::new(snapshot).window.output().shapes.len()
    };
    let (screenful, endless) = (painted(20), painted(2000));
    assert!(endless < screenful + 20, "{endless} shapes against {screenful}");
}

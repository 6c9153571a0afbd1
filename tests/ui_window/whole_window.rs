//! What holds for the window as a whole: it rests, it fits, it can be worked without a mouse.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use egui::{Key, Rect, pos2};
use egui_kittest::kittest::{NodeT, Queryable};
use partyline::{
    client::{Notice, Place, ProblemKind, Stay, WayBack},
    model::SchemeStatus,
};

use crate::stage::{self, Stage, arrived, friend, problem, session, signed_in};

#[test]
fn no_frame_is_asked_for_while_nothing_changes() {
    let mut ended = stage::in_party();
    signed_in(&mut ended).stay = Stay::Ended;
    signed_in(&mut ended).sign_in = Some(stage::under_way(WayBack::Scheme));
    for snapshot in [
        stage::first_run(),
        stage::signed_out(),
        stage::ready_to_sign_in(),
        stage::waiting(WayBack::Scheme, SchemeStatus::NotRegistered),
        stage::home(),
        stage::in_party(),
        ended,
    ] {
        let mut stage = Stage::new(snapshot);
        stage.window.run();
        assert_eq!(stage.repaint_delay(), Duration::MAX);
    }
}

#[test]
fn a_list_on_its_way_costs_no_frames_either() {
    let mut snapshot = stage::home();
    let signed_in = signed_in(&mut snapshot);
    signed_in.friends = partyline::client::Fetched { value: None, fetching: true };
    signed_in.parties = partyline::client::Fetched { value: None, fetching: true };
    let stage = Stage::new(snapshot);
    assert_eq!(stage.repaint_delay(), Duration::MAX);
}

#[test]
fn a_toast_goes_by_itself_with_a_single_frame() {
    let mut stage = Stage::new(stage::in_party());
    stage.notify(Notice::MemberJoined("bramble".into()));
    assert!(stage.shows("bramble joined the party"));
    let delay = stage.repaint_delay();
    assert!(delay > Duration::from_secs(3) && delay <= Duration::from_secs(4), "{delay:?}");
    stage.later(4.1);
    assert!(!stage.shows("bramble joined the party"));
    assert_eq!(stage.repaint_delay(), Duration::MAX);
}

#[test]
fn everything_fits_into_a_small_window() {
    for (width, height) in [(720.0, 480.0), (480.0, 360.0)] {
        let window = Rect::from_min_max(pos2(0.0, 0.0), pos2(width, height));
        let stage = Stage::sized(stage::in_party(), width, height);
        for label in [
            "Mute",
            "Deafen",
            "Talk mode: Push-to-talk",
            "Leave",
            "Invite",
            "More",
            "All parties",
            "Settings",
        ] {
            let rect = stage.window.get_by_label(label).rect();
            assert!(window.contains_rect(rect), "{label} at {rect:?} in {width} by {height}");
        }
    }
}

#[test]
fn a_dialog_keeps_its_buttons_in_a_small_window() {
    let mut snapshot = stage::home();
    let many: Vec<_> = (0..60).map(|i| friend(100 + i, &format!("friend_{i}"), None)).collect();
    signed_in(&mut snapshot).friends = arrived(Arc::new(many));
    let mut stage = Stage::sized(snapshot, 720.0, 480.0);
    stage.click("Start a party");
    let window = Rect::from_min_max(pos2(0.0, 0.0), pos2(720.0, 480.0));
    let start = stage.window.get_all_by_label("Start a party").last().expect("the dialog's own").rect();
    let cancel = stage.window.get_by_label("Cancel").rect();
    assert!(window.contains_rect(start) && window.contains_rect(cancel), "{start:?} {cancel:?}");
}

#[test]
fn the_keyboard_reaches_everything() {
    let mut stage = Stage::new(stage::in_party());
    let mut reached = BTreeSet::new();
    for _ in 0..40 {
        stage.window.key_press(Key::Tab);
        stage.window.run();
        let focused = stage.window.root().children_recursive().find(|node| node.is_focused());
        reached.extend(focused.and_then(|node| node.accesskit_node().label()));
    }
    for label in [
        "Settings",
        "Search friends",
        "Nova, Astro Rally · PS5, in Sunday squad",
        "All parties",
        "Invite",
        "More",
        "Invite a friend",
        "Mute",
        "Deafen",
        "Talk mode: Push-to-talk",
        "Leave",
    ] {
        assert!(reached.contains(label), "{label} is not among {reached:?}");
    }
}

#[test]
fn signing_in_needs_no_mouse_either() {
    let mut snapshot = stage::waiting(WayBack::Scheme, SchemeStatus::NotRegistered);
    snapshot.problems.push(problem(ProblemKind::NotARedirect, Place::SignIn));
    let mut stage = Stage::new(snapshot);
    let mut reached = Vec::new();
    for _ in 0..12 {
        stage.press(Key::Tab);
        let focused = stage.window.root().children_recursive().find(|node| node.is_focused());
        reached.extend(focused.and_then(|node| node.accesskit_node().label()));
    }
    let order = ["Copy the link", "Open again", "Let it come back", "Address or code", "Cancel"];
    let places: Vec<_> = order.iter().map(|label| reached.iter().position(|r| r == label)).collect();
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "{reached:?}");
}

#[test]
fn a_long_list_follows_the_keyboard() {
    let mut snapshot = stage::home();
    let many: Vec<_> = (0..60).map(|i| friend(100 + i, &format!("friend_{i:02}"), None)).collect();
    signed_in(&mut snapshot).friends = arrived(Arc::new(many));
    let mut stage = Stage::new(snapshot);
    for _ in 0..45 {
        stage.window.key_press(Key::Tab);
        stage.window.run();
    }
    let focused = stage.window.root().children_recursive().find(|node| node.is_focused()).expect("a focus");
    let label = focused.accesskit_node().label().unwrap_or_default();
    assert!(label.starts_with("friend_"), "{label}");
    let rect = focused.rect();
    assert!(rect.top() > 100.0 && rect.bottom() <= 800.0, "{label} at {rect:?}");
}

#[test]
fn hostile_names_are_shown_harmless() {
    let hostile = format!("evil\n\u{202e}\u{7}{}", "x".repeat(10_000));
    let mut snapshot = stage::in_party();
    let inside = signed_in(&mut snapshot);
    inside.me.online_id = hostile.as_str().into();
    inside.friends = arrived(Arc::new(vec![friend(2, &hostile, Some(&hostile))]));
    inside.parties = arrived(Arc::new(vec![session("other", &hostile, &[(2, &hostile)])]));
    stage::party(&mut snapshot).session = session("squad", &hostile, &[(1, &hostile), (2, &hostile)]);
    let mut stage = Stage::sized(snapshot, 720.0, 480.0);
    stage.notify(Notice::MemberJoined(hostile.as_str().into()));
    stage.click("All parties");
    let labels: Vec<String> =
        stage.window.root().children_recursive().filter_map(|node| node.accesskit_node().label()).collect();
    assert!(labels.iter().any(|label| label.starts_with("evil x")));
    for label in labels {
        assert!(!label.contains(['\u{202e}', '\u{7}']) && label.chars().count() < 500, "{label:?}");
    }
}

#[test]
fn details_of_a_problem_can_be_seen_and_copied() {
    let mut snapshot = stage::home();
    snapshot.problems.push(problem(ProblemKind::ServiceTrouble, Place::Window));
    let mut stage = Stage::new(snapshot);
    stage.click("Details");
    assert!(stage.shows("POST /bridges: 503"));
    stage.click_once("Copy");
    let commands = &stage.window.output().platform_output.commands;
    assert!(
        matches!(commands.as_slice(), [egui::OutputCommand::CopyText(text)] if text == "POST /bridges: 503")
    );
}

#[test]
fn text_from_right_to_left_is_painted_in_order_and_read_out_as_written() {
    let mut snapshot = stage::in_party();
    stage::party(&mut snapshot).session.name = "שלום עולם".to_owned();
    let stage = Stage::new(snapshot);
    assert!(stage.count("שלום עולם") > 0);
    let painted = format!("{:?}", stage.window.output().shapes);
    assert!(painted.contains("עולם שלום"));
    assert!(!painted.contains("שלום עולם"), "nowhere as written");
}

#[test]
fn another_account_finds_nothing_of_what_was_typed_before() {
    let mut stage = Stage::new(stage::home());
    stage.type_into("Search friends", "nova");
    assert_eq!(stage.value("Search friends"), "nova");
    stage.publish(|snapshot| signed_in(snapshot).me.account = partyline::model::AccountId(2));
    assert_eq!(stage.value("Search friends"), "");
}

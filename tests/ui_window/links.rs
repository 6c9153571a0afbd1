//! A link to a party: pasted or handed over, looked into, gone through.

use std::{sync::Arc, time::Duration};

use egui::{Key, OutputCommand};
use egui_kittest::kittest::Queryable;
use partyline::{
    client::{Command, LinkState, Linked, Notice, Place, ProblemKind},
    model::{AccountId, LinkMember, LinkPreview, PartyLink, Platform},
};

use crate::stage::{self, NOVA, Stage, problem, session, signed_in};

const ADDRESS: &str = "https://party.playstation.com/ASNFZ4mrTe-BI0VniavN7w";

fn link() -> PartyLink {
    ADDRESS.parse().expect("a link")
}

/// With Nova as the host, and strangers.
fn preview(inside: usize) -> LinkPreview {
    let member = |i| LinkMember {
        known: (i == 0).then(|| (AccountId(NOVA), "Nova".into())),
        platform: Platform::Ps5,
        is_host: i == 0,
    };
    LinkPreview {
        session: "race".into(),
        name: "Race night".into(),
        is_joinable: true,
        joinable_from: vec![Platform::Ps5, Platform::Mobile],
        poll_every: Duration::from_secs(5),
        max_members: 4,
        started: None,
        image: None,
        is_inside: false,
        members: (0..inside).map(member).collect(),
    }
}

fn found(party: LinkPreview) -> Linked {
    Linked::Found { link: link(), party: Box::new(party) }
}

fn showing(linked: Linked) -> Stage {
    let mut snapshot = stage::home();
    signed_in(&mut snapshot).linked = Some(linked);
    Stage::new(snapshot)
}

#[test]
fn a_link_is_pasted_with_its_address_or_without() {
    for text in [ADDRESS, " ASNFZ4mrTe-BI0VniavN7w "] {
        let mut stage = Stage::new(stage::home());
        stage.click("Join by link");
        // The field has the focus at once.
        stage.window.event(egui::Event::Text(text.into()));
        stage.press(Key::Enter);
        assert_eq!(stage.commands(), [Command::PreviewLink(link())], "{text}");
        assert!(!stage.shows("Paste the link"));
    }
}

#[test]
fn what_is_no_link_is_said_so_and_stays_to_be_mended() {
    let mut stage = Stage::new(stage::home());
    stage.click("Join by link");
    assert!(!stage.is_enabled("Look inside"));
    stage.window.event(egui::Event::Text("https://example.invalid/party".into()));
    stage.window.run();
    stage.click("Look inside");
    assert!(stage.shows("That is no link to a party."));
    assert_eq!(stage.value("Link to a party"), "https://example.invalid/party");
    stage.type_into("Link to a party", "x");
    assert!(!stage.shows("That is no link to a party."));
    assert_eq!(stage.commands(), []);
}

#[test]
fn one_sees_who_is_there_and_joins() {
    let mut stage = showing(found(preview(3)));
    for text in ["Race night", "3 of 4 · join from PS5, Phone", "host · PS5"] {
        assert!(stage.shows(text), "{text}");
    }
    assert_eq!(stage.count("Somebody"), 2);
    stage.click("Join");
    assert_eq!(stage.commands(), [Command::JoinByLink(link()), Command::ClosePreview]);
}

#[test]
fn a_door_that_is_shut_says_why() {
    let closed = LinkPreview { is_joinable: false, ..preview(1) };
    let consoles = LinkPreview { joinable_from: vec![Platform::Ps5], ..preview(1) };
    let inside = LinkPreview { is_inside: true, ..preview(1) };
    for (party, why, button) in [
        (preview(4), "It is full.", "Join"),
        (closed, "It lets nobody in by this link now.", "Join"),
        (consoles, "It lets nobody in from here", "Join"),
        (inside, "You are in this party already.", "Bring it here"),
    ] {
        let mut stage = showing(found(party));
        assert!(stage.shows(why), "{why}");
        assert!(!stage.is_enabled(button), "{why}");
        stage.click("Close");
        assert_eq!(stage.commands(), [Command::ClosePreview]);
    }
}

#[test]
fn a_door_that_opens_can_be_gone_through() {
    let mut stage = showing(found(LinkPreview { is_joinable: false, ..preview(1) }));
    assert!(!stage.is_enabled("Join"));
    stage.publish(|snapshot| signed_in(snapshot).linked = Some(found(preview(1))));
    assert!(stage.is_enabled("Join"));
}

#[test]
fn joining_from_within_a_party_says_what_is_left() {
    let mut snapshot = stage::in_party();
    signed_in(&mut snapshot).linked = Some(found(preview(2)));
    let mut stage = Stage::new(snapshot);
    assert!(stage.shows("Joining another party leaves “Sunday squad”. The others stay in it."));
    stage.click("Leave and join");
    assert_eq!(stage.commands(), [Command::JoinByLink(link()), Command::ClosePreview]);
}

#[test]
fn the_party_one_is_in_is_shown_instead_of_joined() {
    let mut snapshot = stage::in_party();
    let ours = LinkPreview { session: "squad".into(), ..preview(3) };
    signed_in(&mut snapshot).linked = Some(found(ours));
    let mut stage = Stage::new(snapshot);
    stage.click("Show");
    assert_eq!(stage.commands(), [Command::ClosePreview]);
}

#[test]
fn a_link_to_nothing_can_be_tried_again_or_left() {
    let mut snapshot = stage::home();
    signed_in(&mut snapshot).linked = Some(Linked::NotFound(link()));
    snapshot.problems.push(problem(ProblemKind::ServiceUnreachable, Place::Parties));
    let mut stage = Stage::new(snapshot);
    assert_eq!(stage.count("The service does not answer."), 2, "on the page and in the dialog");
    stage.click_last("Try again");
    stage.press(Key::Escape);
    assert_eq!(stage.commands(), [Command::PreviewLink(link()), Command::ClosePreview]);
}

#[test]
fn looking_inside_can_be_given_up() {
    let mut stage = showing(Linked::Reading(link()));
    assert!(stage.shows("Asking who is there…"));
    stage.click("Close");
    assert_eq!(stage.commands(), [Command::ClosePreview]);
}

#[test]
fn a_link_is_asked_for_shown_and_copied() {
    let mut stage = Stage::new(stage::in_party());
    stage.click("More");
    stage.click("Share a link");
    assert_eq!(stage.commands(), [Command::ShareParty]);
    stage.publish(|snapshot| stage::party(snapshot).link = Some(link()));
    assert_eq!(stage.value("Link to this party"), ADDRESS);
    stage.click_once("Copy the link");
    assert!(copied(&stage, ADDRESS));
}

#[test]
fn the_toast_of_a_link_copies_it_and_goes() {
    let mut stage = Stage::new(stage::in_party());
    stage.notify(Notice::PartyLinkReady(link()));
    stage.click_once("Copy");
    assert!(copied(&stage, ADDRESS));
    stage.window.run();
    assert!(!stage.shows("The link to the party is ready"));
}

#[test]
fn a_party_out_of_reach_is_not_an_empty_evening() {
    let mut snapshot = stage::home();
    let signed_in = signed_in(&mut snapshot);
    signed_in.invitations = Arc::default();
    signed_in.parties = Default::default();
    signed_in.link = LinkState::Offline;
    let mut stage = Stage::new(snapshot);
    assert!(stage.shows("Parties are out of reach"));
    stage.publish(|snapshot| {
        let parties = vec![session("harbor", "Harbor night", &[(NOVA, "Nova")])];
        stage::signed_in(snapshot).parties = stage::arrived(Arc::new(parties));
    });
    assert!(stage.shows("Harbor night"));
}

#[test]
fn hostile_strings_behind_a_link_are_shown_harmless() {
    let hostile = format!("evil\n\u{202e}\u{7}{}", "x".repeat(10_000));
    let member = LinkMember {
        known: Some((AccountId(NOVA), hostile.as_str().into())),
        platform: Platform::Unknown,
        is_host: true,
    };
    let members = vec![member; 300];
    let party = LinkPreview { name: hostile, members, max_members: 2, ..preview(0) };
    let mut snapshot = stage::home();
    signed_in(&mut snapshot).linked = Some(found(party));
    let stage = Stage::sized(snapshot, 720.0, 480.0);
    assert!(stage.shows("evil xxx"));
    assert!(!stage.everything().contains(['\u{202e}', '\u{7}']));
    let (window, close) = (stage.window.ctx.content_rect(), stage.window.get_by_label("Close").rect());
    assert!(window.contains_rect(close), "{close:?}");
}

#[test]
fn looking_inside_rests_once_it_is_done() {
    let stage = showing(found(preview(2)));
    assert_eq!(stage.repaint_delay(), Duration::MAX);
}

fn copied(stage: &Stage, text: &str) -> bool {
    let commands = &stage.window.output().platform_output.commands;
    matches!(commands.as_slice(), [OutputCommand::CopyText(copied)] if copied == text)
}

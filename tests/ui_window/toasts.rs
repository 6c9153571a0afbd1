//! What just happened, and what can be done about it at once.

use std::{sync::Arc, time::Duration};

use egui::Key;
use egui_kittest::kittest::{NodeT, Queryable};
use partyline::{
    client::{Command, Notice},
    model::MessageKind,
};

use crate::stage::{self, Stage, signed_in};

fn invited() -> Notice {
    Notice::Invited { session: "squad".into(), from: Some("Nova".into()) }
}

#[test]
fn an_invitation_is_answered_where_it_appears() {
    for (answer, command) in [
        ("Join", Command::JoinParty("squad".into())),
        ("Not now", Command::DismissInvitation("squad".into())),
    ] {
        let mut stage = Stage::new(stage::home());
        stage.notify(invited());
        stage.click(answer);
        assert_eq!(stage.commands(), [command]);
        assert!(stage.window.query_by_label(answer).is_none(), "{answer} is over");
    }
}

#[test]
fn an_invitation_stays_long_enough_to_be_read_and_asks_for_one_frame() {
    let mut stage = Stage::new(stage::home());
    stage.notify(invited());
    let delay = stage.repaint_delay();
    assert!(delay > Duration::from_secs(18) && delay <= Duration::from_secs(20), "{delay:?}");
    stage.later(19.0);
    assert!(stage.window.query_by_label("Join").is_some());
    stage.later(1.5);
    assert!(stage.window.query_by_label("Join").is_none());
    assert_eq!(stage.repaint_delay(), Duration::MAX);
}

#[test]
fn an_invitation_that_is_gone_takes_its_toast_along() {
    let mut stage = Stage::new(stage::home());
    stage.notify(invited());
    stage.publish(|snapshot| signed_in(snapshot).invitations = Arc::default());
    assert!(stage.window.query_by_label("Join").is_none());
    assert_eq!(stage.repaint_delay(), Duration::MAX);
}

#[test]
fn in_a_party_an_invitation_says_that_one_leaves() {
    let mut snapshot = stage::home();
    let invitations = signed_in(&mut snapshot).invitations.clone();
    stage::join(&mut snapshot);
    signed_in(&mut snapshot).invitations = invitations;
    let mut stage = Stage::new(snapshot);
    stage.notify(invited());
    assert!(stage.shows("Nova invites you to “Sunday squad”"));
    assert!(stage.shows("The others stay in it."));
    stage.click("Leave and join");
    assert_eq!(stage.commands(), [Command::JoinParty("squad".into())]);
}

#[test]
fn an_invitation_is_reached_by_the_keyboard() {
    let mut stage = Stage::new(stage::home());
    stage.notify(invited());
    // Backwards: it comes last, and does not wait for the whole round.
    for _ in 0..40 {
        stage.window.key_press_modifiers(egui::Modifiers::SHIFT, Key::Tab);
        stage.window.run();
        let focused = stage.window.root().children_recursive().find(|node| node.is_focused());
        if focused.and_then(|node| node.accesskit_node().label()).as_deref() == Some("Join") {
            stage.press(Key::Enter);
            assert_eq!(stage.commands(), [Command::JoinParty("squad".into())]);
            return;
        }
    }
    panic!("the keyboard does not get there");
}

#[test]
fn a_message_opens_its_conversation() {
    let mut stage = Stage::new(stage::home());
    stage.notify(Notice::Message {
        group: "crew".into(),
        from: "Nova".into(),
        kind: MessageKind::Text,
        text: "on my way".into(),
    });
    assert!(stage.shows("Nova: on my way"));
    stage.click("Open the conversation");
    assert_eq!(stage.commands(), [Command::OpenChat("crew".into())]);
    assert!(!stage.shows("Nova: on my way"));
}

#[test]
fn toasts_never_cover_the_voice_bar() {
    for (width, height) in [(1280.0, 800.0), (720.0, 480.0)] {
        let mut stage = Stage::sized(stage::in_party(), width, height);
        stage.notify(invited());
        stage.notify(Notice::PartyLinkReady(
            "https://party.playstation.com/ASNFZ4mrTe-BI0VniavN7w".parse().expect("a link"),
        ));
        stage.notify(Notice::MemberJoined("bramble".into()));
        let leave = stage.window.get_by_label("Leave").rect();
        for label in ["Leave and join", "Not now", "Copy", "bramble joined the party"] {
            let rect = stage.window.get_by_label(label).rect();
            assert!(
                rect.top() >= 0.0 && rect.bottom() < leave.top() - 20.0,
                "{label} at {rect:?}, {leave:?}"
            );
        }
    }
}

#[test]
fn nobody_answers_for_another_account() {
    let mut stage = Stage::new(stage::home());
    stage.notify(invited());
    stage.publish(|snapshot| signed_in(snapshot).me.account = partyline::model::AccountId(2));
    assert!(stage.window.query_by_label("Join").is_none());
}

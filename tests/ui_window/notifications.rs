//! What the service wants the user to know.

use std::sync::Arc;

use egui_kittest::kittest::Queryable;
use jiff::Timestamp;
use partyline::{
    client::{Command, Fetched, Snapshot},
    model::{AccountId, Notification, SessionId},
};

use crate::stage::{self, NOVA, Stage, arrived, signed_in};

fn notification(id: &str, title: &str, is_read: bool) -> Notification {
    Notification {
        id: id.into(),
        kind: "friend".to_owned(),
        title: title.into(),
        text: "on your console".into(),
        updated: Some(Timestamp::now()),
        is_read,
        from: None,
        session: None,
        image: None,
    }
}

fn with_notifications() -> Snapshot {
    let mut snapshot = stage::home();
    let list = vec![
        Notification {
            from: Some(AccountId(NOVA)),
            session: Some(SessionId::from("squad")),
            ..notification("1", "Nova invites you", false)
        },
        Notification { from: Some(AccountId(NOVA)), ..notification("2", "Nova is your friend", false) },
        notification("3", "An update is ready", true),
    ];
    signed_in(&mut snapshot).notifications = arrived(Arc::new(list));
    snapshot
}

#[test]
fn the_bell_counts_what_is_unread_and_opens_the_list() {
    let mut stage = Stage::new(with_notifications());
    stage.click("Notifications, 2 unread");
    assert!(stage.shows("Nova invites you, unread"));
    assert!(stage.window.query_all_by_label("An update is ready").next().is_some());
    stage.click("Mark all as read");
    stage.click("Back");
    assert!(stage.shows("Nova invites you to “Sunday squad”"));
    assert_eq!(stage.commands(), [Command::MarkNotificationsRead(vec!["1".into(), "2".into()])]);
}

#[test]
fn each_offers_what_can_be_done_about_it() {
    let mut stage = Stage::new(with_notifications());
    stage.click("Notifications, 2 unread");
    stage.click("Join: Nova invites you");
    stage.click("Show: Nova is your friend");
    stage.click("Mark as read: Nova invites you");
    assert_eq!(
        stage.commands(),
        [
            Command::JoinParty("squad".into()),
            Command::MarkNotificationsRead(vec!["1".into()]),
            Command::OpenCard(AccountId(NOVA)),
            Command::MarkNotificationsRead(vec!["2".into()]),
            Command::MarkNotificationsRead(vec!["1".into()]),
        ]
    );
}

#[test]
fn an_empty_list_and_one_that_never_came_say_so() {
    let mut snapshot = stage::home();
    signed_in(&mut snapshot).notifications = arrived(Arc::default());
    let mut stage = Stage::sized(snapshot, 720.0, 480.0);
    stage.click("Notifications");
    assert!(stage.shows("What happens around you appears here."));
    stage.publish(|snapshot| signed_in(snapshot).notifications = Fetched { value: None, fetching: false });
    assert!(stage.shows("Notifications appear here once the service answers."));
}

//! What the service wants the user to know.

use std::sync::Arc;

use egui::Key;
use egui_kittest::kittest::{NodeT, Queryable};
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
fn joining_from_a_notification_says_that_one_leaves_and_ends_with_the_party() {
    let mut snapshot = with_notifications();
    let invitations = signed_in(&mut snapshot).invitations.clone();
    stage::join(&mut snapshot);
    signed_in(&mut snapshot).invitations = invitations;
    stage::party(&mut snapshot).session.id = "elsewhere".into();
    let mut stage = Stage::new(snapshot);
    stage.click("Notifications, 2 unread");
    assert!(stage.is_enabled("Leave and join: Nova invites you"));
    let join = stage.window.get_by_label("Leave and join: Nova invites you");
    let means = join.accesskit_node().description().unwrap_or_default();
    assert!(means.contains("The others stay in it."), "{means:?}");
    stage.click("Leave and join: Nova invites you");
    assert_eq!(stage.commands().first(), Some(&Command::JoinParty("squad".into())));
    stage.publish(|snapshot| signed_in(snapshot).invitations = Arc::default());
    assert!(!stage.is_enabled("Leave and join: Nova invites you"));
    stage.publish(|snapshot| {
        let other = stage::session("squad", "", &[(NOVA, "Nova")]);
        signed_in(snapshot).parties = arrived(Arc::new(vec![other]));
    });
    assert!(stage.is_enabled("Leave and join: Nova invites you"));
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

#[test]
fn its_picture_is_drawn_and_escape_leads_back() {
    let mut snapshot = stage::home();
    let image: partyline::model::ImageUrl = "https://static.example/news.png".parse().expect("an address");
    let news = Notification { image: Some(image.clone()), ..notification("1", "News", true) };
    signed_in(&mut snapshot).notifications = arrived(Arc::new(vec![news]));
    let mut stage = Stage::new(snapshot);
    stage.click("Notifications");
    assert_eq!(stage.wanted_pictures(), [image]);
    stage.press(Key::Escape);
    assert!(!stage.shows("News"));
}

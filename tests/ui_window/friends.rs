//! The list of friends: groups, requests, the keyboard, pictures, and what it costs when it is long.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use egui::{Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use partyline::{
    client::{AppearOffline, Command, Fetched, LinkState, Place, ProblemKind, ReceivedRequest, Snapshot},
    model::{AccountId, Availability, Friend, Game, ImageUrl, Picture, Presence, Profile, TitleId},
};

use crate::stage::{self, NOVA, ODALYS, Stage, TIDEWALKER, arrived, friend, problem, signed_in};

fn image(n: u64) -> ImageUrl {
    format!("https://static.example/{n}.png").parse().expect("an address")
}

fn playing(id: u64, name: &str, title: &str) -> Friend {
    let mut friend = friend(id, name, None);
    let game = Game { title_id: Some(TitleId::from(title)), title: title.to_owned(), icon: None };
    friend.presence.as_mut().expect("a presence").game = Some(game);
    friend
}

/// Every second one online, a third of them in one of ten games, and all with a picture.
fn many(count: u64) -> Snapshot {
    let mut snapshot = stage::home();
    let all = (0..count).map(|n| {
        let mut friend = match n % 3 {
            0 => playing(1000 + n, &format!("friend_{n:04}"), &format!("Game {}", n % 10)),
            _ => friend(1000 + n, &format!("friend_{n:04}"), None),
        };
        friend.profile.avatar = Some(image(n));
        if n % 2 == 1 {
            friend.presence.as_mut().expect("a presence").availability = Availability::Offline;
        }
        friend
    });
    signed_in(&mut snapshot).friends = arrived(Arc::new(all.collect()));
    snapshot
}

fn focused(stage: &Stage) -> String {
    let node = stage.window.root().children_recursive().find(|node| node.is_focused());
    node.and_then(|node| node.accesskit_node().label()).unwrap_or_default()
}

#[test]
fn favourites_and_those_who_play_the_same_stand_out() {
    let mut snapshot = stage::home();
    let inside = signed_in(&mut snapshot);
    inside.friends = arrived(Arc::new(vec![
        playing(NOVA, "Nova", "Astro Rally"),
        playing(TIDEWALKER, "bramble", "Chess"),
        friend(ODALYS, "Odalys", None),
    ]));
    inside.people.favorites = Arc::new([AccountId(ODALYS)].into());
    let game = Game { title_id: Some(TitleId::from("Chess")), title: "Chess".into(), icon: None };
    inside.people.own_presence = Some(Presence {
        availability: Availability::Online,
        platform: None,
        game: Some(game),
        last_online: None,
    });
    inside.parties = arrived(Arc::default());
    let stage = Stage::new(snapshot);
    let top = |label: &str| stage.window.get_by_label(label).rect().top();
    let rows = [
        "Favourites · 1",
        "Odalys, Online · PS5",
        "Playing · 2",
        "bramble, Chess · PS5, same game",
        "Nova, Astro Rally · PS5",
    ];
    assert!(rows.map(top).is_sorted(), "{:?}", rows.map(top));
}

#[test]
fn a_group_folds_and_a_search_looks_into_it() {
    let mut stage = Stage::new(stage::home());
    assert!(stage.shows("Odalys, Online · PS5"));
    stage.click("Online · 1");
    assert!(!stage.shows("Odalys, Online · PS5"));
    stage.type_into("Search friends", "oda");
    assert!(stage.shows("Odalys, Online · PS5"));
}

#[test]
fn a_request_can_be_answered_from_the_list_and_with_faces_alone_from_the_card() {
    let asks = |id, name| ReceivedRequest { from: Profile::named(AccountId(id), name), requested: None };
    let mut snapshot = stage::home();
    let requests = Arc::new(vec![asks(31, "Pell"), asks(32, "Quarrie")]);
    signed_in(&mut snapshot).people.requests = arrived(requests);
    let mut stage = Stage::new(snapshot.clone());
    assert!(stage.shows("Requests · 2"));
    stage.click("Accept Pell");
    stage.click("Decline Quarrie");
    let answers = [Command::AcceptRequest(AccountId(31)), Command::DeclineRequest(AccountId(32))];
    assert_eq!(stage.commands(), answers);

    let mut narrow = Stage::sized(snapshot, 720.0, 480.0);
    narrow.click("Pell wants to be your friend. Wants to be your friend");
    assert_eq!(narrow.commands(), [Command::OpenCard(AccountId(31))]);
}

#[test]
fn somebody_is_asked_by_their_online_id_and_told_where_it_fails() {
    let mut stage = Stage::new(stage::home());
    stage.click("Add a friend");
    stage.window.event(Event::Text(" Kestrel_9 ".into()));
    stage.window.run();
    stage.click("Send a request");
    assert_eq!(stage.commands(), [Command::AskFriend("Kestrel_9".into())]);
    stage.publish(|snapshot| signed_in(snapshot).people.asking = true);
    assert!(!stage.is_enabled("Asking…"));
    stage.publish(|snapshot| {
        signed_in(snapshot).people.asking = false;
        snapshot.problems.push(problem(ProblemKind::NobodyByThatName, Place::People));
    });
    assert!(stage.shows("Nobody was found by that name."));
    assert!(stage.is_enabled("Send a request"), "the name can be corrected");
    stage.publish(|snapshot| snapshot.problems.clear());
    stage.click("Send a request");
    stage.publish(|snapshot| {
        signed_in(snapshot).people.asking = true;
        signed_in(snapshot).people.asked = Arc::new([AccountId(40)].into());
    });
    assert!(stage.shows("Asking…"), "shown at once, and not answered so far");
    stage.publish(|snapshot| {
        signed_in(snapshot).people.asking = false;
        signed_in(snapshot).people.asked = Arc::default();
        snapshot.problems.push(problem(ProblemKind::RequestRefused, Place::People));
    });
    assert_eq!(stage.value("Online id"), " Kestrel_9 ");
    stage.publish(|snapshot| snapshot.problems.clear());
    stage.click("Send a request");
    // Of an answer that comes at once, no more than this is seen.
    stage.publish(|snapshot| signed_in(snapshot).people.asked_by_name += 1);
    assert!(!stage.shows("Send a request"), "it went through");
}

#[test]
fn the_own_row_says_how_the_line_is_and_lets_one_appear_offline() {
    let mut snapshot = stage::home();
    signed_in(&mut snapshot).people.appear_offline = AppearOffline::Is(false);
    let mut stage = Stage::new(snapshot);
    stage.click("marlow_87, Live · sandbox");
    assert_eq!(stage.count("Add a friend"), 2, "also where there is no button for it");
    stage.click("Appear offline");
    assert_eq!(stage.commands(), [Command::AppearOffline(true)]);
    stage.publish(|snapshot| signed_in(snapshot).people.appear_offline = AppearOffline::Changing(true));
    assert!(stage.shows("marlow_87, Live · appearing offline · sandbox"));
    stage.publish(|snapshot| signed_in(snapshot).link = LinkState::CatchingUp);
    assert!(stage.shows("marlow_87, Catching up since "));
    stage.publish(|snapshot| signed_in(snapshot).link = LinkState::Offline);
    assert!(stage.shows("marlow_87, Offline since "));
}

#[test]
fn what_the_service_fixed_cannot_be_switched() {
    for (state, label) in [
        (AppearOffline::Unknown, "Appear offline: Not known"),
        (AppearOffline::Fixed(true), "Appear offline: On"),
        (AppearOffline::Changing(true), "Appear offline: Changing…"),
    ] {
        let mut snapshot = stage::home();
        signed_in(&mut snapshot).people.appear_offline = state;
        let mut stage = Stage::new(snapshot);
        stage.click("Settings");
        stage.click("People");
        assert!(!stage.is_enabled(label), "{state:?}");
    }
}

#[test]
fn blocked_people_are_read_when_their_page_opens_and_unblocked_after_asking() {
    let mut stage = Stage::new(stage::home());
    stage.click("Settings");
    stage.commands();
    stage.click("People");
    let read = stage.commands();
    assert_eq!(read.iter().filter(|command| **command == Command::ReadBlocked).count(), 1);
    stage.publish(|snapshot| signed_in(snapshot).people.blocked = Fetched { value: None, fetching: true });
    assert_eq!(stage.repaint_delay(), Duration::MAX);
    let blocked = Arc::new(vec![Profile::named(AccountId(50), "Pell")]);
    stage.publish(|snapshot| signed_in(snapshot).people.blocked = arrived(blocked));
    stage.click("Unblock Pell");
    assert_eq!(stage.commands(), [], "asked first");
    stage.click("Unblock");
    assert_eq!(stage.commands(), [Command::Unblock(AccountId(50))]);
}

#[test]
fn the_keyboard_goes_through_the_whole_list_beyond_what_is_seen() {
    let mut stage = Stage::new(many(200));
    let first = "friend_0000, Game 0 · PS5";
    stage.window.get_by_label(first).focus();
    stage.window.run();
    for _ in 0..40 {
        stage.press(Key::ArrowDown);
    }
    let label = focused(&stage);
    assert!(label.starts_with("friend_"), "{label:?}");
    let rect = stage.window.get_by_label(&label).rect();
    assert!(rect.top() > 60.0 && rect.bottom() <= 800.0, "{label} at {rect:?}");
    stage.press(Key::End);
    assert!(focused(&stage).starts_with("friend_0199, Offline"), "{}", focused(&stage));
    stage.press(Key::Home);
    assert_eq!(focused(&stage), first);
    stage.press(Key::Enter);
    assert_eq!(stage.commands(), [Command::OpenCard(AccountId(1000))]);
}

#[test]
fn pictures_are_asked_for_as_they_come_into_view_and_painted_once_they_are_there() {
    let mut stage = Stage::new(many(2000));
    let wanted = stage.wanted_pictures();
    assert!((5..40).contains(&wanted.len()), "{} for one screen", wanted.len());
    assert_eq!(stage.painted_pictures(), 0);
    assert_eq!(stage.repaint_delay(), Duration::MAX, "waiting costs no frames");
    let picture = Picture { width: 4, height: 2, rgba: vec![200; 32] };
    stage.deliver(wanted[0].clone(), Some(picture));
    stage.deliver(wanted[1].clone(), None);
    assert_eq!(stage.painted_pictures(), 1);
    assert_eq!(stage.wanted_pictures(), [], "nothing is asked for twice");
    assert_eq!(stage.repaint_delay(), Duration::MAX);
}

/// The time of the window's own code for a frame of scrolling, on average and at most.
fn scroll(stage: &mut Stage, frames: u32, mut before: impl FnMut(&mut Stage, u32)) -> (Duration, Duration) {
    stage.window.hover_at(egui::pos2(160.0, 500.0));
    stage.window.step();
    let (mut all, mut worst) = (Duration::ZERO, Duration::ZERO);
    for frame in 0..frames {
        before(stage, frame);
        stage.window.event(Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            source: MouseWheelSource::Wheel,
            delta: vec2(0.0, -180.0),
            phase: TouchPhase::Move,
            modifiers: Modifiers::NONE,
        });
        let start = Instant::now();
        stage.window.step();
        all += start.elapsed();
        worst = worst.max(start.elapsed());
    }
    (all / frames, worst)
}

#[test]
fn two_thousand_friends_scroll_as_lightly_as_twenty() {
    let rows = |stage: &Stage| stage.window.query_all_by_label_contains("friend_").count();
    let (few, _) = scroll(&mut Stage::new(many(20)), 60, |_, _| {});
    let mut stage = Stage::new(many(2000));
    let mut most = 0;
    let (still, worst) = scroll(&mut stage, 60, |stage, _| most = most.max(rows(stage)));
    println!("20 friends: {few:?} a frame; 2000: {still:?}, at most {worst:?}");
    // Twenty changes a second at sixty frames.
    let (changing, worst) = scroll(&mut stage, 60, |stage, frame| {
        if frame % 3 == 0 {
            stage.publish_silently(|snapshot| {
                let friends = signed_in(snapshot).friends.value.as_mut().expect("friends");
                let friend = &mut Arc::make_mut(friends)[frame as usize * 7];
                friend.presence = None;
            });
        }
        most = most.max(rows(stage));
    });
    println!("changing 20 times a second: {changing:?} a frame, at most {worst:?}; {most} rows at most");
    // What has room in the window, and two beyond each edge. Times are no judge: the machine may be busy.
    assert!((10..=24).contains(&most), "{most} rows are drawn");
    stage.type_into("Search friends", "friend_1");
    assert!(stage.shows("friend_1") && !stage.shows("friend_0"));
}

#[test]
fn requests_are_answered_before_the_friends_are_there() {
    let mut snapshot = stage::home();
    let request = ReceivedRequest { from: Profile::named(AccountId(31), "Pell"), requested: None };
    signed_in(&mut snapshot).people.requests = arrived(Arc::new(vec![request]));
    for fetching in [true, false] {
        signed_in(&mut snapshot).friends = Fetched { value: None, fetching };
        let mut stage = Stage::new(snapshot.clone());
        stage.click("Accept Pell");
        assert_eq!(stage.commands(), [Command::AcceptRequest(AccountId(31))]);
    }
}

#[test]
fn a_friend_is_found_where_there_are_faces_alone() {
    let mut stage = Stage::sized(stage::home(), 720.0, 480.0);
    stage.click("marlow_87, Live · sandbox");
    stage.click("Find a friend");
    stage.window.event(Event::Text("odal".into()));
    stage.window.run();
    assert!(stage.window.query_by_label("tidewalker").is_none());
    stage.click("Odalys");
    assert_eq!(stage.commands(), [Command::OpenCard(AccountId(ODALYS))]);
    assert!(!stage.shows("Find a friend"));
}

//! What happens once each, where everything goes as it should or one thing does not.

use std::time::Duration;

use super::{Call, Evening, Service, service, stranger};
use crate::{
    client::{Command, Notice, Played, ProblemKind, input::PeopleEffect},
    model::OnlineId,
};

fn quiet_evening() -> Evening {
    let mut evening = Evening::begin(7, Service::of(5));
    evening.line_opens();
    evening.pass(Duration::from_secs(5));
    evening.assert_true("at first");
    evening.notices.clear();
    evening
}

#[test]
fn a_request_is_told_once_and_accepting_it_shows_at_once() {
    let mut evening = quiet_evening();
    let from = stranger(6);
    let events = evening.service.asks_us(from);
    evening.tell(events);
    evening.tell(1);
    evening.pass(Duration::from_secs(5));
    assert_eq!(evening.notices, [Notice::FriendRequestFrom(service::name(from))]);
    evening.command(Command::AcceptRequest(from));
    let shown = evening.screen();
    assert!(shown.people.requests.items().is_empty());
    assert!(shown.friends.items().iter().any(|friend| friend.profile.account == from));
    evening.pass(Duration::from_secs(60));
    evening.assert_true("accepted");
    assert_eq!(evening.notices.last(), Some(&Notice::NewFriend(service::name(from))));
    assert_eq!(evening.notices.len(), 2);
}

#[test]
fn what_fails_is_taken_back_and_said() {
    let mut evening = quiet_evening();
    let friend = stranger(0);
    evening.service.refuses = true;
    evening.command(Command::RemoveFriend(friend));
    assert_eq!(evening.screen().friends.items().len(), 4);
    evening.pass(Duration::from_secs(5));
    assert_eq!(evening.screen().friends.items().len(), 5);
    let problems = evening.state.snapshot().problems;
    assert!(problems.iter().any(|it| it.kind == ProblemKind::NotOffered), "{problems:?}");
}

#[test]
fn somebody_is_asked_by_name_whoever_knows_it() {
    let mut evening = quiet_evening();
    let kinds = |evening: &Evening| -> Vec<_> {
        evening.state.snapshot().problems.iter().map(|it| it.kind.clone()).collect()
    };
    evening.command(Command::AskFriend(service::name(stranger(0))));
    assert_eq!(kinds(&evening), [ProblemKind::AlreadyFriends]);
    for none in ["", "sp ace", "käse", &"x".repeat(99)] {
        evening.command(Command::AskFriend(OnlineId::from(none)));
        assert!(!evening.screen().people.asking, "worth no call");
    }
    evening.command(Command::AskFriend(OnlineId::from("Nobody-At-All")));
    assert!(evening.screen().people.asking);
    evening.pass(Duration::from_secs(2));
    assert_eq!(kinds(&evening), [ProblemKind::NobodyByThatName]);
    let name = service::name(stranger(7));
    evening.command(Command::AskFriend(OnlineId(name.0.to_uppercase())));
    evening.pass(Duration::from_secs(2));
    assert_eq!(kinds(&evening), []);
    assert!(evening.screen().people.asked.contains(&stranger(7)));
    assert!(matches!(evening.notices.as_slice(), [Notice::FriendRequestSent(_)]));
    let events = evening.service.befriends_us(stranger(7));
    evening.tell(events);
    evening.pass(Duration::from_secs(10));
    assert!(evening.screen().people.asked.is_empty());
    assert_eq!(evening.notices.last(), Some(&Notice::NewFriend(name)));
}

#[test]
fn asking_by_name_is_over_once_the_service_has_answered() {
    for refuses in [false, true] {
        let mut evening = quiet_evening();
        let from = stranger(6);
        let events = evening.service.asks_us(from);
        evening.tell(events);
        evening.pass(Duration::from_secs(5));
        evening.service.refuses = refuses;
        // One whom nobody has to look for, and who has asked: it is a yes. And one who is looked for.
        for (count, who) in [(1, from), (2, stranger(7))] {
            evening.command(Command::AskFriend(service::name(who)));
            let decides = |call: &Call| matches!(call.effect, PeopleEffect::Decide { .. });
            while !evening.calls.iter().any(decides) {
                assert!(evening.screen().people.asking);
                evening.pass(Duration::from_millis(1));
            }
            let people = evening.screen().people;
            assert!(people.asking && people.asked_by_name < count, "found, and not answered");
            evening.pass(Duration::from_secs(2));
            let people = evening.screen().people;
            assert_eq!((people.asking, people.asked_by_name), (false, if refuses { 0 } else { count }));
        }
    }
}

#[test]
fn two_minds_about_the_same_person_are_carried_out_one_after_the_other() {
    let mut evening = quiet_evening();
    evening.command(Command::Block(stranger(0)));
    evening.command(Command::Unblock(stranger(0)));
    evening.command(Command::AppearOffline(true));
    evening.command(Command::AppearOffline(false));
    let under_way = |evening: &Evening| {
        let is_one = |call: &&Call| matches!(call.effect, PeopleEffect::Decide { .. });
        evening.calls.iter().filter(is_one).count()
    };
    assert_eq!(under_way(&evening), 1);
    assert!(evening.screen().people.blocked.items().is_empty());
    evening.pass(Duration::from_secs(60));
    evening.assert_true("both");
    assert!(evening.service.blocked().is_empty());
}

#[test]
fn a_card_shows_what_comes_and_answers_for_another_are_dropped() {
    let mut evening = quiet_evening();
    evening.command(Command::OpenCard(stranger(1)));
    evening.command(Command::OpenCard(stranger(8)));
    let card = evening.screen().people.card.expect("open");
    assert_eq!((card.profile.account, &card.played), (stranger(8), &Played::Reading));
    evening.pass(Duration::from_secs(2));
    let card = evening.screen().people.card.expect("open");
    assert_eq!(card.profile.online_id, service::name(stranger(8)));
    assert_eq!(card.played, Played::Hidden);
    assert_eq!(card.presence, evening.service.presence(stranger(8)));
    assert!(card.summary.is_some() && !card.blocked);
    evening.service.change_presence(stranger(8));
    evening.command(Command::Block(stranger(8)));
    assert!(evening.screen().people.card.expect("open").blocked);
    evening.pass(Duration::from_secs(32));
    let card = evening.screen().people.card.expect("open");
    assert_eq!(card.presence, evening.service.presence(stranger(8)), "live while it is open");
    evening.command(Command::CloseCard);
    assert_eq!(evening.screen().people.card, None);
}

#[test]
fn favourites_are_kept_by_this_program() {
    let mut evening = quiet_evening();
    evening.command(Command::SetFavorite { account: stranger(2), favorite: true });
    assert!(evening.screen().people.favorites.contains(&stranger(2)));
    evening.command(Command::SetFavorite { account: stranger(2), favorite: false });
    assert!(evening.screen().people.favorites.is_empty());
}

#[test]
fn a_list_that_cannot_be_read_is_said_and_comes_by_itself_later() {
    let mut evening = Evening::begin(3, Service::of(5));
    evening.failing = 1;
    evening.pass(Duration::from_secs(8));
    let snapshot = evening.state.snapshot();
    assert!(snapshot.problems.iter().any(|it| it.kind == ProblemKind::FriendsNotLoaded));
    assert!(!evening.screen().friends.fetching && evening.screen().friends.value.is_none());
    evening.failing = 0;
    evening.line_opens();
    evening.pass(Duration::from_secs(60));
    evening.assert_true("later");
    assert!(evening.state.snapshot().problems.is_empty());
}

#[test]
fn friends_whose_names_cannot_be_read_are_a_problem_until_they_can() {
    for friends in [5, 300] {
        let mut evening = Evening::begin(11, Service::of(friends));
        evening.nameless = true;
        evening.line_opens();
        let is_said = |evening: &Evening| {
            let problems = evening.state.snapshot().problems;
            problems.iter().any(|it| it.kind == ProblemKind::FriendsNotLoaded)
        };
        evening.pass(Duration::from_secs(20));
        assert!(is_said(&evening) && !evening.screen().friends.fetching, "{friends} friends");
        // Reading the list again changes nothing about that.
        evening.tell(1);
        evening.pass(Duration::from_secs(60));
        assert!(is_said(&evening), "{friends} friends");
        evening.nameless = false;
        evening.pass(Duration::from_secs(400));
        evening.assert_true("with names");
        assert!(!is_said(&evening));
    }
}

#[test]
fn a_request_that_was_taken_back_makes_no_friend_of_whoever_accepts_it() {
    let mut evening = quiet_evening();
    let from = stranger(6);
    let events = evening.service.asks_us(from);
    evening.tell(events);
    evening.pass(Duration::from_secs(5));
    evening.notices.clear();
    evening.service.takes_back(from);
    evening.command(Command::AcceptRequest(from));
    let shown = evening.screen().people;
    assert!(shown.requests.items().is_empty() && !shown.asked.contains(&from));
    evening.pass(Duration::from_secs(60));
    evening.assert_true("no friend");
    assert_eq!(evening.notices, []);
    assert!(evening.screen().people.asked.contains(&from), "it is our request now");
    let events = evening.service.befriends_us(from);
    evening.tell(events);
    evening.pass(Duration::from_secs(60));
    assert_eq!(evening.notices, [Notice::NewFriend(service::name(from))]);
    assert!(evening.screen().people.asked.is_empty());
}

#[test]
fn a_new_friend_whom_the_list_showed_before_the_answer_is_told_once() {
    let mut evening = quiet_evening();
    let from = stranger(6);
    let events = evening.service.asks_us(from);
    evening.tell(events);
    evening.pass(Duration::from_secs(5));
    evening.notices.clear();
    evening.command(Command::AcceptRequest(from));
    let now = evening.now;
    for call in &mut evening.calls {
        (call.acts, call.arrives) = (now, now + Duration::from_secs(10));
    }
    evening.pass(Duration::from_secs(8));
    assert_eq!(evening.notices, []);
    evening.pass(Duration::from_secs(60));
    assert_eq!(evening.notices, [Notice::NewFriend(service::name(from))]);
    evening.assert_true("a friend");
    assert!(evening.screen().people.asked.is_empty());
}

//! Somebody's card: what it shows, what it offers to friends and strangers, and that it can be left.

use std::{sync::Arc, time::Duration};

use egui::{Key, accesskit::Role};
use egui_kittest::kittest::{NodeT, Queryable};
use partyline::{
    client::{Card, Command, Place, Played, ProblemKind, ReceivedRequest, Snapshot},
    model::{AccountId, FriendRelation, FriendSummary, Game, PlayedTitle, PrivateText, Profile},
};

use crate::stage::{self, ODALYS, Stage, TIDEWALKER, problem, signed_in};

const STRANGER: u64 = 77;

fn card(id: u64, name: &str) -> Card {
    Card {
        profile: Profile::named(AccountId(id), name),
        presence: None,
        summary: None,
        played: Played::Reading,
        blocked: false,
    }
}

fn showing(mut snapshot: Snapshot, card: Card) -> Stage {
    signed_in(&mut snapshot).people.card = Some(Box::new(card));
    Stage::new(snapshot)
}

#[test]
fn a_friend_is_pressed_for_their_card() {
    let mut stage = Stage::new(stage::home());
    stage.click("Odalys, Online · PS5");
    assert_eq!(stage.commands(), [Command::OpenCard(AccountId(ODALYS))]);
}

#[test]
fn a_card_says_who_somebody_is() {
    let mut card = card(ODALYS, "Odalys");
    card.profile.about_me = PrivateText::from("Evenings only.\nNo spoilers");
    card.profile.languages = vec!["en-US".into(), "de".into()];
    card.profile.is_verified = true;
    card.profile.is_plus = true;
    card.summary = Some(FriendSummary {
        relation: FriendRelation::Friend,
        real_name_sharing: None,
        friends: Some(12),
        mutual_friends: Some(3),
    });
    let title = PlayedTitle { game: Game::titled("Deep Harbor"), last_played: None, times_played: Some(14) };
    card.played = Played::Titles(Arc::new(vec![title]));
    let stage = showing(stage::home(), card);
    for text in [
        "Evenings only.",
        "Speaks en-US, de",
        "verified",
        "PlayStation Plus",
        "12 friends · 3 of them yours too",
        "Deep Harbor",
        "14 times",
    ] {
        assert!(stage.shows(text), "{text}");
    }
}

#[test]
fn what_somebody_played_may_be_on_its_way_hidden_or_lost() {
    let mut stage = showing(stage::home(), card(ODALYS, "Odalys"));
    assert_eq!(stage.repaint_delay(), Duration::MAX, "waiting costs no frames");
    let played = |stage: &mut Stage, played: Played| {
        stage.publish(|snapshot| signed_in(snapshot).people.card.as_mut().expect("a card").played = played);
    };
    played(&mut stage, Played::Hidden);
    assert!(stage.shows("Odalys keeps this private."));
    played(&mut stage, Played::NotLoaded);
    stage.click("Try again");
    assert_eq!(stage.commands(), [Command::OpenCard(AccountId(ODALYS))]);
}

#[test]
fn a_friend_is_written_to_invited_and_liked() {
    let mut stage = showing(stage::in_party(), card(ODALYS, "Odalys"));
    stage.click("Make a favourite");
    stage.click_last("Invite to the party");
    stage.click("Message");
    let account = AccountId(ODALYS);
    assert_eq!(
        stage.commands(),
        [
            Command::SetFavorite { account, favorite: true },
            Command::Invite(vec![account]),
            Command::OpenChatWith(vec![account]),
            Command::CloseCard,
        ]
    );
}

#[test]
fn a_friends_party_is_joined_from_the_card() {
    let mut stage = showing(stage::home(), card(TIDEWALKER, "tidewalker"));
    stage.click("Join");
    assert_eq!(stage.commands(), [Command::JoinParty("harbor".into()), Command::CloseCard]);
}

#[test]
fn what_others_feel_is_asked_twice() {
    let account = AccountId(ODALYS);
    for (label, confirm, command) in [
        ("Remove friend", "Remove", Command::RemoveFriend(account)),
        ("Block", "Block", Command::Block(account)),
        ("Share your real name", "Share my name", Command::ShareRealName(account)),
    ] {
        let mut stage = showing(stage::home(), card(ODALYS, "Odalys"));
        stage.click(label);
        assert_eq!(stage.commands(), [], "{label}");
        stage.click_last(confirm);
        assert_eq!(stage.commands(), [command], "{label}");
    }
}

#[test]
fn a_stranger_is_asked_taken_back_accepted_or_unblocked() {
    let stranger = || card(STRANGER, "Quarrie");
    let account = AccountId(STRANGER);
    let mut stage = showing(stage::home(), stranger());
    assert!(!stage.shows("Remove friend") && !stage.shows("Make a favourite"));
    stage.click("Ask to be friends");
    assert_eq!(stage.commands(), [Command::AskFriendById(account)]);

    stage.publish(|snapshot| signed_in(snapshot).people.asked = Arc::new([account].into()));
    assert!(!stage.is_enabled("Asked"));
    stage.click("Take the request back");
    assert_eq!(stage.commands(), [Command::RemoveFriend(account)]);

    stage.publish(|snapshot| {
        let people = &mut signed_in(snapshot).people;
        people.asked = Arc::default();
        let request = ReceivedRequest { from: Profile::named(account, "Quarrie"), requested: None };
        people.requests = stage::arrived(Arc::new(vec![request]));
    });
    stage.click("Accept");
    stage.click("Decline");
    assert_eq!(stage.commands(), [Command::AcceptRequest(account), Command::DeclineRequest(account)]);

    stage.publish(|snapshot| signed_in(snapshot).people.card.as_mut().expect("a card").blocked = true);
    assert_eq!(stage.count("Message"), 0);
    stage.click("Unblock Quarrie");
    stage.click("Unblock");
    assert_eq!(stage.commands(), [Command::Unblock(account)]);
}

#[test]
fn a_problem_is_said_inside_the_card() {
    let mut snapshot = stage::home();
    snapshot.problems.push(problem(ProblemKind::RequestRefused, Place::People));
    let mut stage = showing(snapshot, card(STRANGER, "Quarrie"));
    assert_eq!(stage.count("The request was not sent."), 1);
    stage.publish(|snapshot| signed_in(snapshot).people.card = None);
    assert_eq!(stage.count("The request was not sent."), 1, "on the page, where there is no card");
}

#[test]
fn escape_puts_the_card_away_and_the_keyboard_stays_inside_until_then() {
    let mut stage = showing(stage::home(), card(ODALYS, "Odalys"));
    let inside = stage.window.get_by_label("Message").rect().expand(400.0);
    for _ in 0..20 {
        stage.press(Key::Tab);
        let focused = stage.window.root().children_recursive().find(|node| node.is_focused());
        let Some(focused) = focused else { continue };
        let label = focused.accesskit_node().label().unwrap_or_default();
        assert!(inside.contains_rect(focused.rect()), "{label}");
        assert!(!label.contains("friends") && !label.contains("Nova"), "{label} is behind the card");
    }
    stage.press(Key::Escape);
    assert!(stage.commands().contains(&Command::CloseCard));
}

#[test]
fn a_shared_real_name_is_said_and_not_offered_again() {
    let sharing = |word: Option<&str>| {
        let mut card = card(ODALYS, "Odalys");
        card.summary = Some(FriendSummary {
            relation: FriendRelation::Friend,
            real_name_sharing: word.map(str::to_owned),
            friends: None,
            mutual_friends: None,
        });
        card
    };
    for word in [None, Some("no"), Some("whatever")] {
        let stage = showing(stage::home(), sharing(word));
        assert!(stage.shows("Share your real name") && !stage.shows("Real name shared"), "{word:?}");
    }
    let stage = showing(stage::home(), sharing(Some("shared")));
    assert!(stage.shows("Real name shared") && !stage.shows("Share your real name"));
}

#[test]
fn a_card_stays_the_same_one_while_it_learns_their_name() {
    let mut stage = showing(stage::home(), card(STRANGER, "…"));
    let id = |stage: &Stage, name: &str| {
        stage.window.get_by_role_and_label(Role::Dialog, name).accesskit_node().id()
    };
    let before = id(&stage, "…");
    stage.publish(|snapshot| {
        signed_in(snapshot).people.card.as_mut().expect("a card").profile.online_id = "Pell".into();
    });
    assert_eq!(id(&stage, "Pell"), before);
}

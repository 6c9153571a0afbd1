//! What the others are told of our voice, and what theirs says about the bridge.

use super::{links::reach, *};
use crate::client::{MemberReach, Unreachable};

fn told(evening: &Evening) -> Vec<(Vec<AccountId>, bool)> {
    let told = |effect: &Effect| match effect {
        Effect::AnnounceVoice { connected_to, muted, .. } => Some((connected_to.clone(), *muted)),
        _ => None,
    };
    evening.effects.iter().filter_map(told).collect()
}

fn mute(evening: &mut Evening, muted: bool) {
    evening.give(Input::Command(Command::SetMuted(muted)));
    evening.pass(Duration::from_secs(1));
}

/// On the bridge, and the others know it.
fn announced() -> Evening {
    let mut evening = Evening::talking();
    evening.pass(Duration::from_secs(1));
    assert_eq!(told(&evening), [(vec![], false)]);
    evening.give(Input::Announced(Ok(())));
    evening
}

#[test]
fn the_last_word_about_mute_is_the_one_that_stays() {
    let mut evening = Evening::talking();
    evening.pass(Duration::from_secs(1));
    evening.give(Input::Command(Command::SetMuted(true)));
    evening.pass(Duration::from_secs(1));
    assert!(!evening.has(|e| matches!(e, Effect::AnnounceVoice { .. })), "one is on its way");
    evening.give(Input::Announced(Ok(())));
    evening.pass(Duration::from_millis(1));
    assert!(evening.has(|e| matches!(e, Effect::AnnounceVoice { muted: true, .. })));
}

#[test]
fn what_is_no_news_is_not_told() {
    let mut evening = announced();
    evening.give(Input::Command(Command::SetMuted(true)));
    mute(&mut evening, false);
    assert!(told(&evening).is_empty());
    let connection = current_connection(&evening);
    evening.connection(connection, ConnectionState::Interrupted);
    evening.connection(connection, ConnectionState::Connected);
    evening.pass(Duration::from_secs(1));
    assert!(told(&evening).is_empty());
    mute(&mut evening, true);
    assert_eq!(told(&evening), [(vec![], true)]);
}

#[test]
fn connections_are_told_together_and_mute_at_once() {
    let mut evening = announced();
    let them = [101, 102, 103].map(AccountId);
    for account in them {
        evening.push("s1", Event::MembersJoined(vec![member(account)]));
        assert!(told(&evening).is_empty());
        evening.pass(Duration::from_millis(500));
        assert!(told(&evening).is_empty());
    }
    evening.pass(Duration::from_secs(2));
    assert_eq!(told(&evening), [(them.to_vec(), false)], "by the bridge");
    evening.give(Input::Announced(Ok(())));
    for gone in &them[..2] {
        evening.push("s1", Event::MembersLeft(vec![*gone]));
    }
    mute(&mut evening, true);
    assert_eq!(told(&evening), [(vec![them[2]], true)]);
}

#[test]
fn what_failed_is_told_again_whether_or_not_it_is_news() {
    let mut evening = announced();
    mute(&mut evening, true);
    mute(&mut evening, false);
    assert!(told(&evening).is_empty(), "one is on its way");
    evening.give(Input::Announced(Err(unreachable())));
    evening.pass(Duration::from_secs(10));
    assert_eq!(told(&evening), [(vec![], false)], "it may have arrived after all");
    evening.give(Input::Announced(Ok(())));
    evening.pass(Duration::from_secs(10));
    assert!(told(&evening).is_empty());
}

#[test]
fn whoever_goes_back_in_is_new_to_the_others() {
    let mut evening = Evening::in_party();
    mute(&mut evening, true);
    let attempt = evening.reading_party();
    evening.give(Input::Announced(Ok(())));
    evening.give(Input::PartyRead { attempt, result: Ok(party(&[ME])) });
    evening.give(Input::PushClosed { reach: Reach::Nobody, failure: None });
    evening.give(Input::PushOpened);
    let attempt = evening.reading_party();
    evening.give_all(Input::PartyRead { attempt, result: Ok(party(&[NOVA])) });
    evening.answer_lists(&[party(&[NOVA])]);
    let attempt = evening.entering();
    evening.give(Input::Entered { attempt, result: Ok(party(&[NOVA, ME])) });
    evening.pass(Duration::from_secs(1));
    assert_eq!(told(&evening), [(vec![], true)]);
}

#[test]
fn the_bridge_reaches_those_who_say_that_they_hear_us() {
    let mut evening = Evening::talking();
    evening.push("s1", Event::MembersJoined(vec![member(NOVA)]));
    let nova_hears = |evening: &mut Evening, whom: Vec<AccountId>| {
        let change = MemberChange { account: NOVA, muted: None, voice_off: None, connected_to: Some(whom) };
        evening.push("s1", Event::MembersChanged(vec![change]));
    };
    assert_eq!(reach(&evening), MemberReach::Connecting, "she said nothing so far");
    nova_hears(&mut evening, vec![]);
    assert_eq!(reach(&evening), MemberReach::Connecting);
    nova_hears(&mut evening, vec![ME]);
    assert_eq!(reach(&evening), MemberReach::Bridge);
    nova_hears(&mut evening, vec![]);
    evening.pass(Duration::from_secs(60));
    assert_eq!(reach(&evening), MemberReach::Unreachable(Unreachable::NoAnswer), "she left the bridge");
}

#[test]
fn a_bridge_that_only_listens_reaches_nobody() {
    let mut evening = Evening::in_party();
    let connection = evening.connecting();
    let listens = Seated { carries: false, ..seated() };
    evening.give(Input::Seated { connection, result: Ok(listens) });
    evening.connection(connection, ConnectionState::Connected);
    let nova = Member { connected_to: Some(vec![ME]), ..member(NOVA) };
    evening.push("s1", Event::MembersJoined(vec![nova]));
    assert_eq!(reach(&evening), MemberReach::Connecting);
}

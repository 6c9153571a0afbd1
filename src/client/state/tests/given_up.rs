//! Members whom three tries did not reach: when another one is made, and that nobody notices.

use super::{
    links::{answer_of_nova, answered, not_signalled, offer_of_nova, offers, reach, signalled, with_nova},
    *,
};
use crate::client::{MemberReach, Unreachable};

const NO_ANSWER: MemberReach = MemberReach::Unreachable(Unreachable::NoAnswer);

/// Offers go out, and nobody answers: when each was made, in seconds from now on.
fn unanswered(evening: &mut Evening, seconds: u64) -> Vec<u64> {
    let began = evening.now;
    let mut made = Vec::new();
    for _ in 0..10 * seconds {
        evening.pass(Duration::from_millis(100));
        for (connection, _) in offers(evening) {
            made.push((evening.now - began).as_secs());
            evening.give(signalled(connection));
        }
    }
    made
}

fn given_up() -> Evening {
    let mut evening = with_nova(true);
    assert_eq!(unanswered(&mut evening, 16), [0, 5, 10]);
    assert_eq!(reach(&evening), NO_ANSWER);
    evening
}

#[test]
fn somebody_who_never_answers_gets_three_offers_and_then_one_a_minute() {
    let mut evening = given_up();
    let made = unanswered(&mut evening, 600);
    let apart = made.windows(2).map(|two| two[1] - two[0]);
    assert!((8..=10).contains(&made.len()) && apart.clone().all(|apart| apart >= 60), "{made:?}");
}

#[test]
fn a_quiet_try_is_not_shown_and_what_comes_of_it_is() {
    let mut evening = given_up();
    evening.pass(Duration::from_secs(61));
    let (connection, sequence) = offers(&evening)[0];
    assert_eq!(reach(&evening), NO_ANSWER, "nobody waits for it");
    evening.give(signalled(connection));
    evening.push("s1", answer_of_nova(sequence, 1));
    assert_eq!(reach(&evening), NO_ANSWER);
    evening.connection(connection, ConnectionState::Failed);
    assert_eq!(reach(&evening), MemberReach::Unreachable(Unreachable::NoPath), "what is so now");
    evening.pass(Duration::from_secs(61));
    let (connection, sequence) = offers(&evening)[0];
    evening.push("s1", answer_of_nova(sequence, 2));
    evening.connection(connection, ConnectionState::Connected);
    assert_eq!(reach(&evening), MemberReach::Direct);
    evening.connection(connection, ConnectionState::Interrupted);
    assert_eq!(reach(&evening), MemberReach::Reconnecting, "as with everybody");
}

#[test]
fn whoever_asks_for_another_try_sees_it() {
    let mut evening = given_up();
    evening.give(Input::Command(Command::RetryMember(NOVA)));
    assert_eq!(reach(&evening), MemberReach::Connecting);
    assert_eq!(unanswered(&mut evening, 16), [0, 5, 10]);
    evening.pass(Duration::from_secs(61));
    assert_eq!((offers(&evening).len(), reach(&evening)), (1, NO_ANSWER));
    evening.give(Input::Command(Command::RetryMember(NOVA)));
    assert_eq!(reach(&evening), MemberReach::Connecting, "the one under way");
}

#[test]
fn one_side_tries_again_and_the_other_answers() {
    let mut evening = with_nova(false);
    assert_eq!(unanswered(&mut evening, 30).len(), 3);
    assert_eq!(reach(&evening), NO_ANSWER);
    assert!(unanswered(&mut evening, 600).is_empty());
    evening.push("s1", offer_of_nova(9, 9));
    let (connection, _) = answered(&evening).expect("it is answered");
    assert_eq!(reach(&evening), NO_ANSWER);
    evening.give(signalled(connection));
    evening.connection(connection, ConnectionState::Connected);
    assert_eq!(reach(&evening), MemberReach::Direct);
}

#[test]
fn what_is_not_understood_is_not_said_again() {
    let mut evening = with_nova(true);
    evening.pass(Duration::from_millis(100));
    let (connection, _) = offers(&evening)[0];
    evening.give(not_signalled(connection, ProblemKind::VoiceNotUnderstood));
    assert!(unanswered(&mut evening, 600).is_empty());
    evening.give(Input::PushClosed { reach: Reach::Nobody, failure: None });
    evening.give(Input::PushOpened);
    assert!(unanswered(&mut evening, 600).is_empty());
    assert_eq!(reach(&evening), MemberReach::Unreachable(Unreachable::NotUnderstood));
}

#[test]
fn a_bridge_that_is_back_brings_the_next_try_at_once() {
    let mut evening = Evening::in_party();
    let connection = evening.connecting();
    evening.push("s1", Event::MembersJoined(vec![Member { join_order: 0, ..member(NOVA) }]));
    assert_eq!(unanswered(&mut evening, 20), [0, 5, 10]);
    evening.give(Input::Seated { connection, result: Ok(seated()) });
    evening.connection(connection, ConnectionState::Connected);
    assert_eq!(unanswered(&mut evening, 50), [0]);
}

#[test]
fn many_who_never_answer_cost_few_calls() {
    let mut evening = Evening::in_party();
    let them = |n: u64| Member { join_order: 0, ..member(AccountId(100 + n)) };
    evening.push("s1", Event::MembersJoined((0..15).map(them).collect()));
    let first = unanswered(&mut evening, 60).len();
    assert_eq!(first, 45, "three for each");
    let then = unanswered(&mut evening, 840).len();
    assert!((15..=46).contains(&then), "{then} in fourteen minutes");
}

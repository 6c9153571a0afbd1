//! One link at a time: who offers, who waits, when it is given up.

use super::*;
use crate::{
    client::{
        MemberReach, Unreachable,
        input::{LinksEffect, LinksInput},
    },
    model::{Answer, Description, Offer, Signal},
};

/// Two in a party: we came first, or later.
pub(super) fn with_nova(later: bool) -> Evening {
    let mut evening = Evening::in_party();
    let nova = Member { join_order: if later { 0 } else { 2 }, ..member(NOVA) };
    evening.push("s1", Event::MembersJoined(vec![nova]));
    evening
}

pub(super) fn offers(evening: &Evening) -> Vec<(u64, u64)> {
    let offer = |effect: &Effect| match effect {
        Effect::Links(LinksEffect::Offer { connection, recipient }) => {
            Some((*connection, recipient.sequence))
        }
        _ => None,
    };
    evening.effects.iter().filter_map(offer).collect()
}

pub(super) fn reach(evening: &Evening) -> MemberReach {
    match evening.screen().party {
        PartyState::Joined(party) => party.members[&NOVA].reach,
        other => panic!("{other:?}"),
    }
}

fn of_nova(description: Description, sequence: u64, number: u64) -> Event {
    Event::Signal(Box::new(Signal {
        from: NOVA,
        from_platform: Platform::Ps5,
        to: ME,
        to_platform: Platform::Mobile,
        description,
        sequence,
        number,
    }))
}

pub(super) fn offer_of_nova(sequence: u64, number: u64) -> Event {
    of_nova(Description::Offer(Offer("theirs".into())), sequence, number)
}

#[test]
fn who_was_there_first_waits_for_the_offer_and_answers_it() {
    let mut evening = with_nova(false);
    evening.pass(Duration::from_secs(2));
    assert!(offers(&evening).is_empty());
    evening.push("s1", offer_of_nova(1, 1));
    let connection = evening.find(|effect| match effect {
        Effect::Links(LinksEffect::Answer { connection, .. }) => Some(*connection),
        _ => None,
    });
    evening.push("s1", offer_of_nova(1, 1));
    assert!(!evening.has(|effect| matches!(effect, Effect::Links(_))), "once, however often it comes");
    evening.give(Input::Links(LinksInput::Signalled { connection, result: Ok(()) }));
    evening.connection(connection, ConnectionState::Connected);
    assert_eq!(reach(&evening), MemberReach::Direct);
    evening.pass(Duration::from_secs(1));
    assert!(
        evening.has(|e| matches!(e, Effect::AnnounceVoice { connected_to, .. } if *connected_to == [NOVA]))
    );
    evening.push("s1", offer_of_nova(2, 2));
    assert!(
        evening.has(|e| matches!(e, Effect::Links(LinksEffect::Answer { .. }))),
        "a newer one replaces it"
    );
}

#[test]
fn an_offer_that_does_not_come_is_made() {
    let mut evening = with_nova(false);
    evening.pass(Duration::from_secs(7));
    assert_eq!(offers(&evening).len(), 1);
}

#[test]
fn a_message_that_the_service_refuses_is_not_sent_again() {
    let mut evening = with_nova(true);
    evening.pass(Duration::from_millis(100));
    let (connection, _) = offers(&evening)[0];
    let failure = Failure::new(ProblemKind::NotOffered, "403");
    evening.give(Input::Links(LinksInput::Signalled { connection, result: Err(failure) }));
    assert_eq!(reach(&evening), MemberReach::Unreachable(Unreachable::NotPassedOn));
    assert!(evening.has(|e| *e == Effect::Links(LinksEffect::Close { connection })));
    evening.pass(Duration::from_secs(600));
    assert!(offers(&evening).is_empty());
}

#[test]
fn whoever_leaves_takes_the_connection_along() {
    let mut evening = with_nova(true);
    evening.pass(Duration::from_millis(100));
    let (connection, _) = offers(&evening)[0];
    evening.push("s1", Event::MembersLeft(vec![NOVA]));
    assert!(evening.has(|e| *e == Effect::Links(LinksEffect::Close { connection })));
}

/// The one that answers, and what it repeats.
pub(super) fn answered(evening: &Evening) -> Option<(u64, u64)> {
    evening.effects.iter().find_map(|effect| match effect {
        Effect::Links(LinksEffect::Answer { connection, recipient, .. }) => {
            Some((*connection, recipient.sequence))
        }
        _ => None,
    })
}

pub(super) fn answer_of_nova(sequence: u64, number: u64) -> Event {
    of_nova(Description::Answer(Answer("theirs".into())), sequence, number)
}

pub(super) fn signalled(connection: u64) -> Input {
    Input::Links(LinksInput::Signalled { connection, result: Ok(()) })
}

pub(super) fn not_signalled(connection: u64, kind: ProblemKind) -> Input {
    Input::Links(LinksInput::Signalled { connection, result: Err(Failure::new(kind, "not sent")) })
}

fn closes(evening: &Evening, connection: u64) -> bool {
    evening.has(|effect| *effect == Effect::Links(LinksEffect::Close { connection }))
}

/// Nova's seventh offer, which was her ninth message, is answered and up.
fn connected() -> (Evening, u64) {
    let mut evening = with_nova(false);
    evening.push("s1", offer_of_nova(7, 9));
    let (connection, repeated) = answered(&evening).expect("it is answered");
    assert_eq!(repeated, 7, "the number of the offer");
    evening.give(signalled(connection));
    evening.connection(connection, ConnectionState::Connected);
    (evening, connection)
}

#[test]
fn only_a_newer_offer_replaces_a_connection_and_only_once_it_is_up() {
    let (mut evening, first) = connected();
    for (sequence, number) in [(7, 9), (6, 8), (7, 12), (6, 12), (8, 8)] {
        evening.push("s1", offer_of_nova(sequence, number));
        assert_eq!(answered(&evening), None, "{sequence} as message {number} is late or repeated");
    }
    evening.push("s1", offer_of_nova(8, 10));
    let (second, repeated) = answered(&evening).expect("it is newer");
    assert!(repeated == 8 && !closes(&evening, first));
    evening.give(signalled(second));
    assert_eq!(reach(&evening), MemberReach::Direct, "the first still carries voices");
    evening.connection(second, ConnectionState::Connected);
    assert!(closes(&evening, first));
    assert_eq!(reach(&evening), MemberReach::Direct);
}

#[test]
fn a_replacement_that_comes_to_nothing_leaves_the_connection_alone() {
    let ways: [fn(&mut Evening, u64); 4] = [
        |evening, second| evening.give(not_signalled(second, ProblemKind::VoiceNotUnderstood)),
        |evening, second| evening.give(not_signalled(second, ProblemKind::NotOffered)),
        |evening, second| evening.connection(second, ConnectionState::Failed),
        |evening, second| {
            evening.give(signalled(second));
            evening.pass(Duration::from_secs(9));
        },
    ];
    for fails in ways {
        let (mut evening, first) = connected();
        evening.push("s1", offer_of_nova(8, 10));
        let (second, _) = answered(&evening).expect("it is newer");
        fails(&mut evening, second);
        assert!(closes(&evening, second) && !closes(&evening, first));
        assert_eq!(reach(&evening), MemberReach::Direct);
        evening.connection(first, ConnectionState::Failed);
        assert_eq!(reach(&evening), MemberReach::Reconnecting, "it is watched as before");
    }
}

#[test]
fn a_connection_that_dies_while_it_is_replaced_is_not_shown_any_more() {
    let (mut evening, first) = connected();
    evening.push("s1", offer_of_nova(8, 10));
    evening.connection(first, ConnectionState::Closed);
    assert!(closes(&evening, first));
    assert_eq!(reach(&evening), MemberReach::Reconnecting);
}

#[test]
fn an_answer_counts_once_and_for_its_own_offer() {
    let mut evening = with_nova(true);
    evening.pass(Duration::from_millis(100));
    let (connection, sequence) = offers(&evening)[0];
    let accepts = |evening: &Evening| evening.has(|e| matches!(e, Effect::Links(LinksEffect::Accept { .. })));
    evening.push("s1", answer_of_nova(sequence + 1, 1));
    assert!(!accepts(&evening));
    evening.push("s1", answer_of_nova(sequence, 2));
    assert!(accepts(&evening));
    evening.push("s1", answer_of_nova(sequence, 2));
    assert!(!accepts(&evening));
    // It took a while to hear that our offer was not sent: it was.
    evening.give(not_signalled(connection, ProblemKind::NotOffered));
    assert!(!closes(&evening, connection));
    evening.connection(connection, ConnectionState::Connected);
    assert_eq!(reach(&evening), MemberReach::Direct);
}

#[test]
fn of_offers_that_cross_the_one_of_the_lower_id_gives_way() {
    for (them, we_give_way) in [(AccountId(ME.0 - 1), false), (AccountId(ME.0 + 1), true)] {
        let mut evening = Evening::in_party();
        evening.push("s1", Event::MembersJoined(vec![Member { join_order: 0, ..member(them) }]));
        evening.pass(Duration::from_millis(100));
        let (connection, _) = offers(&evening)[0];
        let Event::Signal(signal) = offer_of_nova(1, 1) else { unreachable!() };
        evening.push("s1", Event::Signal(Box::new(Signal { from: them, ..*signal })));
        assert_eq!(answered(&evening).is_some(), we_give_way);
        assert_eq!(closes(&evening, connection), we_give_way);
    }
}

#[test]
fn offers_wait_for_the_line_and_are_made_when_it_is_back() {
    let mut evening = with_nova(false);
    evening.give(Input::PushClosed { reach: Reach::Nobody, failure: None });
    evening.pass(Duration::from_secs(60));
    assert!(offers(&evening).is_empty());
    assert_eq!(reach(&evening), MemberReach::Connecting, "nobody can know better");
    evening.give(Input::PushOpened);
    evening.pass(Duration::from_millis(100));
    assert_eq!(offers(&evening).len(), 1);
}

#[test]
fn what_failed_long_ago_does_not_count_against_a_steady_connection() {
    let mut evening = with_nova(true);
    for sequence in 1..=3 {
        evening.pass(Duration::from_secs(6));
        let (connection, made) = *offers(&evening).last().expect("an offer");
        assert_eq!(made, sequence);
        evening.give(signalled(connection));
        if sequence == 3 {
            evening.push("s1", answer_of_nova(3, 1));
            evening.connection(connection, ConnectionState::Connected);
            evening.pass(Duration::from_secs(60));
            evening.connection(connection, ConnectionState::Interrupted);
            evening.connection(connection, ConnectionState::Connected);
            evening.connection(connection, ConnectionState::Failed);
        }
    }
    assert_eq!(reach(&evening), MemberReach::Reconnecting);
}

//! One link at a time: who offers, who waits, when it is given up.

use super::*;
use crate::{
    client::{
        MemberReach, Unreachable,
        input::{LinksEffect, LinksInput},
    },
    model::{Description, Offer, Signal},
};

/// Two in a party: we came first, or later.
fn with_nova(later: bool) -> Evening {
    let mut evening = Evening::in_party();
    let nova = Member { join_order: if later { 0 } else { 2 }, ..member(NOVA) };
    evening.push("s1", Event::MembersJoined(vec![nova]));
    evening
}

fn offers(evening: &Evening) -> Vec<(u64, u64)> {
    let offer = |effect: &Effect| match effect {
        Effect::Links(LinksEffect::Offer { connection, recipient }) => {
            Some((*connection, recipient.sequence))
        }
        _ => None,
    };
    evening.effects.iter().filter_map(offer).collect()
}

fn reach(evening: &Evening) -> MemberReach {
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

fn offer_of_nova(sequence: u64, number: u64) -> Event {
    of_nova(Description::Offer(Offer("theirs".into())), sequence, number)
}

#[test]
fn somebody_who_never_answers_gets_three_offers_and_no_more() {
    let mut evening = with_nova(true);
    let mut made = Vec::new();
    for _ in 0..600 {
        evening.pass(Duration::from_millis(100));
        for (connection, sequence) in offers(&evening) {
            made.push(sequence);
            evening.give(Input::Links(LinksInput::Signalled { connection, result: Ok(()) }));
        }
    }
    assert_eq!(made, [1, 2, 3]);
    assert_eq!(reach(&evening), MemberReach::Unreachable(Unreachable::NoAnswer));
    evening.give(Input::Command(Command::RetryMember(NOVA)));
    evening.pass(Duration::from_millis(100));
    assert_eq!(offers(&evening).len(), 1, "the user asks for another");
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
    evening.pass(Duration::from_secs(60));
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

//! Whole evenings in microseconds: inputs in, effects out, time by hand.

mod announcing;
mod given_up;
mod links;
mod meeting;
mod notes;
mod notifications;
mod outage;
mod parties;
mod service;
mod sign_in;
mod sound;

use std::time::{Duration, Instant, SystemTime};

use super::State;
use crate::{
    client::{
        Command, LinkState, Notice, PartyState, Place, ProblemKind, Screen, Service, SignedIn, Stay,
        VoiceStatus,
        failure::Failure,
        input::{
            Arrived, ChatsEffect, ChatsInput, Effect, Entry, Input, Opened, PartiesEffect, PartiesInput,
            PeopleEffect, PeopleInput, Seat, Seated, VoiceControl,
        },
        reconnect::Reach,
    },
    model::{
        AccountId, AccountSlot, Bridge, BridgeId, BridgeToken, FriendsPage, KnownAccount, Member,
        OAuthClient, OnlineId, PartySession, PeerId, Platform, Privacy, Profile, SessionId, Settings,
    },
    psn::{Event, MemberChange, PartyEvent, PushEvent},
    voice::{ConnectionState, VoiceEvent},
};

const ME: AccountId = AccountId(1234567890123456789);
const NOVA: AccountId = AccountId(987654321098765432);

/// A state with a clock.
struct Evening {
    state: State,
    now: Instant,
    effects: Vec<Effect>,
}

impl Evening {
    fn begin() -> Self {
        let state = State::new(Service::Sandbox, Settings::default());
        let mut evening = Self { state, now: Instant::now(), effects: Vec::new() };
        evening.give(Input::Started);
        evening.give(Input::Opened(nothing_kept()));
        evening
    }

    fn signed_in() -> Self {
        let mut evening = Self::begin();
        evening.give(Input::Command(Command::SignIn));
        let attempt = evening.find(|e| match e {
            Effect::SignIn { attempt, .. } => Some(*attempt),
            _ => None,
        });
        let me = Profile::named(ME, "marlow_87");
        evening.give(Input::SignedIn { attempt, result: Ok(Arrived { me, again: false }) });
        evening.give(Input::PushOpened);
        evening.answer_lists(&[]);
        evening
    }

    /// All lists that are read now: these parties, and no invitation.
    fn answer_lists(&mut self, parties: &[PartySession]) {
        for effect in std::mem::take(&mut self.effects) {
            let answer = match effect {
                Effect::Parties(PartiesEffect::ReadVisible { attempt, .. }) => {
                    PartiesInput::Visible { attempt, result: Ok(parties.to_vec()) }
                }
                Effect::Parties(PartiesEffect::ReadInvitations { attempt }) => {
                    PartiesInput::Invitations { attempt, result: Ok(vec![]) }
                }
                Effect::Parties(PartiesEffect::ReadOpen { attempt }) => {
                    PartiesInput::Open { attempt, result: Ok(vec![]) }
                }
                effect => {
                    if let Some(answer) = nothing(&effect, false) {
                        self.give_all(answer);
                    }
                    continue;
                }
            };
            self.give_all(Input::Parties(answer));
        }
    }

    /// What it causes is added to what is there.
    fn give_all(&mut self, input: Input) {
        let caused = self.state.handle(input, self.now);
        for answer in caused.iter().filter_map(|effect| nothing(effect, false)) {
            self.give_all(answer);
        }
        self.effects.extend(caused);
    }

    fn in_party() -> Self {
        let mut evening = Self::signed_in();
        evening.give(Input::Command(start_party()));
        let attempt = evening.entering();
        evening.give(Input::Entered { attempt, result: Ok(party(&[ME])) });
        let answers: Vec<_> = evening.effects.iter().filter_map(|effect| nothing(effect, false)).collect();
        for answer in answers {
            evening.give_all(answer);
        }
        evening
    }

    fn talking() -> Self {
        let mut evening = Self::in_party();
        let connection = evening.connecting();
        evening.give(Input::Seated { connection, result: Ok(seated()) });
        evening.connection(connection, ConnectionState::Connected);
        evening
    }

    fn give(&mut self, input: Input) {
        self.effects = self.state.handle(input, self.now);
    }

    /// Lets time pass, giving a tick at each deadline on the way; keeps all effects.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut effects = Vec::new();
        while let Some(deadline) = self.state.next_deadline().filter(|deadline| *deadline <= end) {
            self.now = deadline.max(self.now);
            effects.extend(self.state.handle(Input::Tick, self.now));
        }
        self.now = end;
        self.effects = effects;
    }

    fn connection(&mut self, connection: u64, state: ConnectionState) {
        self.give(Input::Voice(VoiceEvent::Connection { connection, state }));
    }

    fn push(&mut self, session: &str, event: Event) {
        let from = Some((NOVA, OnlineId::from("Nova")));
        self.give(Input::Push(PushEvent::Party(PartyEvent {
            session: SessionId::from(session),
            from,
            event,
        })));
    }

    /// Everything that is asked for is answered, until nothing but polls is left.
    fn settle(&mut self) {
        for _ in 0..3 {
            self.pass(Duration::from_secs(5));
            if self.has(|e| matches!(e, Effect::ReadParty { .. })) {
                let attempt = self.reading_party();
                let session = self.state.joined().expect("joined").session.clone();
                let asked = std::mem::take(&mut self.effects);
                self.give(Input::PartyRead { attempt, result: Ok(session) });
                self.effects.extend(asked);
            }
            self.answer_lists(&[]);
        }
    }

    fn find<T>(&self, pick: impl Fn(&Effect) -> Option<T>) -> T {
        self.effects.iter().find_map(pick).unwrap_or_else(|| panic!("not among {:?}", self.effects))
    }

    fn has(&self, pick: impl Fn(&Effect) -> bool) -> bool {
        self.effects.iter().any(pick)
    }

    fn entering(&self) -> u64 {
        self.find(|e| match e {
            Effect::EnterParty { attempt, .. } => Some(*attempt),
            _ => None,
        })
    }

    fn connecting(&self) -> u64 {
        self.find(|e| match e {
            Effect::ConnectVoice { connection, .. } => Some(*connection),
            _ => None,
        })
    }

    fn signing_in(&self) -> u64 {
        self.find(|e| match e {
            Effect::SignIn { attempt, .. } => Some(*attempt),
            _ => None,
        })
    }

    fn resuming(&self) -> u64 {
        self.find(|e| match e {
            Effect::Resume { attempt, .. } => Some(*attempt),
            _ => None,
        })
    }

    fn reading_party(&self) -> u64 {
        self.find(reading_party)
    }

    fn screen(&self) -> SignedIn {
        match self.state.snapshot().screen {
            Screen::SignedIn(signed_in) => *signed_in,
            other => panic!("not signed in: {other:?}"),
        }
    }

    /// The service has trouble with it; counts the call.
    fn refuse(&mut self, effect: PartiesEffect) -> usize {
        let answer = match effect {
            PartiesEffect::ReadVisible { attempt, .. } => {
                PartiesInput::Visible { attempt, result: Err(trouble()) }
            }
            PartiesEffect::ReadInvitations { attempt } => {
                PartiesInput::Invitations { attempt, result: Err(trouble()) }
            }
            PartiesEffect::ReadOpen { attempt } => PartiesInput::Open { attempt, result: Err(trouble()) },
            _ => return 1,
        };
        self.effects.extend(self.state.handle(Input::Parties(answer), self.now));
        1
    }

    fn voice(&self) -> VoiceStatus {
        match self.screen().party {
            PartyState::Joined(party) => party.voice,
            other => panic!("in no party: {other:?}"),
        }
    }

    fn problems(&self) -> Vec<ProblemKind> {
        self.state.snapshot().problems.into_iter().map(|problem| problem.kind).collect()
    }
}

fn reading_party(effect: &Effect) -> Option<u64> {
    match effect {
        Effect::ReadParty { attempt, .. } => Some(*attempt),
        _ => None,
    }
}

fn reads_lists(evening: &Evening) -> bool {
    let visible = |e: &Effect| matches!(e, Effect::Parties(PartiesEffect::ReadVisible { .. }));
    let invitations = |e: &Effect| matches!(e, Effect::Parties(PartiesEffect::ReadInvitations { .. }));
    evening.has(visible) && evening.has(invitations)
}

/// The answer of a service that knows nobody and nothing, or of none at all, to what is read of people and conversations.
fn nothing(effect: &Effect, lost: bool) -> Option<Input> {
    fn of<T>(answer: T, lost: bool) -> Result<T, Failure> {
        if lost { Err(Failure::new(ProblemKind::ServiceUnreachable, "lost")) } else { Ok(answer) }
    }
    match *effect {
        Effect::People(PeopleEffect::ReadFriends { attempt, .. }) => {
            let page = FriendsPage { friends: vec![], next: None, total: Some(0) };
            Some(Input::People(PeopleInput::Friends { attempt, result: of(page, lost) }))
        }
        Effect::People(PeopleEffect::ReadRequests { attempt }) => {
            Some(Input::People(PeopleInput::Requests { attempt, result: of(vec![], lost) }))
        }
        Effect::Chats(ChatsEffect::ReadGroups { attempt }) => {
            Some(Input::Chats(ChatsInput::Groups { attempt, result: of(vec![], lost) }))
        }
        Effect::Chats(ChatsEffect::ReadNotifications { attempt }) => {
            Some(Input::Chats(ChatsInput::Notifications { attempt, result: of(vec![], lost) }))
        }
        _ => None,
    }
}

fn start_party() -> Command {
    let (name, privacy) = ("Sunday squad".into(), Privacy::InviteOnly);
    Command::StartParty { name, privacy, limit: 16, invite: vec![] }
}

fn member(account: AccountId) -> Member {
    Member {
        account,
        online_id: OnlineId::from(if account == ME { "marlow_87" } else { "Nova" }),
        platform: Platform::Ps5,
        join_order: if account == ME { 1 } else { 2 },
        muted: false,
        voice_off: false,
        connected_to: None,
    }
}

fn party(members: &[AccountId]) -> PartySession {
    PartySession {
        id: SessionId::from("s1"),
        name: "Sunday squad".into(),
        privacy: Privacy::InviteOnly,
        max_members: 16,
        owner: Some(ME),
        members: members.iter().copied().map(member).collect(),
        bridge: None,
        joinable: false,
        request_to_join: false,
        created: None,
    }
}

fn seated() -> Seated {
    let bridge = Bridge { id: BridgeId::from("b1"), token: BridgeToken::from("t") };
    Seated { seat: Seat { bridge, peer: PeerId::from("p1") }, session: party(&[ME]), carries: true }
}

fn nothing_kept() -> Opened {
    Opened { secrets: None, client: None, accounts: Vec::new(), last: None }
}

fn unreachable() -> Failure {
    Failure::new(ProblemKind::ServiceUnreachable, "no network")
}

fn trouble() -> Failure {
    Failure::new(ProblemKind::ServiceTrouble, "500")
}

#[test]
fn signing_in_reads_everything_once_and_opens_the_push_line() {
    let mut evening = Evening::begin();
    evening.give(Input::Command(Command::SignIn));
    let me = Profile::named(ME, "marlow_87");
    evening.give(Input::SignedIn { attempt: 1, result: Ok(Arrived { me, again: false }) });
    assert!(evening.has(|e| *e == Effect::OpenPush { again: false }));
    assert!(evening.has(|e| matches!(e, Effect::People(PeopleEffect::ReadFriends { .. }))));
    evening.give(Input::PushOpened);
    assert_eq!(evening.screen().link, LinkState::Connecting, "nothing is known so far");
    assert!(evening.has(|e| matches!(e, Effect::People(PeopleEffect::ReadRequests { .. }))));
    assert!(reads_lists(&evening));
    evening.answer_lists(&[]);
    assert_eq!(evening.screen().link, LinkState::Live);
    evening.pass(Duration::from_secs(30));
    assert!(!reads_lists(&evening), "once, not twice");
}

#[test]
fn nobody_waits_for_a_push_line_that_does_not_open() {
    let mut evening = Evening::begin();
    evening.give(Input::Command(Command::SignIn));
    let me = Profile::named(ME, "marlow_87");
    evening.give(Input::SignedIn { attempt: 1, result: Ok(Arrived { me, again: false }) });
    evening.pass(Duration::from_secs(2));
    assert!(reads_lists(&evening));
}

#[test]
fn a_party_is_entered_and_voice_connects() {
    let mut evening = Evening::in_party();
    assert_eq!(evening.voice(), VoiceStatus::Connecting);
    let connection = evening.connecting();
    evening.give(Input::Seated { connection, result: Ok(seated()) });
    evening.connection(connection, ConnectionState::Connected);
    assert_eq!(evening.voice(), VoiceStatus::Connected);
    evening.pass(Duration::from_secs(1));
    assert!(evening.has(|e| matches!(e, Effect::AnnounceVoice { muted: false, .. })));
}

#[test]
fn a_path_found_before_the_answer_was_acknowledged_counts() {
    let mut evening = Evening::in_party();
    let connection = evening.connecting();
    evening.connection(connection, ConnectionState::Connected);
    evening.give(Input::Seated { connection, result: Ok(seated()) });
    evening.pass(Duration::from_secs(60));
    assert_eq!(evening.voice(), VoiceStatus::Connected);
}

#[test]
fn events_of_an_older_connection_are_dropped() {
    let mut evening = Evening::talking();
    evening.connection(1, ConnectionState::Failed);
    assert_eq!(evening.voice(), VoiceStatus::Connected);
}

#[test]
fn a_lost_bridge_is_replaced_at_once_and_the_old_seat_given_back() {
    let mut evening = Evening::talking();
    let connection = evening.state.joined().expect("joined").voice.seat().cloned();
    assert!(connection.is_some());
    let current = current_connection(&evening);
    evening.connection(current, ConnectionState::Closed);
    assert_eq!(evening.voice(), VoiceStatus::Reconnecting);
    assert!(evening.has(|e| matches!(e, Effect::ConnectVoice { previous: Some(_), .. })));
}

#[test]
fn voice_is_back_within_five_seconds_of_the_network() {
    let mut evening = Evening::talking();
    let current = current_connection(&evening);
    evening.connection(current, ConnectionState::Failed);
    for _ in 0..600 {
        let connection = evening.connecting();
        evening.give(Input::Seated { connection, result: Err(unreachable()) });
        evening.pass(Duration::from_secs(2));
    }
    let connection = evening.connecting();
    evening.give(Input::Seated { connection, result: Ok(seated()) });
    evening.connection(connection, ConnectionState::Connected);
    assert_eq!(evening.voice(), VoiceStatus::Connected);
}

#[test]
fn a_service_that_answers_but_brings_no_voice_is_left_alone_and_can_be_asked_again() {
    let mut evening = Evening::in_party();
    for _ in 0..20 {
        if evening.voice() == VoiceStatus::Failed {
            break;
        }
        let connection = evening.connecting();
        evening.give(Input::Seated { connection, result: Err(trouble()) });
        evening.pass(Duration::from_secs(60));
    }
    assert_eq!(evening.voice(), VoiceStatus::Failed);
    assert!(evening.problems().contains(&ProblemKind::VoiceUnreachable));
    evening.give(Input::Command(Command::RetryVoice));
    evening.connecting();
    assert_eq!(evening.problems(), []);
}

#[test]
fn a_stutter_that_heals_costs_no_new_connection() {
    let mut evening = Evening::talking();
    let current = current_connection(&evening);
    evening.connection(current, ConnectionState::Interrupted);
    assert_eq!(evening.voice(), VoiceStatus::Reconnecting);
    evening.pass(Duration::from_millis(500));
    evening.connection(current, ConnectionState::Connected);
    evening.pass(Duration::from_secs(30));
    assert!(!evening.has(|e| matches!(e, Effect::ConnectVoice { .. })));
    assert_eq!(evening.voice(), VoiceStatus::Connected);
}

#[test]
fn a_stutter_that_lasts_is_replaced() {
    let mut evening = Evening::talking();
    let current = current_connection(&evening);
    evening.connection(current, ConnectionState::Interrupted);
    evening.pass(Duration::from_secs(2));
    evening.connecting();
}

#[test]
fn members_come_change_and_go_by_push_alone() {
    let mut evening = Evening::talking();
    evening.push("s1", Event::MembersJoined(vec![member(NOVA)]));
    assert!(evening.has(|e| *e == Effect::Notify(Notice::MemberJoined(OnlineId::from("Nova")))));
    assert!(evening.has(|e| *e == Effect::Voice(VoiceControl::Members(vec![NOVA]))));
    evening.push("s1", Event::MembersJoined(vec![member(NOVA)]));
    assert!(!evening.has(|e| matches!(e, Effect::Notify(_))), "told once");
    let change =
        MemberChange { account: NOVA, muted: Some(true), voice_off: None, connected_to: Some(vec![ME]) };
    evening.push("s1", Event::MembersChanged(vec![change]));
    let PartyState::Joined(party) = evening.screen().party else { panic!("in a party") };
    let nova = &party.session.members[1];
    assert!(nova.muted && nova.connected_to == Some(vec![ME]));
    evening.push("s1", Event::MembersLeft(vec![NOVA]));
    assert!(evening.has(|e| *e == Effect::Notify(Notice::MemberLeft(OnlineId::from("Nova")))));
}

#[test]
fn without_push_the_party_is_polled_within_the_budget() {
    let mut evening = Evening::talking();
    evening.give(Input::PushClosed { reach: Reach::Service, failure: None });
    assert_eq!(evening.screen().link, LinkState::CatchingUp);
    let mut calls = 0;
    for _ in 0..15 * 60 {
        evening.pass(Duration::from_secs(1));
        for effect in std::mem::take(&mut evening.effects) {
            calls += match effect {
                Effect::ReadParty { attempt, .. } => {
                    let read = Input::PartyRead { attempt, result: Ok(party(&[ME])) };
                    evening.effects.extend(evening.state.handle(read, evening.now));
                    1
                }
                Effect::People(PeopleEffect::ReadFriends { attempt, .. }) => {
                    let page = FriendsPage { friends: vec![], next: None, total: Some(0) };
                    let read = Input::People(PeopleInput::Friends { attempt, result: Ok(page) });
                    evening.effects.extend(evening.state.handle(read, evening.now));
                    1
                }
                Effect::People(_) => 1,
                Effect::Parties(effect) => evening.refuse(effect),
                Effect::OpenPush { .. } => {
                    let closed = Input::PushClosed { reach: Reach::Service, failure: None };
                    evening.effects = evening.state.handle(closed, evening.now);
                    1
                }
                _ => 0,
            };
        }
    }
    assert!(calls > 100, "something is read: {calls}");
    assert!(calls < 270, "{calls} calls in 15 minutes");
}

#[test]
fn everything_is_read_again_after_a_reconnect() {
    let mut evening = Evening::talking();
    evening.settle();
    evening.give(Input::PushClosed { reach: Reach::Nobody, failure: None });
    evening.pass(Duration::from_secs(1));
    assert!(evening.has(|e| *e == Effect::OpenPush { again: true }));
    let polled = evening.reading_party();
    evening.give(Input::PushOpened);
    assert!(reads_lists(&evening));
    evening.answer_lists(&[]);
    evening.give(Input::PartyRead { attempt: polled, result: Ok(party(&[ME])) });
    assert_eq!(evening.screen().link, LinkState::CatchingUp, "it was asked for before");
    evening.pass(Duration::from_secs(3));
    let attempt = evening.reading_party();
    evening.answer_lists(&[]);
    evening.give(Input::PartyRead { attempt, result: Ok(party(&[ME])) });
    assert_eq!(evening.screen().link, LinkState::Live);
}

#[test]
fn a_member_the_service_lost_goes_back_in_by_itself() {
    let mut evening = Evening::talking();
    evening.give(Input::PushClosed { reach: Reach::Nobody, failure: None });
    evening.give(Input::PushOpened);
    let attempt = evening.reading_party();
    evening.give_all(Input::PartyRead { attempt, result: Ok(party(&[NOVA])) });
    assert!(!evening.has(|e| matches!(e, Effect::EnterParty { .. })), "another device may have gone on");
    evening.answer_lists(&[party(&[NOVA])]);
    assert!(evening.has(|e| matches!(e, Effect::EnterParty { entry: Entry::Join(_), .. })));
    let attempt = evening.entering();
    evening.give(Input::Entered { attempt, result: Ok(party(&[NOVA, ME])) });
    evening.connecting();
    assert_eq!(evening.voice(), VoiceStatus::Reconnecting);
}

#[test]
fn who_went_on_to_another_party_by_another_device_is_not_pulled_out_of_it() {
    for party_first in [true, false] {
        let mut evening = Evening::talking();
        evening.settle();
        let other = PartySession { id: SessionId::from("s9"), ..party(&[NOVA, ME]) };
        evening.give(Input::PushClosed { reach: Reach::Nobody, failure: None });
        evening.pass(Duration::from_secs(3600));
        let asked_before = std::mem::take(&mut evening.effects);
        evening.give(Input::PushOpened);
        evening.effects.extend(asked_before);
        for _ in 0..4 {
            let is_party = |effect: &Effect| matches!(effect, Effect::ReadParty { .. });
            let (of_party, of_lists) = std::mem::take(&mut evening.effects).into_iter().partition(is_party);
            let turns: [Vec<_>; 2] = if party_first { [of_party, of_lists] } else { [of_lists, of_party] };
            let mut caused = Vec::new();
            for turn in turns {
                evening.effects = turn;
                for attempt in evening.effects.iter().filter_map(reading_party).collect::<Vec<_>>() {
                    evening.give_all(Input::PartyRead { attempt, result: Ok(party(&[NOVA])) });
                }
                evening.effects.retain(|effect| !is_party(effect));
                let goes_back = |evening: &Evening| evening.has(|e| matches!(e, Effect::EnterParty { .. }));
                assert!(!goes_back(&evening), "before the parties are known");
                evening.answer_lists(std::slice::from_ref(&other));
                assert!(!goes_back(&evening), "the other one was left");
                caused.append(&mut evening.effects);
            }
            evening.pass(Duration::from_secs(3));
            evening.effects.append(&mut caused);
        }
        assert_eq!(evening.screen().party, PartyState::None);
        assert_eq!(evening.screen().elsewhere, Some(SessionId::from("s9")));
        assert_eq!(evening.problems(), [ProblemKind::RemovedFromParty]);
    }
}

#[test]
fn a_party_that_ended_meanwhile_is_said_and_voice_hangs_up() {
    let mut evening = Evening::talking();
    evening.give(Input::PushClosed { reach: Reach::Nobody, failure: None });
    evening.give(Input::PushOpened);
    let attempt = evening.reading_party();
    let gone = Failure::new(ProblemKind::PartyEnded, "404");
    evening.give(Input::PartyRead { attempt, result: Err(gone) });
    assert!(evening.has(|e| *e == Effect::HangUp));
    assert_eq!(evening.screen().party, PartyState::None);
    assert_eq!(evening.problems(), [ProblemKind::PartyEnded]);
}

#[test]
fn leaving_while_joining_leaves_what_was_joined_after_all() {
    let mut evening = Evening::signed_in();
    evening.give(Input::Command(start_party()));
    let attempt = evening.entering();
    evening.give(Input::Command(Command::LeaveParty));
    assert_eq!(evening.screen().party, PartyState::Leaving);
    evening.give(Input::Entered { attempt, result: Ok(party(&[ME])) });
    let attempt = evening.find(|e| match e {
        Effect::LeaveParty { attempt, .. } => Some(*attempt),
        _ => None,
    });
    evening.give(Input::Left { attempt, result: Ok(()) });
    assert_eq!(evening.screen().party, PartyState::None);
}

#[test]
fn going_from_one_party_to_another_leaves_the_first_before_it_enters_the_second() {
    let mut evening = Evening::talking();
    evening.give(Input::Command(Command::JoinParty(SessionId::from("s2"))));
    assert!(!evening.has(|e| matches!(e, Effect::EnterParty { .. })), "not yet");
    assert_eq!(evening.screen().party, PartyState::Joining);
    let attempt = evening.find(|e| match e {
        Effect::LeaveParty { attempt, .. } => Some(*attempt),
        _ => None,
    });
    evening.give(Input::Left { attempt, result: Ok(()) });
    evening.entering();
}

#[test]
fn a_late_word_of_an_earlier_stay_does_not_end_this_one() {
    let mut evening = Evening::talking();
    evening.push("s1", Event::MembersLeft(vec![ME]));
    evening.pass(Duration::from_secs(3));
    let attempt = evening.reading_party();
    evening.give(Input::PartyRead { attempt, result: Ok(party(&[ME])) });
    assert_eq!(evening.voice(), VoiceStatus::Connected);
}

#[test]
fn somebody_who_was_removed_is_told_so_and_does_not_walk_back_in() {
    let mut evening = Evening::talking();
    evening.push("s1", Event::MembersLeft(vec![ME]));
    evening.pass(Duration::from_secs(3));
    let attempt = evening.reading_party();
    evening.give(Input::PartyRead { attempt, result: Ok(party(&[NOVA])) });
    assert_eq!(evening.screen().party, PartyState::None);
    assert_eq!(evening.problems(), [ProblemKind::RemovedFromParty]);
}

#[test]
fn a_pause_of_our_own_is_no_failure_of_voice() {
    let mut evening = Evening::in_party();
    for _ in 0..40 {
        let connection = evening.connecting();
        let wait = Duration::from_secs(600);
        let paused = Failure::new(ProblemKind::TooManyRequests { wait }, "budget");
        evening.give(Input::Seated { connection, result: Err(paused) });
        evening.pass(Duration::from_secs(31));
    }
    assert_eq!(evening.voice(), VoiceStatus::Connecting);
}

#[test]
fn a_push_line_that_closes_as_it_opens_is_asked_ever_less() {
    let mut evening = Evening::signed_in();
    let mut opened = 0;
    for _ in 0..300 {
        evening.pass(Duration::from_secs(1));
        if evening.has(|e| matches!(e, Effect::OpenPush { .. })) {
            opened += 1;
            evening.give(Input::PushOpened);
            evening.give(Input::PushClosed { reach: Reach::Service, failure: None });
        } else if opened == 0 {
            evening.give(Input::PushClosed { reach: Reach::Service, failure: None });
        }
    }
    assert!((2..15).contains(&opened), "{opened} times in five minutes");
}

#[test]
fn a_seat_that_came_too_late_is_given_back() {
    let mut evening = Evening::in_party();
    let connection = evening.connecting();
    evening.give(Input::Command(Command::LeaveParty));
    evening.give(Input::Seated { connection, result: Ok(seated()) });
    assert!(evening.has(|e| matches!(e, Effect::GiveSeatBack(_))));
}

#[test]
fn leaving_hangs_up_and_gives_the_seat_back() {
    let mut evening = Evening::talking();
    evening.give(Input::Command(Command::LeaveParty));
    assert!(evening.has(|e| *e == Effect::HangUp));
    assert!(evening.has(|e| matches!(e, Effect::LeaveParty { seat: Some(_), .. })));
    assert_eq!(evening.screen().party, PartyState::Leaving);
}

#[test]
fn quitting_leaves_first_and_ends_within_two_seconds_whatever_hangs() {
    let mut evening = Evening::talking();
    evening.give(Input::Command(Command::Quit));
    assert!(evening.has(|e| matches!(e, Effect::LeaveParty { .. })));
    assert!(!evening.has(|e| *e == Effect::Finish), "leaving comes first");
    evening.pass(Duration::from_secs(2));
    assert!(evening.has(|e| *e == Effect::Finish));
}

#[test]
fn holding_the_talk_key_while_muted_says_so() {
    let mut evening = Evening::talking();
    evening.give(Input::Command(Command::SetMuted(true)));
    evening.give(Input::Command(Command::TalkKey { held: true }));
    assert!(evening.has(|e| *e == Effect::Notify(Notice::TalkingWhileMuted)));
}

fn current_connection(evening: &Evening) -> u64 {
    evening.state.joined().expect("joined").voice.connection()
}

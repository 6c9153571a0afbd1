//! Parties, lists, links and the line.

use super::*;
use crate::{
    client::Linked,
    model::{Invitation, LinkPreview, PartyLink, PrivateText},
    psn::PartyChange,
};

const SECOND: Duration = Duration::from_secs(1);

impl Evening {
    fn calm() -> Self {
        let mut evening = Self::talking();
        evening.push("s1", Event::MembersJoined(vec![member(NOVA)]));
        evening.settle_as(&party(&[ME, NOVA]));
        evening
    }

    /// Readings of the party show this.
    fn settle_as(&mut self, session: &PartySession) {
        for _ in 0..4 {
            self.pass(8 * SECOND);
            let asked = std::mem::take(&mut self.effects);
            for effect in asked {
                if let Effect::ReadParty { attempt, .. } = effect {
                    self.give(Input::PartyRead { attempt, result: Ok(session.clone()) });
                } else {
                    self.effects = vec![effect];
                    self.answer_lists(&[]);
                }
            }
        }
        self.effects.clear();
    }

    fn party(&self) -> PartySession {
        self.state.joined().expect("in a party").session.clone()
    }

    fn readings_of_party(&mut self, time: Duration) -> usize {
        let end = self.now + time;
        let mut readings = 0;
        while self.now < end {
            self.pass(SECOND / 4);
            for effect in std::mem::take(&mut self.effects) {
                if let Effect::ReadParty { attempt, .. } = effect {
                    readings += 1;
                    let session = self.party();
                    self.give(Input::PartyRead { attempt, result: Ok(session) });
                }
            }
        }
        readings
    }

    fn told(&self) -> Vec<Notice> {
        let told = |effect: &Effect| match effect {
            Effect::Notify(notice) => Some(notice.clone()),
            _ => None,
        };
        self.effects.iter().filter_map(told).collect()
    }

    fn previewing(&self) -> u64 {
        self.find(|e| match e {
            Effect::Parties(PartiesEffect::Preview { attempt, .. }) => Some(*attempt),
            _ => None,
        })
    }

    fn linked(&mut self, attempt: u64, result: Result<LinkPreview, Failure>) {
        self.give(Input::Parties(PartiesInput::Linked { attempt, result }));
    }
}

fn link() -> PartyLink {
    "https://party.playstation.com/ASNFZ4mrTe-BI0VniavN7w".parse().expect("a link")
}

fn preview(session: &str) -> LinkPreview {
    LinkPreview {
        session: SessionId::from(session),
        name: "Sunday squad".into(),
        is_joinable: true,
        joinable_from: vec![],
        poll_every: 7 * SECOND,
        max_members: 16,
        started: None,
        image: None,
        is_inside: false,
        members: vec![],
    }
}

fn renamed() -> Notice {
    Notice::PartyRenamed(PrivateText::from("After midnight"))
}

#[test]
fn an_event_changes_what_it_names_at_once_and_costs_one_reading() {
    let mut evening = Evening::calm();
    evening.push("s1", Event::Renamed("After midnight".into()));
    assert_eq!(evening.told(), [renamed()]);
    evening.push("s1", Event::LimitChanged(4));
    evening.push("s1", Event::PrivacyChanged(Privacy::FriendsCanJoin));
    evening.push("s1", Event::OwnerChanged(NOVA));
    assert_eq!(evening.told(), [Notice::OwnerChanged(OnlineId::from("Nova"))]);
    evening.push("s1", Event::Renamed("After midnight".into()));
    assert_eq!(evening.told(), [], "told once");
    let party = evening.party();
    assert_eq!((party.name.as_str(), party.max_members), ("After midnight", 4));
    assert_eq!((party.privacy, party.owner), (Privacy::FriendsCanJoin, Some(NOVA)));
    assert_eq!(evening.readings_of_party(60 * SECOND), 1);
}

#[test]
fn who_mutes_all_the_time_costs_a_reading_a_minute() {
    let mut evening = Evening::calm();
    let mut readings = 0;
    for second in 0..15 * 60 {
        let change =
            MemberChange { account: NOVA, muted: Some(second % 2 == 0), voice_off: None, connected_to: None };
        evening.push("s1", Event::MembersChanged(vec![change]));
        readings += evening.readings_of_party(SECOND);
    }
    assert!((13..=15).contains(&readings), "{readings} in 15 minutes");
}

#[test]
fn an_answer_from_before_an_event_undoes_nothing() {
    let mut evening = Evening::calm();
    evening.push("s1", Event::SettingsChanged);
    evening.pass(SECOND / 2);
    let attempt = evening.reading_party();
    evening.push("s1", Event::Renamed("After midnight".into()));
    evening.push("s1", Event::MembersLeft(vec![NOVA]));
    evening.give(Input::PartyRead { attempt, result: Ok(party(&[ME, NOVA])) });
    assert_eq!(evening.told(), []);
    let party = evening.party();
    assert_eq!((party.name.as_str(), party.members.len()), ("After midnight", 1));
    evening.pass(16 * SECOND);
    evening.reading_party();
}

#[test]
fn somebody_who_left_does_not_come_back_by_a_repeated_event() {
    let mut evening = Evening::calm();
    evening.push("s1", Event::MembersLeft(vec![NOVA]));
    evening.push("s1", Event::MembersJoined(vec![member(NOVA)]));
    assert_eq!((evening.told(), evening.party().members.len()), (vec![], 1));
    evening.pass(SECOND / 2);
    evening.reading_party();
}

#[test]
fn what_a_reading_finds_is_told_as_an_event_would_tell_it() {
    let mut evening = Evening::calm();
    evening.push("s1", Event::SettingsChanged);
    evening.pass(SECOND / 2);
    let attempt = evening.reading_party();
    let after = PartySession { name: "After midnight".into(), owner: Some(NOVA), ..party(&[ME, NOVA]) };
    evening.give(Input::PartyRead { attempt, result: Ok(after) });
    assert_eq!(evening.told(), [Notice::OwnerChanged(OnlineId::from("Nova")), renamed()]);
    evening.push("s1", Event::OwnerChanged(NOVA));
    assert_eq!(evening.told(), []);
}

#[test]
fn what_was_changed_here_is_there_with_the_answer_and_not_told() {
    let mut evening = Evening::calm();
    evening.give(Input::Command(Command::RenameParty("After midnight".into())));
    let change = PartyChange::Name("After midnight".into());
    let session = SessionId::from("s1");
    evening.give(Input::Parties(PartiesInput::Changed { session, change, result: Ok(()) }));
    assert_eq!((evening.party().name.as_str(), evening.told()), ("After midnight", vec![]));
    evening.give(Input::Command(Command::SetLimit(1)));
    let limited = PartiesEffect::Change { session: SessionId::from("s1"), change: PartyChange::Limit(2) };
    assert!(evening.has(|e| matches!(e, Effect::Parties(effect) if *effect == limited)));
}

#[test]
fn a_member_who_is_still_there_was_not_removed() {
    let mut evening = Evening::calm();
    let may_remove =
        |evening: &Evening| matches!(evening.screen().party, PartyState::Joined(party) if party.may_remove);
    evening.give(Input::Command(Command::RemoveMember(NOVA)));
    assert!(evening.has(|e| matches!(e, Effect::Parties(PartiesEffect::RemoveMember { .. }))));
    let (session, account) = (SessionId::from("s1"), NOVA);
    assert!(may_remove(&evening));
    evening.give(Input::Parties(PartiesInput::MemberRemoved { session, account, result: Ok(()) }));
    evening.pass(SECOND);
    let attempt = evening.reading_party();
    evening.give(Input::PartyRead { attempt, result: Ok(party(&[ME, NOVA])) });
    assert_eq!(evening.problems(), [ProblemKind::NotOffered]);
    assert!(!may_remove(&evening), "and is not offered again");
}

#[test]
fn a_party_that_ends_is_over_at_once() {
    let mut evening = Evening::calm();
    evening.push("s1", Event::PartyDeleted);
    assert!(evening.has(|e| *e == Effect::HangUp));
    assert_eq!(
        (evening.screen().party, evening.problems()),
        (PartyState::None, vec![ProblemKind::PartyEnded])
    );
}

#[test]
fn events_reach_the_parties_in_the_lists_too() {
    let mut evening = Evening::signed_in();
    evening.pass(61 * SECOND);
    let mut open = party(&[NOVA]);
    open.id = SessionId::from("s2");
    evening.answer_lists(&[open]);
    evening.push("s2", Event::Renamed("After midnight".into()));
    assert_eq!(evening.screen().parties.items()[0].name, "After midnight");
    evening.push("s2", Event::MembersJoined(vec![member(ME)]));
    assert_eq!(evening.screen().elsewhere, Some(SessionId::from("s2")), "by another device");
    evening.push("s2", Event::MembersLeft(vec![ME]));
    assert_eq!(evening.screen().elsewhere, None);
    evening.push("s2", Event::PartyDeleted);
    assert_eq!(evening.screen().parties.items(), []);
}

#[test]
fn the_party_of_an_invitation_that_no_list_shows_is_looked_after() {
    let mut evening = Evening::signed_in();
    evening.push("s2", Event::Invited);
    evening.push("s2", Event::Invited);
    assert_eq!(evening.told(), [], "told once");
    evening.pass(5 * SECOND / 2);
    assert!(!evening.has(|e| matches!(e, Effect::Parties(PartiesEffect::Check(_)))), "the list may know it");
    evening.answer_lists(&[]);
    evening.pass(SECOND / 4);
    assert!(evening.has(|e| *e == Effect::Parties(PartiesEffect::Check(SessionId::from("s2")))));
    let gone = Failure::new(ProblemKind::PartyEnded, "404");
    let session = SessionId::from("s2");
    evening.give(Input::Parties(PartiesInput::Checked { session, result: Err(gone) }));
    assert!(evening.screen().invitations.is_empty());
}

#[test]
fn who_wants_elsewhere_while_going_in_gets_there_once_that_is_undone() {
    let join = |session: &str| Input::Command(Command::JoinParty(SessionId::from(session)));
    let target = |evening: &Evening| {
        evening.find(|effect| match effect {
            Effect::EnterParty { attempt, entry: Entry::Join(session) } => Some((*attempt, session.clone())),
            _ => None,
        })
    };
    for given_up in [false, true] {
        let mut evening = Evening::signed_in();
        evening.give(join("s1"));
        let (attempt, _) = target(&evening);
        if given_up {
            evening.give(Input::Command(Command::LeaveParty));
        }
        evening.give(join("s2"));
        assert_eq!(evening.screen().party, PartyState::Joining);
        evening.give(Input::Entered { attempt, result: Ok(party(&[ME])) });
        assert!(!evening.has(|e| matches!(e, Effect::EnterParty { .. })), "one after the other");
        assert_eq!(evening.screen().party, PartyState::Joining);
        let attempt = evening.find(|e| match e {
            Effect::LeaveParty { attempt, .. } => Some(*attempt),
            _ => None,
        });
        evening.give(Input::Left { attempt, result: Ok(()) });
        assert_eq!(target(&evening).1, SessionId::from("s2"));
    }
    let mut evening = Evening::signed_in();
    evening.give(join("s1"));
    let (attempt, _) = target(&evening);
    evening.give(join("s2"));
    evening.give(Input::Entered { attempt, result: Err(trouble()) });
    assert_eq!(target(&evening).1, SessionId::from("s2"), "there was nothing to leave");
    assert_eq!(evening.problems(), []);
}

#[test]
fn the_last_wish_counts_and_asking_twice_is_asking_once() {
    let join = |session: &str| Input::Command(Command::JoinParty(SessionId::from(session)));
    let mut evening = Evening::signed_in();
    evening.give(join("s1"));
    let attempt = evening.entering();
    evening.give(join("s2"));
    evening.give(join("s1"));
    evening.give(join("s1"));
    evening.give(Input::Entered { attempt, result: Ok(party(&[ME])) });
    assert!(matches!(evening.screen().party, PartyState::Joined(_)));
    let mut evening = Evening::signed_in();
    evening.give(join("s1"));
    let attempt = evening.entering();
    evening.give(join("s2"));
    evening.give(Input::Command(Command::LeaveParty));
    assert_eq!(evening.screen().party, PartyState::Leaving);
    evening.give(Input::Entered { attempt, result: Err(trouble()) });
    assert_eq!(evening.screen().party, PartyState::None);
    assert!(!evening.has(|e| matches!(e, Effect::EnterParty { .. })));
}

#[test]
fn the_party_of_another_device_is_entered_here_without_a_word() {
    let mut evening = Evening::signed_in();
    let elsewhere = || party(&[ME, NOVA]);
    evening.give(Input::Command(Command::Refresh));
    evening.answer_lists(&[elsewhere()]);
    assert_eq!(evening.screen().elsewhere, Some(SessionId::from("s1")));
    evening.effects.clear();
    evening.give(Input::Command(Command::JoinParty(SessionId::from("s1"))));
    assert_eq!(evening.screen().elsewhere, None);
    let attempt = evening.entering();
    // The service takes the other device out, and that is no word about this one.
    evening.push("s1", Event::MembersLeft(vec![ME]));
    evening.give(Input::Entered { attempt, result: Ok(elsewhere()) });
    assert_eq!(evening.told(), []);
    evening.push("s1", Event::MembersJoined(vec![member(ME)]));
    assert_eq!(evening.told(), []);
    for _ in 0..3 {
        evening.settle_as(&elsewhere());
    }
    assert!(matches!(evening.screen().party, PartyState::Joined(_)));
    assert_eq!((evening.problems(), evening.screen().elsewhere), (vec![], None));
    evening.give(Input::Command(Command::LeaveParty));
    let attempt = evening.find(|e| match e {
        Effect::LeaveParty { attempt, .. } => Some(*attempt),
        _ => None,
    });
    evening.give(Input::Left { attempt, result: Ok(()) });
    assert_eq!((evening.problems(), evening.screen().elsewhere), (vec![], None));
}

#[test]
fn who_left_one_party_and_was_not_let_into_another_is_told_so() {
    let mut evening = Evening::calm();
    evening.give(Input::Command(Command::JoinParty(SessionId::from("s2"))));
    let attempt = evening.find(|e| match e {
        Effect::LeaveParty { attempt, .. } => Some(*attempt),
        _ => None,
    });
    evening.give(Input::Left { attempt, result: Ok(()) });
    let attempt = evening.entering();
    let full = Failure::new(ProblemKind::PartyFull, "403");
    evening.give(Input::Entered { attempt, result: Err(full) });
    assert_eq!(evening.problems(), [ProblemKind::BetweenParties, ProblemKind::PartyFull]);
    evening.pass(3 * SECOND);
    assert!(reads_lists(&evening), "the first may be there to go back to");
}

#[test]
fn a_link_is_looked_into_no_faster_than_it_may_be_and_only_while_it_is_open() {
    let mut evening = Evening::signed_in();
    evening.give(Input::Command(Command::PreviewLink(link())));
    assert_eq!(evening.screen().linked, Some(Linked::Reading(link())));
    let attempt = evening.previewing();
    evening.linked(attempt, Ok(preview("s2")));
    evening.pass(6 * SECOND);
    assert!(!evening.has(|e| matches!(e, Effect::Parties(PartiesEffect::Preview { .. }))));
    evening.pass(SECOND);
    let attempt = evening.previewing();
    evening.linked(attempt, Err(trouble()));
    assert!(matches!(evening.screen().linked, Some(Linked::Found { .. })), "a little old");
    evening.pass(7 * SECOND);
    let attempt = evening.previewing();
    evening.linked(attempt, Err(Failure::new(ProblemKind::LinkOfNoParty, "404")));
    assert_eq!(evening.screen().linked, Some(Linked::NotFound(link())));
    assert_eq!(evening.problems(), [ProblemKind::LinkOfNoParty]);
    evening.give(Input::Command(Command::PreviewLink(link())));
    let attempt = evening.previewing();
    evening.linked(attempt, Ok(preview("s2")));
    evening.give(Input::Command(Command::ClosePreview));
    evening.pass(60 * SECOND);
    assert!(!evening.has(|e| matches!(e, Effect::Parties(PartiesEffect::Preview { .. }))));
}

#[test]
fn a_link_that_is_left_open_is_asked_about_ever_less_and_then_no_more() {
    let mut evening = Evening::signed_in();
    let polls = |evening: &mut Evening, time: Duration| {
        let end = evening.now + time;
        let mut polls = 0;
        while evening.now < end {
            evening.pass(SECOND);
            for effect in std::mem::take(&mut evening.effects) {
                let Effect::Parties(PartiesEffect::Preview { attempt, .. }) = effect else { continue };
                polls += 1;
                let party = LinkPreview { poll_every: SECOND, ..preview("s2") };
                evening.linked(attempt, Ok(party));
            }
        }
        polls
    };
    let open = |evening: &mut Evening| {
        evening.give(Input::Command(Command::PreviewLink(link())));
        let attempt = evening.previewing();
        evening.linked(attempt, Ok(LinkPreview { poll_every: SECOND, ..preview("s2") }));
    };
    open(&mut evening);
    assert_eq!(polls(&mut evening, 60 * SECOND), 12);
    let rest = polls(&mut evening, 14 * 60 * SECOND);
    assert!((12..=18).contains(&rest), "{rest} calls after the first minute");
    assert_eq!(polls(&mut evening, 60 * 60 * SECOND), 0);
    assert!(matches!(evening.screen().linked, Some(Linked::Found { .. })), "it stays as it was");
    open(&mut evening);
    assert_eq!(polls(&mut evening, 60 * SECOND), 12, "anew");
    polls(&mut evening, 20 * 60 * SECOND);
    evening.give(Input::Command(Command::JoinByLink(link())));
    let attempt = evening.entering();
    evening.give(Input::Entered { attempt, result: Err(Failure::new(ProblemKind::PartyFull, "403")) });
    assert!(polls(&mut evening, 60 * SECOND) >= 12, "there may be room soon");
}

#[test]
fn no_party_is_left_for_a_link_that_leads_nowhere_or_back() {
    let mut evening = Evening::calm();
    evening.give(Input::Command(Command::JoinByLink(link())));
    let attempt = evening.previewing();
    evening.linked(attempt, Err(Failure::new(ProblemKind::LinkOfNoParty, "404")));
    assert!(matches!(evening.screen().party, PartyState::Joined(_)));
    evening.give(Input::Command(Command::JoinByLink(link())));
    let attempt = evening.previewing();
    evening.linked(attempt, Ok(preview("s1")));
    assert!(matches!(evening.screen().party, PartyState::Joined(_)));
    evening.give(Input::Command(Command::JoinByLink(link())));
    let attempt = evening.previewing();
    evening.linked(attempt, Ok(preview("s2")));
    assert_eq!(evening.screen().party, PartyState::Joining);
}

#[test]
fn a_link_that_came_before_the_sign_in_is_looked_into_after_it() {
    let mut evening = Evening::begin();
    evening.give(Input::Command(Command::PreviewLink(link())));
    evening.give(Input::Command(Command::SignIn));
    let attempt = evening.signing_in();
    let me = Profile::named(ME, "marlow_87");
    evening.give(Input::SignedIn { attempt, result: Ok(Arrived { me, again: false }) });
    evening.previewing();
}

#[test]
fn the_line_says_how_it_is_and_since_when() {
    let mut evening = Evening::signed_in();
    let live_since = evening.screen().link_since;
    evening.pass(30 * SECOND);
    assert_eq!((evening.screen().link, evening.screen().link_since), (LinkState::Live, live_since));
    evening.give(Input::PushClosed { reach: Reach::Nobody, failure: None });
    let closed = evening.now;
    assert_eq!((evening.screen().link, evening.screen().link_since), (LinkState::CatchingUp, closed));
    evening.pass(SECOND);
    evening.answer_lists(&[]);
    evening.give(Input::PushClosed { reach: Reach::Nobody, failure: Some(unreachable()) });
    assert_eq!(evening.screen().link, LinkState::CatchingUp, "the service may answer all the same");
    evening.pass(30 * SECOND);
    let attempt = evening.find(|e| match e {
        Effect::Parties(PartiesEffect::ReadVisible { attempt, .. }) => Some(*attempt),
        _ => None,
    });
    evening.give(Input::Parties(PartiesInput::Visible { attempt, result: Err(unreachable()) }));
    assert_eq!((evening.screen().link, evening.screen().link_since), (LinkState::Offline, evening.now));
    evening.give(Input::PushOpened);
    assert_eq!(evening.screen().link, LinkState::CatchingUp);
}

#[test]
fn a_pause_is_remembered_once_and_one_that_was_is_honoured() {
    let mut evening = Evening::signed_in();
    let until = SystemTime::now() + 600 * SECOND;
    evening.give(Input::PauseBegan { account: ME, until });
    evening.give(Input::PauseBegan { account: ME, until: until + SECOND });
    evening.give(Input::PauseBegan { account: NOVA, until: until + 90 * SECOND });
    assert!(!evening.has(|e| matches!(e, Effect::HonourPause(_))), "the calls know");
    assert_eq!(evening.state.notes().and_then(|notes| notes.pause_until), Some(until));
    let earlier = until + 60 * SECOND;
    evening.state.note(evening.now, |notes| notes.pause_until = Some(earlier));
    evening.give(Input::Tick);
    assert!(evening.has(|e| *e == Effect::HonourPause(earlier)));
    evening.give(Input::Tick);
    assert!(!evening.has(|e| matches!(e, Effect::HonourPause(_))), "once");
}

#[test]
fn an_evening_full_of_events_stays_well_within_the_budget() {
    let mut evening = Evening::calm();
    let mut calls = 0;
    for second in 0..15 * 60_u32 {
        let event = match second % 4 {
            0 => Event::Renamed(format!("name {second}")),
            1 => Event::OwnerChanged(if second % 8 == 1 { ME } else { NOVA }),
            2 => Event::LimitChanged(2 + second % 10),
            _ => Event::MembersChanged(vec![MemberChange {
                account: NOVA,
                muted: Some(true),
                voice_off: false,
                connected_to: None,
            }]),
        };
        evening.push("s1", event);
        if second % 45 == 0 {
            evening.push("s2", Event::Invited);
        }
        evening.pass(SECOND);
        for effect in std::mem::take(&mut evening.effects) {
            if let Effect::ReadParty { attempt, .. } = effect {
                calls += 1;
                let session = evening.party();
                evening.give(Input::PartyRead { attempt, result: Ok(session) });
            } else if matches!(effect, Effect::Parties(_)) {
                calls += 1;
                evening.effects = vec![effect];
                evening.answer_lists(&[]);
            }
        }
    }
    assert!((80..170).contains(&calls), "{calls} calls in 15 minutes");
}

#[test]
fn the_list_of_the_service_counts_for_invitations_that_it_ever_listed() {
    let mut evening = Evening::signed_in();
    let invitation = |session: &str| Invitation {
        session: SessionId::from(session),
        from: Some(OnlineId::from("Nova")),
        from_account: Some(NOVA),
        party_name: String::new(),
        members: vec![],
    };
    let read = |evening: &mut Evening, overtaken: Option<Event>, listed: &[&str]| {
        evening.push("s9", Event::Unknown);
        evening.pass(16 * SECOND);
        let attempt = evening.find(|e| match e {
            Effect::Parties(PartiesEffect::ReadInvitations { attempt }) => Some(*attempt),
            _ => None,
        });
        if let Some(event) = overtaken {
            evening.push("s3", event);
        }
        let result = Ok(listed.iter().copied().map(invitation).collect());
        evening.give(Input::Parties(PartiesInput::Invitations { attempt, result }));
    };
    evening.push("s2", Event::Invited);
    read(&mut evening, None, &["s2", "s3"]);
    let (session, from) = (SessionId::from("s3"), Some(OnlineId::from("Nova")));
    assert_eq!(evening.told(), [Notice::Invited { session, from }], "no event told of it");
    assert_eq!(evening.screen().invitations.len(), 2);
    read(&mut evening, Some(Event::PartyDeleted), &["s2", "s3"]);
    assert_eq!(evening.screen().invitations.len(), 1, "the party ended while the list was on its way");
    read(&mut evening, None, &[]);
    assert_eq!(evening.screen().invitations.len(), 0, "taken back");
}

#[test]
fn an_invitation_is_told_as_sent_to_somebody_who_is_no_friend() {
    let mut evening = Evening::talking();
    evening.give(Input::Command(Command::Refresh));
    evening.answer_lists(&[PartySession { id: SessionId::from("s2"), ..party(&[NOVA]) }]);
    assert!(evening.screen().parties.items().iter().any(|it| it.id == SessionId::from("s2")));
    evening.give(Input::Command(Command::Invite(vec![NOVA])));
    evening.give(Input::InvitationSent { accounts: vec![NOVA], result: Ok(()) });
    assert!(matches!(evening.told().as_slice(), [Notice::InvitationSent(_)]), "{:?}", evening.told());
}

#[test]
fn an_invitation_that_was_put_away_is_not_remembered_and_a_new_one_to_the_same_party_is_shown() {
    let mut evening = Evening::signed_in();
    evening.push("s2", Event::Invited);
    let remembered = |evening: &Evening| evening.state.notes().map(|notes| notes.invitations.len());
    assert_eq!((evening.screen().invitations.len(), remembered(&evening)), (1, Some(1)));
    evening.give(Input::Command(Command::DismissInvitation(SessionId::from("s2"))));
    assert_eq!((evening.screen().invitations.len(), remembered(&evening)), (0, Some(0)));
    for _ in 0..3 {
        evening.pass(8 * SECOND);
        evening.answer_lists(&[]);
    }
    assert!(evening.screen().invitations.is_empty());
    evening.push("s2", Event::Invited);
    assert_eq!(evening.screen().invitations.len(), 1);
    assert!(matches!(evening.told()[..], [Notice::Invited { .. }]));
}

#[test]
fn a_service_that_refuses_the_list_of_invitations_is_live_and_that_is_told_once() {
    let mut evening = Evening::signed_in();
    evening.give(Input::PushClosed { reach: Reach::Service, failure: None });
    evening.pass(SECOND);
    evening.give(Input::PushOpened);
    let mut told = 0;
    for _ in 0..15 * 60 {
        let (mut refused, mut answered) = (Vec::new(), Vec::new());
        for effect in std::mem::take(&mut evening.effects) {
            match effect {
                Effect::Parties(PartiesEffect::ReadInvitations { attempt }) => refused.push(attempt),
                effect => answered.push(effect),
            }
        }
        evening.effects = answered;
        evening.answer_lists(&[]);
        for attempt in refused {
            let no = Failure::new(ProblemKind::NotAllowed, "403");
            let before = evening.problems().len();
            evening.give_all(Input::Parties(PartiesInput::Invitations { attempt, result: Err(no) }));
            told += evening.problems().len() - before;
        }
        let waiting = std::mem::take(&mut evening.effects);
        evening.pass(SECOND);
        evening.effects.extend(waiting);
    }
    assert_eq!(evening.screen().link, LinkState::Live);
    assert_eq!((told, evening.problems()), (1, vec![]));
}

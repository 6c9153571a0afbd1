//! Parties among real clients at a sandbox: what one does is on the other's screen while one looks.

mod stage;

use std::{
    process::Command as Process,
    time::{Duration, Instant},
};

use partyline::{
    client::{Command, Config, LinkState, Linked, Notice, PartyState, ProblemKind, SignedIn, Snapshot},
    model::{AccountId, OnlineId, PartyLink, Privacy, PrivateText, SessionId},
    sandbox::Fault,
    voice::{Microphone, Speakers},
};
use stage::{Running, Service, folder, in_folder, party, signed_in};

/// From what one does to the other's screen.
const SEEN: Duration = Duration::from_millis(500);

fn me(snapshot: &Snapshot) -> &SignedIn {
    signed_in(snapshot).expect("signed in")
}

fn account(client: &Running) -> AccountId {
    me(&client.handle.snapshot()).me.account
}

fn live(service: &Service, name: &str) -> Running {
    let mut client = service.client(name);
    client.wait("a live line", |s| signed_in(s).is_some_and(|s| s.link == LinkState::Live));
    client
}

/// In a party of its own, whatever becomes of voice.
fn start(client: &mut Running, privacy: Privacy, limit: u32, invite: Vec<AccountId>) -> SessionId {
    client.send(Command::StartParty { name: "Sunday squad".into(), privacy, limit, invite });
    inside(client)
}

fn join(client: &mut Running, session: &SessionId) {
    client.send(Command::JoinParty(session.clone()));
    client.wait("inside", |s| party(s).is_some_and(|p| p.session.id == *session));
}

fn inside(client: &mut Running) -> SessionId {
    let snapshot = client.wait("inside", |s| party(s).is_some());
    party(&snapshot).expect("in a party").session.id.clone()
}

fn is_invited(snapshot: &Snapshot, session: &SessionId) -> bool {
    signed_in(snapshot).is_some_and(|s| s.invitations.iter().any(|it| it.session == *session))
}

fn has_problem(snapshot: &Snapshot, kind: &ProblemKind) -> bool {
    snapshot.problems.iter().any(|problem| problem.kind == *kind)
}

fn wait_problem(client: &mut Running, kind: ProblemKind) {
    client.wait("the problem", |s| has_problem(s, &kind));
}

fn wait_notice(client: &mut Running, wanted: impl Fn(&Notice) -> bool) -> Notice {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        if let Some(notice) = client.handle.take_notices().into_iter().find(&wanted) {
            return notice;
        }
        assert!(Instant::now() < deadline, "no such notice");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_one_does_is_on_the_screens_of_the_others_within_half_a_second() {
    let service = Service::empty();
    let mut a = live(&service, "marlow_87");
    let (mut b, mut c) = (live(&service, "wren_4"), live(&service, "tide_19"));
    let session = start(&mut a, Privacy::InviteOnly, 8, vec![]);

    a.send(Command::Invite(vec![account(&b), account(&c)]));
    for guest in [&mut b, &mut c] {
        guest.wait_within(SEEN, "the invitation", |s| is_invited(s, &session));
    }
    wait_notice(&mut a, |it| *it == Notice::InvitationsSent(2));
    for guest in [&mut b, &mut c] {
        join(guest, &session);
        assert!(!is_invited(&guest.handle.snapshot(), &session), "an invitation that was followed is none");
    }
    a.wait_within(SEEN, "three members", |s| party(s).is_some_and(|p| p.session.members.len() == 3));

    b.handle.take_notices();
    a.send(Command::RenameParty("After midnight".into()));
    b.wait_within(SEEN, "the name", |s| party(s).is_some_and(|p| p.session.name == "After midnight"));
    a.send(Command::SetLimit(3));
    b.wait_within(SEEN, "the limit", |s| party(s).is_some_and(|p| p.session.max_members == 3));
    a.send(Command::SetPrivacy(Privacy::FriendsCanJoin));
    b.wait_within(SEEN, "who may enter", |s| {
        party(s).is_some_and(|p| p.session.privacy == Privacy::FriendsCanJoin)
    });
    a.send(Command::LeaveParty);
    let owner = account(&b);
    for member in [&mut b, &mut c] {
        member.wait_within(SEEN, "the new owner", |s| {
            party(s).is_some_and(|p| p.session.owner == Some(owner) && p.session.members.len() == 2)
        });
    }
    // Verified, and told once all the same.
    std::thread::sleep(Duration::from_secs(4));
    let told = b.handle.take_notices();
    let count = |wanted: &Notice| told.iter().filter(|it| *it == wanted).count();
    assert_eq!(count(&Notice::PartyRenamed(PrivateText::from("After midnight"))), 1, "{told:?}");
    assert_eq!(count(&Notice::MemberLeft(OnlineId::from("marlow_87"))), 1, "{told:?}");
    assert_eq!(count(&Notice::OwnPartyNow), 1, "{told:?}");

    b.send(Command::RemoveMember(account(&c)));
    b.wait_within(SEEN, "alone", |s| party(s).is_some_and(|p| p.session.members.len() == 1));
    c.wait_within(SEEN, "out", |s| me(s).party == PartyState::None);
    assert!(has_problem(&c.handle.snapshot(), &ProblemKind::RemovedFromParty));
    assert_eq!(b.handle.snapshot().problems, []);
}

#[test]
fn somebody_who_may_not_remove_others_is_told_so() {
    let service = Service::empty();
    let (mut a, mut b) = (live(&service, "marlow_87"), live(&service, "wren_4"));
    let session = start(&mut a, Privacy::FriendsCanJoin, 8, vec![]);
    join(&mut b, &session);
    b.send(Command::RemoveMember(account(&a)));
    wait_problem(&mut b, ProblemKind::NotOffered);
    assert!(party(&a.handle.snapshot()).is_some());
}

#[test]
fn a_party_that_is_full_or_over_lets_nobody_in_and_who_left_another_for_it_can_go_back() {
    let service = Service::empty();
    let (mut a, mut b) = (live(&service, "marlow_87"), live(&service, "wren_4"));
    let mut c = live(&service, "tide_19");
    let full = start(&mut a, Privacy::FriendsCanJoin, 2, vec![]);
    join(&mut b, &full);
    c.send(Command::JoinParty(full.clone()));
    wait_problem(&mut c, ProblemKind::PartyFull);
    assert!(!has_problem(&c.handle.snapshot(), &ProblemKind::BetweenParties));

    // c, whose party has another member, and then tries again.
    let mut d = live(&service, "nimbus_3");
    let own = start(&mut c, Privacy::FriendsCanJoin, 8, vec![]);
    join(&mut d, &own);
    c.send(Command::JoinParty(full.clone()));
    wait_problem(&mut c, ProblemKind::BetweenParties);
    assert!(has_problem(&c.handle.snapshot(), &ProblemKind::PartyFull));
    c.wait("the first one to go back to", |s| me(s).parties.items().iter().any(|it| it.id == own));
    join(&mut c, &own);
    assert!(!has_problem(&c.handle.snapshot(), &ProblemKind::BetweenParties));

    b.send(Command::LeaveParty);
    a.send(Command::LeaveParty);
    b.wait("out", |s| me(s).party == PartyState::None);
    a.wait("out", |s| me(s).party == PartyState::None);
    b.send(Command::JoinParty(full));
    wait_problem(&mut b, ProblemKind::PartyEnded);
}

#[test]
fn a_link_shows_who_is_inside_and_lets_in() {
    let service = Service::empty();
    let (mut a, mut b) = (live(&service, "marlow_87"), live(&service, "wren_4"));
    let session = start(&mut a, Privacy::InviteOnly, 8, vec![]);
    a.send(Command::ShareParty);
    let Notice::PartyLinkReady(link) = wait_notice(&mut a, |it| matches!(it, Notice::PartyLinkReady(_)))
    else {
        panic!("just found")
    };
    assert_eq!(party(&a.handle.snapshot()).and_then(|p| p.link.clone()), Some(link.clone()));

    b.send(Command::PreviewLink(link.clone()));
    let snapshot = b.wait("a preview", |s| matches!(me(s).linked, Some(Linked::Found { .. })));
    let Some(Linked::Found { party: preview, .. }) = &me(&snapshot).linked else { panic!("just seen") };
    assert_eq!((preview.name.as_str(), preview.members.len()), ("Sunday squad", 1));
    b.send(Command::ClosePreview);
    b.wait("closed", |s| me(s).linked.is_none());
    b.send(Command::JoinByLink(link.clone()));
    assert_eq!(inside(&mut b), session, "an invitation was not needed");
    assert_eq!(me(&b.handle.snapshot()).linked, None);

    for client in [&mut a, &mut b] {
        client.send(Command::LeaveParty);
        client.wait("out", |s| me(s).party == PartyState::None);
    }
    b.send(Command::PreviewLink(link.clone()));
    b.wait("nothing", |s| me(s).linked == Some(Linked::NotFound(link.clone())));
    wait_problem(&mut b, ProblemKind::LinkOfNoParty);
}

#[test]
fn who_is_invited_while_in_another_party_may_stay_or_switch() {
    let service = Service::empty();
    let (mut a, mut b) = (live(&service, "marlow_87"), live(&service, "wren_4"));
    let own = start(&mut b, Privacy::InviteOnly, 8, vec![]);
    let session = start(&mut a, Privacy::InviteOnly, 8, vec![account(&b)]);
    b.wait_within(SEEN, "the invitation", |s| is_invited(s, &session));
    assert_eq!(party(&b.handle.snapshot()).map(|p| p.session.id.clone()), Some(own));
    join(&mut b, &session);
    a.wait_within(SEEN, "both", |s| party(s).is_some_and(|p| p.session.members.len() == 2));
    assert_eq!(b.handle.snapshot().problems, []);
}

#[test]
fn an_invitation_that_came_by_push_alone_stays_until_its_party_ends() {
    let service = Service::empty();
    service.inject(Fault::InvitationsByPushAlone);
    let (mut a, mut b) = (live(&service, "marlow_87"), live(&service, "wren_4"));
    let session = start(&mut a, Privacy::InviteOnly, 8, vec![account(&b)]);
    b.wait_within(SEEN, "the invitation", |s| is_invited(s, &session));
    b.send(Command::Refresh);
    std::thread::sleep(Duration::from_secs(4));
    assert!(is_invited(&b.handle.snapshot(), &session), "the service lists none");
    a.send(Command::LeaveParty);
    b.wait("the end", |s| !is_invited(s, &session));
}

#[test]
fn the_party_of_another_device_is_brought_over_and_left_for_both() {
    let service = Service::empty();
    let (mut desk, mut couch) = (live(&service, "marlow_87"), live(&service, "marlow_87"));
    let session = start(&mut desk, Privacy::InviteOnly, 8, vec![]);
    couch.wait("the other device's party", |s| me(s).elsewhere == Some(session.clone()));
    join(&mut couch, &session);
    assert_eq!(me(&couch.handle.snapshot()).elsewhere, None);
    couch.send(Command::LeaveParty);
    desk.wait("out", |s| me(s).party == PartyState::None);
    assert!(!has_problem(&couch.handle.snapshot(), &ProblemKind::RemovedFromParty));
}

#[test]
fn a_device_that_slept_does_not_pull_its_user_out_of_the_party_of_another_one() {
    let service = Service::empty();
    let (mut desk, mut couch) = (live(&service, "marlow_87"), live(&service, "marlow_87"));
    let (mut wren, mut tide) = (live(&service, "wren_4"), live(&service, "tide_19"));
    let first = start(&mut desk, Privacy::FriendsCanJoin, 8, vec![account(&tide)]);
    join(&mut tide, &first);
    let second = start(&mut wren, Privacy::InviteOnly, 8, vec![account(&desk)]);
    couch.wait("an invitation", |s| is_invited(s, &second));
    service.inject(Fault::RefusePush(Duration::from_secs(2)));
    service.inject(Fault::DropPush);
    join(&mut couch, &second);
    desk.wait("out of the first", |s| me(s).party == PartyState::None);
    desk.wait("where the user is", |s| me(s).elsewhere == Some(second.clone()));
    assert!(has_problem(&desk.handle.snapshot(), &ProblemKind::RemovedFromParty));
    // Its line is back by then, and everything is read once more.
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(me(&desk.handle.snapshot()).party, PartyState::None);
    assert!(party(&couch.handle.snapshot()).is_some_and(|party| party.session.id == second));
    assert_eq!(couch.handle.snapshot().problems, []);
}

#[test]
fn parties_of_the_past_say_who_was_there() {
    let service = Service::empty();
    let (mut a, mut b) = (live(&service, "marlow_87"), live(&service, "wren_4"));
    let session = start(&mut a, Privacy::FriendsCanJoin, 8, vec![]);
    join(&mut b, &session);
    b.send(Command::LeaveParty);
    b.send(Command::ReadPastParties);
    let snapshot = b.wait("the past", |s| me(s).past_parties.value.is_some());
    let past = &me(&snapshot).past_parties.items()[0];
    assert_eq!((past.session.as_ref(), past.name.as_str()), (Some(&session), "Sunday squad"));
    assert!(past.members.iter().any(|it| it.account == account(&a)));
}

#[test]
fn calls_are_counted_for_whoever_is_signed_in_and_a_start_costs_few() {
    let service = Service::empty();
    let stranger = service.stranger(Microphone::None, Speakers::None);
    assert_eq!((stranger.handle.budget)(), None);
    let client = live(&service, "marlow_87");
    let budget = (client.handle.budget)().expect("an account");
    assert!((1..=20).contains(&budget.used), "{budget:?}");
}

#[test]
fn a_link_that_another_start_brings_is_looked_into_here() {
    let service = Service::empty();
    let mut host = live(&service, "marlow_87");
    start(&mut host, Privacy::InviteOnly, 8, vec![]);
    host.send(Command::ShareParty);
    let Notice::PartyLinkReady(link) = wait_notice(&mut host, |it| matches!(it, Notice::PartyLinkReady(_)))
    else {
        panic!("just found")
    };

    let home = folder();
    let runtime = in_folder(&home, "runtime");
    let instances = Some(runtime.join("partyline"));
    std::fs::create_dir_all(&runtime).expect("made");
    let config = service.config(Microphone::None, Speakers::None);
    let mut guest = Running::start(Config { instances, ..config });
    let open = |link: &str| {
        let mut program = Process::new(env!("CARGO_BIN_EXE_partyline"));
        program.args(["open", link]).env("HOME", home.path()).env("XDG_RUNTIME_DIR", &runtime);
        program.output().expect("started")
    };
    // No display: a window of its own would not open.
    let start_with = |link: &str| {
        let mut program = Process::new(env!("CARGO_BIN_EXE_partyline"));
        program.arg(link).env("HOME", home.path()).env("XDG_RUNTIME_DIR", &runtime);
        program.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").output().expect("started")
    };
    // Its socket takes a moment.
    let deadline = Instant::now() + Duration::from_secs(5);
    while !std::fs::read_dir(runtime.join("partyline")).is_ok_and(|mut sockets| sockets.next().is_some()) {
        assert!(Instant::now() < deadline, "nobody listens");
        std::thread::sleep(Duration::from_millis(10));
    }
    let refused = open("com.example.app://redirect?code=v3.x&state=s");
    assert!(!refused.status.success(), "no sign-in waits");
    assert!(open(&link.to_string()).status.success());
    guest.send(Command::SignInAs(OnlineId::from("wren_4")));
    guest.wait("what was brought before the sign-in", |s| {
        signed_in(s).is_some_and(|s| matches!(s.linked, Some(Linked::Found { .. })))
    });
    guest.send(Command::ClosePreview);
    guest.wait("closed", |s| me(s).linked.is_none());
    assert!(open(&format!("{link}?from=chat")).status.success());
    guest.wait("the same again", |s| matches!(me(s).linked, Some(Linked::Found { .. })));
    guest.send(Command::ClosePreview);
    guest.wait("closed", |s| me(s).linked.is_none());
    assert!(start_with(&link.to_string()).status.success(), "the one that runs takes it");
    guest.wait("once more", |s| matches!(me(s).linked, Some(Linked::Found { .. })));
    assert_eq!(link.to_string().parse::<PartyLink>(), Ok(link));
}

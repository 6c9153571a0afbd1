//! What breaks while a party runs, and how it comes back: typed faults in the sandbox, real clients, no clicks.

mod stage;

use std::time::Duration;

use partyline::{
    client::{Command, LinkState, ProblemKind, Screen, VoiceStatus},
    model::Privacy,
    sandbox::{Fault, SandboxConfig},
};
use stage::{Running, Service, party, signed_in};

/// From the fault to voice again, without a click.
const BACK: Duration = Duration::from_secs(5);

fn in_party(service: &Service) -> Running {
    let mut client = service.client("marlow_87");
    client.create_party(Privacy::FriendsCanJoin);
    client.wait("a live push line", |s| signed_in(s).is_some_and(|s| s.link == LinkState::Live));
    client
}

fn voice_is(client: &mut Running, time: Duration, status: VoiceStatus) {
    client.wait_within(time, &format!("voice {status:?}"), |s| party(s).is_some_and(|p| p.voice == status));
}

#[test]
fn voice_comes_back_by_itself_after_the_bridge_vanished() {
    let service = Service::empty();
    let mut client = in_party(&service);
    service.inject(Fault::DropBridges);
    client.wait("the loss noticed", |s| party(s).is_some_and(|p| p.voice != VoiceStatus::Connected));
    voice_is(&mut client, BACK, VoiceStatus::Connected);
}

#[test]
fn two_members_meet_again_on_one_bridge_after_theirs_vanished() {
    let service = Service::empty();
    let mut a = in_party(&service);
    let session = party(&a.handle.snapshot()).expect("in a party").session.id.clone();
    let mut b = service.client("second");
    b.join(&session);
    service.inject(Fault::DropBridges);
    for client in [&mut a, &mut b] {
        client.wait("the loss noticed", |s| party(s).is_some_and(|p| p.voice != VoiceStatus::Connected));
        voice_is(client, BACK, VoiceStatus::Connected);
    }
    let bridge = |client: &Running| {
        let snapshot = client.handle.snapshot();
        party(&snapshot).and_then(|p| p.session.bridge.clone()).map(|bridge| bridge.id)
    };
    assert!(bridge(&a).is_some());
    assert_eq!(bridge(&a), bridge(&b));
}

#[test]
fn a_dropped_push_line_is_reopened_and_what_was_missed_is_read() {
    let service = Service::empty();
    let mut a = in_party(&service);
    let session = party(&a.handle.snapshot()).expect("in a party").session.id.clone();
    service.inject(Fault::RefusePush(Duration::from_secs(2)));
    service.inject(Fault::DropPush);
    a.wait("the loss noticed", |s| signed_in(s).is_some_and(|s| s.link == LinkState::CatchingUp));
    let mut b = service.client("second");
    b.join(&session);
    a.wait("push again", |s| signed_in(s).is_some_and(|s| s.link == LinkState::Live));
    a.wait_members(2);
}

#[test]
fn expired_tokens_are_renewed_without_a_word() {
    let service = Service::empty();
    let mut client = in_party(&service);
    service.inject(Fault::ExpireTokens);
    client.send(Command::RenameParty("After midnight".into()));
    client.wait("renamed", |s| party(s).is_some_and(|p| p.session.name == "After midnight"));
    assert_eq!(client.handle.snapshot().problems, []);
    assert_eq!(party(&client.handle.snapshot()).map(|p| p.voice), Some(VoiceStatus::Connected));
}

#[test]
fn tokens_of_seconds_carry_a_party_for_longer_than_they_live() {
    let config = SandboxConfig {
        residents: false,
        token_lifetime: Duration::from_secs(2),
        ..SandboxConfig::default()
    };
    let service = Service::start(config);
    let mut client = in_party(&service);
    for name in ["one", "two", "three"] {
        std::thread::sleep(Duration::from_millis(2200));
        client.send(Command::RenameParty(name.into()));
        client.wait("renamed", |s| party(s).is_some_and(|p| p.session.name == name));
    }
    assert_eq!(client.handle.snapshot().problems, []);
}

#[test]
fn a_sign_in_that_was_revoked_is_said_and_can_be_repeated() {
    let service = Service::empty();
    let mut client = in_party(&service);
    service.inject(Fault::RevokeRefreshTokens);
    service.inject(Fault::ExpireTokens);
    client.send(Command::Refresh);
    let snapshot = client.wait("the first screen", |s| s.screen == Screen::SignedOut);
    assert!(snapshot.problems.iter().any(|p| p.kind == ProblemKind::SignInEnded), "{snapshot:?}");
    client.send(Command::SignInAs("marlow_87".into()));
    client.wait("signed in again", |s| signed_in(s).is_some());
}

#[test]
fn a_hiccup_of_the_service_is_not_noticed() {
    let service = Service::empty();
    let mut client = in_party(&service);
    service.inject(Fault::Answer5xx { times: 2 });
    client.send(Command::Refresh);
    client.wait("refreshed", |s| signed_in(s).is_some_and(|s| !s.friends.fetching));
    service.inject(Fault::Answer429 { times: 1, retry_after: Some(1) });
    client.send(Command::RenameParty("patience".into()));
    client.wait("renamed", |s| party(s).is_some_and(|p| p.session.name == "patience"));
    assert_eq!(client.handle.snapshot().problems, []);
}

#[test]
fn a_refusal_by_the_network_edge_is_said_as_what_it_is() {
    let service = Service::empty();
    let mut client = in_party(&service);
    service.inject(Fault::AccessDeniedPage { times: 1 });
    client.send(Command::RenameParty("x".into()));
    client.wait("the refusal", |s| s.problems.iter().any(|p| p.kind == ProblemKind::BlockedByNetworkEdge));
    assert!(party(&client.handle.snapshot()).is_some(), "the party goes on");
}

#[test]
fn quitting_ends_within_two_seconds_although_nobody_answers() {
    let service = Service::empty();
    let client = in_party(&service);
    service.inject(Fault::Silence(Duration::from_secs(30)));
    let took = client.quit();
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn a_service_that_went_away_and_came_back_without_memory_is_said() {
    let mut service = Service::empty();
    let mut client = in_party(&service);
    let address = service.url.trim_start_matches("http://").parse().expect("an address");
    let sandbox = service.sandbox.take().expect("running");
    service.runtime.block_on(sandbox.shutdown());
    client.wait("the loss noticed", |s| party(s).is_some_and(|p| p.voice != VoiceStatus::Connected));
    let config = SandboxConfig { listen: address, residents: false, ..SandboxConfig::default() };
    let again = service.runtime.block_on(partyline::sandbox::Sandbox::start(config)).expect("the same port");
    let snapshot =
        client.wait_within(Duration::from_secs(15), "the first screen", |s| s.screen == Screen::SignedOut);
    assert!(snapshot.problems.iter().any(|p| p.kind == ProblemKind::SignInEnded), "{snapshot:?}");
    drop(again);
}

const ROUNDS: usize = 100;
const ROUNDS_EACH: usize = 20;

#[test]
fn joins_and_leaves_leave_no_memory_behind() {
    let service = Service::empty();
    let mut host = in_party(&service);
    let session = party(&host.handle.snapshot()).expect("in a party").session.id.clone();
    let mut after_warm_up = 0;
    for round in 0..ROUNDS / ROUNDS_EACH {
        // One account's budget of calls bears some twenty joins in a quarter of an hour.
        let mut guest = service.client(&format!("guest-{round}"));
        for _ in 0..ROUNDS_EACH {
            guest.join(&session);
            host.wait_members(2);
            guest.send(Command::LeaveParty);
            guest.wait("left", |s| party(s).is_none());
            host.wait_members(1);
        }
        if after_warm_up == 0 {
            after_warm_up = resident_kib();
        }
    }
    let grown = resident_kib().saturating_sub(after_warm_up);
    println!("resident: {after_warm_up} KiB after {ROUNDS_EACH} rounds, {grown} KiB more after {ROUNDS}");
    assert!(grown < 12 * 1024, "{grown} KiB more after {ROUNDS} rounds");
}

/// Of this process, which holds the sandbox and both clients.
fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
}

//! What breaks while a party runs, and how it comes back: typed faults in the sandbox, real clients, no clicks.

mod stage;

use std::time::Duration;

use partyline::{
    client::{Command, LinkState, ProblemKind, Snapshot, Stay, VoiceStatus},
    model::{BridgeId, Privacy},
    sandbox::{Area, Fault, SandboxConfig, Spoiled},
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
    let lost = bridge(&a.handle.snapshot());
    assert!(lost.is_some());
    service.inject(Fault::DropBridges);
    for client in [&mut a, &mut b] {
        client.wait_within(BACK, "voice on another bridge", |s| {
            bridge(s) != lost && party(s).is_some_and(|p| p.voice == VoiceStatus::Connected)
        });
    }
    assert_eq!(bridge(&a.handle.snapshot()), bridge(&b.handle.snapshot()));
}

fn bridge(snapshot: &Snapshot) -> Option<BridgeId> {
    party(snapshot)?.session.bridge.as_ref().map(|bridge| bridge.id.clone())
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
fn a_sign_in_that_was_revoked_keeps_the_party_and_is_repeated_in_place() {
    let service = Service::empty();
    let mut client = in_party(&service);
    service.inject(Fault::RevokeRefreshTokens);
    service.inject(Fault::ExpireTokens);
    client.send(Command::Refresh);
    let snapshot =
        client.wait("the end of the stay", |s| signed_in(s).is_some_and(|s| s.stay == Stay::Ended));
    assert_eq!(party(&snapshot).map(|p| p.voice), Some(VoiceStatus::Connected), "what is connected goes on");
    let me = signed_in(&snapshot).expect("still there").me.online_id.clone();
    client.send(Command::SignInAs(me));
    client.wait("signed in again", |s| signed_in(s).is_some_and(|s| s.stay == Stay::Good));
    client.send(Command::RenameParty("again".into()));
    client.wait("renamed", |s| party(s).is_some_and(|p| p.session.name == "again"));
}

#[test]
fn a_hiccup_of_the_service_is_not_noticed() {
    let service = Service::empty();
    let mut client = in_party(&service);
    service.inject(Fault::Answer { area: Area::Api, spoiled: Spoiled::Unavailable, times: 2 });
    client.send(Command::Refresh);
    client.wait("refreshed", |s| signed_in(s).is_some_and(|s| !s.friends.fetching));
    let limited = Spoiled::TooManyRequests { retry_after: Some(1) };
    service.inject(Fault::Answer { area: Area::Api, spoiled: limited, times: 1 });
    client.send(Command::RenameParty("patience".into()));
    client.wait("renamed", |s| party(s).is_some_and(|p| p.session.name == "patience"));
    assert_eq!(client.handle.snapshot().problems, []);
}

#[test]
fn a_refusal_by_the_network_edge_is_said_as_what_it_is() {
    let service = Service::empty();
    let mut client = in_party(&service);
    service.inject(Fault::Answer { area: Area::Api, spoiled: Spoiled::AccessDenied, times: 1 });
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
    client.wait_within(Duration::from_secs(15), "the end of the stay", |s| {
        signed_in(s).is_some_and(|s| s.stay == Stay::Ended)
    });
    drop(again);
}

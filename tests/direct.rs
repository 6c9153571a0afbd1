//! Members who talk directly: real clients at a sandbox whose bridge only listens, as the captured one does.

mod stage;

use std::{
    collections::BTreeSet, f32::consts::TAU, net::UdpSocket, path::Path, thread::sleep, time::Duration,
};

use partyline::{
    client::{Command, Config, MemberReach, VoiceStatus},
    model::{LinkReport, OtherEnd, Privacy, Processing, SessionId},
    sandbox::Fault,
    voice::{Microphone, Speakers},
};
use stage::{
    Running, Service, beside_few,
    ear::{RATE, speech},
    folder, in_folder, party,
    sound::{compare, read_growing_wav, read_wav, write_wav},
};

/// The same utterance through a codec stays well above this; another one stays far below.
const SAME: f32 = 0.8;
/// Of a tone said at 0.15: it is there, whatever levelling makes of it, or it is not.
const AUDIBLE: f32 = 0.02;
const ABSENT: f32 = 0.002;

/// Sent as it is: processing takes tones for noise.
fn member(service: &Service, name: &str, microphone: Microphone, speakers: Speakers) -> Running {
    let config = service.config(microphone, speakers);
    signed_in_as(name, Config { processing: Some(Processing::OFF), ..config })
}

fn signed_in_as(name: &str, config: Config) -> Running {
    let mut client = Running::start(config);
    client.send(Command::SignInAs(name.into()));
    client.wait("signed in", |snapshot| {
        stage::signed_in(snapshot).is_some_and(|signed_in| signed_in.friends.value.is_some())
    });
    client
}

fn silent(service: &Service, name: &str) -> Running {
    member(service, name, Microphone::None, Speakers::None)
}

fn wait_direct(client: &mut Running, others: usize) {
    client.wait("all direct", |snapshot| {
        party(snapshot).is_some_and(|party| {
            party.members.len() == others
                && party.members.values().all(|voice| voice.reach == MemberReach::Direct)
        })
    });
}

/// Everybody has told the session that they hear this many.
fn wait_told(client: &mut Running, others: usize) {
    client.wait("told whom everybody hears", |snapshot| {
        party(snapshot).is_some_and(|party| {
            party.session.members.iter().all(|member| {
                let heard: BTreeSet<_> = member.connected_to.iter().flatten().copied().collect();
                heard.len() == others && !heard.contains(&member.account)
            })
        })
    });
}

fn to_members(client: &Running) -> Vec<LinkReport> {
    let links = (client.handle.report)().links;
    links.into_iter().filter(|link| matches!(link.with, OtherEnd::Member(_))).collect()
}

/// Four swells a second: what stays the same for seconds is background, and is not sent.
fn says(path: &Path, hz: f32) {
    let sample = |n: usize| {
        let seconds = n as f32 / RATE as f32;
        0.15 * (1.0 - (4.0 * TAU * seconds).cos()) * (hz * TAU * seconds).sin()
    };
    write_wav(path, &(0..60 * RATE).map(sample).collect::<Vec<_>>());
}

/// How loud this frequency is in the last second, as an amplitude: the mean of short pieces, since a buffer that settles bends it.
fn loudness(heard: &[f32], hz: f32) -> f32 {
    let last = &heard[heard.len().saturating_sub(RATE)..];
    let pieces: Vec<_> = last.chunks_exact(RATE / 20).map(|piece| amplitude(piece, hz)).collect();
    pieces.iter().sum::<f32>() / pieces.len().max(1) as f32
}

/// Of this frequency alone (Goertzel).
fn amplitude(heard: &[f32], hz: f32) -> f32 {
    let (sine, cosine) = heard.iter().enumerate().fold((0.0, 0.0), |(sine, cosine), (n, sample)| {
        let angle = n as f32 * hz * TAU / RATE as f32;
        (sine + sample * angle.sin(), cosine + sample * angle.cos())
    });
    2.0 * sine.hypot(cosine) / heard.len().max(1) as f32
}

#[test]
fn two_members_hear_each_other_without_the_bridge() {
    let _turn = beside_few();
    let service = Service::empty();
    let folder = folder();
    let (said, heard) = (in_folder(&folder, "said.wav"), in_folder(&folder, "heard.wav"));
    let sentence = speech(5.0, 1);
    write_wav(&said, &[vec![0.0; 2 * RATE], sentence.clone()].concat());
    let mut listener = member(&service, "listener", Microphone::None, Speakers::File(heard.clone()));
    let session = listener.create_party(Privacy::FriendsCanJoin);
    let mut talker = member(&service, "talker", Microphone::File(said), Speakers::None);
    talker.join(&session);
    wait_direct(&mut listener, 1);
    wait_direct(&mut talker, 1);
    sleep(Duration::from_secs(8));
    let received: Vec<_> = to_members(&listener).iter().map(|link| link.packets_received).collect();
    assert!(matches!(received[..], [packets] if packets > 50), "one connection: {received:?}");
    listener.quit();
    let heard = compare(&sentence, &read_wav(&heard));
    assert!(heard.likeness > SAME && heard.longest_gap <= 20, "{heard:?}");
}

#[test]
fn three_hear_each_other_one_comes_late_and_one_leaves() {
    let _turn = beside_few();
    let service = Service::empty();
    let folder = folder();
    let tones = [500.0, 800.0, 1300.0];
    let wav = |what: &str, n: usize| in_folder(&folder, &format!("{what}{n}.wav"));
    let join = |n: usize, session: Option<&SessionId>| {
        says(&wav("said", n), tones[n]);
        let (microphone, speakers) = (Microphone::File(wav("said", n)), Speakers::File(wav("heard", n)));
        let mut client = member(&service, ["first", "second", "third"][n], microphone, speakers);
        let id = match session {
            Some(session) => {
                client.join(session);
                session.clone()
            }
            None => client.create_party(Privacy::FriendsCanJoin),
        };
        (client, id)
    };
    let (mut first, session) = join(0, None);
    let (mut second, _) = join(1, Some(&session));
    wait_direct(&mut first, 1);
    wait_direct(&mut second, 1);

    let (mut third, _) = join(2, Some(&session));
    for client in [&mut first, &mut second, &mut third] {
        wait_direct(client, 2);
        wait_told(client, 2);
    }
    sleep(Duration::from_millis(2500));
    for n in 0..3 {
        let heard = read_growing_wav(&wav("heard", n));
        let loud = tones.map(|tone| loudness(&heard, tone));
        let as_it_should =
            |other: usize| if other == n { loud[other] < ABSENT } else { loud[other] > AUDIBLE };
        assert!((0..3).all(as_it_should), "{n} hears {loud:?}");
    }

    third.quit();
    for client in [&mut first, &mut second] {
        wait_direct(client, 1);
        wait_told(client, 1);
    }
    sleep(Duration::from_millis(1500));
    assert_eq!((to_members(&first).len(), to_members(&second).len()), (1, 1));
    let heard = read_growing_wav(&wav("heard", 0));
    assert!(loudness(&heard, tones[1]) > AUDIBLE && loudness(&heard, tones[2]) < ABSENT);
}

#[test]
fn members_who_hear_each_other_go_on_while_the_bridge_comes_and_goes() {
    let _turn = beside_few();
    let service = Service::empty();
    let folder = folder();
    let said = in_folder(&folder, "said.wav");
    says(&said, 500.0);
    let mut first = member(&service, "first", Microphone::File(said), Speakers::None);
    let session = first.create_party(Privacy::FriendsCanJoin);
    let mut second = silent(&service, "second");
    second.join(&session);
    wait_direct(&mut first, 1);
    wait_direct(&mut second, 1);
    wait_told(&mut second, 1);
    let only = |client: &Running| match &to_members(client)[..] {
        [link] => (link.connection, link.packets_received),
        links => panic!("one connection: {links:?}"),
    };
    let to_bridge = |client: &Running| {
        let links = (client.handle.report)().links;
        links.into_iter().find(|link| link.with == OtherEnd::Bridge).map(|link| link.connection)
    };
    let bridge = to_bridge(&second);
    assert!(bridge.is_some(), "on the bridge at first");
    let (connection, before) = only(&second);
    for _ in 0..10 {
        service.inject(Fault::DropBridges);
        sleep(Duration::from_millis(300));
        let snapshot = second.handle.snapshot();
        let party = party(&snapshot).expect("in the party");
        assert!(party.members.values().all(|voice| voice.reach == MemberReach::Direct), "{party:?}");
        assert!(snapshot.problems.is_empty(), "nobody misses it: {:?}", snapshot.problems);
    }
    let (still, received) = only(&second);
    assert_eq!(still, connection, "the same one");
    assert!(received > before + 100, "{received} packets, {before} of them before");
    for client in [&mut first, &mut second] {
        client.wait_within(Duration::from_secs(30), "back on a bridge", |snapshot| {
            party(snapshot).is_some_and(|party| party.voice == VoiceStatus::Connected)
        });
        wait_told(client, 1);
    }
    assert_ne!(to_bridge(&second), bridge, "another bridge");
}

#[test]
fn a_server_named_in_the_configuration_is_asked_how_others_see_us() {
    let _turn = beside_few();
    let service = Service::empty();
    let server = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    server.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
    let address = server.local_addr().expect("an address").to_string();
    let config = service.config(Microphone::None, Speakers::None);
    let mut asking = signed_in_as("asking", Config { stun_servers: Some(vec![address]), ..config });
    let session = asking.create_party(Privacy::FriendsCanJoin);
    let mut other = silent(&service, "other");
    other.join(&session);

    let mut packet = [0; 1500];
    let (length, _) = server.recv_from(&mut packet).expect("somebody asks");
    // A binding request, by its type and its cookie (RFC 8489).
    assert!(length >= 20 && packet[..2] == [0, 1] && packet[4..8] == [0x21, 0x12, 0xa4, 0x42]);
    // It never answers, and costs the others nothing but a moment.
    wait_direct(&mut asking, 1);
    wait_direct(&mut other, 1);
}

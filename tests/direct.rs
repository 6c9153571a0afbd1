//! Members who talk directly: real clients at a sandbox whose bridge only listens, as the captured one does.

mod stage;

use std::{thread::sleep, time::Duration};

use partyline::{
    client::MemberReach,
    model::{OtherEnd, Privacy},
    sandbox::SandboxConfig,
    voice::{Microphone, Speakers},
};
use stage::{
    Running, Service, alone,
    ear::{RATE, speech},
    folder, in_folder, party,
    sound::{compare, read_wav, write_wav},
};

/// The same utterance through a codec stays well above this; another one stays far below.
const SAME: f32 = 0.8;

fn service() -> Service {
    Service::start(SandboxConfig { residents: false, ..SandboxConfig::default() })
}

fn wait_direct(client: &mut Running, others: usize) {
    client.wait("all direct", |snapshot| {
        party(snapshot).is_some_and(|party| {
            party.members.len() == others
                && party.members.values().all(|voice| voice.reach == MemberReach::Direct)
        })
    });
}

#[test]
fn two_members_hear_each_other_without_the_bridge() {
    let _alone = alone();
    let service = service();
    let folder = folder();
    let (said, heard) = (in_folder(&folder, "said.wav"), in_folder(&folder, "heard.wav"));
    let sentence = speech(5.0, 1);
    write_wav(&said, &[vec![0.0; 2 * RATE], sentence.clone()].concat());
    let mut listener = service.client_with("listener", Microphone::None, Speakers::File(heard.clone()));
    let session = listener.create_party(Privacy::FriendsCanJoin);
    let mut talker = service.client_with("talker", Microphone::File(said), Speakers::None);
    talker.join(&session);
    wait_direct(&mut listener, 1);
    wait_direct(&mut talker, 1);
    sleep(Duration::from_secs(9));
    let report = (listener.handle.report)();
    let with_members = report.links.iter().filter(|link| matches!(link.with, OtherEnd::Member(_)));
    let received: Vec<u64> = with_members.map(|link| link.packets_received).collect();
    assert!(matches!(received[..], [packets] if packets > 50), "one connection: {received:?}");
    listener.quit();
    let heard = compare(&sentence, &read_wav(&heard));
    assert!(heard.likeness > SAME, "{heard:?}");
}

#[test]
fn a_third_who_joins_later_is_connected_to_both_and_one_who_leaves_to_nobody() {
    let _alone = alone();
    let service = service();
    let client = |name| service.client_with(name, Microphone::None, Speakers::None);
    let mut first = client("first");
    let session = first.create_party(Privacy::FriendsCanJoin);
    let mut second = client("second");
    second.join(&session);
    let mut third = client("third");
    third.join(&session);
    for client in [&mut first, &mut second, &mut third] {
        wait_direct(client, 2);
    }
    let all_heard = |client: &mut Running| {
        client.wait("told whom everybody hears", |snapshot| {
            party(snapshot).is_some_and(|party| {
                let heard = |count| move |it: &Vec<_>| it.len() == count;
                party.session.members.iter().all(|member| member.connected_to.as_ref().is_some_and(heard(2)))
            })
        });
    };
    all_heard(&mut first);
    third.quit();
    wait_direct(&mut first, 1);
    wait_direct(&mut second, 1);

    sleep(Duration::from_secs(1));
    let members = |client: &Running| {
        let report = (client.handle.report)();
        report.links.iter().filter(|link| matches!(link.with, OtherEnd::Member(_))).count()
    };
    assert_eq!((members(&first), members(&second)), (1, 1));
}

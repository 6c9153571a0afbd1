//! Whole parties on one machine: real HTTP, push, WebRTC and Opus; only the sound cards are files.

mod stage;

use std::{thread::sleep, time::Duration};

use partyline::{
    client::Command,
    model::Privacy,
    sandbox::{BridgeKind, SandboxConfig},
    voice::{Microphone, Speakers},
};
use stage::{
    Service, beside_few,
    ear::{RATE, find, power, speech},
    folder, in_folder, party,
    sound::{compare, read_wav, write_wav},
};

/// The same utterance through a 16 kHz codec stays well above this; another one stays far below.
const SAME: f32 = 0.8;
/// A frame of the bridge's is what a buffer grows by when one comes late.
const LATE_AT_MOST_MILLIS: f64 = 40.0;

/// Whose bridge mixes.
fn mixing(residents: bool) -> Service {
    Service::start(SandboxConfig { bridge: BridgeKind::Mixes, residents, ..SandboxConfig::default() })
}

#[test]
fn what_one_member_says_arrives_whole_and_once_at_the_other() {
    let _turn = beside_few();
    let service = mixing(false);
    let folder = folder();
    let (said, heard) = (in_folder(&folder, "said.wav"), in_folder(&folder, "heard.wav"));
    let sentence = speech(6.0, 1);
    // Said once the line has settled: right after joining, buffers move by some milliseconds.
    write_wav(&said, &[vec![0.0; 3 * RATE / 2], sentence.clone()].concat());
    let mut listener = service.client_with("listener", Microphone::None, Speakers::File(heard.clone()));
    let session = listener.create_party(Privacy::FriendsCanJoin);
    let mut talker = service.client_with("talker", Microphone::File(said), Speakers::None);
    talker.join(&session);
    listener.wait_members(2);
    sleep(Duration::from_secs(9));
    listener.quit();
    // Moment by moment: on a busy machine a buffer may grow by some milliseconds on the way.
    let heard = compare(&sentence, &read_wav(&heard));
    assert!(heard.likeness > SAME && heard.longest_gap <= 20, "{heard:?}");
    assert!(heard.stray <= LATE_AT_MOST_MILLIS, "stretched or cut on the way: {heard:?}");
}

#[test]
fn a_third_who_joins_later_is_heard_by_both() {
    let _turn = beside_few();
    let service = mixing(false);
    let folder = folder();
    let (said, first, second) =
        (in_folder(&folder, "said.wav"), in_folder(&folder, "1.wav"), in_folder(&folder, "2.wav"));
    let sentence = speech(3.0, 2);
    write_wav(&said, &sentence);
    let mut a = service.client_with("first", Microphone::None, Speakers::File(first.clone()));
    let session = a.create_party(Privacy::FriendsCanJoin);
    let mut b = service.client_with("second", Microphone::None, Speakers::File(second.clone()));
    b.join(&session);
    a.wait_members(2);
    let mut third = service.client_with("third", Microphone::File(said), Speakers::None);
    third.join(&session);
    sleep(Duration::from_secs(5));
    a.quit();
    b.quit();
    for recording in [first, second] {
        // Moment by moment: right after joining, buffers still settle by some milliseconds.
        let heard = compare(&sentence, &read_wav(&recording));
        assert!(heard.likeness > SAME && heard.longest_gap <= 20, "{heard:?}");
    }
}

#[test]
fn nova_accepts_an_invitation_and_her_sentence_is_heard() {
    let _turn = beside_few();
    let service = mixing(true);
    let folder = folder();
    let heard = in_folder(&folder, "heard.wav");
    let mut me = service.client_with("marlow_87", Microphone::None, Speakers::File(heard.clone()));
    me.create_party(Privacy::InviteOnly);
    me.invite("Nova");
    me.wait_members(2);
    sleep(Duration::from_secs(8));
    me.quit();
    let clip = nova();
    let found = compare(&clip, &read_wav(&heard));
    assert!(found.likeness > SAME, "{found:?}");
    let other = find(&read_wav(&heard), &speech(3.0, 9));
    assert!(other.likeness < 0.3, "the measure tells sentences apart: {other:?}");
}

#[test]
fn echo_repeats_what_one_says() {
    let _turn = beside_few();
    let service = mixing(true);
    let folder = folder();
    let (said, heard) = (in_folder(&folder, "said.wav"), in_folder(&folder, "heard.wav"));
    let sentence = speech(4.0, 3);
    // Echo takes about a second to come in.
    let mut later = vec![0.0; 3 * RATE];
    later.extend_from_slice(&sentence);
    write_wav(&said, &later);
    let mut me = service.client_with("marlow_87", Microphone::File(said), Speakers::File(heard.clone()));
    me.create_party(Privacy::InviteOnly);
    me.invite("Echo");
    me.wait_members(2);
    sleep(Duration::from_secs(9));
    me.quit();
    let found = compare(&sentence, &read_wav(&heard));
    assert!(found.likeness > SAME, "{found:?}");
}

#[test]
fn nothing_is_heard_of_a_muted_member_and_the_others_see_it() {
    let _turn = beside_few();
    let service = mixing(false);
    let folder = folder();
    let (said, heard) = (in_folder(&folder, "said.wav"), in_folder(&folder, "heard.wav"));
    write_wav(&said, &speech(8.0, 4));
    let mut listener = service.client_with("listener", Microphone::None, Speakers::File(heard.clone()));
    let session = listener.create_party(Privacy::FriendsCanJoin);
    let mut talker = service.client_with("talker", Microphone::File(said), Speakers::None);
    talker.send(Command::SetMuted(true));
    talker.join(&session);
    listener.wait("the talker shown as muted and connected", |s| {
        party(s).is_some_and(|p| {
            p.session
                .members
                .iter()
                .any(|m| m.muted && m.connected_to.as_ref().is_some_and(|c| !c.is_empty()))
        })
    });
    sleep(Duration::from_secs(3));
    listener.quit();
    assert!(power(&read_wav(&heard)) < 1e-9, "something was heard");
}

/// The resident's clip as the sandbox plays it.
fn nova() -> Vec<f32> {
    let mut reader = ogg::PacketReader::new(std::io::Cursor::new(include_bytes!("../assets/nova.opus")));
    let mut decoder = opus::Decoder::new(48_000, opus::Channels::Mono).expect("a decoder");
    let mut sound = Vec::new();
    // Two packets of headers come first.
    for packet in std::iter::from_fn(|| reader.read_packet().expect("an Ogg stream")).skip(2) {
        let mut frame = vec![0.0; 5760];
        let samples = decoder.decode_float(&packet.data, &mut frame, false).expect("an Opus packet");
        sound.extend_from_slice(&frame[..samples]);
    }
    sound
}

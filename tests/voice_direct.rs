//! Members heard directly: two and more of our own voice paths over real WebRTC on loopback, beside a bridge.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

mod support;

use std::{
    f32::consts::TAU,
    path::{Path, PathBuf},
    time::Duration,
};

use partyline::{
    model::{
        AccountId, Answer, CandidateKind, DeviceKind, LinkPhase, Offer, OtherEnd, Processing, RecordingFormat,
    },
    voice::{ConnectionState, NegotiationError, Recorder, VoiceEvent},
};
use support::{
    Client, KEY_UP, OPEN,
    bridge::Bridge,
    sound::{compare, read_wav, write_wav},
    speech::speech_like,
    until,
};

const SECOND: usize = 48_000;
const NOVA: AccountId = AccountId(0x1122_3344_0000_00aa);
const ECHO: AccountId = AccountId(0x1122_3344_0000_00bb);

fn connected(connection: u64) -> VoiceEvent {
    VoiceEvent::Connection { connection, state: ConnectionState::Connected }
}

/// `one` (as `NOVA`-like `account`) offers, `two` answers, both under this number.
async fn connect(one: (&Client, AccountId), two: (&Client, AccountId), connection: u64) {
    let offer = one.0.voice.offer(connection, two.1).await.unwrap();
    let answer = two.0.voice.answer(connection, OtherEnd::Member(one.1), offer).await.unwrap();
    one.0.voice.accept(connection, answer).await.unwrap();
    one.0.until(&connected(connection)).await;
    two.0.until(&connected(connection)).await;
}

fn tone(hz: f32, seconds: usize) -> Vec<f32> {
    (0..seconds * SECOND).map(|n| 0.3 * (n as f32 * hz * TAU / SECOND as f32).sin()).collect()
}

/// How loud this frequency is, as an amplitude (Goertzel).
fn loudness(heard: &[f32], hz: f32) -> f32 {
    let (sine, cosine) = heard.iter().enumerate().fold((0.0, 0.0), |(sine, cosine), (n, sample)| {
        let angle = n as f32 * hz * TAU / SECOND as f32;
        (sine + sample * angle.sin(), cosine + sample * angle.cos())
    });
    2.0 * sine.hypot(cosine) / heard.len().max(1) as f32
}

fn file(directory: &tempfile::TempDir, name: &str) -> PathBuf {
    directory.path().join(name)
}

fn says(path: &Path, hz: f32) {
    write_wav(path, &tone(hz, 30));
}

/// The last of what was played, once the client is gone.
fn last_heard(client: Client, path: &Path, samples: usize) -> Vec<f32> {
    drop(client);
    let heard = read_wav(path);
    heard[heard.len().saturating_sub(samples)..].to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_members_hear_each_other_whole_at_the_longer_of_their_frame_times() {
    let _turn = support::beside_few().await;
    let directory = tempfile::tempdir().unwrap();
    let said = speech_like(6 * SECOND);
    write_wav(&file(&directory, "said"), &said);
    let nova = Client::new(Some(&file(&directory, "said")), Some(&file(&directory, "nova")), OPEN);
    let echo = Client::new(Some(&file(&directory, "said")), Some(&file(&directory, "echo")), OPEN);
    for client in [&nova, &echo] {
        // Both say the same: to a canceller each is the other's echo.
        client.voice.set_processing(Processing::OFF);
    }
    nova.voice.set_frame_time(10);
    echo.voice.set_frame_time(20);
    connect((&nova, NOVA), (&echo, ECHO), 1).await;
    until(|| nova.meters.speaking(ECHO).is_some(), || "Echo is heard".into()).await;
    until(|| echo.meters.speaking(NOVA).is_some(), || "Nova is heard".into()).await;
    tokio::time::sleep(Duration::from_millis(6500)).await;
    for client in [&nova, &echo] {
        let link = client.link().unwrap();
        assert_eq!((link.state, link.clock_hz, link.frame_millis), (LinkPhase::Connected, 16_000, 20));
        assert!(link.rtt.is_some_and(|rtt| rtt < Duration::from_millis(200)), "{link:?}");
        assert!(link.packets_sent >= 290 && link.packets_received >= 290, "{link:?}");
        assert!(link.history.len() >= 5 && link.history.iter().any(|sample| !sample.buffer.is_zero()));
        assert!(link.history.iter().any(|sample| sample.lost_there == Some(0.0)), "they report: {link:?}");
        let path = link.path.unwrap();
        assert_eq!((path.local.kind, path.remote.kind), (CandidateKind::Host, CandidateKind::Host));
    }
    drop((nova, echo));
    for name in ["nova", "echo"] {
        let comparison = compare(&said, &read_wav(&file(&directory, name)));
        println!("{name}: {comparison:?}");
        assert!(comparison.longest_gap <= 20 && comparison.likeness > 0.95, "{name}: {comparison:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_looks_as_members_offers_do() {
    let client = Client::new(None, None, KEY_UP);
    client.voice.set_frame_time(10);
    let Offer(sdp) = client.voice.offer(1, NOVA).await.unwrap();
    for line in [
        "a=rtpmap:96 opus/16000/2",
        "a=fmtp:96 minptime=10;stereo=0;useinbandfec=1",
        "a=rtpmap:63 red/48000/2",
        "a=fmtp:63 96/96",
        "a=rtpmap:106 CN/32000",
        "a=rtpmap:105 CN/16000",
        "a=rtpmap:13 CN/8000",
        "a=rtpmap:110 telephone-event/48000",
        "a=rtpmap:113 telephone-event/16000",
        "a=ptime:40",
        "a=x-partyline:1 ptime=10",
        "a=setup:actpass",
        "a=sendrecv",
    ] {
        assert!(sdp.contains(&format!("\r\n{line}\r\n")), "{line} in {sdp}");
    }
    assert!(sdp.contains("_1_CELT/40\r\n") && sdp.contains("webrtc-datachannel"), "{sdp}");
    assert!(sdp.contains(" 127.0.0.1 ") && sdp.contains(" ::1 "), "both families inside: {sdp}");
    let link = client.link().unwrap();
    assert_eq!((link.state, link.with), (LinkPhase::Connecting, OtherEnd::Member(NOVA)));
}

#[tokio::test(flavor = "multi_thread")]
async fn four_members_hear_each_other_and_one_who_leaves_disturbs_nobody() {
    let _turn = support::beside_few().await;
    let directory = tempfile::tempdir().unwrap();
    let tones = [400.0, 700.0, 1100.0, 1700.0];
    let account = |n: usize| AccountId(1000 + n as u64);
    let mut clients: Vec<_> = (0..4)
        .map(|n| {
            let said = file(&directory, &format!("said{n}"));
            says(&said, tones[n]);
            let client = Client::new(Some(&said), Some(&file(&directory, &format!("heard{n}"))), OPEN);
            // What is measured is who is heard, not how far the levelling has come.
            client.voice.set_level_voices(false);
            client
        })
        .collect();
    let number = |one: usize, two: usize| (one * 10 + two) as u64;
    for one in 0..4 {
        for two in one + 1..4 {
            connect((&clients[one], account(one)), (&clients[two], account(two)), number(one, two)).await;
        }
    }
    for (n, client) in clients.iter().enumerate() {
        let others = (0..4).filter(|&other| other != n).map(account);
        for other in others {
            until(|| client.meters.speaking(other).is_some(), || format!("{other:?} at {n}")).await;
        }
        client.forget();
    }

    clients.pop().unwrap().voice.hang_up().await;
    for (n, client) in clients.iter().enumerate() {
        let closed = VoiceEvent::Connection { connection: number(n, 3), state: ConnectionState::Closed };
        let noticed = client.until(&closed).await;
        assert!(noticed < Duration::from_secs(1), "{noticed:?}");
        assert_eq!(client.events().len(), 1, "nothing else happened: {:?}", client.events());
        assert_eq!(client.voice.report().links.len(), 2);
    }
    tokio::time::sleep(Duration::from_millis(2500)).await;
    for (n, client) in clients.into_iter().enumerate() {
        let heard = last_heard(client, &file(&directory, &format!("heard{n}")), SECOND);
        for (other, &hz) in tones.iter().enumerate() {
            let loudness = loudness(&heard, hz);
            match other == n || other == 3 {
                true => assert!(loudness < 0.01, "{hz} Hz at {n}: {loudness}"),
                // Piece by piece: a buffer that moves shifts the phase of what follows.
                false => {
                    let pieces = heard.chunks_exact(SECOND / 10).map(|piece| self::loudness(piece, hz));
                    let loudness = pieces.sum::<f32>() / 10.0;
                    assert!(loudness > 0.1, "{hz} Hz at {n}: {loudness}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_connection_to_a_member_takes_the_old_ones_place_once_it_is_up() {
    let _turn = support::beside_few().await;
    let (nova, echo) = (Client::new(None, None, KEY_UP), Client::new(None, None, KEY_UP));
    connect((&nova, NOVA), (&echo, ECHO), 1).await;
    let unanswered = nova.voice.offer(2, ECHO).await.unwrap();
    let links = nova.voice.report().links;
    let states: Vec<_> = links.iter().map(|link| (link.connection, link.state)).collect();
    assert_eq!(states, [(1, LinkPhase::Connected), (2, LinkPhase::Connecting)]);
    connect((&nova, NOVA), (&echo, ECHO), 3).await;
    for client in [&nova, &echo] {
        let numbers = || client.voice.report().links.iter().map(|link| link.connection).collect::<Vec<_>>();
        until(|| numbers() == [3], || format!("{:?}", numbers())).await;
    }
    let late = Answer(unanswered.0);
    assert!(matches!(nova.voice.accept(2, late).await, Err(NegotiationError::Overtaken)));
    assert!(!nova.saw(&VoiceEvent::DeviceClosed { kind: DeviceKind::Microphone }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_understood_leaves_the_offer_to_a_better_one() {
    let _turn = support::beside_few().await;
    let (nova, echo) = (Client::new(None, None, KEY_UP), Client::new(None, None, KEY_UP));
    let offer = nova.voice.offer(1, ECHO).await.unwrap();
    let answer = echo.voice.answer(1, OtherEnd::Member(NOVA), offer).await.unwrap();
    use NegotiationError as E;
    let bad = |sdp: String| nova.voice.accept(1, Answer(sdp));
    assert!(matches!(bad("a".repeat(1 << 20)).await, Err(E::TooLarge(_))));
    assert!(matches!(bad(answer.0.replace("opus/16000", "opus/48000")).await, Err(E::UnusableClock(48_000))));
    assert!(matches!(bad("v=0\r\n".into()).await, Err(E::NoAudio)));
    assert!(matches!(nova.voice.accept(2, answer.clone()).await, Err(E::Overtaken)));
    nova.voice.accept(1, answer.clone()).await.unwrap();
    nova.until(&connected(1)).await;
    assert!(matches!(nova.voice.accept(1, answer).await, Err(E::Overtaken)), "once is enough");
    assert_eq!(nova.link().unwrap().state, LinkPhase::Connected);
}

#[tokio::test(flavor = "multi_thread")]
async fn ipv6_alone_is_enough_and_so_is_an_active_offerer() {
    let _turn = support::beside_few().await;
    let (nova, echo) = (Client::new(None, None, KEY_UP), Client::new(None, None, KEY_UP));
    let only_ipv6 = |sdp: &str| -> String {
        sdp.lines().filter(|line| !line.contains(" 127.0.0.1 ")).map(|line| format!("{line}\r\n")).collect()
    };
    let offer = nova.voice.offer(1, ECHO).await.unwrap();
    let offer = Offer(only_ipv6(&offer.0).replace("a=setup:actpass", "a=setup:active"));
    let answer = echo.voice.answer(1, OtherEnd::Member(NOVA), offer).await.unwrap();
    assert!(answer.0.contains("a=setup:passive"), "{}", answer.0);
    nova.voice.accept(1, Answer(only_ipv6(&answer.0))).await.unwrap();
    nova.until(&connected(1)).await;
    let path = || nova.link().unwrap().path;
    until(|| path().is_some(), || "a path".into()).await;
    assert!(path().unwrap().local.address.as_str().starts_with("[::1]:"));
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_and_a_recording_outlive_the_last_connection_and_end_when_we_hang_up() {
    let _turn = support::beside_few().await;
    let directory = tempfile::tempdir().unwrap();
    says(&file(&directory, "said"), 500.0);
    let nova = Client::new(Some(&file(&directory, "said")), Some(&file(&directory, "heard")), OPEN);
    let echo = Client::new(None, None, KEY_UP);
    connect((&nova, NOVA), (&echo, ECHO), 1).await;
    until(|| nova.meters.is_live(), || "live".into()).await;
    let folder = directory.path().to_owned();
    nova.voice.record(Some(Recorder { folder, format: RecordingFormat::Wav }));
    let began = || nova.events().iter().any(|event| matches!(event, VoiceEvent::RecordingBegan(_)));
    until(began, || "a recording".into()).await;
    nova.forget();

    // The only other member is connected to anew.
    nova.voice.close(1).await;
    assert!(nova.link().is_none());
    until(|| !nova.meters.is_live(), || "nobody is sent to".into()).await;
    connect((&nova, NOVA), (&echo, ECHO), 2).await;
    until(|| nova.meters.is_live(), || "live again".into()).await;
    assert_eq!(nova.events(), [connected(2)], "nothing was closed, opened or ended");

    let told = nova.voice.hang_up();
    assert!(nova.link().is_none(), "gone at once");
    told.await;
    for kind in [DeviceKind::Microphone, DeviceKind::Speakers] {
        nova.until(&VoiceEvent::DeviceClosed { kind }).await;
    }
    let ended = || nova.events().iter().any(|event| matches!(event, VoiceEvent::RecordingEnded { .. }));
    until(ended, || "the end of the recording".into()).await;
    assert!(!nova.meters.is_live());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_on_the_bridge_and_direct_is_heard_once() {
    let _turn = support::beside_few().await;
    let directory = tempfile::tempdir().unwrap();
    says(&file(&directory, "direct"), 500.0);
    let heard = file(&directory, "heard");
    let nova = Client::new(None, Some(&heard), KEY_UP);
    let echo = Client::new(Some(&file(&directory, "direct")), None, OPEN);
    nova.voice.set_members(vec![ECHO, AccountId(0xcc)]);
    let mut bridge = Bridge::new(16_000, 40).await;
    nova.join(1, &bridge).await;
    connect((&nova, NOVA), (&echo, ECHO), 2).await;
    until(|| nova.meters.speaking(ECHO).is_some(), || "Echo directly".into()).await;

    // The bridge says Echo's words once more, in a tone of its own; then with somebody else's in them.
    let packets = bridge.encode(&tone(900.0, 3));
    let (alone, together) = packets.split_at(37);
    let mut frame = 0;
    let mut clock = tokio::time::interval(Duration::from_millis(40));
    for (packets, sources) in [(alone, &[0xbb][..]), (together, &[0xbb, 0xcc][..])] {
        for packet in packets {
            clock.tick().await;
            bridge.say(frame, packet.clone(), sources).await;
            frame += 1;
        }
    }
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let heard = last_heard(nova, &heard, 45 * SECOND / 10);
    let (mut direct, mut mixed, mut both) = (0, 0, 0);
    for piece in heard.chunks_exact(SECOND / 20) {
        let (own, mix) = (loudness(piece, 500.0) > 0.1, loudness(piece, 900.0) > 0.1);
        direct += usize::from(own && !mix);
        mixed += usize::from(mix && !own);
        both += usize::from(own && mix);
    }
    println!("{direct} direct, {mixed} mixed, {both} both, of {}", heard.len() / (SECOND / 20));
    assert!(both <= 1, "never twice: {both}");
    assert!(mixed >= 24, "the mix while somebody else is in it: {mixed}");
    assert!(direct >= 30, "directly otherwise: {direct}");
}

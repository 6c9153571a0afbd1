//! The sandbox's voice bridge, through real WebRTC peers.

mod sandbox_support;

use std::{
    io::Cursor,
    time::{Duration, Instant},
};

use opus::{Channels, Decoder};
use partyline::sandbox::{BridgeKind, Fault, Sandbox, SandboxConfig};
use reqwest::{Method, StatusCode};
use sandbox_support::{
    BodyJson, Person, eventually, mixing_sandbox,
    peer::{Bridge, FRAME, Peer, RATE, find, media_types},
    refusal,
};
use serde_json::{Value, json};

/// Nova's clip, decoded here and not by the sandbox.
fn sentence() -> Vec<f32> {
    let mut reader = ogg::PacketReader::new(Cursor::new(include_bytes!("../assets/nova.opus")));
    let mut decoder = Decoder::new(RATE as u32, Channels::Mono).expect("a decoder");
    let mut samples = Vec::new();
    let mut packets = std::iter::from_fn(|| reader.read_packet().expect("an Ogg file")).skip(2);
    packets.by_ref().for_each(|packet| {
        let mut decoded = [0.0; 1920];
        let length = decoder.decode_float(&packet.data, &mut decoded, false).expect("Opus");
        samples.extend_from_slice(&decoded[..length]);
    });
    samples
}

#[tokio::test(flavor = "multi_thread")]
async fn nova_accepts_an_invitation_and_her_whole_sentence_is_heard() {
    let _turn = sandbox_support::beside_few().await;
    let sandbox = mixing_sandbox(true).await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let session = marlow.create().await;
    let nova = marlow.friend("Nova").await;
    assert_eq!(marlow.invite(&session, &nova).await, StatusCode::CREATED);
    let bridge = marlow.bridge_for(&session).await;
    let peer = marlow.connect(&bridge).await;

    let sentence = sentence();
    eventually("Nova is in the party and spoke", Duration::from_secs(12), async || {
        peer.recording().len() > sentence.len() + 3 * RATE && {
            let heard = peer.heard.lock().expect("unpoisoned");
            heard.iter().filter(|packet| !packet.contributors.is_empty()).count()
                >= sentence.len() / FRAME - 4
                && heard.last().is_some_and(|packet| packet.contributors.is_empty())
        }
    })
    .await;
    assert_eq!(marlow.member_names(&session).await, ["marlow_87", "Nova"]);
    let (_, likeness) = find(&peer.recording(), &sentence);
    assert!(likeness > 0.9, "{likeness}");

    // RFC 3550: the mixer names who contributes, here by the lower half of the account id.
    let csrc = nova.parse::<u64>().expect("a number") as u32;
    let heard = peer.heard.lock().expect("unpoisoned");
    assert!(heard.iter().all(|packet| packet.contributors.is_empty() || packet.contributors == [csrc]));
}

#[tokio::test(flavor = "multi_thread")]
async fn echo_repeats_what_was_said_a_second_later() {
    let _turn = sandbox_support::beside_few().await;
    let sandbox = mixing_sandbox(true).await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let session = marlow.create().await;
    let echo = marlow.friend("Echo").await;
    assert_eq!(marlow.invite(&session, &echo).await, StatusCode::CREATED);
    let bridge = marlow.bridge_for(&session).await;
    let peer = marlow.connect(&bridge).await;
    eventually("Echo is in the party", Duration::from_secs(4), async || {
        marlow.member_names(&session).await.contains(&"Echo".to_owned())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(300)).await;

    let speech = sentence();
    let begin = Instant::now();
    peer.say(speech.clone()).await.expect("said");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let (at, likeness) = find(&peer.recording(), &speech);
    assert!(likeness > 0.8, "{likeness}");
    let delay = peer.arrival(at).duration_since(begin);
    println!("echo after {delay:?}");
    assert!((Duration::from_millis(1000)..Duration::from_millis(1300)).contains(&delay), "{delay:?}");
}

/// Two people in one party, connected to its bridge.
async fn a_pair(sandbox: &Sandbox) -> (Person, Person, String, Bridge, Peer, Peer) {
    let marlow = Person::sign_in(sandbox, "marlow_87").await;
    let second = Person::sign_in(sandbox, "second_seat").await;
    let session = marlow.create_with("FRIENDS_ONLY", "FRIENDS").await;
    assert_eq!(second.join(&session).await, StatusCode::CREATED);
    let bridge = marlow.bridge_for(&session).await;
    let (one, two) = tokio::join!(marlow.connect(&bridge), second.connect(&bridge));
    (marlow, second, session, bridge, one, two)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_peers_hear_each_other_without_gaps_and_without_drift() {
    let _turn = sandbox_support::beside_few().await;
    let sandbox = mixing_sandbox(false).await;
    let (.., one, two) = a_pair(&sandbox).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    // Backwards it is as much like speech, and another.
    let (speech, mut backwards) = (sentence(), sentence());
    backwards.reverse();
    let speeches = [speech, backwards];
    let begin = Instant::now();
    let said = [one.say(speeches[0].clone()), two.say(speeches[1].clone())];
    for said in said {
        said.await.expect("said");
    }
    tokio::time::sleep(Duration::from_millis(300)).await;

    for (listener, speech) in [(&one, &speeches[1]), (&two, &speeches[0])] {
        let recording = listener.recording();
        let pieces: Vec<(usize, f32)> =
            speech.chunks_exact(RATE).map(|piece| find(&recording, piece)).collect();
        println!("{pieces:?}, delay {:?}", listener.arrival(pieces[0].0).duration_since(begin));
        for (second, (at, likeness)) in pieces.iter().enumerate() {
            assert!(*likeness > 0.8, "second {second}: {likeness}");
            let drift = at.abs_diff(pieces[0].0 + second * RATE);
            assert!(drift <= RATE / 1000, "second {second} is {drift} samples off");
        }
        // A frame is complete 40 ms after its first sample; the rest is the way there.
        let delay = listener.arrival(pieces[0].0).duration_since(begin);
        assert!(delay < Duration::from_millis(120), "{delay:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_offer_is_the_captured_one_in_everything_that_matters() {
    let _turn = sandbox_support::beside_few().await;
    let sandbox = mixing_sandbox(false).await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let bridge = marlow.create_bridge().await;
    let (_, offer) = marlow.take_seat(&bridge).await;
    for line in [
        "a=rtpmap:111 opus/16000/2",
        "a=fmtp:111 minptime=10;stereo=0;useinbandfec=1",
        "a=rtpmap:13 CN/8000",
        "a=ptime:40",
        "a=group:BUNDLE 0 1",
        "a=setup:actpass",
        "a=rtcp-mux",
        "a=sendrecv",
        "a=sctp-port:5000",
    ] {
        assert!(offer.lines().any(|it| it == line), "{line} in\n{offer}");
    }
    let audio = offer.lines().find(|line| line.starts_with("m=audio")).expect("audio");
    assert!(audio.ends_with("UDP/TLS/RTP/SAVPF 111 13"), "{audio}");
    assert!(offer.contains("ssrc-audio-level") && offer.contains("rtp-payload-signature"));
    assert!(offer.contains("webrtc-datachannel"));
    let candidates: Vec<&str> = offer.lines().filter(|line| line.starts_with("a=candidate:")).collect();
    assert!(!candidates.is_empty() && candidates.iter().all(|line| line.contains(" 127.0.0.1 ")));
}

#[tokio::test(flavor = "multi_thread")]
async fn bridge_calls_need_their_headers_their_token_and_the_captured_bodies() {
    let _turn = sandbox_support::beside_few().await;
    let sandbox = mixing_sandbox(false).await;
    let (marlow, second, session, bridge, one, two) = a_pair(&sandbox).await;
    let status = async |call: reqwest::RequestBuilder| call.send().await.expect("answered").status();

    let untitled = marlow.call(Method::POST, "/rtcBridge/v1/bridges").body_json(&json!({}));
    assert_eq!(status(untitled).await, StatusCode::BAD_REQUEST);
    let seat = "?allow_duid_duplication=false&g=2";
    let forged = Bridge { id: bridge.id.clone(), token: "forged".to_owned() };
    let call = marlow.peer_call(Method::POST, &forged, seat).body_json(&media_types());
    assert_eq!(refusal(call.send().await.expect("answered")).await.1, 2_281_486);
    let unknown = Bridge { id: "nowhere".to_owned(), token: bridge.token.clone() };
    let call = marlow.peer_call(Method::POST, &unknown, seat).body_json(&media_types());
    assert_eq!(status(call).await, StatusCode::NOT_FOUND);
    let call = marlow.peer_call(Method::POST, &bridge, "?g=2").body_json(&media_types());
    assert_eq!(status(call).await, StatusCode::BAD_REQUEST);
    let mut stereo = media_types();
    stereo["mediaTypes"]["audio"]["opus"][0]["channels"] = json!(2);
    let call = marlow.peer_call(Method::POST, &bridge, seat).body_json(&stereo);
    assert_eq!(status(call).await, StatusCode::BAD_REQUEST);

    let read = || marlow.bridge_call(Method::GET, &format!("/{}?fields=peer.peerId", bridge.id));
    let peers: Value = read().send().await.expect("answered").json().await.expect("json");
    let mut peers: Vec<&str> = peers["bridge"]["peers"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|it| it["peerId"].as_str())
        .collect();
    peers.sort_unstable();
    let mut expected = [one.id.as_str(), two.id.as_str()];
    expected.sort_unstable();
    assert_eq!(peers, expected);

    for rubbish in ["", "v=0\r\n", "a=candidate:1 1 udp 1 127.0.0.1 9 typ host"] {
        assert_eq!(marlow.answer(&bridge, &one.id, rubbish).await, StatusCode::BAD_REQUEST, "{rubbish}");
    }
    assert_eq!(marlow.answer(&bridge, &two.id, "v=0").await, StatusCode::NOT_FOUND, "another one's seat");

    let delete = |who: &Person| {
        let call = who.bridge_call(Method::DELETE, &format!("/{}", bridge.id));
        call.header("X-PSN-BRIDGE-TOKEN", &bridge.token)
    };
    assert_eq!(status(delete(&marlow)).await, StatusCode::FORBIDDEN, "somebody else is on it");
    let call = second.peer_call(Method::DELETE, &bridge, &format!("/{}", two.id));
    assert_eq!(status(call).await, StatusCode::ACCEPTED);
    let mut ear = second.listen().await;
    assert_eq!(status(delete(&marlow)).await, StatusCode::ACCEPTED);
    assert_eq!(status(read()).await, StatusCode::NOT_FOUND);
    let told = ear.event("ps:bridges:deleted").await;
    assert_eq!(told["body"]["data"]["bridges"][0]["bridgeId"], bridge.id);
    assert_eq!(marlow.read(&session).await.expect("a member")["bridges"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_offer_on_the_same_seat_keeps_the_voice() {
    let _turn = sandbox_support::beside_few().await;
    let sandbox = mixing_sandbox(false).await;
    let (marlow, _second, _session, bridge, mut one, two) = a_pair(&sandbox).await;
    let call =
        marlow.peer_call(Method::POST, &bridge, &format!("/{}/offer", one.id)).body_json(&media_types());
    let renewed = call.send().await.expect("answered");
    assert_eq!(renewed.status(), StatusCode::OK);
    let renewed: Value = renewed.json().await.expect("json");
    let offer = renewed["offer"]["sdp"].as_str().expect("an offer").to_owned();
    assert!(offer.contains("a=candidate:") && offer.contains("a=ptime:40"));
    let sdp = one.answer(offer).await;
    assert_eq!(marlow.answer(&bridge, &one.id, &sdp).await, StatusCode::NO_CONTENT);
    tokio::time::sleep(Duration::from_millis(800)).await;

    let speech = sentence();
    two.say(speech.clone()).await.expect("said");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (_, likeness) = find(&one.recording(), &speech);
    assert!(likeness > 0.8, "{likeness}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lossy_bridge_loses_about_as_much_as_it_was_told() {
    let _turn = sandbox_support::beside_few().await;
    let sandbox = mixing_sandbox(false).await;
    let (.., one, two) = a_pair(&sandbox).await;
    sandbox.inject(Fault::BridgePacketLoss(0.3));
    one.say(sentence()).await.expect("said");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let heard = two.heard.lock().expect("unpoisoned");
    let spoken: Vec<u16> =
        heard.iter().filter(|packet| !packet.contributors.is_empty()).map(|packet| packet.sequence).collect();
    let span = f32::from(spoken.last().expect("heard").wrapping_sub(spoken[0])) + 1.0;
    let lost = 1.0 - spoken.len() as f32 / span;
    assert!((0.1..0.5).contains(&lost), "{lost}");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_bridges_vanish_the_session_says_so_and_another_can_be_made() {
    let _turn = sandbox_support::beside_few().await;
    let sandbox = mixing_sandbox(false).await;
    let (marlow, _second, session, bridge, mut one, _two) = a_pair(&sandbox).await;
    let mut ear = marlow.listen().await;
    sandbox.inject(Fault::DropBridges);
    let told = ear.event("ps:bridges:deleted").await;
    assert_eq!(told["body"]["data"]["bridges"][0]["bridgeId"], bridge.id);
    assert_eq!(marlow.read(&session).await.expect("a member")["bridges"], json!([]));
    let read = marlow.bridge_call(Method::GET, &format!("/{}?fields=peer.peerId", bridge.id));
    assert_eq!(read.send().await.expect("answered").status(), StatusCode::NOT_FOUND);
    one.gone().await;

    let another = marlow.bridge_for(&session).await;
    let created = ear.event("ps:bridges:created").await;
    assert_eq!(created["body"]["data"]["bridges"][0]["bridgeToken"], another.token);
    marlow.connect(&another).await.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_peer_leaves_the_bridge_and_the_party_within_seconds() {
    let _turn = sandbox_support::beside_few().await;
    let config = SandboxConfig {
        member_grace: Duration::from_millis(500),
        residents: false,
        bridge: BridgeKind::Mixes,
        ..SandboxConfig::default()
    };
    let sandbox = Sandbox::start(config).await.expect("starts");
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let victim = Person::sign_in(&sandbox, "victim").await;
    let mut ear = marlow.listen().await;
    let session = marlow.create_with("FRIENDS_ONLY", "FRIENDS").await;
    let bridge = marlow.bridge_for(&session).await;

    // A runtime of its own that is torn down mid-flight: no goodbye of any kind.
    let process = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let process = process.expect("a runtime");
    let entered = {
        let (victim, session, bridge) = (victim.clone(), session.clone(), bridge.clone());
        process.spawn(async move {
            assert_eq!(victim.join(&session).await, StatusCode::CREATED);
            victim.connect(&bridge).await
        })
    };
    let peer = entered.await.expect("connected");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(marlow.member_names(&session).await.len(), 2, "a live peer is enough to stay");
    let begin = Instant::now();
    process.shutdown_background();
    std::mem::forget(peer);

    let told = tokio::time::timeout(Duration::from_secs(8), ear.event_at_last("ps:members:deleted")).await;
    let told = told.expect("gone in time");
    println!("gone after {:?}", begin.elapsed());
    assert_eq!(told["body"]["data"]["members"][0]["accountId"], victim.account);
    eventually("the seat is free", Duration::from_secs(5), async || {
        let read = marlow.bridge_call(Method::GET, &format!("/{}?fields=peer.peerId", bridge.id));
        let peers: Value = read.send().await.expect("answered").json().await.expect("json");
        peers["bridge"]["peers"] == json!([])
    })
    .await;
}

/// Open file descriptors of this process.
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_gives_everything_back() {
    let _alone = sandbox_support::alone().await;
    let sandbox = mixing_sandbox(false).await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let session = marlow.create_with("FRIENDS_ONLY", "FRIENDS").await;
    let _ear = marlow.listen().await;
    let bridge = marlow.bridge_for(&session).await;
    let guest = Person::sign_in(&sandbox, "guest").await;
    let mut before = 0;
    for round in 0..12 {
        assert_eq!(guest.join(&session).await, StatusCode::CREATED);
        let peer = guest.connect(&bridge).await;
        assert_eq!(guest.leave(&session).await, StatusCode::NO_CONTENT);
        peer.close().await;
        if round == 1 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            before = open_files();
        }
    }
    eventually("sockets are closed", Duration::from_secs(3), async || open_files() < before + 5).await;
}

//! Members who talk directly, without a bridge: signals and WebRTC by hand on one side, the sandbox's residents on the
//! other.

mod sandbox_support;

use std::{io::Cursor, time::Duration};

use opus::{Channels, Decoder};
use partyline::sandbox::{Fault, Sandbox};
use reqwest::StatusCode;
use sandbox_support::{
    Listener, Person,
    direct::{CONSOLE, MOBILE_APP, bytes, frame},
    eventually,
    peer::{FRAME, Heard, Peer, RATE, find},
    refusal, sandbox, status,
};
use serde_json::{Value, json};
use tokio::sync::SemaphorePermit;

/// The residents' sentence, decoded here and not by the sandbox.
fn sentence() -> Vec<f32> {
    let mut reader = ogg::PacketReader::new(Cursor::new(include_bytes!("../assets/nova.opus")));
    let mut decoder = Decoder::new(RATE as u32, Channels::Mono).expect("a decoder");
    let mut samples = Vec::new();
    for packet in std::iter::from_fn(|| reader.read_packet().expect("an Ogg file")).skip(2) {
        let mut decoded = [0.0; 1920];
        let length = decoder.decode_float(&packet.data, &mut decoded, false).expect("Opus");
        samples.extend_from_slice(&decoded[..length]);
    }
    samples
}

/// A party with a resident who was invited and has just come: they offer.
struct Stage {
    _turn: SemaphorePermit<'static>,
    sandbox: Sandbox,
    marlow: Person,
    ear: Listener,
    session: String,
    resident: String,
}

impl Stage {
    async fn with(resident: &str) -> Self {
        Self::of("marlow_87", resident).await
    }

    async fn of(visitor: &str, resident: &str) -> Self {
        Self::when(sandbox_support::beside_few().await, visitor, resident).await
    }

    /// In its turn.
    async fn when(turn: SemaphorePermit<'static>, visitor: &str, resident: &str) -> Self {
        let sandbox = sandbox().await;
        let marlow = Person::sign_in(&sandbox, visitor).await;
        let ear = marlow.listen().await;
        let session = marlow.create().await;
        let resident = marlow.friend(resident).await;
        assert_eq!(marlow.invite(&session, &resident).await, StatusCode::CREATED);
        Self { _turn: turn, sandbox, marlow, ear, session, resident }
    }

    /// Takes the resident's offer.
    async fn pick_up(&mut self) -> Peer {
        let offer = self.ear.signal_from(&self.resident).await;
        assert_eq!(offer["type"], "offer");
        self.marlow.pick_up(&self.session, &offer).await
    }

    /// Whether the resident says that they are connected to this person.
    async fn is_connected(&self) -> bool {
        let session = self.marlow.read(&self.session).await.expect("a member");
        let members = session["members"].as_array().expect("a list");
        let resident = members.iter().find(|it| it["accountId"] == *self.resident).expect("a member");
        let says = resident["customData3"].as_str().unwrap_or_default();
        let says = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, says).expect("base64");
        String::from_utf8(says).expect("text").contains(&format!("{:0>21}\n", self.marlow.account))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nova_offers_to_whoever_was_there_before_her_and_is_heard() {
    let mut stage = Stage::with("Nova").await;
    let peer = stage.pick_up().await;
    eventually("Nova says she is connected", Duration::from_secs(2), async || stage.is_connected().await)
        .await;
    let sentence = sentence();
    eventually("Nova spoke", Duration::from_secs(9), async || {
        peer.recording().len() > sentence.len() + RATE / 2
    })
    .await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let (_, likeness) = find(&peer.recording(), &sentence);
    assert!(likeness > 0.9, "{likeness}");
    let heard = peer.heard.lock().expect("unpoisoned");
    assert!(heard.iter().all(|packet| packet.payload_type == 96 && packet.contributors.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn echo_answers_who_joined_later_and_repeats_what_they_say() {
    let mut stage = Stage::with("Echo").await;
    let _first = stage.pick_up().await;

    // A second one joins after Echo: it is theirs to offer.
    let late = Person::sign_in(&stage.sandbox, "late_comer").await;
    let mut ear = late.listen().await;
    assert_eq!(stage.marlow.invite(&stage.session, &late.account).await, StatusCode::CREATED);
    assert_eq!(late.join(&stage.session).await, StatusCode::CREATED);
    let peer = late.call_up(&stage.session, &mut ear, &stage.resident, "1").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let speech = sentence();
    peer.say(speech.clone()).await.expect("said");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let (_, likeness) = find(&peer.recording(), &speech);
    assert!(likeness > 0.8, "{likeness}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consoles_signal_has_the_published_bytes() {
    let mut stage = Stage::with("Kestrel_PS5").await;
    let payload = stage.ear.payload_from(&stage.resident).await;
    let bytes = bytes(&payload);
    let mut header = Vec::new();
    for word in [1_u32, 0, 1, 0] {
        header.extend_from_slice(&word.to_le_bytes());
    }
    header.extend_from_slice(&stage.resident.parse::<u64>().expect("a number").to_le_bytes());
    header.extend_from_slice(&CONSOLE.to_le_bytes());
    header.extend_from_slice(&[0; 12]);
    header.extend_from_slice(&(bytes.len() as u32 - 44).to_le_bytes());
    assert_eq!(bytes[..44], header);
    assert!(bytes[44..].starts_with(b"1/1/1\n{"));

    let signal = sandbox_support::direct::signal(&payload);
    let console = json!({ "account_id": stage.resident, "platform": CONSOLE });
    let phone = json!({ "account_id": stage.marlow.account, "platform": MOBILE_APP });
    let mut expected = json!({
        "from": console, "to": phone, "type": "offer", "sdp_sequence_number": "1", "global_seq_num": 1,
        "users": [console, phone],
        "medias": [{ "user": console, "msids": ["0"],
                     "media_records": [{ "media_identifier": "voice_chat", "mid": "0" }] }],
    });
    expected["sdp"] = signal["sdp"].clone();
    assert_eq!(signal, expected);

    let sdp = signal["sdp"].as_str().expect("an offer");
    let published = include_str!("fixtures/member_offer.sdp");
    let has = |line: &str| assert!(sdp.lines().any(|it| it == line), "{line} in\n{sdp}");
    // Every line of the published offer that is about a codec, an extension or the shape, but for RED around another Opus.
    for line in published.lines().filter(|line| {
        [
            "a=rtpmap:",
            "a=fmtp:",
            "a=ptime:",
            "a=sctp-port:",
            "a=setup:",
            "a=mid:",
            "a=group:",
            "a=sendrecv",
            "a=rtcp-mux",
        ]
        .iter()
        .any(|about| line.starts_with(about))
            && !line.contains(":127 ")
    }) {
        has(line);
    }
    for uri in published.lines().filter_map(|line| line.strip_prefix("a=extmap:")?.split_once(' ')) {
        assert!(
            sdp.lines().any(|line| line.starts_with("a=extmap:") && line.ends_with(uri.1)),
            "{uri:?} in\n{sdp}"
        );
    }
    let audio = sdp.lines().find(|line| line.starts_with("m=audio")).expect("audio");
    assert!(audio.ends_with("UDP/TLS/RTP/SAVPF 96 63 106 105 13 110 113"), "{audio}");
    assert!(sdp.lines().any(|line| line.starts_with("a=msid:- ") && line.ends_with("_1_CELT/40")), "{sdp}");
    assert!(sdp.contains("webrtc-datachannel"));
    let mut candidates = sdp.lines().filter(|line| line.starts_with("a=candidate:")).peekable();
    assert!(candidates.peek().is_some() && candidates.all(|line| line.contains(" 127.0.0.1 ")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_sends_what_published_frames_show_and_is_understood() {
    let mut stage = Stage::with("Kestrel_PS5").await;
    let offer = stage.ear.signal_from(&stage.resident).await;
    let sdp = offer["sdp"].as_str().expect("an offer").to_owned();
    let numbered = |uri: &str| {
        let mut lines = sdp.lines().filter_map(|line| line.strip_prefix("a=extmap:")?.split_once(' '));
        let (number, _) = lines.find(|(_, named)| named.ends_with(uri)).expect("offered");
        number.parse::<u8>().expect("a number")
    };
    let (level, signature) = (numbered("ssrc-audio-level"), numbered("rtp-payload-signature"));
    let peer = stage.marlow.pick_up(&stage.session, &offer).await;
    let sentence = sentence();
    let count = |wanted: fn(&Heard) -> bool| {
        peer.heard.lock().expect("unpoisoned").iter().filter(|packet| wanted(packet)).count()
    };
    eventually("a sentence and a pause", Duration::from_secs(12), async || {
        count(|packet| matches!(packet.payload_type, 13 | 105 | 106)) >= 3
    })
    .await;
    assert!(count(|packet| packet.payload_type == 96) > 25, "plain");
    assert!(count(|packet| packet.payload_type == 63) > 20, "redundant");
    assert!(count(|packet| packet.payload_type == 113) >= 3, "a key");
    let (_, likeness) = find(&peer.recording(), &sentence);
    assert!(likeness > 0.9, "{likeness}");

    let heard = peer.heard.lock().expect("unpoisoned");
    assert!(heard.iter().all(|packet| packet.extensions[&level].len() == 1));
    let signatures: std::collections::BTreeSet<&[u8]> =
        heard.iter().map(|packet| packet.extensions[&signature].as_slice()).collect();
    assert_eq!(signatures.len(), heard.len(), "each its own");
    let speech: Vec<&Heard> = heard.iter().filter(|packet| matches!(packet.payload_type, 96 | 63)).collect();
    for pair in speech.windows(2).filter(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)) {
        assert_eq!(pair[1].timestamp.wrapping_sub(pair[0].timestamp) as usize, FRAME, "40 ms at 16 kHz");
    }
    let redundant: Vec<&[&Heard]> =
        speech.windows(2).filter(|pair| pair[1].payload_type == 63 && pair[0].payload_type == 96).collect();
    assert!(!redundant.is_empty());
    for pair in redundant {
        let before = &pair[0].payload;
        let head = 640_u32 << 10 | before.len() as u32;
        let mut expected = vec![0x80 | 96];
        expected.extend_from_slice(&head.to_be_bytes()[1..]);
        expected.push(96);
        expected.extend_from_slice(before);
        assert_eq!(pair[1].payload[..expected.len()], expected, "the packet before inside");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_is_not_its_senders_is_refused_as_the_service_does() {
    let stage = Stage::with("Nova").await;
    let me = &stage.marlow;
    let stranger = Person::sign_in(&stage.sandbox, "third_wheel").await;
    eventually("Nova came", Duration::from_secs(4), async || {
        me.member_names(&stage.session).await.len() == 2
    })
    .await;
    let good = frame(&me.account, MOBILE_APP, "1/1/1\n{}");
    assert_eq!(me.send(&stage.session, &stage.resident, &good).await.status(), StatusCode::NO_CONTENT);
    let mut longer = bytes(&good);
    longer[40] += 1;
    let longer = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, longer);
    for (what, payload) in [
        ("another account", frame(&stranger.account, MOBILE_APP, "1/1/1\n{}")),
        ("another platform", frame(&me.account, CONSOLE, "1/1/1\n{}")),
        ("another length", format!("{}{longer}", sandbox_support::direct::PREFIX)),
        ("no numbers", frame(&me.account, MOBILE_APP, "{}")),
        ("no JSON", frame(&me.account, MOBILE_APP, "1/1/1\nhello")),
        ("no base64", good.replace("body=", "body=!")),
        ("no prefix", "hello".to_owned()),
    ] {
        let answer = refusal(me.send(&stage.session, &stage.resident, &payload).await).await;
        let body_null = (StatusCode::BAD_REQUEST, 2_281_473, "Bad Request (body: null)".to_owned());
        assert_eq!(answer, body_null, "{what}");
    }
    assert_eq!(stranger.send(&stage.session, &stage.resident, &good).await.status(), StatusCode::NOT_FOUND);
    let mut refused = 0;
    for _ in 0..220 {
        let answer = me.send(&stage.session, &stage.resident, &good).await;
        refused += usize::from(answer.status() == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!((1..=21).contains(&refused), "{refused} of 220");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_offers_that_cross_the_one_of_the_lower_account_gives_way() {
    let mut gave_way = Vec::new();
    for visitor in ["marlow_87", "second_seat", "third_wheel", "guest", "listener", "victim"] {
        gave_way.push(cross(Stage::of(visitor, "Nova").await).await);
        if gave_way.contains(&true) && gave_way.contains(&false) {
            return;
        }
    }
    panic!("every account is on the same side of Nova's: {gave_way:?}");
}

/// Whether it was ours to give way.
async fn cross(mut stage: Stage) -> bool {
    let theirs = stage.ear.signal_from(&stage.resident).await;
    // Ours crosses hers.
    let mut ours = Peer::member().await;
    let offer = ours.offer().await;
    stage.marlow.tell(&stage.session, &stage.resident, "offer", "1", &offer).await;
    let i_give_way = stage.marlow.account.parse::<u64>().expect("a number")
        < stage.resident.parse::<u64>().expect("a number");
    let _line = if i_give_way {
        stage.marlow.pick_up(&stage.session, &theirs).await
    } else {
        let answer = stage.ear.signal_from(&stage.resident).await;
        assert_eq!(answer["type"], "answer");
        ours.accept(answer["sdp"].as_str().expect("an answer").to_owned()).await;
        ours.connected().await;
        ours
    };
    eventually("connected", Duration::from_secs(2), async || stage.is_connected().await).await;
    i_give_way
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_with_a_higher_number_replaces_the_connection() {
    let mut stage = Stage::with("Nova").await;
    let mut first = stage.pick_up().await;
    let second = stage.marlow.call_up(&stage.session, &mut stage.ear, &stage.resident, "7").await;
    first.gone().await;
    assert!(stage.is_connected().await);
    second.close().await;
    eventually("the end is noticed", Duration::from_secs(5), async || !stage.is_connected().await).await;
    // She joined later: she tries again.
    let again = stage.pick_up().await;
    eventually("connected again", Duration::from_secs(2), async || stage.is_connected().await).await;
    again.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_is_let_go_and_may_come_back() {
    let mut stage = Stage::with("Nova").await;
    let mut peer = stage.pick_up().await;
    let guest = Person::sign_in(&stage.sandbox, "guest").await;
    assert_eq!(stage.marlow.invite(&stage.session, &guest.account).await, StatusCode::CREATED);
    let mut ear = guest.listen().await;
    for round in ["1", "2"] {
        assert_eq!(guest.join(&stage.session).await, StatusCode::CREATED, "round {round}");
        // Numbers begin anew with each stay.
        let mut line = guest.call_up(&stage.session, &mut ear, &stage.resident, "1").await;
        assert_eq!(guest.leave(&stage.session).await, StatusCode::NO_CONTENT);
        line.gone().await;
        assert_eq!(stage.marlow.invite(&stage.session, &guest.account).await, StatusCode::CREATED);
    }
    assert!(stage.is_connected().await, "the others are unharmed");
    assert_eq!(stage.marlow.leave(&stage.session).await, StatusCode::NO_CONTENT);
    peer.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn residents_stay_deaf_or_lose_connections_on_request() {
    let mut stage = Stage::with("Nova").await;
    let mut peer = stage.pick_up().await;
    stage.sandbox.inject(Fault::DirectLost);
    peer.gone().await;
    let offer = stage.ear.signal_from(&stage.resident).await;
    let numbers = (offer["sdp_sequence_number"].as_str(), offer["global_seq_num"].as_u64());
    assert_eq!(numbers, (Some("2"), Some(2)), "the next offer, the next message");
    let again = stage.marlow.pick_up(&stage.session, &offer).await;
    stage.sandbox.inject(Fault::DirectUnanswered);
    let mut deaf = Peer::member().await;
    let offer = deaf.offer().await;
    stage.marlow.tell(&stage.session, &stage.resident, "offer", "9", &offer).await;
    let answer = tokio::time::timeout(Duration::from_secs(1), stage.ear.signal_from(&stage.resident)).await;
    assert!(answer.is_err(), "nobody answers");
    assert!(stage.is_connected().await, "what stands, stands");
    again.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_that_come_twice_and_late_still_lead_to_one_connection() {
    let stage = Stage::with("Nova").await;
    stage.sandbox.inject(Fault::PushDuplicate(1.0));
    stage.sandbox.inject(Fault::PushDelay(Duration::from_millis(300)));
    let mut stage = stage;
    let peer = stage.pick_up().await;
    eventually("connected", Duration::from_secs(2), async || stage.is_connected().await).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(stage.is_connected().await);
    peer.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_bridge_takes_voices_and_sends_none() {
    let _turn = sandbox_support::beside_few().await;
    let sandbox = sandbox_support::empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let session = marlow.create().await;
    let bridge = marlow.bridge_for(&session).await;
    let (_, offer) = marlow.take_seat(&bridge).await;
    let published = include_str!("fixtures/bridge_offer.sdp");
    for line in published.lines().filter(|line| {
        ["a=rtpmap:", "a=fmtp:", "a=ptime:", "a=recvonly", "a=group:", "a=setup:"]
            .iter()
            .any(|it| line.starts_with(it))
    }) {
        assert!(offer.lines().any(|it| it == line), "{line} in\n{offer}");
    }
    assert!(!offer.contains("a=ssrc:") && !offer.contains("a=msid:"), "{offer}");
    let peer = marlow.connect(&bridge).await;
    peer.say(sentence()[..RATE].to_vec()).await.expect("said");
    assert!(peer.heard.lock().expect("unpoisoned").is_empty());
    let read = marlow.bridge_call(reqwest::Method::GET, &format!("/{}?fields=peer.peerId", bridge.id));
    let peers: Value = read.send().await.expect("answered").json().await.expect("json");
    assert_eq!(peers["bridge"]["peers"][0]["peerId"], peer.id);
    let gone = marlow.peer_call(reqwest::Method::DELETE, &bridge, &format!("/{}", peer.id));
    assert_eq!(status(gone).await, StatusCode::ACCEPTED);
}

/// Open file descriptors and threads of this process.
#[cfg(target_os = "linux")]
fn held() -> (usize, usize) {
    let count = |of: &str| std::fs::read_dir(format!("/proc/self/{of}")).map_or(0, Iterator::count);
    (count("fd"), count("task"))
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn residents_who_come_and_go_leave_nothing_behind() {
    let mut stage = Stage::when(sandbox_support::alone().await, "marlow_87", "Nova").await;
    let (marlow, mut before) = (stage.marlow.clone(), (0, 0));
    for round in 0..8 {
        let peer = stage.pick_up().await;
        assert_eq!(marlow.leave(&stage.session).await, StatusCode::NO_CONTENT);
        peer.close().await;
        stage.session = marlow.create().await;
        assert_eq!(marlow.invite(&stage.session, &stage.resident).await, StatusCode::CREATED);
        if round == 1 {
            before = held();
        }
    }
    let is_so = async || {
        let now = held();
        now.0 < before.0 + 5 && now.1 <= before.1 + 1
    };
    eventually("sockets and threads are gone", Duration::from_secs(3), is_so).await;
}

/// What this process used of a processor so far.
#[cfg(target_os = "linux")]
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("a process");
    let (_, fields) = stat.rsplit_once(") ").expect("fields");
    let ticks: u64 =
        fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
    Duration::from_millis(ticks * 10)
}

/// Thirteen visitors and three residents; what it costs is printed, with both ends of every line in this process.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn in_a_party_of_sixteen_every_resident_has_a_line_to_every_visitor() {
    let _alone = sandbox_support::alone().await;
    let sandbox = sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let session = marlow.create_with("FRIENDS_ONLY", "FRIENDS").await;
    let mut residents = Vec::new();
    for name in ["Nova", "Echo", "Kestrel_PS5"] {
        residents.push(marlow.friend(name).await);
        assert_eq!(marlow.invite(&session, &residents[residents.len() - 1]).await, StatusCode::CREATED);
    }
    eventually("the residents came", Duration::from_secs(5), async || {
        marlow.member_names(&session).await.len() == 4
    })
    .await;
    let mut lines = Vec::new();
    for n in 0..12 {
        let visitor = Person::sign_in(&sandbox, &format!("visitor-{n}")).await;
        let mut ear = visitor.listen().await;
        assert_eq!(visitor.join(&session).await, StatusCode::CREATED);
        for resident in &residents {
            lines.push(visitor.call_up(&session, &mut ear, resident, "1").await);
        }
    }
    eventually(
        "each resident names everybody but marlow, who has no voice",
        Duration::from_secs(5),
        async || {
            let read = marlow.read(&session).await.expect("a member");
            let members = read["members"].as_array().expect("a list");
            members.iter().filter(|it| residents.iter().any(|id| it["accountId"] == **id)).all(|resident| {
                let says = resident["customData3"].as_str().unwrap_or_default();
                let says = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, says);
                says.is_ok_and(|says| says.iter().filter(|byte| **byte == b'\n').count() == 1 + 12 + 2)
            })
        },
    )
    .await;
    let (before, time) = (processor_time(), Duration::from_secs(5));
    tokio::time::sleep(time).await;
    let used = (processor_time() - before).as_secs_f64() / time.as_secs_f64();
    println!("{} lines, both ends: {:.1} % of a core", lines.len(), 100.0 * used);
    for line in &lines {
        assert!(line.heard.lock().expect("unpoisoned").len() > 10, "heard by everybody");
    }
    // Who drops out is noticed, and costs the others nothing.
    for line in lines.drain(..18) {
        line.close().await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let counts = |lines: &[Peer]| -> Vec<usize> {
        lines.iter().map(|line| line.heard.lock().expect("unpoisoned").len()).collect()
    };
    let then = counts(&lines);
    eventually("the others still hear", Duration::from_secs(5), async || {
        counts(&lines).iter().zip(&then).all(|(now, then)| now > then)
    })
    .await;
}

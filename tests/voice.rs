//! The voice path against a bridge over real WebRTC on loopback, with real Opus; files stand for sound cards.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

mod support;

use std::time::{Duration, Instant};

use partyline::{
    model::{AccountId, DeviceKind, LinkPhase, Offer, OtherEnd, Processing},
    voice::{ConnectionState, NegotiationError, VoiceEvent},
};
use support::{
    Client, KEY_DOWN, KEY_UP, OPEN,
    bridge::{Bridge, OPUS},
    sound::{compare, read_wav, write_wav},
    speech::speech_like,
    until,
};

const SECOND: usize = 48_000;

/// Says frames at the bridge's pace, calling `each` before every one.
async fn say(
    bridge: &mut Bridge,
    packets: Vec<Vec<u8>>,
    frame_millis: u64,
    sources: &[u32],
    lost: impl Fn(usize) -> bool,
) {
    let start = tokio::time::Instant::now();
    for (n, packet) in packets.into_iter().enumerate() {
        tokio::time::sleep_until(start + Duration::from_millis(n as u64 * frame_millis)).await;
        match lost(n) {
            true => bridge.lose(),
            false => bridge.say(n as u32, packet, sources).await,
        }
    }
}

async fn our_speech_arrives(clock_hz: u32, frame_millis: u32) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("said.wav");
    let said = speech_like(4 * SECOND);
    write_wav(&file, &said);
    let client = Client::new(Some(&file), None, OPEN);
    let bridge = Bridge::new(clock_hz, frame_millis).await;
    let answer = client.join(1, &bridge).await;
    assert!(answer.contains(&format!("a=rtpmap:111 opus/{clock_hz}/2")), "{answer}");
    assert!(answer.contains("a=candidate:") && answer.contains("127.0.0.1"), "candidates inside: {answer}");
    assert!(answer.contains("ssrc-audio-level"), "{answer}");
    tokio::time::sleep(Duration::from_millis(4300)).await;
    assert!(client.meters.is_live());

    let comparison = compare(&said, &bridge.heard());
    assert!(comparison.longest_gap <= 20, "{comparison:?}");
    assert!(comparison.likeness > 0.95, "{comparison:?}");
    assert!(comparison.stray < 1.0, "aligned throughout: {comparison:?}");
    let got: Vec<_> = bridge.got.lock().unwrap().drain(..4000 / frame_millis as usize).collect();
    let ticks = clock_hz / 1000 * frame_millis;
    let steps = got.windows(2).map(|pair| pair[1].header.timestamp.wrapping_sub(pair[0].header.timestamp));
    assert!(steps.filter(|&step| step != ticks).count() <= 1, "each packet follows the last");
    let loud =
        got.iter().filter(|packet| packet.header.get_extension(1).is_some_and(|level| level[0] & 127 < 40));
    assert!(loud.count() > got.len() / 4, "the audio level is sent along");
    let stats = client.link().unwrap();
    assert_eq!((stats.clock_hz, stats.frame_millis), (clock_hz, frame_millis));
    assert!(stats.packets_sent >= u64::from(4000 / frame_millis), "{stats:?}");
    assert!(stats.rtt.is_some_and(|rtt| rtt < Duration::from_millis(200)), "{stats:?}");
    assert!(client.meters.rtt_millis().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn our_speech_arrives_whole_and_aligned_at_16_khz_and_40_ms() {
    let _turn = support::beside_few().await;
    our_speech_arrives(16_000, 40).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_speech_arrives_whole_and_aligned_at_48_khz_and_20_ms() {
    let _turn = support::beside_few().await;
    our_speech_arrives(48_000, 20).await;
}

async fn their_speech_arrives(clock_hz: u32, frame_millis: u32) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("heard.wav");
    let client = Client::new(None, Some(&file), KEY_UP);
    let mut bridge = Bridge::new(clock_hz, frame_millis).await;
    client.join(1, &bridge).await;
    let said = speech_like(5 * SECOND);
    let packets = bridge.encode(&said);
    say(&mut bridge, packets, frame_millis.into(), &[], |_| false).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let stats = client.link().unwrap();
    drop(client);
    let comparison = compare(&said, &read_wav(&file));
    println!("{clock_hz} Hz: {comparison:?} {stats:?}");
    assert!(comparison.longest_gap <= 20, "{comparison:?} {stats:?}");
    assert!(comparison.likeness > 0.95, "{comparison:?} {stats:?}");
    assert_eq!(stats.packets_received, u64::from(5000 / frame_millis));
    assert_eq!(stats.packets_lost, 0);
    assert!(!stats.buffer.is_zero() && stats.buffer <= Duration::from_millis(300), "{stats:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn their_speech_is_played_whole_at_16_khz_and_40_ms() {
    let _turn = support::beside_few().await;
    their_speech_arrives(16_000, 40).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn their_speech_is_played_whole_at_48_khz_and_20_ms() {
    let _turn = support::beside_few().await;
    their_speech_arrives(48_000, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn speech_survives_ten_percent_loss_without_a_gap() {
    let _turn = support::beside_few().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("heard.wav");
    let client = Client::new(None, Some(&file), KEY_UP);
    let mut bridge = Bridge::new(16_000, 40).await;
    client.join(1, &bridge).await;
    let said = speech_like(6 * SECOND);
    let packets = bridge.encode(&said);
    let lost = |n| n > 10 && n % 10 == 7;
    say(&mut bridge, packets, 40, &[], lost).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let stats = client.link().unwrap();
    drop(client);
    let comparison = compare(&said, &read_wav(&file));
    println!("{comparison:?} {stats:?}");
    assert_eq!(stats.packets_lost, 14);
    assert!(comparison.longest_gap <= 20, "{comparison:?}");
    assert!(comparison.likeness > 0.9, "{comparison:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn push_to_talk_sends_nothing_of_the_microphone_while_the_key_is_up() {
    let _turn = support::beside_few().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("said.wav");
    write_wav(&file, &speech_like(20 * SECOND));
    let client = Client::new(Some(&file), None, KEY_UP);
    let bridge = Bridge::new(16_000, 40).await;
    client.join(1, &bridge).await;
    tokio::time::sleep(Duration::from_millis(2000)).await;
    assert!(!client.meters.is_live());
    let silent = bridge.heard();
    assert!(silent.iter().all(|sample| sample.abs() < 0.0005), "not a trace");
    let alive = bridge.got.lock().unwrap().len();
    assert!((4..=7).contains(&alive), "the stream stays alive: {alive}");

    client.voice.set_talk(KEY_DOWN);
    until(|| client.meters.is_live(), || "live".into()).await;
    let pressed = Instant::now();
    tokio::time::sleep(Duration::from_millis(1000)).await;
    client.voice.set_talk(KEY_UP);
    let released = Instant::now();
    until(|| !client.meters.is_live(), || "not live".into()).await;
    let held = released.elapsed().as_millis();
    assert!((180..=400).contains(&held), "the hold: {held} ms");
    let expected = (pressed.elapsed().as_millis() as usize + 60) / 40;
    let talked = bridge.got.lock().unwrap().len() - alive;
    assert!(talked.abs_diff(expected) <= 3, "{talked} frames, {expected} expected");
    let loud = bridge.heard().iter().filter(|sample| sample.abs() > 0.05).count();
    assert!(loud > SECOND / 20, "{loud}");

    // Mute cuts at once, in the middle of the hold or not.
    client.voice.set_talk(KEY_DOWN);
    until(|| client.meters.is_live(), || "live".into()).await;
    client.voice.set_talk(OPEN);
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.voice.set_talk(partyline::voice::Talk { muted: true, ..OPEN });
    let cut = until(|| !client.meters.is_live(), || "muted".into()).await;
    assert!(cut < Duration::from_millis(150), "at once, not after the hold: {cut:?}");
}

/// Presses the key some times, out of step with everything; says how long the first packet took each time.
async fn key_to_packet(frame_millis: u32, processing: Processing) -> Vec<Duration> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("said.wav");
    let said = speech_like(8 * SECOND);
    write_wav(&file, &said);
    let client = Client::new(Some(&file), None, KEY_UP);
    client.voice.set_processing(processing);
    let bridge = Bridge::new(48_000, frame_millis).await;
    client.join(1, &bridge).await;
    let joined = Instant::now();
    let mut took = vec![];
    for round in 0..3 {
        // The first while the microphone is awake still, the others after it fell asleep.
        tokio::time::sleep(Duration::from_millis(600 + 900 * round.min(1) + 37 * round)).await;
        bridge.got.lock().unwrap().clear();
        let (pressed, place) = (Instant::now(), joined.elapsed());
        client.voice.set_talk(KEY_DOWN);
        tokio::time::sleep(Duration::from_millis(500)).await;
        client.voice.set_talk(KEY_UP);
        let held = pressed.elapsed() + KEY_UP.release_hold;
        until(|| !client.meters.is_live(), || "not live".into()).await;
        tokio::time::sleep(Duration::from_millis(60)).await;

        // From the packet that begins the word on; keep-alives are not of it.
        let mut talks = false;
        bridge.got.lock().unwrap().retain(|packet| {
            talks |= packet.header.marker;
            talks
        });
        took.push(bridge.got.lock().unwrap().first().unwrap().at - pressed);
        let spoken = bridge.heard();
        let lead = spoken.len() as f64 / SECOND as f64 - held.as_secs_f64();
        // The block with the key in it is not of the word, and the hold begins with the last block before its end.
        assert!((0.03..0.13).contains(&lead), "the pre-roll, and what fills the last frame: {lead}");
        if processing == Processing::OFF {
            let from = (place.as_secs_f64() - 0.3).max(0.0) * SECOND as f64;
            let around = &said[from as usize..][..SECOND * 6 / 5];
            let found = compare(&spoken[SECOND / 100..], around);
            assert!(found.longest_gap <= 20 && found.likeness > 0.9, "{found:?}");
            assert!(found.offset < 0.3, "the first syllable is whole: {found:?}");
        }
    }
    took
}

/// At most 15 ms and one frame, the first syllable whole.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_packet_follows_the_key_at_once() {
    let _turn = support::beside_few().await;
    for (frame_millis, processing) in [(10, Processing::default()), (20, Processing::OFF)] {
        let mut took = key_to_packet(frame_millis, processing).await;
        println!("{frame_millis} ms frames, {processing:?}: {took:?} after the key");
        took.sort();
        let median = took[took.len() / 2];
        assert!(median <= Duration::from_millis(15 + u64::from(frame_millis)), "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn speakers_are_named_by_their_contributing_source() {
    let _turn = support::beside_few().await;
    let (nova, echo) = (AccountId(0x1122_3344_0000_00aa), AccountId(0x1122_3344_0000_00bb));
    let client = Client::new(None, None, KEY_UP);
    client.voice.set_members(vec![nova, echo]);
    let mut bridge = Bridge::new(16_000, 40).await;
    client.join(1, &bridge).await;
    let wakes_while_quiet = client.wakes.load(std::sync::atomic::Ordering::Relaxed);
    let packets = bridge.encode(&speech_like(SECOND));
    let speaking = async { until(|| client.meters.speaking(echo).is_some(), || "Echo".into()).await };
    let (_, delay) = tokio::join!(say(&mut bridge, packets, 40, &[0xbb], |_| false), speaking);
    assert!(delay < Duration::from_millis(600), "{delay:?}");
    assert_eq!(client.meters.speaking(nova), None);
    until(|| client.meters.speaking(echo).is_none(), || "Echo fell silent".into()).await;
    assert!(client.wakes.load(std::sync::atomic::Ordering::Relaxed) > wakes_while_quiet);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let quiet = client.wakes.load(std::sync::atomic::Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(
        client.wakes.load(std::sync::atomic::Ordering::Relaxed),
        quiet,
        "nobody is woken while all is quiet"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn deafened_nothing_is_played() {
    let _turn = support::beside_few().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("heard.wav");
    let client = Client::new(None, Some(&file), partyline::voice::Talk { deafened: true, ..OPEN });
    let mut bridge = Bridge::new(16_000, 40).await;
    client.join(1, &bridge).await;
    let packets = bridge.encode(&speech_like(SECOND));
    say(&mut bridge, packets, 40, &[], |_| false).await;
    drop(client);
    let heard = read_wav(&file);
    assert!(heard.len() > SECOND / 2 && heard.iter().all(|&sample| sample == 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn hanging_up_is_quick_and_closes_everything() {
    let _turn = support::beside_few().await;
    let directory = tempfile::tempdir().unwrap();
    let (said, heard) = (directory.path().join("said.wav"), directory.path().join("heard.wav"));
    write_wav(&said, &speech_like(SECOND));
    let client = Client::new(Some(&said), Some(&heard), OPEN);
    let bridge = Bridge::new(16_000, 40).await;
    client.join(7, &bridge).await;
    until(|| client.meters.is_live(), || "live".into()).await;
    let start = Instant::now();
    client.voice.hang_up().await;
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
    for kind in [DeviceKind::Microphone, DeviceKind::Speakers] {
        client.until(&VoiceEvent::DeviceClosed { kind }).await;
    }
    assert!(!client.meters.is_live());
    assert_eq!(client.link(), None);
    let own_end = |event: &VoiceEvent| matches!(event, VoiceEvent::Connection { state, .. } if *state != ConnectionState::Connected);
    assert!(!client.events().iter().any(own_end), "one's own hang-up is no news");
    client.voice.hang_up().await;
    let start = Instant::now();
    drop(client);
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn hanging_up_during_a_new_answer_closes_the_microphone_too() {
    let _turn = support::beside_few().await;
    let directory = tempfile::tempdir().unwrap();
    let said = directory.path().join("said.wav");
    write_wav(&said, &speech_like(SECOND));
    let client = Client::new(Some(&said), None, OPEN);
    client.join(1, &Bridge::new(16_000, 40).await).await;
    until(|| client.meters.is_live(), || "live".into()).await;
    let offer = Offer(Bridge::new(16_000, 40).await.offer().await);
    _ = tokio::time::timeout(Duration::from_micros(100), client.voice.answer(2, OtherEnd::Bridge, offer))
        .await;
    client.voice.hang_up().await;
    client.until(&VoiceEvent::DeviceClosed { kind: DeviceKind::Microphone }).await;
    assert!(!client.meters.is_live());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_sides_close_is_noticed_at_once_and_a_new_offer_is_answered() {
    let _turn = support::beside_few().await;
    let client = Client::new(None, None, KEY_UP);
    let bridge = Bridge::new(16_000, 40).await;
    client.join(1, &bridge).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    bridge.close().await;
    let noticed =
        client.until(&VoiceEvent::Connection { connection: 1, state: ConnectionState::Closed }).await;
    assert!(noticed < Duration::from_secs(1), "{noticed:?}");
    let bridge = Bridge::new(48_000, 20).await;
    client.join(2, &bridge).await;
    assert_eq!(client.link().unwrap().clock_hz, 48_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_channel_that_closes_alone_ends_nothing() {
    let _turn = support::beside_few().await;
    let client = Client::new(None, None, KEY_UP);
    let mut bridge = Bridge::new(16_000, 40).await;
    client.join(1, &bridge).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    bridge.close_channel().await;
    let packet = bridge.encode(&speech_like(SECOND / 25)).remove(0);
    for frame in 0..25 {
        bridge.say(frame, packet.clone(), &[]).await;
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    let link = client.link().expect("still there");
    assert!(link.state == LinkPhase::Connected && link.packets_received >= 20, "{link:?}");
    bridge.close().await;
    let noticed =
        client.until(&VoiceEvent::Connection { connection: 1, state: ConnectionState::Closed }).await;
    assert!(noticed < Duration::from_secs(5), "without a channel it shows in the silence: {noticed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_given_up_leaves_no_connection() {
    let _turn = support::beside_few().await;
    let client = Client::new(None, None, KEY_UP);
    let bridge = Bridge::new(16_000, 40).await;
    let offer = Offer(bridge.offer().await);
    for micros in [1, 50, 200, 500, 1000, 2000] {
        let answer = client.voice.answer(1, OtherEnd::Bridge, offer.clone());
        _ = tokio::time::timeout(Duration::from_micros(micros), answer).await;
    }
    client.voice.hang_up().await;
    assert_eq!(client.link(), None);
    client.join(2, &Bridge::new(16_000, 40).await).await;
    assert!(client.link().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_refused_and_the_connection_stays() {
    let _turn = support::beside_few().await;
    let client = Client::new(None, None, KEY_UP);
    let bridge = Bridge::new(16_000, 40).await;
    client.join(1, &bridge).await;
    let nonsense = client.voice.answer(2, OtherEnd::Bridge, Offer("v=0\r\n".into())).await;
    assert!(matches!(nonsense, Err(NegotiationError::NoAudio)));
    let damaged = bridge.offer().await.replace("a=ice-pwd", "a=ice-bwd").replace("a=fingerprint", "a=thumb");
    assert!(matches!(
        Client::new(None, None, KEY_UP).voice.answer(1, OtherEnd::Bridge, Offer(damaged)).await,
        Err(NegotiationError::Refused(_))
    ));
    assert!(client.link().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_on_the_wire_is_dropped_and_speech_goes_on() {
    let _turn = support::beside_few().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("heard.wav");
    let client = Client::new(None, Some(&file), KEY_UP);
    let mut bridge = Bridge::new(16_000, 40).await;
    client.join(1, &bridge).await;
    let said = speech_like(3 * SECOND);
    let packets = bridge.encode(&said);
    let start = tokio::time::Instant::now();
    for (n, packet) in packets.into_iter().enumerate() {
        tokio::time::sleep_until(start + Duration::from_millis(n as u64 * 40)).await;
        bridge.say(n as u32, packet, &[]).await;
        let late = (65_530 + n as u64 % 65_536) as u16;
        bridge.say_raw(late, n as u32, 13, vec![40], &[]).await;
        bridge.say_raw(late, n as u32, OPUS, vec![0xff; 1], &[]).await;
        bridge.say_raw(late, n as u32, OPUS, vec![0xfb; 1100], &[1; 15]).await;
        bridge.say_raw(late, n as u32, OPUS, vec![], &[]).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let stats = client.link().unwrap();
    drop(client);
    println!("{stats:?}");
    let comparison = compare(&said, &read_wav(&file));
    assert!(comparison.longest_gap <= 60, "{comparison:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_path_comes_back_by_itself() {
    let _turn = support::beside_few().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("said.wav");
    write_wav(&file, &speech_like(20 * SECOND));
    let client = Client::new(Some(&file), None, OPEN);
    let bridge = Bridge::new(16_000, 40).await;
    let path = Path::new(&bridge.offer().await).await;
    let answer = client.voice.answer(1, OtherEnd::Bridge, Offer(path.offer.clone())).await.unwrap();
    bridge.accept(without_candidates(&answer.0)).await;
    let state = |state| VoiceEvent::Connection { connection: 1, state };
    client.until(&state(ConnectionState::Connected)).await;
    until(|| client.meters.is_live(), || "live".into()).await;

    path.cut(true);
    client.forget();
    let noticed = client.until(&state(ConnectionState::Interrupted)).await;
    assert!(noticed < Duration::from_secs(7), "{noticed:?}");
    until(|| !client.meters.is_live(), || "nothing goes out".into()).await;
    path.cut(false);
    let back = client.until(&state(ConnectionState::Connected)).await;
    println!("noticed after {noticed:?}, back {back:?} after the network");
    assert!(back < Duration::from_secs(5), "{back:?}");
    until(|| client.meters.is_live(), || "live again".into()).await;
    let before = bridge.got.lock().unwrap().len();
    until(|| bridge.got.lock().unwrap().len() > before + 10, || "speech again".into()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_offers_are_refused_and_nothing_panics() {
    let _turn = support::beside_few().await;
    let client = Client::new(None, None, KEY_UP);
    let offer = Bridge::new(16_000, 40).await.offer().await;
    let (mut state, mut refused) = (7u64, 0);
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for number in 0..300 {
        let mut lines: Vec<String> = offer.lines().map(str::to_owned).collect();
        for _ in 0..=random(4) {
            let line = random(lines.len());
            match random(4) {
                0 => _ = lines.remove(line),
                1 => lines.insert(line, lines[random(lines.len())].clone()),
                2 => lines[line].truncate(random(40)),
                _ => {
                    let digits = lines[line].replace(|c: char| c.is_ascii_digit(), "9");
                    lines[line] = digits;
                }
            }
        }
        let damaged = Offer(lines.join("\r\n") + "\r\n");
        let answer = client.voice.answer(number, OtherEnd::Bridge, damaged);
        refused += usize::from(tokio::time::timeout(Duration::from_secs(2), answer).await.unwrap().is_err());
    }
    println!("{refused} of 300 refused");
    assert!(refused > 50, "{refused}");
}

/// A way to the bridge that can be cut: a relay in the place of its address.
struct Path {
    offer: String,
    cut: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

impl Path {
    async fn new(offer: &str) -> Self {
        let candidate = offer.lines().find(|line| line.starts_with("a=candidate:")).unwrap();
        let port: u16 = candidate.split(' ').nth(5).unwrap().parse().unwrap();
        let (near, far) = (bound().await, bound().await);
        far.connect(("127.0.0.1", port)).await.unwrap();
        let relayed =
            offer.replace(&format!(" {port} "), &format!(" {} ", near.local_addr().unwrap().port()));
        let cut = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let is_cut = cut.clone();
        tokio::spawn(async move {
            let (mut out, mut back, mut client) = ([0; 2000], [0; 2000], None);
            loop {
                let is_cut = || is_cut.load(std::sync::atomic::Ordering::Relaxed);
                tokio::select! {
                    Ok((length, from)) = near.recv_from(&mut out) => {
                        client = Some(from);
                        if !is_cut() {
                            _ = far.send(&out[..length]).await;
                        }
                    }
                    Ok(length) = far.recv(&mut back) => {
                        if let Some(client) = client.filter(|_| !is_cut()) {
                            _ = near.send_to(&back[..length], client).await;
                        }
                    }
                }
            }
        });
        Self { offer: relayed, cut }
    }

    fn cut(&self, cut: bool) {
        self.cut.store(cut, std::sync::atomic::Ordering::Relaxed);
    }
}

async fn bound() -> tokio::net::UdpSocket {
    tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

/// So that the relay is the only way.
fn without_candidates(sdp: &str) -> String {
    sdp.lines().filter(|line| !line.starts_with("a=candidate:")).map(|line| format!("{line}\r\n")).collect()
}

#[test]
fn the_measure_sees_a_hole_and_forgives_a_buffer_that_moved() {
    let said = speech_like(3 * SECOND);
    let middle = said.len() / 2;
    let mut holed = said.clone();
    holed[middle..middle + SECOND / 10].fill(0.0);
    assert!(compare(&said, &holed).longest_gap > 20, "{:?}", compare(&said, &holed));
    let moved = [&said[..middle], &vec![0.0; SECOND / 40], &said[middle..]].concat();
    assert!(compare(&said, &moved).longest_gap <= 20, "{:?}", compare(&said, &moved));
}

//! A member who means harm, with real DTLS and SRTP: whatever they send, the program lives, stays small, and another member is
//! heard without a break.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

#[allow(dead_code, reason = "each test program uses its own part")]
#[path = "support/str0m_peer.rs"]
mod str0m_peer;
mod support;
#[allow(dead_code, reason = "each test program uses its own part")]
#[path = "support/tone.rs"]
mod tone;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use partyline::{
    model::{AccountId, Answer, Offer, OtherEnd, Processing},
    voice::{ConnectionState, NegotiationError, VoiceEvent},
};
use rand::{Rng, RngExt, SeedableRng, rngs::SmallRng};
use str0m_peer::{Peer, Shape};
use support::{
    Client, KEY_UP,
    bridge::{Bridge, OPUS},
    sound::read_growing_wav,
};
use tone::{WINDOW, tone, windows_with};

const FRIEND: OtherEnd = OtherEnd::Member(AccountId(7));
const ENEMY: OtherEnd = OtherEnd::Member(AccountId(8));
/// What the friend hums.
const HUM: f32 = 1_030.0;
/// Windows of 100 ms in which the friend may be missing: the first of a stream, and where the machine itself was late.
const MISSING: usize = 2;
/// What an attack may leave in memory: a decoder and a buffer for each stream that is heard, and what allocators keep.
const GROWTH_KIB: usize = 16 * 1024;
/// For a description to be refused or taken.
const AT_ONCE: Duration = Duration::from_secs(2);

/// A client that hears a friend, and what its speakers play.
struct Scene {
    client: Client,
    speakers: PathBuf,
    friend: Peer,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let speakers = folder.path().join("speakers.wav");
        let client = Client::new(None, Some(&speakers), KEY_UP);
        client.voice.set_processing(Processing::OFF);
        // What is measured is who is heard, not how far the levelling has come.
        client.voice.set_level_voices(false);
        let friend = Peer::new(Shape::default());
        let scene = Self { client, speakers, friend, _folder: folder };
        let answer = scene.client.voice.answer(1, FRIEND, Offer(scene.friend.offer())).await.unwrap();
        scene.friend.accept(answer.0);
        scene.connected(1).await;
        scene.friend.hum(HUM);
        let heard = || windows_with(&read_growing_wav(&scene.speakers), HUM).0;
        support::until_slowly(|| heard() > 3, || "the friend".into()).await;
        scene
    }

    async fn connected(&self, connection: u64) {
        self.client.until(&VoiceEvent::Connection { connection, state: ConnectionState::Connected }).await;
    }

    /// What the service's own offers look like.
    async fn enemy(&self) -> Bridge {
        let bridge = Bridge::new(16_000, 40).await;
        let answer = self.client.voice.answer(2, ENEMY, Offer(bridge.offer().await)).await.unwrap();
        bridge.accept(answer.0).await;
        bridge.connected().await;
        self.connected(2).await;
        bridge
    }

    /// Another stack, which sends what the first would not.
    async fn enemy_of_many_streams(&self) -> Peer {
        let peer = Peer::new(Shape { clock_hz: 16_000, frame_millis: 40, ..Shape::default() });
        let answer = self.client.voice.answer(2, ENEMY, Offer(peer.offer())).await.unwrap();
        peer.accept(answer.0);
        self.connected(2).await;
        peer
    }

    /// The friend is heard throughout an attack, which leaves next to nothing behind.
    async fn endures(&self, attack: impl Future<Output = ()>) {
        let resident = resident_kib();
        let from = read_growing_wav(&self.speakers).len();
        attack.await;
        // What is on its way arrives, and there is something to listen to.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let heard = read_growing_wav(&self.speakers);
        let (with, of) = windows_with(&heard[from..], HUM);
        assert!(of * WINDOW > 24_000, "hardly anything was played: {of} windows");
        assert!(with + MISSING >= of, "the friend was heard in {with} of {of} windows");
        let growth = resident_kib().saturating_sub(resident);
        assert!(growth < GROWTH_KIB, "{growth} KiB more than before");
    }
}

fn resident_kib() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4
}

fn random_bytes(random: &mut SmallRng, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    random.fill_bytes(&mut bytes);
    bytes
}

/// Calls `send` this often, evenly.
async fn at_a_rate(per_second: u64, count: u64, mut send: impl AsyncFnMut(u64)) {
    let start = Instant::now();
    for n in 0..count {
        let due = start + Duration::from_micros(1_000_000 * n / per_second);
        if let Some(wait) = due.checked_duration_since(Instant::now()).filter(|wait| wait.as_millis() > 0) {
            tokio::time::sleep(wait).await;
        }
        send(n).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_of_any_content_and_length_harm_nobody_else() {
    let _alone = support::alone().await;
    let scene = Scene::new().await;
    let enemy = scene.enemy().await;
    let mut random = SmallRng::seed_from_u64(1);
    let attack = at_a_rate(200, 600, async |n| {
        let length = match n % 4 {
            0 => 0,
            1 => random.random_range(1..4),
            2 => random.random_range(4..200),
            _ => 1_200,
        };
        let payload = random_bytes(&mut random, length);
        enemy.say_raw(n as u16, n as u32 * 640, OPUS, payload, &[]).await;
    });
    scene.endures(attack).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payload_types_that_nobody_agreed_on_harm_nobody_else() {
    let _alone = support::alone().await;
    let scene = Scene::new().await;
    let enemy = scene.enemy().await;
    let mut random = SmallRng::seed_from_u64(2);
    let attack = at_a_rate(200, 600, async |n| {
        let payload = random_bytes(&mut random, 60);
        enemy.say_raw(n as u16, n as u32 * 640, (n % 128) as u8, payload, &[]).await;
    });
    scene.endures(attack).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redundancy_that_contradicts_itself_harms_nobody_else() {
    let _alone = support::alone().await;
    let scene = Scene::new().await;
    let peer = Peer::new(Shape { redundancy: true, ..Shape::default() });
    let answer = scene.client.voice.answer(2, ENEMY, Offer(peer.offer())).await.unwrap();
    peer.accept(answer.0);
    scene.connected(2).await;
    let mut random = SmallRng::seed_from_u64(3);
    let attack = at_a_rate(100, 300, async |n| {
        let mut payload = random_bytes(&mut random, 40);
        // A chain of block headers that ends late, early, or never.
        for header in payload.chunks_mut(4).take(n as usize % 11) {
            header[0] |= 128;
        }
        peer.with(move |machine| machine.send_redundancy(n, n as u32 * 960, payload));
    });
    scene.endures(attack).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_and_numbers_that_jump_harm_nobody_else() {
    let _alone = support::alone().await;
    let scene = Scene::new().await;
    let enemy = scene.enemy().await;
    let packets = enemy.encode(&tone(300.0, 48_000));
    let mut random = SmallRng::seed_from_u64(4);
    let attack = at_a_rate(50, 200, async |n| {
        let payload = packets[n as usize % packets.len()].clone();
        let sources: Vec<u32> = (0..n as u32 % 15).map(|_| random.random()).collect();
        enemy.say_raw(random.random(), random.random(), OPUS, payload, &sources).await;
    });
    scene.endures(attack).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_packets_a_second_harm_nobody_else() {
    let _alone = support::alone().await;
    let scene = Scene::new().await;
    let enemy = scene.enemy().await;
    let packets = enemy.encode(&tone(300.0, 48_000));
    let attack = at_a_rate(2_000, 8_000, async |n| {
        let payload = packets[n as usize % packets.len()].clone();
        enemy.say_raw(n as u16, n as u32 * 640, OPUS, payload, &[]).await;
    });
    scene.endures(attack).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_receiver_reports_harms_nobody_else() {
    let _alone = support::alone().await;
    let scene = Scene::new().await;
    let enemy = scene.enemy().await;
    // Keep-alives are enough: then there is something to report on.
    support::until(|| !enemy.got.lock().unwrap().is_empty(), || "our voice".into()).await;
    let lost_there = || {
        let links = scene.client.voice.report().links;
        links.iter().find(|link| link.connection == 2).and_then(|link| link.lost_there).unwrap_or(0.0)
    };
    let mut worst = 0.0_f32;
    let attack = at_a_rate(200, 400, async |_| {
        enemy.report(40).await;
        worst = worst.max(lost_there());
    });
    scene.endures(attack).await;
    assert!(worst > 0.9, "they were read: {worst}");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_streams_than_a_party_has_members_harm_nobody_else() {
    let _alone = support::alone().await;
    let scene = Scene::new().await;
    let enemy = scene.enemy_of_many_streams().await;
    let mut random = SmallRng::seed_from_u64(5);
    let attack = at_a_rate(25, 75, async |n| {
        let streams: Vec<_> = (0..64).map(|_| random_bytes(&mut random, 60)).collect();
        enemy.with(move |machine| {
            for (stream, payload) in streams.into_iter().enumerate() {
                machine.send_stream(0x4000 + stream as u32, n, n as u32 * 640, payload);
            }
        });
    });
    scene.endures(attack).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_member_with_many_voices_two_are_heard() {
    const MOMENTS: u64 = 75;
    let _alone = support::alone().await;
    let scene = Scene::new().await;
    let enemy = Peer::new(Shape { voices: 9, ..Shape::default() });
    let answer = scene.client.voice.answer(2, ENEMY, Offer(enemy.offer())).await.unwrap();
    enemy.accept(answer.0);
    scene.connected(2).await;
    // 20 ms of SILK.
    let payload = vec![0x48; 60];
    let attack = at_a_rate(25, MOMENTS, async |n| {
        let payload = payload.clone();
        enemy.with(move |machine| machine.send_everywhere(n, n as u32 * 960, &payload));
    });
    scene.endures(attack).await;
    let links = scene.client.voice.report().links;
    let taken = links.iter().find(|link| link.connection == 2).unwrap().packets_received;
    assert!((MOMENTS..=2 * MOMENTS).contains(&taken), "{taken} packets taken of {}", 8 * MOMENTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn replayed_and_forged_datagrams_are_not_heard() {
    let _alone = support::alone().await;
    let scene = Scene::new().await;
    let enemy = scene.enemy_of_many_streams().await;
    enemy.hum(300.0);
    let received = || {
        let links = scene.client.voice.report().links;
        links.iter().find(|link| link.connection == 2).map_or(0, |link| link.packets_received)
    };
    support::until(|| received() >= 25, || "a second of the enemy".into()).await;
    let mut random = SmallRng::seed_from_u64(6);
    let mut replayed = 0;
    let before = received();
    let attack = at_a_rate(20, 60, async |n| {
        replayed += enemy.with(|machine| machine.send_again(25));
        let length = [0, 1, 11, 12, 13, 200, 1_400, 60_000][n as usize % 8];
        let mut forged = random_bytes(&mut random, length);
        if let Some(first) = forged.first_mut() {
            // DTLS, STUN and RTP in turn (RFC 7983).
            *first = [20, 0, 128][n as usize % 3];
        }
        enemy.with(move |machine| machine.send_bytes(&forged));
    });
    scene.endures(attack).await;
    let taken = received() - before;
    assert!(replayed > 1_000 && taken < 200, "{taken} packets taken while {replayed} came again");
}

#[tokio::test(flavor = "multi_thread")]
async fn descriptions_of_any_size_and_content_are_refused_or_taken_at_once() {
    let _alone = support::alone().await;
    let scene = Scene::new().await;
    let honest = Peer::new(Shape::default()).offer();
    let attack = async {
        for (n, offer) in hostile_descriptions(&honest).into_iter().enumerate() {
            let began = Instant::now();
            // Either is fine; the time is not.
            if scene.client.voice.answer(2 + n as u64, ENEMY, Offer(offer)).await.is_ok() {
                scene.client.voice.close(2 + n as u64).await;
            }
            assert!(began.elapsed() < AT_ONCE, "description {n} took {:?}", began.elapsed());
        }
    };
    scene.endures(attack).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_repeats_nothing_of_the_description() {
    let client = Client::new(None, None, KEY_UP);
    let honest = Peer::new(Shape::default()).offer();
    let ours = honest.lines().find(|line| line.starts_with("c=")).unwrap();
    for (n, hostile) in ["c=sesame 192.0.2.1", "c=sesame", "c=IN sesame 192.0.2.1"].into_iter().enumerate() {
        let offer = Offer(honest.replace(ours, hostile));
        let refusal = client.voice.answer(n as u64, ENEMY, offer).await.unwrap_err();
        assert!(matches!(refusal, NegotiationError::Refused(_)), "{refusal:?}");
        let text = format!("{refusal} {refusal:?}");
        assert!(text.contains("SdpInvalid"), "it says what kind: {text}");
        assert!(!text.contains("sesame") && !text.contains("192.0.2.1"), "{text}");
        assert!(std::error::Error::source(&refusal).is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_any_size_and_content_are_refused_or_taken_at_once() {
    let _alone = support::alone().await;
    let scene = Scene::new().await;
    let first = scene.client.voice.offer(2, AccountId(8)).await.unwrap();
    let honest = Peer::new(Shape { clock_hz: 16_000, ..Shape::default() }).answer(first.0);
    scene.client.voice.close(2).await;
    let attack = async {
        for (n, answer) in hostile_descriptions(&honest).into_iter().enumerate() {
            let connection = 3 + n as u64;
            scene.client.voice.offer(connection, AccountId(8)).await.unwrap();
            let began = Instant::now();
            // Those it takes lead nowhere; it is closed either way.
            let _ = scene.client.voice.accept(connection, Answer(answer)).await;
            assert!(began.elapsed() < AT_ONCE, "description {n} took {:?}", began.elapsed());
            scene.client.voice.close(connection).await;
        }
    };
    scene.endures(attack).await;
}

/// Too long, too many, not what it says, or an honest one with random damage.
fn hostile_descriptions(honest: &str) -> Vec<String> {
    let lines = |line: &str, count: usize| format!("{honest}{}", line.repeat(count));
    let candidate = "a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\n";
    let audio = "m=audio 9 UDP/TLS/RTP/SAVPF";
    let numbers: String = (0..6_000).map(|number| format!(" {number}")).collect();
    let maps =
        |codec: &str| -> String { (0..2_000).map(|n| format!("a=rtpmap:{} {codec}\r\n", n % 128)).collect() };
    let hostile = [
        "x".repeat(1 << 20),
        lines("a=x\r\n", 200_000),
        lines(candidate, 10_000),
        lines(candidate, 1_000),
        lines("a=x\r\n", 10_000),
        lines("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", 1_000),
        lines("a=ssrc:1 cname:x\r\n", 3_000),
        honest.replace("v=0", "v=\0"),
        honest.replace("a=ice-pwd:", "a=ice-pwd:\0"),
        honest.replace("\r\n", "\0\r\n"),
        honest.replace("a=fingerprint:sha-256 ", "a=fingerprint:sha-256 zz:"),
        honest.replace("\r\n", "\n\n\n"),
        honest.replace("127.0.0.1", "999.1.1.1"),
        honest.replace("opus/48000/2", "opus/48000/4294967296"),
        honest.replace("UDP/TLS/RTP/SAVPF 111", &format!("UDP/TLS/RTP/SAVPF{}", " 111".repeat(10_000))),
        // Payload numbers and their names by the thousand: with no Opus among them, and behind an honest section.
        format!("v=0\r\n{audio}{numbers}\r\n{}", maps("CN/8000")),
        format!("{honest}{audio}{numbers}\r\n{}", maps("CN/8000")),
        honest.replace("a=rtcp-mux\r\n", &format!("{}a=rtcp-mux\r\n", maps("opus/48000/2"))),
        "\0".repeat(4_096),
        String::new(),
    ];
    let mut random = SmallRng::seed_from_u64(7);
    let damaged = (0..100).map(|_| {
        let mut bytes = honest.to_owned().into_bytes();
        for _ in 0..random.random_range(1..20) {
            let at = random.random_range(0..bytes.len());
            bytes[at] = random.random_range(0..128);
        }
        String::from_utf8(bytes).unwrap()
    });
    hostile.into_iter().chain(damaged).collect()
}

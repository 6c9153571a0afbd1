//! Calls with str0m.

use std::time::Duration;

use partyline::{model::OtherEnd, voice::ConnectionState};
use str0m::media::Direction;

use crate::{
    MEMBER, OURS, Ours, PURE, SECOND, THEIRS, open_files,
    str0m_peer::{Peer, Shape},
    support, tasks,
    tone::share,
};

/// Nothing of the path for this long is an interruption, and for this long the end; with time to notice.
const INTERRUPTED_WITHIN: Duration = Duration::from_secs(8);
const FAILED_WITHIN: Duration = Duration::from_secs(25);

/// They offer, we answer, and each hears what the direction allows.
async fn they_offer(shape: Shape, with: OtherEnd) {
    let _turn = support::beside_few().await;
    let ours = Ours::new();
    let peer = Peer::new(shape);
    let answer = ours.answer(1, with, peer.offer()).await;
    assert!(answer.contains(&format!("opus/{}/2", shape.clock_hz)), "{answer}");
    assert_eq!(answer.contains("red/48000"), shape.redundancy, "{answer}");
    peer.accept(answer);
    each_hears_the_other(&ours, &peer, shape).await;
}

async fn we_offer(shape: Shape) {
    let _turn = support::beside_few().await;
    let ours = Ours::new();
    let peer = Peer::new(shape);
    let answer = peer.answer(ours.offer(1).await);
    ours.accept(1, answer).await;
    each_hears_the_other(&ours, &peer, shape).await;
}

async fn each_hears_the_other(ours: &Ours, peer: &Peer, shape: Shape) {
    ours.until(1, ConnectionState::Connected).await;
    peer.hum(THEIRS);
    if shape.direction != Direction::RecvOnly {
        ours.hears(THEIRS).await;
    }
    if shape.direction != Direction::SendOnly {
        they_hear(peer, OURS).await;
        let clock_hz = shape.clock_hz as usize;
        let packets = peer.with(|machine| std::mem::take(&mut machine.packets));
        let steps = packets.windows(2).map(|pair| (pair[1].0.wrapping_sub(pair[0].0), pair[0].1));
        let odd = steps.filter(|(ticks, samples)| *ticks as usize * SECOND != *samples * clock_hz).count();
        // One step is the pause before the first word.
        assert!(odd <= 1 + packets.len() / 20, "{odd} of {} packets are not at {clock_hz} Hz", packets.len());
        let frame = SECOND / 1000 * shape.frame_millis as usize;
        assert!(packets.iter().all(|(_, samples)| *samples == frame), "frames of {} ms", shape.frame_millis);
    }
}

async fn they_hear(peer: &Peer, hz: f32) {
    peer.heard();
    let mut heard = vec![];
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        heard.extend(peer.heard());
        let from = heard.len().saturating_sub(SECOND / 2);
        if heard.len() >= SECOND / 2 && share(&heard[from..], hz) > PURE {
            return;
        }
    }
    panic!("str0m heard {} samples, {} of {hz} Hz", heard.len(), share(&heard, hz));
}

#[tokio::test(flavor = "multi_thread")]
async fn str0m_offers_as_the_bridge_does() {
    let shape =
        Shape { clock_hz: 16_000, frame_millis: 40, direction: Direction::RecvOnly, ..Shape::default() };
    they_offer(shape, OtherEnd::Bridge).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn str0m_offers_as_a_member_does() {
    they_offer(Shape { clock_hz: 16_000, frame_millis: 40, ..Shape::default() }, MEMBER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn str0m_offers_at_48_khz_without_naming_its_stream() {
    they_offer(Shape { names_streams: false, ..Shape::default() }, MEMBER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn str0m_only_sends() {
    they_offer(Shape { direction: Direction::SendOnly, ..Shape::default() }, MEMBER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn str0m_is_ice_lite_and_passive() {
    let shape = Shape { clock_hz: 16_000, frame_millis: 40, ice_lite: true, ..Shape::default() };
    they_offer(shape, OtherEnd::Bridge).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn str0m_begins_the_dtls_handshake() {
    they_offer(Shape { setup: "active", ..Shape::default() }, MEMBER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn str0m_waits_for_the_dtls_handshake() {
    they_offer(Shape { setup: "passive", ..Shape::default() }, MEMBER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn str0m_offers_redundancy_and_sends_it() {
    they_offer(Shape { redundancy: true, ..Shape::default() }, MEMBER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn str0m_takes_our_offer() {
    we_offer(Shape { clock_hz: 16_000, frame_millis: 40, ..Shape::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_offer_of_a_member_replaces_the_first() {
    let _turn = support::beside_few().await;
    let ours = Ours::new();
    let first = Peer::new(Shape::default());
    first.accept(ours.answer(1, MEMBER, first.offer()).await);
    ours.until(1, ConnectionState::Connected).await;
    first.hum(THEIRS);
    ours.hears(THEIRS).await;

    let second = Peer::new(Shape { clock_hz: 16_000, frame_millis: 40, ..Shape::default() });
    second.accept(ours.answer(2, MEMBER, second.offer()).await);
    ours.until(2, ConnectionState::Connected).await;
    second.hum(THEIRS * 2.0);
    ours.hears(THEIRS * 2.0).await;
    they_hear(&second, OURS).await;
    first.heard();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(first.heard().is_empty(), "the first is not sent to any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_falls_silent_is_interrupted_and_then_lost_and_leaves_nothing_behind() {
    let _alone = support::alone().await;
    let ours = Ours::new();
    // What only the first connection brings stays.
    let warm_up = Peer::new(Shape::default());
    warm_up.accept(ours.answer(1, MEMBER, warm_up.offer()).await);
    ours.until(1, ConnectionState::Connected).await;
    ours.client.voice.close(1).await;
    drop(warm_up);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = (open_files(), tasks());

    let peer = Peer::new(Shape::default());
    peer.accept(ours.answer(2, MEMBER, peer.offer()).await);
    ours.until(2, ConnectionState::Connected).await;
    peer.hum(THEIRS);
    ours.hears(THEIRS).await;
    peer.fall_silent();
    let interrupted = ours.until(2, ConnectionState::Interrupted).await;
    assert!(interrupted < INTERRUPTED_WITHIN, "{interrupted:?}");
    let failed = async {
        while !ours
            .client
            .saw(&partyline::voice::VoiceEvent::Connection { connection: 2, state: ConnectionState::Failed })
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(FAILED_WITHIN, failed).await.expect("lost");
    ours.client.voice.close(2).await;
    drop(peer);
    let left = || (open_files(), tasks());
    support::until(|| left() <= before, || format!("{before:?} before, {:?} after", left())).await;
}

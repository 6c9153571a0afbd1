//! Joining and leaving over and over must not cost memory. Alone in its program: it reads the size of the process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

mod support;

use std::time::Duration;

use support::{Client, OPEN, bridge::Bridge, speech::speech_like};

/// Rounds before the first look: allocators and thread pools grow to their size.
const WARM_UP: usize = 40;
const ROUNDS: usize = 100;
/// What a round may cost for good. A connection that is not freed costs some hundreds.
const KIB_PER_ROUND: usize = 8;

fn resident_kib() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_rounds_of_joining_and_leaving_leave_nothing_behind() {
    let client = Client::new(None, None, OPEN);
    let speech = speech_like(4_800 * 4);
    let mut sizes = vec![];
    for round in 0..WARM_UP + ROUNDS {
        let mut bridge = Bridge::new(16_000, 40).await;
        client.join(round as u64, &bridge).await;
        for (n, packet) in bridge.encode(&speech).into_iter().enumerate() {
            bridge.say(n as u32, packet, &[]).await;
        }
        let received = || client.voice.stats().is_some_and(|stats| stats.packets_received >= 8);
        support::until(received, || "packets".into()).await;
        match round % 2 {
            0 => client.voice.hang_up().await,
            // The next round's answer closes this one.
            _ => {}
        }
        bridge.close().await;
        client.forget();
        sizes.push(resident_kib());
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (before, after) = (sizes[WARM_UP - 1], resident_kib());
    println!(
        "resident: {} KiB at first, {before} after {WARM_UP} rounds, {after} after {ROUNDS} more",
        sizes[0]
    );
    assert!(after < before + ROUNDS * KIB_PER_ROUND, "{sizes:?}");
}

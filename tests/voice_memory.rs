//! Joining and leaving over and over must not cost memory. Alone in its program: it reads the size of the process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

mod support;

use std::time::Duration;

use support::{Client, OPEN, bridge::Bridge, speech::speech_like};

/// Rounds before the first look: allocators and thread pools grow to their size.
const WARM_UP: usize = 40;
const BATCH: usize = 50;
const BATCHES: usize = 3;
/// That many at once, to save time.
const ABREAST: usize = 5;
/// What a round may cost for good. A connection that is not freed costs some hundreds.
const KIB_PER_ROUND: usize = 8;

fn resident_kib() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4
}

/// Joins, hears something, and leaves; every other time by answering the next offer.
async fn rounds(client: &Client, speech: &[f32], numbers: std::ops::Range<u64>) {
    for number in numbers {
        let mut bridge = Bridge::new(16_000, 40).await;
        client.join(number, &bridge).await;
        for (n, packet) in bridge.encode(speech).into_iter().enumerate() {
            bridge.say(n as u32, packet, &[]).await;
        }
        let received = || client.link().is_some_and(|stats| stats.packets_received >= 8);
        support::until(received, || "packets".into()).await;
        if number % 2 == 0 {
            client.voice.hang_up().await;
        }
        bridge.close().await;
        client.forget();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_rounds_of_joining_and_leaving_leave_nothing_behind() {
    let clients: Vec<_> = (0..ABREAST).map(|_| Client::new(None, None, OPEN)).collect();
    let speech = speech_like(4_800 * 4);
    let all = async |from: usize, to: usize| {
        let each = clients
            .iter()
            .map(|client| rounds(client, &speech, (from / ABREAST) as u64..(to / ABREAST) as u64));
        futures_util::future::join_all(each).await;
        for client in &clients {
            client.voice.hang_up().await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        resident_kib()
    };
    let mut sizes = vec![all(0, WARM_UP).await];
    for batch in 0..BATCHES {
        let from = WARM_UP + batch * BATCH;
        sizes.push(all(from, from + BATCH).await);
    }
    println!("resident: {sizes:?} KiB after {WARM_UP} rounds and after every {BATCH} more");
    // An allocator may settle late, once; a leak grows with every batch.
    let least = sizes.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).min();
    assert!(least.is_some_and(|growth| growth < BATCH * KIB_PER_ROUND), "{sizes:?}");
}

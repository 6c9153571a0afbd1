//! Once a second, what every connection counted becomes what is shown and plotted. One task on tokio while there are any.

use std::{
    sync::{Weak, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use super::connections::{Connections, Link};
use crate::model::OtherEnd;

const EVERY: Duration = Duration::from_secs(1);
/// A path is looked at once it is there and then this seldom, for it hardly changes: to the crate that is a survey of all it has.
const PATH_EVERY: u64 = 60;

pub async fn run(connections: Weak<Connections>) {
    for second in 0u64.. {
        tokio::time::sleep(EVERY).await;
        let Some(connections) = connections.upgrade() else { return };
        let links = connections.sampled();
        for link in &links {
            sample(link, second).await;
        }
        // To the bridge, or the longest to any member.
        let rtt = links
            .iter()
            .filter_map(|link| Some((link.with == OtherEnd::Bridge, link.life().rtt?)))
            .max()
            .map_or(0, |(_, rtt)| ((rtt.as_secs_f64() * 1e4).round() as u32).max(1));
        connections.meters.rtt_tenths.store(rtt, Relaxed);
        if links.is_empty() {
            return;
        }
    }
}

async fn sample(link: &Link, second: u64) {
    let is_due = (second + link.connection).is_multiple_of(PATH_EVERY) || !link.life().is_path_known;
    let path = if is_due { link.peer.path().await } else { None };
    let mut life = link.life();
    if let Some(path) = path {
        life.is_path_known = true;
        life.path = path.pair.or(life.path.take());
        life.rtt = path.rtt.or(life.rtt);
    }
    life.rtt = link.counters.rtt().or(life.rtt);
    let rtt = life.rtt;
    life.trace.sample(&link.counters, rtt, Instant::now());
}

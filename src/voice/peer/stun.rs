//! Where to ask how others see this computer. A task on tokio.

use std::{net::SocketAddr, time::Duration};

use futures_util::future::join_all;
use webrtc::peer_connection::RTCIceServer;

/// The crate looks names up on the task that moves packets, for as long as that takes: so it is done before, and not for long.
const LOOK_UP: Duration = Duration::from_secs(1);

/// One address of each family for every server (`host:port`) that has any.
pub async fn resolved(servers: &[String]) -> Vec<RTCIceServer> {
    let look_up = async |server: &String| {
        let found = tokio::time::timeout(LOOK_UP, tokio::net::lookup_host(server)).await;
        let found: Vec<SocketAddr> = found.ok().and_then(Result::ok).into_iter().flatten().collect();
        let of = |is_ipv4: bool| found.iter().find(|address| address.is_ipv4() == is_ipv4).copied();
        [of(true), of(false)].into_iter().flatten().map(|address| format!("stun:{address}"))
    };
    let urls: Vec<_> = join_all(servers.iter().map(look_up)).await.into_iter().flatten().collect();
    match urls.is_empty() {
        true => vec![],
        false => vec![RTCIceServer { urls, ..Default::default() }],
    }
}

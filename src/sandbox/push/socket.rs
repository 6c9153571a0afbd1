//! The push directory and the sockets. One tokio task for each socket.

use std::time::{Duration, Instant};

use axum::{
    Json,
    extract::{
        State as Extract, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket, close_code, rejection::WebSocketUpgradeRejection},
    },
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::sandbox::{
    checks::{self, Parameters},
    people::AccountId,
    refusal::Refusal,
    world::Shared,
};

const SUBPROTOCOL: &str = "np-pushpacket";
/// How long a 3.0 client may take to introduce itself.
const AUTH_LIMIT: Duration = Duration::from_secs(10);
/// Clients send pings and one short frame.
const MAX_MESSAGE: usize = 16 * 1024;

/// The two protocol versions, which differ in keep-alive and in the first frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V3_0,
    V2_1,
}

impl Version {
    fn parse(version: &str, keep_alive_type: &str) -> Option<Self> {
        match (version, keep_alive_type) {
            ("3.0", "6") => Some(Self::V3_0),
            ("2.1", "3") => Some(Self::V2_1),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ServerAddrQuery {
    version: String,
    fields: String,
    keep_alive_status_type: String,
}

/// Where the push socket is: on this very origin.
pub(super) async fn serveraddr(
    Extract(world): Extract<Shared>,
    headers: HeaderMap,
    Parameters(query): Parameters<ServerAddrQuery>,
) -> Result<Json<Value>, Refusal> {
    checks::bearer(&headers, &world)?;
    if query.fields != "keepAliveStatus" {
        return Err(Refusal::BadParameter("query: fields"));
    }
    let version = Version::parse(&query.version, &query.keep_alive_status_type)
        .ok_or(Refusal::BadParameter("query: version"))?;
    let interval = match version {
        Version::V3_0 => world.config.keep_alive_interval,
        Version::V2_1 => world.config.keep_alive_interval.min(Duration::from_secs(5)),
    };
    Ok(Json(json!({
        "fqdn": world.address.to_string(),
        "keepAliveStatus": {
            "clientKeepAliveInterval": interval.as_millis() as u64,
            "clientKeepAliveTimeout": world.config.keep_alive_timeout.as_millis() as u64,
        },
    })))
}

pub(super) async fn push_notification(
    Extract(world): Extract<Shared>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    match accept(&world, &headers) {
        Err(refusal) => refusal.into_response(),
        Ok((account, version)) => match upgrade {
            Err(_) => Refusal::BadParameter("header: Upgrade").into_response(),
            Ok(upgrade) => upgrade
                .protocols([SUBPROTOCOL])
                .max_message_size(MAX_MESSAGE)
                .max_frame_size(MAX_MESSAGE)
                .on_upgrade(move |socket| {
                    let tasks = world.tasks.clone();
                    tasks.track_future(run(world, socket, account, version))
                }),
        },
    }
}

fn accept(world: &Shared, headers: &HeaderMap) -> Result<(AccountId, Version), Refusal> {
    let account = checks::bearer(headers, world)?;
    let text = |name| checks::text(headers, name).unwrap_or_default();
    let protocols = text("sec-websocket-protocol");
    if !protocols.split(',').any(|protocol| protocol.trim() == SUBPROTOCOL) {
        return Err(Refusal::BadParameter("header: Sec-WebSocket-Protocol"));
    }
    if text("x-psn-app-type") != "MOBILE_APP.PSAPP" {
        return Err(Refusal::BadParameter("header: X-PSN-APP-TYPE"));
    }
    if text("x-psn-app-ver").is_empty() || text("x-psn-os-ver").is_empty() {
        return Err(Refusal::BadParameter("header: X-PSN-APP-VER, X-PSN-OS-VER"));
    }
    if !matches!(text("x-psn-reconnection"), "true" | "false") {
        return Err(Refusal::BadParameter("header: X-PSN-RECONNECTION"));
    }
    let version = Version::parse(text("x-psn-protocol-version"), text("x-psn-keep-alive-status-type"))
        .ok_or(Refusal::BadParameter("header: X-PSN-PROTOCOL-VERSION"))?;
    if world.faults.push_is_refused(Instant::now()) {
        return Err(Refusal::Internal);
    }
    Ok((account, version))
}

/// The first frame of a 3.0 client.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AuthFrame {
    version: String,
    method: u32,
    tran_id: String,
    /// A number here, and nowhere else.
    account_id: u64,
    status: String,
    auth: AuthToken,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AuthToken {
    access_token: String,
}

async fn run(world: Shared, mut socket: WebSocket, account: AccountId, version: Version) {
    if version == Version::V3_0 {
        let introduced = tokio::select! {
            introduced = tokio::time::timeout(AUTH_LIMIT, introduction(&world, &mut socket, account)) => introduced,
            () = world.cancel.cancelled() => return,
        };
        if !matches!(introduced, Ok(true)) {
            close(&mut socket, close_code::POLICY, "not authenticated").await;
            return;
        }
    }
    let (id, mut frames) = world.state().push.connect(account);
    world.changed();
    tracing::debug!("push socket open");
    // A client pings at the interval it was told; one that is silent for much longer is gone.
    let silence_limit = world.config.keep_alive_interval + world.config.keep_alive_timeout * 2;
    let mut last_heard = tokio::time::Instant::now();
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(frame) => if socket.send(Message::Text(frame)).await.is_err() { break },
                None => {
                    close(&mut socket, close_code::AWAY, "dropped").await;
                    break;
                }
            },
            // Pings are answered by the WebSocket layer while it is read.
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => last_heard = tokio::time::Instant::now(),
            },
            () = tokio::time::sleep_until(last_heard + silence_limit) => break,
            () = world.cancel.cancelled() => {
                close(&mut socket, close_code::AWAY, "the sandbox ends").await;
                break;
            }
        }
    }
    world.state().push.disconnect(account, id);
    world.changed();
    tracing::debug!("push socket closed");
}

/// Whether the first text frame proves who is there.
async fn introduction(world: &Shared, socket: &mut WebSocket, account: AccountId) -> bool {
    loop {
        match socket.recv().await {
            Some(Ok(Message::Text(text))) => {
                let Ok(frame) = serde_json::from_str::<AuthFrame>(&text) else { return false };
                let token = world.state().tokens.verify(&frame.auth.access_token, world.clock.moment());
                return frame.version == "3.0"
                    && frame.method == 1003
                    && frame.status == "active"
                    && !frame.tran_id.is_empty()
                    && frame.account_id == account.0
                    && token == Some(account);
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            _ => return false,
        }
    }
}

async fn close(socket: &mut WebSocket, code: u16, reason: &'static str) {
    // The other side may be gone already.
    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
}

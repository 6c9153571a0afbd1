//! `rtcBridge/v1`: bridges, peers, offers and answers.

use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, State as Extract},
    http::{HeaderMap, StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

use super::registry::Bridge;
use crate::sandbox::{
    checks::{self, Body, Caller, Parameters},
    people::AccountId,
    refusal::Refusal,
    world::Shared,
};

const TITLE_ID: &str = "x-psn-rtc-title-id";
const BRIDGE_TOKEN: &str = "x-psn-bridge-token";
/// Largest answer; a real one has some two kilobytes.
const MAX_SDP: usize = 64 * 1024;

pub(in crate::sandbox) fn routes() -> Router<Shared> {
    Router::new()
        .route("/bridges", post(create))
        .route("/bridges/{bridge}", get(read).delete(remove))
        .route("/bridges/{bridge}/peers", post(add_peer))
        .route("/bridges/{bridge}/peers/{peer}", axum::routing::delete(remove_peer))
        .route("/bridges/{bridge}/peers/{peer}/offer", post(renew_offer))
        .route("/bridges/{bridge}/peers/{peer}/answer", post(answer))
}

/// A [`Caller`] that speaks for the one title that has bridges.
struct VoiceCaller(AccountId);

impl FromRequestParts<Shared> for VoiceCaller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, world: &Shared) -> Result<Self, Refusal> {
        let Caller(account) = Caller::from_request_parts(parts, world).await?;
        if checks::text(&parts.headers, TITLE_ID) != Some("METROPOL_AND") {
            return Err(Refusal::BadParameter("header: X-PSN-RTC-TITLE-ID"));
        }
        Ok(Self(account))
    }
}

/// The bridge, for a caller who holds its token.
fn admitted(world: &Shared, id: &str, headers: &HeaderMap) -> Result<Arc<Bridge>, Refusal> {
    let bridge = world.bridges.get(id).ok_or(Refusal::NotFound)?;
    let token =
        checks::text(headers, BRIDGE_TOKEN).ok_or(Refusal::BadParameter("header: X-PSN-BRIDGE-TOKEN"))?;
    if bridge.admits(token) { Ok(bridge) } else { Err(Refusal::NotPermitted) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

async fn create(
    Extract(world): Extract<Shared>,
    VoiceCaller(me): VoiceCaller,
    Body(Empty {}): Body<Empty>,
) -> Result<Json<Value>, Refusal> {
    let bridge = world.bridges.create(me)?;
    Ok(Json(json!({
        "bridge": {
            "bridgeId": bridge.id,
            "bridgeToken": bridge.token,
            "bridgeHostingType": "us1_uksaws_1",
        },
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadQuery {
    fields: String,
}

async fn read(
    Extract(world): Extract<Shared>,
    VoiceCaller(_): VoiceCaller,
    Path(bridge): Path<String>,
    Parameters(query): Parameters<ReadQuery>,
) -> Result<Json<Value>, Refusal> {
    if query.fields != "peer.peerId" {
        return Err(Refusal::BadParameter("query: fields"));
    }
    let bridge = world.bridges.get(&bridge).ok_or(Refusal::NotFound)?;
    let peers: Vec<Value> = bridge.peer_ids().into_iter().map(|id| json!({ "peerId": id })).collect();
    Ok(Json(json!({ "bridge": { "peers": peers } })))
}

/// For whoever made the bridge or holds its token, while nobody else is on it.
async fn remove(
    Extract(world): Extract<Shared>,
    VoiceCaller(me): VoiceCaller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let bridge = world.bridges.get(&id).ok_or(Refusal::NotFound)?;
    let admitted = match checks::text(&headers, BRIDGE_TOKEN) {
        Some(token) => bridge.admits(token),
        None => bridge.is_creator(me),
    };
    if !admitted || bridge.is_used_by_others(me) {
        return Err(Refusal::NotPermitted);
    }
    world.bridges.remove(&id);
    world.changed();
    Ok(StatusCode::ACCEPTED)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeersQuery {
    allow_duid_duplication: bool,
    g: u32,
}

/// What the caller can do; there is one combination.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PeerBody {
    media_types: MediaTypes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MediaTypes {
    application: Application,
    audio: Audio,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Application {
    is_required: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Audio {
    is_required: bool,
    opus: [Opus; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Opus {
    bitrate: u32,
    channels: u32,
    codec: String,
    ptime: u32,
    sampling_rates: [u32; 1],
}

impl PeerBody {
    fn check(&self) -> Result<(), Refusal> {
        let MediaTypes { application, audio } = &self.media_types;
        let [opus] = &audio.opus;
        let supported = application.is_required
            && audio.is_required
            && (1..=510).contains(&opus.bitrate)
            && opus.channels == 1
            && opus.codec == "CELT"
            && opus.ptime == 40
            && opus.sampling_rates == [16_000];
        if supported { Ok(()) } else { Err(Refusal::BadParameter("mediaTypes")) }
    }
}

async fn add_peer(
    Extract(world): Extract<Shared>,
    VoiceCaller(me): VoiceCaller,
    Path(bridge): Path<String>,
    headers: HeaderMap,
    Parameters(query): Parameters<PeersQuery>,
    Body(body): Body<PeerBody>,
) -> Result<Response, Refusal> {
    if query.allow_duid_duplication || query.g != 2 {
        return Err(Refusal::BadParameter("query"));
    }
    body.check()?;
    let bridge = admitted(&world, &bridge, &headers)?;
    let (id, sdp) = bridge.add_peer(me).await?;
    Ok((StatusCode::CREATED, Json(json!({ "peer": { "peerId": id, "offer": { "sdp": sdp } } })))
        .into_response())
}

async fn renew_offer(
    Extract(world): Extract<Shared>,
    VoiceCaller(me): VoiceCaller,
    Path((bridge, peer)): Path<(String, String)>,
    headers: HeaderMap,
    Body(body): Body<PeerBody>,
) -> Result<Json<Value>, Refusal> {
    body.check()?;
    let bridge = admitted(&world, &bridge, &headers)?;
    let peer = bridge.peer(&peer, me).ok_or(Refusal::NotFound)?;
    let sdp = peer.renew_offer().await.map_err(|error| {
        tracing::error!(%error, "no new offer");
        Refusal::Internal
    })?;
    Ok(Json(json!({ "offer": { "sdp": sdp } })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerBody {
    answer: Description,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    sdp: String,
}

async fn answer(
    Extract(world): Extract<Shared>,
    VoiceCaller(me): VoiceCaller,
    Path((bridge, peer)): Path<(String, String)>,
    headers: HeaderMap,
    Body(body): Body<AnswerBody>,
) -> Result<StatusCode, Refusal> {
    let bridge = admitted(&world, &bridge, &headers)?;
    let peer = bridge.peer(&peer, me).ok_or(Refusal::NotFound)?;
    let sdp = body.answer.sdp;
    // The candidates are inside: there is no other way to send one.
    if sdp.len() > MAX_SDP || !sdp.contains("a=candidate:") {
        return Err(Refusal::BadParameter("answer.sdp"));
    }
    peer.answer(sdp).await.map_err(|error| {
        tracing::debug!(%error, "an answer was not understood");
        Refusal::BadParameter("answer.sdp")
    })?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove_peer(
    Extract(world): Extract<Shared>,
    VoiceCaller(me): VoiceCaller,
    Path((bridge, peer)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let bridge = admitted(&world, &bridge, &headers)?;
    let peer = bridge.peer(&peer, me).ok_or(Refusal::NotFound)?;
    bridge.remove_peer(&peer.id);
    Ok(StatusCode::ACCEPTED)
}

//! The HTTP side: one listener, all of the protocol's hosts as paths below it.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    serve::{Listener, ListenerExt},
};
use tokio::net::TcpListener;

use super::{
    bridge, faults, messages, notices, parties, people, pictures, push, refusal::Refusal, sign_in,
    world::Shared,
};

/// Largest request body, in bytes. The largest real ones are session descriptions.
const MAX_BODY: usize = 256 * 1024;

pub(super) async fn serve(listener: TcpListener, world: Shared) {
    let cancelled = world.cancel.clone().cancelled_owned();
    // Events are small and wanted at once.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
    });
    let address = listener.local_addr().ok();
    if let Err(error) = axum::serve(listener, router(world)).with_graceful_shutdown(cancelled).await {
        tracing::error!(%error, ?address, "the sandbox's server ended");
    }
}

fn router(world: Shared) -> Router {
    let api = Router::new()
        .nest("/sessionManager/v2", parties::routes::routes())
        .nest("/userProfile", people::routes::routes())
        .nest("/gamelist/v2", people::routes::game_routes())
        .nest("/search/v1", people::routes::search_routes())
        .nest("/playerRecommendations/v1", parties::history::routes())
        .nest("/gamingLoungeGroups/v1", messages::routes::routes())
        .nest("/userNotificationManager/v1", notices::routes())
        .nest("/rtcBridge/v1", bridge::routes::routes())
        .nest("/cpss/v1", parties::links::api_routes());
    Router::new()
        .nest("/api", api)
        .merge(sign_in::routes())
        .merge(push::routes())
        .merge(pictures::routes())
        .merge(parties::links::page_routes())
        .fallback(async || Refusal::NotFound)
        .method_not_allowed_fallback(async || Refusal::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(world.clone(), faults::spoil))
        .with_state(world)
}

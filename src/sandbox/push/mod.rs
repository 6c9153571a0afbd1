//! Push: where events go out (section 8 of the protocol).

mod event;
mod hub;
mod socket;
mod trouble;

use axum::{Router, routing::get};
pub(super) use event::{Event, guessed};
pub(super) use hub::{Late, PushHub};

use super::world::Shared;

pub(in crate::sandbox) fn routes() -> Router<Shared> {
    Router::new()
        .route("/np/serveraddr", get(socket::serveraddr))
        .route("/np/pushNotification", get(socket::push_notification))
}

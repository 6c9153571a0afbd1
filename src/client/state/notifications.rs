//! What the service wants the user to know.

use std::{sync::Arc, time::Instant};

use super::{Effects, Fetched, State};
use crate::model::Notification;

/// The notifications of an account.
#[derive(Default)]
pub struct NotificationsState {}

impl NotificationsState {
    /// What was read after `since` has arrived.
    pub fn is_caught_up(&self, _since: Instant) -> bool {
        true
    }

    pub fn published(&self) -> Fetched<Arc<Vec<Notification>>> {
        Fetched::default()
    }
}

impl State {
    /// After push connects, and after an event.
    pub(super) fn read_notifications(&mut self, _now: Instant, _out: &mut Effects) {}
}

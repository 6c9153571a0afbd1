//! Friends' requests, blocks, favourites and cards.

use std::time::Instant;

use super::{Effects, State};
use crate::client::{People, input::PeopleInput};

/// People beyond the list of friends.
#[derive(Default)]
pub struct PeopleState {}

impl PeopleState {
    /// What was read after `since` has arrived.
    pub fn is_caught_up(&self, _since: Instant) -> bool {
        true
    }

    pub fn published(&self) -> People {
        People::default()
    }
}

impl State {
    /// After push connects: everything about people that an event may have told meanwhile.
    pub(super) fn read_people(&mut self, _now: Instant, _out: &mut Effects) {}

    /// An event about friends, requests or blocks, which names nothing.
    pub(super) fn people_event(&mut self, _now: Instant, _out: &mut Effects) {}

    pub(super) fn people(&mut self, input: PeopleInput, _now: Instant, _out: &mut Effects) {
        match input {}
    }
}

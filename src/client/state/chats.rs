//! Conversations: their list, the one that is open, what is on its way into it.

use std::time::Instant;

use super::{Effects, State};
use crate::{
    client::{Chats, input::ChatsInput},
    model::GroupId,
};

/// The conversations of an account.
#[derive(Default)]
pub struct ChatsState {}

impl ChatsState {
    /// What was read after `since` has arrived.
    pub fn is_caught_up(&self, _since: Instant) -> bool {
        true
    }

    pub fn published(&self) -> Chats {
        Chats::default()
    }
}

impl State {
    /// After push connects: everything about conversations that an event may have told meanwhile.
    pub(super) fn read_chats(&mut self, _now: Instant, _out: &mut Effects) {}

    pub(super) fn group_event(&mut self, _group: GroupId, _now: Instant, _out: &mut Effects) {}

    pub(super) fn chats(&mut self, input: ChatsInput, _now: Instant, _out: &mut Effects) {
        match input {}
    }
}

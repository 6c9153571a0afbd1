//! A signed-in account. What belongs to it has files of their own.

use std::time::{Instant, SystemTime};

use super::{
    Effects, PartyStage, State,
    chats::ChatsState,
    invitations::Invitations,
    line::Line,
    linked::{Past, Preview},
    lists::Lists,
    notifications::NotificationsState,
    people::PeopleState,
};
use crate::{
    client::Stay,
    model::{Notes, Profile},
};

pub struct Account {
    pub me: Profile,
    pub stay: AccountStay,
    pub notes: Notes,
    /// What earlier runs remembered is among them.
    pub notes_read: bool,
    pub people: PeopleState,
    pub chats: ChatsState,
    pub notifications: NotificationsState,
    /// When it was taken into use.
    pub since: Instant,
    pub lists: Lists,
    pub invitations: Invitations,
    pub linked: Option<Preview>,
    pub past: Past,
    pub line: Line,
    /// As the calls know of it.
    pub pause: Option<SystemTime>,
    pub party: PartyStage,
}

/// How long the account stays signed in.
#[derive(Default)]
pub struct AccountStay {
    pub ends: Option<SystemTime>,
    pub soon: bool,
    pub ended: bool,
}

impl AccountStay {
    pub fn published(&self) -> Stay {
        match self.ends {
            _ if self.ended => Stay::Ended,
            Some(ends) if self.soon => Stay::EndsSoon(ends),
            _ => Stay::Good,
        }
    }
}

impl Account {
    pub fn new(me: Profile, now: Instant) -> Self {
        Self {
            me,
            stay: AccountStay::default(),
            notes: Notes::default(),
            notes_read: false,
            people: PeopleState::default(),
            chats: ChatsState::default(),
            notifications: NotificationsState::default(),
            since: now,
            lists: Lists::new(now),
            invitations: Invitations::new(now),
            linked: None,
            past: Past::default(),
            line: Line::new(now),
            pause: None,
            party: PartyStage::None,
        }
    }
}

impl State {
    /// Reads everything once.
    pub(super) fn refresh(&mut self, now: Instant, out: &mut Effects) {
        self.refresh_people(now, out);
        // What events tell of is read as push opens, and not before that: once, not twice.
        if self.account().is_some_and(|account| !account.line.is_beginning()) {
            self.read_lists(now, out);
            self.read_party(now, out);
        }
    }
}

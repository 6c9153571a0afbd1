//! Deadlines by name. Time is an argument everywhere.

use std::{collections::BTreeMap, time::Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Reading what was kept takes long.
    Opening,
    /// An account that is kept could not be signed in; try again.
    Resume,
    /// The browser did not come back.
    SignIn,
    /// The user should sign in again before long.
    StayEndsSoon,
    /// Open the push line (again).
    Push,
    /// The next about people that is to be read.
    ReadPeople,
    ReadVisible,
    ReadInvitations,
    ReadOpen,
    /// Whether a party that no list shows still goes on.
    CheckInvitation,
    PollPreview,
    ReadParty,
    /// An invitation that nobody followed.
    Invitations,
    /// Tell the others our voice state.
    Announce,
    /// A connection to a member has had its time, or is to be offered.
    Links,
    /// A connection under way or interrupted has had its time.
    VoiceDeadline,
    VoiceRetry,
    /// Something of conversations may be read or sent, or lapses.
    Chats,
    Notifications,
    SaveSettings,
    /// What is remembered for the account changed.
    SaveNotes,
    /// Quitting has had its time.
    Quit,
}

#[derive(Debug, Default)]
pub struct Timers(BTreeMap<Timer, Instant>);

impl Timers {
    pub fn set(&mut self, timer: Timer, at: Instant) {
        self.0.insert(timer, at);
    }

    /// Keeps the earlier of both deadlines.
    pub fn set_earlier(&mut self, timer: Timer, at: Instant) {
        let entry = self.0.entry(timer).or_insert(at);
        *entry = at.min(*entry);
    }

    /// Sets or clears.
    pub fn put(&mut self, timer: Timer, at: Option<Instant>) {
        match at {
            Some(at) => self.set(timer, at),
            None => self.clear(timer),
        }
    }

    pub fn clear(&mut self, timer: Timer) {
        self.0.remove(&timer);
    }

    pub fn is_set(&self, timer: Timer) -> bool {
        self.0.contains_key(&timer)
    }

    pub fn next(&self) -> Option<Instant> {
        self.0.values().min().copied()
    }

    /// Removes one that is due.
    pub fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let due = self.0.iter().find(|(_, at)| **at <= now).map(|(timer, _)| *timer)?;
        self.0.remove(&due);
        Some(due)
    }

    /// Everything of an account ends with it.
    pub fn clear_account(&mut self) {
        self.0.retain(|timer, _| matches!(timer, Timer::Opening | Timer::SaveSettings | Timer::Quit));
    }
}

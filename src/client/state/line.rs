//! The line to the service: the push connection, and whether what is shown is what is so.

use std::time::{Duration, Instant};

use super::{Account, Effect, Effects, Failure, PartyStage, Place, State, Timer};
use crate::{
    client::{
        LinkState,
        reconnect::{self, Reach},
    },
    psn::PushEvent,
};

/// A push line that held this long was a good one.
const STEADY: Duration = Duration::from_secs(20);

/// Of one account.
pub struct Line {
    state: LinkState,
    since: Instant,
    /// `None`: push is down.
    opened: Option<Instant>,
    /// Nobody was reached when push was tried last, or when it broke.
    nobody_there: bool,
    /// The last reading reached nobody either.
    unanswered: bool,
    failures: u32,
    ever_opened: bool,
}

impl Line {
    pub fn new(now: Instant) -> Self {
        Self {
            state: LinkState::Connecting,
            since: now,
            opened: None,
            nobody_there: false,
            unanswered: false,
            failures: 0,
            ever_opened: false,
        }
    }

    pub fn state(&self) -> LinkState {
        self.state
    }

    pub fn since(&self) -> Instant {
        self.since
    }

    pub fn is_open(&self) -> bool {
        self.opened.is_some()
    }

    /// Nothing has come of the first try to open push.
    pub fn is_beginning(&self) -> bool {
        self.opened.is_none() && self.failures == 0 && !self.ever_opened
    }
}

impl Account {
    /// Everything that events tell of has been read since push opened.
    fn is_caught_up(&self, opened: Instant) -> bool {
        let party = match &self.party {
            PartyStage::Joined(joined) => joined.since >= opened || joined.following.is_read_since(opened),
            _ => true,
        };
        party
            && self.lists.is_read_since(opened)
            && self.invitations.was_tried_since(opened)
            && self.people.is_caught_up(opened)
            && self.chats.is_caught_up(opened)
            && self.notifications.is_caught_up(opened)
    }
}

impl State {
    pub(super) fn open_push(&mut self, out: &mut Effects) {
        if let Some(account) = self.account().filter(|account| !account.stay.ended) {
            out.push(Effect::OpenPush { again: account.line.ever_opened });
        }
    }

    /// After a stay that had ended.
    pub(super) fn open_push_if_closed(&mut self, out: &mut Effects) {
        if self.account().is_some_and(|account| !account.line.is_open()) {
            self.timers.clear(Timer::Push);
            self.open_push(out);
        }
    }

    /// Events may have been missed: everything is read once.
    pub(super) fn push_opened(&mut self, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        let line = &mut account.line;
        (line.opened, line.nobody_there, line.unanswered) = (Some(now), false, false);
        line.ever_opened = true;
        account.invitations.forget(|_| true);
        self.problems.clear(Place::Window);
        self.revive_links(now);
        self.read_party(now, out);
        self.read_lists(now, out);
        self.read_people(now, out);
        self.read_chats(now, out);
        self.refresh_notifications(now, out);
    }

    pub(super) fn push_closed(
        &mut self,
        reach: Reach,
        failure: Option<Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(account) = self.account_mut() else { return };
        let line = &mut account.line;
        // A line that closes as soon as it opens is no success.
        if line.opened.take().is_some_and(|opened| now - opened >= STEADY) {
            line.failures = 0;
        }
        line.nobody_there = reach == Reach::Nobody;
        let wait = reconnect::push(line.failures, reach);
        line.failures += 1;
        self.timers.set(Timer::Push, now + wait);
        if let Some(failure) = failure {
            self.fail(Place::Window, failure);
        }
        self.chats_changed(now, out);
        self.notifications_due(now, out);
    }

    pub(super) fn push_event(&mut self, event: PushEvent, now: Instant, out: &mut Effects) {
        match event {
            PushEvent::Party(event) => {
                self.party_event(&event, now, out);
                self.list_event(&event, now, out);
            }
            PushEvent::Group { group, news } => self.group_event(group, news, now, out),
            PushEvent::People => self.people_event(now, out),
            PushEvent::Notifications => self.read_notifications(now, out),
        }
    }

    /// What a reading says about the line, by the failure it ended with.
    pub(super) fn service_answered(&mut self, failure: Option<&Failure>) {
        if let Some(account) = self.account_mut() {
            account.line.unanswered = failure.is_some_and(|failure| failure.reach() == Reach::Nobody);
        }
    }

    /// After everything that happens.
    pub(super) fn settle_line(&mut self, now: Instant) {
        let Some(account) = self.account_mut() else { return };
        let line = &account.line;
        let state = match line.opened {
            Some(opened) if account.is_caught_up(opened) => LinkState::Live,
            None if line.nobody_there && line.unanswered => LinkState::Offline,
            _ if line.state == LinkState::Connecting && (line.is_open() || line.is_beginning()) => {
                LinkState::Connecting
            }
            _ => LinkState::CatchingUp,
        };
        if state != line.state {
            tracing::info!(?state, "the line");
            (account.line.state, account.line.since) = (state, now);
        }
    }
}

//! The voice connection of the party, and the user's own controls.

use std::time::{Duration, Instant};

use super::{Effect, Effects, Failure, Place, ProblemKind, State, Timer, party::Joined};
use crate::{
    client::{
        Notice, VoiceStatus,
        input::{LinksEffect, Seat, Seated, VoiceControl},
        reconnect::{self, NextTry, Reach},
    },
    model::AccountId,
    psn::{Event, MemberChange},
    voice::{ConnectionState, Talk, VoiceEvent},
};

/// From our answer to the first sign of life: ICE and DTLS take well under a second, a lost packet or two seconds more.
const CONNECT_TIME: Duration = Duration::from_secs(8);
/// Mute toggled back and forth is told once.
const MUTE_SETTLE: Duration = Duration::from_millis(250);
/// Connections come and go by the dozen, and each call is one of few.
const CONNECTIONS_SETTLE: Duration = Duration::from_secs(3);
const ANNOUNCE_AGAIN: Duration = Duration::from_secs(5);
/// A path that stutters may come back by itself.
const INTERRUPTION_TIME: Duration = Duration::from_millis(1500);

/// One party's voice, from the first try to the last.
#[derive(Default)]
pub struct VoiceLink {
    step: Step,
    /// Numbers the tries, so that events of an older connection are told apart.
    connection: u64,
    seat: Option<Seat>,
    failures: u32,
    /// The bridge lets the others be heard.
    carries: bool,
    ever_connected: bool,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Step {
    #[default]
    Idle,
    /// A seat is being taken.
    Seating,
    /// Answered; the path is being found.
    Connecting,
    Connected,
    Interrupted,
    /// Until [`Timer::VoiceRetry`].
    Waiting,
    Failed,
}

impl VoiceLink {
    pub fn seat(&self) -> Option<&Seat> {
        self.seat.as_ref()
    }

    /// The others are heard through the bridge now.
    pub fn carries(&self) -> bool {
        self.step == Step::Connected && self.carries
    }

    #[cfg(test)]
    pub fn connection(&self) -> u64 {
        self.connection
    }

    pub fn status(&self) -> VoiceStatus {
        match self.step {
            Step::Connected => VoiceStatus::Connected,
            Step::Failed => VoiceStatus::Failed,
            Step::Interrupted => VoiceStatus::Reconnecting,
            _ if self.ever_connected => VoiceStatus::Reconnecting,
            _ => VoiceStatus::Connecting,
        }
    }
}

impl State {
    /// From scratch: a new seat, a new connection. The old ones are given back on the way.
    pub(super) fn connect_voice(&mut self, out: &mut Effects) {
        let connection = self.new_attempt();
        let Some(joined) = self.joined_mut() else { return };
        joined.voice.connection = connection;
        (joined.voice.step, joined.voice.carries) = (Step::Seating, false);
        let previous = joined.voice.seat.take();
        let session = joined.session.id.clone();
        out.push(Effect::ConnectVoice { connection, session, previous });
    }

    pub(super) fn retry_voice(&mut self, now: Instant, out: &mut Effects) {
        let Some(joined) = self.joined_mut() else { return };
        if joined.voice.step == Step::Failed {
            joined.voice.failures = 0;
            self.problems.clear_voice_failure();
            self.timers.clear(Timer::VoiceRetry);
            self.connect_voice(out);
            self.party_changed_unseen(now);
        }
    }

    pub(super) fn seated(
        &mut self,
        connection: u64,
        result: Result<Seated, Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(joined) = self.joined_mut().filter(|j| j.voice.connection == connection) else {
            out.extend(result.ok().map(|seated| Effect::GiveSeatBack(seated.seat)));
            return;
        };
        match result {
            Ok(seated) => {
                joined.voice.seat = Some(seated.seat);
                joined.session.bridge = seated.session.bridge;
                joined.voice.carries = seated.carries;
                // The path may have been found before this message.
                if joined.voice.step == Step::Seating {
                    joined.voice.step = Step::Connecting;
                    self.timers.set(Timer::VoiceDeadline, now + CONNECT_TIME);
                } else {
                    self.announce_soon(now);
                }
            }
            Err(failure) => match failure.kind {
                ProblemKind::VoiceNotUnderstood | ProblemKind::VoiceBroken | ProblemKind::NotAllowed => {
                    self.give_voice_up(failure, out);
                }
                ProblemKind::SignInEnded => {
                    // Tried again with the next sign-in.
                    joined.voice.step = Step::Failed;
                    self.fail(Place::Voice, failure);
                }
                _ => {
                    // Perhaps the party itself is gone: the reading tells.
                    self.party_changed_unseen(now);
                    self.voice_failed(failure, now, out);
                }
            },
        }
    }

    pub(super) fn voice_overdue(&mut self, now: Instant, out: &mut Effects) {
        match self.joined().map(|joined| joined.voice.step) {
            Some(Step::Interrupted) => self.voice_lost(now, out),
            Some(Step::Connecting) => {
                let failure = Failure::new(ProblemKind::VoiceUnreachable, "no path to the bridge was found");
                self.voice_failed(failure, now, out);
            }
            _ => {}
        }
    }

    /// A connection that worked is gone: at once to a new one.
    pub(super) fn voice_lost(&mut self, now: Instant, out: &mut Effects) {
        let Some(joined) = self.joined_mut() else { return };
        if matches!(joined.voice.step, Step::Seating | Step::Waiting) {
            return;
        }
        if joined.voice.failures == 0 {
            joined.voice.failures = 1;
            self.timers.clear(Timer::VoiceDeadline);
            return self.connect_voice(out);
        }
        let failure = Failure::new(ProblemKind::VoiceUnreachable, "the connection to the bridge was lost");
        self.voice_failed(failure, now, out);
    }

    fn voice_failed(&mut self, failure: Failure, now: Instant, out: &mut Effects) {
        self.timers.clear(Timer::VoiceDeadline);
        let Some(joined) = self.joined_mut() else { return };
        let reach = failure.reach();
        match reconnect::voice(joined.voice.failures, reach) {
            NextTry::After(wait) => {
                joined.voice.step = Step::Waiting;
                if reach == Reach::Service {
                    joined.voice.failures += 1;
                }
                self.timers.set(Timer::VoiceRetry, now + wait);
            }
            NextTry::GiveUp => {
                self.give_voice_up(Failure::new(ProblemKind::VoiceUnreachable, failure.diagnostic), out);
            }
        }
    }

    /// Until the user asks again. Where nobody hears us without the bridge, the microphone closes meanwhile; but a recording goes
    /// on until it is ended, or the party is.
    fn give_voice_up(&mut self, failure: Failure, out: &mut Effects) {
        let recording = self.recordings.is_wanted();
        if let Some(joined) = self.joined_mut() {
            joined.voice.step = Step::Failed;
            out.push(match joined.links.any_connection() || recording {
                true => Effect::Links(LinksEffect::Close { connection: joined.voice.connection }),
                false => Effect::HangUp,
            });
            self.problems.raise(Place::Voice, failure);
        }
    }

    pub(super) fn voice_retry_due(&mut self, out: &mut Effects) {
        if self.joined().is_some_and(|joined| joined.voice.step == Step::Waiting) {
            self.connect_voice(out);
        }
    }

    pub(super) fn voice_event(&mut self, event: VoiceEvent, now: Instant, out: &mut Effects) {
        let (connection, state) = match event {
            VoiceEvent::Connection { connection, state } => (connection, state),
            device => return self.device_event(device, now, out),
        };
        if self.link_event(connection, state, now, out) {
            return;
        }
        let Some(joined) = self.joined_mut().filter(|j| j.voice.connection == connection) else { return };
        tracing::info!(?state, "voice connection");
        match state {
            ConnectionState::Connected => {
                let is_fresh = joined.voice.step != Step::Interrupted;
                joined.voice.step = Step::Connected;
                joined.voice.ever_connected = true;
                joined.voice.failures = 0;
                if is_fresh {
                    out.push(Effect::Notify(Notice::VoiceConnected));
                    self.hurry_links(now);
                }
                self.timers.clear(Timer::VoiceDeadline);
                self.timers.clear(Timer::VoiceRetry);
                self.problems.clear_voice_failure();
                self.announce_soon(now);
            }
            ConnectionState::Interrupted if joined.voice.step != Step::Connected => {}
            ConnectionState::Interrupted => {
                joined.voice.step = Step::Interrupted;
                self.timers.set(Timer::VoiceDeadline, now + INTERRUPTION_TIME);
                self.announce_soon(now);
                out.push(Effect::Notify(Notice::VoiceInterrupted));
            }
            ConnectionState::Closed | ConnectionState::Failed => {
                if joined.voice.step == Step::Connected {
                    out.push(Effect::Notify(Notice::VoiceInterrupted));
                }
                self.announce_soon(now);
                self.voice_lost(now, out);
            }
        }
    }

    pub(super) fn talk_key(&mut self, held: bool, out: &mut Effects) {
        if self.talk.key_held == held || (held && self.joined().is_none()) {
            return;
        }
        self.talk.key_held = held;
        if held && (self.talk.muted || self.talk.deafened) {
            out.push(Effect::Notify(Notice::TalkingWhileMuted));
        }
        out.push(self.talk_effect());
    }

    pub(super) fn set_muted(&mut self, muted: bool, now: Instant, out: &mut Effects) {
        self.talk.muted = muted;
        // Somebody who wants to be heard wants to hear.
        if !muted {
            self.talk.deafened = false;
        }
        self.talk_changed(now, out);
    }

    pub(super) fn set_deafened(&mut self, deafened: bool, now: Instant, out: &mut Effects) {
        self.talk.deafened = deafened;
        self.talk_changed(now, out);
    }

    fn talk_changed(&mut self, now: Instant, out: &mut Effects) {
        out.push(self.talk_effect());
        if self.is_worth_announcing() {
            self.timers.set(Timer::Announce, now + MUTE_SETTLE);
        }
    }

    pub(super) fn talk_effect(&self) -> Effect {
        Effect::Voice(VoiceControl::Talk(Talk {
            mode: self.talk.mode,
            activation: self.settings.activation,
            key_held: self.talk.key_held,
            muted: self.talk.muted,
            deafened: self.talk.deafened,
            release_hold: self.settings.release_hold(),
        }))
    }

    /// Somebody may be heard by now, or not any more. The first of all is told at once.
    pub(super) fn announce_soon(&mut self, now: Instant) {
        let is_first = |joined: &Joined| joined.announced.is_none() && joined.announcing.is_none();
        let settle = if self.joined().is_some_and(is_first) { MUTE_SETTLE } else { CONNECTIONS_SETTLE };
        if self.is_worth_announcing() {
            self.timers.set_earlier(Timer::Announce, now + settle);
        }
    }

    fn is_worth_announcing(&self) -> bool {
        let silenced = self.talk.muted || self.talk.deafened;
        let heard = |joined: &Joined| joined.voice.ever_connected || joined.links.ever_any();
        self.joined().is_some_and(|joined| heard(joined) || silenced)
    }

    /// One at a time, so that the last word is the one that stays; and nothing twice.
    pub(super) fn announce(&mut self, out: &mut Effects) {
        let Some(said) = self.voice_state() else { return };
        let Some(joined) = self.joined_mut() else { return };
        if joined.announcing.is_some() || joined.announced.as_ref() == Some(&said) {
            return;
        }
        joined.announcing = Some(said.clone());
        let VoiceState { connected_to, muted } = said;
        out.push(Effect::AnnounceVoice { session: joined.session.id.clone(), connected_to, muted });
    }

    pub(super) fn announced(&mut self, result: Result<(), Failure>, now: Instant, out: &mut Effects) {
        let wanted = self.voice_state();
        let Some(joined) = self.joined_mut() else { return };
        let said = joined.announcing.take();
        // Whether a failed one arrived, nobody knows.
        joined.announced = said.clone().filter(|_| result.is_ok());
        if result.is_err() {
            return self.timers.set_earlier(Timer::Announce, now + ANNOUNCE_AGAIN);
        }
        let (Some(said), Some(wanted)) = (said, wanted) else { return };
        if said.muted != wanted.muted {
            self.timers.set_earlier(Timer::Announce, now);
        } else if said != wanted {
            self.announce_soon(now);
        }
        let VoiceState { connected_to, muted } = said;
        if let Some(account) = self.account() {
            let account = account.me.account;
            let change = MemberChange {
                account,
                muted: Some(muted),
                voice_off: None,
                connected_to: Some(connected_to),
            };
            self.own_party_event(Event::MembersChanged(vec![change]), now, out);
        }
    }

    /// As the others should know it.
    fn voice_state(&self) -> Option<VoiceState> {
        self.joined()?;
        let mut connected_to = self.heard_members();
        connected_to.sort_unstable();
        Some(VoiceState { connected_to, muted: self.talk.muted || self.talk.deafened })
    }
}

/// What the others are told of us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceState {
    /// In order.
    connected_to: Vec<AccountId>,
    muted: bool,
}

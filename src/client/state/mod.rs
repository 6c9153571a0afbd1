//! What the client knows and decides. Pure: no I/O, no clock of its own; the loop in [`super::run`] feeds it and carries out
//! its effects. Each file here owns one part of the state; this one owns the whole and the way through it.

mod account;
mod entry;
mod party;
mod problems;
mod sound;
#[cfg(test)]
mod tests;
mod timers;
mod voice;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use account::Account;
use party::PartyStage;
use problems::Problems;
use timers::{Timer, Timers};

use super::{
    Command, Fetched, MicrophoneTest, PartyState, Place, ProblemKind, Screen, Service, SignedIn, Snapshot,
    Sound, TalkState,
    failure::Failure,
    input::{Attempt, Effect, Input, SignInWay},
};
use crate::model::{DeviceKind, Settings};

/// How long the browser may take.
const SIGN_IN_TIME: Duration = Duration::from_secs(10 * 60);
/// How long leaving may take when the program ends.
const QUIT_TIME: Duration = Duration::from_millis(800);

type Effects = Vec<Effect>;

pub struct State {
    service: Service,
    settings: Settings,
    sound: Sound,
    /// Went away while in use; their successors are worth a word.
    lost_devices: Vec<DeviceKind>,
    talk: TalkState,
    problems: Problems,
    timers: Timers,
    stage: Stage,
    last_attempt: Attempt,
    quitting: bool,
}

/// The way from a stranger to somebody.
enum Stage {
    SignedOut,
    SigningIn { attempt: Attempt, link: Option<Arc<str>> },
    SignedIn(Box<Account>),
}

impl State {
    pub fn new(service: Service, settings: Settings) -> Self {
        let talk = TalkState { mode: settings.talk_mode, key_held: false, muted: false, deafened: false };
        Self {
            service,
            settings,
            sound: Sound::default(),
            lost_devices: Vec::new(),
            talk,
            problems: Problems::default(),
            timers: Timers::default(),
            stage: Stage::SignedOut,
            last_attempt: 0,
            quitting: false,
        }
    }

    /// A trouble from before the first input.
    pub fn raise(&mut self, place: Place, kind: ProblemKind, diagnostic: &str) {
        self.problems.raise(place, Failure::new(kind, diagnostic));
    }

    /// When [`Input::Tick`] is wanted next.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Takes in what happened and decides what to do. Never fails: what makes no sense now is ignored.
    pub fn handle(&mut self, input: Input, now: Instant) -> Effects {
        let mut out = Effects::new();
        match input {
            Input::Command(command) => self.command(command, now, &mut out),
            Input::Tick => {
                while let Some(timer) = self.timers.pop_due(now) {
                    self.due(timer, now, &mut out);
                }
            }
            Input::SignInLink { attempt, link: fresh } => {
                if let Stage::SigningIn { attempt: current, link } = &mut self.stage
                    && *current == attempt
                {
                    *link = Some(fresh);
                }
            }
            Input::BrowserDidNotOpen { attempt } => {
                if self.is_signing_in(attempt) {
                    let failure = Failure::new(ProblemKind::BrowserDidNotOpen, "no browser could be started");
                    self.problems.raise(Place::SignIn, failure);
                }
            }
            Input::SignedIn { attempt, result } => self.signed_in(attempt, result, now, &mut out),
            Input::PushOpened => self.push_opened(now, &mut out),
            Input::Push(event) => self.push_event(event, now, &mut out),
            Input::PushClosed { reach, failure } => self.push_closed(reach, failure, now, &mut out),
            Input::Friends { attempt, result } => self.friends_read(attempt, result, now, &mut out),
            Input::Lists { attempt, result } => self.lists_read(attempt, result, now, &mut out),
            Input::Entered { attempt, result } => self.entered(attempt, result, now, &mut out),
            Input::PartyRead { attempt, result } => self.party_read(attempt, result, now, &mut out),
            Input::Left { attempt, result } => self.left(attempt, result, &mut out),
            Input::InvitationSent { account, result } => self.invitation_sent(account, result, &mut out),
            Input::PartyChanged(result) => match result {
                Ok(()) => self.problems.clear(Place::Party),
                Err(failure) => self.fail(Place::Party, failure, &mut out),
            },
            Input::Seated { connection, result } => self.seated(connection, result, now, &mut out),
            Input::Announced(result) => self.announced(result, now),
            Input::Voice(event) => self.voice_event(event, now, &mut out),
            Input::SettingsSaved(result) => match result {
                Ok(()) => self.problems.clear_kind(&ProblemKind::SettingsNotSaved),
                Err(failure) => self.problems.raise(Place::Settings, failure),
            },
        }
        out
    }

    fn command(&mut self, command: Command, now: Instant, out: &mut Effects) {
        match command {
            Command::SignIn => self.begin_sign_in(SignInWay::Browser, now, out),
            Command::SignInAs(name) => self.begin_sign_in(SignInWay::SandboxAccount(name), now, out),
            Command::CancelSignIn => {
                if matches!(self.stage, Stage::SigningIn { .. }) {
                    self.end_sign_in(out);
                }
            }
            Command::SignOut => {
                self.leave_party(out);
                self.forget_account(out);
            }
            Command::StartParty { name, privacy, invite } => {
                self.start_party(name, privacy, invite, out);
            }
            Command::JoinParty(session) => self.join_party(session, out),
            Command::JoinByLink(link) => self.join_by_link(link, out),
            Command::DismissInvitation(session) => self.dismiss_invitation(session),
            Command::LeaveParty => self.leave_party(out),
            Command::Invite(account) => self.invite(account, now, out),
            Command::RenameParty(name) => self.rename_party(name, out),
            Command::SetPrivacy(privacy) => self.set_privacy(privacy, out),
            Command::RetryVoice => self.retry_voice(now, out),
            Command::TalkKey { held } => self.talk_key(held, out),
            Command::SetMuted(muted) => self.set_muted(muted, now, out),
            Command::SetDeafened(deafened) => self.set_deafened(deafened, now, out),
            Command::Refresh => self.refresh(now, out),
            Command::ChangeSettings(settings) => self.change_settings(*settings, now, out),
            Command::TestMicrophone(test) => self.test_microphone(test, out),
            Command::PlayTestSound => out.push(Effect::Voice(super::input::VoiceControl::TestSound)),
            Command::DismissProblem(id) => self.problems.dismiss(id),
            Command::Quit => self.quit(now, out),
        }
    }

    fn due(&mut self, timer: Timer, now: Instant, out: &mut Effects) {
        match timer {
            Timer::SignIn => {
                self.end_sign_in(out);
                let failure =
                    Failure::new(ProblemKind::SignInTimedOut, "the browser did not come back in time");
                self.problems.raise(Place::SignIn, failure);
            }
            Timer::Push => self.open_push(out),
            Timer::PollFriends => self.poll_friends(out),
            Timer::PollLists | Timer::ReadLists => self.read_lists(now, out),
            Timer::ReadParty => self.read_party(now, out),
            Timer::Invitations => self.invitations_lapse(now),
            Timer::Announce => self.announce(out),
            Timer::VoiceDeadline => self.voice_overdue(now, out),
            Timer::VoiceRetry => self.voice_retry_due(out),
            Timer::SaveSettings => out.push(Effect::SaveSettings(Box::new(self.settings.clone()))),
            Timer::Quit => out.push(Effect::Finish),
        }
    }

    fn begin_sign_in(&mut self, way: SignInWay, now: Instant, out: &mut Effects) {
        if matches!(self.stage, Stage::SignedIn(_)) {
            return;
        }
        let attempt = self.new_attempt();
        self.problems.clear_all_but(&[Place::Settings]);
        self.stage = Stage::SigningIn { attempt, link: None };
        self.timers.set(Timer::SignIn, now + SIGN_IN_TIME);
        out.push(Effect::SignIn { attempt, way });
    }

    fn end_sign_in(&mut self, out: &mut Effects) {
        self.stage = Stage::SignedOut;
        self.timers.clear(Timer::SignIn);
        self.problems.clear(Place::SignIn);
        out.push(Effect::CancelSignIn);
    }

    fn signed_in(
        &mut self,
        attempt: Attempt,
        result: Result<crate::model::Profile, Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        if !self.is_signing_in(attempt) {
            return;
        }
        self.timers.clear(Timer::SignIn);
        self.problems.clear(Place::SignIn);
        match result {
            Ok(me) => {
                self.stage = Stage::SignedIn(Box::new(Account::new(me)));
                self.open_push(out);
                self.refresh(now, out);
            }
            Err(failure) => {
                self.stage = Stage::SignedOut;
                self.problems.raise(Place::SignIn, failure);
            }
        }
    }

    /// Back to the first screen. The party, if any, is somebody else's business by now.
    fn forget_account(&mut self, out: &mut Effects) {
        if matches!(self.stage, Stage::SignedIn(_)) {
            self.stage = Stage::SignedOut;
            self.timers.clear_account();
            self.problems.clear_all_but(&[Place::Settings]);
            self.talk.key_held = false;
            out.extend([Effect::HangUp, Effect::ForgetAccount]);
        }
    }

    /// A failure that shows at `place`, or ends the sign-in.
    fn fail(&mut self, place: Place, failure: Failure, out: &mut Effects) {
        if failure.ends_sign_in() {
            self.forget_account(out);
            self.problems.raise(Place::SignIn, failure);
        } else {
            self.problems.raise(place, failure);
        }
    }

    fn quit(&mut self, now: Instant, out: &mut Effects) {
        if self.quitting {
            return;
        }
        self.quitting = true;
        if self.timers.is_set(Timer::SaveSettings) {
            self.due(Timer::SaveSettings, now, out);
        }
        self.leave_party(out);
        match self.party() {
            Some(PartyStage::Leaving { .. } | PartyStage::Joining { .. }) => {
                self.timers.set(Timer::Quit, now + QUIT_TIME);
            }
            _ => out.push(Effect::Finish),
        }
    }

    fn is_signing_in(&self, attempt: Attempt) -> bool {
        matches!(self.stage, Stage::SigningIn { attempt: current, .. } if current == attempt)
    }

    fn new_attempt(&mut self) -> Attempt {
        self.last_attempt += 1;
        self.last_attempt
    }

    fn account(&self) -> Option<&Account> {
        match &self.stage {
            Stage::SignedIn(account) => Some(account),
            _ => None,
        }
    }

    fn account_mut(&mut self) -> Option<&mut Account> {
        match &mut self.stage {
            Stage::SignedIn(account) => Some(account),
            _ => None,
        }
    }

    fn party(&self) -> Option<&PartyStage> {
        self.account().map(|account| &account.party)
    }

    /// What the window shows.
    pub fn snapshot(&self) -> Snapshot {
        let screen = match &self.stage {
            Stage::SignedOut => Screen::SignedOut,
            Stage::SigningIn { link, .. } => Screen::SigningIn { link: link.clone() },
            Stage::SignedIn(account) => Screen::SignedIn(Box::new(SignedIn {
                me: account.me.clone(),
                friends: account.friends.clone(),
                parties: account.other_parties(),
                invitations: account.open_invitations(),
                party: account.party.published(self.talk),
                link: account.link,
            })),
        };
        Snapshot {
            service: self.service,
            screen,
            settings: self.settings.clone(),
            sound: self.sound.clone(),
            problems: self.problems.standing().to_vec(),
        }
    }
}

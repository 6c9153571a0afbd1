//! What the client knows and decides. Pure: no I/O, no clock of its own; the loop in [`super::run`] feeds it and carries out
//! its effects. Each file here owns one part of the state; this one owns the whole and the way through it.

mod account;
mod bucket;
mod capture;
mod chats;
mod entry;
mod following;
mod hosting;
mod invitations;
mod keeping;
mod line;
mod linked;
mod linking;
mod links;
mod lists;
mod members;
mod notes;
mod notifications;
mod party;
mod pause;
mod people;
mod problems;
mod reading;
mod recording;
mod session;
mod sign_in;
mod slot;
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
use capture::CaptureDesk;
use party::PartyStage;
use problems::Problems;
use recording::Recordings;
use sign_in::{Starting, UnderWay};
use timers::{Timer, Timers};

use super::{
    ClientInUse, Command, Fetched, MicrophoneTest, PartyState, Place, ProblemKind, Screen, Secrets, Service,
    SignedIn, Snapshot, Sound, TalkState,
    failure::Failure,
    input::{Attempt, CapturePurpose, Decision, Effect, Input, SchemeQuestion, SignInWay},
};
use crate::model::{DeviceKind, KnownAccount, PartyLink, SchemeStatus, Settings};

/// How long leaving and sending may take when the program ends.
const QUIT_TIME: Duration = Duration::from_millis(700);

type Effects = Vec<Effect>;

pub struct State {
    service: Service,
    settings: Settings,
    sound: Sound,
    /// Went away while in use; their successors are worth a word.
    lost_devices: Vec<DeviceKind>,
    talk: TalkState,
    recordings: Recordings,
    problems: Problems,
    timers: Timers,
    stage: Stage,
    /// From the first screen, in place, or for another account.
    sign_in: Option<UnderWay>,
    client: Option<ClientInUse>,
    accounts: Vec<KnownAccount>,
    secrets: Option<Secrets>,
    scheme: SchemeStatus,
    capture: CaptureDesk,
    /// A link that came before anybody was signed in.
    waiting_link: Option<PartyLink>,
    last_attempt: Attempt,
    /// The service does not have what removes a member.
    removal_refused: bool,
    /// Nobody looks at the window.
    away: bool,
    quitting: bool,
}

/// The way from a stranger to somebody.
enum Stage {
    Starting(Starting),
    SignedOut,
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
            recordings: Recordings::default(),
            problems: Problems::default(),
            timers: Timers::default(),
            stage: Stage::Starting(Starting::reading()),
            sign_in: None,
            client: None,
            accounts: Vec::new(),
            secrets: None,
            scheme: SchemeStatus::Unknown,
            capture: CaptureDesk::default(),
            waiting_link: None,
            last_attempt: 0,
            removal_refused: false,
            away: false,
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
            Input::Started => {
                self.tell_stun_servers(&mut out);
                self.started(now, &mut out);
            }
            Input::Opened(opened) => self.opened(opened, &mut out),
            Input::SignInLink { attempt, link, way_back } => self.sign_in_link(attempt, link, way_back),
            Input::BrowserDidNotOpen { attempt } => self.browser_did_not_open(attempt),
            Input::CodeReceived { attempt } => self.code_received(attempt),
            Input::RedirectRefused(failure) => self.problems.raise(Place::SignIn, failure),
            Input::SignedIn { attempt, result } => self.signed_in(attempt, result, now, &mut out),
            Input::StayKnown { account, ends, left } => self.stay_known(account, ends, left, now),
            Input::AccountsKept(accounts) => self.accounts_kept(accounts),
            Input::NotKept(failure) => self.not_kept(failure),
            Input::SecretsMoved(result) => self.secrets_moved(result, now, &mut out),
            Input::Scheme(result) => self.scheme(result),
            Input::CaptureProgress { attempt, progress } => self.capture_progress(attempt, progress),
            Input::CaptureRead { attempt, result } => self.capture_read(attempt, result),
            Input::ReportSaved(saved) => self.report_saved(saved),
            Input::PushOpened => self.push_opened(now, &mut out),
            Input::Push(event) => self.push_event(event, now, &mut out),
            Input::PushClosed { reach, failure } => self.push_closed(reach, failure, now, &mut out),
            Input::Entered { attempt, result } => self.entered(attempt, result, now, &mut out),
            Input::PartyRead { attempt, result } => self.party_read(attempt, result, now, &mut out),
            Input::Left { attempt, result } => self.left(attempt, result, now, &mut out),
            Input::InvitationSent { accounts, result } => self.invitation_sent(&accounts, result, &mut out),
            Input::Seated { connection, result } => self.seated(connection, result, now, &mut out),
            Input::Links(input) => self.links(input, now, &mut out),
            Input::Announced(result) => self.announced(result, now, &mut out),
            Input::Voice(event) => self.voice_event(event, now, &mut out),
            Input::SettingsSaved(result) => match result {
                Ok(()) => self.problems.clear_kind(&ProblemKind::SettingsNotSaved),
                Err(failure) => self.problems.raise(Place::Settings, failure),
            },
            Input::NotesRead { account, notes } => self.notes_read(account, *notes, now, &mut out),
            Input::NotesSaved(result) => self.notes_saved(result),
            Input::PauseBegan { account, until } => self.pause_began(account, until, now),
            Input::Parties(input) => self.parties(input, now, &mut out),
            Input::People(input) => self.people(input, now, &mut out),
            Input::Chats(input) => self.chats(input, now, &mut out),
        }
        self.settle(now, &mut out);
        out
    }

    /// What follows from everything else.
    fn settle(&mut self, now: Instant, out: &mut Effects) {
        self.honour_pause(out);
        self.settle_line(now);
        self.follow_members(now, out);
        self.set_links_timer();
        self.set_list_timers();
        self.set_invitation_timers();
        self.set_party_timer();
        self.set_preview_timer();
        self.settle_recording(out);
        self.finish_when_done(out);
    }

    fn command(&mut self, command: Command, now: Instant, out: &mut Effects) {
        match command {
            Command::SignIn | Command::AddAccount => self.begin_sign_in(SignInWay::Browser, now, out),
            Command::SignInAs(name) => self.begin_sign_in(SignInWay::SandboxAccount(name), now, out),
            Command::SignInWithNpsso(npsso) => self.sign_in_with_npsso(npsso, now, out),
            Command::PasteRedirect(pasted) => self.paste_redirect(pasted, out),
            Command::CancelSignIn => self.give_sign_in_up(out),
            Command::SwitchAccount(slot) => self.switch_account(slot, out),
            Command::SignOut => self.sign_out(out),
            Command::ForgetAccount(slot) => self.forget_account(slot, out),
            Command::RetryStart => self.retry_start(out),
            Command::UseClient(client) => self.use_client(client, out),
            Command::ForgetClient => self.forget_client(out),
            Command::KeepSecretsIn(storage) => self.keep_secrets_in(storage, out),
            Command::RegisterScheme => Self::ask_scheme(SchemeQuestion::Register, out),
            Command::UnregisterScheme => Self::ask_scheme(SchemeQuestion::Unregister, out),
            Command::CheckCapture(file) => self.read_capture(file, CapturePurpose::Check, out),
            Command::FindClient(file) => self.read_capture(file, CapturePurpose::FindClient, out),
            Command::UseFoundClient => self.use_found_client(out),
            Command::SaveReport(file) => self.save_report(file, out),
            Command::CloseCapture => self.close_capture(out),
            Command::StartParty { name, privacy, limit, invite } => {
                self.start_party(name, privacy, limit, invite, out);
            }
            Command::JoinParty(session) => self.join_party(session, out),
            Command::JoinByLink(link) => self.join_by_link(link, now, out),
            Command::PreviewLink(link) => self.preview_link(link, now, out),
            Command::ClosePreview => self.close_preview(),
            Command::DismissInvitation(session) => self.hide_invitation(session, now, out),
            Command::LeaveParty => self.leave_party(out),
            Command::Invite(accounts) => self.invite(&accounts, now, out),
            Command::RenameParty(name) => self.rename_party(name, out),
            Command::SetPrivacy(privacy) => self.set_privacy(privacy, out),
            Command::SetLimit(limit) => self.set_limit(limit, out),
            Command::RemoveMember(account) => self.remove_member(account, out),
            Command::ShareParty => self.share_party(out),
            Command::ReadPastParties => self.read_past_parties(out),
            Command::RetryVoice => self.retry_voice(now, out),
            Command::RetryMember(account) => self.retry_member(account, now),
            Command::SetHearing { account, hearing } => self.set_hearing(account, hearing, now, out),
            Command::Record(on) => self.record(on, out),
            Command::TalkKey { held } => self.talk_key(held, out),
            Command::SetMuted(muted) => self.set_muted(muted, now, out),
            Command::SetDeafened(deafened) => self.set_deafened(deafened, now, out),
            Command::Refresh => {
                self.refresh(now, out);
                self.read_chats(now, out);
                self.refresh_notifications(now, out);
            }
            Command::ChangeSettings(settings) => self.change_settings(*settings, now, out),
            Command::TestMicrophone(test) => self.test_microphone(test, out),
            Command::PlayTestSound => out.push(Effect::Voice(super::input::VoiceControl::TestSound)),
            Command::DismissProblem(id) => self.problems.dismiss(id),
            Command::Quit => self.quit(now, out),
            Command::OpenCard(account) => self.open_card(account, now, out),
            Command::CloseCard => self.close_card(now, out),
            Command::SetFavorite { account, favorite } => self.set_favorite(account, favorite, now),
            Command::AskFriend(name) => self.ask_friend(name, now, out),
            Command::AskFriendById(account) => self.decide(account, Decision::Ask, None, now, out),
            Command::AcceptRequest(account) => self.decide(account, Decision::Accept, None, now, out),
            Command::DeclineRequest(account) => self.decide(account, Decision::Decline, None, now, out),
            Command::RemoveFriend(account) => self.decide(account, Decision::Unfriend, None, now, out),
            Command::Block(account) => self.decide(account, Decision::Block, None, now, out),
            Command::Unblock(account) => self.decide(account, Decision::Unblock, None, now, out),
            Command::ReadBlocked => self.read_blocked(now, out),
            Command::ShareRealName(account) => self.share_real_name(account, now, out),
            Command::AppearOffline(offline) => self.appear_offline(offline, now, out),
            Command::OpenChat(group) => self.open_chat(group, now, out),
            Command::OpenChatWith(people) => self.open_chat_with(people, now, out),
            Command::CloseChat => self.close_chat(now, out),
            Command::Look(looked_at) => self.look(looked_at, now, out),
            Command::ReadOlder => self.read_older(now, out),
            Command::SendMessage(text) => self.send_message(&text, now, out),
            Command::RetryMessage(id) => self.retry_message(id, now, out),
            Command::DiscardMessage(id) => self.discard_message(id, now, out),
            Command::Writing => self.writing(now, out),
            Command::React { message, reaction } => self.react(message, reaction, out),
            Command::MarkNotificationsRead(wanted) => self.mark_notifications_read(wanted, out),
        }
    }

    fn due(&mut self, timer: Timer, now: Instant, out: &mut Effects) {
        match timer {
            Timer::Opening => self.opening_is_slow(),
            Timer::Resume => self.retry_start(out),
            Timer::SignIn => self.sign_in_timed_out(out),
            Timer::StayEndsSoon => self.stay_ends_soon(),
            Timer::Push => self.open_push(out),
            Timer::ReadPeople => self.read_people_due(now, out),
            Timer::ReadVisible => self.read_visible(now, out),
            Timer::ReadInvitations => self.read_invitations(now, out),
            Timer::ReadOpen => self.read_open(now, out),
            Timer::CheckInvitation => self.check_invitation(now, out),
            Timer::PollPreview => self.poll_preview(now, out),
            Timer::ReadParty => self.read_party(now, out),
            Timer::Invitations => self.invitations_lapse(now),
            Timer::Announce => self.announce(out),
            Timer::Links => self.links_due(now, out),
            Timer::VoiceDeadline => self.voice_overdue(now, out),
            Timer::Chats => self.chats_due(now, out),
            Timer::Notifications => self.notifications_due(now, out),
            Timer::VoiceRetry => self.voice_retry_due(out),
            Timer::SaveSettings => out.push(Effect::SaveSettings(Box::new(self.settings.clone()))),
            Timer::SaveNotes => self.save_notes(out),
            Timer::Quit => out.push(Effect::Finish),
        }
    }

    /// A failure that shows at `place`, or ends the sign-in.
    fn fail(&mut self, place: Place, failure: Failure) {
        if failure.ends_sign_in() {
            self.stay_over(&failure);
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
        self.save_waiting_notes(out);
        self.leave_party(out);
        self.timers.set(Timer::Quit, now + QUIT_TIME);
    }

    /// As soon as nothing is on its way that the end of the program waits for.
    fn finish_when_done(&mut self, out: &mut Effects) {
        let in_between = |party| matches!(party, &PartyStage::Leaving { .. } | &PartyStage::Joining { .. });
        let is_busy = self.party().is_some_and(in_between)
            || self.account().is_some_and(|account| account.chats.is_sending());
        if !is_busy && self.timers.is_set(Timer::Quit) {
            self.timers.clear(Timer::Quit);
            self.save_waiting_notes(out);
            out.push(Effect::Finish);
        }
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
            Stage::Starting(starting) => Screen::Starting { account: starting.account() },
            Stage::SignedOut => self.sign_in_shown().map_or(Screen::SignedOut, Screen::SigningIn),
            Stage::SignedIn(account) => Screen::SignedIn(Box::new(SignedIn {
                me: account.me.clone(),
                stay: account.stay.published(),
                sign_in: self.sign_in_shown(),
                friends: account.people.friends(),
                people: account.people.published(),
                parties: account.other_parties(),
                open_parties: account.open_parties(),
                past_parties: account.past.parties.clone(),
                invitations: Arc::new(account.open_invitations()),
                linked: account.linked.as_ref().map(|preview| preview.shown.clone()),
                elsewhere: account.elsewhere(),
                party: account.party.published(
                    self.talk,
                    !self.removal_refused,
                    || self.members_voice(),
                    |session| self.party_chat(session),
                ),
                chats: account.chats.published(),
                notifications: account.notifications.published(),
                link: account.line.state(),
                link_since: account.line.since(),
            })),
        };
        Snapshot {
            service: self.service,
            screen,
            client: self.client.clone(),
            accounts: self.accounts.clone(),
            secrets: self.secrets,
            scheme: self.scheme,
            capture: self.capture.shown.clone(),
            settings: self.settings.clone(),
            sound: self.sound.clone(),
            problems: self.shown_problems(),
        }
    }
}

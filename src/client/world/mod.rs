//! What the effects act upon, and how each is carried out: as a tracked task that ends with the run, the account or the party.
//! Each file here carries out one part's; this one the rest.

mod accounts;
mod captures;
mod chats;
mod links;
mod parties;
mod people;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::sync::{OnceCell, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Notice, ProblemKind,
    failure::Failure,
    input::{Attempt, Effect, Input, SchemeQuestion, VoiceControl},
    keeper::{Keeper, KeptAsUsed, OpenedVault},
    pictures::Pictures,
    signing_in::Service,
    tasks,
    way_back::WayBack,
};
use crate::{
    model::{AccountSlot, CallBudget, ClientSource, OAuthClient, Profile, Settings},
    psn::{PresenceCache, Psn},
    store::{self, Paths},
    voice::Voice,
};

/// After the state said it is done, tasks get this long to end.
const FINISH_TIME: Duration = Duration::from_millis(300);
/// A token refresh gets longer: the service may already have acted on it. One that takes longer still loses nothing but its
/// answer: the refresh token before it stays good until the new one is used.
const REFRESH_FINISH_TIME: Duration = Duration::from_millis(400);
/// For the keyring to take the last token in, or to give one up.
const KEEP_FINISH_TIME: Duration = Duration::from_millis(600);

/// Something that came and carries what [`super::state::State`] must not hold.
pub enum Arrival {
    SignedIn { attempt: Attempt, signed_in: SignedInAs },
    Opened(OpenedVault),
}

/// Who signed in, and what keeps the tokens if something does already.
pub struct SignedInAs {
    psn: Arc<Psn>,
    me: Profile,
    kept_as_used: Option<KeptAsUsed>,
}

/// The account that is signed in by what was kept, made once for all tries.
type Resumed = Arc<OnceCell<(Arc<Psn>, KeptAsUsed)>>;

/// Everything the effects act upon.
pub struct World {
    pub service: Service,
    /// Given from outside, or kept.
    pub client: Option<(OAuthClient, ClientSource)>,
    pub keeper: Keeper,
    /// Locked for as long as this runs.
    pub _profile: Option<std::fs::File>,
    pub way_back: Arc<WayBack>,
    pub paths: Option<Paths>,
    pub fixed_microphone: bool,
    pub fixed_speakers: bool,
    pub fixed_stun_servers: bool,
    pub voice: Arc<Voice>,
    pub inputs: mpsc::Sender<Input>,
    pub arrivals: mpsc::Sender<Arrival>,
    pub notices: mpsc::Sender<Notice>,
    pub tasks: TaskTracker,
    /// Cancelled when the run ends.
    pub running: CancellationToken,
    pub reading_capture: CancellationToken,
    pub signing_in: CancellationToken,
    /// The sign-in that counts.
    pub wanted: Option<Attempt>,
    /// Signed in, and not yet the account in use.
    pub arrived: Option<(Attempt, SignedInAs)>,
    pub resuming: Option<(AccountSlot, Resumed)>,
    pub account: Option<SignedInAccount>,
    pub pictures: Pictures,
    pub in_use: InUse,
}

/// The account in use, for whoever counts its calls from another thread.
#[derive(Clone, Default)]
pub struct InUse(Arc<Mutex<Weak<Psn>>>);

impl InUse {
    pub fn budget(&self) -> Option<CallBudget> {
        let psn = self.0.lock().unwrap_or_else(PoisonError::into_inner).upgrade()?;
        Some(psn.budget())
    }

    fn set(&self, psn: Option<&Arc<Psn>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = psn.map(Arc::downgrade).unwrap_or_default();
    }
}

/// Everything below is cancelled with the account, and voice steps with the party.
pub struct SignedInAccount {
    psn: Arc<Psn>,
    me: Profile,
    kept_as_used: KeptAsUsed,
    presences: Arc<PresenceCache>,
    signed_in: CancellationToken,
    connecting: CancellationToken,
    /// To members, by number: each ends what is done for it.
    links: HashMap<u64, CancellationToken>,
}

impl World {
    /// Returns what is to be told.
    pub fn carry_out(&mut self, effect: Effect) -> Option<Notice> {
        match effect {
            Effect::OpenKept => {
                self.keeper.open();
                self.ask_scheme(SchemeQuestion::Status);
            }
            Effect::SignIn { attempt, way } => self.sign_in(attempt, way),
            Effect::Resume { attempt, slot } => self.resume(attempt, slot),
            Effect::BringRedirect(pasted) => self.bring_redirect(&pasted),
            Effect::CancelSignIn => {
                self.signing_in.cancel();
                self.wanted = None;
            }
            Effect::TakeAccount { attempt } => self.take_account(attempt),
            Effect::DropAccount => {
                if let Some(account) = self.account.take() {
                    self.in_use.set(None);
                    account.kept_as_used.retire();
                    self.pictures.pause();
                    account.signed_in.cancel();
                }
            }
            Effect::ForgetAccountInUse => {
                if let Some(account) = &self.account {
                    account.kept_as_used.forget();
                }
            }
            Effect::ForgetKept(slot) => self.keeper.forget(slot),
            Effect::UseClient(client) => {
                self.keeper.keep_client(client.clone());
                self.client = Some((client, ClientSource::Kept));
            }
            Effect::ForgetClient => {
                self.keeper.forget_client();
                self.client = None;
            }
            Effect::MoveSecrets(storage) => self.move_secrets(storage),
            Effect::AskScheme(question) => self.ask_scheme(question),
            Effect::ReadCapture { attempt, file, purpose } => self.read_capture(attempt, file, purpose),
            Effect::CancelCapture => self.reading_capture.cancel(),
            Effect::SaveReport { report, file } => self.save_report(report, file),
            Effect::OpenPush { again } => {
                let inputs = self.inputs.clone();
                self.in_account(async move |psn| tasks::hold_push(psn, again, inputs).await);
            }
            Effect::EnterParty { attempt, entry } => self.enter_party(attempt, entry),
            Effect::ReadParty { attempt, session } => self.ask(async move |psn| Input::PartyRead {
                attempt,
                result: psn.party(&session).await.map_err(Failure::of_party),
            }),
            Effect::LeaveParty { attempt, session, seat } => self.leave_party(attempt, session, seat),
            Effect::Invite { session, accounts } => self.ask(async move |psn| Input::InvitationSent {
                result: psn.invite(&session, &accounts).await.map_err(Failure::of_party),
                accounts,
            }),
            Effect::HonourPause(until) => {
                if let Some(account) = &self.account {
                    account.psn.pause_until(until);
                }
            }
            Effect::Parties(effect) => self.about_parties(effect),
            Effect::People(effect) => self.about_people(effect),
            Effect::Chats(effect) => self.about_chats(effect),
            Effect::AnnounceVoice { session, connected_to, muted } => self.ask(async move |psn| {
                Input::Announced(
                    psn.announce_voice(&session, &connected_to, muted).await.map_err(Failure::from),
                )
            }),
            Effect::ConnectVoice { connection, session, previous } => {
                self.connect_voice(connection, session, previous);
            }
            Effect::Links(effect) => self.about_links(effect),
            Effect::HangUp => {
                self.end_links();
                if let Some(account) = &self.account {
                    account.connecting.cancel();
                }
                // Taken out at once: what is connected next must not fall to it.
                self.tasks.spawn(self.voice.hang_up());
            }
            Effect::GiveSeatBack(seat) => self.give_seat_back(seat),
            Effect::Voice(control) => self.control_voice(control),
            Effect::SaveNotes { notes, besides_earlier } => {
                if let Some(account) = &self.account {
                    account.kept_as_used.keep_notes(notes, besides_earlier);
                }
            }
            Effect::SaveSettings(settings) => self.save_settings(*settings),
            Effect::Notify(notice) => return Some(notice),
            // The loop ends before it asks.
            Effect::Finish => {}
        }
        None
    }

    /// After all effects of an input.
    pub fn settle(&self) {
        self.pictures.stop_if_paused();
    }

    fn control_voice(&self, control: VoiceControl) {
        match control {
            VoiceControl::Talk(talk) => self.voice.set_talk(talk),
            VoiceControl::Members(members) => self.voice.set_members(members),
            VoiceControl::Microphone(_) if self.fixed_microphone => {}
            VoiceControl::Microphone(microphone) => self.voice.set_microphone(microphone),
            VoiceControl::Speakers(_) if self.fixed_speakers => {}
            VoiceControl::Speakers(speakers) => self.voice.set_speakers(speakers),
            VoiceControl::MicrophoneTest(test) => self.voice.set_microphone_test(test),
            VoiceControl::TestSound => self.voice.play_test_sound(),
            VoiceControl::Processing(processing) => self.voice.set_processing(processing),
            VoiceControl::LevelVoices(on) => self.voice.set_level_voices(on),
            VoiceControl::Hearing(hearing) => self.voice.set_hearing(hearing),
            VoiceControl::StunServers(_) if self.fixed_stun_servers => {}
            VoiceControl::StunServers(servers) => self.voice.set_stun_servers(servers),
            VoiceControl::FrameTime(millis) => self.voice.set_frame_time(millis),
            VoiceControl::PartyOutput(_) if self.fixed_speakers => {}
            VoiceControl::PartyOutput(device) => self.voice.set_party_output(device),
            VoiceControl::Record(recorder) => self.voice.record(recorder),
        }
    }

    fn save_settings(&self, settings: Settings) {
        let Some(paths) = self.paths.clone() else { return };
        let inputs = self.inputs.clone();
        self.tasks.spawn_blocking(move || {
            let saved = store::save_settings(&paths, &settings)
                .map_err(|error| Failure::new(ProblemKind::SettingsNotSaved, error.kind().to_string()));
            let _ = inputs.try_send(Input::SettingsSaved(saved));
        });
    }

    /// A task that ends with the account and brings one input.
    fn ask<F, T>(&self, task: T)
    where
        T: FnOnce(Arc<Psn>) -> F,
        F: Future<Output = Input> + Send + 'static,
    {
        let inputs = self.inputs.clone();
        let Some(account) = &self.account else { return };
        let psn = Arc::clone(&account.psn);
        let work = task(Arc::clone(&psn));
        let cancelled = account.signed_in.clone();
        self.tasks.spawn(async move {
            if let Some(input) = cancelled.run_until_cancelled(work).await {
                if let Some(until) = psn.pause() {
                    let _ = inputs.send(Input::PauseBegan { account: psn.account(), until }).await;
                }
                let _ = inputs.send(input).await;
            }
        });
    }

    fn in_account<F, T>(&self, task: T)
    where
        T: FnOnce(Arc<Psn>) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        let Some(account) = &self.account else { return };
        let work = task(Arc::clone(&account.psn));
        let cancelled = account.signed_in.clone();
        self.tasks.spawn(async move { cancelled.run_until_cancelled(work).await });
    }

    /// Ends what still runs; what hangs is left behind after [`FINISH_TIME`].
    pub async fn finish(self) {
        self.running.cancel();
        self.signing_in.cancel();
        if let Some(account) = &self.account {
            account.signed_in.cancel();
        }
        self.tasks.close();
        self.service.refreshes.close();
        let tasks = tokio::time::timeout(FINISH_TIME, self.tasks.wait());
        let refreshes = tokio::time::timeout(REFRESH_FINISH_TIME, self.service.refreshes.wait());
        if let (Err(_), _) | (_, Err(_)) = tokio::join!(tasks, refreshes) {
            tracing::warn!("something did not end in time");
        }
        self.keeper.settle(KEEP_FINISH_TIME).await;
    }
}

//! What the effects act upon, and how each is carried out: as a tracked task that ends with the run, the account or the party.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{OnceCell, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    CaptureTrouble, ClientInUse, Notice, ProblemKind, ReportFile, capture,
    failure::{Failure, chain},
    input::{
        Arrived, Attempt, CaptureFindings, CapturePurpose, Effect, Entry, Input, Opened, SchemeQuestion,
        Seat, SignInWay, VoiceControl,
    },
    keeper::{Keeper, KeptAsUsed, OpenedVault},
    signing_in::{Service, SignIn, first_call},
    tasks::{self, Held},
    way_back::WayBack,
};
use crate::{
    desktop::{self, Instance, SchemeHandler},
    model::{
        AccountId, AccountSlot, ClientSource, Clock, OAuthClient, Profile, Progress, Report, SchemeStatus,
        Secret, SecretStorage, SessionId, Settings,
    },
    psn::{self, Endpoints, Kept, Psn},
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
/// As often as an eye follows.
const PROGRESS_EVERY: Duration = Duration::from_millis(50);

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
}

/// Everything below is cancelled with the account, and voice steps with the party.
pub struct SignedInAccount {
    psn: Arc<Psn>,
    me: Profile,
    kept_as_used: KeptAsUsed,
    signed_in: CancellationToken,
    connecting: CancellationToken,
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
                    account.kept_as_used.retire();
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
            Effect::ReadFriends { attempt, known } => self.ask(async move |psn| Input::Friends {
                attempt,
                result: tasks::read_friends(&psn, known).await,
            }),
            Effect::ReadLists { attempt, invited } => self.ask(async move |psn| Input::Lists {
                attempt,
                result: tasks::read_lists(&psn, invited).await,
            }),
            Effect::EnterParty { attempt, entry } => self.enter_party(attempt, entry),
            Effect::ReadParty { attempt, session } => self.ask(async move |psn| Input::PartyRead {
                attempt,
                result: psn.party(&session).await.map_err(Failure::of_party),
            }),
            Effect::LeaveParty { attempt, session, seat } => self.leave_party(attempt, session, seat),
            Effect::Invite { session, account } => self.ask(async move |psn| Input::InvitationSent {
                account,
                result: psn.invite(&session, account).await.map_err(Failure::of_party),
            }),
            Effect::ChangeParty { session, change } => self.ask(async move |psn| {
                Input::PartyChanged(psn.change_party(&session, &change).await.map_err(Failure::of_party))
            }),
            Effect::AnnounceVoice { session, connected_to, muted } => self.ask(async move |psn| {
                Input::Announced(
                    psn.announce_voice(&session, &connected_to, muted).await.map_err(Failure::from),
                )
            }),
            Effect::ConnectVoice { connection, session, previous } => {
                self.connect_voice(connection, session, previous);
            }
            Effect::HangUp => {
                if let Some(account) = &self.account {
                    account.connecting.cancel();
                }
                let voice = Arc::clone(&self.voice);
                self.tasks.spawn(async move { voice.hang_up().await });
            }
            Effect::GiveSeatBack(seat) => self.give_seat_back(seat),
            Effect::Voice(control) => self.control_voice(control),
            Effect::SaveSettings(settings) => self.save_settings(*settings),
            Effect::Notify(notice) => return Some(notice),
            // The loop ends before it asks.
            Effect::Finish => {}
        }
        None
    }

    /// `None`: it was given up meanwhile, and must not take the place of another.
    pub fn welcome(&mut self, arrival: Arrival) -> Option<Input> {
        match arrival {
            Arrival::SignedIn { attempt, signed_in } => {
                if self.wanted != Some(attempt) {
                    return None;
                }
                self.wanted = None;
                self.resuming = None;
                let current = self.account.as_ref().map(|account| &account.psn);
                let again = current.is_some_and(|current| Arc::ptr_eq(current, &signed_in.psn));
                let me = signed_in.me.clone();
                self.arrived = (!again).then_some((attempt, signed_in));
                Some(Input::SignedIn { attempt, result: Ok(Arrived { me, again }) })
            }
            Arrival::Opened(OpenedVault { secrets, client, accounts, last }) => {
                let kept = client.map(|client| (client, ClientSource::Kept));
                self.client = self.client.take().or(kept);
                let client = self.client.as_ref().map(|(client, source)| ClientInUse::new(client, *source));
                Some(Input::Opened(Opened { secrets, client, accounts, last }))
            }
        }
    }

    /// A second start of the program brings the browser's answer here. Without this, pasting still works.
    pub fn listen_for_other_starts(&self, folder: PathBuf) {
        let (way_back, running) = (Arc::clone(&self.way_back), self.running.clone());
        let listening = async move {
            match Instance::listen(&folder).await {
                Ok(instance) => {
                    let take = |address: Secret| std::future::ready(way_back.bring_address(address.expose()));
                    instance.serve(take).await;
                }
                Err(error) => tracing::warn!(error = chain(&error), "other starts will not find this one"),
            }
        };
        self.tasks.spawn(async move { running.run_until_cancelled(listening).await });
    }

    fn sign_in(&mut self, attempt: Attempt, way: SignInWay) {
        let cancelled = self.begin_attempt(attempt);
        let Some((client, _)) = self.client.clone() else { return self.no_client(attempt) };
        let paths = self.paths.clone();
        let (service, way_back, inputs) =
            (self.service.clone(), Arc::clone(&self.way_back), self.inputs.clone());
        let current = self.account.as_ref().map(|account| (Arc::clone(&account.psn), account.me.clone()));
        self.attempt(attempt, cancelled, async move {
            let duid = tokio::task::spawn_blocking(move || installation(paths.as_ref())).await;
            let duid = duid.unwrap_or_else(|_| store::new_installation_id());
            SignIn { attempt, way, service, client, duid, way_back, current, inputs }
                .run()
                .await
                .map(|(psn, me)| SignedInAs { psn, me, kept_as_used: None })
        });
    }

    /// Every try of an account is one of the same tokens, which know how long to pause between them.
    fn resume(&mut self, attempt: Attempt, slot: AccountSlot) {
        let cancelled = self.begin_attempt(attempt);
        let Some((client, _)) = self.client.clone() else { return self.no_client(attempt) };
        let resumed = match &self.resuming {
            Some((known, resumed)) if *known == slot => Arc::clone(resumed),
            _ => Arc::default(),
        };
        self.resuming = Some((slot.clone(), Arc::clone(&resumed)));
        let (service, keeper) = (self.service.clone(), self.keeper.clone());
        let (inputs, clock) = (self.inputs.clone(), self.service.clock.clone());
        self.attempt(attempt, cancelled, async move {
            let prepare = async move || {
                let not_kept = || Failure::new(ProblemKind::AccountNotKept, "the vault has no such account");
                let kept = keeper.read(slot).await.ok_or_else(not_kept)?;
                let (account, online_id) = (kept.account, kept.online_id);
                let kept_as_used = KeptAsUsed::new(keeper, Profile { account, online_id });
                let keep = keep(kept_as_used.clone(), account, inputs, clock);
                let kept = Kept { refresh: kept.refresh, ends: kept.ends };
                Ok::<_, Failure>((service.prepare_resume(client, account, kept, Some(keep)), kept_as_used))
            };
            let (psn, kept_as_used) = resumed.get_or_try_init(prepare).await?.clone();
            let me = first_call(&psn).await?;
            Ok(SignedInAs { psn, me, kept_as_used: Some(kept_as_used) })
        });
    }

    /// The one before ends.
    fn begin_attempt(&mut self, attempt: Attempt) -> CancellationToken {
        self.signing_in.cancel();
        self.signing_in = CancellationToken::new();
        self.wanted = Some(attempt);
        self.signing_in.clone()
    }

    fn no_client(&self, attempt: Attempt) {
        let failure = Failure::new(ProblemKind::NoClientSecret, "no OAuth client was given");
        let _ = self.inputs.try_send(Input::SignedIn { attempt, result: Err(failure) });
    }

    fn attempt(
        &self,
        attempt: Attempt,
        cancelled: CancellationToken,
        work: impl Future<Output = Result<SignedInAs, Failure>> + Send + 'static,
    ) {
        let (inputs, arrivals) = (self.inputs.clone(), self.arrivals.clone());
        self.tasks.spawn(async move {
            match cancelled.run_until_cancelled(work).await {
                Some(Ok(signed_in)) => drop(arrivals.send(Arrival::SignedIn { attempt, signed_in }).await),
                Some(Err(failure)) => {
                    let _ = inputs.send(Input::SignedIn { attempt, result: Err(failure) }).await;
                }
                None => {}
            }
        });
    }

    fn bring_redirect(&self, pasted: &Secret) {
        if let Err(error) = self.way_back.bring_pasted(pasted.expose()) {
            let _ = self.inputs.try_send(Input::RedirectRefused(error.into()));
        }
    }

    fn take_account(&mut self, attempt: Attempt) {
        let Some((_, arrived)) = self.arrived.take().filter(|(arrived, _)| *arrived == attempt) else {
            return;
        };
        let SignedInAs { psn, me, kept_as_used } = arrived;
        let kept_as_used = kept_as_used.unwrap_or_else(|| KeptAsUsed::new(self.keeper.clone(), me.clone()));
        kept_as_used.take(me.clone());
        let (inputs, clock) = (self.inputs.clone(), self.service.clock.clone());
        // Tells at once: whatever was kept on the way here is said again, now of the account in use.
        psn.tokens().keep_with(keep(kept_as_used.clone(), me.account, inputs, clock));
        let signed_in = CancellationToken::new();
        let connecting = signed_in.child_token();
        self.account = Some(SignedInAccount { psn, me, kept_as_used, signed_in, connecting });
    }

    /// What could not be kept in the old place is given to the new one again.
    fn move_secrets(&self, storage: SecretStorage) {
        self.keeper.move_to(storage);
        if let Some((client, ClientSource::Kept)) = &self.client {
            self.keeper.keep_client(client.clone());
        }
        let Some(account) = &self.account else { return };
        if let Some(kept) = account.psn.tokens().kept() {
            account.kept_as_used.keep(kept);
        }
    }

    fn ask_scheme(&self, question: SchemeQuestion) {
        let inputs = self.inputs.clone();
        self.tasks.spawn_blocking(move || {
            let answered = answer_scheme(question)
                .map_err(|error| Failure::new(ProblemKind::SchemeNotChanged, chain(&error)));
            let _ = inputs.blocking_send(Input::Scheme(answered));
        });
    }

    /// Seen through even if the account goes meanwhile: the service may have let us in already.
    fn enter_party(&self, attempt: Attempt, entry: Entry) {
        let Some(account) = &self.account else { return };
        let (psn, signed_in) = (Arc::clone(&account.psn), account.signed_in.clone());
        let inputs = self.inputs.clone();
        self.tasks.spawn(async move {
            let result = tasks::enter_party(&psn, entry).await;
            match result {
                Ok(party) if signed_in.is_cancelled() => {
                    let _ = tasks::leave_party(&psn, &party.id, None).await;
                }
                result => drop(inputs.send(Input::Entered { attempt, result }).await),
            }
        });
    }

    /// Seen through as well; it is bounded by itself.
    fn leave_party(&self, attempt: Attempt, session: SessionId, seat: Option<Seat>) {
        let Some(account) = &self.account else { return };
        let (psn, inputs) = (Arc::clone(&account.psn), self.inputs.clone());
        self.tasks.spawn(async move {
            let result = tasks::leave_party(&psn, &session, seat).await;
            let _ = inputs.send(Input::Left { attempt, result }).await;
        });
    }

    fn connect_voice(&mut self, connection: u64, session: SessionId, previous: Option<Seat>) {
        let Some(account) = &mut self.account else { return };
        account.connecting.cancel();
        account.connecting = account.signed_in.child_token();
        let (psn, voice) = (Arc::clone(&account.psn), Arc::clone(&self.voice));
        let (cancelled, inputs) = (account.connecting.clone(), self.inputs.clone());
        self.tasks.spawn(async move {
            let held = Held::new(previous);
            let connecting = tasks::connect_voice(&psn, &voice, connection, &session, &held);
            match cancelled.run_until_cancelled(connecting).await {
                Some(result) => drop(inputs.send(Input::Seated { connection, result }).await),
                // Overtaken: what was taken on the way is given back.
                None => tasks::give_seat_back(&psn, held.take()).await,
            }
        });
    }

    fn give_seat_back(&self, seat: Seat) {
        let Some(account) = &self.account else { return };
        let psn = Arc::clone(&account.psn);
        self.tasks.spawn(async move { tasks::give_seat_back(&psn, Some(seat)).await });
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

    fn read_capture(&mut self, attempt: Attempt, file: PathBuf, purpose: CapturePurpose) {
        self.reading_capture.cancel();
        self.reading_capture = self.running.child_token();
        let (endpoints, cancelled) = (Arc::clone(&self.service.endpoints), self.reading_capture.clone());
        let inputs = self.inputs.clone();
        self.tasks.spawn_blocking(move || {
            let mut told = None;
            let mut tell = |progress| {
                if told.is_none_or(|told: Instant| told.elapsed() >= PROGRESS_EVERY) {
                    told = Some(Instant::now());
                    let _ = inputs.try_send(Input::CaptureProgress { attempt, progress });
                }
            };
            let stop = || cancelled.is_cancelled();
            let read = match purpose {
                CapturePurpose::Check => {
                    let of = |endpoints: &Endpoints, tell: &mut dyn FnMut(Progress)| {
                        capture::check(&file, endpoints, tell, &stop)
                    };
                    let report = match of(&endpoints, &mut tell) {
                        // Somebody in a sandbox may well have a capture of the live service at hand.
                        Ok(report) if report.endpoints.is_empty() && endpoints.is_sandbox() => {
                            of(&Endpoints::live(), &mut tell)
                        }
                        other => other,
                    };
                    report.map(CaptureFindings::Report)
                }
                CapturePurpose::FindClient => {
                    capture::find_client(&file, &endpoints, &mut tell, &stop).map(CaptureFindings::Client)
                }
            };
            let result = read.map_err(|error| {
                tracing::info!(error = chain(&error), "a capture was not read");
                CaptureTrouble::from(&error)
            });
            let _ = inputs.blocking_send(Input::CaptureRead { attempt, result });
        });
    }

    fn save_report(&self, report: Arc<Report>, file: PathBuf) {
        let inputs = self.inputs.clone();
        self.tasks.spawn_blocking(move || {
            let saved = match capture::save_report(&file, &report.to_string()) {
                Ok(()) => ReportFile::Saved(file),
                Err(error) => {
                    tracing::info!(error = chain(&error), "a report was not saved");
                    ReportFile::CannotSave
                }
            };
            let _ = inputs.blocking_send(Input::ReportSaved(saved));
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
        let work = task(Arc::clone(&account.psn));
        let cancelled = account.signed_in.clone();
        self.tasks.spawn(async move {
            if let Some(input) = cancelled.run_until_cancelled(work).await {
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

/// Keeps an account's tokens, and tells how long they last.
fn keep(
    kept_as_used: KeptAsUsed,
    account: AccountId,
    inputs: mpsc::Sender<Input>,
    clock: Clock,
) -> psn::Keeper {
    Box::new(move |kept| {
        if let Some(ends) = kept.ends {
            let left = ends.duration_since(clock.wall()).unwrap_or_default();
            let _ = inputs.try_send(Input::StayKnown { account, ends, left });
        }
        kept_as_used.keep(kept);
    })
}

/// Blocking.
fn answer_scheme(question: SchemeQuestion) -> Result<SchemeStatus, desktop::SchemeError> {
    let handler = SchemeHandler::of_this_program()?;
    match question {
        SchemeQuestion::Status => {}
        SchemeQuestion::Register => handler.register()?,
        SchemeQuestion::Unregister => handler.unregister()?,
    }
    Ok(handler.status())
}

/// Blocking.
fn installation(paths: Option<&Paths>) -> String {
    let kept = paths.map(store::installation_id);
    match kept {
        Some(Ok(id)) => id,
        Some(Err(error)) => {
            tracing::warn!(%error, "this installation's name could not be kept");
            store::new_installation_id()
        }
        None => store::new_installation_id(),
    }
}

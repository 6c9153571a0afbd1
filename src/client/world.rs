//! What the effects act upon, and how each is carried out: as a tracked task that ends with the run, the account or the party.

use std::{sync::Arc, time::Duration};

use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Notice, ProblemKind,
    failure::Failure,
    input::{Attempt, Effect, Entry, Input, Seat, SignInWay, VoiceControl},
    tasks::{self, Held},
};
use crate::{
    model::{Profile, SessionId, Settings},
    psn::{Endpoints, OAuthClient, Psn},
    store::{self, Paths},
    voice::Voice,
};

/// After the state said it is done, tasks get this long to end.
pub const FINISH_TIME: Duration = Duration::from_millis(300);

/// A sign-in that worked. It carries what [`State`] must not hold.
pub struct Arrival {
    attempt: Attempt,
    psn: Arc<Psn>,
    me: Profile,
}

/// Everything the effects act upon.
pub struct World {
    pub endpoints: Arc<Endpoints>,
    pub http: reqwest::Client,
    pub oauth: Option<OAuthClient>,
    pub paths: Option<Paths>,
    pub fixed_microphone: bool,
    pub fixed_speakers: bool,
    pub voice: Arc<Voice>,
    pub inputs: mpsc::Sender<Input>,
    pub arrivals: mpsc::Sender<Arrival>,
    pub notices: mpsc::Sender<Notice>,
    pub tasks: TaskTracker,
    /// Token refreshes, which nothing cancels.
    pub refreshes: TaskTracker,
    pub signing_in: CancellationToken,
    /// The sign-in that counts.
    pub wanted: Option<Attempt>,
    pub account: Option<SignedInAccount>,
}

/// Everything below is cancelled with the account, and voice steps with the party.
pub struct SignedInAccount {
    psn: Arc<Psn>,
    signed_in: CancellationToken,
    connecting: CancellationToken,
}

impl World {
    /// Returns what is to be told.
    pub fn carry_out(&mut self, effect: Effect) -> Option<Notice> {
        match effect {
            Effect::SignIn { attempt, way } => self.sign_in(attempt, way),
            Effect::CancelSignIn => {
                self.signing_in.cancel();
                self.wanted = None;
            }
            Effect::ForgetAccount => {
                if let Some(account) = self.account.take() {
                    account.signed_in.cancel();
                }
            }
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
    pub fn welcome(&mut self, Arrival { attempt, psn, me }: Arrival) -> Option<Input> {
        if self.wanted != Some(attempt) {
            return None;
        }
        let signed_in = CancellationToken::new();
        let connecting = signed_in.child_token();
        self.account = Some(SignedInAccount { psn, signed_in, connecting });
        Some(Input::SignedIn { attempt, result: Ok(me) })
    }

    fn sign_in(&mut self, attempt: Attempt, way: SignInWay) {
        self.signing_in.cancel();
        self.signing_in = CancellationToken::new();
        self.wanted = Some(attempt);
        let (paths, endpoints) = (self.paths.clone(), Arc::clone(&self.endpoints));
        let (http, oauth, inputs) = (self.http.clone(), self.oauth.clone(), self.inputs.clone());
        let Some(oauth) = oauth else {
            let failure = Failure::new(ProblemKind::NoClientSecret, "no OAuth client was configured");
            let _ = inputs.try_send(Input::SignedIn { attempt, result: Err(failure) });
            return;
        };
        let refreshes = self.refreshes.clone();
        let (results, arrivals) = (self.inputs.clone(), self.arrivals.clone());
        let cancelled = self.signing_in.clone();
        self.tasks.spawn(async move {
            let installation = tokio::task::spawn_blocking(move || installation(paths.as_ref())).await;
            let installation = installation.unwrap_or_else(|_| store::new_installation_id());
            let sign_in = tasks::SignIn { attempt, way, endpoints, http, oauth, installation, inputs };
            if let Some(result) = cancelled.run_until_cancelled(sign_in.run(refreshes)).await {
                let _ = match result {
                    Ok((psn, me)) => arrivals.send(Arrival { attempt, psn, me }).await.ok(),
                    Err(failure) => {
                        results.send(Input::SignedIn { attempt, result: Err(failure) }).await.ok()
                    }
                };
            }
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
        self.signing_in.cancel();
        if let Some(account) = &self.account {
            account.signed_in.cancel();
        }
        self.tasks.close();
        self.refreshes.close();
        let ended = async {
            self.tasks.wait().await;
            self.refreshes.wait().await;
        };
        if tokio::time::timeout(FINISH_TIME, ended).await.is_err() {
            tracing::warn!("something did not end in time");
        }
    }
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

//! Who is signed in: by the browser, by what was kept, in place of another; and the ways back from the browser.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Arrival, SignedInAccount, SignedInAs, World};
use crate::{
    client::{
        ClientInUse, Command, ProblemKind,
        failure::{Failure, chain},
        input::{Arrived, Attempt, Input, Opened, SchemeQuestion, SignInWay},
        keeper::{KeptAsUsed, KeptForNow, OpenedVault},
        signing_in::{SignIn, first_call},
    },
    desktop::{self, Instance, SchemeHandler},
    model::{AccountId, AccountSlot, ClientSource, Clock, Profile, SchemeStatus, Secret, SecretStorage},
    psn::{self, Kept},
    store::{self, Paths},
};

impl World {
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

    /// A second start of the program brings the browser's answer here, or the link to a party. Without this, pasting still works.
    pub fn listen_for_other_starts(&self, folder: PathBuf) {
        let (way_back, inputs) = (Arc::clone(&self.way_back), self.inputs.clone());
        let running = self.running.clone();
        let listening = async move {
            match Instance::listen(&folder).await {
                Ok(instance) => {
                    let take = |address: Secret| {
                        // The one is no sign-in's, whatever waits for it; the other is nobody's but its sign-in's.
                        let taken = match address.expose().parse() {
                            Ok(link) => inputs.try_send(Input::Command(Command::PreviewLink(link))).is_ok(),
                            Err(_) => way_back.bring_address(address.expose()),
                        };
                        std::future::ready(taken)
                    };
                    instance.serve(take).await;
                }
                Err(error) => tracing::warn!(error = chain(&error), "other starts will not find this one"),
            }
        };
        self.tasks.spawn(async move { running.run_until_cancelled(listening).await });
    }

    pub(super) fn sign_in(&mut self, attempt: Attempt, way: SignInWay) {
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
    pub(super) fn resume(&mut self, attempt: Attempt, slot: AccountSlot) {
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
                let KeptForNow { account: kept, pause_until } =
                    keeper.read(slot).await.ok_or_else(not_kept)?;
                let (account, online_id) = (kept.account, kept.online_id);
                let kept_as_used = KeptAsUsed::new(keeper, Profile::named(account, online_id));
                let keep = keep(kept_as_used.clone(), account, inputs, clock);
                let kept = Kept { refresh: kept.refresh, ends: kept.ends };
                let psn = service.prepare_resume(client, account, kept, Some(keep));
                if let Some(until) = pause_until {
                    psn.pause_until(until);
                }
                Ok::<_, Failure>((psn, kept_as_used))
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

    pub(super) fn bring_redirect(&self, pasted: &Secret) {
        if let Err(error) = self.way_back.bring_pasted(pasted.expose()) {
            let _ = self.inputs.try_send(Input::RedirectRefused(error.into()));
        }
    }

    pub(super) fn take_account(&mut self, attempt: Attempt) {
        let Some((_, arrived)) = self.arrived.take().filter(|(arrived, _)| *arrived == attempt) else {
            return;
        };
        let SignedInAs { psn, me, kept_as_used } = arrived;
        let kept_as_used = kept_as_used.unwrap_or_else(|| KeptAsUsed::new(self.keeper.clone(), me.clone()));
        kept_as_used.take(me.clone());
        let (inputs, clock) = (self.inputs.clone(), self.service.clock.clone());
        // Tells at once: whatever was kept on the way here is said again, now of the account in use.
        psn.tokens().keep_with(keep(kept_as_used.clone(), me.account, inputs, clock));
        kept_as_used.read_notes();
        let signed_in = CancellationToken::new();
        self.pictures.fetch_as(Arc::clone(&psn), signed_in.clone());
        let connecting = signed_in.child_token();
        self.in_use.set(Some(&psn));
        let presences = Arc::default();
        let links = HashMap::new();
        self.account =
            Some(SignedInAccount { psn, me, kept_as_used, presences, signed_in, connecting, links });
    }

    /// What could not be kept in the old place is given to the new one again.
    pub(super) fn move_secrets(&self, storage: SecretStorage) {
        self.keeper.move_to(storage);
        if let Some((client, ClientSource::Kept)) = &self.client {
            self.keeper.keep_client(client.clone());
        }
        let Some(account) = &self.account else { return };
        if let Some(kept) = account.psn.tokens().kept() {
            account.kept_as_used.keep(kept);
        }
    }

    pub(super) fn ask_scheme(&self, question: SchemeQuestion) {
        let inputs = self.inputs.clone();
        self.tasks.spawn_blocking(move || {
            let answered = answer_scheme(question)
                .map_err(|error| Failure::new(ProblemKind::SchemeNotChanged, chain(&error)));
            let _ = inputs.blocking_send(Input::Scheme(answered));
        });
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

//! The thread's end: one request after the other, each answered by an input.

use std::{
    io,
    sync::{Arc, mpsc::Receiver},
    time::Instant,
};

use tokio::sync::{mpsc as queue, oneshot};

use super::{KeptForNow, OpenedVault, Plan, place};
use crate::{
    client::{
        ProblemKind, Secrets,
        failure::{Failure, chain},
        input::Input,
        world::Arrival,
    },
    model::{
        AccountId, AccountSlot, KeyringState, KnownAccount, Notes, OAuthClient, OnlineId, SecretStorage,
    },
    psn::Kept,
    store::{
        self, KeptAccount, KeptNotes, KeptSignIns, KeyringTrouble, Moved, PictureCache, Vault, VaultError,
    },
};

pub enum Request {
    Open,
    /// `in_use`: of the account in use; else only an account that is still kept gets its newer token.
    Keep {
        account: AccountId,
        online_id: OnlineId,
        kept: Kept,
        in_use: bool,
    },
    Read {
        slot: AccountSlot,
        reply: oneshot::Sender<Option<KeptForNow>>,
    },
    ReadNotes(AccountId),
    KeepNotes {
        account: AccountId,
        notes: Box<Notes>,
        besides_earlier: bool,
    },
    Forget(AccountSlot),
    ForgetAccount(AccountId),
    KeepClient(OAuthClient),
    ForgetClient,
    MoveTo(SecretStorage),
    Done(oneshot::Sender<()>),
}

pub struct Desk {
    plan: Plan,
    service: String,
    open: KeptSignIns,
    /// The accounts in there, as of the last look.
    accounts: Vec<KnownAccount>,
    notes: KeptNotes,
    pictures: Arc<PictureCache>,
    inputs: queue::Sender<Input>,
    arrivals: queue::Sender<Arrival>,
}

impl Desk {
    pub fn new(
        plan: Plan,
        service: String,
        pictures: Arc<PictureCache>,
        inputs: queue::Sender<Input>,
        arrivals: queue::Sender<Arrival>,
    ) -> Self {
        let open = KeptSignIns::new(Vault::in_memory(), &service);
        let notes = KeptNotes::in_memory();
        Self { plan, service, open, accounts: Vec::new(), notes, pictures, inputs, arrivals }
    }

    pub fn run(mut self, requests: &Receiver<Request>) {
        while let Ok(request) = requests.recv() {
            match request {
                Request::Open => self.open(),
                Request::Read { slot, reply } => drop(reply.send(self.read(&slot))),
                Request::Done(reply) => drop(reply.send(())),
                Request::MoveTo(storage) => self.move_to(storage),
                Request::Keep { account, online_id, kept, in_use } => {
                    let done = self.keep(account, online_id, kept, in_use);
                    self.conclude(done, ProblemKind::SecretsNotKept);
                }
                Request::ReadNotes(account) => {
                    let slot = self.slot_of(account);
                    let notes = slot.map(|slot| self.notes.read(&slot, account)).unwrap_or_default();
                    self.tell(Input::NotesRead { account, notes: Box::new(notes) });
                }
                Request::KeepNotes { account, notes, besides_earlier } => {
                    self.keep_notes(account, *notes, besides_earlier);
                }
                Request::Forget(slot) => {
                    let owner = self.accounts.iter().find(|known| known.slot == slot).map(|a| a.account);
                    let notes = owner.map_or(Ok(()), |owner| self.notes.forget_account(owner));
                    let done = self.open.forget(&slot);
                    self.conclude_forgetting(done, notes);
                }
                Request::ForgetAccount(account) => {
                    // Whatever the vault says: nothing more is written for it.
                    self.accounts.retain(|known| known.account != account);
                    let notes = self.notes.forget_account(account);
                    let done = self.forget_everywhere(|kept| {
                        let accounts = kept.accounts()?;
                        accounts
                            .iter()
                            .filter(|kept| kept.account == account)
                            .try_for_each(|a| kept.forget(&a.slot))
                    });
                    self.conclude_forgetting(done, notes);
                }
                Request::KeepClient(client) => {
                    let done = self.open.keep_client(&client);
                    self.conclude(done, ProblemKind::SecretsNotKept);
                }
                Request::ForgetClient => {
                    let done = self.forget_everywhere(KeptSignIns::forget_client);
                    self.conclude(done, ProblemKind::SecretsNotForgotten);
                }
            }
        }
    }

    fn tell(&self, input: Input) {
        let _ = self.inputs.blocking_send(input);
    }

    /// What is kept now, or what went wrong.
    fn conclude(&mut self, done: Result<(), VaultError>, otherwise: ProblemKind) {
        let accounts = done.and_then(|()| self.open.accounts());
        match accounts {
            Ok(accounts) => {
                self.accounts = accounts.iter().map(known).collect();
                self.tell(Input::AccountsKept(self.accounts.clone()));
            }
            Err(error) => self.tell(Input::NotKept(Failure::new(otherwise, chain(&error)))),
        }
    }

    /// Pictures say whom somebody knows: with the last account they go too.
    fn conclude_forgetting(&mut self, done: Result<(), VaultError>, notes: io::Result<()>) {
        self.conclude(done, ProblemKind::SecretsNotForgotten);
        let pictures = if self.accounts.is_empty() { self.pictures.empty() } else { Ok(()) };
        self.tell_left_behind(notes.and(pictures));
    }

    fn tell_left_behind(&self, removed: io::Result<()>) {
        if let Err(error) = removed {
            let diagnostic = format!("notes or pictures: {}", error.kind());
            self.tell(Input::NotKept(Failure::new(ProblemKind::SecretsNotForgotten, diagnostic)));
        }
    }

    fn open(&mut self) {
        let secrets = match &self.plan {
            Plan::Nothing => None,
            Plan::Profile { paths, chosen } => {
                let (began, scope) = (Instant::now(), paths.vault_scope());
                let (storage, keyring) = place::choose(*chosen, &scope);
                tracing::info!(?storage, ?keyring, took = ?began.elapsed(), "the vault is open");
                self.open = KeptSignIns::new(Vault::open(storage, &scope), &self.service);
                let memory_chosen = *chosen == Some(SecretStorage::Memory);
                if storage != SecretStorage::Memory {
                    self.notes = KeptNotes::Folder(paths.notes());
                    self.pictures.open();
                } else if memory_chosen {
                    // A crash may have kept what should have gone.
                    let notes = KeptNotes::Folder(paths.notes()).forget_all();
                    self.tell_left_behind(notes.and(self.pictures.empty()));
                }
                let choice_wanted = storage == SecretStorage::Memory && !memory_chosen;
                Some(Secrets { storage, keyring, choice_wanted })
            }
        };
        self.present(secrets);
    }

    /// Says what is in the open vault.
    fn present(&mut self, secrets: Option<Secrets>) {
        let read = self.open.accounts().and_then(|accounts| Ok((accounts, self.open.client()?)));
        let (accounts, client) = read.unwrap_or_else(|error| {
            self.tell(Input::NotKept(Failure::new(ProblemKind::SecretsNotKept, chain(&error))));
            (Vec::new(), None)
        });
        let last = accounts.iter().find(|account| account.in_use).map(|account| account.slot.clone());
        self.accounts = accounts.iter().map(known).collect();
        let accounts = self.accounts.clone();
        let _ = self.arrivals.blocking_send(Arrival::Opened(OpenedVault { secrets, client, accounts, last }));
    }

    fn read(&self, slot: &AccountSlot) -> Option<KeptForNow> {
        let accounts = self.open.accounts();
        let accounts = accounts.map_err(|error| tracing::warn!(error = chain(&error), "vault unreadable"));
        let account = accounts.ok()?.into_iter().find(|kept| kept.slot == *slot)?;
        let pause_until = self.notes.read(slot, account.account).pause_until;
        Some(KeptForNow { account, pause_until })
    }

    /// Of an account that is not kept, nothing is.
    fn keep_notes(&mut self, account: AccountId, mut notes: Notes, besides_earlier: bool) {
        let Some(slot) = self.slot_of(account) else { return };
        if besides_earlier {
            notes.take_over(self.notes.read(&slot, account));
        }
        let saved = self.notes.keep(&slot, account, &notes);
        let saved = saved.map_err(|e| Failure::new(ProblemKind::NotesNotSaved, e.kind().to_string()));
        self.tell(Input::NotesSaved(saved));
    }

    fn slot_of(&self, account: AccountId) -> Option<AccountSlot> {
        self.accounts.iter().find(|known| known.account == account).map(|known| known.slot.clone())
    }

    fn keep(
        &self,
        account: AccountId,
        online_id: OnlineId,
        kept: Kept,
        in_use: bool,
    ) -> Result<(), VaultError> {
        let accounts = self.open.accounts()?;
        let (before, doubles): (Vec<_>, Vec<_>) = accounts
            .iter()
            .filter(|before| before.account == account)
            .enumerate()
            .partition(|(n, _)| *n == 0);
        let before = before.first().map(|(_, before)| *before);
        if before.is_none() && !in_use {
            return Ok(());
        }
        let Kept { refresh, ends } = kept;
        let slot = before.map_or_else(AccountSlot::new, |before| before.slot.clone());
        let in_use = in_use || before.is_some_and(|before| before.in_use);
        let fresh = KeptAccount { slot, account, online_id, refresh, ends, in_use };
        if before != Some(&fresh) {
            self.open.keep(&fresh)?;
        }
        // Signed in twice, in two places that became one.
        for (_, double) in doubles {
            self.open.forget(&double.slot)?;
        }
        for other in accounts.iter().filter(|other| in_use && other.in_use && other.account != account) {
            self.open.keep(&KeptAccount { in_use: false, ..other.clone() })?;
        }
        Ok(())
    }

    /// Also where secrets lived before: a keyring that was locked when the file was chosen, a file that a crash left behind.
    fn forget_everywhere(
        &self,
        forget: impl Fn(&KeptSignIns) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        forget(&self.open)?;
        let Plan::Profile { paths, .. } = &self.plan else { return Ok(()) };
        let scope = &paths.vault_scope();
        for storage in [SecretStorage::File, SecretStorage::Keyring] {
            if storage == self.open.vault().storage()
                || storage == SecretStorage::Keyring && place::keyring_state() == KeyringState::Absent
            {
                continue;
            }
            match forget(&KeptSignIns::new(Vault::open(storage, scope), &self.service)) {
                Err(VaultError::Keyring(KeyringTrouble::Absent)) => {}
                other => other?,
            }
        }
        Ok(())
    }

    fn move_to(&mut self, storage: SecretStorage) {
        match self.moved(storage) {
            Ok((secrets, left_behind)) => {
                let others = self.move_others(storage);
                self.tell(Input::SecretsMoved(Ok(secrets)));
                self.present(Some(secrets));
                self.tell_left_behind(others);
                if let Some(error) = left_behind {
                    let failure = Failure::new(ProblemKind::SecretsNotForgotten, chain(&error));
                    self.tell(Input::NotKept(failure));
                }
            }
            Err(error) => {
                let failure = Failure::new(ProblemKind::SecretsNotKept, chain(&error));
                self.tell(Input::SecretsMoved(Err(failure)));
            }
        }
    }

    /// What is kept for accounts goes where they go.
    fn move_others(&mut self, storage: SecretStorage) -> io::Result<()> {
        let Plan::Profile { paths, .. } = &self.plan else { return Ok(()) };
        let to = match storage {
            SecretStorage::Memory => KeptNotes::in_memory(),
            SecretStorage::Keyring | SecretStorage::File => KeptNotes::Folder(paths.notes()),
        };
        let accounts: Vec<_> =
            self.accounts.iter().map(|known| (known.slot.clone(), known.account)).collect();
        let notes = self.notes.move_to(to, &accounts);
        let pictures = match storage {
            SecretStorage::Memory => {
                self.pictures.close();
                self.pictures.empty()
            }
            SecretStorage::Keyring | SecretStorage::File => {
                self.pictures.open();
                Ok(())
            }
        };
        notes.and(pictures)
    }

    fn moved(&mut self, storage: SecretStorage) -> Result<(Secrets, Option<VaultError>), VaultError> {
        let Plan::Profile { paths, chosen } = &mut self.plan else { return Err(VaultError::NotKept) };
        let keyring = match storage {
            SecretStorage::Keyring => {
                store::probe_keyring()?;
                KeyringState::Working
            }
            SecretStorage::File | SecretStorage::Memory => KeyringState::Unknown,
        };
        let vault = self.open.vault();
        let (vault, left_behind) = match vault.keys() {
            Ok(_) => {
                let Moved { vault, left_behind } = vault.move_to(storage)?;
                (vault, left_behind)
            }
            // A place that cannot be read must not hold its user: what is in use is kept anew in the other one.
            Err(error) => (Vault::open(storage, &paths.vault_scope()), Some(error)),
        };
        *chosen = Some(storage);
        self.open = KeptSignIns::new(vault, &self.service);
        Ok((Secrets { storage, keyring, choice_wanted: false }, left_behind))
    }
}

fn known(kept: &KeptAccount) -> KnownAccount {
    KnownAccount {
        slot: kept.slot.clone(),
        account: kept.account,
        online_id: kept.online_id.clone(),
        ends: kept.ends,
    }
}

//! What is kept between runs besides settings, on a thread of its own (`client-secrets`): a keyring may keep its caller waiting
//! for as long as its user thinks about a password. One request after the other, so that the newest token is the one kept.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    time::{Duration, Instant},
};

use tokio::sync::{mpsc as queue, oneshot};

use super::{
    ProblemKind, Secrets,
    failure::{Failure, chain},
    input::Input,
    world::Arrival,
};
use crate::{
    model::{
        AccountId, AccountSlot, KeyringState, KnownAccount, OAuthClient, OnlineId, Profile, SecretStorage,
    },
    psn::{Endpoints, Kept},
    store::{self, KeptAccount, KeptSignIns, KeyringTrouble, Loaded, Paths, Vault, VaultError, VaultScope},
};

/// Where this run keeps things.
pub enum Plan {
    /// Nothing outlives the run, and nobody is asked.
    Nothing,
    /// In this profile; `chosen` by the user, if they were asked.
    Profile { scope: VaultScope, chosen: Option<SecretStorage> },
}

/// What the vault held when it was opened.
pub struct OpenedVault {
    pub secrets: Option<Secrets>,
    pub client: Option<OAuthClient>,
    pub accounts: Vec<KnownAccount>,
    pub last: Option<AccountSlot>,
}

enum Request {
    Open,
    /// Of the account in use.
    Keep {
        account: AccountId,
        online_id: OnlineId,
        kept: Kept,
    },
    Read {
        slot: AccountSlot,
        reply: oneshot::Sender<Option<KeptAccount>>,
    },
    Forget(AccountSlot),
    ForgetAccount(AccountId),
    KeepClient(OAuthClient),
    ForgetClient,
    MoveTo(SecretStorage),
    Done(oneshot::Sender<()>),
}

/// The caller's end. Clones speak to the same thread, which ends with the last of them.
#[derive(Clone)]
pub struct Keeper(Sender<Request>);

impl Keeper {
    /// `service` tells services apart in the vault.
    ///
    /// # Errors
    /// When the machine refuses a thread.
    pub fn start(
        plan: Plan,
        service: String,
        inputs: queue::Sender<Input>,
        arrivals: queue::Sender<Arrival>,
    ) -> io::Result<Self> {
        let (sender, requests) = mpsc::channel();
        let desk = Desk { plan, service, open: None, inputs, arrivals };
        // Not waited for: a keyring's question may outlive the program's wish to end.
        std::thread::Builder::new().name("client-secrets".into()).spawn(move || desk.run(&requests))?;
        Ok(Self(sender))
    }

    /// Answered by [`Arrival::Opened`].
    pub fn open(&self) {
        self.ask(Request::Open);
    }

    /// `None`: it is not kept, or cannot be read.
    pub async fn read(&self, slot: AccountSlot) -> Option<KeptAccount> {
        let (reply, answer) = oneshot::channel();
        self.ask(Request::Read { slot, reply });
        answer.await.ok().flatten()
    }

    pub fn forget(&self, slot: AccountSlot) {
        self.ask(Request::Forget(slot));
    }

    pub fn keep_client(&self, client: OAuthClient) {
        self.ask(Request::KeepClient(client));
    }

    pub fn forget_client(&self) {
        self.ask(Request::ForgetClient);
    }

    /// Answered by [`Input::SecretsMoved`].
    pub fn move_to(&self, storage: SecretStorage) {
        self.ask(Request::MoveTo(storage));
    }

    /// Ends when everything asked for so far is done, or `time` is over.
    pub async fn settle(&self, time: Duration) {
        let (reply, done) = oneshot::channel();
        self.ask(Request::Done(reply));
        if tokio::time::timeout(time, done).await.is_err() {
            tracing::warn!("what is kept could not be written in time");
        }
    }

    fn ask(&self, request: Request) {
        if self.0.send(request).is_err() {
            tracing::error!("the thread of the secrets is gone");
        }
    }
}

/// The account in use, as far as it is kept. Clones are the same.
#[derive(Clone)]
pub struct KeptAsUsed {
    keeper: Keeper,
    me: Profile,
    /// False once the user signed out: a token that comes later is nobody's.
    wanted: Arc<Mutex<bool>>,
}

impl KeptAsUsed {
    pub fn new(keeper: Keeper, me: Profile) -> Self {
        Self { keeper, me, wanted: Arc::new(Mutex::new(true)) }
    }

    pub fn keep(&self, kept: Kept) {
        let wanted = self.wanted();
        if *wanted {
            let Profile { account, online_id, .. } = self.me.clone();
            self.keeper.ask(Request::Keep { account, online_id, kept });
        }
    }

    /// Nothing of the account is kept, now and later.
    pub fn forget(&self) {
        let mut wanted = self.wanted();
        *wanted = false;
        self.keeper.ask(Request::ForgetAccount(self.me.account));
    }

    fn wanted(&self) -> MutexGuard<'_, bool> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread's end.
struct Desk {
    plan: Plan,
    service: String,
    open: Option<KeptSignIns>,
    inputs: queue::Sender<Input>,
    arrivals: queue::Sender<Arrival>,
}

impl Desk {
    fn run(mut self, requests: &Receiver<Request>) {
        while let Ok(request) = requests.recv() {
            let done = match request {
                Request::Open => {
                    let opened = self.open();
                    let _ = self.arrivals.blocking_send(Arrival::Opened(opened));
                    continue;
                }
                Request::Read { slot, reply } => {
                    let _ = reply.send(self.read(&slot));
                    continue;
                }
                Request::Done(reply) => {
                    let _ = reply.send(());
                    continue;
                }
                Request::MoveTo(storage) => {
                    let moved = self.move_to(storage).map_err(failure);
                    self.tell(Input::SecretsMoved(moved));
                    self.tell_accounts()
                }
                Request::Keep { account, online_id, kept } => {
                    self.keep(account, online_id, kept).and_then(|()| self.tell_accounts())
                }
                Request::Forget(slot) => self.sign_ins().forget(&slot).and_then(|()| self.tell_accounts()),
                Request::ForgetAccount(account) => {
                    self.forget_account(account).and_then(|()| self.tell_accounts())
                }
                Request::KeepClient(client) => self.sign_ins().keep_client(&client),
                Request::ForgetClient => self.sign_ins().forget_client(),
            };
            if let Err(error) = done {
                self.tell(Input::NotKept(failure(error)));
            }
        }
    }

    fn tell(&self, input: Input) {
        let _ = self.inputs.blocking_send(input);
    }

    fn tell_accounts(&mut self) -> Result<(), VaultError> {
        let accounts = self.sign_ins().accounts()?;
        self.tell(Input::AccountsKept(accounts.iter().map(known).collect()));
        Ok(())
    }

    fn open(&mut self) -> OpenedVault {
        let (vault, secrets) = self.choose_vault();
        let sign_ins = KeptSignIns::new(vault, &self.service);
        let read = sign_ins.accounts().and_then(|accounts| Ok((accounts, sign_ins.client()?)));
        let (accounts, client) = read.unwrap_or_else(|error| {
            self.tell(Input::NotKept(failure(error)));
            (Vec::new(), None)
        });
        self.open = Some(sign_ins);
        let last = accounts.iter().find(|account| account.in_use).map(|account| account.slot.clone());
        OpenedVault { secrets, client, accounts: accounts.iter().map(known).collect(), last }
    }

    fn choose_vault(&self) -> (Vault, Option<Secrets>) {
        let Plan::Profile { scope, chosen } = &self.plan else { return (Vault::in_memory(), None) };
        let began = Instant::now();
        let (storage, keyring) = choose_storage(*chosen);
        tracing::info!(?storage, ?keyring, took = ?began.elapsed(), "the vault is open");
        let choice_wanted = storage == SecretStorage::Memory && *chosen != Some(SecretStorage::Memory);
        (Vault::open(storage, scope), Some(Secrets { storage, keyring, choice_wanted }))
    }

    /// What was opened; nothing but memory before that.
    fn sign_ins(&mut self) -> &KeptSignIns {
        let service = &self.service;
        self.open.get_or_insert_with(|| KeptSignIns::new(Vault::in_memory(), service))
    }

    fn read(&mut self, slot: &AccountSlot) -> Option<KeptAccount> {
        let accounts = self.sign_ins().accounts();
        let accounts = accounts.map_err(|error| tracing::warn!(error = chain(&error), "vault unreadable"));
        accounts.ok()?.into_iter().find(|kept| kept.slot == *slot)
    }

    fn keep(&mut self, account: AccountId, online_id: OnlineId, kept: Kept) -> Result<(), VaultError> {
        let sign_ins = self.sign_ins();
        let accounts = sign_ins.accounts()?;
        let before = accounts.iter().find(|before| before.account == account);
        let Kept { refresh, ends } = kept;
        let slot = before.map_or_else(AccountSlot::new, |before| before.slot.clone());
        let fresh = KeptAccount { slot, account, online_id, refresh, ends, in_use: true };
        if before != Some(&fresh) {
            sign_ins.keep(&fresh)?;
        }
        for other in accounts.iter().filter(|other| other.in_use && other.slot != fresh.slot) {
            sign_ins.keep(&KeptAccount { in_use: false, ..other.clone() })?;
        }
        Ok(())
    }

    fn forget_account(&mut self, account: AccountId) -> Result<(), VaultError> {
        let sign_ins = self.sign_ins();
        for kept in sign_ins.accounts()?.iter().filter(|kept| kept.account == account) {
            sign_ins.forget(&kept.slot)?;
        }
        Ok(())
    }

    fn move_to(&mut self, storage: SecretStorage) -> Result<Secrets, VaultError> {
        let keyring = match storage {
            SecretStorage::Keyring => {
                store::probe_keyring()?;
                KeyringState::Working
            }
            SecretStorage::File | SecretStorage::Memory => KeyringState::Unknown,
        };
        let service = self.service.clone();
        let moved = self.sign_ins().vault().move_to(storage)?;
        if let Some(error) = moved.left_behind {
            self.tell(Input::NotKept(failure(error)));
        }
        self.open = Some(KeptSignIns::new(moved.vault, &service));
        if let Plan::Profile { chosen, .. } = &mut self.plan {
            *chosen = Some(storage);
        }
        Ok(Secrets { storage, keyring, choice_wanted: false })
    }
}

/// Keeps an OAuth client for the runs to come, where this profile keeps its secrets. Blocking; the keyring may ask its user.
///
/// # Errors
/// [`VaultError`]; without a usable keyring, and no other place chosen, it says what is wrong with the keyring.
pub fn keep_client(
    paths: &Paths,
    endpoints: &Endpoints,
    client: &OAuthClient,
) -> Result<SecretStorage, VaultError> {
    let chosen = match store::load_settings(paths) {
        Loaded::Settings(settings) => settings.secret_storage,
        Loaded::Fresh | Loaded::Unreadable => None,
    };
    let storage = match chosen {
        Some(SecretStorage::File) => SecretStorage::File,
        Some(SecretStorage::Keyring | SecretStorage::Memory) | None => {
            store::probe_keyring()?;
            SecretStorage::Keyring
        }
    };
    let vault = Vault::open(storage, &paths.vault_scope());
    KeptSignIns::new(vault, &endpoints.name()).keep_client(client)?;
    Ok(storage)
}

/// The keyring if a round trip through it works; else what the user chose, and memory until they do.
fn choose_storage(chosen: Option<SecretStorage>) -> (SecretStorage, KeyringState) {
    match chosen {
        Some(storage @ (SecretStorage::File | SecretStorage::Memory)) => (storage, KeyringState::Unknown),
        Some(SecretStorage::Keyring) | None => match keyring_state() {
            KeyringState::Working => (SecretStorage::Keyring, KeyringState::Working),
            trouble => (SecretStorage::Memory, trouble),
        },
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

fn keyring_state() -> KeyringState {
    match store::probe_keyring() {
        Ok(()) => KeyringState::Working,
        Err(trouble) => {
            tracing::info!(%trouble, "no keyring");
            match trouble {
                KeyringTrouble::Absent => KeyringState::Absent,
                KeyringTrouble::Locked => KeyringState::Locked,
                KeyringTrouble::Broken(_) => KeyringState::Broken,
            }
        }
    }
}

fn failure(error: VaultError) -> Failure {
    Failure::new(ProblemKind::SecretsNotKept, chain(&error))
}

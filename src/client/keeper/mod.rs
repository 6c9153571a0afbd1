//! What is kept between runs besides settings: accounts, and what is remembered for each; on a thread of its own (`client-secrets`): a keyring may keep its caller waiting
//! for as long as its user thinks about a password. One request after the other, so that the newest token is the one kept.

mod desk;
mod place;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    time::{Duration, SystemTime},
};

use desk::{Desk, Request};
use tokio::sync::{mpsc as queue, oneshot};

pub use place::{KeepClientError, keep_client, kept_client};

use super::{Secrets, input::Input, world::Arrival};
use crate::{
    model::{AccountSlot, KnownAccount, Notes, OAuthClient, Profile, SecretStorage},
    psn::Kept,
    store::{KeptAccount, Paths, PictureCache},
};

/// Where this run keeps things.
pub enum Plan {
    /// Nothing outlives the run, and nobody is asked.
    Nothing,
    /// In this profile; `chosen` by the user, if they were asked.
    Profile { paths: Paths, chosen: Option<SecretStorage> },
}

/// What is kept of an account that is signed in again.
pub struct KeptForNow {
    pub account: KeptAccount,
    /// The service wants to be left alone until then.
    pub pause_until: Option<SystemTime>,
}

/// What the vault holds.
pub struct OpenedVault {
    pub secrets: Option<Secrets>,
    pub client: Option<OAuthClient>,
    pub accounts: Vec<KnownAccount>,
    pub last: Option<AccountSlot>,
}

/// The caller's end. Clones speak to the same thread, which ends with the last of them.
#[derive(Clone)]
pub struct Keeper(mpsc::Sender<Request>);

impl Keeper {
    /// `service` tells services apart in the vault. `pictures` are opened where accounts are kept, and emptied with the last.
    ///
    /// # Errors
    /// When the machine refuses a thread.
    pub fn start(
        plan: Plan,
        service: String,
        pictures: Arc<PictureCache>,
        inputs: queue::Sender<Input>,
        arrivals: queue::Sender<Arrival>,
    ) -> io::Result<Self> {
        let (sender, requests) = mpsc::channel();
        let desk = Desk::new(plan, service, pictures, inputs, arrivals);
        // Not waited for: a keyring's question may outlive the program's wish to end.
        std::thread::Builder::new().name("client-secrets".into()).spawn(move || desk.run(&requests))?;
        Ok(Self(sender))
    }

    /// Answered by [`Arrival::Opened`].
    pub fn open(&self) {
        self.ask(Request::Open);
    }

    /// `None`: it is not kept, or cannot be read.
    pub async fn read(&self, slot: AccountSlot) -> Option<KeptForNow> {
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

    /// Answered by [`Input::SecretsMoved`], and by [`Arrival::Opened`] with what the new place held besides.
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

/// A signed-in account, as far as it is kept. Clones are the same.
#[derive(Clone)]
pub struct KeptAsUsed {
    keeper: Keeper,
    account: Arc<Mutex<(Use, Profile)>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Current,
    /// Not yet, or no more: its token is kept if the account still is.
    Spare,
    /// The user signed out: a token that comes later is nobody's.
    Forgotten,
}

impl KeptAsUsed {
    /// Not in use before [`KeptAsUsed::take`].
    pub fn new(keeper: Keeper, me: Profile) -> Self {
        Self { keeper, account: Arc::new(Mutex::new((Use::Spare, me))) }
    }

    pub fn keep(&self, kept: Kept) {
        let locked = self.lock();
        let (use_, Profile { account, online_id, .. }) = locked.clone();
        if use_ != Use::Forgotten {
            let in_use = use_ == Use::Current;
            self.keeper.ask(Request::Keep { account, online_id, kept, in_use });
        }
    }

    /// It is the one in use from now on, and called that.
    pub fn take(&self, me: Profile) {
        *self.lock() = (Use::Current, me);
    }

    /// Answered by [`Input::NotesRead`]; where nothing is kept, with empty ones.
    pub fn read_notes(&self) {
        let account = self.lock().1.account;
        self.keeper.ask(Request::ReadNotes(account));
    }

    /// They are written if the account is kept, which [`Input::NotesSaved`] answers; in place of earlier ones, or on top of
    /// them.
    pub fn keep_notes(&self, notes: Box<Notes>, besides_earlier: bool) {
        let locked = self.lock();
        if locked.0 != Use::Forgotten {
            self.keeper.ask(Request::KeepNotes { account: locked.1.account, notes, besides_earlier });
        }
    }

    /// Another account takes its place, or none.
    pub fn retire(&self) {
        let mut account = self.lock();
        if account.0 == Use::Current {
            account.0 = Use::Spare;
        }
    }

    /// Nothing of the account is kept, now and later.
    pub fn forget(&self) {
        let mut account = self.lock();
        account.0 = Use::Forgotten;
        self.keeper.ask(Request::ForgetAccount(account.1.account));
    }

    fn lock(&self) -> MutexGuard<'_, (Use, Profile)> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

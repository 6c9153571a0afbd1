//! What is kept between runs besides settings: accounts, the OAuth client, where secrets live, and the desktop's way back.

use super::{Effect, Effects, Failure, Place, ProblemKind, State, Timer};
use crate::{
    client::{ClientInUse, Notice, Secrets, input::SchemeQuestion},
    model::{AccountSlot, ClientSource, KnownAccount, Notes, OAuthClient, SchemeStatus, SecretStorage},
};

const MAX_TEXT: usize = 512;

impl State {
    /// After something was written where secrets live.
    pub(super) fn accounts_kept(&mut self, accounts: Vec<KnownAccount>) {
        self.accounts = accounts;
        self.problems.clear_kind(&ProblemKind::SecretsNotKept);
        self.problems.clear_kind(&ProblemKind::SecretsNotForgotten);
    }

    pub(super) fn forget_account(&mut self, slot: AccountSlot, out: &mut Effects) {
        let me = self.account().map(|account| account.me.account);
        if self.accounts.iter().any(|known| known.slot == slot && Some(known.account) != me) {
            self.accounts.retain(|known| known.slot != slot);
            out.push(Effect::ForgetKept(slot));
        }
    }

    pub(super) fn use_client(&mut self, client: OAuthClient, out: &mut Effects) {
        if !is_usable(&client) {
            let failure = Failure::new(ProblemKind::ClientUnusable, "empty, too long, or no address");
            return self.problems.raise(Place::SignIn, failure);
        }
        self.problems.clear_kind(&ProblemKind::ClientUnusable);
        self.problems.clear_kind(&ProblemKind::ClientRefused);
        self.problems.clear_kind(&ProblemKind::NoClientSecret);
        self.client = Some(ClientInUse::new(&client, ClientSource::Kept));
        out.push(Effect::UseClient(client));
    }

    pub(super) fn forget_client(&mut self, out: &mut Effects) {
        if self.client.as_ref().is_some_and(|client| client.source == ClientSource::Kept) {
            self.client = None;
            out.push(Effect::ForgetClient);
        }
    }

    pub(super) fn keep_secrets_in(&mut self, storage: SecretStorage, out: &mut Effects) {
        if self.secrets.is_some() {
            out.push(Effect::MoveSecrets(storage));
        }
    }

    pub(super) fn secrets_moved(
        &mut self,
        result: Result<Secrets, Failure>,
        now: std::time::Instant,
        out: &mut Effects,
    ) {
        match result {
            Ok(secrets) => {
                self.secrets = Some(secrets);
                self.problems.clear_kind(&ProblemKind::SecretsNotKept);
                self.settings.secret_storage = Some(secrets.storage);
                self.timers.set_earlier(Timer::SaveSettings, now);
                if self.notes().is_some_and(|notes| *notes != Notes::default()) {
                    self.save_notes_soon(now);
                }
                out.push(Effect::Notify(Notice::SecretsMoved(secrets.storage)));
            }
            Err(failure) => self.problems.raise(self.place_of_accounts(), failure),
        }
    }

    pub(super) fn scheme(&mut self, result: Result<SchemeStatus, Failure>) {
        match result {
            Ok(status) => {
                self.scheme = status;
                self.problems.clear_kind(&ProblemKind::SchemeNotChanged);
            }
            Err(failure) => self.problems.raise(self.place_of_accounts(), failure),
        }
    }

    pub(super) fn ask_scheme(question: SchemeQuestion, out: &mut Effects) {
        out.push(Effect::AskScheme(question));
    }

    pub(super) fn not_kept(&mut self, failure: Failure) {
        self.problems.raise(self.place_of_accounts(), failure);
    }

    fn place_of_accounts(&self) -> Place {
        if self.account().is_some() { Place::Settings } else { Place::SignIn }
    }
}

impl ClientInUse {
    pub fn new(client: &OAuthClient, source: ClientSource) -> Self {
        Self {
            id: client.id.clone(),
            redirect: client.redirect.clone(),
            masked_secret: client.secret.masked(),
            source,
        }
    }
}

fn is_usable(client: &OAuthClient) -> bool {
    let fits =
        |text: &str| !text.is_empty() && text.len() <= MAX_TEXT && text.chars().all(|c| c.is_ascii_graphic());
    fits(&client.id)
        && fits(client.secret.expose())
        && fits(&client.redirect)
        && url::Url::parse(&client.redirect).is_ok()
}

//! Which place secrets live in: what the user chose, the keyring where it works, and what is found where they lived before. Blocking.

use std::{sync::mpsc, time::Duration};

use crate::{
    model::{KeyringState, OAuthClient, SecretStorage},
    psn::Endpoints,
    store::{self, KeptSignIns, KeyringTrouble, Loaded, Paths, Vault, VaultError, VaultScope},
};

/// A keyring that asks its user for a password is as good as locked after this long; it must not keep the window waiting.
const PROBE_TIME: Duration = Duration::from_secs(3);

/// The keyring if a round trip through it works, else what the user chose, and memory until they do. Where a crash or an
/// unreadable settings file lost the choice, the place that holds something is the one.
pub fn choose(chosen: Option<SecretStorage>, scope: &VaultScope) -> (SecretStorage, KeyringState) {
    let holds = |storage| Vault::open(storage, scope).keys().is_ok_and(|keys| !keys.is_empty());
    match chosen {
        Some(SecretStorage::Memory) => (SecretStorage::Memory, KeyringState::Unknown),
        Some(SecretStorage::File) => (SecretStorage::File, KeyringState::Unknown),
        Some(SecretStorage::Keyring) | None => match keyring_state() {
            KeyringState::Working if holds(SecretStorage::File) && !holds(SecretStorage::Keyring) => {
                (SecretStorage::File, KeyringState::Working)
            }
            KeyringState::Working => (SecretStorage::Keyring, KeyringState::Working),
            trouble if holds(SecretStorage::File) => (SecretStorage::File, trouble),
            trouble => (SecretStorage::Memory, trouble),
        },
    }
}

/// As a round trip shows.
pub fn keyring_state() -> KeyringState {
    let (sender, answer) = mpsc::channel();
    let probe = move || sender.send(store::probe_keyring());
    if std::thread::Builder::new().name("client-keyring-probe".into()).spawn(probe).is_err() {
        return KeyringState::Broken;
    }
    match answer.recv_timeout(PROBE_TIME) {
        Ok(Ok(())) => KeyringState::Working,
        Ok(Err(trouble)) => {
            tracing::info!(%trouble, "no keyring");
            match trouble {
                KeyringTrouble::Absent => KeyringState::Absent,
                KeyringTrouble::Locked => KeyringState::Locked,
                KeyringTrouble::Broken(_) => KeyringState::Broken,
            }
        }
        Err(_) => {
            tracing::info!("the keyring does not answer, most likely it asks its user");
            KeyringState::Locked
        }
    }
}

/// Why an OAuth client was not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepClientError {
    #[error("this profile keeps its secrets in memory only, as its user chose")]
    MemoryOnly,
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Keeps an OAuth client for the runs to come, where this profile keeps its secrets. The keyring may ask its user.
///
/// # Errors
/// [`KeepClientError`]; without a usable keyring, and no other place chosen, it says what is wrong with the keyring.
pub fn keep_client(
    paths: &Paths,
    endpoints: &Endpoints,
    client: &OAuthClient,
) -> Result<SecretStorage, KeepClientError> {
    let storage = match chosen(paths) {
        Some(SecretStorage::File) => SecretStorage::File,
        Some(SecretStorage::Memory) => return Err(KeepClientError::MemoryOnly),
        Some(SecretStorage::Keyring) | None => {
            store::probe_keyring().map_err(VaultError::from)?;
            SecretStorage::Keyring
        }
    };
    sign_ins(storage, paths, endpoints).keep_client(client)?;
    Ok(storage)
}

/// The OAuth client that this profile keeps. The keyring may ask its user.
pub fn kept_client(paths: &Paths, endpoints: &Endpoints) -> Option<OAuthClient> {
    let (storage, _) = choose(chosen(paths), &paths.vault_scope());
    sign_ins(storage, paths, endpoints).client().ok().flatten()
}

fn sign_ins(storage: SecretStorage, paths: &Paths, endpoints: &Endpoints) -> KeptSignIns {
    KeptSignIns::new(Vault::open(storage, &paths.vault_scope()), &endpoints.name())
}

fn chosen(paths: &Paths) -> Option<SecretStorage> {
    match store::load_settings(paths) {
        Loaded::Settings(settings) => settings.secret_storage,
        Loaded::Fresh | Loaded::Unreadable => None,
    }
}

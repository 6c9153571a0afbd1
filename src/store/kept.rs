//! What the vault holds, in its own words: the accounts that are signed in, and the user's OAuth client. Each entry is for one
//! service, so that a sandbox and the live service do not get in each other's way.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{Vault, VaultError};
use crate::model::{AccountId, AccountSlot, OAuthClient, OnlineId, Secret};

const ACCOUNT: &str = "account-";

/// An account that can be signed in without its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAccount {
    pub slot: AccountSlot,
    pub account: AccountId,
    pub online_id: OnlineId,
    pub refresh: Secret,
    /// When the user must sign in again.
    pub ends: Option<SystemTime>,
    /// It was the one in use when the program ended.
    pub in_use: bool,
}

#[derive(Serialize, Deserialize)]
struct AccountEntry {
    service: String,
    account_id: String,
    online_id: String,
    refresh_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<u64>,
    #[serde(default)]
    in_use: bool,
}

#[derive(Serialize, Deserialize)]
struct ClientEntry {
    service: String,
    client: OAuthClient,
}

/// One service's part of a vault.
#[derive(Debug, Clone)]
pub struct KeptSignIns {
    vault: Vault,
    service: String,
}

impl KeptSignIns {
    /// `service` tells services apart and is no secret.
    pub fn new(vault: Vault, service: &str) -> Self {
        Self { vault, service: service.to_owned() }
    }

    /// One for each service: `client-` and what of the service's name a key may hold.
    fn client_key(&self) -> String {
        let name = self.service.split("://").last().unwrap_or_default();
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        format!("client-{}", name.chars().take(24).map(plain).collect::<String>())
    }

    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Those that can be read; a damaged entry hides no other.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn accounts(&self) -> Result<Vec<KeptAccount>, VaultError> {
        let mut accounts = Vec::new();
        for key in self.vault.keys()? {
            let Some(slot) = key.strip_prefix(ACCOUNT) else { continue };
            let Some(text) = self.vault.read(&key)? else { continue };
            match serde_json::from_str::<AccountEntry>(text.expose()) {
                Ok(entry) if entry.service != self.service => {}
                Ok(entry) => accounts.extend(entry.into_account(slot)),
                Err(_) => tracing::warn!("an account's entry in the vault is damaged"),
            }
        }
        accounts.sort_by(|a, b| a.slot.cmp(&b.slot));
        Ok(accounts)
    }

    /// # Errors
    /// When the vault cannot be written; what was there before is still there.
    pub fn keep(&self, account: &KeptAccount) -> Result<(), VaultError> {
        let entry = AccountEntry {
            service: self.service.clone(),
            account_id: account.account.to_string(),
            online_id: account.online_id.as_str().to_owned(),
            refresh_token: account.refresh.expose().to_owned(),
            ends: account.ends.and_then(|ends| Some(ends.duration_since(UNIX_EPOCH).ok()?.as_secs())),
            in_use: account.in_use,
        };
        self.vault.write(&key_of(&account.slot), &json(&entry))
    }

    /// # Errors
    /// When the vault cannot be written.
    pub fn forget(&self, slot: &AccountSlot) -> Result<(), VaultError> {
        self.vault.remove(&key_of(slot))
    }

    /// # Errors
    /// When the vault cannot be read. A damaged entry is as good as none.
    pub fn client(&self) -> Result<Option<OAuthClient>, VaultError> {
        let Some(text) = self.vault.read(&self.client_key())? else { return Ok(None) };
        let entry = serde_json::from_str::<ClientEntry>(text.expose()).ok();
        Ok(entry.filter(|entry| entry.service == self.service).map(|entry| entry.client))
    }

    /// # Errors
    /// When the vault cannot be written.
    pub fn keep_client(&self, client: &OAuthClient) -> Result<(), VaultError> {
        let entry = ClientEntry { service: self.service.clone(), client: client.clone() };
        self.vault.write(&self.client_key(), &json(&entry))
    }

    /// # Errors
    /// When the vault cannot be written.
    pub fn forget_client(&self) -> Result<(), VaultError> {
        self.vault.remove(&self.client_key())
    }
}

impl AccountEntry {
    fn into_account(self, slot: &str) -> Option<KeptAccount> {
        Some(KeptAccount {
            slot: slot.parse().ok()?,
            account: self.account_id.parse().ok()?,
            online_id: OnlineId::from(self.online_id.as_str()),
            refresh: self.refresh_token.into(),
            ends: self.ends.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds))),
            in_use: self.in_use,
        })
    }
}

fn key_of(slot: &AccountSlot) -> String {
    format!("{ACCOUNT}{}", slot.as_str())
}

fn json(entry: &impl Serialize) -> Secret {
    serde_json::to_string(entry).expect("texts and numbers always serialize").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str) -> KeptAccount {
        KeptAccount {
            slot: AccountSlot::new(),
            account: AccountId(1234567890123456789),
            online_id: OnlineId::from(name),
            refresh: "r-1".into(),
            ends: Some(UNIX_EPOCH + Duration::from_secs(1_800_000_000)),
            in_use: true,
        }
    }

    #[test]
    fn accounts_of_several_services_share_a_vault_and_do_not_meet() {
        let vault = Vault::in_memory();
        let (live, other) = (KeptSignIns::new(vault.clone(), "live"), KeptSignIns::new(vault, "sandbox"));
        let (mine, theirs) = (account("marlow_87"), account("tester"));
        live.keep(&mine).expect("kept");
        other.keep(&theirs).expect("kept");
        assert_eq!(live.accounts().expect("readable"), std::slice::from_ref(&mine));
        assert_eq!(other.accounts().expect("readable"), [theirs]);
        live.forget(&mine.slot).expect("forgotten");
        assert!(live.accounts().expect("readable").is_empty());
        assert_eq!(other.accounts().expect("readable").len(), 1);
    }

    #[test]
    fn the_client_is_kept_for_its_service() {
        let vault = Vault::in_memory();
        let services = ["live", "http://127.0.0.1:8787", "http://127.0.0.1:8788"];
        let kept = services.map(|service| KeptSignIns::new(vault.clone(), service));
        let client = |n| OAuthClient::mobile(format!("invented secret {n}").into());
        for (n, kept) in kept.iter().enumerate() {
            assert_eq!(kept.client().expect("readable"), None);
            kept.keep_client(&client(n)).expect("kept");
        }
        kept[1].forget_client().expect("forgotten");
        let found = kept.map(|kept| kept.client().expect("readable"));
        assert_eq!(found, [Some(client(0)), None, Some(client(2))]);
    }

    #[test]
    fn a_damaged_entry_hides_no_other() {
        let vault = Vault::in_memory();
        vault.write("account-00112233445566ff", &"{broken".into()).expect("written");
        vault.write("account-x", &r#"{"service":"live"}"#.into()).expect("written");
        let live = KeptSignIns::new(vault, "live");
        live.keep(&account("marlow_87")).expect("kept");
        assert_eq!(live.accounts().expect("readable").len(), 1);
    }
}

//! What is kept about signing in: accounts, the OAuth client, where secrets live. No secret is in here but by its own type.

use std::{fmt, time::SystemTime};

use serde::{Deserialize, Serialize};

use super::{AccountId, OnlineId, Secret};

/// A place for one account among those that a profile keeps; made at random, so that it says nothing of the account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountSlot(String);

impl AccountSlot {
    pub fn new() -> Self {
        Self(format!("{:016x}", rand::random::<u64>()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no slot's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 16 hex digits")]
pub struct InvalidSlot;

impl std::str::FromStr for AccountSlot {
    type Err = InvalidSlot;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidSlot) }
    }
}

impl Default for AccountSlot {
    fn default() -> Self {
        Self::new()
    }
}

/// An account that can be switched to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAccount {
    pub slot: AccountSlot,
    pub account: AccountId,
    pub online_id: OnlineId,
    /// By the computer's clock: when it must sign in again.
    pub ends: Option<SystemTime>,
}

/// Who the program is to the sign-in service. For the live service its secret is the user's to supply.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthClient {
    pub id: String,
    #[serde(with = "in_the_open")]
    pub secret: Secret,
    /// Where the browser is sent with the code: a loopback page or an address of the client's own scheme.
    pub redirect: String,
}

impl OAuthClient {
    /// The mobile app's client id and redirect, as protocol section 2 has them.
    pub const MOBILE_ID: &str = "09515159-7237-4370-9b40-3806e67c0891";
    pub const MOBILE_REDIRECT: &str = "com.scee.psxandroid.scecompcall://redirect";

    pub fn mobile(secret: Secret) -> Self {
        Self { id: Self::MOBILE_ID.into(), secret, redirect: Self::MOBILE_REDIRECT.into() }
    }
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClient").finish_non_exhaustive()
    }
}

/// Where an [`OAuthClient`] came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientSource {
    /// The sandbox's own, which is no secret.
    Sandbox,
    /// `PARTYLINE_CLIENT_SECRET`; never stored.
    Environment,
    /// Typed, or read out of the user's own capture, and kept where secrets live.
    Kept,
}

/// Where tokens and the client secret live between runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretStorage {
    /// The system's keyring.
    Keyring,
    /// A file that only this user can read.
    File,
    /// Nowhere: gone when the program ends.
    Memory,
}

/// Whether the system's keyring can be used, as a round trip through it showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyringState {
    #[default]
    Unknown,
    Working,
    /// There is none.
    Absent,
    Locked,
    /// It is there and answers with errors.
    Broken,
}

/// Whether the desktop sends the sign-in's own scheme to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SchemeStatus {
    #[default]
    Unknown,
    NotRegistered,
    Registered,
    OtherProgram,
    /// This desktop has no way to register one.
    Unavailable,
}

/// For what is written to the keyring and to nothing else.
mod in_the_open {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Secret;

    pub fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret::from)
    }
}

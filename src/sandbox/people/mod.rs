//! Accounts, who is whose friend, who is online: the data (`accounts`, `ties`), and `userProfile` and `gamelist` over it.

mod accounts;
mod friends;
mod games;
mod presence;
pub(super) mod routes;
mod search;
pub(super) mod ties;

pub(super) use accounts::{Account, AccountId, Accounts, Activity, NameRefused, Picture, Platform, Resident};
pub(super) use games::GAMES;
pub(super) use ties::Ties;

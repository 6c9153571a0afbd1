//! Accounts, who is whose friend, who is online: the data, and `userProfile` over it.

mod accounts;
pub(super) mod routes;

pub(super) use accounts::{Account, AccountId, Accounts, Activity, Platform};

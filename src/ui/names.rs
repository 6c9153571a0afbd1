//! Who an account is, as far as anything that the window has says. Pure.

use crate::{
    client::SignedIn,
    model::{AccountId, OnlineId},
};

/// The name of `account`, whoever of those that are on screen anywhere it is.
pub fn known(signed_in: &SignedIn, account: AccountId) -> Option<&OnlineId> {
    signed_in.names().find(|(known, _)| *known == account).map(|(_, name)| name)
}

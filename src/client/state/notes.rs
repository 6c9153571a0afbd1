//! What is remembered for the account: read when it is taken into use, written some time after it changed.

use std::time::Instant;

use super::State;
use crate::model::Notes;

impl State {
    pub(super) fn notes(&self) -> Option<&Notes> {
        Some(&self.account()?.notes)
    }

    /// Changes what is remembered; it is written soon.
    pub(super) fn note(&mut self, _now: Instant, change: impl FnOnce(&mut Notes)) {
        if let Some(account) = self.account_mut() {
            change(&mut account.notes);
        }
    }
}

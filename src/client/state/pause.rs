//! A pause that the service asked for: it outlives the run.

use std::time::{Duration, Instant, SystemTime};

use super::{Effect, Effects, State};
use crate::model::AccountId;

/// The end of one pause, told twice, differs by no more.
const SAME: Duration = Duration::from_secs(2);

impl State {
    /// Remembered, so that the next run knows of it.
    pub(super) fn pause_began(&mut self, account: AccountId, until: SystemTime, now: Instant) {
        let Some(account) = self.account_mut().filter(|ours| ours.me.account == account) else { return };
        if account.pause.is_none_or(|known| known + SAME < until) {
            account.pause = Some(until);
            self.note(now, |notes| notes.pause_until = Some(until));
        }
    }

    /// One that was remembered is handed on, as soon as it is known.
    pub(super) fn honour_pause(&mut self, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        if let Some(until) = account.notes.pause_until
            && account.pause != Some(until)
        {
            account.pause = Some(until);
            out.push(Effect::HonourPause(until));
        }
    }
}

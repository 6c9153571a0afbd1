//! What is remembered for the account: read when it is taken into use, written some time after it changed.

use std::time::{Duration, Instant};

use super::{Effect, Effects, Failure, Place, ProblemKind, State, Timer};
use crate::model::{AccountId, Notes};

/// Many changes, one file; a crash loses no more than this.
const SAVE_SETTLE: Duration = Duration::from_secs(2);

impl State {
    pub(super) fn notes(&self) -> Option<&Notes> {
        Some(&self.account()?.notes)
    }

    /// Changes what is remembered; if that changed anything it is written soon.
    pub(super) fn note(&mut self, now: Instant, change: impl FnOnce(&mut Notes)) {
        let Some(account) = self.account_mut() else { return };
        let before = account.notes.clone();
        change(&mut account.notes);
        account.notes.clamp();
        if account.notes != before {
            self.save_notes_soon(now);
        }
    }

    /// What the user did before this came stays done.
    pub(super) fn notes_read(&mut self, of: AccountId, earlier: Notes, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut().filter(|account| account.me.account == of) else { return };
        account.notes_read = true;
        let noted = account.notes != Notes::default();
        account.notes.take_over(earlier.clone());
        if noted {
            self.save_notes_soon(now);
        }
        self.show_people(now, out);
        self.tell_hearing(out);
        self.chat_notes_read(&earlier, now);
    }

    pub(super) fn save_notes_soon(&mut self, now: Instant) {
        // Afterwards there may be no loop any more.
        let settle = if self.quitting { Duration::ZERO } else { SAVE_SETTLE };
        self.timers.set_earlier(Timer::SaveNotes, now + settle);
    }

    /// What changed and is not written yet: there is no later for it.
    pub(super) fn save_waiting_notes(&mut self, out: &mut Effects) {
        if self.timers.is_set(Timer::SaveNotes) {
            self.timers.clear(Timer::SaveNotes);
            self.save_notes(out);
        }
    }

    pub(super) fn save_notes(&mut self, out: &mut Effects) {
        if let Some(account) = self.account() {
            let notes = Box::new(account.notes.clone());
            out.push(Effect::SaveNotes { notes, besides_earlier: !account.notes_read });
        }
    }

    pub(super) fn notes_saved(&mut self, result: Result<(), Failure>) {
        match result {
            Ok(()) => self.problems.clear_kind(&ProblemKind::NotesNotSaved),
            Err(failure) => self.problems.raise(Place::Settings, failure),
        }
    }
}

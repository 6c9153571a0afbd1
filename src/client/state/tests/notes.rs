//! What is remembered: when it is read, when it is written, and whose it is.

use super::*;
use crate::model::{Notes, SecretStorage};

fn favor(account: AccountId) -> Input {
    Input::Command(Command::SetFavorite { account, favorite: true })
}

fn earlier(favorites: &[AccountId]) -> Box<Notes> {
    Box::new(Notes { favorites: favorites.iter().copied().collect(), ..Notes::default() })
}

impl Evening {
    fn remembering() -> Self {
        let mut evening = Self::signed_in();
        evening.give(Input::NotesRead { account: ME, notes: Box::default() });
        evening
    }

    /// The favourites in each file written.
    fn written(&self) -> Vec<Vec<AccountId>> {
        let written = self.effects.iter().filter_map(|effect| match effect {
            Effect::SaveNotes { notes, .. } => Some(notes.favorites.iter().copied().collect()),
            _ => None,
        });
        written.collect()
    }
}

#[test]
fn many_changes_are_one_file_and_no_change_is_none() {
    let mut evening = Evening::remembering();
    evening.give(favor(NOVA));
    evening.pass(Duration::from_millis(1500));
    evening.give(favor(AccountId(7)));
    evening.pass(Duration::from_secs(10));
    assert_eq!(evening.written(), [vec![AccountId(7), NOVA]]);
    evening.give(favor(NOVA));
    evening.pass(Duration::from_secs(10));
    assert!(evening.written().is_empty(), "nothing changed");
    evening.give(Input::Command(Command::SetFavorite { account: NOVA, favorite: false }));
    evening.pass(Duration::from_secs(10));
    assert_eq!(evening.written(), [vec![AccountId(7)]]);
}

#[test]
fn what_is_not_known_yet_is_not_overwritten_and_nothing_done_meanwhile_is_lost() {
    let mut evening = Evening::signed_in();
    let besides =
        |evening: &Evening| evening.has(|e| matches!(e, Effect::SaveNotes { besides_earlier: true, .. }));
    evening.give(favor(NOVA));
    evening.pass(Duration::from_secs(10));
    assert!(besides(&evening));
    evening.give(Input::NotesRead { account: AccountId(5), notes: earlier(&[AccountId(5)]) });
    evening.pass(Duration::from_secs(10));
    assert!(evening.written().is_empty(), "of another account");
    evening.give(Input::NotesRead { account: ME, notes: earlier(&[AccountId(7)]) });
    evening.pass(Duration::from_secs(10));
    assert_eq!(evening.written(), [vec![AccountId(7), NOVA]]);
    assert!(!besides(&evening));
}

#[test]
fn what_waits_is_written_when_the_program_ends_or_another_account_comes_but_not_after_signing_out() {
    let mut evening = Evening::remembering();
    evening.give(favor(NOVA));
    evening.give(Input::Command(Command::Quit));
    assert_eq!(evening.written(), [vec![NOVA]]);
    assert_eq!(evening.effects.last(), Some(&Effect::Finish));

    let mut evening = Evening::remembering();
    let slot = AccountSlot::new();
    let other =
        KnownAccount { slot: slot.clone(), account: NOVA, online_id: OnlineId::from("Nova"), ends: None };
    evening.give(Input::AccountsKept(vec![other]));
    evening.give(favor(NOVA));
    evening.give(Input::Command(Command::SwitchAccount(slot)));
    assert_eq!(evening.written(), [vec![NOVA]]);
    let at = |pick: fn(&Effect) -> bool| evening.effects.iter().position(pick).expect("among them");
    assert!(at(|e| matches!(e, Effect::SaveNotes { .. })) < at(|e| *e == Effect::DropAccount));

    let mut evening = Evening::remembering();
    evening.give(favor(NOVA));
    evening.give(Input::Command(Command::SignOut));
    assert!(evening.written().is_empty());
    evening.pass(Duration::from_secs(10));
    assert!(evening.written().is_empty());
}

#[test]
fn what_the_end_of_the_program_still_changes_is_written_at_once() {
    let mut evening = Evening::in_party();
    evening.give(Input::NotesRead { account: ME, notes: Box::default() });
    evening.give(Input::Command(Command::Quit));
    evening.give(favor(NOVA));
    evening.pass(Duration::from_millis(1));
    assert_eq!(evening.written(), [vec![NOVA]]);
}

#[test]
fn a_new_place_for_secrets_is_a_new_place_for_notes() {
    let mut evening = Evening::remembering();
    let secrets = crate::client::Secrets {
        storage: SecretStorage::File,
        keyring: crate::model::KeyringState::Absent,
        choice_wanted: false,
    };
    evening.give(Input::SecretsMoved(Ok(secrets)));
    evening.pass(Duration::from_secs(10));
    assert!(evening.written().is_empty(), "nothing to say");
    evening.give(favor(NOVA));
    evening.pass(Duration::from_secs(10));
    evening.give(Input::SecretsMoved(Ok(secrets)));
    evening.pass(Duration::from_secs(10));
    assert_eq!(evening.written(), [vec![NOVA]]);
}

#[test]
fn notes_that_cannot_be_written_are_a_problem_until_they_can() {
    let mut evening = Evening::remembering();
    let failure = Failure::new(ProblemKind::NotesNotSaved, "storage full");
    evening.give(Input::NotesSaved(Err(failure)));
    assert_eq!(evening.problems(), [ProblemKind::NotesNotSaved]);
    evening.give(Input::NotesSaved(Ok(())));
    assert!(evening.problems().is_empty());
}

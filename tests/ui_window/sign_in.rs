//! Before and while signing in.

use egui::{Key, OutputCommand};
use egui_kittest::kittest::Queryable;
use partyline::{
    client::{Command, Place, ProblemKind, Screen, Secrets, WayBack},
    model::{KeyringState, SchemeStatus, Secret, SecretStorage},
};

use crate::stage::{self, Stage, problem};

#[test]
fn one_button_signs_in_and_the_sandbox_says_what_it_is() {
    let mut stage = Stage::new(stage::signed_out());
    assert!(stage.shows("This is the sandbox"));
    stage.click("Sign in with the browser");
    assert_eq!(stage.commands(), [Command::SignIn]);
}

#[test]
fn a_sign_in_under_way_can_be_copied_or_given_up() {
    let mut stage = Stage::new(stage::signing_in("http://127.0.0.1:9/authorize"));
    stage.click_once("Copy the link");
    let copied = stage.window.output().platform_output.commands.iter().any(
        |command| matches!(command, OutputCommand::CopyText(text) if text == "http://127.0.0.1:9/authorize"),
    );
    assert!(copied);
    stage.window.run();
    stage.click("Cancel");
    assert_eq!(stage.commands(), [Command::CancelSignIn]);
}

#[test]
fn a_failed_sign_in_says_so_and_offers_another_try() {
    let mut snapshot = stage::signed_out();
    snapshot.problems.push(problem(ProblemKind::SignInTimedOut, Place::SignIn));
    let mut stage = Stage::new(snapshot);
    assert!(stage.shows("The browser did not come back."));
    stage.click("Try again");
    assert_eq!(stage.commands(), [Command::SignIn]);
}

#[test]
fn an_account_that_is_kept_goes_on_with_one_press() {
    let mut snapshot = stage::ready_to_sign_in();
    snapshot.accounts = stage::kept_accounts();
    let slot = snapshot.accounts[1].slot.clone();
    let mut stage = Stage::new(snapshot);
    stage.click("Continue as Kestrel_9");
    assert_eq!(stage.commands(), [Command::SwitchAccount(slot)]);
}

#[test]
fn an_account_is_forgotten_only_after_a_yes() {
    let mut snapshot = stage::ready_to_sign_in();
    snapshot.accounts = stage::kept_accounts();
    let slot = snapshot.accounts[0].slot.clone();
    let mut stage = Stage::new(snapshot);
    stage.click("Forget marlow_87");
    stage.click("Cancel");
    assert_eq!(stage.commands(), []);
    stage.click("Forget marlow_87");
    stage.click("Forget");
    assert_eq!(stage.commands(), [Command::ForgetAccount(slot)]);
    assert!(!stage.shows("What is kept of this account"));
}

#[test]
fn an_npsso_is_explained_masked_and_sent_once() {
    let npsso = "invented-npsso-value";
    let mut stage = Stage::new(stage::ready_to_sign_in());
    stage.click("Use an npsso");
    assert!(stage.shows("/api/v1/ssocookie"));
    assert!(stage.shows("Treat it like a password"));
    // The field has the focus at once.
    stage.window.event(egui::Event::Paste(npsso.into()));
    stage.window.run();
    assert!(!stage.everything().contains(npsso));
    stage.press(Key::Enter);
    stage.press(Key::Enter);
    assert_eq!(stage.commands(), [Command::SignInWithNpsso(Secret::from(npsso))]);
}

#[test]
fn the_wait_says_how_the_browser_comes_back() {
    use SchemeStatus::{NotRegistered, OtherProgram, Registered, Unavailable, Unknown};
    for (way_back, scheme, text, asks) in [
        (WayBack::Loopback, NotRegistered, "comes back to Partyline by itself", false),
        (WayBack::Scheme, Registered, "it asks to open Partyline", false),
        (WayBack::Scheme, NotRegistered, "in Chrome and Edge press F12", true),
        (WayBack::Scheme, OtherProgram, "in Chrome and Edge press F12", true),
        (WayBack::Scheme, Unavailable, "in Chrome and Edge press F12", false),
        (WayBack::Scheme, Unknown, "in Chrome and Edge press F12", false),
        (WayBack::Paste, Registered, "copy that and paste it below", false),
    ] {
        let mut stage = Stage::new(stage::waiting(way_back, scheme));
        assert!(stage.shows(text), "{way_back:?} {scheme:?}");
        assert_eq!(
            stage.window.query_by_label("Let it come back").is_some(),
            asks,
            "{way_back:?} {scheme:?}"
        );
        // Pasting works besides each.
        assert!(stage.window.query_by_label("Address or code").is_some());
        if asks {
            stage.click("Let it come back");
            assert_eq!(stage.commands(), [Command::RegisterScheme]);
        }
    }
}

#[test]
fn the_link_is_there_to_be_read_and_opened_again() {
    let mut stage = Stage::new(stage::waiting(WayBack::Paste, SchemeStatus::Unknown));
    assert_eq!(stage.value("Sign-in link"), stage::LINK);
    stage.click("Open again");
    assert_eq!(stage.commands(), [Command::SignIn]);
}

#[test]
fn what_is_pasted_is_masked_sent_once_and_gone() {
    let pasted = "com.example.app://redirect?code=v3.invented&state=s1";
    let mut stage = Stage::new(stage::waiting(WayBack::Scheme, SchemeStatus::Unavailable));
    assert!(!stage.is_enabled("Continue"));
    stage.click("Address or code");
    stage.window.event(egui::Event::Paste(format!("{pasted}\n")));
    stage.window.run();
    assert!(!stage.everything().contains("v3.invented"));
    stage.click("Continue");
    assert_eq!(stage.commands(), [Command::PasteRedirect(Secret::from(pasted))]);
    assert_eq!(stage.value("Address or code"), "");
    // A wrong one keeps the wait.
    stage.publish(|s| s.problems.push(problem(ProblemKind::RedirectOfOtherSignIn, Place::SignIn)));
    assert!(stage.shows("That address belongs to an older sign-in."));
    assert!(stage.window.query_by_label("Address or code").is_some());
}

#[test]
fn the_field_to_paste_into_is_ready_for_who_asked_for_it() {
    let mut stage = Stage::new(stage::ready_to_sign_in());
    stage.click("Paste the address");
    let waiting = stage::waiting(WayBack::Paste, SchemeStatus::Unknown).screen;
    stage.publish(|s| s.screen = waiting);
    stage.window.event(egui::Event::Paste("v3.invented".into()));
    stage.window.run();
    stage.press(Key::Enter);
    assert_eq!(stage.commands(), [Command::SignIn, Command::PasteRedirect(Secret::from("v3.invented"))]);
}

#[test]
fn what_was_typed_does_not_outlive_its_sign_in() {
    let waiting = || stage::waiting(WayBack::Paste, SchemeStatus::Unknown).screen;
    let mut stage = Stage::new(stage::ready_to_sign_in());
    stage.publish(|s| s.screen = waiting());
    stage.type_into("Address or code", "v3.invented");
    stage.publish(|s| s.screen = Screen::SignedOut);
    stage.publish(|s| s.screen = waiting());
    assert_eq!(stage.value("Address or code"), "");
}

#[test]
fn once_the_browser_is_done_there_is_nothing_left_to_paste() {
    let mut snapshot = stage::waiting(WayBack::Loopback, SchemeStatus::Unknown);
    if let Screen::SigningIn(sign_in) = &mut snapshot.screen {
        sign_in.finishing = true;
    }
    let mut stage = Stage::new(snapshot);
    assert!(stage.shows("Signing in…"));
    assert!(stage.window.query_by_label("Address or code").is_none());
    stage.click("Cancel");
    assert_eq!(stage.commands(), [Command::CancelSignIn]);
}

#[test]
fn coming_back_is_quiet_at_first_then_says_who_and_lets_one_out() {
    let mut stage = Stage::new(stage::ready_to_sign_in());
    stage.publish_once(|s| s.screen = Screen::Starting { account: Some("marlow_87".into()) });
    assert!(!stage.shows("Signing in as"));
    stage.later(0.35);
    assert!(stage.shows("Signing in as marlow_87…"));
    stage.publish(|s| s.problems.push(problem(ProblemKind::ServiceUnreachable, Place::Starting)));
    assert!(stage.shows("goes on trying by itself"));
    stage.click("Try again");
    stage.click("Use another account");
    assert_eq!(stage.commands(), [Command::RetryStart, Command::CancelSignIn]);
}

#[test]
fn where_there_is_no_keyring_the_user_says_what_to_do_instead() {
    for (keyring, text) in [
        (KeyringState::Absent, "There is no keyring on this computer."),
        (KeyringState::Locked, "The keyring is locked."),
        (KeyringState::Broken, "The keyring answers with errors."),
    ] {
        for mut snapshot in [stage::ready_to_sign_in(), stage::home()] {
            let secrets = stage::secrets(SecretStorage::Memory, keyring);
            snapshot.secrets = Some(secrets);
            assert!(!Stage::new(snapshot.clone()).shows(text), "nobody asked");
            snapshot.secrets = Some(Secrets { choice_wanted: true, ..secrets });
            let mut stage = Stage::sized(snapshot, 1280.0, 1200.0);
            assert!(stage.shows(text));
            stage.click("Only until I quit");
            stage.click("In a file only I can read");
            stage.click("Try the keyring again");
            let places = [SecretStorage::Memory, SecretStorage::File, SecretStorage::Keyring];
            assert_eq!(stage.commands(), places.map(Command::KeepSecretsIn));
        }
    }
}

#[test]
fn before_there_is_a_secret_nobody_is_asked_where_to_keep_it() {
    let mut snapshot = stage::first_run();
    let secrets = stage::secrets(SecretStorage::Memory, KeyringState::Absent);
    snapshot.secrets = Some(Secrets { choice_wanted: true, ..secrets });
    let stage = Stage::new(snapshot);
    assert!(stage.shows("asks you next where to keep it"));
    assert!(stage.window.query_by_label("Only until I quit").is_none());
}

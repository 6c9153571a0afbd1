//! Before and while signing in.

use egui::OutputCommand;
use partyline::client::{Command, Place, ProblemKind};

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

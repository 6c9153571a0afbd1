//! Staying signed in: the warning, the end of it, and signing in again over the window that stays.

use std::time::{Duration, SystemTime};

use egui::{Key, pos2};
use egui_kittest::kittest::Queryable;
use partyline::{
    client::{Command, Place, ProblemKind, SignIn, Stay, WayBack},
    model::Secret,
};

use crate::stage::{self, Stage, problem, signed_in};

#[test]
fn before_the_end_there_is_a_quiet_line_with_its_day() {
    let mut stage = Stage::new(stage::home());
    assert!(!stage.shows("Sign in again"));
    let ends = SystemTime::now() + Duration::from_secs(5 * 86_400);
    stage.publish(|s| signed_in(s).stay = Stay::EndsSoon(ends));
    let day = jiff::Timestamp::try_from(ends).expect("a time").to_zoned(jiff::tz::TimeZone::system());
    assert!(stage.shows(&format!("Sign in again by {}", day.strftime("%-d %B"))));
    stage.click("Sign in again");
    assert_eq!(stage.commands(), [Command::SignIn]);
}

#[test]
fn after_the_end_the_party_and_the_page_stay_and_it_says_what_still_works() {
    let mut stage = Stage::new(stage::in_party());
    stage.publish(|s| signed_in(s).stay = Stay::Ended);
    assert!(stage.shows("Your sign-in has ended"));
    assert!(stage.shows("The voice you are connected to goes on."));
    assert!(stage.shows("Nova, PS5 · quiet"));
    stage.click("Sign in again");
    stage.click("All parties");
    assert!(stage.shows("Your sign-in has ended"), "on every page");
    assert_eq!(stage.commands(), [Command::SignIn]);

    let mut snapshot = stage::home();
    signed_in(&mut snapshot).stay = Stay::Ended;
    assert!(Stage::new(snapshot).shows("stay out of reach until you sign in again"));
}

#[test]
fn signing_in_again_happens_over_the_window_and_leaves_it_as_it_was() {
    let mut snapshot = stage::in_party();
    signed_in(&mut snapshot).stay = Stay::Ended;
    let mut stage = Stage::new(snapshot);
    stage.publish(|s| signed_in(s).sign_in = Some(stage::under_way(WayBack::Scheme)));
    assert_eq!(stage.value("Sign-in link"), stage::LINK);
    stage.type_into("Address or code", "v3.invented");
    stage.press(Key::Enter);
    assert_eq!(stage.commands(), [Command::PasteRedirect(Secret::from("v3.invented"))]);
    stage.publish(|s| {
        signed_in(s).sign_in = None;
        signed_in(s).stay = Stay::Good;
    });
    assert!(stage.window.query_by_label("Sign-in link").is_none());
    assert!(stage.shows("Nova, PS5 · quiet"));
}

#[test]
fn only_a_clear_no_gives_the_sign_in_up() {
    let mut snapshot = stage::in_party();
    signed_in(&mut snapshot).sign_in = Some(stage::under_way(WayBack::Loopback));
    let mut stage = Stage::new(snapshot);
    // Back from the browser, somebody clicks on the window.
    for pressed in [true, false] {
        let at = pos2(600.0, 790.0);
        stage.window.event(egui::Event::PointerMoved(at));
        let (button, modifiers) = (egui::PointerButton::Primary, egui::Modifiers::NONE);
        stage.window.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers });
        stage.window.run();
    }
    assert_eq!(stage.commands(), []);
    stage.press(Key::Escape);
    stage.click("Cancel");
    assert_eq!(stage.commands(), [Command::CancelSignIn, Command::CancelSignIn]);
}

#[test]
fn trouble_with_it_is_said_once_in_the_dialog_or_above_the_page() {
    let text = "That is neither an address nor a code.";
    for sign_in in [None, Some(stage::under_way(WayBack::Paste))] {
        let mut snapshot = stage::home();
        signed_in(&mut snapshot).sign_in = sign_in;
        snapshot.problems.push(problem(ProblemKind::NotARedirect, Place::SignIn));
        let stage = Stage::new(snapshot);
        assert_eq!(stage.window.get_all_by_label(text).count(), 1);
    }
}

#[test]
fn what_needs_no_browser_shows_only_that_it_is_under_way() {
    let mut snapshot = stage::home();
    let finishing = SignIn { link: None, way_back: WayBack::default(), finishing: true };
    signed_in(&mut snapshot).sign_in = Some(finishing);
    let stage = Stage::new(snapshot);
    assert!(stage.shows("Signing in…"));
    assert!(stage.window.query_by_label("Copy the link").is_none());
}

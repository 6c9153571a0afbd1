//! Signing in with a real browser: Debian's Chromium on a display that nobody sees, the built program, and the sandbox's
//! pages in between. Each test has a home of its own and the display to itself.
//!
//! With `PARTYLINE_SCREENSHOTS=FOLDER` the display is also photographed where there is something to see; that takes
//! ImageMagick.
#![cfg(target_os = "linux")]

mod chromium;
mod devtools;
mod group;
mod program;
mod room;
#[path = "../stage/mod.rs"]
mod stage;
#[path = "../step/mod.rs"]
mod step;

use std::time::Duration;

use partyline::{
    desktop::{SCHEME, SchemeHandler},
    sandbox::Calls,
};
use program::PARTYLINE;
use room::Room;
use serde_json::json;
use step::{again, assert_succeeds, step};
use url::Url;

/// For each thing that must happen: a busy machine with two cores takes its time to start a browser.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_page_of_the_program_takes_the_answer_and_nothing_else_is_asked() {
    let room = Room::new();
    let mut program = room.program("loopback").start();
    let mut browser = room.started_browser();
    let mut page = browser.page(&room.sign_in_page());
    room.photograph("loopback-1-sandbox");
    page.click("button[value=marlow_87]");
    page.wait_for_text("Partyline has what it needs");
    room.photograph("loopback-2-signed-in");
    assert!(!page.address().contains("code="), "whoever sees the screen sees no code");

    assert_eq!(program.wait_for("signed_in")["online_id"], "marlow_87");
    let (code, summary) = program.talk_and_end();
    assert_eq!(code, Some(0), "{summary}");
    assert_eq!(summary["problems"], json!([]));
    assert!(!program.has_said("problem"));
    let calls = room.service.sandbox.as_ref().expect("running").token_calls();
    assert_eq!(calls.code, Calls { answered: 1, refused: 0 });
}

#[test]
fn the_desktop_brings_an_address_of_the_scheme_and_brings_it_once() {
    const TEST: &str = "the_desktop_brings_an_address_of_the_scheme_and_brings_it_once";
    if step().is_some() {
        return SchemeHandler::of_program(PARTYLINE.into()).register().expect("registered");
    }
    let room = Room::new();
    assert_succeeds(again(room.home(), TEST, "register"));
    room.always_open_the_scheme();
    let mut program = room.program("scheme").start();
    let mut browser = room.started_browser();
    browser.page(&room.sign_in_page()).click("button[value=marlow_87]");

    let (code, address) = room.handed_over();
    assert_eq!(code, 0, "the second start brought it");
    assert!(address.starts_with(SCHEME));
    assert_eq!(program.wait_for("signed_in")["online_id"], "marlow_87");
    room.photograph("scheme-2-done");

    let again = room.isolated(PARTYLINE).args(["open", &address]).output().expect("started");
    assert_eq!(again.status.code(), Some(1), "nobody waits for it any more");
    let (code, summary) = program.talk_and_end();
    assert_eq!(code, Some(0), "{summary}");
    assert!(!program.has_said("problem"));
}

#[test]
fn the_right_address_can_be_pasted_after_wrong_ones() {
    let room = Room::new();
    let mut program = room.program("scheme").start();
    let mut browser = room.started_browser();
    let mut page = browser.page(&room.sign_in_page());
    let sign_in_page = page.address();
    let address = page.answer_to_a_click_on("button[value=marlow_87]");
    room.photograph("paste-1-no-handler");

    program.paste(&sign_in_page);
    program.wait_for_problem("RedirectOfOtherPage");
    let mut other = address.clone();
    let query = other.query().expect("a code and a state").replace("state=", "state=other-");
    other.set_query(Some(&query));
    program.paste(other.as_str());
    program.wait_for_problem("RedirectOfOtherSignIn");
    program.paste("what now?");
    program.wait_for_problem("NotARedirect");
    program.paste(address.as_str());
    assert_eq!(program.wait_for("signed_in")["online_id"], "marlow_87");

    let (code, summary) = program.talk_and_end();
    assert_eq!(code, Some(0), "{summary}");
    assert!(!program.has_printed(&code_in(&address)), "what was pasted stays unsaid");
}

#[test]
fn the_code_alone_can_be_pasted_from_a_browser_on_another_device() {
    let room = Room::new();
    let mut program = room.program("scheme").without_any_browser(&room.empty_folder()).start();
    let sign_in = program.wait_for("sign_in");
    program.wait_for_problem("BrowserDidNotOpen");

    let mut browser = room.browser_elsewhere(sign_in["link"].as_str().expect("a link"));
    let mut page = browser.page(&room.sign_in_page());
    page.write("#account", "elsewhere");
    let address = page.answer_to_a_click_on("button.go");
    program.paste(&code_in(&address));
    assert_eq!(program.wait_for("signed_in")["online_id"], "elsewhere");
    let (code, summary) = program.talk_and_end();
    assert_eq!(code, Some(0), "{summary}");
    assert!(!program.has_printed(&code_in(&address)));
}

#[test]
fn a_no_in_the_browser_is_a_sentence_and_an_exit_code_of_one() {
    let room = Room::new();
    let mut program = room.program("loopback").in_sentences().start();
    let mut browser = room.started_browser();
    let mut page = browser.page(&room.sign_in_page());
    page.click("a.cancel");
    page.wait_for_text("You are not signed in");
    room.photograph("denied-2-page");
    program.wait_for_text("the sign-in was refused, by you or by the service; nobody is signed in");
    assert_eq!(program.end(), Some(1));
    let calls = room.service.sandbox.as_ref().expect("running").token_calls();
    assert_eq!(calls.code, Calls { answered: 0, refused: 0 });
}

fn code_in(address: &Url) -> String {
    let code = address.query_pairs().find(|(name, _)| name == "code");
    code.expect("a code").1.into_owned()
}

//! Any text where a redirect is read: from the browser, from the desktop, from the clipboard.

use partyline::psn::{Expected, Redirect, RedirectError, pasted_npsso};
use url::Url;

const SCHEME: &str = "com.scee.psxandroid.scecompcall://redirect";
const LOOPBACK: &str = "http://127.0.0.1:4711/redirect";
const STATE: &str = "s1";
const MAX_CODE: usize = 512;

fn expected(redirect_uri: &str, state: &str) -> Expected {
    Expected { redirect_uri: Url::parse(redirect_uri).expect("a constant"), state: state.into() }
}

pub fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    for ours in [SCHEME, LOOPBACK] {
        let read = expected(ours, STATE).read(&text);
        if read.is_ok() {
            is_ours_alone(&text, ours);
        }
        if let Ok(Redirect::Code(code)) = &read {
            is_the_only_code(&text, code.expose());
        }
        pasted(&text, &read, expected(ours, STATE).read_pasted(&text));
        any_code_survives_the_way(&text, ours);
    }
    npsso(&text);
}

/// No other sign-in takes what one takes, and it is an address of ours by its text alone.
fn is_ours_alone(text: &str, ours: &str) {
    let address = Url::parse(text.trim()).expect("it was read").to_string();
    let rest = address.strip_prefix(ours).expect("another page was taken for ours");
    let rest = rest.trim_start_matches('/');
    assert!(rest.starts_with('?'), "deeper than the page, or without a query");
    let other = if ours == SCHEME { LOOPBACK } else { SCHEME };
    assert_eq!(expected(other, STATE).read(text), Err(RedirectError::OtherPage));
    assert_eq!(expected(ours, "s2").read(text), Err(RedirectError::OtherSignIn));
    let (query, fragment) = address.split_once('#').unwrap_or((&address, ""));
    for twice in [format!("{query}&state={STATE}#{fragment}"), format!("{query}&st%61te=x#{fragment}")] {
        // One that grew too long is refused for that.
        assert!(expected(ours, STATE).read(&twice).is_err(), "two states, and one was chosen");
    }
}

fn is_the_only_code(text: &str, code: &str) {
    assert!((1..=MAX_CODE).contains(&code.len()));
    let address = Url::parse(text.trim()).expect("it was read");
    let codes: Vec<_> = address.query_pairs().filter(|(name, _)| name == "code").collect();
    assert!(matches!(&codes[..], [(_, only)] if only == code), "a code that is not the address's only one");
}

/// Pasting is reading, but that a code may come without an address, and then it is the text itself.
fn pasted(text: &str, read: &Result<Redirect, RedirectError>, pasted: Result<Redirect, RedirectError>) {
    match pasted {
        Ok(Redirect::Code(code)) if read.is_err() => {
            assert_eq!(code.expose(), text.trim());
            let inside = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
            assert!(code.expose().starts_with('v') && code.expose().chars().all(inside));
            assert!(code.expose().len() <= MAX_CODE + 4);
        }
        pasted => assert_eq!(&pasted, read),
    }
}

fn any_code_survives_the_way(code: &str, ours: &str) {
    let mut address = Url::parse(ours).expect("a constant");
    address.query_pairs_mut().append_pair("state", STATE).append_pair("code", code);
    let read = expected(ours, STATE).read(address.as_str());
    if (1..=MAX_CODE).contains(&code.len()) {
        assert_eq!(read, Ok(Redirect::Code(code.into())));
    } else {
        assert_eq!(read, Err(RedirectError::NotARedirect));
    }
}

fn npsso(text: &str) {
    let Some(npsso) = pasted_npsso(text) else { return };
    assert!((16..=512).contains(&npsso.expose().len()), "{} bytes", npsso.expose().len());
    assert!(npsso.expose().bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let bare = text.trim() == npsso.expose();
    assert!(bare || text.trim_start().starts_with(['{', '[']), "neither the value nor the page around it");
}

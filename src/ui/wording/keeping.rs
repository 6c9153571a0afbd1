//! Sentences about signing in, staying signed in, and what is kept where. Pure.

use std::time::SystemTime;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    client::{CaptureTrouble, Secrets, Service},
    model::{ClientSource, Difference, KeyringState, SchemeStatus, SecretStorage},
};

/// A way to keep secrets, and what choosing it means.
pub fn storage(storage: SecretStorage) -> (&'static str, &'static str) {
    match storage {
        SecretStorage::Keyring => {
            ("In the system's keyring", "Your desktop keeps it encrypted and opens it when you log in.")
        }
        SecretStorage::File => (
            "In a file only I can read",
            "Not encrypted: whoever can act as you on this computer, or read a backup of it, can use it.",
        ),
        SecretStorage::Memory => {
            ("Only until I quit", "Nothing is written down. You sign in each time you start Partyline.")
        }
    }
}

/// Where the client secret goes once it is given.
pub fn secret_goes(secrets: Option<Secrets>) -> &'static str {
    match secrets.map(|secrets| secrets.storage) {
        _ if secrets.is_some_and(|secrets| secrets.choice_wanted) => {
            "Partyline asks you next where to keep it, and shows it to the sign-in service alone."
        }
        Some(SecretStorage::Keyring) => {
            "Partyline keeps it in your system's keyring and shows it to the sign-in service alone."
        }
        Some(SecretStorage::File) => {
            "Partyline keeps it in a file only you can read and shows it to the sign-in service alone."
        }
        Some(SecretStorage::Memory) | None => {
            "Partyline keeps it in memory until you quit and shows it to the sign-in service alone."
        }
    }
}

/// Why there is a choice to make.
pub fn keyring_trouble(keyring: KeyringState) -> (&'static str, &'static str) {
    let what = match keyring {
        KeyringState::Absent => "There is no keyring on this computer.",
        KeyringState::Locked => "The keyring is locked.",
        KeyringState::Broken => "The keyring answers with errors.",
        KeyringState::Unknown | KeyringState::Working => "The keyring is not in use.",
    };
    (what, "It would keep your sign-in safe between runs. Where should it live instead?")
}

/// Where the client in use came from.
pub fn source(source: ClientSource) -> &'static str {
    match source {
        ClientSource::Sandbox => "The sandbox's own, and no secret",
        ClientSource::Environment => "From PARTYLINE_CLIENT_SECRET; not stored",
        ClientSource::Kept => "Yours; kept where your sign-in is kept",
    }
}

/// Whether the browser finds the way back, and what that means.
/// Of a client whose redirect is a page on this computer.
pub const BACK_TO_OUR_PAGE: (&str, &str) =
    ("The browser comes back by itself", "This client's sign-in ends on a page of this program.");

pub fn scheme(scheme: SchemeStatus) -> (&'static str, &'static str) {
    match scheme {
        SchemeStatus::Registered => {
            ("The browser comes back by itself", "Partyline is registered for the sign-in's addresses.")
        }
        SchemeStatus::NotRegistered => (
            "You paste the address yourself",
            "No program is registered for the addresses that end the sign-in.",
        ),
        SchemeStatus::OtherProgram => (
            "You paste the address yourself",
            "Another program is registered for the addresses that end the sign-in.",
        ),
        SchemeStatus::Unavailable => {
            ("You paste the address yourself", "This desktop has no way to send the browser back here.")
        }
        SchemeStatus::Unknown => ("Not known yet", "The desktop has not answered."),
    }
}

/// What the first lines of the sign-in screen say.
pub fn welcome(service: Service) -> &'static str {
    match service {
        Service::Live => {
            "Party chat on your desk. Sign in with your own account in your browser; Partyline never sees your \
             password."
        }
        Service::Sandbox => {
            "Party chat on your desk. Your browser opens; pick anyone to be, there is no password."
        }
    }
}

pub fn capture_trouble(trouble: CaptureTrouble) -> &'static str {
    match trouble {
        CaptureTrouble::CannotOpen => "That file can't be opened. Is it still there, and may you read it?",
        CaptureTrouble::NotACapture => {
            "That is no capture, or it is damaged. Partyline reads HAR files, as browsers and mitmproxy write them."
        }
        CaptureTrouble::NoRedirect => {
            "The sign-in in this capture does not tell where the browser goes afterwards. Type the client in instead."
        }
    }
}

/// A finding in a few words.
pub fn difference(difference: &Difference) -> String {
    match difference {
        Difference::Missing => "missing".to_owned(),
        Difference::Unknown => "new".to_owned(),
        Difference::Mistyped { expected, found } => format!("{found} instead of {expected}"),
        Difference::Undecodable => "can't be decoded".to_owned(),
        Difference::Unacceptable => "not a value Partyline takes".to_owned(),
    }
}

/// `12.3 of 30.0 MB`.
pub fn progress(read: u64, total: u64) -> String {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    format!("{:.1} of {:.1} MB", megabytes(read.min(total)), megabytes(total))
}

pub fn stay_ends_soon(ends: SystemTime, now: Timestamp, zone: &TimeZone) -> (String, &'static str) {
    let what = match day(ends, now, zone) {
        Some(day) => format!("Sign in again by {day}"),
        None => "Sign in again soon".to_owned(),
    };
    (what, "The service ends every sign-in after about two months. Nothing else changes when you renew it.")
}

/// `talking`: voice is connected, which outlives the sign-in.
pub fn stay_ended(talking: bool) -> (String, &'static str) {
    let means = match talking {
        true => {
            "The voice you are connected to goes on. Friends and parties stand still until you sign in again."
        }
        false => "Friends and parties stay out of reach until you sign in again.",
    };
    ("Your sign-in has ended".to_owned(), means)
}

/// Of a kept account.
pub fn signed_in_until(ends: Option<SystemTime>, now: Timestamp, zone: &TimeZone) -> String {
    let Some(ends) = ends else { return "Signed in".to_owned() };
    match day(ends, now, zone) {
        _ if Timestamp::try_from(ends).is_ok_and(|ends| ends <= now) => "Must sign in again".to_owned(),
        Some(day) => format!("Signed in until {day}"),
        None => "Signed in".to_owned(),
    }
}

/// `21 January`, with its year if that is another. `None`: no calendar goes that far.
fn day(then: SystemTime, now: Timestamp, zone: &TimeZone) -> Option<String> {
    let then = Timestamp::try_from(then).ok()?.to_zoned(zone.clone());
    let format = if then.year() == now.to_zoned(zone.clone()).year() { "%-d %B" } else { "%-d %B %Y" };
    Some(then.strftime(format).to_string())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_day_is_the_one_of_the_users_own_calendar() {
        let west = TimeZone::fixed(jiff::tz::offset(-8));
        let then = SystemTime::from(at("2026-01-21T03:00:00Z"));
        let (what, _) = stay_ends_soon(then, at("2026-01-15T12:00:00Z"), &west);
        assert_eq!(what, "Sign in again by 20 January");
        let (what, _) = stay_ends_soon(then, at("2025-12-30T12:00:00Z"), &TimeZone::UTC);
        assert_eq!(what, "Sign in again by 21 January 2026");
    }

    #[test]
    fn a_stay_that_is_over_says_so_and_an_absurd_one_names_no_day() {
        let now = at("2026-01-15T12:00:00Z");
        let past = SystemTime::from(at("2026-01-01T00:00:00Z"));
        assert_eq!(signed_in_until(Some(past), now, &TimeZone::UTC), "Must sign in again");
        let never = UNIX_EPOCH.checked_add(Duration::from_secs(1 << 45)).expect("representable");
        assert_eq!(signed_in_until(Some(never), now, &TimeZone::UTC), "Signed in");
        assert_eq!(stay_ends_soon(never, now, &TimeZone::UTC).0, "Sign in again soon");
    }

    #[test]
    fn progress_never_passes_its_end() {
        assert_eq!(progress(12_340_000, 30_000_000), "12.3 of 30.0 MB");
        assert_eq!(progress(31_000_000, 30_000_000), "30.0 of 30.0 MB");
    }
}

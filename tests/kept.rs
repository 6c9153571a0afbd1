//! What outlives a run, and what must not: a client with a real keyring, without one, and with one that is locked. Each run of the
//! client is a process of its own, a step; the sandbox lives in the test that starts them.
#![cfg(target_os = "linux")]

#[path = "../src/logging.rs"]
mod logging;
mod secret_service;
mod stage;
mod step;
mod wire;

use std::{collections::BTreeSet, env, path::Path, process::Command as Process, time::Duration};

use partyline::{
    client::{Command, Config, ProblemKind, Screen},
    model::{Clock, ImageUrl, KeyringState, Privacy, SecretStorage},
    psn::Endpoints,
    sandbox::{CLIENT_SECRET, SandboxConfig},
    store::{self, Paths},
    voice::{Microphone, Speakers},
};
use secret_service::Session;
use stage::{Running, Service, party, signed_in};
use step::{again, assert_succeeds, home};
use wire::{Wire, files_below, files_with};

const URL: &str = "PARTYLINE_TEST_URL";
const NAME: &str = "tidewalker_19";
/// What a user pastes, and nothing may hold.
const PASTED: &str = "InventedAndPasted7";

#[test]
fn a_sign_in_survives_restarts_in_the_keyring_and_nothing_is_left_after_signing_out() {
    const TEST: &str = "a_sign_in_survives_restarts_in_the_keyring_and_nothing_is_left_after_signing_out";
    let Some(step) = step::step() else {
        let service = Service::empty();
        let wire = Wire::to(&service.url);
        let mut session = Session::start();
        session.start_keyring();
        let run = |session: &Session, step| run(session.again(TEST, step), &wire.url);
        run(&session, "sign in");
        assert!(session.items() > 0, "kept in the keyring");
        run(&session, "come back");
        session.stop_keyring();
        session.start_keyring();
        run(&session, "come back");
        let secrets = wire.secrets();
        assert!(secrets.len() >= 6, "the test knows what to look for: {}", secrets.len());
        let found = files_with(session.home.path(), &secrets);
        assert!(found.iter().any(|(file, _)| is_in(file, "notes")), "the test knows where to look");
        let open: Vec<_> =
            found.iter().filter(|(file, text)| !is_in(file, "notes") || !is_id(text)).collect();
        assert!(open.is_empty(), "in the open: {open:?}");
        assert_eq!(pictures(session.home.path()), 1);
        run(&session, "sign out");
        assert_eq!(session.items(), 0);
        let found = files_with(session.home.path(), &wire.secrets());
        assert!(found.is_empty(), "left behind: {found:?}");
        assert_eq!(pictures(session.home.path()), 0);
        run(&session, "stranger");
        return;
    };
    let mut client = client();
    match step.as_str() {
        "sign in" => {
            let snapshot = first_screen(&mut client);
            let secrets = snapshot.secrets.expect("this run remembers");
            assert_eq!((secrets.storage, secrets.keyring), (SecretStorage::Keyring, KeyringState::Working));
            assert!(!secrets.choice_wanted);
            client.send(Command::SignInAs(NAME.into()));
            client.wait("kept", |s| signed_in(s).is_some() && s.accounts.len() == 1);
            leave_traces(&mut client);
        }
        "come back" => drop(back_again(&mut client)),
        "sign out" => {
            back_again(&mut client);
            leave_traces(&mut client);
            client.send(Command::SignOut);
            client.wait("nobody", |s| s.screen == Screen::SignedOut && s.accounts.is_empty());
        }
        _ => assert!(first_screen(&mut client).accounts.is_empty()),
    }
    client.quit();
}

#[test]
fn without_a_keyring_the_user_is_asked_and_both_ways_work() {
    const TEST: &str = "without_a_keyring_the_user_is_asked_and_both_ways_work";
    let Some(step) = step::step() else {
        let service = Service::empty();
        let wire = Wire::to(&service.url);
        let home = home();
        let run = |step| run(again(home.path(), TEST, step), &wire.url);
        run("asked, memory");
        run("memory forgets");
        let found = files_with(home.path(), &wire.secrets());
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(pictures(home.path()), 0);
        run("file");
        run("come back");
        let holders: BTreeSet<_> =
            files_with(home.path(), &wire.secrets()).into_iter().map(|(file, _)| file).collect();
        let (notes, others): (Vec<_>, Vec<_>) = holders.iter().partition(|file| is_in(file, "notes"));
        let names: Vec<_> = others.iter().filter_map(|file| file.file_name()?.to_str()).collect();
        assert_eq!(names, ["secrets.json"], "one file of secrets, the one that the user agreed to");
        assert_eq!(notes.len(), 1, "and one of what is remembered");
        assert!(holders.iter().all(|file| mode(file) == 0o600));
        assert_eq!(pictures(home.path()), 1);
        run("sign out");
        let found = files_with(home.path(), &wire.secrets());
        assert!(found.is_empty(), "left behind: {found:?}");
        assert_eq!(pictures(home.path()), 0);
        return;
    };
    let mut client = client();
    match step.as_str() {
        "asked, memory" => {
            let secrets = first_screen(&mut client).secrets.expect("this run remembers");
            assert_eq!((secrets.storage, secrets.keyring), (SecretStorage::Memory, KeyringState::Absent));
            assert!(secrets.choice_wanted);
            client.send(Command::SignInAs(NAME.into()));
            client.wait("signed in", |s| signed_in(s).is_some());
            leave_traces(&mut client);
            client.send(Command::KeepSecretsIn(SecretStorage::Memory));
            client.wait("answered", |s| s.secrets.is_some_and(|secrets| !secrets.choice_wanted));
            leave_traces(&mut client);
        }
        "memory forgets" => {
            let snapshot = first_screen(&mut client);
            assert!(snapshot.accounts.is_empty());
            assert!(!snapshot.secrets.expect("this run remembers").choice_wanted, "asked once");
        }
        "file" => {
            first_screen(&mut client);
            // Changed later, while somebody is signed in: the sign-in moves along.
            client.send(Command::SignInAs(NAME.into()));
            client.wait("signed in", |s| signed_in(s).is_some());
            client.send(Command::KeepSecretsIn(SecretStorage::File));
            client.wait("moved", |s| s.secrets.is_some_and(|secrets| secrets.storage == SecretStorage::File));
            leave_traces(&mut client);
        }
        "come back" => drop(back_again(&mut client)),
        _ => {
            back_again(&mut client);
            client.send(Command::SignOut);
            client.wait("nobody", |s| s.screen == Screen::SignedOut);
        }
    }
    client.quit();
}

#[test]
fn a_locked_keyring_asks_too_and_keeps_what_it_has() {
    const TEST: &str = "a_locked_keyring_asks_too_and_keeps_what_it_has";
    let Some(step) = step::step() else {
        let service = Service::empty();
        let mut session = Session::start();
        session.start_keyring();
        let run = |session: &Session, step| run(session.again(TEST, step), &service.url);
        run(&session, "sign in");
        session.lock_keyring();
        run(&session, "locked");
        session.stop_keyring();
        session.start_keyring();
        run(&session, "come back");
        session.lock_keyring();
        run(&session, "memory while locked");
        run(&session, "memory forgets");
        run(&session, "file while locked");
        run(&session, "come back");
        return;
    };
    let mut client = client();
    match step.as_str() {
        "sign in" => {
            first_screen(&mut client);
            client.send(Command::SignInAs(NAME.into()));
            client.wait("kept", |s| s.accounts.len() == 1);
        }
        "locked" => {
            let secrets = first_screen(&mut client).secrets.expect("this run remembers");
            assert_eq!((secrets.storage, secrets.keyring), (SecretStorage::Memory, KeyringState::Locked));
            assert!(secrets.choice_wanted);
            client.send(Command::KeepSecretsIn(SecretStorage::Keyring));
            client.wait("that it did not help", |s| {
                s.problems.iter().any(|problem| problem.kind == ProblemKind::SecretsNotKept)
            });
        }
        "memory while locked" => {
            first_screen(&mut client);
            client.send(Command::KeepSecretsIn(SecretStorage::Memory));
            client.wait("answered", |s| s.secrets.is_some_and(|secrets| !secrets.choice_wanted));
        }
        "memory forgets" => assert!(first_screen(&mut client).accounts.is_empty()),
        "file while locked" => {
            first_screen(&mut client);
            client.send(Command::SignInAs(NAME.into()));
            client.wait("signed in", |s| signed_in(s).is_some());
            client.send(Command::KeepSecretsIn(SecretStorage::File));
            client.wait("moved", |s| {
                s.secrets.is_some_and(|secrets| secrets.storage == SecretStorage::File)
                    && s.accounts.len() == 1
            });
        }
        _ => drop(back_again(&mut client)),
    }
    client.quit();
}

#[test]
fn accounts_are_switched_without_losing_either_and_signing_out_of_one_spares_the_other() {
    let service = Service::empty();
    let folder = stage::folder();
    let paths = Paths::under(folder.path());
    choose_file(&paths);
    let mut client = service.remembering(&paths, &Clock::default());
    for (count, name) in [(1, "tidewalker_19"), (2, "Odalys-7")] {
        client.send(Command::SignInAs(name.into()));
        client.wait(name, |s| is(s, name) && s.accounts.len() == count);
    }
    let slot = |client: &Running, name: &str| {
        let accounts = client.handle.snapshot().accounts.clone();
        accounts.into_iter().find(|known| known.online_id.as_str() == name).expect("kept").slot
    };
    client.send(Command::SwitchAccount(slot(&client, "tidewalker_19")));
    client.wait("the first one again", |s| is(s, "tidewalker_19"));
    client.send(Command::SwitchAccount(slot(&client, "Odalys-7")));
    client.wait("and the second", |s| is(s, "Odalys-7"));
    client.quit();

    let mut client = service.remembering(&paths, &Clock::default());
    client.wait("the one that was in use", |s| is(s, "Odalys-7") && s.accounts.len() == 2);
    client.send(Command::SignOut);
    client.wait("nobody, and the other is kept", |s| s.screen == Screen::SignedOut && s.accounts.len() == 1);
    client.quit();

    let mut client = service.remembering(&paths, &Clock::default());
    client
        .wait("nobody comes back by themselves", |s| s.screen == Screen::SignedOut && s.accounts.len() == 1);
    client.send(Command::SwitchAccount(slot(&client, "tidewalker_19")));
    client.wait("until asked for", |s| is(s, "tidewalker_19"));
    client.quit();
    assert_eq!(service.sandbox().token_calls().code.answered, 2, "signed in once each");
}

#[test]
fn no_file_and_no_line_of_the_finest_log_holds_a_secret_or_a_name() {
    const TEST: &str = "no_file_and_no_line_of_the_finest_log_holds_a_secret_or_a_name";
    if step::step().is_none() {
        // A token that lives for seconds, so that a refresh is part of it.
        let lifetime = Duration::from_secs(2);
        let service = Service::start(SandboxConfig { token_lifetime: lifetime, ..SandboxConfig::default() });
        let wire = Wire::to(&service.url);
        let home = home();
        let mut evening = again(home.path(), TEST, "an evening");
        evening.env("PARTYLINE_LOG", "trace").env("BROWSER", "true");
        run(evening, &wire.url);
        let mut secrets = wire.secrets();
        assert!(secrets.len() > 20, "the test knows what to look for: {}", secrets.len());
        assert!(secrets.contains(NAME) && secrets.contains("Nova") && secrets.contains(CLIENT_SECRET));
        secrets.insert(PASTED.into());
        let files = files_below(home.path());
        let log: u64 = files
            .iter()
            .filter(|file| file.extension().is_some_and(|end| end == "log"))
            .map(|file| file.metadata().expect("there").len())
            .sum();
        assert!(log > 2_000, "there is a log to look into: {log} bytes in {files:?}");
        let found = files_with(home.path(), &secrets);
        assert!(found.is_empty(), "{found:?}");
        assert!(service.sandbox().token_calls().refresh.answered > 0, "a refresh was part of it");
        return;
    }
    let paths = Paths::of_user().expect("a home");
    choose_file(&paths);
    let log = logging::start(Some(&paths), true);
    let mut client = client();
    first_screen(&mut client);
    // The browser's way as far as a test without one goes: a link, and pastes that are not its answer.
    client.send(Command::SignIn);
    client.wait("a link", |s| matches!(&s.screen, Screen::SigningIn(sign_in) if sign_in.link.is_some()));
    client.send(Command::PasteRedirect(format!("https://example.org/?code={PASTED}").into()));
    client.wait("a sentence", |s| s.problems.iter().any(|p| p.kind == ProblemKind::RedirectOfOtherPage));
    client.send(Command::PasteRedirect(format!("v3.{PASTED}").into()));
    client.wait("a refusal", |s| s.problems.iter().any(|p| p.kind == ProblemKind::SignInRefused));
    client.send(Command::SignInWithNpsso(PASTED.repeat(3).into()));
    client.wait("a refusal", |s| s.problems.iter().any(|p| p.kind == ProblemKind::NpssoRefused));
    client.send(Command::SignInAs(NAME.into()));
    client.wait("friends", |s| signed_in(s).is_some_and(|s| s.friends.value.is_some()));
    client.create_party(Privacy::FriendsCanJoin);
    client.invite("Nova");
    client.wait_members(2);
    leave_traces(&mut client);
    // A refresh of the token is due by then, and what is remembered is on disk.
    std::thread::sleep(Duration::from_millis(2100));
    let notes = files_below(&paths.notes());
    assert_eq!(notes.len(), 1, "there is something to look into");
    client.send(Command::RenameParty("Late squad".into()));
    client.wait("renamed", |s| party(s).is_some_and(|p| p.session.name == "Late squad"));
    client.send(Command::LeaveParty);
    client.wait("out", |s| party(s).is_none());
    client.send(Command::SignOut);
    client.wait("nobody", |s| s.screen == Screen::SignedOut);
    client.quit();
    drop(log);
}

fn run(mut step: Process, url: &str) {
    step.env(URL, url);
    assert_succeeds(step);
}

/// The client of a step, in the step's home.
fn client() -> Running {
    let url = env::var(URL).expect("set by the test");
    Running::start(Config {
        endpoints: Endpoints::sandbox(&url).expect("a loopback address"),
        client: Some((stage::loopback_client(), partyline::model::ClientSource::Sandbox)),
        paths: Some(Paths::of_user().expect("a home")),
        remember: true,
        instances: None,
        clock: Clock::default(),
        microphone: Some(Microphone::None),
        speakers: Some(Speakers::None),
        talk_mode: None,
        frame_millis: None,
        processing: None,
        stun_servers: None,
    })
}

/// What a run leaves on disk if it may: something remembered of the account, and a picture.
fn leave_traces(client: &mut Running) {
    let me = signed_in(&client.handle.snapshot()).expect("signed in").me.account;
    for favorite in [false, true] {
        client.send(Command::SetFavorite { account: me, favorite });
    }
    let url = env::var(URL).expect("set by the test");
    let picture: ImageUrl = format!("{url}/pictures/0000000000000007/m.png").parse().expect("an address");
    assert!(client.handle.want_picture(picture));
    let arrived = client.picture();
    assert!(arrived.1.is_some(), "{arrived:?}");
}

/// How many are kept.
fn pictures(home: &Path) -> usize {
    files_below(home).iter().filter(|file| is_in(file, "pictures")).count()
}

fn is_in(file: &Path, folder: &str) -> bool {
    file.parent().is_some_and(|parent| parent.ends_with(folder))
}

/// Of an account, and not of what signs it in.
fn is_id(text: &str) -> bool {
    text == NAME || text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit())
}

fn first_screen(client: &mut Running) -> std::sync::Arc<partyline::client::Snapshot> {
    client.wait("the first screen", |s| s.screen == Screen::SignedOut)
}

/// Nobody did anything for it.
fn back_again(client: &mut Running) -> std::sync::Arc<partyline::client::Snapshot> {
    client.wait("signed in by what was kept", |s| is(s, NAME))
}

fn is(snapshot: &partyline::client::Snapshot, name: &str) -> bool {
    signed_in(snapshot).is_some_and(|s| s.me.online_id.as_str() == name)
}

fn choose_file(paths: &Paths) {
    let chosen = partyline::model::Settings {
        secret_storage: Some(SecretStorage::File),
        ..partyline::model::Settings::default()
    };
    store::save_settings(paths, &chosen).expect("written");
}

fn mode(file: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().expect("there").permissions().mode() & 0o777
}

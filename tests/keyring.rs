//! The vault in a real Secret Service: gnome-keyring on a D-Bus of its own, with a home of its own. A process reaches one
//! keyring in its life, so each step of a test is this program again, started for that step alone.
#![cfg(target_os = "linux")]

mod secret_service;
#[path = "step/mod.rs"]
mod step;

use std::time::{Duration, Instant};

use partyline::{
    model::{Secret, SecretStorage},
    store::{KeyringTrouble, Moved, Paths, Vault, VaultError, probe_keyring},
};
use secret_service::Session;
use step::{again, assert_succeeds, home, step};

const TOKEN: &str = "invented-refresh-token-1f7b";

#[test]
fn secrets_survive_processes_and_the_keyring_itself() {
    match step().as_deref() {
        None => {
            let mut session = Session::start();
            session.start_keyring();
            session.run("secrets_survive_processes_and_the_keyring_itself", "write");
            session.run("secrets_survive_processes_and_the_keyring_itself", "read");
            session.stop_keyring();
            session.start_keyring();
            session.run("secrets_survive_processes_and_the_keyring_itself", "read");
        }
        Some("write") => {
            // As the client calls it.
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let probe = async { tokio::task::spawn_blocking(probe_keyring).await };
            runtime.block_on(probe).expect("no panic").expect("the keyring works");
            vault().write("client", &secret("older")).expect("written");
            vault().write("client", &secret(TOKEN)).expect("written over");
            vault().write("account-1", &secret(&"x".repeat(2560))).expect("the largest fits");
        }
        Some(_) => {
            assert_eq!(vault().read("client").expect("readable"), Some(secret(TOKEN)));
            assert_eq!(vault().read("account-1").expect("readable"), Some(secret(&"x".repeat(2560))));
            assert_eq!(vault().read("account-2").expect("readable"), None);
        }
    }
}

#[test]
fn moving_out_leaves_nothing_and_spares_other_profiles() {
    match step() {
        None => {
            let mut session = Session::start();
            session.start_keyring();
            session.run("moving_out_leaves_nothing_and_spares_other_profiles", "fill");
            assert_eq!(session.items(), 5, "two of one profile, one of another, and an index of each");
            session.run("moving_out_leaves_nothing_and_spares_other_profiles", "move out");
            assert_eq!(session.items(), 0);
        }
        Some(step) if step == "fill" => {
            vault().write("client", &secret(TOKEN)).expect("written");
            vault().write("account-1", &secret(TOKEN)).expect("written");
            other_vault().write("client", &secret("another's")).expect("written");
        }
        Some(_) => {
            vault().move_to(SecretStorage::Memory).expect("moved out");
            assert_eq!(vault().read("client").expect("readable"), None);
            assert_eq!(other_vault().read("client").expect("readable"), Some(secret("another's")));
            other_vault().remove("client").expect("removed");
        }
    }
}

#[test]
fn a_move_into_a_file_empties_the_keyring() {
    match step() {
        None => {
            let mut session = Session::start();
            session.start_keyring();
            session.run("a_move_into_a_file_empties_the_keyring", "there and back");
            assert_eq!(session.items(), 0);
        }
        Some(_) => {
            vault().write("client", &secret(TOKEN)).expect("written");
            let Moved { vault: file, left_behind } = vault().move_to(SecretStorage::File).expect("moved");
            assert!(left_behind.is_none());
            assert_eq!(file.read("client").expect("readable"), Some(secret(TOKEN)));
            let Moved { vault: keyring, .. } = file.move_to(SecretStorage::Keyring).expect("moved back");
            assert_eq!(keyring.read("client").expect("readable"), Some(secret(TOKEN)));
            keyring.move_to(SecretStorage::File).expect("moved");
        }
    }
}

#[test]
fn a_locked_keyring_says_so_and_keeps_what_it_has() {
    match step().as_deref() {
        None => {
            let mut session = Session::start();
            session.start_keyring();
            session.run("a_locked_keyring_says_so_and_keeps_what_it_has", "fill");
            session.lock_keyring();
            session.run("a_locked_keyring_says_so_and_keeps_what_it_has", "locked");
            session.stop_keyring();
            session.start_keyring();
            session.run("a_locked_keyring_says_so_and_keeps_what_it_has", "unlocked");
        }
        Some("fill") => vault().write("client", &secret(TOKEN)).expect("written"),
        Some("locked") => {
            assert_eq!(probe_keyring(), Err(KeyringTrouble::Locked));
            let locked = |result| matches!(result, Err(VaultError::Keyring(KeyringTrouble::Locked)));
            assert!(locked(vault().read("client").map(drop)));
            assert!(locked(vault().write("client", &secret("newer"))));
            assert!(locked(vault().remove("client")));
            assert!(locked(vault().move_to(SecretStorage::File).map(drop)));
        }
        Some(_) => assert_eq!(vault().read("client").expect("readable"), Some(secret(TOKEN))),
    }
}

#[test]
fn without_a_keyring_it_says_so_at_once() {
    match step() {
        None => {
            let started = Instant::now();
            for bus in [None, Some("unix:path=/nowhere/bus")] {
                let home = home();
                let mut command = again(home.path(), "without_a_keyring_it_says_so_at_once", "no bus");
                if let Some(bus) = bus {
                    command.env("DBUS_SESSION_BUS_ADDRESS", bus);
                }
                assert_succeeds(command);
            }
            assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        }
        Some(_) => {
            assert_eq!(probe_keyring(), Err(KeyringTrouble::Absent));
            let absent = vault().read("client");
            assert!(matches!(absent, Err(VaultError::Keyring(KeyringTrouble::Absent))), "{absent:?}");
        }
    }
}

fn secret(text: &str) -> Secret {
    Secret::from(text)
}

fn vault() -> Vault {
    Vault::open(SecretStorage::Keyring, &Paths::of_user().expect("a home").vault_scope())
}

fn other_vault() -> Vault {
    let other = "other".parse().expect("valid");
    Vault::open(SecretStorage::Keyring, &Paths::of_profile(Some(&other)).expect("a home").vault_scope())
}

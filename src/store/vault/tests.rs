//! The vault in memory and in a file; `tests/keyring.rs` takes it through a real keyring.

use std::{fs, path::Path};

use super::*;

fn scope() -> (tempfile::TempDir, VaultScope) {
    let folder = tempfile::tempdir().expect("a folder");
    let scope = VaultScope { profile: "default".into(), folder: folder.path().join("state") };
    (folder, scope)
}

fn secret(text: &str) -> Secret {
    Secret::from(text)
}

#[test]
fn secrets_come_back_change_and_go() {
    for storage in [SecretStorage::Memory, SecretStorage::File] {
        let (_folder, scope) = scope();
        let vault = Vault::open(storage, &scope);
        assert_eq!(vault.read("client").expect("readable"), None);
        vault.write("client", &secret("one")).expect("written");
        vault.write("account-1", &secret("\"two\"\n")).expect("written");
        vault.write("client", &secret("three")).expect("written over");
        assert_eq!(vault.clone().read("client").expect("readable"), Some(secret("three")));
        assert_eq!(vault.read("account-1").expect("readable"), Some(secret("\"two\"\n")));
        vault.remove("client").expect("removed");
        vault.remove("client").expect("gone already");
        assert_eq!(vault.read("client").expect("readable"), None);
        vault.remove("account-1").expect("removed");
        assert_eq!(vault.keys().expect("readable"), Vec::<String>::new());
    }
}

#[test]
fn what_would_not_fit_everywhere_is_refused_beforehand() {
    let (_folder, scope) = scope();
    let vault = Vault::open(SecretStorage::Memory, &scope);
    assert!(matches!(vault.write("client", &secret(&"x".repeat(2561))), Err(VaultError::TooLarge)));
    vault.write("client", &secret(&"x".repeat(2560))).expect("just fits");
    for bad in ["", "index", "A", "a/b", "a\nb", &"a".repeat(33)] {
        assert!(matches!(vault.write(bad, &secret("x")), Err(VaultError::InvalidKey)), "{bad:?}");
    }
    for slot in 1..MAX_KEYS {
        vault.write(&format!("account-{slot}"), &secret("x")).expect("room");
    }
    assert!(matches!(vault.write("account-64", &secret("x")), Err(VaultError::TooMany)));
    vault.write("account-1", &secret("y")).expect("a known key still changes");
}

#[test]
fn a_move_takes_everything_and_leaves_nothing() {
    let (folder, scope) = scope();
    let memory = Vault::open(SecretStorage::Memory, &scope);
    memory.write("client", &secret("one")).expect("written");
    memory.write("account-1", &secret("two")).expect("written");
    let Moved { vault: file, left_behind } = memory.move_to(SecretStorage::File).expect("moved");
    assert!(left_behind.is_none());
    assert_eq!(memory.read("client").expect("readable"), None);
    assert_eq!(file.read("account-1").expect("readable"), Some(secret("two")));
    let Moved { vault: memory, .. } = file.move_to(SecretStorage::Memory).expect("moved back");
    assert_eq!(memory.read("client").expect("readable"), Some(secret("one")));
    assert!(!folder.path().join("state/secrets.json").exists());
    let Moved { vault: same, .. } = memory.move_to(SecretStorage::Memory).expect("nothing to do");
    assert_eq!(same.read("client").expect("readable"), Some(secret("one")));
}

#[test]
fn a_move_that_fails_half_way_loses_nothing() {
    let (_folder, scope) = scope();
    let file = Vault::open(SecretStorage::File, &scope);
    for slot in 1..MAX_KEYS - 1 {
        file.write(&format!("z-{slot}"), &secret("from before")).expect("room");
    }
    file.write("client", &secret("older")).expect("room");
    let before = fs::read(scope.folder.join("secrets.json")).expect("readable");
    let memory = Vault::open(SecretStorage::Memory, &scope);
    for key in ["account-1", "client", "no-room"] {
        memory.write(key, &secret("newer")).expect("written");
    }
    assert!(matches!(memory.move_to(SecretStorage::File), Err(VaultError::TooMany)));
    for key in ["account-1", "client", "no-room"] {
        assert_eq!(memory.read(key).expect("readable"), Some(secret("newer")));
    }
    assert_eq!(fs::read(scope.folder.join("secrets.json")).expect("readable"), before);
}

#[test]
fn a_damaged_file_is_said_once_and_kept_aside() {
    let (_folder, scope) = scope();
    fs::create_dir_all(&scope.folder).expect("made");
    fs::write(scope.folder.join("secrets.json"), "{ \"client\": 3").expect("written");
    let vault = Vault::open(SecretStorage::File, &scope);
    assert!(matches!(vault.read("client"), Err(VaultError::Damaged)));
    assert!(scope.folder.join("secrets.unreadable.json").exists());
    vault.write("client", &secret("x")).expect("written");
    assert_eq!(vault.read("client").expect("readable"), Some(secret("x")));
}

#[test]
fn two_who_change_a_file_at_once_lose_nothing() {
    let (_folder, scope) = scope();
    std::thread::scope(|threads| {
        for slot in 0..8 {
            let scope = &scope;
            threads.spawn(move || {
                let vault = Vault::open(SecretStorage::File, scope);
                vault.write(&format!("account-{slot}"), &secret("x")).expect("written");
            });
        }
    });
    let vault = Vault::open(SecretStorage::File, &scope);
    assert_eq!(vault.place.keys().expect("readable").len(), 8);
}

#[test]
fn a_keyring_that_waits_for_its_user_does_not_stop_the_file() {
    let (_folder, scope) = scope();
    let _waiting = Vault::open(SecretStorage::Keyring, &scope).lock().expect("locked");
    let file = Vault::open(SecretStorage::File, &scope);
    file.write("client", &secret("one")).expect("written");
    file.move_to(SecretStorage::Memory).expect("moved");
}

#[test]
fn errors_and_debug_hold_no_secret() {
    let (_folder, scope) = scope();
    let vault = Vault::open(SecretStorage::Memory, &scope);
    vault.write("client", &secret("geheim-geheim")).expect("written");
    assert!(!format!("{vault:?}").contains("geheim"));
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    #[test]
    fn the_file_and_its_folder_are_closed_to_others() {
        let (_folder, scope) = scope();
        fs::create_dir_all(&scope.folder).expect("made");
        fs::set_permissions(&scope.folder, fs::Permissions::from_mode(0o755)).expect("set");
        let vault = Vault::open(SecretStorage::File, &scope);
        vault.write("client", &secret("one")).expect("written");
        let file = scope.folder.join("secrets.json");
        assert_eq!((mode(&file), mode(&scope.folder)), (0o600, 0o700));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("set");
        assert_eq!(vault.read("client").expect("readable"), Some(secret("one")));
        assert_eq!(mode(&file), 0o600);
    }

    #[test]
    fn a_link_in_the_place_of_the_file_is_not_followed() {
        let (folder, scope) = scope();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "{\"client\":\"planted\"}").expect("written");
        fs::create_dir_all(&scope.folder).expect("made");
        symlink(&elsewhere, scope.folder.join("secrets.json")).expect("linked");
        symlink(&elsewhere, scope.folder.join("secrets.new")).expect("linked");
        let vault = Vault::open(SecretStorage::File, &scope);
        assert!(matches!(vault.read("client"), Err(VaultError::NotAFile)));
        assert!(matches!(vault.write("client", &secret("one")), Err(VaultError::NotAFile)));
        assert!(matches!(vault.move_to(SecretStorage::Memory), Err(VaultError::NotAFile)));
        assert_eq!(fs::read_to_string(&elsewhere).expect("untouched"), "{\"client\":\"planted\"}");
    }
}

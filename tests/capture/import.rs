//! Credentials taken out of a capture by the program, and where they are afterwards. What was kept is read by this test again, as a
//! process of its own with the same home.

use std::{fs, path::Path, process::Output};

use partyline::{
    model::SecretStorage,
    sandbox,
    store::{KeptSignIns, Paths, Vault},
};

use crate::{
    SERVER, endpoints, fixture,
    step::{again, assert_succeeds, home, isolated, step},
};

/// Imports into a profile whose user chose `storage`.
fn import(home: &Path, storage: &str) -> Output {
    let config = home.join(".config/partyline");
    fs::create_dir_all(&config).expect("made");
    fs::write(config.join("settings.toml"), format!("secret_storage = \"{storage}\"\n")).expect("written");
    let mut command = isolated(env!("CARGO_BIN_EXE_partyline"), home);
    command.args(["capture", "import-credentials", "--yes", "--server", SERVER]).arg(fixture());
    command.output().expect("runs")
}

/// In a step: what the file of secrets of this home holds.
fn kept() -> KeptSignIns {
    let paths = Paths::of_user().expect("a home");
    KeptSignIns::new(Vault::open(SecretStorage::File, &paths.vault_scope()), &endpoints().name())
}

#[test]
fn imported_credentials_are_kept_in_the_file_that_the_user_chose() {
    const TEST: &str = "import::imported_credentials_are_kept_in_the_file_that_the_user_chose";
    if step().is_none() {
        let home = home();
        let output = import(home.path(), "file");
        let said = String::from_utf8(output.stdout).expect("text");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains(sandbox::CLIENT_ID) && said.contains("Kept in the file of secrets."), "{said}");
        assert!(!said.contains(sandbox::CLIENT_SECRET));
        return assert_succeeds(again(home.path(), TEST, "read back"));
    }
    let client = kept().client().expect("readable").expect("kept");
    assert_eq!((client.id.as_str(), client.secret.expose()), (sandbox::CLIENT_ID, sandbox::CLIENT_SECRET));
    assert!(client.redirect.starts_with("http://127.0.0.1:"));
}

#[test]
fn who_chose_memory_keeps_nothing_and_is_told() {
    const TEST: &str = "import::who_chose_memory_keeps_nothing_and_is_told";
    if step().is_none() {
        let home = home();
        let output = import(home.path(), "memory");
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(said.contains("nothing was kept: this profile keeps its secrets in memory only"), "{said}");
        let said = String::from_utf8(output.stdout).expect("text");
        assert!(!said.contains("Kept"), "{said}");
        return assert_succeeds(again(home.path(), TEST, "read back"));
    }
    assert_eq!(kept().client().expect("readable").map(|client| client.id), None);
}

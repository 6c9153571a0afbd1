//! A test in steps, each a process of its own with a home of its own: this test program again, started for one step alone.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::{
    env,
    ffi::OsStr,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
};

use tempfile::TempDir;

const STEP: &str = "PARTYLINE_TEST_STEP";

/// The step this process was started for; `None` in the test that starts them.
pub fn step() -> Option<String> {
    env::var(STEP).ok()
}

pub fn home() -> TempDir {
    let home = tempfile::tempdir().expect("a folder");
    let runtime = home.path().join("runtime");
    fs::create_dir(&runtime).expect("made");
    fs::set_permissions(&runtime, Permissions::from_mode(0o700)).expect("set");
    home
}

/// Nothing of the user's own session: neither its bus, nor its files, nor a display to ask questions on.
pub fn isolated(program: impl AsRef<OsStr>, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
    command.env("HOME", home).env("XDG_RUNTIME_DIR", home.join("runtime"));
    command
}

/// This test again, for one of its steps.
pub fn again(home: &Path, test: &str, step: &str) -> Command {
    let mut command = isolated(env::current_exe().expect("this program"), home);
    command.args(["--exact", test, "--nocapture"]).env(STEP, step);
    command
}

pub fn assert_succeeds(mut command: Command) {
    let said = command.output().expect("started");
    let text = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success() && text.contains("1 passed"), "{text}");
}

//! A real Secret Service: gnome-keyring on a D-Bus of its own, with a home of its own. A process reaches one keyring in its life, so
//! whoever uses it is a step of a test, a process of its own.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::step::{again, assert_succeeds, home, isolated};

const PATIENCE: Duration = Duration::from_secs(20);

/// A private D-Bus session, and the keyring on it.
pub struct Session {
    pub home: TempDir,
    bus: Child,
    address: String,
    keyring: Option<Child>,
}

impl Session {
    pub fn start() -> Self {
        let home = home();
        let mut bus = isolated("dbus-daemon", home.path())
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon; `bash .ci/setup tests` installs it");
        let mut address = String::new();
        let said = bus.stdout.take().expect("piped");
        BufReader::new(said).read_line(&mut address).expect("an address");
        Self { home, bus, address: address.trim().to_owned(), keyring: None }
    }

    /// Unlocked with a password that makes the keyring where there is none.
    pub fn start_keyring(&mut self) {
        let mut keyring = self
            .on_bus("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon; `bash .ci/setup tests` installs it");
        keyring.stdin.take().expect("piped").write_all(b"invented password").expect("heard");
        self.keyring = Some(keyring);
        let waiting = Instant::now();
        while !self.has_keyring() {
            assert!(waiting.elapsed() < PATIENCE, "the keyring does not come up");
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn stop_keyring(&mut self) {
        let mut keyring = self.keyring.take().expect("running");
        keyring.kill().expect("running");
        keyring.wait().expect("ended");
        let waiting = Instant::now();
        while self.has_keyring() {
            assert!(waiting.elapsed() < PATIENCE, "the bus still sees the keyring");
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn lock_keyring(&self) {
        self.call(
            "org.freedesktop.secrets",
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.Lock",
            "array:objpath:/org/freedesktop/secrets/collection/login",
        );
    }

    fn has_keyring(&self) -> bool {
        let name = "string:org.freedesktop.secrets";
        let bus = "org.freedesktop.DBus";
        self.call(bus, "/", "org.freedesktop.DBus.NameHasOwner", name).contains("boolean true")
    }

    /// How many entries of ours the keyring holds, open or locked.
    pub fn items(&self) -> usize {
        let found = self.call(
            "org.freedesktop.secrets",
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.SearchItems",
            "dict:string:string:service,partyline",
        );
        found.matches("object path").count()
    }

    fn call(&self, to: &str, object: &str, method: &str, argument: &str) -> String {
        let said = self
            .on_bus("dbus-send")
            .args(["--session", "--print-reply", &format!("--dest={to}"), object, method, argument])
            .output()
            .expect("dbus-send; `bash .ci/setup tests` installs it");
        assert!(said.status.success(), "{method}: {}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8_lossy(&said.stdout).into_owned()
    }

    pub fn run(&self, test: &str, step: &str) {
        assert_succeeds(self.again(test, step));
    }

    /// A step of a test, on this bus.
    pub fn again(&self, test: &str, step: &str) -> Command {
        let mut command = again(self.home.path(), test, step);
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command
    }

    fn on_bus(&self, program: &str) -> Command {
        let mut command = isolated(program, self.home.path());
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for child in self.keyring.iter_mut().chain([&mut self.bus]) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

//! One page of Debian's Chromium that makes a call: it hums, and says which frequency it hears.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    chromium::{Browser, Page, command_line},
    group::Group,
};

const SCRIPT: &str = include_str!("call.js");

/// Dropped from top to bottom: the connection to the browser, the browser, its profile.
pub struct Chromium {
    browser: Browser,
    _processes: Group,
    _profile: TempDir,
}

impl Chromium {
    pub fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let words = command_line(profile.path());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args([
            "--headless=new",
            "--autoplay-policy=no-user-gesture-required",
            // 127.0.0.1, and by its number: there is no network but this machine.
            "--allow-loopback-in-peer-connection",
            "--disable-features=WebRtcHideLocalIpsWithMdns",
            "about:blank",
        ]);
        command.env("HOME", profile.path()).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        let processes = Group::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
        Self { browser: Browser::of_profile(profile.path()), _processes: processes, _profile: profile }
    }

    /// A page with a call in it that hums; `how`: as `begin` in `call.js` takes it.
    pub fn call(&mut self, hz: f32, how: Value) -> Call<'_> {
        let mut page = self.browser.page("about:blank");
        page.evaluate(SCRIPT);
        let mut call = Call { page };
        call.run(&format!("begin({hz}, {how})"));
        call
    }
}

pub struct Call<'a> {
    page: Page<'a>,
}

impl Call<'_> {
    pub fn offer(&mut self) -> String {
        self.text("offer()")
    }

    pub fn answer(&mut self, offer: &str) -> String {
        self.text(&format!("answer({})", json!(offer)))
    }

    pub fn accept(&mut self, answer: &str) {
        self.run(&format!("accept({})", json!(answer)));
    }

    /// The loudest frequency of what comes in, or what there is instead.
    pub fn until_heard(&mut self, hz: f32) {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let heard = self.run("heard()");
            let loud = heard["decibels"].as_f64().is_some_and(|level| level > -40.0);
            let near = heard["hz"].as_f64().is_some_and(|found| (found - f64::from(hz)).abs() < 15.0);
            if loud && near {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "Chromium hears {heard}, not {hz} Hz; {}",
                self.run("state()")
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// As a user closes the tab: the page has no time to say goodbye.
    pub fn close_the_tab(mut self) {
        self.page.evaluate("setTimeout(() => window.close(), 0)");
    }

    fn text(&mut self, expression: &str) -> String {
        self.run(expression).as_str().expect("a description").to_owned()
    }

    /// Errors of the page fail the test with the page's own words.
    fn run(&mut self, expression: &str) -> Value {
        let caught = format!(
            "(async () => {{ try {{ return {{ ok: await {expression} }}; }} catch (error) {{ return {{ failed: `${{error}}` }}; }} }})()"
        );
        let mut came = self.page.evaluate(&caught);
        assert!(came["failed"].is_null(), "{expression:.40}: {}", came["failed"]);
        came["ok"].take()
    }
}

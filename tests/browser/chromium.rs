//! Debian's Chromium, with a window and a profile of its own, and what a user does on one of its pages.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use partyline::desktop::SCHEME;
use serde_json::{Value, json};
use url::Url;

use crate::{PATIENCE, devtools::DevTools};

const PAUSE: Duration = Duration::from_millis(50);

/// The command line of a browser whose profile lives in `profile`, but for the page to open.
pub fn command_line(profile: &Path) -> Vec<String> {
    let flags = [
        "chromium",
        // As root there is no sandbox, and the only pages are ours.
        "--no-sandbox",
        // No graphics card, and little shared memory in a container.
        "--disable-gpu",
        "--disable-dev-shm-usage",
        // Nothing beyond this machine, no questions, no traces.
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-breakpad",
        "--no-first-run",
        "--no-default-browser-check",
        "--password-store=basic",
        "--window-position=0,0",
        "--window-size=1024,768",
        "--remote-debugging-port=0",
    ];
    let profile = format!("--user-data-dir={}", profile.display());
    flags.map(str::to_owned).into_iter().chain([profile]).collect()
}

/// As if the user had ticked "always allow" when `site` first led to the sign-in's scheme.
pub fn always_open_the_scheme(profile: &Path, site: &str) {
    let preferences = json!({"protocol_handler": {"allowed_origin_protocol_pairs": {site: {SCHEME: true}}}});
    let folder = profile.join("Default");
    fs::create_dir_all(&folder).expect("made");
    fs::write(folder.join("Preferences"), preferences.to_string()).expect("written");
}

/// A running browser. It closes when this is dropped.
pub struct Browser {
    devtools: DevTools,
}

impl Browser {
    /// Once the browser with this profile has started.
    pub fn of_profile(profile: &Path) -> Self {
        // The port, and the path of the WebSocket.
        let file = profile.join("DevToolsActivePort");
        let address = until("the browser listens", || {
            let text = fs::read_to_string(&file).ok()?;
            let (port, path) = text.split_once('\n').filter(|(_, path)| !path.is_empty())?;
            Some(format!("ws://127.0.0.1:{port}{}", path.trim()))
        });
        Self { devtools: DevTools::connect(&address) }
    }

    /// The page whose address begins so, once there is one.
    pub fn page(&mut self, address: &str) -> Page<'_> {
        let devtools = &mut self.devtools;
        let id = until(address, || {
            let targets = devtools.call(None, "Target.getTargets", json!({})).expect("targets");
            let mut targets = targets["targetInfos"].as_array()?.iter();
            let target = targets.find(|target| {
                target["type"] == "page" && target["url"].as_str().is_some_and(|url| url.starts_with(address))
            })?;
            Some(target["targetId"].clone())
        });
        let attach = json!({"targetId": id, "flatten": true});
        let attached = devtools.call(None, "Target.attachToTarget", attach).expect("attached");
        let session = attached["sessionId"].as_str().expect("a session").to_owned();
        devtools.call(Some(&session), "Network.enable", json!({})).expect("enabled");
        Page { devtools, session }
    }
}

pub struct Page<'a> {
    devtools: &'a mut DevTools,
    session: String,
}

impl Page<'_> {
    /// A real click: the page sees a user behind it. The page moves under the pointer while the browser's own bars come in,
    /// and hears nothing before it is painted: then once more.
    pub fn click(&mut self, selector: &str) {
        let aim = format!(
            "(() => {{ const element = document.querySelector({selector:?});
              if (!element || document.readyState != 'complete') return null;
              window.missed = true;
              element.addEventListener('click', () => window.missed = false);
              const box = element.getBoundingClientRect();
              return {{ x: box.x + box.width / 2, y: box.y + box.height / 2 }}; }})()"
        );
        until(selector, || {
            let aim = Some(self.evaluate(&aim)).filter(|aim| !aim.is_null())?;
            for kind in ["mousePressed", "mouseReleased"] {
                let at =
                    json!({"type": kind, "x": aim["x"], "y": aim["y"], "button": "left", "clickCount": 1});
                // The page may be gone before it answers to the release.
                let _ = self.devtools.call(Some(&self.session), "Input.dispatchMouseEvent", at);
            }
            // A page that the click led to knows of none.
            (self.evaluate("window.missed") != true).then_some(())
        });
    }

    pub fn write(&mut self, selector: &str, text: &str) {
        self.click(selector);
        let written = self.devtools.call(Some(&self.session), "Input.insertText", json!({"text": text}));
        written.expect("a field has the focus");
    }

    pub fn wait_for_text(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let body = self.evaluate("document.body?.innerText");
            if body.as_str().is_some_and(|body| body.contains(text)) {
                return;
            }
            assert!(Instant::now() < deadline, "waited for {text:?}, the page says {body}");
            thread::sleep(PAUSE);
        }
    }

    pub fn address(&mut self) -> String {
        until("an address", || self.evaluate("location.href").as_str().map(str::to_owned))
    }

    /// Where the service sends the browser back to, which no program opens: an address of the sign-in's scheme. Chromium
    /// shows it to nobody but the network list of its developer tools, which this reads too.
    pub fn answer_to_a_click_on(&mut self, selector: &str) -> Url {
        self.click(selector);
        let address = self.devtools.wait_for(|event| {
            let asked_for = event["params"]["request"]["url"].as_str()?;
            asked_for.starts_with(SCHEME).then(|| asked_for.to_owned())
        });
        address.parse().expect("an address")
    }

    /// What it comes to, once it is there if it is a promise. Null as well where the page is on its way to another.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let ask = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.devtools.call(Some(&self.session), "Runtime.evaluate", ask);
        answer.map(|mut answer| answer["result"]["value"].take()).unwrap_or_default()
    }
}

/// Asks again until there is something.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited for: {what}");
        thread::sleep(PAUSE);
    }
}

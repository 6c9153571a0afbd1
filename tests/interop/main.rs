//! Calls with other people's WebRTC at the other end: str0m, and Debian's Chromium. A tone goes each way over loopback and is
//! known at the other end by its frequency.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

mod browser;
#[allow(dead_code, reason = "the sign-in clicks, this does not")]
#[path = "../browser/chromium.rs"]
mod chromium;
#[allow(dead_code, reason = "the sign-in waits for events, this does not")]
#[path = "../browser/devtools.rs"]
mod devtools;
#[allow(dead_code, reason = "the sign-in ends programs with a signal, this does not")]
#[path = "../browser/group.rs"]
mod group;
#[allow(dead_code, reason = "the raw packets are for hostile ones")]
#[path = "../support/str0m_peer.rs"]
mod str0m_peer;
#[path = "../support/mod.rs"]
mod support;
#[allow(dead_code, reason = "windows are counted elsewhere")]
#[path = "../support/tone.rs"]
mod tone;
mod with_chromium;
mod with_str0m;

use std::{fs, path::PathBuf, time::Duration};

use partyline::{
    model::{AccountId, Answer, Offer, OtherEnd, Processing},
    voice::{ConnectionState, VoiceEvent},
};
use support::{Client, OPEN, sound};
use tone::{share, tone};

/// For each thing that must happen in the browser.
const PATIENCE: Duration = Duration::from_secs(30);
const SECOND: usize = 48_000;
/// What we hum, and what they hum: no harmonic of each other.
const OURS: f32 = 440.0;
const THEIRS: f32 = 1_030.0;
/// How much of what is heard has to be the tone.
const PURE: f32 = 0.7;

const MEMBER: OtherEnd = OtherEnd::Member(AccountId(7));

/// Our side: a tone as microphone, a file as speakers.
struct Ours {
    client: Client,
    speakers: PathBuf,
    _folder: tempfile::TempDir,
}

impl Ours {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let microphone = folder.path().join("microphone.wav");
        sound::write_wav(&microphone, &tone(OURS, 40 * SECOND));
        let speakers = folder.path().join("speakers.wav");
        let client = Client::new(Some(&microphone), Some(&speakers), OPEN);
        // A tone is noise to what takes noise away.
        client.voice.set_processing(Processing::OFF);
        Self { client, speakers, _folder: folder }
    }

    async fn answer(&self, connection: u64, with: OtherEnd, offer: String) -> String {
        self.client.voice.answer(connection, with, Offer(offer)).await.expect("an offer we take").0
    }

    async fn offer(&self, connection: u64) -> String {
        self.client.voice.offer(connection, AccountId(7)).await.expect("an offer").0
    }

    async fn accept(&self, connection: u64, answer: String) {
        self.client.voice.accept(connection, Answer(answer)).await.expect("an answer we take");
    }

    async fn until(&self, connection: u64, state: ConnectionState) -> Duration {
        self.client.until(&VoiceEvent::Connection { connection, state }).await
    }

    /// Of the only connection, over the last seconds.
    fn received_kbps(&self) -> f32 {
        self.client.voice.report().links.first().map_or(0.0, |link| link.received_kbps)
    }

    /// What the speakers played in the last second.
    fn heard_lately(&self) -> Vec<f32> {
        let heard = sound::read_growing_wav(&self.speakers);
        heard[heard.len().saturating_sub(SECOND)..].to_vec()
    }

    async fn hears(&self, hz: f32) {
        let heard = || share(&self.heard_lately(), hz);
        let said = || format!("{hz} Hz in our speakers, of which there is {}", heard());
        support::until_slowly(|| heard() > PURE, said).await;
    }
}

/// Sockets and the like that this process holds.
fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// What runs of ours on the runtime.
fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

//! A party of clients that all talk at once, each a process of its own with a tone for a voice: everybody hears everybody, and
//! those who stay hold nothing of those who left.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

mod stage;
#[allow(dead_code, reason = "each test program uses its own part")]
#[path = "support/tone.rs"]
mod tone;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use stage::{Service, sound::write_wav};
use tone::{amplitude, tone};

const SECOND: u32 = 48_000;
/// For whoever comes to be heard by all, and to hear all.
const HEARD_WITHIN: Duration = Duration::from_secs(45);
/// What is next to the tones, where nobody hums: the measure of what is no voice.
const NOBODY: f32 = 227.0;
/// Who stays makes thirty calls for eight who come back, and the service allows an account 300 in a quarter of an hour.
const ROUND: Duration = Duration::from_secs(90);
/// After others left: timers, caches and allocators of those who stay come to rest.
const REST: Duration = Duration::from_secs(10);
/// What those who stay may grow by in all, and what they may hold besides.
const GROWTH_KIB: usize = 8 * 1024;

/// Voices that are no harmonics of each other.
fn pitch(member: usize) -> f32 {
    313.0 + 97.0 * member as f32
}

struct Party {
    service: Service,
    folder: tempfile::TempDir,
    link: String,
    members: BTreeMap<usize, Member>,
    /// So many clients were started: each has an account of its own, which bears a few joins only.
    started: usize,
}

struct Member {
    process: Child,
    speakers: PathBuf,
}

impl Party {
    fn of(size: usize, length: Duration) -> Self {
        let (service, folder) = (Service::empty(), tempfile::tempdir().unwrap());
        for member in 0..size {
            // All of them together stay below full scale.
            let voice: Vec<_> =
                tone(pitch(member), SECOND as usize).iter().map(|sample| sample / 5.0).collect();
            let seconds = length.as_secs() as usize + 120;
            write_wav(&folder.path().join(format!("{member}.wav")), &voice.repeat(seconds));
        }
        let mut party = Self { service, folder, link: String::new(), members: BTreeMap::new(), started: 0 };
        party.start(0, &["--create", "Soak"]);
        party.link = party.shared_link();
        for member in 1..size {
            party.join(member);
        }
        party
    }

    /// The sandbox's front page lists the links of its parties.
    fn shared_link(&self) -> String {
        const BEGINNING: &str = "https://party.playstation.com/";
        let deadline = Instant::now() + HEARD_WITHIN;
        loop {
            let page =
                self.service.runtime.block_on(async { reqwest::get(&self.service.url).await?.text().await });
            let page = page.unwrap();
            if let Some(from) = page.find(BEGINNING) {
                return page[from..from + BEGINNING.len() + 22].to_owned();
            }
            assert!(Instant::now() < deadline, "no party was made");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn join(&mut self, member: usize) {
        let link = self.link.clone();
        self.start(member, &["--join", &link]);
    }

    fn start(&mut self, member: usize, entry: &[&str]) {
        self.started += 1;
        let speakers = self.folder.path().join(format!("heard-{member}.wav"));
        let _ = fs::remove_file(&speakers);
        let file = |path: &Path| format!("file:{}", path.display());
        let process = Command::new(env!("CARGO_BIN_EXE_partyline"))
            .args(["headless", "--server", &self.service.url, "--account", &format!("soak-{}", self.started)])
            .args(["--mic", &file(&self.folder.path().join(format!("{member}.wav")))])
            .args(["--speaker", &file(&speakers)])
            // A tone is noise to what takes noise away.
            .args(["--processing", "off", "--frame-time", "20"])
            .args(entry)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.members.insert(member, Member { process, speakers });
    }

    /// Told to end, and gone.
    fn leave(&mut self, member: usize) {
        let mut leaving = self.members.remove(&member).unwrap();
        let told = Command::new("kill").arg(leaving.process.id().to_string()).status().unwrap();
        assert!(told.success());
        leaving.process.wait().unwrap();
    }

    /// Waits until everybody hears everybody, and nobody who left.
    fn until_all_hear_all(&self, size: usize) {
        let deadline = Instant::now() + HEARD_WITHIN;
        loop {
            let wrong = self.wrong(size);
            if wrong.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "who hears whom wrongly: {wrong:?}");
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// Who does not hear whom, or hears who is not there.
    fn wrong(&self, size: usize) -> Vec<(usize, usize)> {
        let ears = self.members.iter().map(|(&ear, member)| (ear, member.heard_lately()));
        let pairs = ears.flat_map(|(ear, heard)| {
            let floor = amplitude(&heard, NOBODY).max(0.002);
            let wrong = move |mouth: &usize| {
                let is_heard = amplitude(&heard, pitch(*mouth)) > 3.0 * floor;
                is_heard != (*mouth != ear && self.members.contains_key(mouth))
            };
            (0..size).filter(wrong).map(move |mouth| (ear, mouth)).collect::<Vec<_>>()
        });
        pairs.collect()
    }

    /// What each of these holds: open files, threads, and KiB.
    fn holdings(&self, members: std::ops::Range<usize>) -> Vec<[usize; 3]> {
        members.map(|member| holdings(self.members[&member].process.id())).collect()
    }
}

impl Member {
    /// What the speakers played in the last second.
    fn heard_lately(&self) -> Vec<f32> {
        let Ok(mut reader) = hound::WavReader::open(&self.speakers) else { return vec![] };
        let from = reader.duration().saturating_sub(SECOND);
        if reader.seek(from).is_err() {
            return vec![];
        }
        reader.samples::<i16>().map_while(Result::ok).map(|sample| f32::from(sample) / 32768.0).collect()
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn holdings(process: u32) -> [usize; 3] {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let number = |name| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let files = fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
    [files, number("Threads:"), number("VmRSS:")]
}

/// The upper half of a party comes and goes for this long, each time for as long as everybody needs to hear everybody.
fn come_and_go(size: usize, length: Duration) {
    let _alone = stage::alone();
    let mut party = Party::of(size, length);
    let (staying, moving) = (0..size / 2, size / 2..size);
    party.until_all_hear_all(size);
    let everybody = party.holdings(staying.clone());
    let began = Instant::now();
    let mut rounds = 0;
    while began.elapsed() < length || rounds == 0 {
        moving.clone().for_each(|member| party.leave(member));
        party.until_all_hear_all(size);
        moving.clone().for_each(|member| party.join(member));
        party.until_all_hear_all(size);
        rounds += 1;
        let left = length.min(ROUND * rounds).saturating_sub(began.elapsed());
        std::thread::sleep(left);
    }
    std::thread::sleep(REST);
    let after = party.holdings(staying);
    println!("{rounds} rounds; files, threads and KiB before {everybody:?}, after {after:?}");
    for (before, after) in everybody.iter().zip(&after) {
        assert!(after[0] <= before[0], "files: {everybody:?}, then {after:?}");
        assert!(after[1] <= before[1], "threads: {everybody:?}, then {after:?}");
        assert!(after[2] <= before[2] + GROWTH_KIB, "KiB: {everybody:?}, then {after:?}");
    }
}

#[test]
fn six_clients_hear_each_other_while_three_leave_and_come_back() {
    come_and_go(6, Duration::from_secs(1));
}

#[test]
#[ignore = "takes ten minutes, a release build and the machine to itself: cargo test --release --test soak -- --ignored"]
fn sixteen_clients_hear_each_other_while_eight_leave_and_come_back_for_ten_minutes() {
    come_and_go(16, Duration::from_secs(600));
}

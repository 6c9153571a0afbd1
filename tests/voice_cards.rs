//! Sound cards: a PulseAudio of the test's own, with virtual cards that are plugged in and out. Needs `pulseaudio` and
//! its tools; run with `cargo test --test voice_cards -- --ignored --nocapture`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

mod support;

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use partyline::{
    model::{DeviceChoice, DeviceKind, DeviceTrouble},
    voice::{Listening, Microphone, Network, Speakers, VoiceConfig, VoiceEvent, list_devices},
};
use support::{
    Client, KEY_DOWN, KEY_UP, OPEN,
    bridge::Bridge,
    sound::{compare, write_wav},
    speech::speech_like,
    until,
};

/// Set for the half of each test that runs inside the private sound system.
const INSIDE: &str = "VOICE_CARDS_DIRECTORY";
const SECOND: usize = 48_000;
/// In silence the speakers rest after ten seconds.
const UNTIL_REST: Duration = Duration::from_secs(12);

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Starts a sound system, and this test again inside it: the environment decides which server is found.
fn inside(test: &str, modules: &[&str]) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let set = |command: &mut Command| {
        command.env("XDG_RUNTIME_DIR", path).env("HOME", path).env(INSIDE, path);
        command.env_remove("PULSE_SERVER").env_remove("PULSE_COOKIE").env_remove("DBUS_SESSION_BUS_ADDRESS");
    };
    let mut server = Command::new("pulseaudio");
    server
        .args(["--daemonize=no", "--exit-idle-time=-1", "-n", "--load=module-native-protocol-unix"])
        .args(modules);
    set(&mut server);
    let _server = Killed(server.stderr(Stdio::null()).spawn().expect("pulseaudio is installed"));
    while !path.join("pulse/native").exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", test, "--ignored", "--nocapture"]);
    set(&mut again);
    assert!(again.status().unwrap().success());
    false
}

const CARDS: [&str; 5] = [
    "--load=module-null-sink sink_name=spk rate=48000 channels=2 norewinds=1",
    "--load=module-null-sink sink_name=micfeed rate=44100 channels=2 norewinds=1",
    "--load=module-remap-source source_name=mic master=micfeed.monitor",
    "--load=module-null-sink sink_name=headset rate=48000 channels=2 norewinds=1",
    "--load=module-rescue-streams",
];

fn pactl(arguments: &[&str]) -> String {
    let output = Command::new("pactl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Takes the card of this name away.
fn unplug(name: &str) {
    let modules = pactl(&["list", "short", "modules"]);
    let module = modules.lines().find(|line| line.contains(&format!("_name={name} "))).unwrap();
    pactl(&["unload-module", module.split('\t').next().unwrap()]);
}

fn plug_in(name: &str) {
    pactl(&[
        "load-module",
        "module-null-sink",
        &format!("sink_name={name}"),
        "rate=48000",
        "channels=2",
        "norewinds=1",
    ]);
}

/// Records what a sink plays until it is asked for.
struct Recording(Killed, std::path::PathBuf);

impl Recording {
    fn start(sink: &str) -> Self {
        let path = Path::new(&std::env::var_os(INSIDE).unwrap()).join(format!("{sink}.raw"));
        let mut parec = Command::new("parec");
        parec.args(["--format=s16le", "--rate=48000", "--channels=1", "--latency-msec=20"]);
        parec.arg(format!("--device={sink}.monitor")).stdout(std::fs::File::create(&path).unwrap());
        Self(Killed(parec.spawn().unwrap()), path)
    }

    fn stop(self) -> Vec<f32> {
        drop(self.0);
        let bytes = std::fs::read(&self.1).unwrap();
        bytes
            .chunks_exact(2)
            .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32768.0)
            .collect()
    }
}

fn client(speakers: DeviceChoice, talk: partyline::voice::Talk) -> Client {
    Client::with(VoiceConfig {
        microphone: Microphone::Device(DeviceChoice::Default),
        speakers: Speakers::Device(speakers),
        talk,
        network: Network::Loopback,
    })
}

fn opened(kind: DeviceKind, name: &str) -> VoiceEvent {
    VoiceEvent::DeviceOpened { kind, name: name.into(), refused: None }
}

const MICROPHONE: &str = "Remapped Monitor of Null Output";
const OUTPUT: &str = "Null Output";

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| sample.abs().max(peak))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs pulseaudio"]
async fn speech_passes_through_cards_both_ways() {
    if !inside("speech_passes_through_cards_both_ways", &CARDS) {
        return;
    }
    pactl(&["set-default-sink", "spk"]);
    pactl(&["set-default-source", "mic"]);
    println!("{:#?}", list_devices());
    let said = speech_like(4 * SECOND);
    let file = Path::new(&std::env::var_os(INSIDE).unwrap()).join("said.wav");
    write_wav(&file, &said);

    let client = client(DeviceChoice::Default, OPEN);
    let mut bridge = Bridge::new(16_000, 40).await;
    client.join(1, &bridge).await;
    let took = client.until(&opened(DeviceKind::Microphone, MICROPHONE)).await;
    println!("microphone open {took:?} after connecting");
    client.until(&opened(DeviceKind::Speakers, OUTPUT)).await;
    let recording = Recording::start("spk");
    // By then the card rests, and must wake for the first word.
    tokio::time::sleep(UNTIL_REST).await;

    let mut feed = Command::new("paplay");
    feed.arg("--device=micfeed").arg(&file);
    let _feed = Killed(feed.spawn().unwrap());
    let start = tokio::time::Instant::now();
    for (n, packet) in bridge.encode(&said).into_iter().enumerate() {
        tokio::time::sleep_until(start + Duration::from_millis(n as u64 * 40)).await;
        bridge.say(n as u32, packet, &[]).await;
    }
    tokio::time::sleep(Duration::from_millis(600)).await;

    let ours = compare(&said, &bridge.heard());
    let theirs = compare(&said, &recording.stop());
    println!("microphone to bridge: {ours:?}\nbridge to speakers: {theirs:?}");
    assert!(ours.longest_gap <= 20 && ours.likeness > 0.9, "{ours:?}");
    assert!(theirs.longest_gap <= 20 && theirs.likeness > 0.9, "{theirs:?}");
}

/// Somebody who talks on and on, and holds the key in between.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs pulseaudio"]
async fn a_rested_microphone_sends_what_is_said_from_the_key_on() {
    if !inside("a_rested_microphone_sends_what_is_said_from_the_key_on", &CARDS) {
        return;
    }
    pactl(&["set-default-sink", "spk"]);
    pactl(&["set-default-source", "mic"]);
    let said = speech_like(14 * SECOND);
    let file = Path::new(&std::env::var_os(INSIDE).unwrap()).join("said.wav");
    write_wav(&file, &said);
    let client = client(DeviceChoice::Default, KEY_UP);
    let bridge = Bridge::new(16_000, 40).await;
    client.join(1, &bridge).await;
    client.until(&opened(DeviceKind::Microphone, MICROPHONE)).await;
    let mut feed = Command::new("paplay");
    feed.args(["--device=micfeed", "--latency-msec=20"]).arg(&file);
    let feed_began = std::time::Instant::now();
    let _feed = Killed(feed.spawn().unwrap());

    for round in 0..3 {
        // Longer than it takes to fall asleep, and out of step with its pace.
        tokio::time::sleep(Duration::from_millis(2450 + 70 * round)).await;
        bridge.got.lock().unwrap().clear();
        let pressed = feed_began.elapsed();
        let down = tokio::time::Instant::now();
        client.voice.set_talk(KEY_DOWN);
        until(|| client.meters.is_live(), || "live".into()).await;
        println!("live {:?} after the key", down.elapsed());
        tokio::time::sleep(Duration::from_millis(500)).await;
        client.voice.set_talk(KEY_UP);
        let held = down.elapsed() + KEY_UP.release_hold;
        tokio::time::sleep(Duration::from_millis(350)).await;

        // What was recorded between the key and its end, and what led to it. No further: syllables are alike.
        let mut talking = false;
        bridge.got.lock().unwrap().retain(|packet| {
            talking |= packet.header.marker;
            talking
        });
        let spoken = bridge.heard();
        let from = ((pressed.as_secs_f64() - 0.3) * SECOND as f64) as usize;
        let around = &said[from..from + SECOND * 6 / 5];
        let found = compare(&spoken[SECOND / 100..], around);
        let lead = spoken.len() as f64 / SECOND as f64 - held.as_secs_f64();
        println!("{} ms before the key, {found:?}", (lead * 1000.0).round());
        assert!(found.longest_gap <= 20 && found.likeness > 0.9, "{found:?}");
        assert!((0.04..0.13).contains(&lead), "the pre-roll, and what fills the last frame: {lead}");
        // The feed takes a moment to start, so its clock is ahead of the sound.
        assert!((0.05..0.3).contains(&found.offset), "from just before the key on: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs pulseaudio"]
async fn cards_come_and_go() {
    if !inside("cards_come_and_go", &CARDS) {
        return;
    }
    pactl(&["set-default-sink", "spk"]);
    pactl(&["set-default-source", "mic"]);
    let kind = DeviceKind::Speakers;
    let client = client(DeviceChoice::Device("pulseaudio:headset".into()), KEY_UP);
    let bridge = Bridge::new(16_000, 40).await;
    assert!(
        !client.events().iter().any(|event| matches!(event, VoiceEvent::DeviceOpened { .. })),
        "none before a party"
    );
    client.join(1, &bridge).await;
    let sink = || pactl(&["list", "short", "sink-inputs"]);
    let plays_on = async |name: &str| {
        let index = || {
            let sinks = pactl(&["list", "short", "sinks"]);
            sinks
                .lines()
                .find(|line| line.contains(name))
                .map(|line| line.split('\t').next().unwrap().to_owned())
        };
        let on = || {
            index().is_some_and(|index| {
                sink().lines().any(|line| line.split('\t').nth(1) == Some(index.as_str()))
            })
        };
        until(on, || format!("sound on {name}: {:?}", client.events())).await
    };
    plays_on("headset").await;

    // The chosen card goes: the default takes over. It comes back: so does the sound.
    client.forget();
    unplug("headset");
    let fell_back = plays_on("spk").await;
    println!("fell back after {fell_back:?}");
    assert!(fell_back < Duration::from_secs(1), "{fell_back:?}");
    // The server carried our stream over; ours is its own soon after.
    let own = client.until(&opened(kind, OUTPUT)).await;
    assert!(fell_back + own < Duration::from_secs(1), "{own:?}");
    client.until(&VoiceEvent::DeviceLost { kind }).await;
    plug_in("headset");
    let returned = plays_on("headset").await;
    println!("returned after {returned:?}");
    assert!(returned < Duration::from_secs(1), "{returned:?}");

    // The default is followed once nothing is pinned, also when it changes.
    client.voice.set_speakers(Speakers::Device(DeviceChoice::Default));
    println!("unpinned after {:?}", plays_on("spk").await);
    pactl(&["set-default-sink", "micfeed"]);
    let followed = plays_on("micfeed").await;
    println!("followed the default after {followed:?}");
    assert!(followed < Duration::from_secs(1), "{followed:?}");

    // Every microphone goes, and one comes back.
    client.forget();
    unplug("mic");
    client.until(&VoiceEvent::DeviceLost { kind: DeviceKind::Microphone }).await;
    client
        .until(&VoiceEvent::DeviceMissing { kind: DeviceKind::Microphone, trouble: DeviceTrouble::None })
        .await;
    client.forget();
    pactl(&["load-module", "module-remap-source", "source_name=mic", "master=micfeed.monitor"]);
    client.until(&opened(DeviceKind::Microphone, MICROPHONE)).await;

    client.voice.hang_up().await;
    for kind in [DeviceKind::Microphone, DeviceKind::Speakers] {
        client.until(&VoiceEvent::DeviceClosed { kind }).await;
    }
    assert_eq!(sink(), "", "nothing is left open");

    // A test needs no party.
    client.forget();
    client.voice.set_microphone_test(Listening::HearYourself);
    client.until(&opened(DeviceKind::Microphone, MICROPHONE)).await;
    client.until(&opened(DeviceKind::Speakers, OUTPUT)).await;
    client.voice.set_microphone_test(Listening::Off);
    client.until(&VoiceEvent::DeviceClosed { kind: DeviceKind::Microphone }).await;
    client.until(&VoiceEvent::DeviceClosed { kind: DeviceKind::Speakers }).await;
    let recording = Recording::start("micfeed");
    tokio::time::sleep(Duration::from_millis(300)).await;
    client.voice.play_test_sound();
    tokio::time::sleep(Duration::from_millis(1800)).await;
    let chime = recording.stop();
    assert!(peak(&chime) > 0.1 && peak(&chime) < 0.6, "{}", peak(&chime));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs pulseaudio"]
async fn without_any_card_voice_runs_and_takes_the_first_that_comes() {
    if !inside("without_any_card_voice_runs_and_takes_the_first_that_comes", &[]) {
        return;
    }
    let client = client(DeviceChoice::Default, OPEN);
    let bridge = Bridge::new(16_000, 40).await;
    client.join(1, &bridge).await;
    for kind in [DeviceKind::Microphone, DeviceKind::Speakers] {
        client.until(&VoiceEvent::DeviceMissing { kind, trouble: DeviceTrouble::None }).await;
    }
    until(|| bridge.got.lock().unwrap().len() >= 3, || "the stream lives".into()).await;
    assert!(!client.meters.is_live());
    plug_in("spk");
    client.until(&opened(DeviceKind::Speakers, OUTPUT)).await;
}

/// CPU of every thread of this process so far, in microseconds.
fn cpu() -> BTreeMap<String, u64> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
    let thread = |task: std::fs::DirEntry| {
        let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
        let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        let nanos: u64 = stat.split(' ').next()?.parse().ok()?;
        Some((format!("{} {}", name.trim(), task.file_name().display()), nanos / 1000))
    };
    tasks.filter_map(thread).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs pulseaudio"]
async fn a_quiet_party_costs_next_to_nothing() {
    if !inside("a_quiet_party_costs_next_to_nothing", &CARDS) {
        return;
    }
    pactl(&["set-default-sink", "spk"]);
    pactl(&["set-default-source", "mic"]);
    let client = client(DeviceChoice::Default, KEY_UP);
    let bridge = Bridge::new(16_000, 40).await;
    client.join(1, &bridge).await;
    client.until(&opened(DeviceKind::Microphone, MICROPHONE)).await;
    client.until(&opened(DeviceKind::Speakers, OUTPUT)).await;
    tokio::time::sleep(UNTIL_REST).await;
    let before = cpu();
    tokio::time::sleep(Duration::from_secs(20)).await;
    let after = cpu();
    let mut total = 0;
    for (thread, micros) in after {
        let spent = micros.saturating_sub(before.get(&thread).copied().unwrap_or_default());
        total += spent;
        println!("{thread:30} {:.3} %", spent as f64 / 200_000.0);
    }
    println!("{:30} {:.3} %", "all, and the bridge beside it", total as f64 / 200_000.0);
}

/// One clock for the microphone and the speakers, as a sound card has: two channels of one sink, of periods of 5 ms.
const ONE_CLOCK: [&str; 4] = [
    "--load=module-null-sink sink_name=card rate=48000 channels=2 norewinds=1",
    "--load=module-remap-sink sink_name=air master=card channels=1 master_channel_map=front-left channel_map=mono remix=no",
    "--load=module-remap-sink sink_name=ear master=card channels=1 master_channel_map=front-right channel_map=mono remix=no",
    "--load=module-remap-source source_name=mouth master=card.monitor channels=1 master_channel_map=front-left channel_map=mono remix=no",
];
/// What the microphone's test holds back: a frame, Opus' look-ahead, and two blocks so that it does not run dry.
const HELD_BACK: f64 = 20.0 + 6.5 + 20.0;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs pulseaudio"]
async fn from_a_card_through_the_voice_thread_to_a_card_takes_little() {
    if !inside("from_a_card_through_the_voice_thread_to_a_card_takes_little", &ONE_CLOCK) {
        return;
    }
    pactl(&["set-default-sink", "ear"]);
    pactl(&["set-default-source", "mouth"]);
    let directory = std::path::PathBuf::from(std::env::var_os(INSIDE).unwrap());
    // Keeps the card's period, as a real card would, and hears what was said and what came back on one clock.
    let raw = directory.join("card.raw");
    let mut parec = Command::new("parec");
    parec.args([
        "--format=s16le",
        "--rate=48000",
        "--channels=2",
        "--latency-msec=5",
        "--device=card.monitor",
    ]);
    let recording = Killed(parec.stdout(std::fs::File::create(&raw).unwrap()).spawn().unwrap());
    let said = speech_like(8 * SECOND);
    let file = directory.join("said.wav");
    write_wav(&file, &said);

    let client = client(DeviceChoice::Default, KEY_UP);
    client.voice.set_microphone_test(Listening::HearYourself);
    for kind in [DeviceKind::Microphone, DeviceKind::Speakers] {
        until(
            || {
                client
                    .events()
                    .iter()
                    .any(|e| matches!(e, VoiceEvent::DeviceOpened { kind: k, .. } if *k == kind))
            },
            || format!("{kind:?}"),
        )
        .await;
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut feed = Command::new("paplay");
    feed.arg("--device=air").arg(&file);
    let _feed = Killed(feed.spawn().unwrap());
    tokio::time::sleep(Duration::from_secs(9)).await;
    let report = client.voice.report();
    drop(recording);

    let bytes = std::fs::read(&raw).unwrap();
    let channel = |from: usize| -> Vec<f32> {
        let frames = bytes.chunks_exact(4);
        frames.map(|f| f32::from(i16::from_le_bytes([f[from], f[from + 1]])) / 32768.0).collect()
    };
    let (spoken, heard) = (compare(&said, &channel(0)), compare(&said, &channel(2)));
    let loop_millis = (heard.offset - spoken.offset) * 1000.0;
    println!(
        "card to card {loop_millis:.1} ms, {:.1} ms of them without what the test holds back; the sound system says \
         {:?} in, {:?} out; {heard:?}",
        loop_millis - HELD_BACK,
        report.input_latency,
        report.output_latency,
    );
    assert!(heard.likeness > 0.9 && heard.longest_gap <= 20, "{heard:?}");
    assert!((0.0..60.0).contains(&(loop_millis - HELD_BACK)), "{loop_millis}");
    for latency in [report.input_latency, report.output_latency] {
        assert!(latency.is_some_and(|latency| latency < Duration::from_millis(60)), "{latency:?}");
    }
}

/// The listeners of a stream hear the party and not its member's own test sound; and when their card goes, nobody else does.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs pulseaudio"]
async fn the_party_is_played_on_a_second_card_and_nowhere_in_its_place() {
    if !inside("the_party_is_played_on_a_second_card_and_nowhere_in_its_place", &CARDS) {
        return;
    }
    pactl(&["set-default-sink", "spk"]);
    pactl(&["set-default-source", "mic"]);
    let client = client(DeviceChoice::Default, KEY_UP);
    client.voice.set_party_output(Some(DeviceChoice::Device("pulseaudio:headset".into())));
    let mut bridge = Bridge::new(16_000, 40).await;
    let said = speech_like(4 * SECOND);
    let packets = bridge.encode(&said);
    client.join(1, &bridge).await;
    let kind = DeviceKind::PartyOutput;
    client.until(&opened(kind, OUTPUT)).await;
    client.until(&opened(DeviceKind::Speakers, OUTPUT)).await;
    let recording = Recording::start("headset");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let start = tokio::time::Instant::now();
    for (n, packet) in packets.into_iter().enumerate() {
        tokio::time::sleep_until(start + Duration::from_millis(n as u64 * 40)).await;
        bridge.say(n as u32, packet, &[]).await;
    }
    tokio::time::sleep(Duration::from_millis(800)).await;
    client.voice.play_test_sound();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let heard = recording.stop();
    let found = compare(&said, &heard);
    println!("on the second card: {found:?}");
    assert!(found.longest_gap <= 20 && found.likeness > 0.9, "{found:?}");
    assert!(peak(&heard[heard.len() - SECOND..]) < 0.01, "no chime");

    client.forget();
    let inputs = || pactl(&["list", "short", "sink-inputs"]).lines().count();
    assert_eq!(inputs(), 2);
    unplug("headset");
    client.until(&VoiceEvent::DeviceLost { kind }).await;
    client.until(&VoiceEvent::DeviceMissing { kind, trouble: DeviceTrouble::None }).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(inputs(), 1, "nobody else hears it");
    client.forget();
    plug_in("headset");
    client.until(&opened(kind, OUTPUT)).await;
    client.forget();
    client.voice.set_party_output(None);
    client.until(&VoiceEvent::DeviceClosed { kind }).await;

    client.voice.set_party_output(Some(DeviceChoice::Device("pulseaudio:spk".into())));
    client.until(&VoiceEvent::DeviceMissing { kind, trouble: DeviceTrouble::Doubled }).await;
    assert_eq!(inputs(), 1, "it is heard there already, once");
}

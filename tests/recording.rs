//! Recording: what was heard through a real connection ends up in a file that any player understands.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

mod support;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use partyline::{
    model::RecordingFormat,
    voice::{Recorder, VoiceEvent},
};
use support::{
    Client, KEY_UP, beside_few,
    bridge::Bridge,
    sound::{compare, read_wav},
    speech::speech_like,
    until,
};

const SECOND: usize = 48_000;

fn recorder(folder: &Path, format: RecordingFormat) -> Option<Recorder> {
    Some(Recorder { folder: folder.into(), format })
}

/// Waits for the recording to begin, and says where.
async fn began(client: &Client) -> PathBuf {
    let begun = || {
        client.events().into_iter().find_map(|event| match event {
            VoiceEvent::RecordingBegan(file) => Some(file),
            _ => None,
        })
    };
    until(|| begun().is_some(), || format!("{:?}", client.events())).await;
    begun().unwrap()
}

fn decode(file: &Path) -> Vec<f32> {
    if file.extension().is_some_and(|extension| extension == "wav") {
        return read_wav(file);
    }
    let mut reader = ogg::PacketReader::new(std::fs::File::open(file).unwrap());
    let head = reader.read_packet_expected().unwrap().data;
    let pre_skip = usize::from(u16::from_le_bytes([head[10], head[11]]));
    reader.read_packet_expected().unwrap();
    let mut decoder = opus::Decoder::new(48_000, opus::Channels::Mono).unwrap();
    let (mut sound, mut end) = (vec![], 0);
    while let Some(packet) = reader.read_packet().unwrap() {
        let mut block = [0.0; 5760];
        let count = decoder.decode_float(&packet.data, &mut block, false).unwrap();
        sound.extend_from_slice(&block[..count]);
        end = packet.absgp_page() as usize;
    }
    sound.truncate(end);
    sound.split_off(pre_skip)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_holds_what_was_heard_for_as_long_as_it_ran() {
    let _turn = beside_few().await;
    for format in [RecordingFormat::Wav, RecordingFormat::Opus] {
        let directory = tempfile::tempdir().unwrap();
        let heard = directory.path().join("heard.wav");
        let client = Client::new(None, Some(&heard), KEY_UP);
        let mut bridge = Bridge::new(16_000, 40).await;
        client.join(1, &bridge).await;
        let said = speech_like(3 * SECOND);
        let packets = bridge.encode(&said);
        client.voice.record(recorder(directory.path(), format));
        let file = began(&client).await;
        let start = Instant::now();
        // Silence before and after it belongs to it.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let speaks = tokio::time::Instant::now();
        for (n, packet) in packets.into_iter().enumerate() {
            tokio::time::sleep_until(speaks + Duration::from_millis(n as u64 * 40)).await;
            bridge.say(n as u32, packet, &[]).await;
        }
        // One's own test sound is nothing the party said.
        tokio::time::sleep(Duration::from_millis(500)).await;
        client.voice.play_test_sound();
        tokio::time::sleep(Duration::from_millis(2000)).await;
        client.voice.record(None);
        let ran = start.elapsed();
        client.until(&VoiceEvent::RecordingEnded { file: file.clone(), whole: true }).await;

        let recorded = decode(&file);
        let seconds = recorded.len() as f64 / SECOND as f64;
        assert!((seconds - ran.as_secs_f64()).abs() < 0.5, "{seconds} of {ran:?}");
        // What the network made of it is not the recording's doing: it holds what was played.
        let played = read_wav(&heard);
        let first = played.iter().position(|sample| sample.abs() > 0.02).expect("somebody was heard");
        let found = compare(&played[first..first + 3 * SECOND], &recorded);
        println!("{format:?}: {seconds} s of {ran:?}, {found:?}");
        assert!(found.longest_gap == 0 && found.likeness > 0.95, "{format:?}: {found:?}");
        assert!((1.4..2.0).contains(&found.offset), "{format:?}: {found:?}");
        assert!(compare(&said, &recorded).likeness > 0.9, "and that is what was said");
        let peak = |sound: &[f32]| sound.iter().fold(0.0f32, |peak, sample| sample.abs().max(peak));
        assert!(peak(&recorded[recorded.len() - SECOND..]) < 0.01, "no chime");
        assert!(peak(&played[played.len() - 3 * SECOND..]) > 0.05, "there was one to hear");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_party_ends_the_recording_and_another_is_another_file() {
    let _turn = beside_few().await;
    let directory = tempfile::tempdir().unwrap();
    let client = Client::new(None, None, KEY_UP);
    let bridge = Bridge::new(16_000, 40).await;
    client.join(1, &bridge).await;
    client.voice.record(recorder(directory.path(), RecordingFormat::Opus));
    let first = began(&client).await;
    client.forget();
    // Asked for again while it runs: the first ends, whole, and the next begins.
    client.voice.record(recorder(directory.path(), RecordingFormat::Opus));
    let second = began(&client).await;
    assert!(client.saw(&VoiceEvent::RecordingEnded { file: first.clone(), whole: true }));
    assert_ne!(first, second);
    client.voice.hang_up().await;
    client.until(&VoiceEvent::RecordingEnded { file: second.clone(), whole: true }).await;
    for file in [first, second] {
        decode(&file);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_program_leaves_a_whole_file() {
    let _turn = beside_few().await;
    let directory = tempfile::tempdir().unwrap();
    let client = Client::new(None, None, KEY_UP);
    let bridge = Bridge::new(16_000, 40).await;
    client.join(1, &bridge).await;
    client.voice.record(recorder(directory.path(), RecordingFormat::Wav));
    let file = began(&client).await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    drop(client);
    let recorded = read_wav(&file).len() as f64 / SECOND as f64;
    assert!((0.8..1.6).contains(&recorded), "{recorded}");
}

//! Captures of many megabytes, honest and hostile: memory, progress, cancelling.

use std::{
    cell::Cell,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use partyline::client::capture::{self, CaptureError};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{HAR, SERVER, endpoints, program, saved};

/// The fixture's exchanges again and again.
pub fn large(folder: &TempDir, bytes: usize) -> PathBuf {
    let har: Value = serde_json::from_str(HAR).expect("json");
    let entries = har["log"]["entries"].as_array().expect("entries");
    let entries: Vec<_> = entries.iter().map(ToString::to_string).collect();
    let mut text = String::from(r#"{"log": {"version": "1.2", "entries": [{}"#);
    while text.len() < bytes {
        for entry in &entries {
            text.push(',');
            text.push_str(entry);
        }
    }
    text.push_str("]}}");
    saved(folder, &text)
}

#[test]
fn thirty_megabytes_stay_far_below_a_hundred_resident() {
    let folder = TempDir::new().expect("a folder");
    let (code, peak) = peak_of_check(&folder, &large(&folder, 30 << 20));
    assert_eq!(code, Some(0));
    assert!(peak > 0 && peak < 60 << 10, "{peak} KiB");
}

/// Runs the program on a capture: its exit code, and the most memory it had, in KiB.
fn peak_of_check(folder: &TempDir, path: &Path) -> (Option<i32>, usize) {
    let mut child = program(folder)
        .args(["capture", "check", "--server", SERVER])
        .arg(path)
        .stdout(Stdio::null())
        .spawn()
        .expect("starts");
    let (begun, mut peak) = (Instant::now(), 0);
    let ended = loop {
        peak = peak.max(peak_resident_kib(child.id()).unwrap_or(0));
        if let Some(ended) = child.try_wait().expect("a child") {
            break ended;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "still reading");
        std::thread::sleep(Duration::from_millis(5));
    };
    println!("{peak} KiB at most, {:?}", begun.elapsed());
    (ended.code(), peak)
}

#[test]
fn a_hostile_capture_costs_no_more_memory_than_a_large_one() {
    let folder = TempDir::new().expect("a folder");
    let url = format!("{SERVER}/api/sessionManager/v2/partySessions");
    let tiny_values = format!(r#"{{"v2PartySessions":[{{"a":0}}{}]}}"#, r#",{"a":0}"#.repeat(24_000));
    let too_many = format!(r#"{{"v2PartySessions":[{{"a":0}}{}]}}"#, r#",{"a":0}"#.repeat(400_000));
    let long = format!(r#"{{"v2PartySessions":"{}"}}"#, "x".repeat(4 << 20));
    let entry = |text: &String| {
        json!({
            "request": {"method": "POST", "url": url, "postData": {"text": text}},
            "response": {"status": 200, "content": {"text": text}},
            "_webSocketMessages": vec![json!({"type": "send", "opcode": 1, "data": "{"}); 50_000],
        })
    };
    let entries = [&tiny_values, &too_many, &long].map(entry);
    let path = saved(&folder, &json!({"log": {"entries": entries}}).to_string());
    let (code, peak) = peak_of_check(&folder, &path);
    assert_eq!(code, Some(1));
    assert!(peak > 0 && peak < 100 << 10, "{peak} KiB");
}

/// 200 MiB of zeros each.
const BROTLI: &[u8] = include_bytes!("../fixtures/zeros.br");
const LARGE_WINDOW: &[u8] = include_bytes!("../fixtures/zeros_large_window.br");
const ZSTD: &[u8] = include_bytes!("../fixtures/zeros.zst");

/// As large as a body may be, compressed twice.
fn gzipped_twice() -> Vec<u8> {
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).expect("in memory");
        encoder.finish().expect("in memory")
    };
    gzip(&gzip(&vec![0xFF; 4 << 20]))
}

fn bombs(folder: &TempDir, kinds: &[(&str, &[u8])], count: usize) -> PathBuf {
    let entry = |(coding, bytes): &(&str, &[u8])| {
        json!({
            "request": {"method": "GET", "url": format!("{SERVER}/api/sessionManager/v2/partySessions")},
            "response": {
                "status": 200,
                "headers": [{"name": "content-encoding", "value": coding}],
                "content": {"text": BASE64_STANDARD.encode(bytes), "encoding": "base64"},
            },
        })
    };
    let entries: Vec<_> = kinds.iter().flat_map(|kind| vec![entry(kind); count]).collect();
    saved(folder, &json!({"log": {"entries": entries}}).to_string())
}

#[test]
fn bombs_cost_no_more_memory_and_not_much_time() {
    let folder = TempDir::new().expect("a folder");
    let twice = gzipped_twice();
    let kinds = [("br", BROTLI), ("br", LARGE_WINDOW), ("zstd", ZSTD), ("gzip, gzip", &twice)];
    let path = bombs(&folder, &kinds, 2000);
    let begun = Instant::now();
    let (code, peak) = peak_of_check(&folder, &path);
    assert_eq!(code, Some(1));
    assert!(peak > 0 && peak < 80 << 10, "{peak} KiB");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[test]
fn reading_stops_between_two_bombs_too() {
    let folder = TempDir::new().expect("a folder");
    let path = bombs(&folder, &[("gzip, gzip", &gzipped_twice())], 50);
    assert!(fs::metadata(&path).expect("the file").len() < 32 << 10, "it is read at once");
    let asked = Cell::new(0);
    let cancelled = || asked.replace(asked.get() + 1) >= 4;
    let stopped = capture::check(&path, &endpoints(), &mut |_| {}, &cancelled);
    assert!(matches!(stopped, Err(CaptureError::Cancelled)));
    assert_eq!(asked.get(), 5, "not an entry more");
}

/// The most that process ever had in memory.
fn peak_resident_kib(process: u32) -> Option<usize> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn progress_is_told_all_along_and_a_cancelled_read_stops() {
    let folder = TempDir::new().expect("a folder");
    let path = large(&folder, 4 << 20);
    let mut seen = Vec::new();
    let report = capture::check(&path, &endpoints(), &mut |p| seen.push((p.read, p.total)), &|| false);
    assert!(report.is_ok_and(|report| report.is_clean()));
    let length = fs::metadata(&path).expect("the file").len();
    assert!(seen.len() > 50 && seen.is_sorted() && seen.iter().all(|(_, total)| *total == length));
    assert_eq!(seen.last(), Some(&(length, length)));

    let reads = Cell::new(0);
    let cancelled =
        capture::find_client(&path, &endpoints(), &mut |_| reads.set(reads.get() + 1), &|| reads.get() >= 3);
    assert!(matches!(cancelled, Err(CaptureError::Cancelled)));
    assert_eq!(reads.get(), 3, "not a read more");
}

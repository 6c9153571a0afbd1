//! The reader against files as tools write them, and as nobody should.

mod bodies;
mod clients;

use std::{
    io::{self, Cursor, Read},
    ops::ControlFlow,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{Ending, Entry, ReadError, read};
use crate::model::{Body, Exchange};

const MITMPROXY: &[u8] = include_bytes!("../../../tests/fixtures/mitmproxy.har");

fn all(input: impl Read) -> Result<(Vec<Exchange>, Ending), ReadError> {
    let mut exchanges = Vec::new();
    let ending = read(
        input,
        |_, _| true,
        |entry| {
            if let Entry::Exchange(exchange) = entry {
                exchanges.push(*exchange);
            }
            ControlFlow::Continue(())
        },
    )?;
    Ok((exchanges, ending))
}

fn har(entries: &Value) -> String {
    json!({"log": {"version": "1.2", "creator": {"name": "x"}, "entries": entries}}).to_string()
}

fn one(entry: Value) -> Exchange {
    let (mut exchanges, ending) = all(har(&json!([entry])).as_bytes()).expect("readable");
    assert_eq!((exchanges.len(), ending), (1, Ending::Complete));
    exchanges.remove(0)
}

fn text(body: &Body) -> &str {
    match body {
        Body::Bytes(bytes) => std::str::from_utf8(bytes).expect("text"),
        Body::Absent => "(absent)",
        Body::TooLarge => "(too large)",
        Body::Damaged => "(damaged)",
    }
}

/// A start, the same piece again and again, an end: gigantic without being held.
fn repeated(start: &str, piece: &'static str, times: usize, end: &str) -> impl Read {
    let middle = Repeat { piece: piece.as_bytes(), left: times as u64 * piece.len() as u64, at: 0 };
    Cursor::new(start.to_owned()).chain(middle).chain(Cursor::new(end.to_owned()))
}

struct Repeat {
    piece: &'static [u8],
    left: u64,
    at: usize,
}

impl Read for Repeat {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        for byte in &mut buffer[..count] {
            *byte = self.piece[self.at];
            self.at = (self.at + 1) % self.piece.len();
        }
        self.left -= count as u64;
        Ok(count)
    }
}

#[test]
fn a_har_of_mitmproxy_is_read_whole() {
    let (exchanges, ending) = all(MITMPROXY).expect("readable");
    assert_eq!(ending, Ending::Complete);
    assert!(exchanges.len() > 40, "{}", exchanges.len());
    assert!(exchanges.iter().all(|exchange| exchange.status >= 101 && !exchange.request_headers.is_empty()));
    let sockets: Vec<_> = exchanges.iter().filter(|exchange| !exchange.messages.is_empty()).collect();
    assert_eq!(sockets.len(), 2);
    assert!(sockets.iter().all(|socket| socket.messages[0].sent && !socket.messages[1].sent));
}

#[test]
fn a_form_is_read_from_its_text_or_from_its_parameters() {
    let form = |data: Value| one(json!({"request": {"method": "POST", "url": "u", "postData": data}}));
    let params = json!([{"name": "grant_type", "value": "refresh_token"}, {"name": "scope", "value": "a b"}]);
    let both = form(json!({"text": "x=1", "params": params}));
    assert_eq!(text(&both.request), "x=1");
    assert_eq!(text(&form(json!({"params": params})).request), "grant_type=refresh_token&scope=a+b");
    assert_eq!(text(&form(json!({"text": "", "params": []})).request), "(absent)");
}

#[test]
fn socket_messages_are_told_by_direction_and_binary_ones_decoded() {
    let exchange = one(json!({
        "request": {"method": "GET", "url": "wss://host.example/x"},
        "_webSocketMessages": [
            {"type": "send", "time": 1.5, "opcode": 1, "data": "hello"},
            {"type": "receive", "time": 2, "opcode": 2, "data": BASE64_STANDARD.encode([0, 159])},
            {"type": "receive", "opcode": 1, "data": "x".repeat(300 << 10)},
            {"type": "receive", "opcode": 2, "data": "no base64!"},
            {"type": "receive", "opcode": 1},
        ],
    }));
    let messages: Vec<_> = exchange.messages.iter().map(|m| (m.sent, m.data.as_slice())).collect();
    assert_eq!(messages, [(true, &b"hello"[..]), (false, &[0, 159])]);
    assert_eq!((exchange.messages_skipped, exchange.status), (3, 0));
}

#[test]
fn odd_entries_are_passed_over_and_the_others_kept() {
    let entries = json!([
        null, 7, "x", [], {}, {"request": []}, {"request": {"method": 1, "url": "u"}},
        {"request": {"method": "GET", "url": "x".repeat(20 << 10)}},
        {"request": {"method": "GET", "url": "kept", "headers": [null, {"name": "a"}, {"name": "b", "value": "c"}]},
         "response": "none"},
    ]);
    let (exchanges, _) = all(har(&entries).as_bytes()).expect("readable");
    let kept: Vec<_> = exchanges.iter().map(|exchange| exchange.url.as_str()).collect();
    assert_eq!(kept, ["kept"]);
    assert_eq!(exchanges[0].request_header("B"), Some("c"));
}

#[test]
fn every_entry_is_told_and_reading_stops_when_it_should() {
    let get = |url: &str| json!({"request": {"method": "GET", "url": url}});
    let har = har(&json!([get("mine"), {}, get("theirs"), get(&"x".repeat(20 << 10)), get("mine")]));
    let seen = |enough: usize| {
        let mut seen = Vec::new();
        let ending = read(
            har.as_bytes(),
            |method, url| (method, url) == ("GET", "mine"),
            |entry| {
                seen.push(match entry {
                    Entry::Exchange(exchange) => exchange.url,
                    Entry::Unwanted => "unwanted".to_owned(),
                    Entry::Odd => "odd".to_owned(),
                });
                if seen.len() == enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        (seen, ending.expect("readable"))
    };
    let (all, ending) = seen(9);
    assert_eq!((all.join(" ").as_str(), ending), ("mine odd unwanted odd mine", Ending::Complete));
    let (some, ending) = seen(2);
    assert_eq!((some.join(" ").as_str(), ending), ("mine odd", Ending::Stopped));
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let marked = [b"\xEF\xBB\xBF", har(&json!([])).as_bytes()].concat();
    assert_eq!(all(marked.as_slice()).map(|(_, ending)| ending).ok(), Some(Ending::Complete));
}

#[test]
fn what_is_no_har_is_told_apart() {
    let error = |bytes: &[u8]| all(bytes).err().map(|error| error.to_string()).unwrap_or_default();
    for (bytes, words) in [
        (&b""[..], "no HAR"),
        (b"{}", "no HAR"),
        (b"[1, 2]", "no HAR"),
        (b"7", "no HAR"),
        (br#"{"log": [] }"#, "no HAR"),
        (br#"{"log": {"entries": {}}}"#, "no HAR"),
        (b"<html>", "no JSON"),
        (br#"{"log": {"entries": [}}"#, "no JSON"),
        (br#"{"log": {"entries": []}} trailing"#, "no JSON"),
        (br#"{"log": {"entries": []}, "x": nul }"#, "no JSON"),
        (b"\xFF\xFE{\x00", "UTF-8"),
        (b"{\"log\": {\"entries\": [{\"request\": {\"url\": \"\xC3(\"}}]}}", "UTF-8"),
        (br#"{"log": {"entries": [], "entries": []}}"#, "two fields"),
        (br#"{"log": {"entries": [{"request": {"url": "a", "url": "b"}}]}}"#, "two fields"),
    ] {
        let said = error(bytes);
        assert!(said.contains(words), "{}: {said}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_file_cut_anywhere_gives_what_comes_before_the_cut() {
    let whole = all(MITMPROXY).expect("readable").0.len();
    let mut seen = 0;
    for length in (0..MITMPROXY.len()).step_by(997).chain(0..300).chain(MITMPROXY.len() - 20..MITMPROXY.len())
    {
        match all(&MITMPROXY[..length]) {
            Ok((exchanges, Ending::Early)) => {
                assert!(exchanges.len() <= whole);
                seen = seen.max(exchanges.len());
            }
            // After the last bracket there is only white space.
            Ok((_, Ending::Complete)) => assert!(MITMPROXY[length..].trim_ascii().is_empty(), "{length}"),
            Ok((_, Ending::Stopped)) => panic!("nobody asked"),
            Err(error) => assert!(matches!(error, ReadError::NotHar) && length < 300, "{length}: {error}"),
        }
    }
    assert_eq!(seen, whole);
}

#[test]
fn a_file_changed_anywhere_is_read_or_refused_but_never_a_panic() {
    let start = &MITMPROXY[..12_000];
    for at in 0..start.len() {
        let mut changed = start.to_vec();
        changed[at] ^= 1 << (at % 8);
        let _ = all(changed.as_slice());
    }
}

#[test]
fn nesting_without_end_is_refused_at_once() {
    let begun = Instant::now();
    for (start, piece) in [
        ("", "["),
        (r#"{"log": {"entries": [{"request": "#, "{\"a\":"),
        (r#"{"log": {"x": "#, "["),
        (r#"{"log": {"entries": "#, "["),
    ] {
        let result = all(repeated(start, piece, 1_000_000, ""));
        assert!(matches!(result, Err(ReadError::TooDeep { .. })), "{start}");
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[test]
fn a_gigantic_string_is_passed_over() {
    let start = r#"{"log": {"entries": [{"request": {"method": "POST", "url": "u", "postData": {"text": ""#;
    let (exchanges, _) = all(repeated(start, "a", 64 << 20, "\"}}}]}}")).expect("readable");
    assert_eq!(text(&exchanges[0].request), "(too large)");
}

#[test]
fn a_gigantic_name_or_number_is_refused() {
    let name = all(repeated(r#"{"log": {""#, "a", 200 << 20, "\": 1}}"));
    assert!(matches!(name, Err(ReadError::EndlessName { .. })));
    let number = all(repeated(r#"{"log": {"x": "#, "1", 10 << 20, "}}"));
    assert!(matches!(number, Err(ReadError::Malformed { .. } | ReadError::NotHar)));
}

#[test]
fn an_unreadable_source_is_told_as_such() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
    let cut = Cursor::new(&MITMPROXY[..100_000]).chain(Broken);
    assert!(matches!(all(cut), Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::PermissionDenied));
}

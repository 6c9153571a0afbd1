//! The reader against files as tools write them, and as nobody should.

use std::{
    io::{self, Cursor, Read, Write},
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{ClientSearch, Ending, ReadError, read};
use crate::model::{Body, Exchange};

/// `{"hello":"hello hello hello hello"}`, by the brotli tool.
const BROTLI: &[u8] = &[
    27, 34, 0, 248, 29, 9, 118, 76, 226, 55, 20, 79, 12, 101, 25, 218, 94, 233, 244, 53, 136, 8, 219, 155,
    14, 68, 17, 94, 148, 145, 6, 56, 144, 66, 55, 181, 58, 176, 1,
];
const HELLO: &str = r#"{"hello":"hello hello hello hello"}"#;
const MITMPROXY: &[u8] = include_bytes!("../../tests/fixtures/mitmproxy.har");

fn all(input: impl Read) -> Result<(Vec<Exchange>, Ending), ReadError> {
    let mut exchanges = Vec::new();
    let ending = read(input, |exchange| exchanges.push(exchange))?;
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

fn answered(encoding: &str, bytes: &[u8]) -> Exchange {
    one(json!({
        "request": {"method": "GET", "url": "https://host.example/x"},
        "response": {
            "status": 200,
            "headers": [{"name": "Content-Encoding", "value": encoding}],
            "content": {"text": BASE64_STANDARD.encode(bytes), "encoding": "base64"},
        },
    }))
}

fn text(body: &Body) -> &str {
    match body {
        Body::Bytes(bytes) => std::str::from_utf8(bytes).expect("text"),
        Body::Absent => "(absent)",
        Body::TooLarge => "(too large)",
        Body::Damaged => "(damaged)",
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
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
fn compressed_bodies_are_undone_whoever_compressed_them() {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(HELLO.as_bytes()).expect("in memory");
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    deflate.write_all(HELLO.as_bytes()).expect("in memory");
    for (coding, bytes) in [
        ("gzip", gzip(HELLO.as_bytes())),
        ("deflate", zlib.finish().expect("in memory")),
        ("deflate", deflate.finish().expect("in memory")),
        ("br", BROTLI.to_vec()),
        ("br, gzip", gzip(BROTLI)),
        ("gzip", HELLO.as_bytes().to_vec()),
        ("identity", HELLO.as_bytes().to_vec()),
    ] {
        assert_eq!(text(&answered(coding, &bytes).response), HELLO, "{coding}");
    }
    assert_eq!(text(&answered("gzip", &gzip(HELLO.as_bytes())[..20]).response), "(damaged)");
    assert_eq!(text(&answered("br", &[0xFF; 40]).response), "(damaged)");
    assert_eq!(text(&answered("nonsense", &[0xFF; 40]).response), "(damaged)");
}

#[test]
fn a_bomb_is_too_large_and_takes_no_time() {
    let begun = Instant::now();
    let bomb = gzip(&gzip(&vec![0; 64 << 20]));
    assert_eq!(text(&answered("gzip", &gzip(&vec![0; 64 << 20])).response), "(too large)");
    assert!(matches!(answered("gzip, gzip, gzip", &gzip(&bomb)).response, Body::TooLarge | Body::Bytes(_)));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
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

fn token_request(credentials: &str, form: &str) -> Exchange {
    one(json!({"request": {
        "method": "POST",
        "url": "https://host.example/token",
        "headers": [{"name": "Authorization", "value": format!("Basic {}", BASE64_STANDARD.encode(credentials))}],
        "postData": {"text": form},
    }}))
}

fn authorize(query: &str) -> Exchange {
    one(json!({"request": {"method": "GET", "url": format!("https://host.example/authorize?{query}")}}))
}

#[test]
fn the_newest_complete_client_is_found_and_the_others_counted() {
    let mut search = ClientSearch::default();
    search.token(&token_request("first:secret-1", "redirect_uri=http%3A%2F%2F127.0.0.1%2Fa&code=c"));
    search.authorize(&authorize("client_id=second&redirect_uri=app%3A%2F%2Fback"));
    search.token(&token_request("second:secret-2", "grant_type=refresh_token"));
    search.token(&token_request("third:secret-3", "grant_type=refresh_token"));
    let found = search.finish().expect("a client");
    assert_eq!((found.id.as_str(), found.secret.expose()), ("second", "secret-2"));
    assert_eq!((found.redirect.as_deref(), found.others), (Some("app://back"), 2));
}

#[test]
fn a_client_seen_again_keeps_its_redirect() {
    let mut search = ClientSearch::default();
    search.token(&token_request("one:secret", "redirect_uri=app%3A%2F%2Fback"));
    search.token(&token_request("one:secret", "grant_type=refresh_token"));
    let found = search.finish().expect("a client");
    assert_eq!((found.redirect.as_deref(), found.others), (Some("app://back"), 0));
}

#[test]
fn credentials_that_would_not_fit_a_terminal_or_a_header_are_none() {
    for odd in [
        "",
        ":",
        "id:",
        ":secret",
        "no colon",
        "id:\u{1b}[2J",
        "i\nd:secret",
        &format!("id:{}", "x".repeat(600)),
    ] {
        let mut search = ClientSearch::default();
        search.token(&token_request(odd, ""));
        assert!(search.finish().is_none(), "{odd:?}");
    }
}

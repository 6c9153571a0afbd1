//! Any file where a capture is read, with the report and the search for credentials on top, as `client::capture` does it.
//!
//! An input is a file, or shorthand for one with a single exchange, whose body is easier to come by this way:
//!
//! ```text
//! POST https://ca.account.sony.com/api/authz/v3/oauth/token 200 identity
//! {"access_token":"…"}
//! ```

use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read},
    ops::ControlFlow,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use partyline::{
    capture::{self, ClientSearch, Ending, Entry, ReadError},
    model::{Body, Exchange, FoundClient, Header, Report},
    psn::{Endpoints, Examiner, SignInCall, is_of_service, sign_in_call},
};
use serde_json::json;

/// What the process may hold, in bytes, whatever it reads: an allocation beyond it fails, and ends the process.
pub const MEMORY: usize = 96 << 20;
/// A run of name characters that is no value: field names and our own words are shorter.
const LONGEST_WORD: usize = 41;
/// A number that is no id: what the report counts never gets there, since inputs are short.
const LONGEST_NUMBER: usize = 4;
/// Shorter secrets might be in other fields as well.
const SHORTEST_SECRET: usize = 24;

pub fn check(input: &[u8]) {
    let file = file(input);
    let mut examiner = Examiner::new(Endpoints::live());
    let mut search = ClientSearch::default();
    let endpoints = Endpoints::live();
    let reading = Reading::of(&*file, |entry| match entry {
        Entry::Exchange(exchange) => {
            examiner.examine(exchange);
            match sign_in_call(&endpoints, &exchange.method, &exchange.url) {
                Some(SignInCall::Authorize) => search.authorize(exchange),
                Some(SignInCall::Token) => search.token(exchange),
                None => {}
            }
        }
        Entry::Unwanted => examiner.count_other_host(),
        Entry::Odd => examiner.count_odd(),
    });
    adds_up(&examiner.finish(), reading.exchanges.len());
    if let Some(found) = search.finish() {
        is_fit_to_be_shown(&found);
    }
    assert!(reading == Reading::of(Slowly(&file), |_| {}), "the reader depends on how the file comes in");
    a_cut_is_told(&file, &reading);
}

fn file(input: &[u8]) -> Cow<'_, [u8]> {
    let exchange = input.first().filter(|byte| byte.is_ascii_uppercase()).and_then(|_| {
        let end = input.iter().position(|byte| *byte == b'\n')?;
        Some((std::str::from_utf8(&input[..end]).ok()?, &input[end + 1..]))
    });
    let Some((head, body)) = exchange else { return Cow::Borrowed(input) };
    let mut head = head.split(' ');
    let mut next = || head.next().unwrap_or_default();
    let (method, url, status, coding) = (next(), next(), next().parse::<u16>().ok(), next());
    let base64 = json!({"text": BASE64_STANDARD.encode(body), "encoding": "base64"});
    let text = String::from_utf8_lossy(body);
    let har = json!({"log": {"entries": [{
        "request": {"method": method, "url": url, "headers": [], "postData": base64},
        "response": {"status": status, "content": base64, "headers": [
            {"name": "content-type", "value": "application/json"},
            {"name": "content-encoding", "value": coding},
        ]},
        "_webSocketMessages": [
            {"type": "send", "opcode": 1, "data": text},
            {"type": "receive", "opcode": 1, "data": text},
        ],
    }]}});
    Cow::Owned(har.to_string().into_bytes())
}

/// What a reader told, without its positions: they depend on how the file came in.
#[derive(PartialEq)]
struct Reading {
    ending: Result<Ending, String>,
    /// A hash of each.
    exchanges: Vec<u64>,
}

impl Reading {
    fn of(input: impl Read, mut each: impl FnMut(&Entry)) -> Self {
        let mut exchanges = Vec::new();
        let endpoints = Endpoints::live();
        let ending = capture::read(
            input,
            |_, url| is_of_service(&endpoints, url),
            |entry| {
                each(&entry);
                exchanges.push(match &entry {
                    Entry::Exchange(exchange) => hash(exchange),
                    Entry::Unwanted => 0,
                    Entry::Odd => 1,
                });
                ControlFlow::Continue(())
            },
        );
        Self { ending: ending.map_err(text), exchanges }
    }
}

fn text(error: ReadError) -> String {
    let text = error.to_string();
    assert!(text.is_ascii() && text.len() < 80, "more than a fixed sentence and a number");
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

fn hash(exchange: &Exchange) -> u64 {
    let mut hash = DefaultHasher::new();
    (&exchange.method, &exchange.url, exchange.status, exchange.messages_skipped).hash(&mut hash);
    for Header { name, value } in exchange.request_headers.iter().chain(&exchange.response_headers) {
        (name, value).hash(&mut hash);
    }
    for body in [&exchange.request, &exchange.response] {
        std::mem::discriminant(body).hash(&mut hash);
        if let Body::Bytes(bytes) = body {
            bytes.hash(&mut hash);
        }
    }
    for message in &exchange.messages {
        (message.sent, &message.data).hash(&mut hash);
    }
    hash.finish()
}

fn adds_up(report: &Report, exchanges: usize) {
    assert_eq!(report.exchanges, exchanges as u64);
    for endpoint in &report.endpoints {
        assert_eq!(
            endpoint.seen,
            endpoint.parsed + endpoint.failed + endpoint.not_examined + endpoint.unjudged
        );
        for path in endpoint.findings.iter().map(|finding| &finding.path) {
            is_no_value(path);
        }
    }
    let (text, json) = (report.to_string(), serde_json::to_string(report).expect("serializes"));
    for shown in [text, json] {
        let plain = |c: char| c == '×' || c == '\n' || c == ' ' || c.is_ascii_graphic();
        assert!(shown.chars().all(plain), "the file speaks out of the report");
    }
}

/// Whatever the file holds, a path of the report is made of field names, and of none that could be somebody's.
fn is_no_value(path: &str) {
    let in_word = |c: char| c.is_ascii_alphanumeric() || "_$-".contains(c);
    assert!(path.chars().all(|c| in_word(c) || "<>.[]".contains(c)), "a path with strange characters");
    let longest = |inside: &dyn Fn(char) -> bool| path.split(|c| !inside(c)).map(str::len).max().unwrap_or(0);
    assert!(longest(&in_word) <= LONGEST_WORD, "a path with a value for a name");
    assert!(longest(&|c| c.is_ascii_digit()) <= LONGEST_NUMBER, "a path with an id");
}

/// It is put before the user in a terminal, and sent in requests.
fn is_fit_to_be_shown(found: &FoundClient) {
    let FoundClient { id, secret, redirect, .. } = found;
    for text in [Some(id.as_str()), Some(secret.expose()), redirect.as_deref()].into_iter().flatten() {
        assert!((1..=1024).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    let secret = secret.expose();
    let elsewhere = id.contains(secret) || redirect.as_ref().is_some_and(|text| text.contains(secret));
    assert!(
        secret.len() < SHORTEST_SECRET || elsewhere || !format!("{found:?}").contains(secret),
        "the secret was printed"
    );
}

/// A file that was cut off reads as one, up to the last exchange before the cut.
fn a_cut_is_told(file: &[u8], whole: &Reading) {
    // Before that there is no telling a byte order mark from rubbish.
    const SHORTEST: usize = 3;
    if whole.ending != Ok(Ending::Complete) || file.len() < SHORTEST {
        return;
    }
    let somewhere = file.iter().fold(0, |sum: usize, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()));
    let cut = SHORTEST + somewhere % (file.len() - SHORTEST + 1);
    let reading = Reading::of(&file[..cut], |_| {});
    assert!(whole.exchanges.starts_with(&reading.exchanges), "exchanges that the whole file does not have");
    match reading.ending {
        Ok(Ending::Early | Ending::Complete) => {}
        Ok(Ending::Stopped) => panic!("nobody asked"),
        Err(text) => assert!(text.contains("no list of entries"), "cut after {cut} bytes, and told: {text}"),
    }
}

/// One byte at a time.
struct Slowly<'a>(&'a [u8]);

impl Read for Slowly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(1);
        self.0.read(&mut buffer[..most])
    }
}

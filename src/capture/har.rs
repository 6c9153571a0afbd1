//! HAR 1.2: walks `log.entries` and hands out one exchange at a time; everything else is passed over.

use std::{
    io::{BufReader, Read},
    ops::ControlFlow,
};

use url::form_urlencoded;

use super::{
    ReadError,
    body::{self, Decompressor, TEXT_LIMIT},
    json::{Json, Read1, Stop, Text},
};
use crate::model::{Body, Exchange, Header, Message};

const CHUNK: usize = 64 << 10;
const METHOD_LIMIT: usize = 32;
const URL_LIMIT: usize = 16 << 10;
const HEADER_LIMIT: usize = 16 << 10;
const MAX_HEADERS: usize = 128;
const MAX_PARAMETERS: usize = 64;
/// A push frame is some kilobytes; the client itself takes no larger one.
const MESSAGE_LIMIT: usize = 256 << 10;
/// All messages of one socket together; an evening's worth.
const MESSAGES_LIMIT: usize = 8 << 20;

const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// One of the capture's entries.
pub enum Entry {
    Exchange(Box<Exchange>),
    /// An exchange that is not wanted; nothing of it was kept.
    Unwanted,
    /// No exchange: it has no method, or no address of a sane length.
    Odd,
}

/// How reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Complete,
    /// The file was cut off, after the entries handed out.
    Early,
    /// Whoever took the entries had enough.
    Stopped,
}

/// Reads a HAR and hands its entries to `each`, in the order of the file, until it breaks. Holds one exchange at a time, of
/// bounded size. `wanted` chooses by method and address; only those bodies are decompressed.
///
/// # Errors
/// [`ReadError`]; entries before the place of the error have been handed out.
pub fn read(
    input: impl Read,
    wanted: impl Fn(&str, &str) -> bool,
    each: impl FnMut(Entry) -> ControlFlow<()>,
) -> Result<Ending, ReadError> {
    let mut input = BufReader::with_capacity(CHUNK, input);
    let mut start = Vec::new();
    input.by_ref().take(BOM.len() as u64).read_to_end(&mut start).map_err(ReadError::Io)?;
    if matches!(start[..], [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]) {
        return Err(ReadError::NotUtf8 { at: 0 });
    }
    let start = if start == BOM { &[][..] } else { &start };
    document(Json::new(start.chain(input)), wanted, each)
}

fn document<R: Read>(
    mut json: Json<R>,
    wanted: impl Fn(&str, &str) -> bool,
    mut each: impl FnMut(Entry) -> ControlFlow<()>,
) -> Result<Ending, ReadError> {
    let mut decompressor = Decompressor::default();
    let mut entries = false;
    let mut log = None;
    let read = json.object(|json, name| match name {
        "log" => {
            once("log", &mut log, ())?;
            json.object(|json, name| match name {
                "entries" if entries => Err(Stop::Error(ReadError::Duplicate("entries"))),
                "entries" => {
                    entries = true;
                    let is_list = json.list(|json| {
                        let entry = entry(json, &wanted, &mut decompressor)?;
                        if each(entry).is_break() { Err(Stop::Asked) } else { Ok(()) }
                    })?;
                    if is_list { Ok(()) } else { Err(Stop::Error(ReadError::NotHar)) }
                }
                _ => json.skip(),
            })
            .map(drop)
        }
        _ => json.skip(),
    });
    match read.and_then(|_| json.end()) {
        Ok(()) if entries => Ok(Ending::Complete),
        Err(Stop::EndsEarly) if entries => Ok(Ending::Early),
        Err(Stop::Asked) => Ok(Ending::Stopped),
        Ok(()) | Err(Stop::EndsEarly) => Err(ReadError::NotHar),
        Err(Stop::Error(error)) => Err(error),
    }
}

fn entry<R: Read>(
    json: &mut Json<R>,
    wanted: impl Fn(&str, &str) -> bool,
    decompressor: &mut Decompressor,
) -> Read1<Entry> {
    let (mut request, mut response, mut messages) = (None, None, None);
    json.object(|json, name| match name {
        "request" => once("request", &mut request, half(json)?),
        "response" => once("response", &mut response, half(json)?),
        "_webSocketMessages" => once("_webSocketMessages", &mut messages, socket(json)?),
        _ => json.skip(),
    })?;
    let Some(Half { method: Some(method), url: Some(url), headers, body, .. }) = request else {
        return Ok(Entry::Odd);
    };
    if !wanted(&method, &url) {
        return Ok(Entry::Unwanted);
    }
    let response = response.unwrap_or_default();
    let Socket { messages, skipped, .. } = messages.unwrap_or_default();
    let read = json.position();
    Ok(Entry::Exchange(Box::new(Exchange {
        method,
        url,
        request: decompressor.undo(body, &headers, read),
        request_headers: headers,
        status: response.status.unwrap_or(0),
        response: decompressor.undo(response.body, &response.headers, read),
        response_headers: response.headers,
        messages,
        messages_skipped: skipped,
    })))
}

/// A request or a response: their fields do not clash.
#[derive(Default)]
struct Half {
    method: Option<String>,
    url: Option<String>,
    status: Option<u16>,
    headers: Vec<Header>,
    body: Body,
}

fn half<R: Read>(json: &mut Json<R>) -> Read1<Half> {
    let (mut method, mut url, mut status, mut headers, mut body) = (None, None, None, None, None);
    json.object(|json, name| match name {
        "method" => once("method", &mut method, short(json, METHOD_LIMIT)?),
        "url" => once("url", &mut url, short(json, URL_LIMIT)?),
        "status" => once("status", &mut status, json.number()?),
        "headers" => {
            let pairs = pairs(json, MAX_HEADERS)?;
            let pairs = pairs.into_iter().map(|(name, value)| Header { name, value }).collect();
            once("headers", &mut headers, pairs)
        }
        "postData" | "content" => once("content", &mut body, content(json)?),
        _ => json.skip(),
    })?;
    Ok(Half {
        method: method.flatten(),
        url: url.flatten(),
        status: status.flatten(),
        headers: headers.unwrap_or_default(),
        body: body.unwrap_or_default(),
    })
}

fn content<R: Read>(json: &mut Json<R>) -> Read1<Body> {
    let (mut text, mut encoding, mut params) = (None, None, None);
    json.object(|json, name| match name {
        "text" => once("text", &mut text, json.text(TEXT_LIMIT)?),
        "encoding" => once("encoding", &mut encoding, short(json, METHOD_LIMIT)?),
        "params" => once("params", &mut params, pairs(json, MAX_PARAMETERS)?),
        _ => json.skip(),
    })?;
    let base64 = encoding.flatten().is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64"));
    let params = params.unwrap_or_default();
    Ok(match text.flatten() {
        Some(Text::TooLong) => Body::TooLarge,
        Some(Text::Whole(text)) if !text.is_empty() && base64 => body::from_base64(&text),
        Some(Text::Whole(text)) if !text.is_empty() => body::limited(text.into_bytes()),
        // Some writers leave a form's text out.
        _ if !params.is_empty() => {
            let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
            Body::Bytes(form.into_bytes())
        }
        _ => Body::Absent,
    })
}

/// Names with values; what is too long, or no pair, is left out.
fn pairs<R: Read>(json: &mut Json<R>, most: usize) -> Read1<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    json.list(|json| {
        let (mut name, mut value) = (None, None);
        json.object(|json, field| match field {
            "name" => once("name", &mut name, short(json, HEADER_LIMIT)?),
            "value" => once("value", &mut value, short(json, HEADER_LIMIT)?),
            _ => json.skip(),
        })?;
        if let (Some(Some(name)), Some(Some(value))) = (name, value)
            && pairs.len() < most
        {
            pairs.push((name, value));
        }
        Ok(())
    })?;
    Ok(pairs)
}

#[derive(Default)]
struct Socket {
    messages: Vec<Message>,
    bytes: usize,
    skipped: u64,
}

/// Messages as Chromium and mitmproxy write them: `type`, `opcode`, `data`; binary ones in base64.
fn socket<R: Read>(json: &mut Json<R>) -> Read1<Socket> {
    let mut socket = Socket::default();
    json.list(|json| {
        let (mut kind, mut opcode, mut data) = (None, None, None);
        json.object(|json, name| match name {
            "type" => once("type", &mut kind, short(json, METHOD_LIMIT)?),
            "opcode" => once("opcode", &mut opcode, json.number()?),
            "data" => once("data", &mut data, json.text(MESSAGE_LIMIT)?),
            _ => json.skip(),
        })?;
        let body = match (data.flatten(), opcode.flatten()) {
            (Some(Text::Whole(text)), Some(2)) => body::from_base64(&text),
            (Some(Text::Whole(text)), _) => Body::Bytes(text.into_bytes()),
            _ => Body::TooLarge,
        };
        match body {
            Body::Bytes(data) if socket.bytes + data.len() + size_of::<Message>() <= MESSAGES_LIMIT => {
                socket.bytes += data.len() + size_of::<Message>();
                socket.messages.push(Message { sent: kind.flatten().as_deref() == Some("send"), data });
            }
            _ => socket.skipped += 1,
        }
        Ok(())
    })?;
    Ok(socket)
}

fn short<R: Read>(json: &mut Json<R>, limit: usize) -> Read1<Option<String>> {
    Ok(json.text(limit)?.and_then(Text::whole))
}

/// Two fields of one name: which of them counts is nothing to guess about.
fn once<T>(name: &'static str, slot: &mut Option<T>, value: T) -> Read1<()> {
    if slot.replace(value).is_some() { Err(Stop::Error(ReadError::Duplicate(name))) } else { Ok(()) }
}

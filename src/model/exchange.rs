//! One request and its answer as somebody recorded them. Full of secrets, hence without `Debug`.

/// An exchange out of a capture. Untrusted: whoever wrote the file wrote every field of it.
#[derive(Clone, Default)]
pub struct Exchange {
    pub method: String,
    pub url: String,
    pub request_headers: Vec<Header>,
    pub request: Body,
    /// 0 where no answer came.
    pub status: u16,
    pub response_headers: Vec<Header>,
    pub response: Body,
    /// What went over the WebSocket that the exchange opened.
    pub messages: Vec<Message>,
    /// Messages that were too large, or too many, to be kept.
    pub messages_skipped: u64,
}

#[derive(Clone)]
pub struct Header {
    pub name: String,
    pub value: String,
}

/// A body as it was before transfer: no base64, no compression.
#[derive(Clone, Default)]
pub enum Body {
    #[default]
    Absent,
    Bytes(Vec<u8>),
    /// Larger than a capture's reader holds.
    TooLarge,
    /// Its base64 or compression is damaged, or unknown.
    Damaged,
}

/// A WebSocket message.
#[derive(Clone)]
pub struct Message {
    pub sent: bool,
    pub data: Vec<u8>,
}

impl Exchange {
    pub fn request_header(&self, name: &str) -> Option<&str> {
        find(&self.request_headers, name)
    }

    pub fn response_header(&self, name: &str) -> Option<&str> {
        find(&self.response_headers, name)
    }
}

fn find<'a>(headers: &'a [Header], name: &str) -> Option<&'a str> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.as_str())
}

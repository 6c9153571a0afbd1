//! One call, written down before it is sent. Pure.

use reqwest::Method;
use serde::Serialize;
use url::Url;

use super::{budget::Urgency, retry::Repeat};

/// The largest answer that is read; a page of friends is some kilobytes.
const BODY_LIMIT: usize = 4 << 20;

const IF_MODIFIED_SINCE: &str = "If-Modified-Since";

pub(super) struct Call {
    /// For errors and logs; never holds an id.
    pub what: &'static str,
    pub method: Method,
    pub url: Url,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Vec<u8>>,
    pub repeat: Repeat,
    pub urgency: Urgency,
    pub anonymous: bool,
    /// In bytes; a longer answer is an error.
    pub limit: usize,
}

impl Call {
    /// GET may be repeated, everything else only when [`Call::repeatable`] says so.
    pub fn new(what: &'static str, method: Method, url: Url) -> Self {
        let repeat = if method == Method::GET { Repeat::Safe } else { Repeat::Never };
        Self {
            what,
            method,
            url,
            headers: Vec::new(),
            body: None,
            repeat,
            urgency: Urgency::Normal,
            anonymous: false,
            limit: BODY_LIMIT,
        }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        self.url.query_pairs_mut().extend_pairs(pairs);
        self
    }

    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.body = Some(serde_json::to_vec(body).expect("wire shapes always serialize"));
        self
    }

    /// Without our token: whoever answers need not know who asks.
    pub fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Nobody waits for it: what it would show may wait for the budget.
    pub fn in_the_background(mut self) -> Self {
        self.urgency = Urgency::Background;
        self
    }

    /// It gives something back, and must not wait for the budget.
    pub fn on_reserve(mut self) -> Self {
        self.urgency = Urgency::MayUseReserve;
        self
    }

    /// Not to the service's API: it neither costs a call of the budget nor waits for a pause.
    pub fn beside_the_budget(mut self) -> Self {
        self.urgency = Urgency::Uncounted;
        self
    }

    pub fn at_most(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Sending it twice does no harm.
    pub fn repeatable(mut self) -> Self {
        self.repeat = Repeat::Safe;
        self
    }

    /// Asks whether anything has changed since an answer that said it is of `then`.
    pub fn if_modified_since(self, then: Option<&str>) -> Self {
        match then {
            Some(then) => self.header(IF_MODIFIED_SINCE, then),
            None => self,
        }
    }

    pub fn asks_for_changes(&self) -> bool {
        self.headers.iter().any(|(name, _)| *name == IF_MODIFIED_SINCE)
    }
}

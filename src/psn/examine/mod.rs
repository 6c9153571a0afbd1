//! Holds recorded exchanges against this client's own wire types. Pure and blocking; exchanges are untrusted.
//!
//! What is expected of a call is never written down here: fields come from the types (`wire`), through the schemas derived
//! from them, and every answer is also really read with the type that reads it when the client runs. What comes out are
//! names of our own and paths of field names, never a value.

mod calls;
mod findings;
mod format;
mod push;
mod schema;

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::Value;
use url::{Url, form_urlencoded};

use self::{
    calls::{Call, Content},
    findings::{Tally, Verdict},
    push::Push,
    schema::WireType,
};
use super::{
    endpoints::{Endpoints, Role},
    wire::{
        error::ErrorBody,
        token::{CodeGrant, NotGranted, RefreshGrant},
    },
};
use crate::model::{Body, Exchange, Part, Report};

/// More values than any answer of the service has: what a body may cost once it is parsed.
const MAX_VALUES: usize = 50_000;

/// Their schemas take a millisecond to derive.
static CALLS: LazyLock<Vec<Call>> = LazyLock::new(calls::all);

/// A call of the sign-in that tells who the client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInCall {
    Authorize,
    Token,
}

/// Judges exchanges one by one, and sums up.
pub struct Examiner {
    endpoints: Endpoints,
    push: Push,
    error: WireType,
    code_grant: WireType,
    refresh_grant: WireType,
    not_granted: WireType,
    /// By the place of the call in [`CALLS`].
    tallies: BTreeMap<usize, Tally>,
    report: Report,
}

impl Examiner {
    /// `endpoints`: whose exchanges are judged; all others are counted.
    pub fn new(endpoints: Endpoints) -> Self {
        Self {
            endpoints,
            push: Push::new(),
            error: WireType::read::<ErrorBody>(),
            code_grant: WireType::read::<CodeGrant>(),
            refresh_grant: WireType::read::<RefreshGrant>(),
            not_granted: WireType::read::<NotGranted>(),
            tallies: BTreeMap::new(),
            report: Report::default(),
        }
    }

    pub fn examine(&mut self, exchange: &Exchange) {
        self.report.exchanges += 1;
        let Ok(url) = Url::parse(&exchange.url) else {
            self.report.other_hosts += 1;
            return;
        };
        let endpoints = &self.endpoints;
        let matches = |call: &Call| endpoints.serves(call.role, &url) && call.matches(&exchange.method, &url);
        if let Some(place) = CALLS.iter().position(matches) {
            let mut tally = self.tallies.remove(&place).unwrap_or_default();
            if let Some(call) = CALLS.get(place) {
                self.judge(call, exchange, &mut tally);
                if call.role == Role::PushSocket {
                    self.push.examine(exchange);
                }
            }
            self.tallies.insert(place, tally);
        } else if let Some(role) = self.endpoints.role(&url) {
            *self.report.unused.entry(calls::unused(role, &url)).or_default() += 1;
        } else {
            self.report.other_hosts += 1;
        }
    }

    pub fn finish(mut self) -> Report {
        for (place, tally) in self.tallies {
            if let Some(call) = CALLS.get(place) {
                self.report.endpoints.push(tally.report(call.name));
            }
        }
        self.report.endpoints.extend(self.push.finish());
        self.report
    }

    fn judge(&self, call: &Call, exchange: &Exchange, tally: &mut Tally) {
        let request = match self.request_type(call, &exchange.request) {
            Some(kind) => body(&exchange.request, Part::Request, kind, call.form(), tally),
            None => Verdict::Nothing,
        };
        let refused = exchange.status >= 400;
        let kind = match &call.answer {
            Content::Json(kind) if !refused => Some(kind),
            Content::Grant if refused => Some(&self.not_granted),
            _ if refused => Some(&self.error),
            _ => None,
        };
        let answer = match kind {
            // A page of the network edge, or of something on the way, says nothing about the call.
            Some(_) if refused && !is_json(exchange) => Verdict::Nothing,
            Some(kind) => body(&exchange.response, Part::Answer, kind, false, tally),
            None => Verdict::Nothing,
        };
        tally.count(request.max(answer), refused);
    }

    fn request_type<'a>(&'a self, call: &'a Call, request: &Body) -> Option<&'a WireType> {
        match &call.request {
            Content::Json(kind) => Some(kind),
            Content::Ignored => None,
            Content::Grant => {
                let Body::Bytes(form) = request else { return None };
                let grant = form_urlencoded::parse(form).find(|(key, _)| key == "grant_type")?.1;
                match &*grant {
                    "refresh_token" => Some(&self.refresh_grant),
                    "authorization_code" => Some(&self.code_grant),
                    _ => None,
                }
            }
        }
    }
}

/// Which call of the sign-in this is, if any.
pub fn sign_in_call(endpoints: &Endpoints, exchange: &Exchange) -> Option<SignInCall> {
    let url = Url::parse(&exchange.url).ok()?;
    let call = match url.path() {
        "/api/authz/v3/oauth/authorize" if exchange.method == "GET" => SignInCall::Authorize,
        "/api/authz/v3/oauth/token" if exchange.method == "POST" => SignInCall::Token,
        _ => return None,
    };
    endpoints.serves(Role::Accounts, &url).then_some(call)
}

fn body(body: &Body, part: Part, kind: &WireType, form: bool, tally: &mut Tally) -> Verdict {
    let value = match body {
        Body::Absent | Body::TooLarge => return Verdict::Nothing,
        Body::Damaged => None,
        Body::Bytes(bytes) if too_many_values(bytes) => return Verdict::Nothing,
        Body::Bytes(bytes) if form => Some(form_fields(bytes)),
        Body::Bytes(bytes) => serde_json::from_slice(bytes).ok(),
    };
    tally.examine(part, kind, value.as_ref())
}

fn form_fields(bytes: &[u8]) -> Value {
    form_urlencoded::parse(bytes).map(|(key, value)| (key.into_owned(), Value::from(value))).collect()
}

/// Counts too many rather than too few: text may hold these characters as well.
fn too_many_values(json: &[u8]) -> bool {
    json.iter().filter(|byte| matches!(byte, b'{' | b'[' | b',' | b'&')).count() > MAX_VALUES
}

fn is_json(exchange: &Exchange) -> bool {
    exchange.response_header("content-type").is_some_and(|kind| kind.starts_with("application/json"))
}

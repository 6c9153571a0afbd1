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

/// A call of the sign-in that tells who the client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInCall {
    Authorize,
    Token,
}

/// Judges exchanges one by one, and sums up.
pub struct Examiner {
    endpoints: Endpoints,
    calls: Vec<(Call, Tally)>,
    shared: SharedTypes,
    push: Push,
    report: Report,
}

/// The types of bodies that are not one call's alone.
struct SharedTypes {
    error: WireType,
    code_grant: WireType,
    refresh_grant: WireType,
    not_granted: WireType,
}

impl Examiner {
    /// `endpoints`: whose exchanges are judged; all others are counted.
    pub fn new(endpoints: Endpoints) -> Self {
        Self {
            endpoints,
            calls: calls::all().into_iter().map(|call| (call, Tally::default())).collect(),
            shared: SharedTypes {
                error: WireType::read::<ErrorBody>(),
                code_grant: WireType::read::<CodeGrant>(),
                refresh_grant: WireType::read::<RefreshGrant>(),
                not_granted: WireType::read::<NotGranted>(),
            },
            push: Push::new(),
            report: Report::default(),
        }
    }

    pub fn examine(&mut self, exchange: &Exchange) {
        let Self { endpoints, calls, shared, push, report } = self;
        report.exchanges += 1;
        let Ok(url) = Url::parse(&exchange.url) else {
            report.other_hosts += 1;
            return;
        };
        let is_it = |call: &Call| call.matches(&exchange.method, &url) && endpoints.serves(call.role, &url);
        if let Some((call, tally)) = calls.iter_mut().find(|(call, _)| is_it(call)) {
            judge(call, shared, exchange, tally);
            if call.role == Role::PushSocket {
                push.examine(exchange);
            }
        } else if let Some(role) = endpoints.role(&url) {
            *report.unused.entry(calls::unused(role, &url)).or_default() += 1;
        } else {
            report.other_hosts += 1;
        }
    }

    /// An exchange for which [`is_of_service`] is false.
    pub fn count_other_host(&mut self) {
        self.report.exchanges += 1;
        self.report.other_hosts += 1;
    }

    /// An entry that is no exchange.
    pub fn count_odd(&mut self) {
        self.report.exchanges += 1;
        self.report.odd += 1;
    }

    pub fn finish(mut self) -> Report {
        let seen = self.calls.into_iter().filter(|(_, tally)| tally.seen() > 0);
        self.report.endpoints.extend(seen.map(|(call, tally)| tally.report(call.name)));
        self.report.endpoints.extend(self.push.finish());
        self.report
    }
}

fn judge(call: &Call, shared: &SharedTypes, exchange: &Exchange, tally: &mut Tally) {
    let (status, refused) = (exchange.status, exchange.status >= 400);
    let request = match shared.of_request(call, &exchange.request) {
        Some(kind) => body(&exchange.request, status, Part::Request, kind, call, tally),
        None => Verdict::NoBody,
    };
    let answer = match shared.of_answer(call, refused) {
        // A page of the network edge, or of something on the way, says nothing about the call.
        Some(_) if refused && !is_json(exchange) => Verdict::NotExamined,
        Some(kind) => body(&exchange.response, status, Part::Answer, kind, call, tally),
        None => Verdict::NoBody,
    };
    tally.count(request.max(answer), refused);
}

impl SharedTypes {
    fn of_request<'a>(&'a self, call: &'a Call, request: &Body) -> Option<&'a WireType> {
        match (&call.request, request) {
            (Content::Json(kind), _) => Some(kind),
            (Content::Grant, Body::Bytes(form)) => {
                let grant = form_urlencoded::parse(form).find(|(key, _)| key == "grant_type")?.1;
                match &*grant {
                    "refresh_token" => Some(&self.refresh_grant),
                    "authorization_code" => Some(&self.code_grant),
                    _ => None,
                }
            }
            // There is nothing to tell the grant by, nor to judge.
            (Content::Grant, _) => Some(&self.code_grant),
            (Content::Ignored, _) => None,
        }
    }

    fn of_answer<'a>(&'a self, call: &'a Call, refused: bool) -> Option<&'a WireType> {
        match (&call.request, &call.answer) {
            (Content::Grant, _) if refused => Some(&self.not_granted),
            _ if refused => Some(&self.error),
            (_, Content::Json(kind)) => Some(kind),
            _ => None,
        }
    }
}

/// Whether a recorded call went to the service at `endpoints`: others are counted, and no more.
pub fn is_of_service(endpoints: &Endpoints, url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| endpoints.role(&url).is_some())
}

/// Which call of the sign-in this is, if any.
pub fn sign_in_call(endpoints: &Endpoints, method: &str, url: &str) -> Option<SignInCall> {
    let url = Url::parse(url).ok()?;
    let call = match url.path() {
        "/api/authz/v3/oauth/authorize" if method == "GET" => SignInCall::Authorize,
        "/api/authz/v3/oauth/token" if method == "POST" => SignInCall::Token,
        _ => return None,
    };
    endpoints.serves(Role::Accounts, &url).then_some(call)
}

/// `kind` says that one belongs there.
fn body(body: &Body, status: u16, part: Part, kind: &WireType, call: &Call, tally: &mut Tally) -> Verdict {
    let form = part == Part::Request && matches!(call.request, Content::Grant);
    // An exchange that came to nothing need not be complete.
    let unseen = if (200..300).contains(&status) { Verdict::Unjudged } else { Verdict::NotExamined };
    let value = match body {
        Body::Absent | Body::TooLarge => return unseen,
        Body::Damaged => None,
        Body::Bytes(bytes) if too_many_values(bytes) => return unseen,
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

//! Push messages, told apart by their kind.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    findings::{Tally, Verdict},
    schema::{Refused, WireType},
    too_many_values,
};
use crate::{
    model::{Difference, EndpointReport, Exchange, Message, Part},
    psn::{
        event::{PushEvent, short_kind},
        wire::push::{Authenticate, Frame},
    },
};

const AUTHENTICATE: &str = "push, sent: authenticate";
const OTHER_SENT: &str = "push, sent: other";
const OTHER_EVENT: &str = "push, event of another kind";
const NO_EVENT: &str = "push, no event";

/// The kinds of events that this client acts on, and what they are called in a report.
const EVENTS: [(&str, &str); 16] = [
    ("partySession:created", "push partySession:created"),
    ("partySession:deleted", "push partySession:deleted"),
    ("members:created", "push ps:members:created"),
    ("members:deleted", "push ps:members:deleted"),
    ("m:customData3:updated", "push ps:m:customData3:updated"),
    ("m:customData4:updated", "push ps:m:customData4:updated"),
    ("m:voiceChatActivated:updated", "push ps:m:voiceChatActivated:updated"),
    ("sessionName:updated", "push ps:sessionName:updated"),
    ("owner:updated", "push ps:owner:updated"),
    ("maxMembers:updated", "push ps:maxMembers:updated"),
    ("visibilityType:updated", "push ps:visibilityType:updated"),
    ("joinableUserType:updated", "push ps:joinableUserType:updated"),
    ("bridges:created", "push ps:bridges:created"),
    ("bridges:deleted", "push ps:bridges:deleted"),
    ("invitations:created", "push ps:invitations:created"),
    ("customMessage:noSeq:created", "push ps:customMessage:noSeq:created"),
];

pub(super) struct Push {
    authenticate: WireType,
    frame: WireType,
    /// A frame of a kind in [`EVENTS`].
    event: WireType,
    tallies: BTreeMap<&'static str, Tally>,
}

impl Push {
    pub fn new() -> Self {
        Self {
            authenticate: WireType::written::<Authenticate<'static>>(),
            frame: WireType::read::<Frame>(),
            event: WireType::read_by::<Frame>(read_event),
            tallies: BTreeMap::new(),
        }
    }

    pub fn examine(&mut self, exchange: &Exchange) {
        exchange.messages.iter().for_each(|message| self.message(message));
        if exchange.messages_skipped > 0 {
            self.tallies.entry(NO_EVENT).or_default().skipped(exchange.messages_skipped);
        }
    }

    pub fn finish(self) -> impl Iterator<Item = EndpointReport> {
        self.tallies.into_iter().map(|(name, tally)| tally.report(name))
    }

    fn message(&mut self, message: &Message) {
        if too_many_values(&message.data) {
            return self.tallies.entry(NO_EVENT).or_default().skipped(1);
        }
        let value = serde_json::from_slice(&message.data).ok().map(unwrapped);
        let (name, kind) = match &value {
            Some(value) if message.sent && value.get("auth").is_some() => {
                (AUTHENTICATE, Some(&self.authenticate))
            }
            _ if message.sent => (OTHER_SENT, None),
            Some(value) => match value.get("dataType") {
                Some(kind) => match event_name(kind) {
                    Some(name) => (name, Some(&self.event)),
                    None => (OTHER_EVENT, Some(&self.frame)),
                },
                None => (NO_EVENT, None),
            },
            None => (NO_EVENT, None),
        };
        let tally = self.tallies.entry(name).or_default();
        let verdict = match kind {
            Some(kind) => tally.examine(Part::Message, kind, value.as_ref()),
            None => Verdict::NoBody,
        };
        tally.count(verdict, false);
    }
}

/// `None`: of a kind that this client does not act on.
fn event_name(kind: &Value) -> Option<&'static str> {
    let short = short_kind(kind.as_str()?)?;
    EVENTS.iter().find(|(known, _)| *known == short).map(|(_, name)| *name)
}

/// The running client wants more of an event than its shape: a session, and one that is well formed.
fn read_event(frame: &Value) -> Result<(), Refused> {
    if let Some(PushEvent::Party(_)) = PushEvent::parse(&frame.to_string()) {
        return Ok(());
    }
    let (difference, at) = match (frame.get("body"), frame.pointer("/body/data/sessionId")) {
        (None | Some(Value::Null), _) => (Difference::Missing, "body"),
        (_, None | Some(Value::Null)) => (Difference::Missing, "body.data.sessionId"),
        _ => (Difference::Unacceptable, "body.data.sessionId"),
    };
    Err(Refused { difference, at: at.to_owned() })
}

/// A body may come as a text.
fn unwrapped(mut frame: Value) -> Value {
    if let Some(body) = frame.get_mut("body")
        && let Some(inner) = body.as_str().and_then(|text| serde_json::from_str(text).ok())
    {
        *body = inner;
    }
    frame
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Finding;

    #[test]
    fn each_kind_in_the_list_is_one_that_the_client_acts_on() {
        for (kind, _) in EVENTS {
            let frame = json!({
                "dataType": format!("psn:sessionManager:sys:v2:ps:{kind}"),
                "body": {"data": {"sessionId": "s", "sessionName": "n", "customMessage": {"channel": "c", "payload": "p"}}},
            });
            let event = PushEvent::parse(&frame.to_string()).expect("an event");
            assert!(!event.is_unknown(), "{kind}");
        }
    }

    #[test]
    fn an_event_that_the_client_refuses_tells_where() {
        let kind = "psn:sessionManager:sys:v2:ps:members:created";
        let data = |data: Value| json!({"dataType": kind, "body": {"data": data}});
        let frames = [
            data(json!({"members": []})),
            data(json!({"sessionId": null})),
            data(json!({"sessionId": "no/id"})),
            data(json!({"sessionId": "no/id", "groupId": "g"})),
            data(json!({"sessionId": 7})),
            json!({"dataType": kind, "body": {}}),
            json!({"dataType": kind}),
            data(json!({"sessionId": "s"})),
        ];
        let message = |frame: &Value| Message { sent: false, data: frame.to_string().into_bytes() };
        let mut push = Push::new();
        push.examine(&Exchange { messages: frames.iter().map(message).collect(), ..Exchange::default() });
        let report = push.finish().next().expect("seen");
        let told = |f: &Finding| format!("{} {} {}", f.count, f.difference, f.path);
        let mut findings: Vec<_> = report.findings.iter().map(told).collect();
        findings.sort();
        let expected = [
            "1 missing body",
            "1 missing body.data",
            "1 mistyped body.data.sessionId",
            "1 unknown body.data.groupId",
            "2 missing body.data.sessionId",
            "2 unacceptable body.data.sessionId",
        ];
        assert_eq!(findings, expected);
        assert_eq!((report.parsed, report.failed), (1, 7));
    }

    #[test]
    fn messages_that_are_not_looked_at_are_not_clean() {
        let large = Message { sent: false, data: "[".repeat(60_000).into_bytes() };
        let mut push = Push::new();
        let exchange = Exchange { messages: vec![large], messages_skipped: 2, ..Exchange::default() };
        push.examine(&exchange);
        assert_eq!(push.finish().next().map(|report| report.unjudged), Some(3));
    }

    #[test]
    fn the_vectors_are_told_apart_and_clean() {
        let frames: Vec<Value> =
            serde_json::from_str(include_str!("../../../tests/fixtures/push.json")).expect("a fixture");
        let message = |frame: &Value| Message { sent: false, data: frame.to_string().into_bytes() };
        let mut push = Push::new();
        push.examine(&Exchange { messages: frames.iter().map(message).collect(), ..Exchange::default() });
        let reports: Vec<_> = push.finish().collect();
        let of = |name: &str| reports.iter().find(|report| report.name == name).expect("seen");
        assert_eq!(of("push ps:members:created").parsed, 2, "an older name and a body as text among them");
        assert_eq!(of("push ps:customMessage:noSeq:created").parsed, 1);
        assert_eq!(of(OTHER_EVENT).seen, 1);
        for report in reports {
            assert_eq!((report.failed, report.findings), (0, vec![]), "{}", report.name);
        }
    }
}

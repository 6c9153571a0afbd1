//! Push messages, told apart by their kind.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    findings::{Tally, Verdict},
    schema::WireType,
    too_many_values,
};
use crate::{
    model::{EndpointReport, Exchange, Message, Part},
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
    tallies: BTreeMap<&'static str, Tally>,
}

impl Push {
    pub fn new() -> Self {
        Self {
            authenticate: WireType::written::<Authenticate<'static>>(),
            frame: WireType::read::<Frame>(),
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
        let text = std::str::from_utf8(&message.data).ok().filter(|_| !too_many_values(&message.data));
        let value = text.and_then(|text| serde_json::from_str(text).ok()).map(unwrapped);
        let (name, kind) = match &value {
            Some(value) if message.sent && value.get("auth").is_some() => {
                (AUTHENTICATE, Some(&self.authenticate))
            }
            _ if message.sent => (OTHER_SENT, None),
            Some(value) => match value.get("dataType") {
                Some(kind) => (event_name(kind), Some(&self.frame)),
                None => (NO_EVENT, None),
            },
            None => (NO_EVENT, None),
        };
        let tally = self.tallies.entry(name).or_default();
        let mut verdict = match kind {
            Some(kind) => tally.examine(Part::Message, kind, value.as_ref()),
            None => Verdict::Nothing,
        };
        // The running client wants more of a frame than its shape: a session, and one that is well formed.
        let is_known = EVENTS.iter().any(|(_, known)| *known == name);
        if is_known && text.and_then(PushEvent::parse).is_none() {
            verdict = Verdict::Failed;
        }
        tally.count(verdict, false);
    }
}

fn event_name(kind: &Value) -> &'static str {
    let short = kind.as_str().and_then(short_kind);
    let known = short.and_then(|short| EVENTS.iter().find(|(known, _)| *known == short));
    known.map_or(OTHER_EVENT, |(_, name)| name)
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
    use super::*;

    #[test]
    fn each_kind_in_the_list_is_one_that_the_client_acts_on() {
        for (kind, _) in EVENTS {
            let frame = serde_json::json!({
                "dataType": format!("psn:sessionManager:sys:v2:ps:{kind}"),
                "body": {"data": {"sessionId": "s", "sessionName": "n", "customMessage": {"channel": "c", "payload": "p"}}},
            });
            let event = PushEvent::parse(&frame.to_string()).expect("an event");
            assert!(!event.is_unknown(), "{kind}");
        }
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

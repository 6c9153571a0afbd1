//! What can happen to an event on its way: lost, doubled, late, out of order, or under its older name.

use std::{borrow::Cow, time::Duration};

use serde_json::{Value, json};

use super::Event;

/// The ways of the events from now on. Shares are from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::sandbox) struct Trouble {
    pub lost: f32,
    pub doubled: f32,
    pub delay: Duration,
    /// Each event waits for a time of its own, up to this: later ones may come first.
    pub scatter: Duration,
    pub older_names: bool,
}

impl Trouble {
    /// How long each copy of an event takes; none where it is lost.
    pub fn ways(self) -> impl Iterator<Item = Duration> {
        let happens = |share: f32| share > 0.0 && rand::random::<f32>() < share;
        let copies = if happens(self.lost) {
            0
        } else if happens(self.doubled) {
            2
        } else {
            1
        };
        let Self { delay, scatter, .. } = self;
        (0..copies).map(move |_| delay + scatter.mul_f32(rand::random()))
    }

    /// The name of the event, and its body: older ones are JSON in a string.
    pub fn dress(&self, event: &Event) -> (Cow<'static, str>, Value) {
        let body = json!({ "data": event.data });
        match event.data_type.strip_prefix("psn:sessionManager:sys:v2:ps:") {
            Some(rest) if self.older_names => {
                (Cow::Owned(format!("psn:sessionManager:sys:pts:{rest}")), Value::String(body.to_string()))
            }
            _ => (Cow::Borrowed(event.data_type), body),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_lost_and_doubled_as_told() {
        let count = |trouble: Trouble| (0..100).map(|_| trouble.ways().count()).sum::<usize>();
        assert_eq!(count(Trouble::default()), 100);
        assert_eq!(count(Trouble { lost: 1.0, ..Trouble::default() }), 0);
        assert_eq!(count(Trouble { doubled: 1.0, ..Trouble::default() }), 200);
        let some = count(Trouble { lost: 0.5, ..Trouble::default() });
        assert!((20..80).contains(&some), "{some}");
    }

    #[test]
    fn older_names_are_those_of_the_protocol() {
        let event = |data_type| Event { to: Vec::new(), data_type, data: json!({ "sessionId": "s" }) };
        let older = Trouble { older_names: true, ..Trouble::default() };
        let (name, body) = older.dress(&event("psn:sessionManager:sys:v2:ps:members:created"));
        assert_eq!(name, "psn:sessionManager:sys:pts:members:created");
        assert_eq!(body, json!(r#"{"data":{"sessionId":"s"}}"#));
        let (name, body) = older.dress(&event("psn:sessionManager:sys:v2:partySession:created"));
        assert_eq!(
            (name.as_ref(), body.is_object()),
            ("psn:sessionManager:sys:v2:partySession:created", true)
        );
    }
}

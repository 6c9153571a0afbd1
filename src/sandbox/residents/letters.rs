//! How residents answer: Echo writes back what it reads, strangers decide about friend requests.

use crate::sandbox::{
    messages::MessageKind,
    people::AccountId,
    push::Event,
    world::{State, World},
};

/// From a letter or a request to its answer.
const ANSWER_AFTER_MILLIS: u64 = 700;

/// Answers what has waited for long enough. Whether there is something to come back for soon.
pub(super) fn answer(world: &World, now_millis: u64) -> bool {
    let mut waits = false;
    let answered: Result<(), std::convert::Infallible> = world.change_if_any(|state| {
        let mut events = state.echo(now_millis, &mut waits);
        events.extend(state.decide(now_millis, &mut waits));
        Ok(((), events))
    });
    let Ok(()) = answered;
    waits
}

impl State {
    fn echo(&mut self, now_millis: u64, waits: &mut bool) -> Vec<Event> {
        let Some(talkers) = self.crowd.talkers() else { return Vec::new() };
        let echo = talkers.echo;
        let mut unanswered = Vec::new();
        for group in self.groups.of(echo) {
            let Some((sender, body, sent)) = group.last_text().filter(|(sender, ..)| *sender != echo) else {
                continue;
            };
            if self.accounts.get(sender).is_none_or(|sender| sender.resident) {
                continue;
            }
            if now_millis < sent + ANSWER_AFTER_MILLIS {
                *waits = true;
            } else {
                unanswered.push((group.id.clone(), body.to_owned()));
            }
        }
        unanswered
            .into_iter()
            .filter_map(|(group, body)| {
                let group = self.groups.get_mut(&group, echo).ok()?;
                group.write(echo, MessageKind::Text, &body, now_millis).ok()
            })
            .map(|(_, event)| event)
            .collect()
    }

    fn decide(&mut self, now_millis: u64, waits: &mut bool) -> Vec<Event> {
        let Some(strangers) = self.crowd.strangers() else { return Vec::new() };
        let mut due = |state: &Self, who: AccountId| -> Vec<AccountId> {
            let requests = state.ties.received(who);
            let (due, later): (Vec<_>, Vec<_>) =
                requests.into_iter().partition(|(_, asked)| now_millis >= asked + ANSWER_AFTER_MILLIS);
            *waits |= !later.is_empty();
            due.into_iter().map(|(from, _)| from).collect()
        };
        let (accepted, declined) = (due(self, strangers.accepts), due(self, strangers.declines));
        let mut events = Vec::new();
        for from in accepted {
            events.extend(self.ties.befriend(strangers.accepts, from, now_millis).unwrap_or_default());
        }
        for from in declined {
            events.extend(self.ties.part(strangers.declines, from).unwrap_or_default());
        }
        events
    }
}

//! What is on its way into one conversation: in order, one at a time, and never twice by itself. Pure.

use std::{collections::VecDeque, time::Instant};

use jiff::Timestamp;

use super::{super::Attempt, source::backoff};
use crate::{
    client::{Outgoing, ProblemKind, Sending, failure::Failure, input::Undone},
    model::{ChatMessage, MessageKind, MessageUid, PrivateText},
};

/// That wait in one conversation; more are not taken.
const MAX: usize = 50;
const MAX_TAKEN: usize = 64;

/// See [`ChatMessage::place`].
pub type MessagePlace = (Timestamp, Option<u64>);

#[derive(Debug, Default)]
pub struct Outbox {
    entries: Vec<Entry>,
    /// Nothing is sent before then.
    pause: Option<Instant>,
    failures: u32,
    /// The service's own word for what it took lately: none of the others is this one.
    taken: VecDeque<MessageUid>,
    /// Of those taken: an event about each is still to come.
    echoes: VecDeque<MessageUid>,
    /// Named by events while something was being sent.
    early: VecDeque<MessageUid>,
}

#[derive(Debug)]
struct Entry {
    id: Attempt,
    text: PrivateText,
    step: Step,
    /// The newest message when it was sent first: it comes after that one.
    after: Option<MessagePlace>,
    /// A message that was read and that must be this one.
    seen_as: Option<MessageUid>,
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Waiting,
    Sending,
    /// The answer was lost, or made no sense: a reading later than `since` tells what came of it.
    Checking {
        kind: ProblemKind,
        since: Attempt,
    },
    /// `perhaps`: a reading did not show it, and the service may still be late.
    Failed {
        kind: ProblemKind,
        perhaps: bool,
    },
}

/// What an answer leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing more to do.
    Settled,
    /// A reading is wanted.
    Check,
    /// It was taken, this is its text.
    Taken(PrivateText),
}

impl Outbox {
    /// `false`: there is no more room.
    pub fn push(&mut self, id: Attempt, text: PrivateText) -> bool {
        let fits = self.entries.len() < MAX;
        if fits {
            self.entries.push(Entry { id, text, step: Step::Waiting, after: None, seen_as: None });
        }
        fits
    }

    pub fn append(&mut self, mut other: Self) {
        self.entries.append(&mut other.entries);
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Something waits to be sent, and nothing is on the way.
    pub fn waits(&self) -> bool {
        let is_busy = |entry: &Entry| matches!(entry.step, Step::Sending | Step::Checking { .. });
        !self.entries.iter().any(is_busy) && self.entries.iter().any(|entry| entry.step == Step::Waiting)
    }

    /// When the next one may go; never in the past.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        self.waits().then(|| self.pause.map_or(now, |pause| pause.max(now)))
    }

    /// The line is back.
    pub fn resume(&mut self) {
        self.pause = None;
    }

    /// Takes the next one on its way. `newest`: the newest message that is known.
    pub fn send_next(&mut self, newest: Option<MessagePlace>) -> Option<(Attempt, PrivateText)> {
        let entry = self.entries.iter_mut().find(|entry| entry.step == Step::Waiting)?;
        entry.step = Step::Sending;
        entry.after = entry.after.or(newest);
        Some((entry.id, entry.text.clone()))
    }

    /// `latest`: the last number given to anything that was asked.
    pub fn answered(
        &mut self,
        id: Attempt,
        result: Result<&MessageUid, Undone>,
        latest: Attempt,
        now: Instant,
    ) -> Outcome {
        let Some(at) = self.entries.iter().position(|it| it.id == id && it.step == Step::Sending) else {
            return Outcome::Settled;
        };
        let entry = &mut self.entries[at];
        match result {
            Ok(uid) => {
                (self.pause, self.failures) = (None, 0);
                let was_told = self.early.contains(uid) || entry.seen_as.is_some();
                self.early.clear();
                if !was_told {
                    remember(&mut self.echoes, uid.clone());
                }
                remember(&mut self.taken, uid.clone());
                Outcome::Taken(self.entries.remove(at).text)
            }
            Err(Undone::Perhaps(_)) if entry.seen_as.is_some() => {
                let seen_as = self.entries.remove(at).seen_as;
                seen_as.into_iter().for_each(|uid| remember(&mut self.taken, uid));
                Outcome::Settled
            }
            Err(Undone::Perhaps(failure)) => {
                entry.step = Step::Checking { kind: failure.kind, since: latest };
                Outcome::Check
            }
            Err(Undone::NotNow(failure)) => {
                (entry.step, entry.seen_as) = (Step::Waiting, None);
                self.put_off(&failure, now);
                Outcome::Settled
            }
            Err(Undone::Refused(failure)) => {
                entry.seen_as = None;
                entry.step = Step::Failed { kind: as_shown(failure.kind), perhaps: false };
                Outcome::Settled
            }
        }
    }

    /// An event names this message. `true`: the service said the same when it took it, and something is new only where an
    /// event names it again.
    pub fn is_echo(&mut self, uid: &MessageUid) -> bool {
        let at = self.echoes.iter().position(|echo| echo == uid);
        if at.is_none() && self.is_sending() {
            remember(&mut self.early, uid.clone());
        }
        at.and_then(|at| self.echoes.remove(at)).is_some()
    }

    pub fn is_sending(&self) -> bool {
        self.entries.iter().any(|entry| entry.step == Step::Sending)
    }

    /// Nobody but the user has them so far.
    pub fn unsent(&self) -> usize {
        self.entries.iter().filter(|entry| entry.seen_as.is_none()).count()
    }

    /// Nothing was carried out; later.
    pub fn put_off(&mut self, failure: &Failure, now: Instant) {
        let pause = failure.reach().pause().unwrap_or_default().max(backoff(self.failures));
        self.pause = Some(now + pause);
        self.failures = self.failures.saturating_add(1);
    }

    /// Nothing that waits can be sent.
    pub fn fail_all(&mut self, kind: &ProblemKind) {
        for entry in self.entries.iter_mut().filter(|entry| entry.step == Step::Waiting) {
            entry.step = Step::Failed { kind: as_shown(kind.clone()), perhaps: false };
        }
    }

    /// Finds in what was read of the user's own messages those that are on their way here.
    pub fn recognise<'a>(&mut self, own: impl Iterator<Item = &'a ChatMessage>) {
        if self.entries.is_empty() {
            return;
        }
        for message in own.filter(|message| message.kind == MessageKind::Text) {
            let is_this = |entry: &Entry| entry.seen_as.as_ref() == Some(&message.uid);
            if self.entries.iter().any(is_this) || self.taken.contains(&message.uid) {
                continue;
            }
            let candidates = self.entries.iter_mut().filter(|entry| entry.may_be(message));
            // One that failed is the least likely.
            if let Some(entry) = candidates.min_by_key(|entry| matches!(entry.step, Step::Failed { .. })) {
                entry.seen_as = Some(message.uid.clone());
            }
        }
        // One that is being sent has an answer to come.
        let is_done = |entry: &mut Entry| entry.seen_as.is_some() && entry.step != Step::Sending;
        let done: Vec<_> = self.entries.extract_if(.., is_done).filter_map(|entry| entry.seen_as).collect();
        done.into_iter().for_each(|uid| remember(&mut self.taken, uid));
    }

    /// Of those in doubt before the reading `as_of`: the place after which everything must be known before it can be said that one is not there; `None`: nothing is in doubt.
    /// Inside, `None` stands for the beginning.
    pub fn doubts(&self, as_of: Attempt) -> Option<Option<MessagePlace>> {
        let checked = |entry: &&Entry| matches!(entry.step, Step::Checking { since, .. } if since < as_of);
        self.entries.iter().filter(checked).map(|entry| entry.after).min()
    }

    /// The reading `as_of` shows none of those in doubt before it.
    pub fn give_up_doubts(&mut self, as_of: Attempt) {
        for entry in &mut self.entries {
            if let Step::Checking { kind, since } = &entry.step
                && *since < as_of
            {
                entry.step = Step::Failed { kind: as_shown(kind.clone()), perhaps: true };
            }
        }
    }

    /// Whether it is here.
    pub fn retry(&mut self, id: Attempt) -> bool {
        let failed = |entry: &&mut Entry| entry.id == id && matches!(entry.step, Step::Failed { .. });
        let found = self.entries.iter_mut().find(failed);
        let is_here = found.is_some();
        if let Some(entry) = found {
            entry.step = Step::Waiting;
            self.pause = None;
        }
        is_here
    }

    /// Not what may be there already.
    pub fn discard(&mut self, id: Attempt) {
        let is_it =
            |entry: &Entry| entry.id == id && matches!(entry.step, Step::Waiting | Step::Failed { .. });
        self.entries.retain(|entry| !is_it(entry));
    }

    pub fn shown(&self) -> impl Iterator<Item = Outgoing> {
        self.entries.iter().filter(|entry| entry.seen_as.is_none()).map(|entry| Outgoing {
            id: entry.id,
            text: entry.text.clone(),
            state: match &entry.step {
                Step::Waiting | Step::Sending | Step::Checking { .. } => Sending::Pending,
                Step::Failed { kind, .. } => Sending::Failed(kind.clone()),
            },
        })
    }
}

impl Entry {
    /// As far as anybody can tell.
    fn may_be(&self, message: &ChatMessage) -> bool {
        matches!(self.step, Step::Sending | Step::Checking { .. } | Step::Failed { perhaps: true, .. })
            && self.seen_as.is_none()
            && self.text == message.body
            && self.after.is_none_or(|after| after < message.place())
    }
}

fn remember(uids: &mut VecDeque<MessageUid>, uid: MessageUid) {
    if uids.len() == MAX_TAKEN {
        uids.pop_front();
    }
    uids.push_back(uid);
}

fn as_shown(kind: ProblemKind) -> ProblemKind {
    match kind {
        ProblemKind::ServiceTrouble => ProblemKind::MessageNotSent,
        other => other,
    }
}

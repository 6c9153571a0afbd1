//! What of all that is wanted is asked for now, and when the next is: at a pace, and gently where no event tells.

use std::time::{Duration, Instant};

use super::{Attempt, ChatsState, Conversation, Effect, Effects, Source, State, source::Worthy};
use crate::{
    client::{input::ChatsEffect, state::line::Line},
    model::{GroupId, MessageRange, ThreadId},
};

/// The list is two calls.
const LIST_CALLS: u32 = 2;

/// How often the open conversation and the list are read where no event tells. `None`: events do.
fn polls(line: &Line, tells: bool) -> Option<(Duration, Duration)> {
    match (line.is_open(), tells) {
        (true, true) => None,
        (true, false) => Some((Duration::from_secs(30), Duration::from_secs(180))),
        (false, _) => Some((Duration::from_secs(10), Duration::from_secs(60))),
    }
}

/// Something of a conversation that is to be read.
struct Wanted {
    group: GroupId,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    About,
    News,
    Older,
}

impl ChatsState {
    /// All that is wanted, and from when on it may be read; what matters most comes first. `None`: the list.
    fn wanted(&self, now: Instant) -> Vec<(Instant, Option<Wanted>)> {
        let mut wanted = Vec::new();
        let mut add = |source: &Source, calls, worthy: Worthy, what: Option<Wanted>| {
            if let Some(due) = source.due(now) {
                let allowed =
                    if source.is_urgent() { now } else { self.pace.when(calls, worthy.kept(), now) };
                wanted.push((due.max(allowed), what));
            }
        };
        let of = |group: &GroupId, what| Some(Wanted { group: group.clone(), what });
        let open = self.open_group();
        let mut add_all = |group: &GroupId, conversation: &Conversation, worthy| {
            if conversation.thread_id().is_some() {
                add(&conversation.news, 1, worthy, of(group, What::News));
                add(&conversation.older, 1, worthy, of(group, What::Older));
            }
            add(&conversation.about, 1, worthy, of(group, What::About));
        };
        if let Some((group, conversation)) = open.and_then(|open| self.conversations.get_key_value(open)) {
            add_all(group, conversation, Worthy::Seen);
        }
        for (group, conversation) in self.conversations.iter().filter(|(group, _)| Some(*group) != open) {
            add_all(group, conversation, Worthy::Unseen);
        }
        if let Some(due) = self.list.due(now) {
            wanted.push((due.max(self.pace.when(LIST_CALLS, Worthy::Seen.kept(), now)), None));
        }
        wanted
    }

    fn begin_next(&mut self, attempt: Attempt, now: Instant) -> Option<ChatsEffect> {
        let (_, wanted) = self.wanted(now).into_iter().find(|(at, _)| *at <= now)?;
        let Wanted { group, what } = match wanted {
            Some(wanted) => wanted,
            None => {
                self.pace.spend(LIST_CALLS, now);
                self.list.begin(attempt, now);
                return Some(ChatsEffect::ReadGroups { attempt });
            }
        };
        self.pace.spend(1, now);
        self.conversations.get_mut(&group)?.read(what, attempt, group, now)
    }

    /// Where no event tells, what has not been read for long is wanted.
    fn poll(&mut self, line: &Line, now: Instant) {
        let Some((open, list)) = polls(line, self.tells) else { return };
        let is_old = |source: &Source, every| source.began().is_none_or(|began| began + every <= now);
        if is_old(&self.list, list) && !line.is_beginning() {
            self.list.want();
        }
        if let Some((_, conversation)) = self.open_conversation()
            && is_old(&conversation.news, open)
        {
            conversation.want_newest();
        }
    }

    fn next_poll(&self, line: &Line) -> Option<Instant> {
        let (open, list) = polls(line, self.tells)?;
        let list = self.list.began().map(|began| began + list);
        let open = self
            .open_group()
            .and_then(|group| self.conversations.get(group)?.news.began())
            .map(|it| it + open);
        list.into_iter().chain(open).min()
    }

    /// When there is something to do without anything happening.
    pub(super) fn next_deadline(&self, line: &Line, now: Instant) -> Option<Instant> {
        let calls = self.wanted(now).into_iter().map(|(at, _)| at);
        let lapses = self.conversations.values().filter_map(Conversation::next_lapse);
        let sends = self.outboxes().filter_map(|outbox| outbox.due(now)).filter(|due| *due > now);
        let polls = self.next_poll(line).filter(|poll| *poll > now);
        calls.chain(lapses).chain(sends).chain(polls).min()
    }
}

impl Conversation {
    fn thread_id(&self) -> Option<&ThreadId> {
        self.group.as_ref()?.thread.as_ref()
    }

    fn read(&mut self, what: What, attempt: Attempt, group: GroupId, now: Instant) -> Option<ChatsEffect> {
        let range = match what {
            What::About => {
                self.about.begin(attempt, now);
                return Some(ChatsEffect::ReadGroup { attempt, group });
            }
            What::News => {
                self.news.begin(attempt, now);
                self.next_page()
            }
            What::Older => {
                self.older.begin(attempt, now);
                self.thread.oldest().map(|oldest| oldest.uid.clone())
            }
        };
        let range = range.map_or(MessageRange::Latest, MessageRange::Before);
        Some(ChatsEffect::ReadMessages { attempt, group, thread: self.thread_id()?.clone(), range })
    }
}

impl State {
    pub(super) fn begin_chat_calls(&mut self, now: Instant, out: &mut Effects) {
        if let Some(account) = self.account_mut() {
            account.chats.poll(&account.line, now);
        }
        loop {
            let attempt = self.new_attempt();
            let Some(account) = self.account_mut().filter(|account| !account.stay.ended) else { return };
            let Some(effect) = account.chats.begin_next(attempt, now) else { return };
            out.push(Effect::Chats(effect));
        }
    }
}

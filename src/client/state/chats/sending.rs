//! Sending: what was written goes out, in order, and never twice by itself.

use std::time::Instant;

use super::{
    Attempt, ChatsState, Conversation, Effect, Effects, Failure, Place, ProblemKind, State, outbox::Outcome,
};
use crate::{
    client::{
        ChatWith,
        input::{ChatsEffect, Undone},
    },
    model::{ChatMessage, Group, GroupId, GroupMember, MessageKind, PrivateText, SentMessage, ThreadId},
};

/// Longest text, in characters. The window lets nobody write more.
const MAX_TEXT: usize = 2000;

impl State {
    pub(in super::super) fn send_message(&mut self, text: &PrivateText, now: Instant, out: &mut Effects) {
        let text = text.as_str().trim();
        if text.is_empty() || text.chars().count() > MAX_TEXT {
            return;
        }
        let id = self.new_attempt();
        let Some(account) = self.account_mut() else { return };
        let outbox = match account.chats.open.clone() {
            None => return,
            Some(ChatWith::Group(group)) => &mut account.chats.conversations.entry(group).or_default().outbox,
            Some(ChatWith::People(people)) => &mut account.chats.draft_to(&people).outbox,
        };
        if !outbox.push(id, PrivateText::from(text)) {
            let failure = Failure::new(ProblemKind::MessageNotSent, "too many messages wait");
            self.problems.raise(Place::Chats, failure);
        }
        if let Some(account) = self.account_mut() {
            // For the others a message ends what was told before it.
            account.chats.told_writing = None;
        }
        self.chats_changed(now, out);
    }

    pub(in super::super) fn retry_message(&mut self, id: Attempt, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        if account.chats.outboxes_mut().any(|outbox| outbox.retry(id)) {
            self.chats_changed(now, out);
        }
    }

    pub(in super::super) fn discard_message(&mut self, id: Attempt, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        account.chats.outboxes_mut().for_each(|outbox| outbox.discard(id));
        self.chats_changed(now, out);
    }

    /// One of each conversation at a time.
    pub(super) fn send_what_waits(&mut self, now: Instant, out: &mut Effects) {
        if self.account().is_none_or(|account| account.stay.ended) {
            return;
        }
        while let Some(at) = self.next_draft(now) {
            let attempt = self.new_attempt();
            let Some(draft) = self.account_mut().and_then(|it| it.chats.drafts.get_mut(at)) else { return };
            draft.making = Some(attempt);
            out.push(Effect::Chats(ChatsEffect::MakeGroup { attempt, people: draft.people.clone() }));
        }
        let Some(account) = self.account_mut() else { return };
        for (group, conversation) in &mut account.chats.conversations {
            if let Some(send) = conversation.next_send(group, now) {
                out.push(Effect::Chats(send));
            }
        }
    }

    /// One whose group is to be made: it is known that there is none.
    fn next_draft(&self, now: Instant) -> Option<usize> {
        let chats = &self.account()?.chats;
        let is_due = |outbox: &super::Outbox| outbox.due(now).is_some_and(|due| due <= now);
        let is_next = |draft: &super::Draft| draft.making.is_none() && is_due(&draft.outbox);
        chats.drafts.iter().position(is_next).filter(|_| chats.listed)
    }

    pub(super) fn group_made(
        &mut self,
        attempt: Attempt,
        result: Result<(GroupId, ThreadId), Undone>,
        now: Instant,
    ) {
        let Some(account) = self.account_mut() else { return };
        let chats = &mut account.chats;
        let Some(at) = chats.drafts.iter().position(|draft| draft.making == Some(attempt)) else { return };
        let draft = &mut chats.drafts[at];
        draft.making = None;
        match result {
            Ok((group, thread)) => {
                let draft = chats.drafts.remove(at);
                let members = draft.people.iter().chain([&account.me.account]);
                let members = members.map(|account| GroupMember { account: *account, online_id: None });
                let conversation = chats.conversations.entry(group.clone()).or_default();
                conversation.group.get_or_insert_with(|| fresh(&group, thread, members.collect()));
                conversation.about.want();
                chats.move_draft(draft, &group);
            }
            Err(Undone::NotNow(failure)) => {
                draft.outbox.put_off(&failure, now);
                self.fail_if_it_ends_sign_in(failure);
            }
            // Where it was made after all, the list tells.
            Err(Undone::Refused(failure) | Undone::Perhaps(failure)) => {
                draft.outbox.fail_all(&failure.kind);
                chats.list.want();
            }
        }
    }

    pub(super) fn sent(
        &mut self,
        id: Attempt,
        group: &GroupId,
        result: Result<SentMessage, Undone>,
        now: Instant,
    ) {
        let latest = self.last_attempt;
        let Some(account) = self.account_mut() else { return };
        let tells = account.chats.tells;
        let me = GroupMember { account: account.me.account, online_id: Some(account.me.online_id.clone()) };
        let Some(conversation) = account.chats.conversations.get_mut(group) else { return };
        let failure = match &result {
            Err(Undone::NotNow(failure) | Undone::Refused(failure)) => Some(failure.clone()),
            Ok(_) | Err(Undone::Perhaps(_)) => None,
        };
        let sent = result.as_ref().ok().cloned();
        let outcome = conversation.outbox.answered(
            id,
            result.as_ref().map(|it| &it.uid).map_err(Clone::clone),
            latest,
            now,
        );
        match (outcome, sent) {
            (Outcome::Taken(text), Some(sent)) => {
                let is_exact = tells && sent.sent.is_some();
                conversation.put_sent(as_message(sent, text, me, conversation), is_exact, now);
            }
            (Outcome::Check, _) => conversation.want_newest_now(),
            _ => {}
        }
        match failure {
            Some(failure) if failure.kind == ProblemKind::ChatGone => conversation.about.want(),
            Some(failure) => self.fail_if_it_ends_sign_in(failure),
            None => {}
        }
    }

    pub(super) fn fail_if_it_ends_sign_in(&mut self, failure: Failure) {
        if failure.ends_sign_in() {
            self.fail(Place::Chats, failure);
        }
    }
}

impl ChatsState {
    pub(super) fn outboxes_mut(&mut self) -> impl Iterator<Item = &mut super::Outbox> {
        let of_groups = self.conversations.values_mut().map(|it| &mut it.outbox);
        of_groups.chain(self.drafts.iter_mut().map(|draft| &mut draft.outbox))
    }
}

impl Conversation {
    fn next_send(&mut self, group: &GroupId, now: Instant) -> Option<ChatsEffect> {
        if self.outbox.due(now).is_none_or(|due| due > now) {
            return None;
        }
        let known = self.group.as_ref()?;
        let Some(thread) = known.thread.clone() else {
            self.outbox.fail_all(&ProblemKind::MessageNotSent);
            return None;
        };
        let newest = self.thread.last().map(ChatMessage::place).max(self.latest().map(ChatMessage::place));
        let (message, text) = self.outbox.send_next(newest)?;
        Some(ChatsEffect::Send { message, group: group.clone(), thread, text })
    }
}

/// One that was just made.
fn fresh(group: &GroupId, thread: ThreadId, members: Vec<GroupMember>) -> Group {
    Group {
        id: group.clone(),
        name: String::new(),
        members,
        is_favorite: false,
        thread: Some(thread),
        latest: None,
        read_up_to: None,
        has_unread: false,
        changed: None,
        parties: Vec::new(),
    }
}

/// Where the service does not say when it took it, it comes after all that is known.
fn as_message(sent: SentMessage, text: PrivateText, me: GroupMember, known: &Conversation) -> ChatMessage {
    let last = known.thread.last().or(known.latest()).map(|message| message.sent);
    ChatMessage {
        uid: sent.uid,
        kind: MessageKind::Text,
        body: text,
        sender: Some(me),
        sent: sent.sent.or(last).unwrap_or_default(),
        reactions: Vec::new(),
    }
}

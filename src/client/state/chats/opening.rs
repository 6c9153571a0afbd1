//! Which conversation is open, and what the user does in it besides sending.

use std::time::{Duration, Instant};

use super::{ChatsState, Draft, Effect, Effects, Failure, Place, State};
use crate::{
    client::{ChatWith, input::ChatsEffect, state::chats::outbox::Outbox},
    model::{AccountId, Group, GroupId, MessageUid},
};

/// The others are told so often at most; they show it a little longer.
const TELL_WRITING: Duration = Duration::from_millis(10_500);
/// People of one conversation, as the service allows.
const MAX_PEOPLE: usize = 100;
/// As the service allows, with a margin.
const MAX_REACTION: usize = 64;

impl ChatsState {
    fn open(&mut self, with: ChatWith) {
        if self.open.as_ref() == Some(&with) {
            return;
        }
        self.close();
        if let ChatWith::Group(group) = &with {
            let conversation = self.conversations.entry(group.clone()).or_default();
            conversation.want_newest_now();
            if conversation.group.is_none() {
                conversation.about.want_now();
            }
        }
        self.open = Some(with);
    }

    fn close(&mut self) {
        if let Some((_, conversation)) = self.open_conversation()
            && conversation.outbox.is_empty()
        {
            conversation.thread.close();
        }
        self.open = None;
        self.drafts.retain(|draft| !draft.outbox.is_empty());
    }

    /// The group of exactly these people and the user.
    pub(super) fn group_of(&self, people: &[AccountId], me: AccountId) -> Option<GroupId> {
        let mut groups = self.conversations.values().filter_map(|it| it.group.as_ref());
        let found = match people {
            [one] => groups.find(|group| group.id.partner_of(me) == Some(*one)),
            several => groups.find(|group| is_of(group, several, me)),
        };
        found.map(|group| group.id.clone())
    }

    /// Those whose group is known by now.
    pub(super) fn find_groups_of_drafts(&mut self, me: AccountId) {
        let mut at = 0;
        while let Some(draft) = self.drafts.get(at) {
            match self.group_of(&draft.people, me).filter(|_| draft.making.is_none()) {
                Some(group) => {
                    let draft = self.drafts.remove(at);
                    self.move_draft(draft, &group);
                }
                None => at += 1,
            }
        }
        if let Some(ChatWith::People(people)) = &self.open
            && let Some(group) = self.group_of(people, me)
        {
            self.open(ChatWith::Group(group));
        }
    }

    pub(super) fn move_draft(&mut self, draft: Draft, group: &GroupId) {
        self.conversations.entry(group.clone()).or_default().outbox.append(draft.outbox);
        if self.open == Some(ChatWith::People(draft.people)) {
            self.open(ChatWith::Group(group.clone()));
        }
    }

    pub(super) fn draft_to(&mut self, people: &[AccountId]) -> &mut Draft {
        let at = self.drafts.iter().position(|draft| draft.people == people).unwrap_or_else(|| {
            self.drafts.push(Draft { people: people.to_vec(), outbox: Outbox::default(), making: None });
            self.drafts.len() - 1
        });
        &mut self.drafts[at]
    }
}

/// A party's group ends with the party, and is nobody's conversation.
fn is_of(group: &Group, people: &[AccountId], me: AccountId) -> bool {
    let mut members: Vec<_> = group.members.iter().map(|it| it.account).filter(|it| *it != me).collect();
    members.sort_unstable();
    members == people && group.parties.is_empty() && !group.is_pair()
}

impl State {
    pub(in super::super) fn open_chat(&mut self, group: GroupId, now: Instant, out: &mut Effects) {
        self.problems.clear(Place::Chats);
        let Some(account) = self.account_mut() else { return };
        account.chats.open(ChatWith::Group(group));
        self.chats_changed(now, out);
    }

    pub(in super::super) fn open_chat_with(
        &mut self,
        mut people: Vec<AccountId>,
        now: Instant,
        out: &mut Effects,
    ) {
        self.problems.clear(Place::Chats);
        let Some(account) = self.account_mut() else { return };
        let me = account.me.account;
        people.sort_unstable();
        people.dedup();
        people.retain(|account| *account != me);
        if people.is_empty() || people.len() > MAX_PEOPLE {
            return;
        }
        match account.chats.group_of(&people, me) {
            Some(group) => account.chats.open(ChatWith::Group(group)),
            None => account.chats.open(ChatWith::People(people)),
        }
        self.chats_changed(now, out);
    }

    pub(in super::super) fn close_chat(&mut self, now: Instant, out: &mut Effects) {
        self.problems.clear(Place::Chats);
        let Some(account) = self.account_mut() else { return };
        account.chats.close();
        self.chats_changed(now, out);
    }

    /// What came while nobody looked is read as soon as somebody does.
    pub(in super::super) fn look(&mut self, looked_at: bool, now: Instant, out: &mut Effects) {
        self.away = !looked_at;
        let Some(account) = self.account_mut() else { return };
        account.chats.away = !looked_at;
        self.chats_changed(now, out);
    }

    pub(in super::super) fn read_older(&mut self, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        if let Some((_, conversation)) = account.chats.open_conversation()
            && conversation.thread.has_room()
            && !conversation.thread.is_complete()
            && !conversation.older.is_under_way()
        {
            conversation.older.want_now();
            self.chats_changed(now, out);
        }
    }

    pub(in super::super) fn writing(&mut self, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        let chats = &mut account.chats;
        let told_lately = chats.told_writing.is_some_and(|told| now < told + TELL_WRITING);
        if let Some(group) = chats.open_group().filter(|_| !told_lately).cloned() {
            chats.told_writing = Some(now);
            out.push(Effect::Chats(ChatsEffect::TellWriting { group }));
        }
    }

    pub(in super::super) fn react(&mut self, message: MessageUid, reaction: String, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        let Some((group, conversation)) = account.chats.open_conversation() else { return };
        if reaction.is_empty() || reaction.len() > MAX_REACTION {
            return;
        }
        if let Some(thread) = conversation.group.as_ref().and_then(|group| group.thread.clone()) {
            let group = group.clone();
            out.push(Effect::Chats(ChatsEffect::React { group, thread, message, reaction }));
        }
    }

    pub(super) fn reacted(&mut self, group: &GroupId, message: &MessageUid, result: Result<(), Failure>) {
        match result {
            Ok(()) => {
                let Some(account) = self.account_mut() else { return };
                if let Some(conversation) = account.chats.conversations.get_mut(group) {
                    conversation.want_message(message);
                }
            }
            Err(failure) => self.fail(Place::Chats, failure),
        }
    }
}

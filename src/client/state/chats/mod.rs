//! Conversations: their list, the one that is open, what is on its way into them. Each file here owns one part; this one the
//! whole, and what the window shows of it.

mod asking;
mod conversation;
mod opening;
mod outbox;
mod reading;
mod sending;
mod source;
#[cfg(test)]
mod tests;
mod thread;
mod unread;

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc, time::Instant};

use conversation::Conversation;
use outbox::Outbox;
use source::Pace;
pub(super) use source::Source;
use unread::unread;

use super::{Attempt, Effect, Effects, Failure, Place, ProblemKind, State, Timer};
use crate::{
    client::{Chat, ChatWith, Chats, Older, OpenChat, Unread},
    model::{AccountId, Group, GroupId, MessageUid, Notes, SessionId},
};

/// Groups that are kept; what an event names beyond them is not looked at.
const MAX_GROUPS: usize = Notes::MAX_GROUPS;

/// The conversations of an account.
#[derive(Default)]
pub struct ChatsState {
    conversations: BTreeMap<GroupId, Conversation>,
    /// With people who may have no group yet.
    drafts: Vec<Draft>,
    list: Source,
    /// The list has come.
    listed: bool,
    pace: Pace,
    open: Option<ChatWith>,
    /// Nobody looks at the one that is open.
    pub away: bool,
    /// An earlier run saw this account. `None`: the notes are still being read.
    seen_before: Option<bool>,
    /// This service does send events about groups.
    tells: bool,
    told_writing: Option<Instant>,
    shown: Chats,
    /// The state of the thread that is shown, see [`thread::Thread::revision`].
    shown_revision: Option<u64>,
}

/// What was written to people before their group is known.
struct Draft {
    /// Without the user, in order.
    people: Vec<AccountId>,
    outbox: Outbox,
    making: Option<Attempt>,
}

impl ChatsState {
    /// The list that was asked for after `since` has come; what is on screen comes before it.
    pub fn is_caught_up(&self, since: Instant) -> bool {
        self.list.was_tried_since(since)
    }

    pub fn published(&self) -> Chats {
        self.shown.clone()
    }

    /// The group of a party's members.
    pub fn of_party(&self, session: &SessionId) -> Option<&GroupId> {
        let mut groups = self.conversations.values().filter_map(|it| it.group.as_ref());
        groups.find(|group| group.parties.contains(session)).map(|group| &group.id)
    }

    fn open_group(&self) -> Option<&GroupId> {
        match self.open.as_ref()? {
            ChatWith::Group(group) => Some(group),
            ChatWith::People(_) => None,
        }
    }

    fn open_conversation(&mut self) -> Option<(&GroupId, &mut Conversation)> {
        match self.open.as_ref()? {
            ChatWith::Group(group) => Some((group, self.conversations.get_mut(group)?)),
            ChatWith::People(_) => None,
        }
    }

    fn is_open(&self, group: &GroupId) -> bool {
        self.open_group() == Some(group)
    }

    /// Open, and somebody looks at it.
    fn is_on_screen(&self, group: &GroupId) -> bool {
        !self.away && self.is_open(group)
    }

    /// The newest message that is on screen, where the notes do not know of it.
    fn on_screen(&mut self, notes: &Notes) -> Option<(GroupId, MessageUid)> {
        if self.away {
            return None;
        }
        let (group, conversation) = self.open_conversation()?;
        let uid = &conversation.thread.last()?.uid;
        (notes.read_up_to.get(group) != Some(uid)).then(|| (group.clone(), uid.clone()))
    }

    fn outboxes(&self) -> impl Iterator<Item = &Outbox> {
        let of_groups = self.conversations.values().map(|it| &it.outbox);
        of_groups.chain(self.drafts.iter().map(|draft| &draft.outbox))
    }

    /// Something is being sent, or a group is made for it.
    pub fn is_sending(&self) -> bool {
        self.outboxes().any(Outbox::is_sending) || self.drafts.iter().any(|draft| draft.making.is_some())
    }

    /// Renews what the window shows.
    fn show(&mut self, me: AccountId, notes: &Notes) {
        if self.listed {
            let list = self.listing(me, notes);
            if self.shown.list.items() != list {
                self.shown.list.value = Some(Arc::new(list));
            }
            self.shown.list.value.get_or_insert_default();
        }
        self.shown.list.fetching = !self.listed && self.list.is_under_way();
        self.shown.open = self.open.clone().map(|with| Box::new(self.opened(with)));
        self.shown.unsent = self.outboxes().map(Outbox::unsent).sum();
        self.shown_revision = self.open_conversation().map(|(_, it)| it.thread.revision());
    }

    fn listing(&self, me: AccountId, notes: &Notes) -> Vec<Chat> {
        let chat = |conversation: &Conversation| {
            let group = conversation.group.clone()?;
            let unread = if self.is_on_screen(&group.id) && conversation.thread.is_known() {
                Unread::None
            } else {
                unread(&group, &conversation.thread, notes.read_up_to.get(&group.id), me)
            };
            Some(Chat { group, unread, writing: conversation.writers() })
        };
        let mut list: Vec<Chat> = self.conversations.values().filter_map(chat).collect();
        list.sort_by_key(|chat| (!chat.group.is_favorite, Reverse(last_activity(&chat.group))));
        list
    }

    fn opened(&self, with: ChatWith) -> OpenChat {
        let conversation = match &with {
            ChatWith::Group(group) => self.conversations.get(group),
            ChatWith::People(_) => None,
        };
        let outbox = match &with {
            ChatWith::Group(_) => conversation.map(|it| &it.outbox),
            ChatWith::People(people) => {
                self.drafts.iter().find(|it| it.people == *people).map(|it| &it.outbox)
            }
        };
        let shown = self.shown.open.as_ref().filter(|it| it.with == with);
        let revision = conversation.map(|it| it.thread.revision());
        let messages = match shown.filter(|_| revision == self.shown_revision) {
            Some(shown) => Arc::clone(&shown.messages),
            None => Arc::new(conversation.map(|it| it.thread.shown()).unwrap_or_default()),
        };
        OpenChat {
            messages,
            older: match &with {
                ChatWith::Group(_) => conversation.map(Conversation::older_shown).unwrap_or_default(),
                ChatWith::People(_) if self.listed => Older::Nothing,
                ChatWith::People(_) => Older::Reading,
            },
            outbox: Arc::new(outbox.map(|it| it.shown().collect()).unwrap_or_default()),
            with,
        }
    }
}

fn last_activity(group: &Group) -> Option<jiff::Timestamp> {
    group.latest.as_ref().map(|latest| latest.sent).max(group.changed)
}

impl State {
    /// The group of a party's members, where the service has one.
    pub(super) fn party_chat(&self, session: &SessionId) -> Option<GroupId> {
        self.account()?.chats.of_party(session).cloned()
    }

    /// After anything that has to do with conversations: begins what is wanted, and shows what is known.
    pub(super) fn chats_changed(&mut self, now: Instant, out: &mut Effects) {
        self.note_what_is_on_screen(now);
        self.begin_chat_calls(now, out);
        self.send_what_waits(now, out);
        self.show_chats();
        let account = self.account().filter(|account| !account.stay.ended);
        match account.and_then(|account| account.chats.next_deadline(&account.line, now)) {
            Some(at) => self.timers.set(Timer::Chats, at),
            None => self.timers.clear(Timer::Chats),
        }
    }

    /// Something lapsed, or may be read or sent now.
    pub(super) fn chats_due(&mut self, now: Instant, out: &mut Effects) {
        if let Some(account) = self.account_mut() {
            for conversation in account.chats.conversations.values_mut() {
                conversation.writing_lapses(now);
            }
        }
        self.chats_changed(now, out);
    }

    /// What is on screen is read.
    fn note_what_is_on_screen(&mut self, now: Instant) {
        let Some(account) = self.account_mut() else { return };
        if let Some((group, uid)) = account.chats.on_screen(&account.notes) {
            self.note(now, |notes| {
                notes.read_up_to.insert(group, uid);
            });
        }
    }

    fn show_chats(&mut self) {
        if let Some(account) = self.account_mut() {
            account.chats.show(account.me.account, &account.notes);
        }
    }

    /// The conversation of a party ends for who leaves it; what was not sent is kept for as long as the group is there.
    pub(super) fn leave_party_chat(&mut self, session: &SessionId) {
        let Some(account) = self.account_mut() else { return };
        let chats = &mut account.chats;
        if chats.open_group().is_some() && chats.open_group() == chats.of_party(session) {
            chats.open = None;
            self.show_chats();
        }
    }

    /// A conversation is not there any more, as the service says.
    fn chat_gone(&mut self, group: &GroupId, failure: Failure, now: Instant) {
        let Some(account) = self.account_mut() else { return };
        let chats = &mut account.chats;
        let Some(gone) = chats.conversations.remove(group) else { return };
        let is_missed = chats.is_open(group) || !gone.outbox.is_empty();
        if chats.is_open(group) {
            chats.open = None;
        }
        if is_missed {
            let failure = Failure::new(ProblemKind::ChatGone, failure.diagnostic);
            self.problems.raise(Place::Chats, failure);
        }
        self.note(now, |notes| drop(notes.read_up_to.remove(group)));
    }
}

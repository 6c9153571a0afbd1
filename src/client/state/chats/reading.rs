//! Events and answers: taken over in whatever order they come.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use super::{
    Attempt, ChatsState, Conversation, Effect, Effects, Failure, MAX_GROUPS, Place, ProblemKind, State,
    Timer,
    outbox::MessagePlace,
    thread::is_by,
    unread::{is_of_others, is_unclear, nothing_read, unread},
};
use crate::{
    client::{Notice, Unread, input::ChatsInput, state::account::Account},
    model::{AccountId, ChatMessage, Group, GroupId, MessagePage, MessageRange, Notes},
    psn::GroupNews,
};

/// Notices of one conversation are this far apart.
const NOTICES_APART: Duration = Duration::from_secs(2);
/// After a group came up that was in no list.
const FAVORITES_SETTLE: Duration = Duration::from_secs(20);

/// However often one asks, or the line breaks.
const LISTS_APART: Duration = Duration::from_secs(10);

impl ChatsState {
    /// One that is not in it is asked about by itself: a group that moves between two pages is in neither.
    fn groups_read(&mut self, groups: Vec<Group>, as_of: Attempt) {
        let listed: BTreeSet<_> = groups.iter().map(|group| group.id.clone()).collect();
        let missing = self.conversations.iter_mut().filter(|(group, _)| !listed.contains(*group));
        for (_, conversation) in missing.filter(|(_, known)| known.is_missed_by(as_of)) {
            conversation.about.want();
        }
        for group in groups.into_iter().take(MAX_GROUPS) {
            let conversation = self.conversations.entry(group.id.clone()).or_default();
            conversation.put_group(group, as_of, false);
        }
        self.listed = true;
    }

    /// Those an earlier run knew, and no list shows.
    fn look_for(&mut self, groups: Vec<GroupId>) {
        for group in groups {
            if self.conversations.len() < MAX_GROUPS {
                self.conversations.entry(group).or_default().about.want();
            }
        }
    }

    fn latest_place(&self, group: &GroupId) -> Option<MessagePlace> {
        self.conversations.get(group)?.latest().map(ChatMessage::place)
    }

    /// Somebody wrote, and nobody looked.
    fn notice(
        &mut self,
        group: &GroupId,
        before: Option<MessagePlace>,
        me: AccountId,
        notes: &Notes,
        now: Instant,
    ) -> Option<Notice> {
        let is_on_screen = self.is_on_screen(group);
        let conversation = self.conversations.get_mut(group)?;
        let known = conversation.group.as_ref()?;
        let latest = known.latest.as_ref().filter(|latest| Some(latest.place()) > before)?;
        let is_told = conversation.noticed.is_some_and(|noticed| now < noticed + NOTICES_APART);
        let is_unread = unread(known, &conversation.thread, notes.read_up_to.get(group), me) != Unread::None;
        if is_on_screen || is_told || !is_unread || !is_of_others(latest, me) {
            return None;
        }
        conversation.noticed = Some(now);
        Some(Notice::Message {
            group: group.clone(),
            from: known.name_of(latest.sender.as_ref()?)?,
            kind: latest.kind,
            text: latest.body.clone(),
        })
    }
}

impl State {
    /// After push connects, and when the user asks: everything that an event may have told meanwhile.
    pub(in super::super) fn read_chats(&mut self, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        let list = &mut account.chats.list;
        let settled = list.began().filter(|_| !list.has_failed()).map(|began| began + LISTS_APART);
        list.want_by(settled.map_or(now, |at| at.max(now)));
        list.resume();
        account.chats.conversations.values_mut().for_each(Conversation::resume);
        if let Some((_, conversation)) = account.chats.open_conversation() {
            conversation.want_newest();
        }
        account.chats.outboxes_mut().for_each(super::Outbox::resume);
        self.chats_changed(now, out);
    }

    /// One's party may have a group that nobody told of.
    pub(in super::super) fn look_for_party_chat(&mut self, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        if let Some(party) = account.party.session()
            && account.chats.of_party(&party.id).is_none()
        {
            account.chats.list.want();
            self.chats_changed(now, out);
        }
    }

    pub(in super::super) fn group_event(
        &mut self,
        group: GroupId,
        news: GroupNews,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(account) = self.account_mut() else { return };
        let (me, chats) = (account.me.account, &mut account.chats);
        let is_on_screen = chats.is_on_screen(&group);
        match news {
            GroupNews::Typing(who) => {
                if let Some(conversation) = chats.conversations.get_mut(&group).filter(|_| who != me) {
                    conversation.starts_writing(who, now);
                }
            }
            GroupNews::Changed(message) => {
                chats.tells = true;
                if chats.conversations.len() < MAX_GROUPS || chats.conversations.contains_key(&group) {
                    let conversation = chats.conversations.entry(group).or_default();
                    conversation.touch(message.as_ref(), is_on_screen, now);
                    // Its answer may be older than this.
                    if chats.list.is_under_way() {
                        conversation.about.want();
                    }
                }
            }
        }
        self.chats_changed(now, out);
    }

    pub(in super::super) fn chats(&mut self, input: ChatsInput, now: Instant, out: &mut Effects) {
        match input {
            ChatsInput::Groups { attempt, result } => self.groups_read(attempt, result, now, out),
            ChatsInput::Group { attempt, group, result } => {
                self.group_read(attempt, &group, result, now, out)
            }
            ChatsInput::Messages { attempt, group, range, result } => {
                self.messages_read(attempt, &group, range, result, now, out);
            }
            ChatsInput::GroupMade { attempt, result } => self.group_made(attempt, result, now),
            ChatsInput::Sent { message, group, result } => self.sent(message, &group, result, now),
            ChatsInput::Reacted { group, message, result } => self.reacted(&group, &message, result),
            ChatsInput::Notifications { attempt, result } => {
                return self.notifications_read(attempt, result, now, out);
            }
            ChatsInput::MarkedRead { notifications, result } => {
                return self.notifications_marked(&notifications, result, now, out);
            }
        }
        self.chats_changed(now, out);
    }

    fn groups_read(
        &mut self,
        attempt: Attempt,
        result: Result<Vec<Group>, Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(account) = self.account_mut() else { return };
        let Account { chats, notes, me, .. } = account;
        match result {
            Ok(groups) => {
                if !chats.list.finish(attempt) {
                    return;
                }
                let is_first = !chats.listed;
                let before: Vec<_> =
                    groups.iter().map(|it| (it.id.clone(), chats.latest_place(&it.id))).collect();
                chats.groups_read(groups, attempt);
                chats.find_groups_of_drafts(me.account);
                let notices: Vec<_> = before
                    .iter()
                    .filter(|_| !is_first)
                    .filter_map(|(group, before)| chats.notice(group, *before, me.account, notes, now))
                    .collect();
                out.extend(notices.into_iter().map(Effect::Notify));
                self.problems.clear_kind(&ProblemKind::ChatsNotLoaded);
                self.mark_new_groups(now);
                self.read_what_is_unclear();
            }
            Err(failure) => {
                let is_ours = chats.list.fail(attempt, failure.reach().pause(), now);
                let is_missed = is_ours && !chats.listed;
                if is_ours && failure.ends_sign_in() {
                    self.fail(Place::Chats, failure);
                } else if is_missed {
                    let failure = Failure::new(ProblemKind::ChatsNotLoaded, failure.diagnostic);
                    self.problems.raise(Place::Chats, failure);
                }
            }
        }
    }

    fn group_read(
        &mut self,
        attempt: Attempt,
        id: &GroupId,
        result: Result<Box<Group>, Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(account) = self.account_mut() else { return };
        let Account { chats, notes, me, .. } = account;
        let before = chats.latest_place(id);
        let is_open = chats.is_open(id);
        let Some(conversation) = chats.conversations.get_mut(id) else { return };
        match result {
            // An answer about something else is none.
            Ok(group) if group.id != *id => {
                conversation.about.fail(attempt, None, now);
            }
            Ok(group) => {
                if !conversation.about.finish(attempt) {
                    return;
                }
                // Whether it is a favourite, the list alone tells.
                if conversation.group.is_none() {
                    chats.list.want_by(now + FAVORITES_SETTLE);
                }
                conversation.put_group(*group, attempt, true);
                let is_mine = conversation.latest().is_some_and(|latest| is_by(latest, me.account));
                if conversation.is_behind() && (is_open || !is_mine) {
                    conversation.want_newest();
                }
                chats.find_groups_of_drafts(me.account);
                if chats.listed {
                    let notice = chats.notice(id, before, me.account, notes, now);
                    out.extend(notice.map(Effect::Notify));
                    self.mark_new_groups(now);
                }
            }
            // Unless something happened to it since.
            Err(failure) if failure.kind == ProblemKind::ChatGone => {
                if conversation.about.finish(attempt) && !conversation.about.is_wanted() {
                    self.chat_gone(id, failure, now);
                }
            }
            Err(failure) => {
                if conversation.about.fail(attempt, failure.reach().pause(), now) {
                    self.fail_if_it_ends_sign_in(failure);
                }
            }
        }
    }

    fn messages_read(
        &mut self,
        attempt: Attempt,
        id: &GroupId,
        range: MessageRange,
        result: Result<MessagePage, Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(account) = self.account_mut() else { return };
        let Account { chats, notes, me, .. } = account;
        let me = me.account;
        let before = chats.latest_place(id);
        let Some(conversation) = chats.conversations.get_mut(id) else { return };
        let page = match range {
            MessageRange::Before(uid) => Some(uid),
            MessageRange::Latest | MessageRange::After(_) => None,
        };
        match result {
            Ok(messages) => {
                if conversation.news.finish(attempt) || conversation.older.finish(attempt) {
                    match page {
                        Some(end) => conversation.put_before(&end, messages, me),
                        None => conversation.put_newest(messages, attempt, me),
                    }
                    if chats.listed {
                        out.extend(chats.notice(id, before, me, notes, now).map(Effect::Notify));
                    }
                }
            }
            Err(failure) => {
                let pause = failure.reach().pause();
                if conversation.news.fail(attempt, pause, now) {
                    conversation.want_page_again(page);
                } else if !conversation.older.fail(attempt, pause, now) {
                    return;
                }
                // Whether it is gone, the group itself tells.
                if failure.kind == ProblemKind::ChatGone {
                    conversation.about.want();
                }
                self.fail_if_it_ends_sign_in(failure);
            }
        }
    }

    fn read_what_is_unclear(&mut self) {
        let Some(account) = self.account_mut() else { return };
        let Account { chats, notes, me, .. } = account;
        for (id, conversation) in &mut chats.conversations {
            if let Some(group) = &conversation.group
                && is_unclear(group, &conversation.thread, notes.read_up_to.get(id), me.account)
            {
                conversation.want_newest();
            }
        }
    }

    /// `earlier`: what an earlier run remembered.
    pub(in super::super) fn chat_notes_read(&mut self, earlier: &Notes, now: Instant) {
        let Some(account) = self.account_mut() else { return };
        account.chats.seen_before = Some(!earlier.read_up_to.is_empty());
        self.mark_new_groups(now);
        self.show_chats();
    }

    /// Each group has a mark in the notes, unless the service keeps one. At the first sight of an account everything counts as
    /// read but what the service calls unread; in a group that comes later nothing is.
    fn mark_new_groups(&mut self, now: Instant) {
        let Some(account) = self.account_mut().filter(|account| account.chats.listed) else { return };
        let Some(seen_before) = account.chats.seen_before.replace(true) else {
            account.chats.seen_before = None;
            return;
        };
        let notes = &account.notes.read_up_to;
        let groups = account.chats.conversations.values().filter_map(|it| it.group.as_ref());
        let unmarked = groups.filter(|it| it.read_up_to.is_none() && !notes.contains_key(&it.id));
        let marks: Vec<_> = unmarked
            .map(|group| {
                let latest = group.latest.as_ref().filter(|_| !seen_before && !group.has_unread);
                (group.id.clone(), latest.map_or_else(nothing_read, |latest| latest.uid.clone()))
            })
            .collect();
        let unknown: Vec<_> =
            notes.keys().filter(|it| !account.chats.conversations.contains_key(*it)).cloned().collect();
        if !unknown.is_empty() {
            account.chats.look_for(unknown);
            self.timers.set_earlier(Timer::Chats, now);
        }
        if !marks.is_empty() {
            self.note(now, |notes| notes.read_up_to.extend(marks));
        }
    }
}

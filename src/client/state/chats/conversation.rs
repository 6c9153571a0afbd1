//! One conversation: its group, its messages, what is on its way into it, and what of it is to be read. Pure.

use std::time::{Duration, Instant};

use super::{
    Attempt,
    outbox::{MessagePlace, Outbox},
    source::Source,
    thread::{Thread, is_by},
    unread::is_of_others,
};
use crate::{
    client::Older,
    model::{AccountId, ChatMessage, Group, MessagePage, MessageUid},
};

/// After somebody was heard of as writing.
const WRITES_FOR: Duration = Duration::from_secs(12);
const MAX_WRITERS: usize = 16;
/// What changes seldom, or is known already, is read when things have settled.
const SETTLES: Duration = Duration::from_secs(20);
/// Pages that wait to be read again.
const MAX_PAGES: usize = 4;

#[derive(Default)]
pub struct Conversation {
    /// `None`: heard of, and not read so far.
    pub group: Option<Group>,
    /// The reading that told of it; later ones have higher numbers.
    as_of: Option<Attempt>,
    /// Messages up to this one tell nothing new about the group.
    members_as_of: Option<MessagePlace>,
    /// The group itself.
    pub about: Source,
    /// Its messages.
    pub news: Source,
    newest_wanted: bool,
    /// Ends of pages that are to be read again.
    pages: Vec<MessageUid>,
    /// Messages before those that are there.
    pub older: Source,
    /// The reading that told of the newest page.
    newest_as_of: Option<Attempt>,
    pub thread: Thread,
    pub outbox: Outbox,
    writing: Vec<(AccountId, Instant)>,
    /// The newest message that ended somebody's writing.
    done_writing: Option<MessageUid>,
    pub noticed: Option<Instant>,
}

impl Conversation {
    /// Something happened in it.
    pub fn touch(&mut self, message: Option<&MessageUid>, is_on_screen: bool, now: Instant) {
        match message {
            Some(message) if self.outbox.is_echo(message) => self.verify_by(now + SETTLES),
            Some(message) if is_on_screen => {
                self.about.want_by(now + SETTLES);
                self.want_message(message);
            }
            // Its messages tell whether something happened to the group itself.
            Some(_) if self.is_settled() => self.want_newest(),
            _ => {
                self.about.want();
                if is_on_screen || self.news.is_under_way() {
                    self.want_newest();
                }
            }
        }
    }

    /// The group is known, and no answer may say something older of it.
    fn is_settled(&self) -> bool {
        let has_thread = self.group.as_ref().is_some_and(|group| group.thread.is_some());
        has_thread && !self.about.is_under_way()
    }

    /// What is shown is most likely so: many readings of that kind are one.
    fn verify_by(&mut self, at: Instant) {
        self.newest_wanted = true;
        self.news.want_by(at);
    }

    pub fn want_newest(&mut self) {
        self.newest_wanted = true;
        self.news.want();
    }

    pub fn want_newest_now(&mut self) {
        self.newest_wanted = true;
        self.news.want_now();
    }

    /// The line is back, or the user asks.
    pub fn resume(&mut self) {
        [&mut self.about, &mut self.news, &mut self.older].into_iter().for_each(Source::resume);
    }

    /// The page that shows it.
    pub fn want_message(&mut self, message: &MessageUid) {
        match self.thread.page_of(message) {
            Some(end) => {
                self.want_page(end);
                self.news.want();
            }
            None => self.want_newest(),
        }
    }

    /// Of too many at once only the newest one is kept: the others are read anew when they are scrolled to.
    fn want_page(&mut self, end: MessageUid) {
        if self.pages.contains(&end) {
            return;
        }
        if self.pages.len() < MAX_PAGES {
            return self.pages.push(end);
        }
        self.pages.clear();
        self.thread.keep_newest();
        self.newest_wanted = true;
    }

    /// The page that is wanted most: its end, or `None` for the newest one.
    pub fn next_page(&mut self) -> Option<MessageUid> {
        let page = if std::mem::take(&mut self.newest_wanted) { None } else { self.pages.pop() };
        if !self.pages.is_empty() {
            self.news.want();
        }
        page
    }

    /// Its reading failed.
    pub fn want_page_again(&mut self, page: Option<MessageUid>) {
        match page {
            None => self.newest_wanted = true,
            Some(end) => self.want_page(end),
        }
    }

    /// Takes over what was asked for as `as_of`, unless something newer is known. `alone`: not from the list, which alone tells
    /// about favourites.
    pub fn put_group(&mut self, mut group: Group, as_of: Attempt, alone: bool) {
        if self.as_of.is_some_and(|known| known > as_of) {
            if let Some(known) = self.group.as_mut().filter(|_| !alone) {
                known.is_favorite = group.is_favorite;
            }
            return;
        }
        self.as_of = Some(as_of);
        self.members_as_of = group.latest.as_ref().map(ChatMessage::place);
        if let Some(known) = &mut self.group {
            group.is_favorite |= alone && known.is_favorite;
            group.latest = newer(group.latest.take(), known.latest.take());
        }
        self.group = Some(group);
        self.stop_writing();
    }

    /// The list asked for as `as_of` should have shown it.
    pub fn is_missed_by(&self, as_of: Attempt) -> bool {
        let is_older = self.as_of.is_none_or(|known| known <= as_of);
        self.group.is_some() && is_older
    }

    /// Its newest message was not read with the others.
    pub fn is_behind(&self) -> bool {
        let latest = self.latest().map(ChatMessage::place);
        latest.is_some() && latest > self.thread.newest().map(ChatMessage::place)
    }

    pub fn latest(&self) -> Option<&ChatMessage> {
        self.group.as_ref()?.latest.as_ref()
    }

    /// Takes the newest page over.
    pub fn put_newest(&mut self, page: MessagePage, as_of: Attempt, me: AccountId) {
        self.newest_as_of = Some(as_of);
        let is_of_members = |message: &ChatMessage| {
            Some(message.place()) > self.members_as_of && !is_of_others(message, me) && !is_by(message, me)
        };
        let begin = page.messages.first().map(ChatMessage::place);
        let tells_all = page.reached_end || begin.is_none() || begin <= self.members_as_of;
        if !tells_all || page.messages.iter().any(is_of_members) {
            self.about.want();
        }
        self.thread.put_newest(page);
        self.members_as_of = self.members_as_of.max(self.thread.newest().map(ChatMessage::place));
        self.know_latest(self.thread.newest().cloned());
        self.recognise(me);
    }

    pub fn put_before(&mut self, before: &MessageUid, page: MessagePage, me: AccountId) {
        self.thread.put_before(before, page);
        self.recognise(me);
    }

    /// The service took it. `is_exact`: it is known as any reading would show it, and events tell what others write.
    pub fn put_sent(&mut self, message: ChatMessage, is_exact: bool, now: Instant) {
        self.know_latest(Some(message.clone()));
        self.thread.put_sent(message);
        if is_exact {
            self.verify_by(now + SETTLES);
        } else {
            self.want_newest();
        }
    }

    fn know_latest(&mut self, message: Option<ChatMessage>) {
        if let Some(group) = &mut self.group {
            group.latest = newer(message, group.latest.take());
            group.changed = group.changed.max(group.latest.as_ref().map(|latest| latest.sent));
        }
        self.stop_writing();
    }

    /// What was read tells what became of messages that are on their way.
    fn recognise(&mut self, me: AccountId) {
        self.outbox.recognise(self.thread.sent_by(me));
        let Some(as_of) = self.newest_as_of else { return };
        let Some(after) = self.outbox.doubts(as_of) else { return };
        let reaches_back = |after| self.thread.oldest().is_some_and(|oldest| oldest.place() <= after);
        if self.thread.is_complete() || after.is_some_and(reaches_back) || !self.thread.has_room() {
            self.outbox.give_up_doubts(as_of);
        } else {
            self.older.want_now();
        }
    }

    pub fn older_shown(&self) -> Older {
        match self.thread.older() {
            _ if self.has_no_thread() => Older::Nothing,
            Older::Reading if self.news.has_failed() => Older::NotLoaded,
            Older::More if self.older.has_failed() => Older::NotLoaded,
            Older::More if self.older.is_under_way() => Older::Reading,
            older => older,
        }
    }

    /// Nobody has written so far, as the service says.
    pub fn has_no_thread(&self) -> bool {
        self.group.as_ref().is_some_and(|group| group.thread.is_none())
    }

    pub fn starts_writing(&mut self, who: AccountId, now: Instant) {
        self.writing.retain(|(writer, _)| *writer != who);
        if self.writing.len() < MAX_WRITERS {
            self.writing.push((who, now + WRITES_FOR));
        }
    }

    /// Whoever wrote last is done.
    fn stop_writing(&mut self) {
        let Some(latest) = self.group.as_ref().and_then(|group| group.latest.as_ref()) else { return };
        let sender = latest.sender.as_ref().map(|sender| sender.account);
        if self.done_writing.as_ref() != Some(&latest.uid) {
            self.done_writing = Some(latest.uid.clone());
            self.writing.retain(|(writer, _)| Some(*writer) != sender);
        }
    }

    /// Whether somebody stopped.
    pub fn writing_lapses(&mut self, now: Instant) -> bool {
        let before = self.writing.len();
        self.writing.retain(|(_, until)| *until > now);
        self.writing.len() < before
    }

    pub fn next_lapse(&self) -> Option<Instant> {
        self.writing.iter().map(|(_, until)| *until).min()
    }

    pub fn writers(&self) -> Vec<AccountId> {
        self.writing.iter().map(|(writer, _)| *writer).collect()
    }
}

/// The later one; of the same message the first.
fn newer(fresh: Option<ChatMessage>, known: Option<ChatMessage>) -> Option<ChatMessage> {
    match (fresh, known) {
        (Some(fresh), Some(known)) if known.place() > fresh.place() => Some(known),
        (fresh, known) => fresh.or(known),
    }
}

//! The messages of one conversation: a stretch without holes that ends with the newest one that was read, and what was sent
//! since. Pure.

use crate::{
    client::Older,
    model::{AccountId, ChatMessage, MessagePage, MessageUid},
};

/// Kept of a conversation that is open. The service itself keeps no more for long.
const MAX: usize = 1000;
/// Kept of one that is not.
const MAX_CLOSED: usize = 40;
/// Messages this far from the end are in the newest page for sure.
const NEWEST: usize = 15;
/// Own messages that no reading has shown so far.
const MAX_TAIL: usize = 64;

#[derive(Debug, Default)]
pub struct Thread {
    /// Oldest first, without holes.
    messages: Vec<ChatMessage>,
    /// Ours, that the service took and no reading has shown so far. What others wrote before them may be missing.
    tail: Vec<ChatMessage>,
    /// The first message ever is among them.
    complete: bool,
    /// It was read.
    known: bool,
    /// Grows with every change.
    revision: u64,
}

impl Thread {
    pub fn messages(&self) -> &[ChatMessage] {
        &self.messages
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn is_known(&self) -> bool {
        self.known
    }

    pub fn is_complete(&self) -> bool {
        self.complete
    }

    pub fn oldest(&self) -> Option<&ChatMessage> {
        self.messages.first()
    }

    /// The newest of those without holes.
    pub fn newest(&self) -> Option<&ChatMessage> {
        self.messages.last()
    }

    /// The newest of all.
    pub fn last(&self) -> Option<&ChatMessage> {
        self.messages.last().into_iter().chain(&self.tail).max_by_key(|message| message.place())
    }

    /// In the order they were sent.
    pub fn shown(&self) -> Vec<ChatMessage> {
        let mut shown = self.messages.clone();
        shown.extend(self.tail.iter().cloned());
        shown.sort_by_key(ChatMessage::place);
        shown
    }

    pub fn older(&self) -> Older {
        match (self.known, self.complete) {
            (false, _) => Older::Reading,
            (true, true) => Older::Nothing,
            (true, false) if self.has_room() => Older::More,
            (true, false) => Older::NoMoreHere,
        }
    }

    pub fn has_room(&self) -> bool {
        self.messages.len() < MAX
    }

    /// The newest page. Where a hole would come between it and what is known, the old part is let go: it can be scrolled back
    /// to.
    pub fn put_newest(&mut self, page: MessagePage) {
        self.revision += 1;
        let MessagePage { messages: page, reached_end } = page;
        let is_known = |message: &ChatMessage| self.messages.iter().any(|known| known.uid == message.uid);
        let joins = page.iter().any(is_known);
        match page.first().filter(|_| joins && !reached_end) {
            Some(first) => {
                let begin = first.place();
                self.messages.retain(|known| known.place() < begin);
                self.messages.extend(page);
            }
            None => {
                // A page with nothing in it leads nowhere.
                self.complete = reached_end || page.is_empty();
                self.messages = page;
            }
        }
        // One that is older than these is above them, where they begin later.
        let last = self.messages.last().map(ChatMessage::place);
        self.tail.retain(|sent| Some(sent.place()) > last);
        self.known = true;
        self.trim(MAX);
    }

    /// The page before the message `before`.
    pub fn put_before(&mut self, before: &MessageUid, page: MessagePage) {
        self.revision += 1;
        let Some(oldest) = self.messages.first() else { return };
        if oldest.uid == *before {
            let begin = oldest.place();
            let mut messages: Vec<_> = page.messages.into_iter().filter(|it| it.place() < begin).collect();
            // A page with nothing older in it leads nowhere.
            self.complete = page.reached_end || messages.is_empty();
            messages.append(&mut self.messages);
            self.messages = messages;
            return;
        }
        for fresh in page.messages {
            if let Some(known) = self.messages.iter_mut().find(|known| known.uid == fresh.uid) {
                *known = fresh;
            }
        }
    }

    /// The service took this one of ours.
    pub fn put_sent(&mut self, message: ChatMessage) {
        self.revision += 1;
        let is_there = |known: &ChatMessage| known.uid == message.uid;
        if !self.messages.iter().any(is_there) && !self.tail.iter().any(is_there) {
            if self.tail.len() == MAX_TAIL {
                self.tail.remove(0);
            }
            self.tail.push(message);
        }
    }

    /// The end of the page that holds this message, where that is not the newest page.
    pub fn page_of(&self, uid: &MessageUid) -> Option<MessageUid> {
        let at = self.messages.iter().position(|message| message.uid == *uid)?;
        let next = self.messages.get(at + 1)?;
        (self.messages.len() - at > NEWEST).then(|| next.uid.clone())
    }

    /// What is older may have changed.
    pub fn keep_newest(&mut self) {
        self.trim(NEWEST);
    }

    /// Nobody looks at it any more.
    pub fn close(&mut self) {
        self.trim(MAX_CLOSED);
    }

    fn trim(&mut self, max: usize) {
        if self.messages.len() > max {
            self.revision += 1;
            self.messages.drain(..self.messages.len() - max);
            self.complete = false;
        }
    }

    pub fn sent_by(&self, me: AccountId) -> impl Iterator<Item = &ChatMessage> {
        self.messages.iter().filter(move |message| is_by(message, me))
    }
}

pub fn is_by(message: &ChatMessage, account: AccountId) -> bool {
    message.sender.as_ref().is_some_and(|sender| sender.account == account)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{GroupMember, MessageKind};

    fn message(number: u64) -> ChatMessage {
        ChatMessage {
            uid: format!("1#{number}").as_str().into(),
            kind: MessageKind::Text,
            body: "hello".into(),
            sender: Some(GroupMember { account: AccountId(1), online_id: None }),
            sent: jiff::Timestamp::from_millisecond(number as i64).expect("a time"),
            reactions: Vec::new(),
        }
    }

    fn page(numbers: std::ops::Range<u64>, reached_end: bool) -> MessagePage {
        MessagePage { messages: numbers.map(message).collect(), reached_end }
    }

    fn numbers(thread: &Thread) -> Vec<u64> {
        thread.shown().iter().filter_map(|message| message.uid.number()).collect()
    }

    #[test]
    fn pages_that_touch_become_one_and_a_hole_lets_the_old_part_go() {
        let mut thread = Thread::default();
        thread.put_newest(page(10..20, false));
        thread.put_newest(page(15..25, false));
        assert_eq!(numbers(&thread), Vec::from_iter(10..25));
        thread.put_before(&"1#10".into(), page(0..10, true));
        assert_eq!((numbers(&thread), thread.older()), (Vec::from_iter(0..25), Older::Nothing));
        thread.put_newest(page(40..60, false));
        assert_eq!((numbers(&thread), thread.older()), (Vec::from_iter(40..60), Older::More));
        thread.put_before(&"1#10".into(), page(0..10, true));
        assert_eq!(numbers(&thread), Vec::from_iter(40..60), "of a stretch that is gone");
    }

    #[test]
    fn what_was_sent_is_there_at_once_and_once_and_hides_no_hole() {
        let mut thread = Thread::default();
        thread.put_newest(page(0..5, true));
        thread.put_sent(message(40));
        thread.put_sent(message(40));
        assert_eq!(numbers(&thread), [0, 1, 2, 3, 4, 40]);
        thread.put_newest(page(30..45, false));
        assert_eq!(numbers(&thread), Vec::from_iter(30..45), "5 to 29 would be a hole");
    }

    #[test]
    fn an_answer_without_words_far_up_is_read_where_it_is() {
        let mut thread = Thread::default();
        thread.put_newest(page(0..40, true));
        assert_eq!(thread.page_of(&"1#39".into()), None, "the newest page shows it");
        let end = thread.page_of(&"1#3".into()).expect("not the newest page");
        assert_eq!(end.number(), Some(4));
        let mut page = page(0..4, true);
        page.messages[3]
            .reactions
            .push(crate::model::Reaction { name: "👍".into(), by: vec![AccountId(2)] });
        thread.put_before(&end, page);
        assert_eq!(thread.messages()[3].reactions.len(), 1);
        assert_eq!(thread.messages().len(), 40);
    }

    #[test]
    fn a_conversation_with_nothing_readable_in_it_is_not_asked_for_endlessly() {
        let mut thread = Thread::default();
        thread.put_newest(page(0..0, false));
        assert_eq!(thread.older(), Older::Nothing);
    }

    #[test]
    fn memory_is_bounded() {
        let mut thread = Thread::default();
        thread.put_newest(page(0..5000, true));
        assert_eq!((thread.messages().len(), thread.older()), (MAX, Older::NoMoreHere));
        thread.close();
        assert_eq!(thread.messages().len(), MAX_CLOSED);
    }
}

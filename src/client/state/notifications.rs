//! What the service wants the user to know: read after push connects, after events, and now and then; without push more often.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Account, Attempt, Effect, Effects, Failure, Fetched, Place, State, Timer, chats::Source};
use crate::{
    client::{Notice, input::ChatsEffect},
    model::{AccountId, Notification, NotificationId, SessionId},
};

const EVERY: Duration = Duration::from_secs(10 * 60);
/// The same, where no event tells.
const EVERY_WITHOUT_PUSH: Duration = Duration::from_secs(3 * 60);
/// Readings that events cause are at least this far apart.
const APART: Duration = Duration::from_secs(10);
/// As many as one reading brings.
const MAX: usize = 100;

/// The notifications of an account.
#[derive(Default)]
pub struct NotificationsState {
    source: Source,
    list: Option<Arc<Vec<Notification>>>,
    /// Read here, whatever an older answer says.
    read: BTreeSet<NotificationId>,
}

impl NotificationsState {
    /// What was read after `since` has arrived.
    pub fn is_caught_up(&self, since: Instant) -> bool {
        self.source.was_tried_since(since)
    }

    pub fn published(&self) -> Fetched<Arc<Vec<Notification>>> {
        let fetching = self.list.is_none() && self.source.is_under_way();
        Fetched { value: self.list.clone(), fetching }
    }

    /// What is new and `is_told` by nothing else is worth a notice.
    fn put(&mut self, mut list: Vec<Notification>, is_told: impl Fn(&Notification) -> bool) -> Vec<Notice> {
        list.truncate(MAX);
        self.read.retain(|id| list.iter().any(|it| it.id == *id));
        for notification in &mut list {
            notification.is_read |= self.read.contains(&notification.id);
        }
        let is_new = |it: &&Notification| {
            let known = self.list.as_ref().is_none_or(|known| known.iter().any(|known| known.id == it.id));
            !known && !it.is_read && !is_told(it)
        };
        // One without a word is told by what it is about.
        let words =
            |it: &Notification| [&it.title, &it.text].into_iter().find(|it| !it.as_str().is_empty()).cloned();
        let titles = list.iter().filter(is_new).filter_map(words);
        let notices = titles.map(|title| Notice::Notified { title }).collect();
        self.list = Some(Arc::new(list));
        notices
    }

    fn set_read(&mut self, notifications: &[NotificationId], is_read: bool) {
        let Some(list) = &mut self.list else { return };
        for notification in Arc::make_mut(list).iter_mut().filter(|it| notifications.contains(&it.id)) {
            notification.is_read = is_read;
        }
    }
}

impl State {
    /// After push connects, and when the user asks.
    pub(super) fn refresh_notifications(&mut self, now: Instant, out: &mut Effects) {
        if let Some(account) = self.account_mut() {
            let source = &mut account.notifications.source;
            if source.has_failed() {
                source.want();
            }
            source.resume();
        }
        self.read_notifications(now, out);
    }

    /// Soon, and for many events once.
    pub(super) fn read_notifications(&mut self, now: Instant, out: &mut Effects) {
        if let Some(account) = self.account_mut() {
            let began = account.notifications.source.began();
            account.notifications.source.want_by(began.map_or(now, |began| (began + APART).max(now)));
        }
        self.notifications_due(now, out);
    }

    pub(super) fn notifications_due(&mut self, now: Instant, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(account) = self.account_mut().filter(|account| !account.stay.ended) else { return };
        let every = if account.line.is_open() { EVERY } else { EVERY_WITHOUT_PUSH };
        let is_beginning = account.line.is_beginning();
        let source = &mut account.notifications.source;
        if source.began().map_or(!is_beginning, |began| began + every <= now) {
            source.want();
        }
        if source.due(now).is_some_and(|due| due <= now) {
            source.begin(attempt, now);
            out.push(Effect::Chats(ChatsEffect::ReadNotifications { attempt }));
        }
        let poll = source.began().map(|began| began + every).filter(|at| *at > now);
        if let Some(at) = source.due(now).into_iter().chain(poll).min() {
            self.timers.set(Timer::Notifications, at);
        }
    }

    pub(super) fn notifications_read(
        &mut self,
        attempt: Attempt,
        result: Result<Vec<Notification>, Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(account) = self.account_mut() else { return };
        let invited = account.invited();
        let Account { notifications, people, .. } = account;
        match result {
            Ok(list) => {
                if notifications.source.finish(attempt) {
                    let is_first = notifications.list.is_none();
                    // Invitations and requests have notices of their own, by which they can be answered.
                    let is_told = |it: &Notification| match (&it.session, it.from) {
                        (Some(session), _) => invited.contains(session),
                        (None, Some(from)) => people.is_asked_by(from),
                        (None, None) => false,
                    };
                    let notices = notifications.put(list, is_told);
                    out.extend(notices.into_iter().map(Effect::Notify));
                    if is_first {
                        self.problems.clear(Place::Notifications);
                    }
                }
            }
            Err(failure) => {
                let is_ours = notifications.source.fail(attempt, failure.reach().pause(), now);
                let is_missed = notifications.list.is_none();
                if is_ours && (is_missed || failure.ends_sign_in()) {
                    self.fail(Place::Notifications, failure);
                }
            }
        }
        self.notifications_due(now, out);
    }

    /// Whoever answers an invitation has read what tells of it.
    pub(super) fn invitation_answered(&mut self, session: &SessionId, out: &mut Effects) {
        self.answered(|it| it.session.as_ref() == Some(session), out);
    }

    /// The same for a request.
    pub(super) fn request_answered(&mut self, from: AccountId, out: &mut Effects) {
        self.answered(|it| it.session.is_none() && it.from == Some(from), out);
    }

    fn answered(&mut self, is_about_it: impl Fn(&Notification) -> bool, out: &mut Effects) {
        let list = self.account().and_then(|account| account.notifications.list.as_ref());
        let unread = list.into_iter().flat_map(|list| list.iter()).filter(|it| !it.is_read);
        let told: Vec<_> = unread.filter(|it| is_about_it(it)).map(|it| it.id.clone()).collect();
        if !told.is_empty() {
            self.mark_notifications_read(told, out);
        }
    }

    pub(super) fn mark_notifications_read(&mut self, mut wanted: Vec<NotificationId>, out: &mut Effects) {
        self.problems.clear(Place::Notifications);
        let Some(account) = self.account_mut() else { return };
        let notifications = &mut account.notifications;
        let list = notifications.list.as_deref().map_or(&[][..], Vec::as_slice);
        wanted.retain(|id| list.iter().any(|it| it.id == *id && !it.is_read));
        if wanted.is_empty() {
            return;
        }
        notifications.set_read(&wanted, true);
        notifications.read.extend(wanted.iter().cloned());
        out.push(Effect::Chats(ChatsEffect::MarkRead { notifications: wanted }));
    }

    pub(super) fn notifications_marked(
        &mut self,
        marked: &[NotificationId],
        result: Result<(), Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        let Err(failure) = result else { return };
        let Some(account) = self.account_mut() else { return };
        let notifications = &mut account.notifications;
        notifications.set_read(marked, false);
        notifications.read.retain(|id| !marked.contains(id));
        self.fail(Place::Notifications, failure);
        // Some of them may be marked all the same.
        self.read_notifications(now, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notification(id: &str, title: &str, is_read: bool) -> Notification {
        Notification {
            id: id.into(),
            kind: "SOMETHING".into(),
            title: title.into(),
            text: "".into(),
            updated: None,
            is_read,
            from: None,
            session: None,
            image: None,
        }
    }

    #[test]
    fn only_what_is_new_and_unread_and_has_words_is_told_and_nothing_at_first() {
        let mut state = NotificationsState::default();
        assert_eq!(state.put(vec![notification("a", "before", false)], |_| false), []);
        let list = vec![
            notification("d", "", false),
            notification("c", "read elsewhere", true),
            notification("b", "news", false),
            notification("a", "before", false),
        ];
        assert_eq!(state.put(list.clone(), |_| false), [Notice::Notified { title: "news".into() }]);
        assert_eq!(state.put(list, |_| false), []);
    }

    #[test]
    fn what_something_else_tells_of_is_listed_and_not_told_again() {
        let mut state = NotificationsState::default();
        state.put(vec![], |_| false);
        let asks = Notification { from: Some(AccountId(2)), ..notification("a", "asks you", false) };
        let other = Notification { from: Some(AccountId(3)), ..notification("b", "news", false) };
        let notices = state.put(vec![asks, other], |it| it.from == Some(AccountId(2)));
        assert_eq!(notices, [Notice::Notified { title: "news".into() }]);
        assert_eq!(state.published().items().len(), 2);
    }

    #[test]
    fn what_was_read_here_stays_read_whatever_an_older_answer_says_and_the_list_is_bounded() {
        let mut state = NotificationsState::default();
        let many = || (0..500).map(|it| notification(&it.to_string(), "x", false)).collect::<Vec<_>>();
        state.put(many(), |_| false);
        state.read.insert("3".into());
        state.put(many(), |_| false);
        let list = state.published().value.expect("there");
        assert_eq!(list.len(), MAX);
        assert_eq!(list.iter().filter(|it| it.is_read).count(), 1);
    }
}

//! Notifications beside what they tell of: one event is told once, and what was answered is read.

use super::*;
use crate::model::{Notification, NotificationId};

fn notification(id: &str, session: Option<&str>) -> Notification {
    Notification {
        id: id.into(),
        kind: "SOMETHING".into(),
        title: id.into(),
        text: "".into(),
        updated: None,
        is_read: false,
        from: Some(NOVA),
        session: session.map(SessionId::from),
        image: None,
    }
}

impl Evening {
    /// The next reading brings these.
    fn notified(&mut self, list: &[Notification]) {
        self.give(Input::Command(Command::Refresh));
        let mut effects = std::mem::take(&mut self.effects);
        self.pass(Duration::from_secs(11));
        effects.append(&mut self.effects);
        let reading = effects.iter().find_map(|effect| match effect {
            Effect::Chats(ChatsEffect::ReadNotifications { attempt }) => Some(*attempt),
            _ => None,
        });
        let attempt = reading.expect("a reading of notifications");
        let result = Ok(list.to_vec());
        self.give(Input::Chats(ChatsInput::Notifications { attempt, result }));
    }

    fn notices(&self) -> usize {
        self.effects.iter().filter(|effect| matches!(effect, Effect::Notify(_))).count()
    }

    fn marked(&self) -> Vec<NotificationId> {
        let marked = self.effects.iter().filter_map(|effect| match effect {
            Effect::Chats(ChatsEffect::MarkRead { notifications }) => Some(notifications.clone()),
            _ => None,
        });
        marked.flatten().collect()
    }
}

#[test]
fn an_invitation_is_told_once_and_answering_it_reads_its_notification() {
    for answer in [Command::JoinParty("s2".into()), Command::DismissInvitation("s2".into())] {
        let mut evening = Evening::signed_in();
        evening.notified(&[]);
        evening.push("s2", Event::Invited);
        assert_eq!(evening.notices(), 1);
        let list = [notification("invited", Some("s2")), notification("elsewhere", Some("s3"))];
        evening.notified(&list);
        assert_eq!(evening.notices(), 1, "of what nothing else tells");
        evening.give(Input::Command(answer));
        assert_eq!(evening.marked(), ["invited".into()]);
        assert!(evening.screen().notifications.items().iter().any(|it| it.is_read));
    }
}

#[test]
fn answering_a_request_reads_its_notification() {
    for answer in [Command::AcceptRequest(NOVA), Command::DeclineRequest(NOVA)] {
        let mut evening = Evening::signed_in();
        evening.notified(&[notification("asks", None), notification("invited", Some("s2"))]);
        evening.give(Input::Command(answer));
        assert_eq!(evening.marked(), ["asks".into()]);
    }
}

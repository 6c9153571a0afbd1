//! What follows from what happened: a party's thread and history, notifications. Pure: time is an argument.

use super::{
    messages::{Kind, MessageKind},
    notices::NoticeKind,
    people::AccountId,
    push::{Event, guessed},
    world::State,
};

impl State {
    /// Events that these events lead to.
    pub fn aftermath(&mut self, events: &[Event], now_millis: u64) -> Vec<Event> {
        events.iter().flat_map(|event| self.follow(event, now_millis)).collect()
    }

    fn follow(&mut self, event: &Event, now_millis: u64) -> Vec<Event> {
        let session = event.data["sessionId"].as_str().unwrap_or_default();
        let account = |id: &serde_json::Value| id.as_str().and_then(|id| id.parse::<AccountId>().ok());
        match event.data_type {
            "psn:sessionManager:sys:v2:partySession:created" => {
                self.open_thread(session, &event.to, now_millis)
            }
            "psn:sessionManager:sys:v2:ps:members:created" => {
                self.follow_members(session, now_millis);
                Vec::new()
            }
            "psn:sessionManager:sys:v2:ps:members:deleted" => {
                self.follow_members(session, now_millis);
                let leaver = account(&event.data["members"][0]["accountId"]);
                let thread = self.groups.of_party_mut(session);
                let left = thread.zip(leaver).and_then(|(thread, leaver)| {
                    thread.write(leaver, MessageKind::Left, "", now_millis).ok()
                });
                left.into_iter().map(|(_, event)| event).collect()
            }
            "psn:sessionManager:sys:outside:v2:partySession:deleted" => {
                self.groups.close_party(session);
                Vec::new()
            }
            "psn:sessionManager:sys:v2:ps:invitations:created" => {
                let from = account(&event.data["customProperties"]["from"]["accountId"]);
                self.notify(&event.to, from, &NoticeKind::PartyInvitation(session.to_owned()), now_millis)
            }
            guessed::FRIEND_REQUEST_CREATED => {
                let from = account(&event.data["accountId"]);
                self.notify(&event.to, from, &NoticeKind::FriendRequest, now_millis)
            }
            _ => Vec::new(),
        }
    }

    fn open_thread(&mut self, session: &str, members: &[AccountId], now_millis: u64) -> Vec<Event> {
        let kind = Kind::Party(session.to_owned());
        // Where no more groups fit, the party goes without a thread.
        let Ok((group, mut events)) = self.groups.open(members.to_vec(), kind, now_millis) else {
            return Vec::new();
        };
        let starter = group.members().first().copied();
        let started = starter
            .and_then(|starter| group.write(starter, MessageKind::VoiceChatStarted, "", now_millis).ok());
        events.extend(started.map(|(_, event)| event));
        events
    }

    fn follow_members(&mut self, session: &str, now_millis: u64) {
        if let Some(party) = self.parties.get(session) {
            self.history.remember(party, now_millis);
            let members = party.members().iter().map(|member| member.person.account).collect();
            self.groups.seat_party(session, members);
        }
    }

    fn notify(
        &mut self,
        to: &[AccountId],
        from: Option<AccountId>,
        kind: &NoticeKind,
        now_millis: u64,
    ) -> Vec<Event> {
        let Some(from) = from.and_then(|from| self.accounts.get(from)) else { return Vec::new() };
        // Those who live here read no notifications.
        let visitors = to.iter().filter(|to| self.accounts.get(**to).is_some_and(|it| !it.resident));
        visitors.map(|to| self.notices.add(*to, kind.clone(), from, now_millis)).collect()
    }
}

//! What somebody finds who signs in for the first time: groups with history in them, a letter, a friend request, a party of
//! yesterday. Pure: time is an argument.

use super::{
    crowd::{PARTY_GUEST, PARTY_HOST},
    names,
};
use crate::sandbox::{
    messages::{Kind, MessageKind},
    people::{AccountId, ties},
    push::Event,
    world::State,
};

const MINUTE_MILLIS: u64 = 60_000;
const DAY_MILLIS: u64 = 24 * 60 * MINUTE_MILLIS;
/// The group of those who keep a party open, and what stands in it.
const HARBOR: &str = "Harbor regulars";
#[rustfmt::skip]
const TALK: [(bool, MessageKind, &str); 8] = [
    (true, MessageKind::Text, "Same time as always?"),
    (false, MessageKind::Text, "I am in. Who brings the boat?"),
    (true, MessageKind::Image, ""),
    (false, MessageKind::Sticker, ""),
    (true, MessageKind::Audio, ""),
    (false, MessageKind::Text, "ハーバーで会いましょう ⚓"),
    (true, MessageKind::Video, ""),
    (true, MessageKind::Text, "The door is open, come in when you like."),
];
/// Members of a neighbours' group besides those who signed in, at least and at most.
const ROOM: std::ops::Range<usize> = 2..9;
/// Longest history of such a group.
const LONGEST_TALK: usize = 120;
/// One group in so many is one of two.
const TWO_ONE_IN: usize = 4;

impl State {
    /// Once, before anybody signs in: groups of neighbours.
    pub fn settle(&mut self, groups: usize, now_millis: u64) {
        let neighbours = self.crowd.neighbours().to_vec();
        if neighbours.is_empty() {
            return;
        }
        for index in (0..groups).filter(|index| index % TWO_ONE_IN != 0) {
            let members = ROOM.start + index % ROOM.len();
            let members: Vec<AccountId> = neighbours
                .iter()
                .copied()
                .cycle()
                .skip(index * 11 % neighbours.len())
                .take(members)
                .collect();
            let talk = 1 + index * 37 % LONGEST_TALK;
            let began = now_millis - (index as u64 + 1) * 7 * MINUTE_MILLIS - talk as u64 * MINUTE_MILLIS;
            let Ok((group, _)) = self.groups.open(members.clone(), Kind::Several, began) else { return };
            group.name = names::group(index);
            for (n, writer) in (0..talk).zip(members.iter().cycle()) {
                let kind = if n % 17 == 5 { MessageKind::Image } else { MessageKind::Text };
                let body = if kind == MessageKind::Text { names::line(index * 3 + n) } else { "".into() };
                let sent = began + n as u64 * MINUTE_MILLIS;
                // Members, with lines that fit.
                let _ = group.write(*writer, kind, &body, sent);
            }
            self.crowd.keep_room(group.id.clone());
        }
    }

    /// For somebody who is new, and for those who are friends with them now. Nothing else where nobody lives.
    pub fn welcome(&mut self, visitor: AccountId, groups: usize, now_millis: u64) -> Vec<Event> {
        let friends: Vec<_> = self.accounts.visitors().map(|it| it.id).filter(|it| *it != visitor).collect();
        let mut events = ties::joined(visitor, friends.into_iter());
        let (Some(talkers), Some(strangers)) = (self.crowd.talkers(), self.crowd.strangers()) else {
            return events;
        };
        if let (Some(host), Some(guest)) = (self.crowd.friend(PARTY_HOST), self.crowd.friend(PARTY_GUEST)) {
            self.open_harbor([host, guest, strangers.accepts, strangers.declines], now_millis);
            let met = [host, strangers.accepts].into_iter();
            self.history.meet(visitor, "yesterday", "Fog bell", met, now_millis - DAY_MILLIS);
        }
        for room in self.crowd.rooms() {
            self.groups.admit(room, visitor);
        }
        let neighbours: Vec<AccountId> =
            self.crowd.neighbours().iter().copied().step_by(3).take(groups.div_ceil(TWO_ONE_IN)).collect();
        for (index, neighbour) in neighbours.into_iter().enumerate() {
            let sent = now_millis - (index as u64 + 1) * 31 * MINUTE_MILLIS;
            events.extend(self.write_to(neighbour, visitor, &names::line(index), sent));
        }
        events.extend(self.write_to(
            talkers.nova,
            visitor,
            "Hello! Invite me to a party, I like to talk.",
            now_millis,
        ));
        events.extend(self.ties.befriend(strangers.asks, visitor, now_millis).unwrap_or_default());
        events
    }

    /// A letter from one to the other.
    pub(super) fn write_to(
        &mut self,
        from: AccountId,
        to: AccountId,
        text: &str,
        now_millis: u64,
    ) -> Vec<Event> {
        if self.ties.has_blocked(to, from) {
            return Vec::new();
        }
        let Ok((group, mut events)) = self.groups.open(vec![from, to], Kind::Two, now_millis) else {
            return Vec::new();
        };
        let written = group.write(from, MessageKind::Text, text, now_millis).ok();
        events.extend(written.map(|(_, event)| event));
        events
    }

    fn open_harbor(&mut self, members: [AccountId; 4], now_millis: u64) {
        if self.crowd.harbor().is_some() {
            return;
        }
        let [host, guest, ..] = members;
        let began = now_millis - 2 * DAY_MILLIS;
        let Ok((group, _)) = self.groups.open(members.to_vec(), Kind::Several, began) else { return };
        group.name = HARBOR.to_owned();
        group.favorite = true;
        for ((by_host, kind, body), n) in TALK.into_iter().zip(1..) {
            // Members, with lines that fit.
            let _ = group.write(if by_host { host } else { guest }, kind, body, began + n * MINUTE_MILLIS);
        }
        if let Some(newest) = group.newest() {
            let _ = group.react(guest, &newest, "👍");
        }
        self.crowd.keep_harbor(group.id.clone());
    }
}

//! Parties in sentences: who asks one in, what is behind a link, what going in means. Pure.

use jiff::Timestamp;

use super::{ago, names, party_name, platform};
use crate::{
    model::{
        AccountId, Group, GroupMember, Invitation, LinkPreview, OnlineId, PartySession, PastParty, Platform,
    },
    ui::display::one_line,
};

/// Who invites to what, and who is there.
pub fn invitation(invitation: &Invitation) -> (String, String) {
    let who = inviter(invitation);
    let title = match invitation.party_name.trim() {
        "" => format!("{who} invites you to a party"),
        name => format!("{who} invites you to “{}”", one_line(name)),
    };
    let subtitle = match invitation.members.len() {
        0 => String::new(),
        count => format!("{} · {}", people(count), names(invitation.members.iter().map(OnlineId::as_str))),
    };
    (title, subtitle)
}

pub fn inviter(invitation: &Invitation) -> String {
    invitation.from.as_ref().map_or("Somebody".to_owned(), |from| one_line(from.as_str()))
}

/// `2 of 8 · Nova, bramble`.
pub fn inside<'a>(count: usize, limit: Option<u32>, who: impl IntoIterator<Item = &'a str>) -> String {
    let count = match limit {
        Some(limit) => format!("{count} of {limit}"),
        None => people(count),
    };
    match names(who) {
        who if who.is_empty() => count,
        who => format!("{count} · {who}"),
    }
}

pub fn people(count: usize) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// How many a party may hold.
pub fn places(limit: u32) -> String {
    format!("{limit} places")
}

/// `1 person is`, `3 people are`.
pub fn are(count: usize) -> String {
    format!("{} {}", people(count), if count == 1 { "is" } else { "are" })
}

/// More are asked than fit in.
pub fn too_few_places(free: usize) -> String {
    match free {
        0 => "The party is full. They can join when somebody leaves.".to_owned(),
        1 => "There is one place left: the first to come gets it.".to_owned(),
        free => format!("There are {free} places left: the first to come get them."),
    }
}

/// What goes before another party can be entered.
pub fn leaves_first(session: &PartySession) -> String {
    let name = party_name(session);
    match session.members.len() {
        0 | 1 => format!("Joining another party ends “{name}”: nobody else is in it."),
        _ => format!("Joining another party leaves “{name}”. The others stay in it."),
    }
}

/// The name of a group, or who is in it beside `me`.
pub fn group_name(group: &Group, me: AccountId) -> String {
    if !group.name.trim().is_empty() {
        return one_line(&group.name);
    }
    match names(known(&group.members, me)) {
        who if who.is_empty() => "a group".to_owned(),
        who => who,
    }
}

/// What it was called, or who was in it; and below it the rest.
pub fn past_party(party: &PastParty, me: AccountId, now: Timestamp) -> (String, String) {
    let who = names(known(&party.members, me));
    let when = party.when.map(|when| format!("Last together {}", ago(when, now)));
    let (title, rest) = match party.name.trim() {
        "" if who.is_empty() => ("Somebody".to_owned(), String::new()),
        "" => (who, String::new()),
        name => (one_line(name), who),
    };
    let below: Vec<String> = [rest].into_iter().filter(|rest| !rest.is_empty()).chain(when).collect();
    (title, below.join(" · "))
}

fn known(members: &[GroupMember], me: AccountId) -> impl Iterator<Item = &str> {
    let others = members.iter().filter(move |member| member.account != me);
    others.filter_map(|member| member.online_id.as_ref()).map(OnlineId::as_str)
}

/// The name of a party behind a link, or whose it is.
pub fn linked_name(party: &LinkPreview) -> String {
    let host = party.members.iter().find(|member| member.is_host).and_then(|host| host.known.as_ref());
    match (party.name.trim(), host) {
        ("", Some((_, host))) => format!("{}’s party", one_line(host.as_str())),
        ("", None) => "A party".to_owned(),
        (name, _) => one_line(name),
    }
}

/// `3 of 16 · started 20 minutes ago · from PS4, PS5, Phone`.
pub fn linked_facts(party: &LinkPreview, now: Timestamp) -> String {
    let mut facts = vec![format!("{} of {}", party.members.len(), party.max_members)];
    facts.extend(party.started.map(|then| format!("started {}", ago(then, now))));
    let from: Vec<&str> = party.joinable_from.iter().copied().filter_map(platform).collect();
    if !from.is_empty() {
        facts.push(format!("join from {}", from.join(", ")));
    }
    facts.join(" · ")
}

/// Whether one can go in by a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Open,
    Inside,
    Full,
    /// Not from a device like this one.
    OtherDevices,
    Closed,
}

impl Door {
    /// `current` is the party the user is in.
    pub fn of(party: &LinkPreview, current: Option<&PartySession>) -> Self {
        let here = current.is_some_and(|current| current.id == party.session);
        // To the service this program is the phone app.
        let from_here = party.joinable_from.is_empty() || party.joinable_from.contains(&Platform::Mobile);
        if here || party.is_inside {
            Self::Inside
        } else if party.members.len() >= party.max_members as usize {
            Self::Full
        } else if !party.is_joinable {
            Self::Closed
        } else if !from_here {
            Self::OtherDevices
        } else {
            Self::Open
        }
    }

    /// Why one cannot, and what helps.
    pub fn explanation(self) -> Option<&'static str> {
        match self {
            Self::Open => None,
            Self::Inside => Some("You are in this party already."),
            Self::Full => Some("It is full. You can join when somebody leaves."),
            Self::OtherDevices => Some("It lets nobody in from here, only from a console."),
            Self::Closed => Some("It lets nobody in by this link now. Ask for an invitation."),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::LinkMember;

    fn linked(inside: usize) -> LinkPreview {
        let member = |i| LinkMember {
            known: (i == 0).then(|| (AccountId(11), OnlineId::from("Nova"))),
            platform: Platform::Ps5,
            is_host: i == 0,
        };
        LinkPreview {
            session: "squad".into(),
            name: String::new(),
            is_joinable: true,
            joinable_from: vec![Platform::Ps5, Platform::Mobile],
            poll_every: Duration::from_secs(5),
            max_members: 4,
            started: None,
            image: None,
            is_inside: false,
            members: (0..inside).map(member).collect(),
        }
    }

    #[test]
    fn the_door_behind_a_link_is_open_only_to_whom_it_lets_in() {
        assert_eq!(Door::of(&linked(3), None), Door::Open);
        assert_eq!(Door::of(&linked(4), None), Door::Full);
        assert_eq!(Door::of(&LinkPreview { is_joinable: false, ..linked(1) }, None), Door::Closed);
        assert_eq!(Door::of(&LinkPreview { is_inside: true, ..linked(4) }, None), Door::Inside);
        let consoles = vec![Platform::Ps4, Platform::Ps5];
        let party = LinkPreview { joinable_from: consoles, ..linked(1) };
        assert_eq!(Door::of(&party, None), Door::OtherDevices);
        assert_eq!(Door::of(&LinkPreview { joinable_from: Vec::new(), ..linked(1) }, None), Door::Open);
    }

    #[test]
    fn a_party_without_a_name_is_the_hosts() {
        let now: Timestamp = "2026-05-01T12:00:00Z".parse().expect("a time");
        assert_eq!(linked_name(&linked(2)), "Nova’s party");
        assert_eq!(linked_name(&linked(0)), "A party");
        let started = Some(now - jiff::SignedDuration::from_mins(20));
        let party = LinkPreview { started, ..linked(2) };
        assert_eq!(linked_facts(&party, now), "2 of 4 · started 20 minutes ago · join from PS5, Phone");
    }

    #[test]
    fn a_past_party_is_told_by_its_name_or_its_people() {
        let now: Timestamp = "2026-05-01T12:00:00Z".parse().expect("a time");
        let member = |account, name: &str| GroupMember {
            account: AccountId(account),
            online_id: Some(OnlineId::from(name)),
        };
        let mut party = PastParty {
            session: None,
            name: String::new(),
            members: vec![member(1, "me"), member(2, "Odalys"), member(3, "Pell")],
            when: Some(now - jiff::SignedDuration::from_hours(30)),
        };
        let told = past_party(&party, AccountId(1), now);
        assert_eq!(told, ("Odalys, Pell".to_owned(), "Last together yesterday".to_owned()));
        party.name = "Race night".to_owned();
        let told = past_party(&party, AccountId(1), now);
        assert_eq!(told, ("Race night".to_owned(), "Odalys, Pell · Last together yesterday".to_owned()));
    }
}

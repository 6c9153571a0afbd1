//! Who of the friends is where: sorted, searched, and put under headings. Pure.

use crate::{
    model::{AccountId, Availability, Friend, PartySession, SessionId},
    ui::wording,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    InParty,
    Online,
    Offline,
}

/// Friends under one heading, as indices into the list.
#[derive(Debug, PartialEq, Eq)]
pub struct Group {
    pub kind: Kind,
    pub entries: Vec<Entry>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    pub index: usize,
    pub party: Option<InParty>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InParty {
    pub name: String,
    /// For the pill beside a friend: an unnamed party's full name would only repeat theirs.
    pub short: String,
    pub session: SessionId,
    pub ours: bool,
    pub joinable: bool,
}

/// Online first, then by name whatever its case.
pub fn sorted(friends: &[Friend]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..friends.len()).collect();
    order.sort_by_cached_key(|&i| {
        friends.get(i).map(|f| (!is_online(f), f.profile.online_id.as_str().to_lowercase()))
    });
    order
}

pub fn is_online(friend: &Friend) -> bool {
    friend.presence.as_ref().is_some_and(|p| p.availability == Availability::Online)
}

pub fn matches(friend: &Friend, search: &str) -> bool {
    friend.profile.online_id.as_str().to_lowercase().contains(&search.trim().to_lowercase())
}

pub fn group(
    friends: &[Friend],
    parties: &[PartySession],
    current: Option<&PartySession>,
    search: &str,
) -> Vec<Group> {
    let party_of = |account: AccountId| {
        let inside = |session: &&PartySession| session.members.iter().any(|m| m.account == account);
        let ours = current.into_iter().find(inside).map(|session| (session, true));
        let (session, ours) = ours.or_else(|| parties.iter().find(inside).map(|session| (session, false)))?;
        let joinable = session.joinable && !ours;
        let name = wording::party_name(session);
        let short = match (session.name.trim(), ours, joinable) {
            ("", true, _) => "your party".to_owned(),
            ("", false, true) => "open party".to_owned(),
            ("", false, false) => "in a party".to_owned(),
            _ => name.clone(),
        };
        Some(InParty { name, short, session: session.id.clone(), ours, joinable })
    };
    let mut groups =
        [Kind::InParty, Kind::Online, Kind::Offline].map(|kind| Group { kind, entries: Vec::new() });
    for index in sorted(friends) {
        let Some(friend) = friends.get(index).filter(|friend| matches(friend, search)) else { continue };
        let party = party_of(friend.profile.account);
        let [in_party, online, offline] = &mut groups;
        let group = match (&party, is_online(friend)) {
            (Some(_), _) => in_party,
            (None, true) => online,
            (None, false) => offline,
        };
        group.entries.push(Entry { index, party });
    }
    groups.into_iter().filter(|group| !group.entries.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Member, OnlineId, Platform, Presence, Privacy, Profile};

    fn friend(id: u64, name: &str, online: bool) -> Friend {
        let availability = if online { Availability::Online } else { Availability::Offline };
        Friend {
            profile: Profile::named(AccountId(id), name),
            presence: Some(Presence { availability, platform: None, game: None, last_online: None }),
        }
    }

    fn party(name: &str, members: &[u64]) -> PartySession {
        PartySession {
            id: SessionId::from(name),
            name: name.to_owned(),
            privacy: Privacy::FriendsCanJoin,
            max_members: 16,
            owner: None,
            members: members
                .iter()
                .map(|id| Member {
                    account: AccountId(*id),
                    online_id: OnlineId::from("x"),
                    platform: Platform::Ps5,
                    join_order: 0,
                    muted: false,
                    connected_to: None,
                })
                .collect(),
            bridge: None,
            joinable: true,
            request_to_join: false,
            created: None,
        }
    }

    #[test]
    fn friends_in_a_party_come_first_then_those_online_by_name_whatever_its_case() {
        let friends = [
            friend(1, "zeta", true),
            friend(2, "Alpha", true),
            friend(3, "beta", false),
            friend(4, "Nova", true),
        ];
        let groups = group(&friends, &[party("Sunday squad", &[4])], None, "");
        let shown: Vec<(Kind, Vec<usize>)> =
            groups.iter().map(|g| (g.kind, g.entries.iter().map(|e| e.index).collect())).collect();
        assert_eq!(shown, [(Kind::InParty, vec![3]), (Kind::Online, vec![1, 0]), (Kind::Offline, vec![2])]);
    }

    #[test]
    fn a_friend_in_my_own_party_cannot_be_joined() {
        let friends = [friend(1, "Nova", true)];
        let ours = party("Mine", &[1]);
        let groups = group(&friends, &[party("Other", &[1])], Some(&ours), "");
        let party = groups[0].entries[0].party.as_ref().expect("in a party");
        assert!(party.ours && !party.joinable);
        assert_eq!(party.name, "Mine");
    }

    #[test]
    fn the_search_ignores_case_and_blanks() {
        let friends = [friend(1, "Kestrel_9", true), friend(2, "Nova", true)];
        let groups = group(&friends, &[], None, " KEST ");
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].entries.len(), 1);
    }
}

//! Everybody a snapshot knows something of: who they are, whatever part of it says so. Pure.

use super::{PartyState, SignedIn};
use crate::model::{AccountId, OnlineId, Profile};

impl SignedIn {
    /// Whoever a name is there for, friends first. Somebody may be there several times.
    pub fn names(&self) -> impl Iterator<Item = (AccountId, &OnlineId)> {
        let profiles = self.profiles().map(|profile| (profile.account, &profile.online_id));
        let current = match &self.party {
            PartyState::Joined(party) => Some(&party.session),
            PartyState::None | PartyState::Joining | PartyState::Leaving => None,
        };
        let sessions = current.into_iter().chain(self.parties.items());
        let inside = sessions.flat_map(|session| &session.members);
        let inside = inside.map(|member| (member.account, &member.online_id));
        let inviting = self.invitations.iter();
        let inviting = inviting.filter_map(|it| Some((it.from_account?, it.from.as_ref()?)));
        let open = self.open_parties.iter().flat_map(|party| &party.members);
        let past = self.past_parties.items().iter().flat_map(|party| &party.members);
        let groups = self.chats.list.items().iter().flat_map(|chat| &chat.group.members);
        let members = open.chain(past).chain(groups);
        let members = members.filter_map(|member| Some((member.account, member.online_id.as_ref()?)));
        profiles.chain(inside).chain(inviting).chain(members)
    }

    /// Whoever has a profile here, friends first.
    pub fn profiles(&self) -> impl Iterator<Item = &Profile> {
        let friends = self.friends.items().iter().map(|friend| &friend.profile);
        let card = self.people.card.as_ref().map(|card| &card.profile);
        let requests = self.people.requests.items().iter().map(|request| &request.from);
        friends.chain(card).chain(requests).chain(self.people.blocked.items())
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Instant};

    use super::*;
    use crate::{
        client::{Card, Played, ReceivedRequest},
        model::{GroupMember, Invitation, OpenParty},
    };

    #[test]
    fn whoever_is_on_screen_anywhere_has_a_name() {
        let profile = |id: u64| Profile::named(AccountId(id), id.to_string().as_str());
        let mut signed_in = SignedIn::new(profile(1), Instant::now());
        signed_in.people.requests.value =
            Some(Arc::new(vec![ReceivedRequest { from: profile(2), requested: None }]));
        signed_in.people.blocked.value = Some(Arc::new(vec![profile(3)]));
        signed_in.people.card = Some(Box::new(Card {
            profile: profile(4),
            presence: None,
            summary: None,
            played: Played::Hidden,
            blocked: false,
        }));
        signed_in.invitations = Arc::new(vec![Invitation {
            session: "s".into(),
            from: Some("5".into()),
            from_account: Some(AccountId(5)),
            party_name: String::new(),
            members: Vec::new(),
        }]);
        signed_in.open_parties = Arc::new(vec![OpenParty {
            session: "t".into(),
            group: None,
            name: String::new(),
            members: vec![GroupMember { account: AccountId(6), online_id: Some("6".into()) }],
            max_members: None,
        }]);
        let mut named: Vec<_> = signed_in.names().map(|(account, name)| (account.0, name.as_str())).collect();
        named.sort_unstable();
        assert_eq!(named, [(2, "2"), (3, "3"), (4, "4"), (5, "5"), (6, "6")]);
    }
}

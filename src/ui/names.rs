//! Who an account is, as far as anything that the window has says. Pure.

use crate::{
    client::{PartyState, SignedIn},
    model::{AccountId, GroupMember, OnlineId},
};

/// The name of `account`: a friend's, that of somebody in the party, in a group or in a party of before.
pub fn known<'a>(signed_in: &'a SignedIn, account: AccountId) -> Option<&'a OnlineId> {
    let profiles = signed_in.friends.items().iter().map(|friend| &friend.profile);
    let friend =
        profiles.filter(|profile| profile.account == account).map(|profile| &profile.online_id).next();
    friend.or_else(|| in_party(signed_in, account)).or_else(|| {
        let groups = signed_in.chats.list.items().iter().flat_map(|chat| &chat.group.members);
        let past = signed_in.past_parties.items().iter().flat_map(|party| &party.members);
        let is = |member: &&'a GroupMember| member.account == account && member.online_id.is_some();
        groups.chain(past).find(is).and_then(|member| member.online_id.as_ref())
    })
}

fn in_party(signed_in: &SignedIn, account: AccountId) -> Option<&OnlineId> {
    let PartyState::Joined(party) = &signed_in.party else { return None };
    let mut members = party.session.members.iter();
    members.find(|member| member.account == account).map(|member| &member.online_id)
}

//! How the user and somebody stand to each other. Pure.

use crate::{
    client::{Card, SignedIn},
    model::FriendRelation,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    Oneself,
    Friend,
    /// They want to be friends.
    Asks,
    /// The user wants to be friends.
    Asked,
    Stranger,
    Blocked,
}

impl Tie {
    /// Lists that are kept up to date say more than the card, which was read once.
    pub fn of(signed_in: &SignedIn, card: &Card) -> Self {
        let account = card.profile.account;
        let people = &signed_in.people;
        let friends = &signed_in.friends;
        let relation = card.summary.as_ref().map(|summary| summary.relation);
        if account == signed_in.me.account {
            Self::Oneself
        } else if card.blocked {
            Self::Blocked
        } else if friends.items().iter().any(|friend| friend.profile.account == account) {
            Self::Friend
        } else if people.requests.items().iter().any(|request| request.from.account == account) {
            Self::Asks
        } else if people.asked.contains(&account) {
            Self::Asked
        } else {
            match relation {
                Some(FriendRelation::Friend) if friends.value.is_none() => Self::Friend,
                Some(FriendRelation::Asks) if people.requests.value.is_none() => Self::Asks,
                Some(FriendRelation::Requested) => Self::Asked,
                _ => Self::Stranger,
            }
        }
    }
}

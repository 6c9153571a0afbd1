//! About friends, requests, blocks and cards: what happened, and what to do.

use std::collections::HashMap;

use super::{Attempt, Failure};
use crate::model::{
    AccountId, FriendRequest, FriendSummary, FriendsPage, OnlineId, PlayedTitle, Presence, Profile,
};

/// What happened.
#[derive(Debug)]
pub enum PeopleInput {
    Friends {
        attempt: Attempt,
        result: Result<FriendsPage, Failure>,
    },
    Profiles {
        attempt: Attempt,
        result: Result<Vec<Profile>, Failure>,
    },
    Presences {
        attempt: Attempt,
        result: Result<HashMap<AccountId, Presence>, Failure>,
    },
    Requests {
        attempt: Attempt,
        result: Result<Vec<FriendRequest>, Failure>,
    },
    Blocked {
        attempt: Attempt,
        result: Result<Vec<AccountId>, Failure>,
    },
    /// `None`: the service does not say.
    Appearance {
        attempt: Attempt,
        result: Result<Option<bool>, Failure>,
    },
    AppearanceSet {
        attempt: Attempt,
        result: Result<(), Failure>,
    },
    Decided {
        attempt: Attempt,
        account: AccountId,
        result: Result<(), Failure>,
    },
    RealNameShared {
        account: AccountId,
        result: Result<(), Failure>,
    },
    /// `None`: nobody has this name.
    Found {
        attempt: Attempt,
        result: Result<Option<AccountId>, Failure>,
    },
    Card {
        attempt: Attempt,
        part: CardPart,
    },
}

/// What a card is put together from, in the order it comes.
#[derive(Debug)]
pub enum CardPart {
    Profile(Result<Option<Profile>, Failure>),
    Presence(Result<Option<Presence>, Failure>),
    Summary(Result<FriendSummary, Failure>),
    /// `None`: they keep it to themselves.
    Played(Result<Option<Vec<PlayedTitle>>, Failure>),
}

/// What the user decides about somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Says yes to their request.
    Accept,
    Decline,
    /// Sends a request.
    Ask,
    /// Ends the friendship, or withdraws a request.
    Unfriend,
    Block,
    Unblock,
}

/// What to do. Each is one call, but where its text says otherwise.
#[derive(Debug, PartialEq)]
pub enum PeopleEffect {
    /// The page of the list that begins there.
    ReadFriends {
        attempt: Attempt,
        offset: usize,
    },
    /// Of a page at most. One that the service does not know spoils a page: then it takes some calls more.
    ReadProfiles {
        attempt: Attempt,
        accounts: Vec<AccountId>,
    },
    /// Of a page at most.
    ReadPresences {
        attempt: Attempt,
        accounts: Vec<AccountId>,
    },
    ReadRequests {
        attempt: Attempt,
    },
    ReadBlocked {
        attempt: Attempt,
    },
    ReadAppearance {
        attempt: Attempt,
    },
    SetAppearOffline {
        attempt: Attempt,
        offline: bool,
    },
    Decide {
        attempt: Attempt,
        account: AccountId,
        decision: Decision,
    },
    ShareRealName(AccountId),
    FindPerson {
        attempt: Attempt,
        name: OnlineId,
    },
    /// All parts, a call for each.
    ReadCard {
        attempt: Attempt,
        account: AccountId,
    },
    ReadCardPresence {
        attempt: Attempt,
        account: AccountId,
    },
    ReadCardSummary {
        attempt: Attempt,
        account: AccountId,
    },
}

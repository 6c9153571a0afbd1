//! People: profiles, presence, friends.

use super::{AccountId, OnlineId, Platform};

/// Who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub account: AccountId,
    pub online_id: OnlineId,
}

/// Whether somebody can be reached now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Availability {
    Online,
    Offline,
}

/// What somebody is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    pub availability: Availability,
    pub platform: Option<Platform>,
    /// The title of the running game.
    pub game: Option<String>,
    pub last_online: Option<jiff::Timestamp>,
}

/// A friend. `presence` is `None` until it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Friend {
    pub profile: Profile,
    pub presence: Option<Presence>,
}

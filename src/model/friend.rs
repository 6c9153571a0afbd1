//! People: profiles, presence, friends, requests to become one, what they played.

use jiff::Timestamp;

use super::{AccountId, ImageUrl, OnlineId, Platform, PrivateText, TitleId};

/// Who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub account: AccountId,
    pub online_id: OnlineId,
    /// Of the sizes offered the one nearest 128 pixels.
    pub avatar: Option<ImageUrl>,
    /// Empty where nothing was written.
    pub about_me: PrivateText,
    /// As the service names them: `en-US`.
    pub languages: Vec<String>,
    /// Subscribes to PlayStation Plus.
    pub is_plus: bool,
    /// The service vouches for who this is.
    pub is_verified: bool,
}

impl Profile {
    /// Somebody of whom no more than the name is known.
    pub fn named(account: AccountId, online_id: impl Into<OnlineId>) -> Self {
        Self {
            account,
            online_id: online_id.into(),
            avatar: None,
            about_me: PrivateText::from(""),
            languages: Vec::new(),
            is_plus: false,
            is_verified: false,
        }
    }
}

/// Whether somebody can be reached now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Availability {
    Online,
    Offline,
}

/// A game that somebody has running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Game {
    /// Two people with the same one play the same game; one game has several, so the reverse does not hold.
    pub title_id: Option<TitleId>,
    pub title: String,
    pub icon: Option<ImageUrl>,
}

impl Game {
    /// A game of which no more than the title is known.
    pub fn titled(title: impl Into<String>) -> Self {
        Self { title_id: None, title: title.into(), icon: None }
    }
}

/// What somebody is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    pub availability: Availability,
    pub platform: Option<Platform>,
    pub game: Option<Game>,
    pub last_online: Option<Timestamp>,
}

/// A friend. `presence` is `None` until it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Friend {
    pub profile: Profile,
    pub presence: Option<Presence>,
}

/// A part of the list of friends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FriendsPage {
    pub friends: Vec<AccountId>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<usize>,
    /// How many friends there are in all, where the service says.
    pub total: Option<usize>,
}

/// Somebody wants to be our friend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FriendRequest {
    pub from: AccountId,
    pub requested: Option<Timestamp>,
}

/// How two accounts stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FriendRelation {
    Friend,
    /// Neither asked the other.
    Stranger,
    /// We asked.
    Requested,
    /// They asked.
    Asks,
    /// In a word that nobody has described.
    Unknown,
}

/// How close somebody is. The shape of the answer is a guess **\[I\]**.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FriendSummary {
    pub relation: FriendRelation,
    /// They see our real name, or we theirs: in the service's own word **[?]**.
    pub real_name_sharing: Option<String>,
    /// `None` where the other keeps it to themselves.
    pub friends: Option<u32>,
    /// Friends of both.
    pub mutual_friends: Option<u32>,
}

/// A game that somebody played lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayedTitle {
    pub game: Game,
    pub last_played: Option<Timestamp>,
    pub times_played: Option<u32>,
}

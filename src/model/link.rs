//! What a shared party link shows before one goes in.

use std::time::Duration;

use jiff::Timestamp;

use super::{AccountId, ImageUrl, OnlineId, Platform, SessionId};

/// The party behind a link, as anybody may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkPreview {
    pub session: SessionId,
    /// Empty where nobody named it.
    pub name: String,
    pub is_joinable: bool,
    /// What one may enter from; empty where the service does not say.
    pub joinable_from: Vec<Platform>,
    /// It may be asked about again after this long, and no sooner.
    pub poll_every: Duration,
    pub max_members: u32,
    pub started: Option<Timestamp>,
    pub image: Option<ImageUrl>,
    /// Whoever asks is in it already; never true where nobody says who asks.
    pub is_inside: bool,
    pub members: Vec<LinkMember>,
}

/// Somebody in a party behind a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkMember {
    /// `None` for those whose name strangers may not see.
    pub known: Option<(AccountId, OnlineId)>,
    pub platform: Platform,
    pub is_host: bool,
}

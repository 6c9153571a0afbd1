//! A party, its members and invitations to it.

use jiff::Timestamp;

use super::{AccountId, BridgeId, BridgeToken, OnlineId, SessionId};

/// What a member plays or talks from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Platform {
    Ps4,
    Ps5,
    Mobile,
    Pc,
    Unknown,
}

/// Who may see and enter a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Privacy {
    #[default]
    InviteOnly,
    FriendsCanJoin,
}

/// The voice bridge a session is linked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    pub id: BridgeId,
    pub token: BridgeToken,
}

/// One member of a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub account: AccountId,
    pub online_id: OnlineId,
    pub platform: Platform,
    pub join_order: u32,
    /// The member says they muted themselves.
    pub muted: bool,
    /// The member switched voice chat off as a whole.
    pub voice_off: bool,
    /// Whom the member says they hear. `None`: they have not said, so they are still connecting.
    pub connected_to: Option<Vec<AccountId>>,
}

/// A party as the service last described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartySession {
    pub id: SessionId,
    /// Empty where nobody named it.
    pub name: String,
    pub privacy: Privacy,
    pub max_members: u32,
    pub owner: Option<AccountId>,
    /// In the order they joined.
    pub members: Vec<Member>,
    pub bridge: Option<Bridge>,
    /// The service says the asking user may enter.
    pub joinable: bool,
    /// The service says the asking user may ask to be let in. How to ask was never captured **[?]**.
    pub request_to_join: bool,
    pub created: Option<Timestamp>,
}

impl PartySession {
    /// The most a party can hold.
    pub const MAX_MEMBERS: u32 = 16;
    /// A party of one is none.
    pub const MIN_LIMIT: u32 = 2;
}

/// An open invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub session: SessionId,
    pub from: Option<OnlineId>,
    pub from_account: Option<AccountId>,
    /// Empty where the party has none or it is not known.
    pub party_name: String,
    /// Online ids of those inside, as far as known.
    pub members: Vec<OnlineId>,
}

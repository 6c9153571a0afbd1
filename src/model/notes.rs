//! What this program remembers for an account, and the service does not.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::SystemTime,
};

use super::{AccountId, GroupId, Invitation, MessageUid, Profile};

/// Kept for an account that is kept, and gone with it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Notes {
    /// On top of every list.
    pub favorites: BTreeSet<AccountId>,
    /// Heard of by push alone, and their party is not known to be over. Oldest first.
    pub invitations: Vec<Invitation>,
    /// The newest message of each group that was on screen.
    pub read_up_to: BTreeMap<GroupId, MessageUid>,
    /// Who friends are: asked for once, not at every start.
    pub profiles: Vec<Profile>,
    /// The service wants to be left alone until then, by the computer's clock.
    pub pause_until: Option<SystemTime>,
}

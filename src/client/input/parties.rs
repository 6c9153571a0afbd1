//! About lists of parties, invitations, links and the past: what happened, and what to do.

use super::{Attempt, Failure};
use crate::{
    model::{AccountId, Invitation, LinkPreview, OpenParty, PartyLink, PartySession, PastParty, SessionId},
    psn::PartyChange,
};

/// What happened.
#[derive(Debug)]
pub enum PartiesInput {
    /// Parties the user may see.
    Visible {
        attempt: Attempt,
        result: Result<Vec<PartySession>, Failure>,
    },
    Invitations {
        attempt: Attempt,
        result: Result<Vec<Invitation>, Failure>,
    },
    /// Of the user's groups.
    Open {
        attempt: Attempt,
        result: Result<Vec<OpenParty>, Failure>,
    },
    /// The party of an invitation that no list shows.
    Checked {
        session: SessionId,
        result: Result<PartySession, Failure>,
    },
    Past {
        attempt: Attempt,
        result: Result<Vec<PastParty>, Failure>,
    },
    Linked {
        attempt: Attempt,
        result: Result<LinkPreview, Failure>,
    },
    Changed {
        session: SessionId,
        change: PartyChange,
        result: Result<(), Failure>,
    },
    MemberRemoved {
        session: SessionId,
        account: AccountId,
        result: Result<(), Failure>,
    },
    Shared {
        session: SessionId,
        result: Result<PartyLink, Failure>,
    },
}

/// What to do.
#[derive(Debug, PartialEq)]
pub enum PartiesEffect {
    /// `invited`: where the user is known to be invited.
    ReadVisible {
        attempt: Attempt,
        invited: Vec<SessionId>,
    },
    ReadInvitations {
        attempt: Attempt,
    },
    ReadOpen {
        attempt: Attempt,
    },
    Check(SessionId),
    ReadPast {
        attempt: Attempt,
    },
    Preview {
        attempt: Attempt,
        link: PartyLink,
    },
    Change {
        session: SessionId,
        change: PartyChange,
    },
    RemoveMember {
        session: SessionId,
        account: AccountId,
    },
    Share(SessionId),
}

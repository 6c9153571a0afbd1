//! What the program of one member says to another's about a voice connection between the two.

use std::fmt;

use super::{AccountId, Answer, Offer, Platform};

/// One half of a negotiation. Never printed: descriptions hold addresses.
#[derive(Clone, PartialEq, Eq)]
pub struct Signal {
    pub from: AccountId,
    pub from_platform: Platform,
    pub to: AccountId,
    pub to_platform: Platform,
    pub description: Description,
    /// Grows with each offer of its sender to the same member; an answer repeats its offer's.
    pub sequence: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Description {
    Offer(Offer),
    Answer(Answer),
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signal({}, {:?})", self.sequence, self.description)
    }
}

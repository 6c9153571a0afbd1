//! About voice connections to other members: what happened, and what to do.

use super::Failure;
use crate::model::{AccountId, Answer, Offer, Platform, SessionId};

/// What happened. `connection`: the one it was done for.
#[derive(Debug)]
pub enum LinksInput {
    /// Our offer or answer is on its way to the member, or it could not be made or sent.
    Signalled { connection: u64, result: Result<(), Failure> },
    /// Their answer was taken in.
    Accepted { connection: u64, result: Result<(), Failure> },
}

/// What to do.
#[derive(Debug, PartialEq)]
pub enum LinksEffect {
    Offer { connection: u64, recipient: Recipient },
    Answer { connection: u64, recipient: Recipient, offer: Offer },
    Accept { connection: u64, answer: Answer },
    Close { connection: u64 },
}

/// Whom a message is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    pub session: SessionId,
    pub account: AccountId,
    pub platform: Platform,
    pub sequence: u64,
}

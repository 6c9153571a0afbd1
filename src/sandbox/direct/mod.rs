//! Members talking to each other without a bridge (section 6 of the protocol), as residents do it: offers and answers
//! through `customMessage`, then ICE, DTLS and SRTP from one to the other.
//!
//! ```text
//! push hub ─▶ Member (a task for each resident in a party) ─▶ Links (who offers, who gives way: pure)
//!                        │                                       │
//!                        ▼                                       ▼
//!             Sound (a thread for each resident) ◀─ packets ─▶ Peer (a connection for each other member)
//! ```
//!
//! | module | owns |
//! |---|---|
//! | `frame` | the 44-byte header, the numbered text, and what the service refuses |
//! | `signal` | the JSON inside: offers and answers |
//! | `links` | one line to each other member at most: offers, answers, crossings, retries |
//! | `member` | one resident in one party: signals in, connections and signals out |
//! | `peer` | one connection, and its packets |
//! | `terms` | payload types and extensions, as a description numbers them |
//! | `red` | redundant packets (RFC 2198) |
//! | `sound` | what a resident hears of everybody, and says to everybody |
//! | `manner` | how what is said becomes packets: plainly, or as a console does it |

mod frame;
mod links;
mod manner;
mod member;
mod peer;
mod red;
mod signal;
mod sound;
mod terms;

pub(super) use frame::Frame;
pub(super) use manner::Manner;
pub(super) use member::{Connected, Role, attend};

/// The channel of voice signalling.
const CHANNEL: &str = "miranda:12";
/// Longest session description that is looked at; a real one has some three kilobytes.
const MAX_SDP: usize = 64 * 1024;

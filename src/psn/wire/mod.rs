//! Mirrors of the JSON on the wire, private to `psn`. Answers are read tolerantly: unknown fields ignored, nearly everything
//! optional, an id may be a string or a number. Requests are written exactly as captured.
//!
//! Captures are held against the schemas that are derived from these types (`examine`). Two words in them are ours:
//! `x-not-read` lists fields that the service is known to send and this client does not read; `format` says what is in a
//! text, where that is more than a text.

pub mod bridge;
pub mod custom_data;
pub mod error;
pub mod friends;
pub mod games;
pub mod groups;
pub mod links;
pub mod messages;
pub mod miranda;
pub mod notifications;
pub mod party;
pub mod party_requests;
pub mod people;
pub mod push;
pub mod search;
pub mod token;
pub mod tolerant;

//! Mirrors of the JSON on the wire, private to `psn`. Answers are read tolerantly: unknown fields ignored, nearly everything
//! optional, an id may be a string or a number. Requests are written exactly as captured.
//!
//! Captures are held against the schemas that are derived from these types (`examine`). Two extensions belong to them:
//! `x-not-read` lists fields that the service is known to send and this client does not read, `x-inside` says what a text
//! holds.

pub mod bridge;
pub mod custom_data;
pub mod error;
pub mod miranda;
pub mod party;
pub mod people;
pub mod push;
pub mod token;
pub mod tolerant;

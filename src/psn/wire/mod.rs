//! Mirrors of the JSON on the wire, private to `psn`. Answers are read tolerantly: unknown fields ignored, nearly everything
//! optional, an id may be a string or a number. Requests are written exactly as captured.

pub mod bridge;
pub mod custom_data;
pub mod error;
pub mod party;
pub mod people;
pub mod push;
pub mod token;
pub mod tolerant;

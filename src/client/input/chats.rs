//! About conversations and notifications: what happened, and what to do.

/// What happened.
#[derive(Debug)]
pub enum ChatsInput {}

/// What to do.
#[derive(Debug, PartialEq)]
pub enum ChatsEffect {}

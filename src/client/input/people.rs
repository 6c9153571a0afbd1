//! About friends, requests, blocks and cards: what happened, and what to do.

/// What happened.
#[derive(Debug)]
pub enum PeopleInput {}

/// What to do.
#[derive(Debug, PartialEq)]
pub enum PeopleEffect {}

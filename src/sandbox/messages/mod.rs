//! Groups and what is written in them: the data (`group`, `groups`), and `gamingLoungeGroups/v1` over it (section 9).

mod bodies;
mod group;
mod groups;
pub(super) mod routes;

pub(super) use group::{Kind, MessageKind};
pub(super) use groups::Groups;

//! Who wants to be a friend, and who is blocked, as the service lists them. Pure.

use std::{collections::BTreeSet, time::Duration};

use super::upkeep::Upkeep;
use crate::{
    client::{input::Attempt, state::reading::Worth},
    model::{AccountId, FriendRequest},
};

/// Events tell; this is for those that were lost.
pub const EVERY: Duration = Duration::from_secs(10 * 60);
/// What hardly anybody but the user changes.
pub const RARELY: Duration = Duration::from_secs(60 * 60);
/// Without a line that tells.
pub const EVERY_WITHOUT_PUSH: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub struct Requests {
    pub upkeep: Upkeep,
    list: Option<Vec<FriendRequest>>,
    /// New ones, of whom the user has not been told.
    untold: BTreeSet<AccountId>,
}

impl Requests {
    pub fn list(&self) -> Option<&[FriendRequest]> {
        self.list.as_deref()
    }

    /// `false`: nobody waited for it.
    pub fn take(&mut self, attempt: Attempt, mut list: Vec<FriendRequest>) -> bool {
        if self.upkeep.finish(attempt) == Worth::Nothing {
            return false;
        }
        list.sort_by_key(|request| std::cmp::Reverse(request.requested));
        self.untold.retain(|account| list.iter().any(|request| request.from == *account));
        if let Some(before) = &self.list {
            let new = list.iter().filter(|request| before.iter().all(|known| known.from != request.from));
            self.untold.extend(new.map(|request| request.from));
        }
        self.list = Some(list);
        true
    }

    /// Those of whom the user is to be told, as soon as they have a name.
    pub fn tell(&mut self, is_named: impl Fn(AccountId) -> bool) -> Vec<AccountId> {
        let named: Vec<_> = self.untold.iter().copied().filter(|account| is_named(*account)).collect();
        for account in &named {
            self.untold.remove(account);
        }
        named
    }
}

#[derive(Debug, Default)]
pub struct Blocks {
    pub upkeep: Upkeep,
    list: Option<Vec<AccountId>>,
}

impl Blocks {
    pub fn list(&self) -> Option<&[AccountId]> {
        self.list.as_deref()
    }

    /// `false`: nobody waited for it.
    pub fn take(&mut self, attempt: Attempt, list: Vec<AccountId>) -> bool {
        let wanted = self.upkeep.finish(attempt) != Worth::Nothing;
        if wanted {
            self.list = Some(list);
        }
        wanted
    }
}

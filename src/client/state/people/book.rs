//! Who people are: asked for once, a page at a time, and looked up again now and then. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{
    client::input::Attempt,
    model::{AccountId, Profile},
};

/// Profiles in one call.
pub const PAGE: usize = 100;

#[derive(Debug, Default)]
pub struct Book {
    known: HashMap<AccountId, Profile>,
    /// To be asked for, in this order.
    wanted: Vec<AccountId>,
    asked: BTreeMap<Attempt, Vec<AccountId>>,
    /// The service does not describe them.
    nobody: HashSet<AccountId>,
    /// Where the next look again begins.
    again_from: usize,
}

impl Book {
    pub fn get(&self, account: AccountId) -> Option<&Profile> {
        self.known.get(&account)
    }

    /// Whoever is not known is asked for.
    pub fn want(&mut self, accounts: impl IntoIterator<Item = AccountId>) {
        let pending: HashSet<_> = self.asked.values().flatten().chain(&self.wanted).copied().collect();
        let is_missing = |account: &AccountId| {
            !self.known.contains_key(account) && !self.nobody.contains(account) && !pending.contains(account)
        };
        let missing: Vec<_> = accounts.into_iter().filter(is_missing).collect();
        self.wanted.extend(missing);
    }

    /// From an earlier run.
    pub fn remember(&mut self, profiles: &[Profile], of: &[AccountId]) {
        let missing: HashSet<_> = of.iter().filter(|account| !self.known.contains_key(account)).collect();
        if missing.is_empty() {
            return;
        }
        let remembered = profiles.iter().filter(|profile| missing.contains(&profile.account));
        let remembered: Vec<_> = remembered.map(|profile| (profile.account, profile.clone())).collect();
        self.known.extend(remembered);
    }

    /// Names and pictures change: a page of `accounts` is looked up again, each time the next one.
    pub fn look_again(&mut self, accounts: &[AccountId]) {
        if self.again_from >= accounts.len() {
            self.again_from = 0;
        }
        let page = accounts.iter().skip(self.again_from).take(PAGE).copied();
        let page: Vec<_> = page.filter(|account| !self.wanted.contains(account)).collect();
        self.again_from += PAGE;
        self.wanted.extend(page);
    }

    /// Whom nobody described may be somebody by now.
    pub fn try_again(&mut self) {
        self.nobody.clear();
    }

    /// A page to ask for. `partial`: nobody else is to be expected soon.
    pub fn has_page(&self, partial: bool) -> bool {
        self.wanted.len() >= PAGE || (partial && !self.wanted.is_empty())
    }

    pub fn ask(&mut self, attempt: Attempt) -> Vec<AccountId> {
        let page: Vec<_> = self.wanted.drain(..self.wanted.len().min(PAGE)).collect();
        self.asked.insert(attempt, page.clone());
        page
    }

    /// `false`: nobody waited for it.
    pub fn take(&mut self, attempt: Attempt, profiles: Vec<Profile>) -> bool {
        let Some(asked) = self.asked.remove(&attempt) else { return false };
        for profile in profiles {
            self.known.insert(profile.account, profile);
        }
        self.nobody.extend(asked.into_iter().filter(|account| !self.known.contains_key(account)));
        true
    }

    pub fn put(&mut self, profile: Profile) {
        self.known.insert(profile.account, profile);
    }

    pub fn fail(&mut self, attempt: Attempt) -> bool {
        let Some(mut asked) = self.asked.remove(&attempt) else { return false };
        asked.append(&mut self.wanted);
        self.wanted = asked;
        true
    }

    pub fn under_way(&self) -> usize {
        self.asked.len()
    }

    pub fn is_complete(&self) -> bool {
        self.wanted.is_empty() && self.asked.is_empty()
    }

    /// Nobody else is remembered.
    pub fn keep(&mut self, is_of_interest: impl Fn(AccountId) -> bool) {
        self.known.retain(|account, _| is_of_interest(*account));
        self.nobody.retain(|account| is_of_interest(*account));
        self.wanted.retain(|account| is_of_interest(*account));
    }
}

//! What people are doing, and whether one is seen oneself: `userProfile`.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use reqwest::Method;

use super::{
    Error, Psn,
    http::parse,
    people::{PAGE, PLATFORMS, ROOT, joined},
    wire::{friends::AppearOffline, people::Presences},
};
use crate::model::{AccountId, Presence};

const APPEAR_OFFLINE: &str = "/v1/internal/users/me/userSettings/appearOffline";

/// What the service said last, and as of when: what has not changed is not sent again. Kept by whoever asks, for as long as the
/// account is in use.
#[derive(Debug, Default)]
pub struct PresenceCache(Mutex<HashMap<Vec<AccountId>, Page>>);

#[derive(Debug)]
struct Page {
    last_modified: String,
    presences: HashMap<AccountId, Presence>,
}

impl PresenceCache {
    fn last_modified(&self, accounts: &[AccountId]) -> Option<String> {
        self.pages().get(accounts).map(|page| page.last_modified.clone())
    }

    fn presences(&self, accounts: &[AccountId]) -> Option<HashMap<AccountId, Presence>> {
        self.pages().get(accounts).map(|page| page.presences.clone())
    }

    /// A page that shares somebody with this one has had its time: pages are disjoint, so that there are never many.
    fn keep(&self, accounts: &[AccountId], page: Option<Page>) {
        let members: HashSet<_> = accounts.iter().collect();
        let mut pages = self.pages();
        pages.retain(|known, _| known.iter().all(|account| !members.contains(account)));
        pages.extend(page.map(|page| (accounts.to_vec(), page)));
    }

    fn pages(&self) -> MutexGuard<'_, HashMap<Vec<AccountId>, Page>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Psn {
    /// What `accounts`, a hundred of them at most, are doing; those the service does not speak of are left out. The same page
    /// costs little where nothing has changed.
    pub async fn presences(
        &self,
        accounts: &[AccountId],
        cache: &PresenceCache,
    ) -> Result<HashMap<AccountId, Presence>, Error> {
        let accounts = &accounts[..accounts.len().min(PAGE)];
        let what = "presences";
        let call = self
            .http
            .call(what, Method::GET, &format!("{ROOT}/v2/internal/users/basicPresences"))
            .query(&[("accountIds", &joined(accounts)), ("platforms", PLATFORMS)])
            .query(&[("type", "primary"), ("withOwnGameTitleInfo", "true")])
            .in_the_background()
            .if_modified_since(cache.last_modified(accounts).as_deref());
        let answer = self.http.send(call).await?;
        if answer.is_not_modified()
            && let Some(known) = cache.presences(accounts)
        {
            return Ok(known);
        }
        let read: Presences = parse(what, &answer.body)?;
        let presences: HashMap<_, _> =
            read.basic_presences.into_iter().take(PAGE).map(|p| (p.account_id, p.into())).collect();
        let page = answer.last_modified.clone();
        let page = page.map(|last_modified| Page { last_modified, presences: presences.clone() });
        cache.keep(accounts, page);
        Ok(presences)
    }

    /// Whether others see the user as offline.
    pub async fn appears_offline(&self) -> Result<bool, Error> {
        let call = self
            .http
            .call("appear offline", Method::GET, &format!("{ROOT}{APPEAR_OFFLINE}"))
            .in_the_background();
        let setting: AppearOffline = self.http.fetch(call).await?;
        Ok(setting.appear_offline)
    }

    /// Never captured **[?]**: a service that does not know the call refuses it.
    pub async fn set_appear_offline(&self, appear_offline: bool) -> Result<(), Error> {
        let call = self.http.call("set appear offline", Method::PUT, &format!("{ROOT}{APPEAR_OFFLINE}"));
        self.http.send(call.json(&AppearOffline { appear_offline }).repeatable()).await.map(drop)
    }
}

//! What people are doing, and whether one is seen oneself: `userProfile`.

use std::collections::HashMap;

use reqwest::Method;

use super::{
    Error, Psn,
    http::parse,
    people::{PAGE, PLATFORMS, ROOT, joined},
    wire::{friends::AppearOffline, people::Presences},
};
use crate::model::{AccountId, Presence};

const APPEAR_OFFLINE: &str = "/v1/internal/users/me/userSettings/appearOffline";

/// What the service said last, and as of when: what has not changed is not sent again. Kept by whoever asks.
#[derive(Debug, Default)]
pub struct PresenceCache(HashMap<Vec<AccountId>, Page>);

#[derive(Debug)]
struct Page {
    last_modified: String,
    presences: HashMap<AccountId, Presence>,
}

impl Psn {
    /// What `accounts` are doing; those the service does not speak of are left out.
    pub async fn presences(
        &self,
        accounts: &[AccountId],
        cache: &mut PresenceCache,
    ) -> Result<HashMap<AccountId, Presence>, Error> {
        // The list's own order changes as people come and go; by id a page stays the same page.
        let mut accounts = accounts.to_vec();
        accounts.sort_unstable();
        accounts.dedup();
        let pages: Vec<_> = accounts.chunks(PAGE).collect();
        cache.0.retain(|page, _| pages.contains(&page.as_slice()));
        let mut presences = HashMap::with_capacity(accounts.len());
        for page in pages {
            let known = cache.0.get(page);
            let what = "presences";
            let call = self
                .http
                .call(what, Method::GET, &format!("{ROOT}/v2/internal/users/basicPresences"))
                .query(&[("accountIds", &joined(page)), ("platforms", PLATFORMS)])
                .query(&[("type", "primary"), ("withOwnGameTitleInfo", "true")])
                .if_modified_since(known.map(|known| known.last_modified.as_str()));
            let answer = self.http.send(call).await?;
            if let (true, Some(known)) = (answer.is_not_modified(), known) {
                presences.extend(known.presences.clone());
                continue;
            }
            let read: Presences = parse(what, &answer.body)?;
            let fresh: HashMap<_, _> =
                read.basic_presences.into_iter().take(PAGE).map(|p| (p.account_id, p.into())).collect();
            cache.0.remove(page);
            if let Some(last_modified) = answer.last_modified.clone() {
                cache.0.insert(page.to_vec(), Page { last_modified, presences: fresh.clone() });
            }
            presences.extend(fresh);
        }
        Ok(presences)
    }

    /// Whether others see the user as offline.
    pub async fn appears_offline(&self) -> Result<bool, Error> {
        let call = self.http.call("appear offline", Method::GET, &format!("{ROOT}{APPEAR_OFFLINE}"));
        let setting: AppearOffline = self.http.fetch(call).await?;
        Ok(setting.appear_offline)
    }

    /// Never captured **[?]**: a service that does not know the call refuses it.
    pub async fn set_appear_offline(&self, appear_offline: bool) -> Result<(), Error> {
        let call = self.http.call("set appear offline", Method::PUT, &format!("{ROOT}{APPEAR_OFFLINE}"));
        self.http.send(call.json(&AppearOffline { appear_offline }).repeatable()).await.map(drop)
    }
}

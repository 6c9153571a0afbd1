//! People: `userProfile`.

use std::collections::HashMap;

use reqwest::Method;

use super::{
    Error, Psn,
    wire::people::{self, Friends, Presences, Profiles},
};
use crate::model::{AccountId, OnlineId, Presence, Profile};

const ROOT: &str = "/userProfile";
const PLATFORMS: &str = "PS4,PS5,MOBILE_APP,PSPC";
/// Ids in one request, and friends on one page.
const PAGE: usize = 100;
/// A friends list holds 2,000 at most.
const MAX_FRIENDS: usize = 2000;

impl Psn {
    /// All pages of the list.
    pub async fn friends(&self) -> Result<Vec<AccountId>, Error> {
        let mut friends = Vec::new();
        let mut offset = 0;
        loop {
            let call = self
                .http
                .call("friends", Method::GET, &format!("{ROOT}/v2/internal/users/me/friends"))
                .query(&[("limit", &PAGE.to_string()), ("offset", &offset.to_string())])
                .query(&[("order", "availability realName onlineId"), ("platforms", PLATFORMS)]);
            let page: Friends = self.http.fetch(call).await?;
            friends.extend(page.friends);
            match page.next_offset {
                Some(next) if next > offset && friends.len() < MAX_FRIENDS => offset = next,
                _ => break,
            }
        }
        friends.truncate(MAX_FRIENDS);
        Ok(friends)
    }

    /// Who `accounts` are; those the service does not describe are left out.
    pub async fn profiles(&self, accounts: &[AccountId]) -> Result<Vec<Profile>, Error> {
        let mut profiles = Vec::with_capacity(accounts.len());
        for page in accounts.chunks(PAGE) {
            let call = self
                .http
                .call("profiles", Method::GET, &format!("{ROOT}/v1/internal/users/profiles"))
                .query(&[("accountIds", &joined(page))]);
            let answer: Profiles = self.http.fetch(call).await?;
            for (account, value) in page.iter().zip(answer.profiles) {
                if let Ok(people::Profile { online_id: Some(name) }) = serde_json::from_value(value) {
                    profiles.push(Profile::named(*account, OnlineId(name)));
                }
            }
        }
        Ok(profiles)
    }

    pub async fn presences(&self, accounts: &[AccountId]) -> Result<HashMap<AccountId, Presence>, Error> {
        let mut presences = HashMap::with_capacity(accounts.len());
        for page in accounts.chunks(PAGE) {
            let call = self
                .http
                .call("presences", Method::GET, &format!("{ROOT}/v2/internal/users/basicPresences"))
                .query(&[("accountIds", &joined(page)), ("platforms", PLATFORMS)])
                .query(&[("type", "primary"), ("withOwnGameTitleInfo", "true")]);
            let answer: Presences = self.http.fetch(call).await?;
            presences.extend(answer.basic_presences.into_iter().map(|p| (p.account_id, p.into())));
        }
        Ok(presences)
    }
}

fn joined(accounts: &[AccountId]) -> String {
    accounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

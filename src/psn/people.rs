//! Who the friends are: `userProfile`.

use reqwest::Method;

use super::{
    Error, Psn,
    wire::people::{self, Friends, Profiles},
};
use crate::model::{AccountId, FriendsPage, Profile};

pub(super) const ROOT: &str = "/userProfile";
pub(super) const PLATFORMS: &str = "PS4,PS5,MOBILE_APP,PSPC";
/// Ids in one request, and friends on one page.
pub(super) const PAGE: usize = 100;
/// A friends list holds 2,000 at most.
const MAX_FRIENDS: usize = 2000;

impl Psn {
    /// One page of the list from `offset` on, those who are online first. The list moves between two pages as people come and
    /// go: somebody may be on both, or on none.
    pub async fn friends(&self, offset: usize) -> Result<FriendsPage, Error> {
        let call = self
            .http
            .call("friends", Method::GET, &format!("{ROOT}/v2/internal/users/me/friends"))
            .query(&[("limit", &PAGE.to_string()), ("offset", &offset.to_string())])
            .query(&[("order", "availability realName onlineId"), ("platforms", PLATFORMS)])
            .in_the_background();
        let mut page: Friends = self.http.fetch(call).await?;
        page.friends.truncate(PAGE);
        let next = offset + PAGE;
        let has_more = match (page.next_offset, page.total_item_count) {
            (Some(offset), _) => offset as usize >= next,
            (None, Some(total)) => total as usize > next,
            (None, None) => false,
        };
        Ok(FriendsPage {
            friends: page.friends,
            next: (has_more && next < MAX_FRIENDS).then_some(next),
            total: page.total_item_count.map(|total| (total as usize).min(MAX_FRIENDS)),
        })
    }

    /// Who `accounts` are; those the service does not describe are left out.
    pub async fn profiles(&self, accounts: &[AccountId]) -> Result<Vec<Profile>, Error> {
        let mut profiles = Vec::with_capacity(accounts.len());
        for page in accounts.chunks(PAGE) {
            let call = self
                .http
                .call("profiles", Method::GET, &format!("{ROOT}/v1/internal/users/profiles"))
                .query(&[("accountIds", &joined(page))])
                .in_the_background();
            let answer: Profiles = self.http.fetch(call).await?;
            for (account, value) in page.iter().zip(answer.profiles) {
                let profile = serde_json::from_value::<people::Profile>(value).ok();
                profiles.extend(profile.and_then(|profile| profile.into_model(*account)));
            }
        }
        Ok(profiles)
    }
}

pub(super) fn joined(accounts: &[AccountId]) -> String {
    accounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

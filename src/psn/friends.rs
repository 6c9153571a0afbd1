//! Becoming friends, ending it, and those one wants nothing of: `userProfile`.

use reqwest::Method;

use super::{
    Error, Psn,
    people::ROOT,
    wire::friends::{Blocks, ReceivedRequests, Summary},
};
use crate::model::{AccountId, FriendRequest, FriendSummary};

const FRIENDS: &str = "/v1/internal/users/me/friends";
const BLOCKS: &str = "/v1/internal/users/me/blocks";
/// As captured; more are not read.
const MAX_BLOCKS: usize = 2000;
/// Requests beyond are not read.
const MAX_REQUESTS: usize = 500;

impl Psn {
    /// Who wants to be our friend.
    pub async fn friend_requests(&self) -> Result<Vec<FriendRequest>, Error> {
        let call = self
            .http
            .call("friend requests", Method::GET, &format!("{ROOT}{FRIENDS}/receivedRequests"))
            .in_the_background();
        let answer: ReceivedRequests = self.http.fetch(call).await?;
        Ok(answer.received_requests.into_iter().take(MAX_REQUESTS).map(Into::into).collect())
    }

    /// Accepts their request, or sends ours.
    pub async fn befriend(&self, account: AccountId) -> Result<(), Error> {
        self.on_friend("befriend", Method::PUT, account).await
    }

    /// Declines their request, withdraws ours, or ends the friendship. Where there is none of these, that counts as success.
    pub async fn unfriend(&self, account: AccountId) -> Result<(), Error> {
        or_gone(self.on_friend("unfriend", Method::DELETE, account).await)
    }

    /// How close somebody is.
    pub async fn friend_summary(&self, account: AccountId) -> Result<FriendSummary, Error> {
        let path = format!("{ROOT}{FRIENDS}/{account}/summary");
        let summary: Summary = self.http.fetch(self.http.call("friend summary", Method::GET, &path)).await?;
        Ok(summary.into())
    }

    /// Lets a friend see the user's real name. What the request says, if anything, is not known **[?]**.
    pub async fn share_real_name(&self, account: AccountId) -> Result<(), Error> {
        let path = format!("{ROOT}{FRIENDS}/{account}/personalDetailSharing");
        self.http.send(self.http.call("share real name", Method::POST, &path).repeatable()).await.map(drop)
    }

    pub async fn blocked(&self) -> Result<Vec<AccountId>, Error> {
        let call = self
            .http
            .call("blocks", Method::GET, &format!("{ROOT}{BLOCKS}"))
            .query(&[("offset", "0"), ("limit", &MAX_BLOCKS.to_string())]);
        let mut answer: Blocks = self.http.fetch(call).await?;
        answer.block_list.truncate(MAX_BLOCKS);
        Ok(answer.block_list)
    }

    pub async fn block(&self, account: AccountId) -> Result<(), Error> {
        let path = format!("{ROOT}{BLOCKS}/{account}");
        self.http.send(self.http.call("block", Method::PUT, &path).repeatable()).await.map(drop)
    }

    /// Somebody who is not blocked counts as success.
    pub async fn unblock(&self, account: AccountId) -> Result<(), Error> {
        let path = format!("{ROOT}{BLOCKS}/{account}");
        let call = self.http.call("unblock", Method::DELETE, &path).repeatable();
        or_gone(self.http.send(call).await.map(drop))
    }

    async fn on_friend(&self, what: &'static str, method: Method, account: AccountId) -> Result<(), Error> {
        let call = self.http.call(what, method, &format!("{ROOT}{FRIENDS}/{account}"));
        self.http.send(call.repeatable()).await.map(drop)
    }
}

/// What was to go is gone.
fn or_gone(answer: Result<(), Error>) -> Result<(), Error> {
    match answer {
        Err(error) if error.is_gone() => Ok(()),
        answer => answer,
    }
}

//! Who has an online id: `search/v1`. No capture shows this call, and `protocol.md` does not name it **\[C\]**: it is what the
//! public clients `psn-api` (`makeUniversalSearch`) and `psn-php` make, both with this body and this answer.

use reqwest::Method;

use super::{
    Error, Psn,
    wire::search::{Found, Search},
};
use crate::model::{AccountId, OnlineId};

impl Psn {
    /// The account of exactly this online id, whatever the case; `None` where the service finds nobody. It never finds the caller.
    pub async fn find_person(&self, name: &OnlineId) -> Result<Option<AccountId>, Error> {
        let call = self
            .http
            .call("find person", Method::POST, "/search/v1/universalSearch")
            .json(&Search::people(name.as_str()))
            .repeatable();
        let found: Found = self.http.fetch(call).await?;
        Ok(found.exactly(name))
    }
}

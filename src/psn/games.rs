//! What people played: `gamelist/v2`.

use reqwest::Method;

use super::{
    Error, Psn,
    wire::games::{Title, Titles},
};
use crate::model::{AccountId, PlayedTitle};

const TITLES: usize = 20;

impl Psn {
    /// The games somebody played last, newest first. `None`: they keep the list to themselves, which is usual.
    pub async fn played_titles(&self, account: AccountId) -> Result<Option<Vec<PlayedTitle>>, Error> {
        let call = self
            .http
            .call("played titles", Method::GET, &format!("/gamelist/v2/users/{account}/titles"))
            .query(&[("categories", "ps4_game,ps5_native_game,pspc_game")])
            .query(&[("limit", &TITLES.to_string()), ("offset", "0")]);
        match self.http.fetch::<Titles>(call).await {
            Ok(answer) => {
                Ok(Some(answer.titles.into_iter().take(TITLES).filter_map(Title::into_model).collect()))
            }
            Err(Error::Refused { status: 403, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

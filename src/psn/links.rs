//! Links that let others into a party: `cpss/v1`.

use reqwest::Method;
use serde_json::Value;

use super::{
    Error, Psn,
    call::Call,
    endpoints::PARTY_PAGE,
    wire::links::{LinkedParty, link_in},
};
use crate::model::{LinkPreview, PartyLink, SessionId};

impl Psn {
    /// The party behind a link, as anybody may see it: who asks is not said.
    pub async fn link_preview(&self, link: &PartyLink) -> Result<LinkPreview, Error> {
        let url = self.http.endpoints().web(&format!("/cpss/v1/partyInfo/{}", link.id()));
        let call = Call::new("party link", Method::GET, url)
            .query(&[("country", "US"), ("language", "en")])
            .header("Origin", PARTY_PAGE)
            .header("Referer", format!("{PARTY_PAGE}/{}", link.id()))
            .anonymous();
        let party: LinkedParty = self.http.fetch(call).await?;
        Ok(party.into())
    }

    /// A link that lets others into a party.
    pub async fn share_party(&self, session: &SessionId) -> Result<PartyLink, Error> {
        let what = "share party";
        let call = self.http.call(what, Method::GET, &format!("/cpss/v1/share/party/{session}"));
        let answer: Value = self.http.fetch(call).await?;
        link_in(&answer).ok_or(Error::Incomplete { what, field: "a party link" })
    }
}

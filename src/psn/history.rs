//! Parties of the past: `playerRecommendations/v1`.

use std::cmp::Reverse;

use reqwest::Method;

use super::{
    Error, Psn,
    wire::groups::{PartyHistory, PastParty},
};
use crate::model;

const MAX_PARTIES: usize = 100;

impl Psn {
    /// Parties that are over, or people one was in a party with, the newest first as far as the service says when.
    pub async fn party_history(&self) -> Result<Vec<model::PastParty>, Error> {
        let call = self.http.call("party history", Method::GET, "/playerRecommendations/v1/partyHistory/me");
        let answer: PartyHistory = self.http.fetch(call).await?;
        let parties = answer.party_history.into_iter().take(MAX_PARTIES);
        let mut parties: Vec<_> = parties.filter_map(PastParty::into_model).collect();
        parties.sort_by_key(|party| Reverse(party.when));
        Ok(parties)
    }
}

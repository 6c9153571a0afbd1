//! The voice bridge: `rtcBridge/v1`. The bridge offers, we answer, all candidates are inside the descriptions.

use reqwest::Method;

use super::{
    Error, Psn,
    call::Call,
    wire::bridge::{Added, Answer as AnswerBody, Created, NewBridge, NewPeer, PeerList, Sdp},
};
use crate::model::{Answer, Bridge, Offer, PeerId};

const ROOT: &str = "/rtcBridge/v1";
const TITLE_ID: &str = "X-PSN-RTC-TITLE-ID";
const TITLE: &str = "METROPOL_AND";
const BRIDGE_TOKEN: &str = "X-PSN-BRIDGE-TOKEN";

impl Psn {
    pub async fn create_bridge(&self) -> Result<Bridge, Error> {
        let call = self
            .http
            .call("create bridge", Method::POST, &format!("{ROOT}/bridges"))
            .header(TITLE_ID, TITLE)
            .json(&NewBridge {});
        let created: Created = self.http.fetch(call).await?;
        Ok(created.bridge.into())
    }

    /// Who else sits on the bridge.
    pub async fn bridge_peers(&self, bridge: &Bridge) -> Result<Vec<PeerId>, Error> {
        let call =
            self.on_bridge("bridge peers", Method::GET, bridge, "").query(&[("fields", "peer.peerId")]);
        let list: PeerList = self.http.fetch(call).await?;
        Ok(list.bridge.peers.into_iter().map(|peer| PeerId(peer.peer_id)).collect())
    }

    /// Takes a seat; the bridge's offer comes with it.
    pub async fn add_peer(&self, bridge: &Bridge) -> Result<(PeerId, Offer), Error> {
        let call = self
            .on_bridge("add peer", Method::POST, bridge, "/peers")
            .query(&[("allow_duid_duplication", "false"), ("g", "2")])
            .json(&NewPeer::default());
        let added: Added = self.http.fetch(call).await?;
        Ok((PeerId(added.peer.peer_id), Offer(added.peer.offer.sdp)))
    }

    pub async fn answer_peer(&self, bridge: &Bridge, peer: &PeerId, answer: &Answer) -> Result<(), Error> {
        let body = AnswerBody { answer: Sdp { sdp: answer.0.clone() } };
        let call =
            self.on_bridge("answer", Method::POST, bridge, &format!("/peers/{}/answer", peer.as_str()));
        self.http.send(call.json(&body)).await.map(drop)
    }

    /// Gives the seat up. A seat or bridge that is gone counts as success.
    pub async fn delete_peer(&self, bridge: &Bridge, peer: &PeerId) -> Result<(), Error> {
        self.delete("delete peer", bridge, &format!("/peers/{}", peer.as_str())).await
    }

    pub async fn delete_bridge(&self, bridge: &Bridge) -> Result<(), Error> {
        self.delete("delete bridge", bridge, "").await
    }

    async fn delete(&self, what: &'static str, bridge: &Bridge, rest: &str) -> Result<(), Error> {
        match self
            .http
            .send(self.on_bridge(what, Method::DELETE, bridge, rest).repeatable().on_reserve())
            .await
        {
            Err(error) if error.is_gone() => Ok(()),
            answer => answer.map(drop),
        }
    }

    fn on_bridge(&self, what: &'static str, method: Method, bridge: &Bridge, rest: &str) -> Call {
        self.http
            .call(what, method, &format!("{ROOT}/bridges/{}{rest}", bridge.id.as_str()))
            .header(TITLE_ID, TITLE)
            .header(BRIDGE_TOKEN, bridge.token.as_str())
    }
}

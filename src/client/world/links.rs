//! Connections to other members: what is described here goes to them as a signal.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::World;
use crate::{
    client::{
        failure::Failure,
        input::{Input, LinksEffect, LinksInput},
        tasks,
    },
    psn::Psn,
    voice::Voice,
};

impl World {
    pub(super) fn about_links(&mut self, effect: LinksEffect) {
        match effect {
            LinksEffect::Offer { connection, recipient } => self.link(connection, async move |psn, voice| {
                let result = tasks::offer_member(&psn, &voice, connection, recipient).await;
                LinksInput::Signalled { connection, result }
            }),
            LinksEffect::Answer { connection, recipient, offer } => {
                self.link(connection, async move |psn, voice| {
                    let result = tasks::answer_member(&psn, &voice, connection, recipient, offer).await;
                    LinksInput::Signalled { connection, result }
                });
            }
            LinksEffect::Accept { connection, answer } => self.link(connection, async move |_, voice| {
                let result = voice.accept(connection, answer).await.map_err(Failure::from);
                LinksInput::Accepted { connection, result }
            }),
            LinksEffect::Close { connection } => {
                if let Some(token) =
                    self.account.as_mut().and_then(|account| account.links.remove(&connection))
                {
                    token.cancel();
                }
                self.tasks.spawn(self.voice.close(connection));
            }
        }
    }

    /// A task that ends with its connection, which is closed then: it may have come into being just now.
    fn link<F>(&mut self, connection: u64, task: impl FnOnce(Arc<Psn>, Arc<Voice>) -> F)
    where
        F: Future<Output = LinksInput> + Send + 'static,
    {
        let Some(account) = &mut self.account else { return };
        let parent = &account.signed_in;
        let ended: CancellationToken =
            account.links.entry(connection).or_insert_with(|| parent.child_token()).clone();
        let work = task(Arc::clone(&account.psn), Arc::clone(&self.voice));
        let (voice, inputs) = (Arc::clone(&self.voice), self.inputs.clone());
        self.tasks.spawn(async move {
            match ended.run_until_cancelled(work).await {
                Some(input) => drop(inputs.send(Input::Links(input)).await),
                None => voice.close(connection).await,
            }
        });
    }

    /// With the party.
    pub(super) fn end_links(&mut self) {
        if let Some(account) = &mut self.account {
            std::mem::take(&mut account.links).into_values().for_each(|token| token.cancel());
        }
    }
}

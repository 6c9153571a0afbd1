//! Into a party and out of it, and onto its voice bridge; lists of parties, links, the past.

use std::sync::Arc;

use super::World;
use crate::{
    client::{
        failure::Failure,
        input::{Attempt, Entry, Input, PartiesEffect, PartiesInput, Seat},
        tasks::{self, Held},
    },
    model::SessionId,
    psn::Psn,
};

impl World {
    pub(super) fn about_parties(&self, effect: PartiesEffect) {
        use PartiesEffect::*;
        match effect {
            ReadVisible { attempt, invited } => self.ask_of_parties(async move |psn| {
                let result = psn.visible_parties(&invited).await.map_err(Failure::from);
                PartiesInput::Visible { attempt, result }
            }),
            ReadInvitations { attempt } => self.ask_of_parties(async move |psn| PartiesInput::Invitations {
                attempt,
                result: psn.invitations().await.map_err(Failure::from),
            }),
            ReadOpen { attempt } => self.ask_of_parties(async move |psn| PartiesInput::Open {
                attempt,
                result: psn.open_parties().await.map_err(Failure::from),
            }),
            Check(session) => self.ask_of_parties(async move |psn| {
                let result = psn.party(&session).await.map_err(Failure::of_party);
                PartiesInput::Checked { session, result }
            }),
            ReadPast { attempt } => self.ask_of_parties(async move |psn| PartiesInput::Past {
                attempt,
                result: psn.party_history().await.map_err(Failure::from),
            }),
            Preview { attempt, link } => self.ask_of_parties(async move |psn| {
                let result = psn.link_preview(&link).await.map_err(Failure::of_link);
                PartiesInput::Linked { attempt, result }
            }),
            Change { session, change } => self.ask_of_parties(async move |psn| {
                let result = psn.change_party(&session, &change).await.map_err(Failure::of_party);
                PartiesInput::Changed { session, change, result }
            }),
            RemoveMember { session, account } => self.ask_of_parties(async move |psn| {
                let result = psn.remove_member(&session, account).await.map_err(Failure::of_offer);
                PartiesInput::MemberRemoved { session, account, result }
            }),
            Share(session) => self.ask_of_parties(async move |psn| {
                let result = psn.share_party(&session).await.map_err(Failure::of_offer);
                PartiesInput::Shared { session, result }
            }),
        }
    }

    fn ask_of_parties<F>(&self, task: impl FnOnce(Arc<Psn>) -> F)
    where
        F: Future<Output = PartiesInput> + Send + 'static,
    {
        self.ask(|psn| {
            let asked = task(psn);
            async move { Input::Parties(asked.await) }
        });
    }

    /// Seen through even if the account goes meanwhile: the service may have let us in already.
    pub(super) fn enter_party(&self, attempt: Attempt, entry: Entry) {
        let Some(account) = &self.account else { return };
        let (psn, signed_in) = (Arc::clone(&account.psn), account.signed_in.clone());
        let inputs = self.inputs.clone();
        self.tasks.spawn(async move {
            let result = tasks::enter_party(&psn, entry).await;
            match result {
                Ok(party) if signed_in.is_cancelled() => {
                    let _ = tasks::leave_party(&psn, &party.id, None).await;
                }
                result => drop(inputs.send(Input::Entered { attempt, result }).await),
            }
        });
    }

    /// Seen through as well; it is bounded by itself.
    pub(super) fn leave_party(&self, attempt: Attempt, session: SessionId, seat: Option<Seat>) {
        let Some(account) = &self.account else { return };
        let (psn, inputs) = (Arc::clone(&account.psn), self.inputs.clone());
        self.tasks.spawn(async move {
            let result = tasks::leave_party(&psn, &session, seat).await;
            let _ = inputs.send(Input::Left { attempt, result }).await;
        });
    }

    pub(super) fn connect_voice(&mut self, connection: u64, session: SessionId, previous: Option<Seat>) {
        let Some(account) = &mut self.account else { return };
        account.connecting.cancel();
        account.connecting = account.signed_in.child_token();
        let (psn, voice) = (Arc::clone(&account.psn), Arc::clone(&self.voice));
        let (cancelled, inputs) = (account.connecting.clone(), self.inputs.clone());
        self.tasks.spawn(async move {
            let held = Held::new(previous);
            let connecting = tasks::connect_voice(&psn, &voice, connection, &session, &held);
            match cancelled.run_until_cancelled(connecting).await {
                Some(result) => drop(inputs.send(Input::Seated { connection, result }).await),
                // Overtaken: what was taken on the way is given back.
                None => tasks::give_seat_back(&psn, held.take()).await,
            }
        });
    }

    pub(super) fn give_seat_back(&self, seat: Seat) {
        let Some(account) = &self.account else { return };
        let psn = Arc::clone(&account.psn);
        self.tasks.spawn(async move { tasks::give_seat_back(&psn, Some(seat)).await });
    }
}

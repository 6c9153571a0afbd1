//! Into a party and out of it, and onto its voice bridge.

use std::sync::Arc;

use super::World;
use crate::{
    client::{
        input::{Attempt, Entry, Input, Seat},
        tasks::{self, Held},
    },
    model::SessionId,
};

impl World {
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

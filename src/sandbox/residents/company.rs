//! Which residents talk directly, with whom for how long: one task of `direct` for each of them in each party that a
//! visitor is in.

use std::collections::HashMap;

use tokio_util::sync::CancellationToken;

use super::{crowd::Talkers, guests::Cast};
use crate::sandbox::{
    bridge::BridgeKind,
    direct,
    parties::Party,
    people::AccountId,
    world::{Shared, State, World},
};

/// A resident's stay in a party: the party, who it is, and their join order.
type Stay = (String, AccountId, u32);

/// Those who talk directly now.
#[derive(Default)]
pub(super) struct Company(HashMap<Stay, CancellationToken>);

impl Company {
    /// Begins and ends what the parties ask for.
    pub fn fit(&mut self, world: &Shared, cast: &Cast, talkers: Talkers) {
        let wanted = stays(world, talkers);
        for (_, left) in self.0.extract_if(|stay, _| !wanted.contains(stay)) {
            left.cancel();
        }
        for stay in wanted {
            self.0.entry(stay).or_insert_with_key(|(party, account, join_order)| {
                let cancel = world.cancel.child_token();
                let role = cast.role(talkers, *account);
                let (world_, party) = (world.clone(), party.clone());
                world.tasks.spawn(direct::attend(world_, party, *account, *join_order, role, cancel.clone()));
                cancel
            });
        }
    }
}

fn stays(world: &World, talkers: Talkers) -> Vec<Stay> {
    let state = world.state();
    let mut stays = Vec::new();
    for party in state.parties.all().filter(|party| has_visitor(&state, party)) {
        for member in party.members() {
            let account = member.person.account;
            if is_resident(&state, account) && talks_directly(world, talkers, account) {
                stays.push((party.id.clone(), account, member.join_order));
            }
        }
    }
    stays
}

/// A console is never on the bridge; the others are where it mixes.
pub(super) fn talks_directly(world: &World, talkers: Talkers, account: AccountId) -> bool {
    world.config.bridge == BridgeKind::Listens || account == talkers.console
}

pub(super) fn is_resident(state: &State, account: AccountId) -> bool {
    state.accounts.get(account).is_some_and(|account| account.resident)
}

pub(super) fn has_visitor(state: &State, party: &Party) -> bool {
    party.members().iter().any(|member| !is_resident(state, member.person.account))
}

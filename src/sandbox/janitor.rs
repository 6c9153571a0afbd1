//! Cleans up behind those who went without a word: dead members leave their party, bridges follow their sessions.
//! One tokio task, asleep while there is nothing to watch.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use super::{
    people::AccountId,
    world::{Shared, World},
};

const ROUND: Duration = Duration::from_millis(500);

pub(super) async fn run(world: Shared) {
    let mut changes = world.changes();
    let mut unseen = HashMap::new();
    loop {
        let something_to_watch = !world.bridges.is_empty() || has_visitors(&world);
        tokio::select! {
            () = world.cancel.cancelled() => break,
            () = tokio::time::sleep(ROUND), if something_to_watch => {}
            changed = changes.changed() => if changed.is_err() { break },
        }
        remove_dead_members(&world, &mut unseen, Instant::now());
        fit_bridges(&world);
    }
    world.bridges.drop_all();
}

/// Whether anybody who signed in is in a party.
fn has_visitors(world: &World) -> bool {
    let state = world.state();
    state.accounts.visitors().any(|visitor| state.parties.of(visitor.id).is_some())
}

/// Removes members that have had neither a push socket nor a live peer for the time of grace.
fn remove_dead_members(world: &World, unseen: &mut HashMap<AccountId, Instant>, now: Instant) {
    let silent: Vec<(String, AccountId)> = {
        let state = world.state();
        state
            .parties
            .all()
            .flat_map(|party| party.members().iter().map(|member| (party.id.clone(), member.person.account)))
            .filter(|(_, account)| state.accounts.get(*account).is_some_and(|account| !account.resident))
            .filter(|(_, account)| !state.push.is_connected(*account))
            .collect()
    };
    let silent: Vec<_> =
        silent.into_iter().filter(|(_, account)| !world.bridges.has_live_peer(*account)).collect();
    unseen.retain(|account, _| silent.iter().any(|(_, silent)| silent == account));
    for (party, account) in silent {
        let since = *unseen.entry(account).or_insert(now);
        if now.duration_since(since) >= world.config.member_grace {
            tracing::info!("a member is gone: no push socket and no voice");
            unseen.remove(&account);
            // They may have left in this very moment.
            let _ = world.change(|state| state.parties.change(&party, |party| party.lose(account)));
        }
    }
}

/// Bridges that vanished leave their sessions; bridges whose session is over, and peers who left it, are closed.
fn fit_bridges(world: &World) {
    let linked: HashMap<String, HashSet<AccountId>> = {
        let state = world.state();
        state
            .parties
            .bridges()
            .map(|(link, party)| {
                let members = party.members().iter().map(|member| member.person.account).collect();
                (link.id.clone(), members)
            })
            .collect()
    };
    for vanished in linked.keys().filter(|id| world.bridges.get(id).is_none()) {
        let unlinked: Result<(), std::convert::Infallible> =
            world.change(|state| Ok(((), state.parties.unlink_bridge(vanished))));
        let Ok(()) = unlinked;
    }
    world.bridges.fit(|id| linked.get(id).cloned());
}

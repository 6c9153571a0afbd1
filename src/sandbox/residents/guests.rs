//! What the talkers and the host do: one tokio task that looks after every change, and every moment while it is busy.

use std::{sync::Arc, time::Duration};

use super::{
    clip::{self, ClipError},
    company::{Company, has_visitor, is_resident, talks_directly},
    crowd::{PARTY_GUEST, PARTY_HOST, Talkers},
    letters,
    voices::{Echo, Nova, Silent},
};
use crate::sandbox::{
    bridge::Voice,
    direct::{Manner, Role},
    parties::{self, Denied, Entry},
    people::AccountId,
    world::{Shared, World, now_millis},
};

/// From an invitation to its acceptance.
const ACCEPT_AFTER: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What the residents bring along.
pub(in crate::sandbox) struct Cast {
    sentence: Arc<[f32]>,
}

impl Cast {
    pub fn new() -> Result<Self, ClipError> {
        Ok(Self { sentence: clip::sentence()? })
    }

    fn voice(&self, talkers: Talkers, account: AccountId) -> Box<dyn Voice> {
        if account == talkers.nova || account == talkers.console {
            Box::new(Nova::new(self.sentence.clone()))
        } else if account == talkers.echo {
            Box::new(Echo::default())
        } else {
            Box::new(Silent)
        }
    }

    /// How a resident takes part where members talk directly.
    pub(super) fn role(&self, talkers: Talkers, account: AccountId) -> Role {
        let manner = if account == talkers.console { Manner::Console } else { Manner::Plain };
        Role { voice: self.voice(talkers, account), manner }
    }
}

pub(in crate::sandbox) async fn run(world: Shared, cast: Cast) {
    let Some(talkers) = world.state().crowd.talkers() else { return };
    let mut changes = world.changes();
    let mut company = Company::default();
    loop {
        keep_a_party_open(&world);
        let busy = talkers.all().map(|account| look_after(&world, account));
        seat(&world, &cast, talkers);
        company.fit(&world, &cast, talkers);
        say_who_is_heard(&world, talkers);
        let letters_wait = letters::answer(&world, now_millis());
        tokio::select! {
            () = world.cancel.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY), if letters_wait || busy.contains(&true) => {}
            changed = changes.changed() => if changed.is_err() { return },
        }
    }
}

pub(super) fn entry() -> Entry {
    Entry { voice_chat_activated: true, custom_data4: parties::open_voice_state(), link: None }
}

/// Accepts an invitation, leaves a party that no visitor is in. Whether there is something to come back for soon.
fn look_after(world: &World, account: AccountId) -> bool {
    let now = now_millis();
    let (invited, deserted, engaged) = {
        let state = world.state();
        let invitations = state.parties.all().filter_map(|party| Some((party, party.invitation(account)?)));
        let invited = invitations
            .min_by_key(|(_, invitation)| invitation.sent_millis)
            .map(|(party, invitation)| (party.id.clone(), invitation.sent_millis));
        let current = state.parties.of(account);
        let deserted = current.filter(|party| !has_visitor(&state, party)).map(|party| party.id.clone());
        (invited, deserted, current.is_some())
    };
    if let Some(id) = deserted {
        report(world.change(|state| state.parties.leave(&id, account)));
        return false;
    }
    let Some((id, sent)) = invited else { return false };
    if now.saturating_sub(sent) < ACCEPT_AFTER.as_millis() as u64 {
        return true;
    }
    tracing::info!(moves = engaged, "a resident accepts an invitation");
    report(world.change(|state| {
        let who = state.person(account)?;
        state.parties.join(&id, &who, entry(), &state.ties, now)
    }));
    false
}

/// Puts the talkers on the bridge of the party they are in, where it mixes.
fn seat(world: &World, cast: &Cast, talkers: Talkers) {
    let seats: Vec<(String, AccountId)> = {
        let state = world.state();
        [talkers.nova, talkers.echo]
            .into_iter()
            .filter_map(|account| Some((state.parties.of(account)?.bridge()?.id.clone(), account)))
            .collect()
    };
    for (bridge, account) in seats {
        if let Some(bridge) = world.bridges.get(&bridge) {
            bridge.seat_resident(account, || cast.voice(talkers, account));
        }
    }
}

/// Residents say whom they are connected to, whenever that changes: to each other always, to everybody on a bridge that
/// mixes, and else to those they have a line to.
fn say_who_is_heard(world: &World, talkers: Talkers) {
    let outdated: Vec<(String, AccountId, String)> = {
        let state = world.state();
        let mut outdated = Vec::new();
        for party in state.parties.all() {
            for member in party.members() {
                let account = member.person.account;
                let direct = talks_directly(world, talkers, account);
                let hears = |other: &AccountId| {
                    *other != account
                        && (!direct || is_resident(&state, *other) || state.connected.has(account, *other))
                };
                let others = party.members().iter().map(|member| member.person.account);
                let says = parties::connections(&party.id, others.filter(hears));
                if is_resident(&state, account) && member.custom_data3.as_deref() != Some(&says) {
                    outdated.push((party.id.clone(), account, says));
                }
            }
        }
        outdated
    };
    for (id, account, says) in outdated {
        report(world.change(|state| {
            let who = state.person(account)?;
            state.parties.change(&id, |party| party.say_connected(&who, says))
        }));
    }
}

/// A party of residents that everybody may join. When it ended, another begins.
fn keep_a_party_open(world: &World) {
    let (host, guest) = {
        let state = world.state();
        match (state.crowd.friend(PARTY_HOST), state.crowd.friend(PARTY_GUEST)) {
            (Some(host), Some(guest)) if state.parties.of(host).is_none() => (host, guest),
            _ => return,
        }
    };
    report(world.change(|state| {
        let (host, guest) = (state.person(host)?, state.person(guest)?);
        state.parties.open_house(&host, &guest, "Harbor regulars", entry(), &state.ties, now_millis())
    }));
}

fn report(outcome: Result<(), Denied>) {
    if let Err(denied) = outcome {
        tracing::debug!(%denied, "a resident was not let");
    }
}

//! Who was in a party with whom lately, and `partyHistory/me` over it. The call is known, its answer's shape a guess.

use std::collections::{BTreeSet, HashMap, VecDeque};

use axum::{Json, Router, extract::State as Extract, routing::get};
use serde_json::{Value, json};

use super::session::Party;
use crate::sandbox::{
    checks::Caller,
    people::{AccountId, Accounts},
    world::Shared,
};

/// Parties remembered for an account; the oldest goes first.
const MAX_REMEMBERED: usize = 30;

#[derive(Default)]
pub(in crate::sandbox) struct History(HashMap<AccountId, VecDeque<Past>>);

struct Past {
    session: String,
    name: String,
    /// In milliseconds since 1970.
    last: u64,
    with: BTreeSet<AccountId>,
}

impl History {
    /// Everybody present has met everybody present.
    pub fn remember(&mut self, party: &Party, now_millis: u64) {
        let present: Vec<AccountId> = party.members().iter().map(|member| member.person.account).collect();
        for account in &present {
            let with = present.iter().copied().filter(|other| other != account);
            self.meet(*account, &party.id, party.name(), with, now_millis);
        }
    }

    pub fn meet(
        &mut self,
        account: AccountId,
        session: &str,
        name: &str,
        with: impl Iterator<Item = AccountId>,
        now_millis: u64,
    ) {
        let pasts = self.0.entry(account).or_default();
        let known = pasts.iter().position(|past| past.session == session).and_then(|at| pasts.remove(at));
        let mut past = known.unwrap_or_else(|| Past {
            session: session.to_owned(),
            name: String::new(),
            last: 0,
            with: BTreeSet::new(),
        });
        past.name = name.to_owned();
        past.last = now_millis;
        past.with.extend(with);
        pasts.push_front(past);
        pasts.truncate(MAX_REMEMBERED);
    }

    fn json(&self, account: AccountId, accounts: &Accounts) -> Value {
        let person = |id: &AccountId| {
            accounts.get(*id).map(|it| json!({ "accountId": it.id.to_string(), "onlineId": it.online_id }))
        };
        let pasts = self.0.get(&account).into_iter().flatten();
        pasts
            .filter(|past| !past.with.is_empty())
            .map(|past| {
                json!({
                    "sessionId": past.session,
                    "sessionName": past.name,
                    "lastTimestamp": past.last.to_string(),
                    "members": past.with.iter().filter_map(person).collect::<Vec<_>>(),
                })
            })
            .collect()
    }
}

pub(in crate::sandbox) fn routes() -> Router<Shared> {
    Router::new().route("/partyHistory/me", get(mine))
}

async fn mine(Extract(world): Extract<Shared>, Caller(me): Caller) -> Json<Value> {
    let state = world.state();
    Json(json!({ "partyHistory": state.history.json(me, &state.accounts) }))
}

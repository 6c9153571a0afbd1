//! A scripted evening: what residents do among themselves and with everybody who is signed in, the same for the same
//! seed. One tokio task that sleeps from step to step.

use std::time::Duration;

use serde_json::json;

use super::{dice, guests::entry, names};
use crate::sandbox::{
    messages::{Kind, MessageKind},
    parties::{Denied, Parties},
    people::AccountId,
    push::{Event, guessed},
    world::{Shared, State, now_millis},
};

/// Hosts and guests of the evening, by online id.
const CAST: [&str; 6] = ["quietcomet", "birch-lane", "saltlamp", "juniper_9", "otterfax", "northwindow"];
const PARTY_NAMES: [&str; 6] =
    ["Late dive", "Ночной заплыв", "夜の港", "Lanterns out", "حفلة الميناء", "Two more rounds"];
const ROUNDS: u64 = 48;
/// Eight hours have [`ROUNDS`] of these.
const ROUND: Duration = Duration::from_secs(600);

/// A scripted evening of eight hours, sped up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evening {
    /// 1 is real time; 60 plays an hour in a minute.
    pub speed: f64,
    /// Who does what, when: the same number, the same evening.
    pub seed: u64,
}

/// Something that happens, so long after the beginning in the evening's own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub at: Duration,
    pub act: Act,
}

/// Residents are named by their online ids. "Everybody" are those who signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Asks everybody to be friends.
    Asks {
        who: &'static str,
    },
    /// Opens a party that friends may join, with a first guest.
    Opens {
        host: &'static str,
        guest: &'static str,
        name: &'static str,
    },
    /// Invites everybody to the party they are in.
    Invites {
        who: &'static str,
    },
    Joins {
        who: &'static str,
        host: &'static str,
    },
    /// The owner of a party gives it another name.
    Renames {
        who: &'static str,
        name: &'static str,
    },
    /// The party goes on without them, or ends.
    Leaves {
        who: &'static str,
    },
    /// To each of everybody, in a group of two.
    Writes {
        who: &'static str,
        line: usize,
    },
    SendsImage {
        who: &'static str,
    },
    SendsSticker {
        who: &'static str,
    },
    IsTyping {
        who: &'static str,
    },
    /// To the last message of each group of two with everybody.
    Reacts {
        who: &'static str,
    },
}

impl Evening {
    /// What will happen, in order.
    pub fn script(&self) -> Vec<Step> {
        (0..ROUNDS).flat_map(|round| self.round(round)).collect()
    }

    /// A party from its beginning to its end, and what is said meanwhile.
    fn round(&self, round: u64) -> impl Iterator<Item = Step> + use<> {
        let roll =
            |what: u64, sides: usize| (dice::roll(self.seed ^ what << 32, round) % sides as u64) as usize;
        let first = roll(1, CAST.len());
        let cast = |offset: usize| CAST.get((first + offset) % CAST.len()).copied().unwrap_or_default();
        let (host, guest, late) = (cast(0), cast(1), cast(2));
        let name = |what: u64| PARTY_NAMES.get(roll(what, PARTY_NAMES.len())).copied().unwrap_or_default();
        let line = roll(3, 1000);
        let acts = [
            (10, Act::Asks { who: "moth-at-noon" }),
            (20, Act::Opens { host, guest, name: name(2) }),
            (40, Act::Invites { who: host }),
            (70, Act::IsTyping { who: guest }),
            (75, Act::Writes { who: guest, line }),
            (120, Act::Joins { who: late, host }),
            (150, Act::Renames { who: host, name: name(4) }),
            (180, Act::SendsImage { who: late }),
            (200, Act::Reacts { who: guest }),
            (240, Act::Leaves { who: host }),
            (270, Act::SendsSticker { who: guest }),
            (300, Act::Writes { who: host, line: line + 1 }),
            (420, Act::Leaves { who: guest }),
            (480, Act::Leaves { who: late }),
        ];
        let begins = ROUND * round as u32;
        acts.into_iter().map(move |(second, act)| Step { at: begins + Duration::from_secs(second), act })
    }
}

pub(in crate::sandbox) async fn run(world: Shared, evening: Evening) {
    let begin = tokio::time::Instant::now();
    for Step { at, act } in evening.script() {
        // A speed of nothing is no evening at all.
        let Ok(after) = Duration::try_from_secs_f64(at.as_secs_f64() / evening.speed) else { return };
        tokio::select! {
            () = tokio::time::sleep_until(begin + after) => {}
            () = world.cancel.cancelled() => return,
        }
        tracing::debug!(seconds = at.as_secs(), "the evening goes on");
        if let Err(denied) = world.change(|state| state.act(act, now_millis()).map(|events| ((), events))) {
            tracing::debug!(%denied, "a step of the evening was not possible");
        }
    }
}

impl State {
    fn act(&mut self, act: Act, now_millis: u64) -> Result<Vec<Event>, Denied> {
        let everybody: Vec<AccountId> = self.accounts.visitors().map(|visitor| visitor.id).collect();
        match act {
            Act::Asks { who } => {
                let who = self.resident(who)?;
                let asked =
                    everybody.into_iter().filter_map(|one| self.ties.befriend(who, one, now_millis).ok());
                Ok(asked.flatten().collect())
            }
            Act::Opens { host, guest, name } => {
                let (host, guest) = (self.resident(host)?, self.resident(guest)?);
                let (host, guest) = (self.person(host)?, self.person(guest)?);
                self.parties
                    .open_house(&host, &guest, name, entry(), &self.ties, now_millis)
                    .map(|((), events)| events)
            }
            Act::Invites { who } => {
                let who = self.person(self.resident(who)?)?;
                let id = party_of(&self.parties, who.account)?;
                self.parties
                    .change(&id, |party| party.invite(&who, &everybody, now_millis).map(|(_, events)| events))
                    .map(|((), events)| events)
            }
            Act::Joins { who, host } => {
                let id = party_of(&self.parties, self.resident(host)?)?;
                let who = self.person(self.resident(who)?)?;
                let joined = self.parties.join(&id, &who, entry(), &self.ties, now_millis);
                joined.map(|((), events)| events)
            }
            Act::Renames { who, name } => {
                let who = self.person(self.resident(who)?)?;
                let id = party_of(&self.parties, who.account)?;
                self.parties.change(&id, |party| party.rename(&who, name)).map(|((), events)| events)
            }
            Act::Leaves { who } => {
                let who = self.resident(who)?;
                let id = party_of(&self.parties, who)?;
                self.parties.leave(&id, who).map(|((), events)| events)
            }
            Act::Writes { who, line } => {
                let who = self.resident(who)?;
                let text = names::line(line);
                let written =
                    everybody.into_iter().flat_map(|one| self.write_to(who, one, &text, now_millis));
                Ok(written.collect())
            }
            Act::SendsImage { who } => self.send(who, MessageKind::Image, &everybody, now_millis),
            Act::SendsSticker { who } => self.send(who, MessageKind::Sticker, &everybody, now_millis),
            Act::IsTyping { who } => {
                let who = self.resident(who)?;
                let from = self.accounts.get(who).ok_or(Denied::NotPermitted)?.address();
                let mut typing = Vec::new();
                for one in everybody {
                    // Whoever types may be about to write for the first time.
                    let Ok((group, opened)) = self.groups.open(vec![who, one], Kind::Two, now_millis) else {
                        continue;
                    };
                    let data = json!({ "groupId": group.id, "customProperties": { "from": from } });
                    typing.extend(opened);
                    typing.push(Event { to: vec![one], data_type: guessed::TYPING_CREATED, data });
                }
                Ok(typing)
            }
            Act::Reacts { who } => {
                let who = self.resident(who)?;
                let reacted = everybody.into_iter().filter_map(|one| {
                    let group = self.groups.of_two_mut(who, one)?;
                    group.react(who, &group.newest()?, "🔥").ok()
                });
                Ok(reacted.collect())
            }
        }
    }

    fn resident(&self, name: &str) -> Result<AccountId, Denied> {
        self.crowd.named(name).ok_or(Denied::NotPermitted)
    }

    fn send(
        &mut self,
        who: &str,
        kind: MessageKind,
        everybody: &[AccountId],
        now_millis: u64,
    ) -> Result<Vec<Event>, Denied> {
        let who = self.resident(who)?;
        let sent = everybody.iter().filter_map(|one| {
            let group = self.groups.of_two_mut(who, *one)?;
            group.write(who, kind, "", now_millis).ok()
        });
        Ok(sent.map(|(_, event)| event).collect())
    }
}

fn party_of(parties: &Parties, account: AccountId) -> Result<String, Denied> {
    parties.of(account).map(|party| party.id.clone()).ok_or(Denied::NoSuchParty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_is_the_same_evening_of_eight_hours() {
        let evening = |seed| Evening { speed: 1.0, seed }.script();
        assert_eq!(evening(7), evening(7));
        assert_ne!(evening(7), evening(8));
        let script = evening(7);
        assert!(script.is_sorted_by_key(|step| step.at));
        assert!(script.last().is_some_and(|step| step.at > Duration::from_secs(7 * 3600)));
    }
}

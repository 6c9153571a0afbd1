//! Friends by the thousand, who come, go and change games at a steady rate: worked out from the time alone, so that
//! nobody has to be woken for it.

use std::collections::HashMap;

use super::{dice, names};
use crate::sandbox::people::{AccountId, Accounts, Activity, GAMES, Picture, Platform, Resident};

/// One in so many is away at a moment: "all online", and still somebody comes and goes.
const AWAY_ONE_IN: u64 = 32;
/// One in so many has an avatar that is not there, and one more has none.
const NO_PICTURE_ONE_IN: usize = 50;

#[derive(Default)]
pub(super) struct Neighbours {
    indices: HashMap<AccountId, u64>,
    ids: Vec<AccountId>,
    /// Changes of all of them together, in a second.
    churn_per_second: f64,
}

impl Neighbours {
    pub fn new(accounts: &mut Accounts, count: usize, churn_per_second: f64) -> Self {
        let mut indices = HashMap::with_capacity(count);
        let mut ids = Vec::with_capacity(count);
        for index in 0..count {
            let id = accounts.add_resident(Resident {
                name: names::online_id(index),
                about: names::about(index),
                real_name: names::real_name(index),
                platform: match index % 4 {
                    0 | 1 => Platform::Ps5,
                    2 => Platform::Ps4,
                    _ => Platform::Pc,
                },
                picture: match index % NO_PICTURE_ONE_IN {
                    0 => Picture::Missing,
                    1 => Picture::None,
                    _ => Picture::Drawn,
                },
            });
            indices.insert(id, index as u64);
            ids.push(id);
        }
        Self { indices, ids, churn_per_second }
    }

    pub fn ids(&self) -> &[AccountId] {
        &self.ids
    }

    /// What a neighbour does, and since when; `None` for somebody else.
    pub fn activity(&self, account: AccountId, now_millis: u64) -> Option<(Activity, u64)> {
        let index = *self.indices.get(&account)?;
        let (turn, since) = self.turn(index, now_millis);
        let dice = dice::roll(index, turn);
        let game = || GAMES.get((dice / AWAY_ONE_IN) as usize % GAMES.len()).copied();
        let activity = if dice.is_multiple_of(AWAY_ONE_IN) {
            Activity::Offline { since: Some(since) }
        } else if dice % AWAY_ONE_IN < 8 {
            Activity::Online { game: None }
        } else {
            Activity::Online { game: game() }
        };
        Some((activity, since))
    }

    /// One after the other takes a turn: how many this one took, and when the last was.
    fn turn(&self, index: u64, now_millis: u64) -> (u64, u64) {
        if self.churn_per_second <= 0.0 {
            return (0, 0);
        }
        let between_millis = 1000.0 / self.churn_per_second;
        let round_millis = between_millis * self.ids.len() as f64;
        let first = between_millis * index as f64;
        let turn = ((now_millis as f64 - first) / round_millis).max(0.0).floor();
        (turn as u64, (first + turn * round_millis) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_790_000_000_000;

    fn changed(neighbours: &Neighbours, within_millis: u64) -> usize {
        let at = |now| neighbours.ids().iter().map(move |id| neighbours.activity(*id, now));
        at(NOW).zip(at(NOW + within_millis)).filter(|(before, after)| before != after).count()
    }

    #[test]
    fn as_many_change_in_a_second_as_was_asked_for() {
        let neighbours = Neighbours::new(&mut Accounts::default(), 2000, 20.0);
        let in_ten_seconds = changed(&neighbours, 10_000);
        assert!((198..=202).contains(&in_ten_seconds), "{in_ten_seconds}");
        assert_eq!(changed(&Neighbours::new(&mut Accounts::default(), 50, 0.0), 10_000), 0);
    }

    #[test]
    fn nearly_all_are_online() {
        let neighbours = Neighbours::new(&mut Accounts::default(), 2000, 20.0);
        let away = |id: &&AccountId| matches!(neighbours.activity(**id, NOW), Some((Activity::Offline { since: Some(since) }, _)) if since <= NOW);
        let away = neighbours.ids().iter().filter(away).count();
        assert!((1..150).contains(&away), "{away}");
    }
}

//! Who lives here besides the talkers, and what they are doing: a slow clock, worked out from the time alone.

use std::collections::HashMap;

use super::neighbours::Neighbours;
use crate::sandbox::{
    SandboxConfig,
    people::{AccountId, Accounts, Activity, GAMES, Picture, Platform, Resident, Ties},
};

const NAMES: [(&str, &str, Platform); 12] = [
    ("tidewalker", "Slow mornings, long raids.", Platform::Ps5),
    ("moss_and_iron", "", Platform::Ps5),
    ("quietcomet", "Racing, mostly last.", Platform::Ps4),
    ("birch-lane", "", Platform::Ps5),
    ("saltlamp", "Co-op only.", Platform::Pc),
    ("juniper_9", "", Platform::Ps5),
    ("otterfax", "If I am away, I am cooking.", Platform::Ps4),
    ("northwindow", "", Platform::Ps5),
    ("paperlantern", "Puzzles and tea.", Platform::Mobile),
    ("gravelroad", "", Platform::Ps5),
    ("vesper_lane", "Up late.", Platform::Pc),
    ("kitewright", "", Platform::Ps5),
];
/// Nobody's friends at first: one asks to be, one accepts whoever asks, one declines, one never answers.
const STRANGERS: [(&str, &str, Platform); 4] = [
    ("wren_hollow", "New here.", Platform::Ps5),
    ("sablemoor", "Add me.", Platform::Ps5),
    ("flintlocke", "Friends only.", Platform::Ps4),
    ("moth-at-noon", "", Platform::Pc),
];
/// Two of [`NAMES`] sit in the open party.
pub(super) const PARTY_HOST: usize = 0;
pub(super) const PARTY_GUEST: usize = 1;

/// One step of the slow clock: two and a half minutes, in milliseconds.
const STEP: u64 = 150_000;

#[derive(Default)]
pub(in crate::sandbox) struct Crowd {
    roles: HashMap<AccountId, Role>,
    /// Accounts of [`NAMES`], in that order.
    friends: Vec<AccountId>,
    talkers: Option<Talkers>,
    strangers: Option<Strangers>,
    neighbours: Neighbours,
    /// Those with a part to play, by online id.
    names: HashMap<&'static str, AccountId>,
    /// Group ids: of the open party's regulars, and of neighbours.
    harbor: Option<String>,
    rooms: Vec<String>,
}

#[derive(Clone, Copy)]
pub(super) struct Talkers {
    pub nova: AccountId,
    pub echo: AccountId,
    /// Speaks as Nova does, with what a console sends.
    pub console: AccountId,
}

impl Talkers {
    pub fn all(self) -> [AccountId; 3] {
        [self.nova, self.echo, self.console]
    }
}

#[derive(Clone, Copy)]
pub(super) struct Strangers {
    pub asks: AccountId,
    pub accepts: AccountId,
    pub declines: AccountId,
}

#[derive(Clone, Copy)]
enum Role {
    /// Always there.
    Talker,
    /// In the open party, always there and playing.
    Partying,
    /// Comes and goes.
    Friend(usize),
}

impl Crowd {
    pub fn new(accounts: &mut Accounts, ties: &mut Ties, config: &SandboxConfig) -> Self {
        let (mut roles, mut names) = (HashMap::new(), HashMap::new());
        let mut add = |(name, about, platform): (&'static str, _, _)| {
            let picture = Picture::Drawn;
            let who = Resident { name: name.into(), about, real_name: None, platform, picture };
            let account = accounts.add_resident(who);
            names.insert(name, account);
            account
        };
        let nova = add(("Nova", "Invite me, I like to talk.", Platform::Ps5));
        let echo = add(("Echo", "I say what you say.", Platform::Ps5));
        let console = add(("Kestrel_PS5", "Voice from a console.", Platform::Ps5));
        for talker in [nova, echo, console] {
            roles.insert(talker, Role::Talker);
        }
        let mut friends = Vec::new();
        for (index, who) in NAMES.into_iter().enumerate() {
            let account = add(who);
            let partying = index == PARTY_HOST || index == PARTY_GUEST;
            roles.insert(account, if partying { Role::Partying } else { Role::Friend(index) });
            friends.push(account);
        }
        let [asks, accepts, declines, silent] = STRANGERS.map(add);
        for stranger in [asks, accepts, declines, silent] {
            ties.introduce_stranger(stranger);
            roles.insert(stranger, Role::Talker);
        }
        Self {
            roles,
            friends,
            talkers: Some(Talkers { nova, echo, console }),
            strangers: Some(Strangers { asks, accepts, declines }),
            neighbours: Neighbours::new(accounts, config.friends, config.churn_per_second),
            names,
            harbor: None,
            rooms: Vec::new(),
        }
    }

    pub(super) fn strangers(&self) -> Option<Strangers> {
        self.strangers
    }

    pub(super) fn named(&self, name: &str) -> Option<AccountId> {
        self.names.get(name).copied()
    }

    /// The groups that everybody is admitted to who signs in.
    pub(super) fn rooms(&self) -> impl Iterator<Item = &str> {
        self.harbor.iter().chain(&self.rooms).map(String::as_str)
    }

    pub(super) fn keep_room(&mut self, group: String) {
        self.rooms.push(group);
    }

    pub(super) fn harbor(&self) -> Option<&str> {
        self.harbor.as_deref()
    }

    pub(super) fn keep_harbor(&mut self, group: String) {
        self.harbor = Some(group);
    }

    pub(super) fn neighbours(&self) -> &[AccountId] {
        self.neighbours.ids()
    }

    pub(super) fn talkers(&self) -> Option<Talkers> {
        self.talkers
    }

    pub(super) fn friend(&self, index: usize) -> Option<AccountId> {
        self.friends.get(index).copied()
    }

    /// What a resident is doing at a time in milliseconds since 1970.
    pub fn activity(&self, account: AccountId, now_millis: u64) -> Activity {
        match self.roles.get(&account) {
            None => self
                .neighbours
                .activity(account, now_millis)
                .map_or(Activity::Offline { since: None }, |(activity, _)| activity),
            Some(Role::Talker) => Activity::Online { game: None },
            Some(Role::Partying) => Activity::Online { game: Some(GAMES[0]) },
            Some(Role::Friend(index)) => come_and_go(*index as u64, now_millis),
        }
    }

    /// When that became so, or later; in milliseconds since 1970.
    pub fn activity_since(&self, account: AccountId, now_millis: u64) -> u64 {
        match self.roles.get(&account) {
            Some(Role::Friend(index)) => now_millis - shifted(*index as u64, now_millis) % STEP,
            Some(Role::Talker | Role::Partying) => 0,
            None => self.neighbours.activity(account, now_millis).map_or(0, |(_, since)| since),
        }
    }
}

/// An evening of seven steps, shifted for everybody: one online, five playing (with a change of game), two away.
fn come_and_go(index: u64, now_millis: u64) -> Activity {
    const EVENING: u64 = 8;
    let time = shifted(index, now_millis);
    let (evening, step) = (time / STEP / EVENING, time / STEP % EVENING);
    let game = |turn: u64| {
        let game = (index * 3 + evening * 5 + turn) % GAMES.len() as u64;
        GAMES.get(game as usize).copied()
    };
    match step {
        0 => Activity::Online { game: None },
        1..=3 => Activity::Online { game: game(0) },
        4..=5 => Activity::Online { game: game(1) },
        _ => {
            let left = time - time % (STEP * EVENING) + 6 * STEP;
            Activity::Offline { since: Some(now_millis.saturating_sub(time - left)) }
        }
    }
}

/// By odd amounts, so that not everybody moves at once.
fn shifted(index: u64, now_millis: u64) -> u64 {
    now_millis + index * 3 * STEP + index * 11_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_790_000_000_000;

    #[test]
    fn at_any_time_some_play_some_are_there_and_some_are_away() {
        let mut accounts = Accounts::default();
        let crowd = Crowd::new(&mut accounts, &mut Ties::default(), &SandboxConfig::default());
        for minute in 0..60 {
            let now = NOW + minute * 60_000;
            let activities: Vec<_> = crowd.friends.iter().map(|id| crowd.activity(*id, now)).collect();
            let playing =
                activities.iter().filter(|it| matches!(it, Activity::Online { game: Some(_) })).count();
            let away = activities.iter().filter(|it| matches!(it, Activity::Offline { .. })).count();
            assert!(playing >= 3 && away >= 1, "minute {minute}: {playing} play, {away} are away");
        }
    }

    #[test]
    fn somebody_comes_or_goes_every_few_minutes_but_not_everybody_at_once() {
        for minute in 0..120 {
            let then = NOW + minute * 60_000;
            let changed = |span: u64| {
                (2..12).filter(|index| come_and_go(*index, then) != come_and_go(*index, then + span)).count()
            };
            assert!(changed(5 * 60_000) >= 1);
            assert!(changed(5_000) <= 4);
        }
    }

    #[test]
    fn who_is_away_left_in_the_past_and_says_the_same_time_throughout() {
        let away = (0..4000).map(|n| NOW + n * 1000).find_map(|now| match come_and_go(5, now) {
            Activity::Offline { since } => Some((now, since)),
            Activity::Online { .. } => None,
        });
        let (now, since) = away.expect("away at some time within an hour");
        assert!(since.is_some_and(|since| since <= now && now - since < 2 * STEP));
        assert_eq!(come_and_go(5, now + 1000), Activity::Offline { since });
    }
}

//! Who of the friends is where: sorted, searched, and put under headings. Pure.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use crate::{
    model::{AccountId, Availability, Friend, Game, PartySession, SessionId, TitleId},
    ui::wording,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Wherever they are.
    Favorites,
    InParty,
    Playing,
    Online,
    Offline,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Favorites, Self::InParty, Self::Playing, Self::Online, Self::Offline];

    pub fn heading(self) -> &'static str {
        match self {
            Self::Favorites => "Favourites",
            Self::InParty => "In a party",
            Self::Playing => "Playing",
            Self::Online => "Online",
            Self::Offline => "Offline",
        }
    }
}

/// Friends under one heading, as indices into the list.
#[derive(Debug, PartialEq, Eq)]
pub struct Group {
    pub kind: Kind,
    pub entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub index: usize,
    pub party: Option<Whereabouts>,
    /// They play what the user plays, or somebody in the user's party.
    pub same_game: bool,
}

/// The party somebody is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    Ours,
    /// By its place in the list.
    Other(usize),
}

/// What is around the friends.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    pub parties: &'a [PartySession],
    pub current: Option<&'a PartySession>,
    pub favorites: &'a BTreeSet<AccountId>,
    pub own_game: Option<&'a TitleId>,
}

/// A party somebody is in, to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InParty {
    pub name: String,
    /// For the pill beside a friend: an unnamed party's full name would only repeat theirs.
    pub short: String,
    pub session: SessionId,
    pub ours: bool,
    pub joinable: bool,
    pub full: bool,
}

impl InParty {
    pub fn of(account: AccountId, parties: &[PartySession], current: Option<&PartySession>) -> Option<Self> {
        let inside = |session: &PartySession| session.members.iter().any(|m| m.account == account);
        if current.is_some_and(inside) {
            return Self::at(Whereabouts::Ours, parties, current);
        }
        let place = parties.iter().position(inside)?;
        Self::at(Whereabouts::Other(place), parties, current)
    }

    pub fn at(
        whereabouts: Whereabouts,
        parties: &[PartySession],
        current: Option<&PartySession>,
    ) -> Option<Self> {
        let (session, ours) = match whereabouts {
            Whereabouts::Ours => (current?, true),
            Whereabouts::Other(place) => (parties.get(place)?, false),
        };
        let joinable = session.joinable && !ours;
        let name = wording::party_name(session);
        let short = match (session.name.trim(), ours, joinable) {
            ("", true, _) => "your party".to_owned(),
            ("", false, true) => "open party".to_owned(),
            ("", false, false) => "in a party".to_owned(),
            _ => name.clone(),
        };
        let full = session.members.len() >= session.max_members as usize;
        Some(Self { name, short, session: session.id.clone(), ours, joinable, full })
    }
}

/// Online first, then by name whatever its case.
pub fn sorted(friends: &[Friend]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..friends.len()).collect();
    order.sort_by_cached_key(|&i| {
        friends.get(i).map(|f| (!is_online(f), f.profile.online_id.as_str().to_lowercase()))
    });
    order
}

pub fn is_online(friend: &Friend) -> bool {
    friend.presence.as_ref().is_some_and(|p| p.availability == Availability::Online)
}

pub fn matches(friend: &Friend, search: &str) -> bool {
    has(friend, &needle(search))
}

fn needle(search: &str) -> String {
    search.trim().to_lowercase()
}

fn has(friend: &Friend, needle: &str) -> bool {
    needle.is_empty() || friend.profile.online_id.as_str().to_lowercase().contains(needle)
}

/// What a friend has running now.
fn game(friend: &Friend) -> Option<&Game> {
    friend.presence.as_ref().filter(|p| p.availability == Availability::Online)?.game.as_ref()
}

pub fn group(friends: &[Friend], around: &Around<'_>, search: &str) -> Vec<Group> {
    let whereabouts = whereabouts(around);
    let ours = |friend: &&Friend| whereabouts.get(&friend.profile.account) == Some(&Whereabouts::Ours);
    let title = |friend: &'_ Friend| game(friend).and_then(|game| game.title_id.clone());
    let mut games: HashSet<TitleId> = friends.iter().filter(ours).filter_map(title).collect();
    games.extend(around.own_game.cloned());

    let mut groups = Kind::ALL.map(|kind| Group { kind, entries: Vec::new() });
    let needle = needle(search);
    for index in sorted(friends) {
        let Some(friend) = friends.get(index).filter(|friend| has(friend, &needle)) else { continue };
        let account = friend.profile.account;
        let party = whereabouts.get(&account).copied();
        let game = game(friend);
        let same_game = game.and_then(|game| game.title_id.as_ref()).is_some_and(|id| games.contains(id));
        let [favorites, in_party, playing, online, offline] = &mut groups;
        let group = match party {
            _ if around.favorites.contains(&account) => favorites,
            Some(_) => in_party,
            None if game.is_some() => playing,
            None if is_online(friend) => online,
            None => offline,
        };
        group.entries.push(Entry { index, party, same_game });
    }
    // Whoever plays the same stays together, what the user plays first. The order by name stays within.
    let [_, _, playing, ..] = &mut groups;
    playing.entries.sort_by_cached_key(|entry| {
        let title = friends.get(entry.index).and_then(game).map(|game| game.title.to_lowercase());
        (!entry.same_game, title)
    });
    groups.into_iter().filter(|group| !group.entries.is_empty()).collect()
}

/// Who is in which party; the user's own before others.
fn whereabouts(around: &Around<'_>) -> HashMap<AccountId, Whereabouts> {
    let others = around.parties.iter().enumerate().map(|(place, party)| (Whereabouts::Other(place), party));
    let ours = around.current.map(|party| (Whereabouts::Ours, party));
    let mut found = HashMap::new();
    for (whereabouts, party) in ours.into_iter().chain(others) {
        for member in &party.members {
            found.entry(member.account).or_insert(whereabouts);
        }
    }
    found
}

/// The groups, until something that they depend on changes: whether it did is seen without looking into it.
#[derive(Default)]
pub struct Grouped {
    made_of: Option<MadeOf>,
    groups: Arc<Vec<Group>>,
}

struct MadeOf {
    friends: Arc<Vec<Friend>>,
    parties: Option<Arc<Vec<PartySession>>>,
    favorites: Arc<BTreeSet<AccountId>>,
    current: Vec<AccountId>,
    own_game: Option<TitleId>,
    search: String,
}

/// What the groups are made of, as a snapshot has it.
pub struct Source<'a> {
    pub friends: &'a Arc<Vec<Friend>>,
    pub parties: Option<&'a Arc<Vec<PartySession>>>,
    pub favorites: &'a Arc<BTreeSet<AccountId>>,
    pub current: Option<&'a PartySession>,
    pub own_game: Option<&'a TitleId>,
}

impl Grouped {
    pub fn follow(&mut self, source: &Source<'_>, search: &str) -> Arc<Vec<Group>> {
        if !self.made_of.as_ref().is_some_and(|made_of| made_of.is(source, search)) {
            let around = Around {
                parties: source.parties.map_or(&[], |parties| parties),
                current: source.current,
                favorites: source.favorites,
                own_game: source.own_game,
            };
            self.groups = Arc::new(group(source.friends, &around, search));
            self.made_of = Some(MadeOf {
                friends: source.friends.clone(),
                parties: source.parties.cloned(),
                favorites: source.favorites.clone(),
                current: members(source.current).collect(),
                own_game: source.own_game.cloned(),
                search: search.to_owned(),
            });
        }
        self.groups.clone()
    }
}

impl MadeOf {
    fn is(&self, source: &Source<'_>, search: &str) -> bool {
        let same_parties = match (&self.parties, source.parties) {
            (Some(before), Some(now)) => Arc::ptr_eq(before, now),
            (None, None) => true,
            _ => false,
        };
        same_parties
            && Arc::ptr_eq(&self.friends, source.friends)
            && Arc::ptr_eq(&self.favorites, source.favorites)
            && self.own_game.as_ref() == source.own_game
            && self.search == search
            && self.current.iter().copied().eq(members(source.current))
    }
}

fn members(session: Option<&PartySession>) -> impl Iterator<Item = AccountId> {
    session.into_iter().flat_map(|session| session.members.iter().map(|member| member.account))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Member, OnlineId, Platform, Presence, Privacy, Profile};

    fn friend(id: u64, name: &str, online: bool) -> Friend {
        let availability = if online { Availability::Online } else { Availability::Offline };
        Friend {
            profile: Profile::named(AccountId(id), name),
            presence: Some(Presence { availability, platform: None, game: None, last_online: None }),
        }
    }

    fn playing(id: u64, name: &str, title: &str) -> Friend {
        let mut friend = friend(id, name, true);
        let game = Game { title_id: Some(TitleId::from(title)), title: title.to_owned(), icon: None };
        friend.presence.as_mut().expect("a presence").game = Some(game);
        friend
    }

    fn party(name: &str, members: &[u64]) -> PartySession {
        PartySession {
            id: SessionId::from(name),
            name: name.to_owned(),
            privacy: Privacy::FriendsCanJoin,
            max_members: 16,
            owner: None,
            members: members
                .iter()
                .map(|id| Member {
                    account: AccountId(*id),
                    online_id: OnlineId::from("x"),
                    platform: Platform::Ps5,
                    join_order: 0,
                    muted: false,
                    voice_off: false,
                    connected_to: None,
                })
                .collect(),
            bridge: None,
            joinable: true,
            request_to_join: false,
            created: None,
        }
    }

    const NOBODY: &BTreeSet<AccountId> = &BTreeSet::new();
    const NOTHING: Around<'static> =
        Around { parties: &[], current: None, favorites: NOBODY, own_game: None };

    fn shown(groups: &[Group]) -> Vec<(Kind, Vec<usize>)> {
        groups.iter().map(|g| (g.kind, g.entries.iter().map(|e| e.index).collect())).collect()
    }

    #[test]
    fn friends_in_a_party_come_first_then_those_online_by_name_whatever_its_case() {
        let friends = [
            friend(1, "zeta", true),
            friend(2, "Alpha", true),
            friend(3, "beta", false),
            friend(4, "Nova", true),
        ];
        let parties = [party("Sunday squad", &[4])];
        let groups = group(&friends, &Around { parties: &parties, ..NOTHING }, "");
        assert_eq!(
            shown(&groups),
            [(Kind::InParty, vec![3]), (Kind::Online, vec![1, 0]), (Kind::Offline, vec![2])]
        );
    }

    #[test]
    fn they_are_grouped_once_for_each_change_however_many_frames_are_drawn() {
        let mut friends = Arc::new((0..2000).map(|n| friend(n, "somebody", n % 2 == 0)).collect::<Vec<_>>());
        let favorites = Arc::default();
        let mut grouped = Grouped::default();
        let mut made = Vec::new();
        for frame in 0..60 {
            if frame % 3 == 0 {
                Arc::make_mut(&mut friends)[frame * 7].presence = None;
            }
            let source = Source {
                friends: &friends,
                parties: None,
                favorites: &favorites,
                current: None,
                own_game: None,
            };
            made.push(grouped.follow(&source, ""));
        }
        made.dedup_by(|a, b| Arc::ptr_eq(a, b));
        assert_eq!(made.len(), 20);
    }

    #[test]
    fn favourites_are_on_top_wherever_they_are() {
        let friends = [friend(1, "zeta", true), friend(2, "Alpha", false), friend(3, "beta", true)];
        let favorites = [AccountId(1), AccountId(2)].into();
        let groups = group(&friends, &Around { favorites: &favorites, ..NOTHING }, "");
        assert_eq!(shown(&groups), [(Kind::Favorites, vec![0, 1]), (Kind::Online, vec![2])]);
    }

    #[test]
    fn those_who_play_the_same_stay_together_and_what_i_play_comes_first() {
        let friends = [
            playing(1, "a", "Pinball"),
            playing(2, "b", "Deep Harbor"),
            playing(3, "c", "Astro"),
            playing(4, "d", "Pinball"),
            playing(5, "e", "Deep Harbor"),
        ];
        let pinball = TitleId::from("Pinball");
        let groups = group(&friends, &Around { own_game: Some(&pinball), ..NOTHING }, "");
        assert_eq!(shown(&groups), [(Kind::Playing, vec![0, 3, 2, 1, 4])]);
        let same: Vec<bool> = groups[0].entries.iter().map(|entry| entry.same_game).collect();
        assert_eq!(same, [true, true, false, false, false]);
    }

    #[test]
    fn what_my_party_plays_counts_as_the_same_game() {
        let friends =
            [playing(1, "Nova", "Astro"), playing(2, "bramble", "Astro"), playing(3, "Pell", "Chess")];
        let ours = party("Mine", &[1]);
        let groups = group(&friends, &Around { current: Some(&ours), ..NOTHING }, "");
        let same = |index: usize| {
            let mut entries = groups.iter().flat_map(|group| &group.entries);
            entries.find(|entry| entry.index == index).is_some_and(|entry| entry.same_game)
        };
        assert!(same(0) && same(1) && !same(2));
    }

    #[test]
    fn a_friend_in_my_own_party_cannot_be_joined() {
        let ours = party("Mine", &[1]);
        let found = InParty::of(AccountId(1), &[party("Other", &[1])], Some(&ours)).expect("in a party");
        assert!(found.ours && !found.joinable);
        assert_eq!(found.name, "Mine");
    }

    #[test]
    fn the_search_ignores_case_and_blanks() {
        let friends = [friend(1, "Kestrel_9", true), friend(2, "Nova", true)];
        assert_eq!(shown(&group(&friends, &NOTHING, " KEST ")), [(Kind::Online, vec![0])]);
    }

    #[test]
    fn nothing_is_sorted_anew_while_nothing_changes() {
        let (friends, parties, favorites) =
            (Arc::new(vec![friend(1, "Nova", true)]), Arc::default(), Arc::default());
        let source = |friends| Source {
            friends,
            parties: Some(&parties),
            favorites: &favorites,
            current: None,
            own_game: None,
        };
        let mut grouped = Grouped::default();
        let first = grouped.follow(&source(&friends), "");
        assert!(Arc::ptr_eq(&first, &grouped.follow(&source(&friends), "")));
        assert!(!Arc::ptr_eq(&first, &grouped.follow(&source(&friends), "n")));
        let others = Arc::new(friends.to_vec());
        let second = grouped.follow(&source(&others), "n");
        assert!(Arc::ptr_eq(&second, &grouped.follow(&source(&others), "n")));
    }
}

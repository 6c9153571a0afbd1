//! What this program remembers for an account, and the service does not.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::SystemTime,
};

use super::{AccountId, GroupId, Hearing, Invitation, MessageUid, Profile};

/// Kept for an account that is kept, and gone with it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Notes {
    /// On top of every list.
    pub favorites: BTreeSet<AccountId>,
    /// Heard of by push alone, and their party is not known to be over. Oldest first.
    pub invitations: Vec<Invitation>,
    /// The newest message of each group that was on screen.
    pub read_up_to: BTreeMap<GroupId, MessageUid>,
    /// Who friends are: asked for once, not at every start.
    pub profiles: Vec<Profile>,
    /// Those who are not heard as they are.
    pub hearing: BTreeMap<AccountId, Hearing>,
    /// The service wants to be left alone until then, by the computer's clock.
    pub pause_until: Option<SystemTime>,
}

impl Notes {
    pub const MAX_FAVORITES: usize = 2000;
    pub const MAX_INVITATIONS: usize = 32;
    pub const MAX_GROUPS: usize = 2000;
    pub const MAX_PROFILES: usize = 2000;
    pub const MAX_HEARING: usize = 2000;

    /// Takes in what an earlier run remembered. Where both know something, these notes are the newer ones.
    pub fn take_over(&mut self, earlier: Self) {
        self.favorites.extend(earlier.favorites);
        let is_new = |old: &Invitation| self.invitations.iter().all(|ours| ours.session != old.session);
        let older: Vec<_> = earlier.invitations.into_iter().filter(is_new).collect();
        self.invitations.splice(0..0, older);
        for (group, read) in earlier.read_up_to {
            self.read_up_to.entry(group).or_insert(read);
        }
        for (account, hearing) in earlier.hearing {
            self.hearing.entry(account).or_insert(hearing);
        }
        let known: BTreeSet<_> = self.profiles.iter().map(|ours| ours.account).collect();
        self.profiles.extend(earlier.profiles.into_iter().filter(|old| !known.contains(&old.account)));
        self.pause_until = self.pause_until.max(earlier.pause_until);
        self.clamp();
    }

    /// Lets go of what is too much: of invitations the oldest.
    pub fn clamp(&mut self) {
        while self.favorites.len() > Self::MAX_FAVORITES {
            self.favorites.pop_last();
        }
        let too_old = self.invitations.len().saturating_sub(Self::MAX_INVITATIONS);
        self.invitations.drain(..too_old);
        while self.read_up_to.len() > Self::MAX_GROUPS {
            self.read_up_to.pop_last();
        }
        self.profiles.truncate(Self::MAX_PROFILES);
        self.hearing.retain(|_, hearing| *hearing != Hearing::default());
        self.hearing
            .values_mut()
            .for_each(|hearing| hearing.volume_percent = hearing.volume_percent.min(Hearing::MAX_VOLUME));
        while self.hearing.len() > Self::MAX_HEARING {
            self.hearing.pop_last();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{OnlineId, SessionId};

    fn invitation(session: &str, from: &str) -> Invitation {
        Invitation {
            session: SessionId::from(session),
            from: Some(OnlineId::from(from)),
            from_account: None,
            party_name: String::new(),
            members: Vec::new(),
        }
    }

    #[test]
    fn what_happened_before_the_file_was_read_is_the_newer_part() {
        let group = |n: u32| GroupId(format!("g-{n}"));
        let mut notes = Notes {
            favorites: BTreeSet::from([AccountId(2)]),
            invitations: vec![invitation("b", "now"), invitation("c", "now")],
            read_up_to: BTreeMap::from([(group(1), MessageUid::from("5"))]),
            profiles: vec![Profile::named(AccountId(1), "new_name")],
            hearing: BTreeMap::new(),
            pause_until: None,
        };
        notes.take_over(Notes {
            favorites: BTreeSet::from([AccountId(1)]),
            invitations: vec![invitation("a", "before"), invitation("b", "before")],
            read_up_to: BTreeMap::from([
                (group(1), MessageUid::from("4")),
                (group(2), MessageUid::from("9")),
            ]),
            profiles: vec![
                Profile::named(AccountId(1), "old_name"),
                Profile::named(AccountId(2), "Odalys-7"),
            ],
            hearing: BTreeMap::new(),
            pause_until: Some(SystemTime::UNIX_EPOCH),
        });
        assert_eq!(notes.favorites, BTreeSet::from([AccountId(1), AccountId(2)]));
        let order: Vec<_> = notes.invitations.iter().map(|i| i.session.as_str()).collect();
        assert_eq!(order, ["a", "b", "c"]);
        assert_eq!(notes.invitations[1], invitation("b", "now"));
        assert_eq!((&notes.read_up_to[&group(1)].0[..], &notes.read_up_to[&group(2)].0[..]), ("5", "9"));
        let names: Vec<_> = notes.profiles.iter().map(|p| p.online_id.as_str()).collect();
        assert_eq!(names, ["new_name", "Odalys-7"]);
        assert_eq!(notes.pause_until, Some(SystemTime::UNIX_EPOCH));
    }

    #[test]
    fn too_much_is_let_go_of_and_of_invitations_the_oldest() {
        let mut notes = Notes {
            favorites: (0..3000).map(AccountId).collect(),
            invitations: (0..40).map(|n| invitation(&format!("s-{n}"), "somebody")).collect(),
            read_up_to: (0..3000).map(|n| (GroupId(format!("g-{n}")), MessageUid::from("1"))).collect(),
            profiles: (0..3000).map(|n| Profile::named(AccountId(n), "somebody")).collect(),
            hearing: BTreeMap::new(),
            pause_until: None,
        };
        notes.clamp();
        assert_eq!(notes.favorites.len(), Notes::MAX_FAVORITES);
        assert_eq!((notes.invitations.len(), notes.invitations[0].session.as_str()), (32, "s-8"));
        assert_eq!((notes.read_up_to.len(), notes.profiles.len()), (Notes::MAX_GROUPS, Notes::MAX_PROFILES));
    }
}

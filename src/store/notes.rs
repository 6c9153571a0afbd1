//! What is remembered for each account that is kept: one JSON file each, named by the account's slot, that only this user can
//! read. Forgiving to read, since nothing in it is worth a program that does not start. Blocking.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::files::{files_in, read_bounded, remove_folder, remove_private, write_private};
use crate::model::{
    AccountId, AccountSlot, GroupId, Hearing, Invitation, MessageUid, Notes, OnlineId, PartySession, Profile,
    SessionId, is_path_segment,
};

/// In bytes: several times what two thousand friends come to.
const LIMIT: u64 = 2 << 20;
/// Names and ids from outside, in bytes.
const MAX_NAME: usize = 512;

/// Where they are.
#[derive(Debug)]
pub enum KeptNotes {
    /// Until the program ends, for going from one account to another and back.
    Memory(BTreeMap<AccountSlot, (AccountId, Notes)>),
    Folder(PathBuf),
}

impl KeptNotes {
    pub fn in_memory() -> Self {
        Self::Memory(BTreeMap::new())
    }

    /// Nothing there, or nothing that can be used, is nothing remembered; what another account left in the slot is nobody's.
    pub fn read(&self, slot: &AccountSlot, owner: AccountId) -> Notes {
        let found = match self {
            Self::Memory(notes) => notes.get(slot).cloned(),
            Self::Folder(folder) => read_bounded(&file_of(folder, slot), LIMIT).and_then(|b| parse(&b)),
        };
        found.filter(|(account, _)| *account == owner).map(|(_, notes)| notes).unwrap_or_default()
    }

    /// # Errors
    /// When the file cannot be written; what was there before is still there.
    pub fn keep(&mut self, slot: &AccountSlot, owner: AccountId, notes: &Notes) -> io::Result<()> {
        match self {
            Self::Memory(kept) => {
                kept.insert(slot.clone(), (owner, notes.clone()));
                Ok(())
            }
            Self::Folder(folder) => write_private(&file_of(folder, slot), &print(owner, notes)?),
        }
    }

    /// Also what was left behind in slots that nobody knows any more, and what can no longer be read: it may be of this one.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn forget_account(&mut self, owner: AccountId) -> io::Result<()> {
        match self {
            Self::Memory(kept) => kept.retain(|_, (account, _)| *account != owner),
            Self::Folder(folder) => {
                for (file, _) in files_in(folder)? {
                    let owner_of = read_bounded(&file, LIMIT).and_then(|bytes| parse(&bytes));
                    if owner_of.is_none_or(|(account, _)| account == owner) {
                        remove_private(&file)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Nothing is left of any account.
    ///
    /// # Errors
    /// When the files cannot be removed.
    pub fn forget_all(&mut self) -> io::Result<()> {
        match self {
            Self::Memory(kept) => {
                kept.clear();
                Ok(())
            }
            Self::Folder(folder) => remove_folder(folder),
        }
    }

    /// Goes where the accounts go; `accounts`: those whose notes come along.
    ///
    /// # Errors
    /// When something could not be written in the new place, or removed from the old one; the new one is in use then too.
    pub fn move_to(&mut self, mut to: Self, accounts: &[(AccountSlot, AccountId)]) -> io::Result<()> {
        if let (Self::Folder(from), Self::Folder(to)) = (&*self, &to)
            && from == to
        {
            return Ok(());
        }
        let copied = accounts.iter().try_for_each(|(slot, owner)| {
            let notes = self.read(slot, *owner);
            if notes == Notes::default() { Ok(()) } else { to.keep(slot, *owner, &notes) }
        });
        std::mem::swap(self, &mut to);
        copied.and(to.forget_all())
    }
}

fn file_of(folder: &Path, slot: &AccountSlot) -> PathBuf {
    folder.join(format!("{}.json", slot.as_str()))
}

/// Account ids are above 2^53, hence strings.
#[derive(Serialize)]
struct NotesFile {
    account: String,
    favorites: Vec<String>,
    invitations: Vec<InvitationEntry>,
    read_up_to: BTreeMap<String, String>,
    profiles: Vec<ProfileEntry>,
    hearing: BTreeMap<String, Hearing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause_until: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct InvitationEntry {
    session: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from_account: Option<String>,
    #[serde(default)]
    party_name: String,
    #[serde(default)]
    members: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct ProfileEntry {
    account: String,
    online_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    avatar: Option<String>,
    #[serde(default)]
    is_plus: bool,
    #[serde(default)]
    is_verified: bool,
}

/// Of entries that could not be read again, none is written.
fn print(owner: AccountId, notes: &Notes) -> io::Result<Vec<u8>> {
    let mut notes = notes.clone();
    notes.clamp();
    let mut file = NotesFile {
        account: owner.to_string(),
        favorites: notes.favorites.iter().map(AccountId::to_string).collect(),
        invitations: notes.invitations.into_iter().filter_map(InvitationEntry::of).collect(),
        read_up_to: notes
            .read_up_to
            .into_iter()
            .filter(|(group, read)| is_mark(&group.0, &read.0))
            .map(|(group, read)| (group.0, read.0))
            .collect(),
        profiles: notes.profiles.into_iter().filter_map(ProfileEntry::of).collect(),
        hearing: notes.hearing.into_iter().map(|(account, hearing)| (account.to_string(), hearing)).collect(),
        pause_until: notes
            .pause_until
            .and_then(|until| until.duration_since(UNIX_EPOCH).ok())
            .map(|until| until.as_secs()),
    };
    let mut bytes = serde_json::to_vec(&file)?;
    if bytes.len() as u64 > LIMIT {
        // They can be asked for again; nothing else can be this long.
        file.profiles.clear();
        bytes = serde_json::to_vec(&file)?;
    }
    Ok(bytes)
}

/// Field by field and entry by entry: one that cannot be read costs itself alone. `None`: it is nobody's.
fn parse(bytes: &[u8]) -> Option<(AccountId, Notes)> {
    let Ok(Value::Object(mut file)) = serde_json::from_slice(bytes) else { return None };
    let owner = file.get("account")?.as_str()?.parse().ok()?;
    let mut list = |name: &str| match file.remove(name) {
        Some(Value::Array(entries)) => entries,
        _ => Vec::new(),
    };
    let favorites = entries::<String>(list("favorites")).filter_map(|id| id.parse().ok());
    let favorites = favorites.take(Notes::MAX_FAVORITES).collect();
    let invitations = entries(list("invitations")).filter_map(InvitationEntry::read).collect();
    let profiles = entries(list("profiles")).filter_map(ProfileEntry::read).take(Notes::MAX_PROFILES);
    let profiles = profiles.collect();
    let mut map = |name: &str| match file.remove(name) {
        Some(Value::Object(entries)) => entries,
        _ => serde_json::Map::new(),
    };
    let hearing = map("hearing").into_iter().filter_map(|(account, hearing)| {
        Some((account.parse::<AccountId>().ok()?, serde_json::from_value::<Hearing>(hearing).ok()?))
    });
    let hearing = hearing.take(Notes::MAX_HEARING).collect();
    let read_up_to = map("read_up_to").into_iter().filter_map(|(group, read)| match read {
        Value::String(read) if is_mark(&group, &read) => Some((GroupId(group), MessageUid(read))),
        _ => None,
    });
    let read_up_to = read_up_to.collect();
    let pause_until = file.get("pause_until").and_then(Value::as_u64).map(Duration::from_secs);
    let pause_until = pause_until.and_then(|until| UNIX_EPOCH.checked_add(until));
    let mut notes = Notes { favorites, invitations, read_up_to, profiles, hearing, pause_until };
    notes.clamp();
    Some((owner, notes))
}

fn entries<T: DeserializeOwned>(list: Vec<Value>) -> impl Iterator<Item = T> {
    list.into_iter().filter_map(|entry| serde_json::from_value(entry).ok())
}

impl InvitationEntry {
    fn of(invitation: Invitation) -> Option<Self> {
        let entry = Self {
            session: invitation.session.0,
            from: invitation.from.map(|name| name.0),
            from_account: invitation.from_account.map(|account| account.to_string()),
            party_name: invitation.party_name,
            members: invitation.members.into_iter().map(|name| name.0).collect(),
        };
        entry.fits().then_some(entry)
    }

    fn read(self) -> Option<Invitation> {
        self.fits().then_some(())?;
        Some(Invitation {
            session: self.session.parse::<SessionId>().ok()?,
            from: self.from.map(OnlineId),
            from_account: self.from_account.and_then(|account| account.parse().ok()),
            party_name: self.party_name,
            members: self.members.into_iter().map(OnlineId).collect(),
        })
    }

    fn fits(&self) -> bool {
        SessionId::is_well_formed(&self.session)
            && self.members.len() <= PartySession::MAX_MEMBERS as usize
            && self.members.iter().chain(&self.from).chain([&self.party_name]).all(|name| is_short(name))
    }
}

impl ProfileEntry {
    fn of(profile: Profile) -> Option<Self> {
        is_short(&profile.online_id.0).then(|| Self {
            account: profile.account.to_string(),
            online_id: profile.online_id.0,
            avatar: profile.avatar.map(|avatar| avatar.as_str().to_owned()),
            is_plus: profile.is_plus,
            is_verified: profile.is_verified,
        })
    }

    fn read(self) -> Option<Profile> {
        is_short(&self.online_id).then_some(())?;
        Some(Profile {
            avatar: self.avatar.and_then(|avatar| avatar.parse().ok()),
            is_plus: self.is_plus,
            is_verified: self.is_verified,
            ..Profile::named(self.account.parse().ok()?, OnlineId(self.online_id))
        })
    }
}

fn is_short(name: &str) -> bool {
    name.len() <= MAX_NAME
}

fn is_mark(group: &str, read: &str) -> bool {
    is_path_segment(group) && !read.is_empty() && is_short(read)
}

#[cfg(test)]
mod tests;

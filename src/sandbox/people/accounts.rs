//! Who exists. Ids are made from names, so that the same name is the same person in every run.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    fmt,
    str::FromStr,
};

use serde_json::{Value, json};

/// Visitors beyond these are refused at sign-in.
const MAX_VISITORS: usize = 256;
/// Shortest and longest online id.
const NAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=16;

/// A number above 2^53; a string in JSON.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::sandbox) struct AccountId(pub u64);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountId(…)")
    }
}

impl FromStr for AccountId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl AccountId {
    /// How the bridge names a contributing source in RTP.
    pub fn csrc(self) -> u32 {
        self.0 as u32
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Platform {
    Mobile,
    Ps5,
    Ps4,
    Pc,
}

impl Platform {
    pub fn wire(self) -> &'static str {
        match self {
            Self::Mobile => "MOBILE_APP",
            Self::Ps5 => "PS5",
            Self::Ps4 => "PS4",
            Self::Pc => "PSPC",
        }
    }

    /// How messages from member to member name it. A console was seen; that it stands for every one is a guess, and for
    /// a PC too.
    pub fn number(self) -> u32 {
        match self {
            Self::Mobile => 100_001,
            Self::Ps5 | Self::Ps4 | Self::Pc => 5,
        }
    }
}

#[derive(Clone)]
pub(in crate::sandbox) struct Account {
    pub id: AccountId,
    pub online_id: String,
    pub about: &'static str,
    /// First and last, shown to friends.
    pub real_name: Option<(&'static str, &'static str)>,
    pub platform: Platform,
    pub picture: Picture,
    /// Lives in the sandbox, as opposed to signing in.
    pub resident: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Picture {
    /// Drawn from the account's number.
    Drawn,
    /// The profile names one that is not there.
    Missing,
    None,
}

/// Somebody who is to live here.
pub(in crate::sandbox) struct Resident {
    pub name: Cow<'static, str>,
    pub about: &'static str,
    pub real_name: Option<(&'static str, &'static str)>,
    pub platform: Platform,
    pub picture: Picture,
}

impl Account {
    /// `{accountId, onlineId, platform}`, as sessions and push frames name somebody.
    pub fn address(&self) -> Value {
        json!({ "accountId": self.id.to_string(), "onlineId": self.online_id, "platform": self.platform.wire() })
    }

    /// 64 hex digits that stay the same for an account.
    pub fn device_unique_id(&self) -> String {
        format!("{:064x}", self.id.0)
    }
}

/// What somebody is doing at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Activity {
    Offline {
        /// Milliseconds since 1970; `None` where it was never seen online.
        since: Option<u64>,
    },
    Online {
        game: Option<&'static str>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::sandbox) enum NameRefused {
    #[error("A name has 3 to 16 letters, digits, hyphens or underscores.")]
    NotAName,
    #[error("This name belongs to somebody who lives in the sandbox.")]
    Resident,
    #[error("The sandbox is full.")]
    Full,
}

#[derive(Default)]
pub(in crate::sandbox) struct Accounts {
    by_id: BTreeMap<AccountId, Account>,
    csrcs: HashSet<u32>,
}

impl Accounts {
    pub fn is_known(&self, name: &str) -> bool {
        self.by_id.values().any(|account| account.online_id.eq_ignore_ascii_case(name))
    }

    /// The account of this name, made if it is new. Names differ by more than case.
    pub fn sign_in(&mut self, name: &str) -> Result<AccountId, NameRefused> {
        let fits = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if !fits || !NAME_LENGTH.contains(&name.len()) {
            return Err(NameRefused::NotAName);
        }
        if let Some(known) = self.by_id.values().find(|it| it.online_id.eq_ignore_ascii_case(name)) {
            return if known.resident { Err(NameRefused::Resident) } else { Ok(known.id) };
        }
        if self.visitors().count() >= MAX_VISITORS {
            return Err(NameRefused::Full);
        }
        let visitor = Resident {
            name: Cow::Owned(name.to_owned()),
            about: "",
            real_name: None,
            platform: Platform::Mobile,
            picture: Picture::Drawn,
        };
        Ok(self.add(visitor, false))
    }

    /// Somebody who lives here. The name must be new.
    pub fn add_resident(&mut self, who: Resident) -> AccountId {
        self.add(who, true)
    }

    fn add(&mut self, who: Resident, resident: bool) -> AccountId {
        let Resident { name, about, real_name, platform, picture } = who;
        let mut id = id_of(&name);
        // The bridge tells speakers apart by the lower half.
        while !self.csrcs.insert(id.csrc()) {
            id.0 += 1;
        }
        let online_id = name.into_owned();
        self.by_id.insert(id, Account { id, online_id, about, real_name, platform, picture, resident });
        id
    }

    pub fn get(&self, id: AccountId) -> Option<&Account> {
        self.by_id.get(&id)
    }

    pub fn all(&self) -> impl Iterator<Item = &Account> {
        self.by_id.values()
    }

    /// Those who signed in so far.
    pub fn visitors(&self) -> impl Iterator<Item = &Account> {
        self.by_id.values().filter(|account| !account.resident)
    }
}

/// FNV-1a over the lower-case name, moved above 2^60 so that the id has PSN's 19 digits.
fn id_of(name: &str) -> AccountId {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0000_0100_0000_01b3)
    });
    AccountId((1 << 60) | (hash >> 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_person_in_every_run_and_every_spelling() {
        let first = Accounts::default().sign_in("marlow_87").expect("a name");
        let mut accounts = Accounts::default();
        assert_eq!(accounts.sign_in("Marlow_87"), Ok(first));
        assert_eq!(accounts.sign_in("marlow_87"), Ok(first));
        assert!(first.0 > 1 << 53);
    }

    #[test]
    fn a_resident_cannot_be_impersonated() {
        let mut accounts = Accounts::default();
        accounts.add_resident(Resident {
            name: "Nova".into(),
            about: "",
            real_name: None,
            platform: Platform::Ps5,
            picture: Picture::None,
        });
        assert_eq!(accounts.sign_in("nova"), Err(NameRefused::Resident));
    }

    #[test]
    fn names_that_are_none_are_refused() {
        let mut accounts = Accounts::default();
        for name in ["", "ab", "seventeen-letters", "sp ace", "<b>", "käse"] {
            assert_eq!(accounts.sign_in(name), Err(NameRefused::NotAName), "{name}");
        }
    }

    #[test]
    fn the_number_of_accounts_is_bounded() {
        let mut accounts = Accounts::default();
        let refused = (0..300).filter(|n| accounts.sign_in(&format!("guest-{n}")).is_err()).count();
        assert_eq!(refused, 300 - MAX_VISITORS);
    }
}

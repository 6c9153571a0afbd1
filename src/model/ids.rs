//! Identifiers. Personal ones print redacted in `Debug`; `Display` is for the wire and the window only.

use std::{fmt, str::FromStr};

/// The number that identifies an account. Above 2^53, hence a string in JSON.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub u64);

/// The text was not a decimal number that fits 64 bits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an account id")]
pub struct InvalidAccountId;

impl FromStr for AccountId {
    type Err = InvalidAccountId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| InvalidAccountId)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountId(…)")
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $debug:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($debug)
            }
        }
    };
}

text_id!(
    /// The name that is shown, and may change.
    OnlineId,
    "OnlineId(…)"
);
text_id!(
    /// A party session.
    SessionId,
    "SessionId(…)"
);
text_id!(
    /// A voice bridge of the service.
    BridgeId,
    "BridgeId(…)"
);
text_id!(
    /// The secret that admits to a bridge.
    BridgeToken,
    "BridgeToken(…)"
);
text_id!(
    /// Our seat on a bridge.
    PeerId,
    "PeerId(…)"
);
text_id!(
    /// People who write to each other. That of two people holds both account ids, see [`GroupId::pair`].
    GroupId,
    "GroupId(…)"
);
text_id!(
    /// Where a group's messages are.
    ThreadId,
    "ThreadId(…)"
);
text_id!(
    /// One message of a thread.
    MessageUid,
    "MessageUid(…)"
);
text_id!(
    /// A game, in one edition for one platform.
    TitleId,
    "TitleId(…)"
);
text_id!(
    /// One entry of the notifications list.
    NotificationId,
    "NotificationId(…)"
);
text_id!(
    /// What somebody wrote, about themselves or to others: for the window, never for a log.
    PrivateText,
    "PrivateText(…)"
);

/// The text cannot be the id of a session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a session id")]
pub struct InvalidSessionId;

impl SessionId {
    const MAX_LENGTH: usize = 128;

    /// Letters, digits, `-` and `_`: an id becomes part of an address and must not climb out of its place.
    pub fn is_well_formed(text: &str) -> bool {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        !text.is_empty() && text.len() <= Self::MAX_LENGTH && text.bytes().all(plain)
    }
}

impl FromStr for SessionId {
    type Err = InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if Self::is_well_formed(text) { Ok(Self(text.to_owned())) } else { Err(InvalidSessionId) }
    }
}

impl GroupId {
    /// Both accounts, where the id is that of two people: `~{16 hex}.{16 hex}`. Which comes first is not known **[?]**.
    pub fn pair(&self) -> Option<[AccountId; 2]> {
        let (one, other) = self.0.strip_prefix('~')?.split_once('.')?;
        let account = |hex: &str| {
            let fits = hex.len() == 16 && hex.bytes().all(|b| b.is_ascii_hexdigit());
            fits.then(|| u64::from_str_radix(hex, 16).ok().map(AccountId)).flatten()
        };
        Some([account(one)?, account(other)?])
    }

    /// The other one, where this is the group of `account` and one more.
    pub fn partner_of(&self, account: AccountId) -> Option<AccountId> {
        match self.pair()? {
            [me, other] | [other, me] if me == account && other != account => Some(other),
            _ => None,
        }
    }
}

/// Whether a text may become one segment of an address: no separator, no escape, no way up.
pub fn is_path_segment(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'~' | b'.');
    !text.is_empty()
        && text.len() <= SessionId::MAX_LENGTH
        && text.bytes().all(plain)
        && !text.bytes().all(|b| b == b'.')
}

/// What people share to let others into a party: it names the share, not the session.
#[derive(Clone, PartialEq, Eq)]
pub struct PartyLink(String);

/// The text is not the address of a shared party.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a party link like https://party.playstation.com/…")]
pub struct InvalidPartyLink;

impl PartyLink {
    const PAGE: &str = "https://party.playstation.com/";

    /// 22 characters of base64url: 16 bytes.
    pub fn id(&self) -> &str {
        &self.0
    }

    /// The address, or its last part alone, as people paste them.
    ///
    /// # Errors
    /// It is neither.
    pub fn from_pasted(text: &str) -> Result<Self, InvalidPartyLink> {
        text.parse().or_else(|_| format!("{}{}", Self::PAGE, text.trim()).parse())
    }
}

impl FromStr for PartyLink {
    type Err = InvalidPartyLink;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.trim().strip_prefix(Self::PAGE).ok_or(InvalidPartyLink)?;
        let id = rest.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        if id.len() == 22 && SessionId::is_well_formed(id) {
            Ok(Self(id.to_owned()))
        } else {
            Err(InvalidPartyLink)
        }
    }
}

/// As people share it.
impl fmt::Display for PartyLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::PAGE, self.0)
    }
}

impl fmt::Debug for PartyLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PartyLink(…)")
    }
}

impl fmt::Display for OnlineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_do_not_print_themselves_in_debug() {
        let text = format!("{:?} {:?}", AccountId(1234567890123456789), OnlineId::from("marlow_87"));
        assert!(!text.contains("123") && !text.contains("marlow"), "{text}");
    }

    #[test]
    fn a_session_id_cannot_climb_out_of_its_address() {
        assert!("11111111-2222-4333-8444-555555555555".parse::<SessionId>().is_ok());
        for bad in ["", "..", "a/b", "a?b", "a%2fb", "a b", "\n", &"a".repeat(200)] {
            assert!(bad.parse::<SessionId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_group_of_two_names_both() {
        let vector: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/fixtures/group_id.json")).expect("a fixture");
        let accounts: Vec<AccountId> = vector["members"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|id| id.as_str().expect("a text").parse().expect("an id"))
            .collect();
        let group = GroupId::from(vector["group_id"].as_str().expect("a text"));
        assert_eq!(group.pair().expect("two people").to_vec(), accounts);
        assert_eq!(group.partner_of(accounts[0]), Some(accounts[1]));
        assert_eq!(group.partner_of(accounts[1]), Some(accounts[0]));
        assert_eq!(group.partner_of(AccountId(7)), None);
        assert!(is_path_segment(group.as_str()));
        for odd in ["", "~", "~1.2", "~112210F47DE98115", "~+12210F47DE98115.0DB4DA5F49F8B478", "~é.é"] {
            assert_eq!(GroupId::from(odd).pair(), None, "{odd}");
        }
        for bad in ["", ".", "..", "a/b", "a%2fb", "a#b", "a?b", "a b", &"a".repeat(200)] {
            assert!(!is_path_segment(bad), "{bad}");
        }
    }

    #[test]
    fn a_party_link_is_read_as_people_paste_it() {
        let id = "ASNFZ4mrTe-BI0VniavN7w";
        for good in [
            format!("https://party.playstation.com/{id}"),
            format!(" https://party.playstation.com/{id}/ "),
            format!("https://party.playstation.com/{id}?from=chat"),
        ] {
            assert_eq!(good.parse::<PartyLink>().expect("valid").id(), id);
        }
        for bad in [id, "https://party.playstation.com/", "https://evil.example/ASNFZ4mrTe-BI0VniavN7w"] {
            assert!(bad.parse::<PartyLink>().is_err(), "{bad}");
        }
        let link = PartyLink::from_pasted(&format!(" {id} ")).expect("the id alone");
        assert_eq!(link.to_string().parse(), Ok(link));
        assert!(PartyLink::from_pasted("https://evil.example/ASNFZ4mrTe-BI0VniavN7w").is_err());
    }

    #[test]
    fn an_account_id_above_2_to_53_survives_the_round_trip() {
        let id: AccountId = "9007199254740993".parse().expect("valid");
        assert_eq!(id.to_string(), "9007199254740993");
        assert!("12x".parse::<AccountId>().is_err());
    }
}

//! Profiles of this program: each with settings, accounts and secrets of its own.

use std::{fmt, str::FromStr};

/// The name of a profile beside the default one, which has none. Safe as a folder and as part of a keyring entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProfileName(String);

/// Why a text cannot name a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProfileName {
    #[error("a profile's name has 1 to 32 letters, digits, - or _")]
    Characters,
    #[error("this name is reserved: the default profile is the one without --profile")]
    Reserved,
}

impl ProfileName {
    const MAX_LENGTH: usize = 32;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProfileName {
    type Err = InvalidProfileName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if text.is_empty() || text.len() > Self::MAX_LENGTH || !text.bytes().all(plain) {
            return Err(InvalidProfileName::Characters);
        }
        let lower = text.to_ascii_lowercase();
        if lower == "default" || is_windows_device(&lower) {
            return Err(InvalidProfileName::Reserved);
        }
        // Some file systems see no difference.
        Ok(Self(lower))
    }
}

/// Windows opens the device wherever a folder should have such a name.
fn is_windows_device(lower: &str) -> bool {
    let numbered =
        lower.strip_prefix("com").or_else(|| lower.strip_prefix("lpt")).is_some_and(|rest| rest.len() == 1);
    numbered || ["con", "prn", "aux", "nul"].contains(&lower)
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_name_cannot_leave_its_folder() {
        for good in ["work", "Second_Account-2", "a", &"x".repeat(32)] {
            assert_eq!(good.parse::<ProfileName>().expect("valid").as_str(), good.to_lowercase());
        }
        for bad in ["", ".", "..", "a/b", "a\\b", "a b", "é", "a\0", &"x".repeat(33)] {
            assert_eq!(bad.parse::<ProfileName>(), Err(InvalidProfileName::Characters), "{bad:?}");
        }
        for reserved in ["default", "Default", "NUL", "com1"] {
            assert_eq!(reserved.parse::<ProfileName>(), Err(InvalidProfileName::Reserved), "{reserved}");
        }
    }
}

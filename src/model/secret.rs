//! A text that must not be seen: tokens, codes, the client secret. It is wiped from memory when dropped.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// Never printed: `Debug` says only that there is one.
#[derive(Clone, Default)]
pub struct Secret(SecretString);

impl Secret {
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }

    /// Enough for its owner to recognise it, too little to use it; says nothing of its length.
    pub fn masked(&self) -> String {
        let text = self.expose();
        let head = if text.chars().count() >= 8 { text.chars().take(2).collect() } else { String::new() };
        head + "••••••"
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_printed_and_its_mask_gives_little_away() {
        let secret = Secret::from("abcdefghij");
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert_eq!(secret.masked(), "ab••••••");
        assert_eq!(Secret::from("short").masked(), "••••••");
    }
}

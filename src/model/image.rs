//! Where a picture is.

use std::{fmt, str::FromStr};

use url::Url;

/// The address of an avatar, a game's icon or the like, as the service gave it. It may say `http`; it is fetched over
/// `https` all the same. Says whose picture it is to who knows the service, hence redacted.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageUrl(String);

/// The text is not the address of a picture that may be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a picture")]
pub struct InvalidImageUrl;

impl ImageUrl {
    const MAX_LENGTH: usize = 1024;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ImageUrl {
    type Err = InvalidImageUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Some(text).filter(|text| text.len() <= Self::MAX_LENGTH).and_then(|t| Url::parse(t).ok());
        let fits = |url: &Url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
        };
        url.filter(fits).map(|url| Self(url.into())).ok_or(InvalidImageUrl)
    }
}

impl fmt::Debug for ImageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ImageUrl(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_on_the_web_are_pictures() {
        for good in ["http://static.example/s.png", "https://static.example/s.png?w=128"] {
            assert_eq!(good.parse::<ImageUrl>().expect("valid").as_str(), good);
        }
        let long = format!("https://static.example/{}", "a".repeat(2000));
        for bad in [
            "",
            "s.png",
            "file:///etc/passwd",
            "data:image/png;base64,AA",
            "https://a:b@static.example/",
            &long,
        ] {
            assert_eq!(bad.parse::<ImageUrl>(), Err(InvalidImageUrl), "{bad:.40}");
        }
    }
}

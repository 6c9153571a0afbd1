//! The OAuth clients that the sandbox knows: one whose redirect is a page on this machine, and one like the mobile app's,
//! whose redirect is a scheme of its own.

use base64::{Engine, engine::general_purpose::STANDARD};
use url::{Host, Url};

/// The loopback client. Invented: good for nothing anywhere else.
pub const CLIENT_ID: &str = "5a4db0c5-0000-4000-8000-70617274796c";
/// Not a secret: it opens nothing but a sandbox.
pub const CLIENT_SECRET: &str = "sandboxOnlyAbc12";
/// The client with a scheme of its own, invented as well.
pub const SCHEME_CLIENT_ID: &str = "5a4db0c5-0000-4000-8001-70617274796c";
pub const SCHEME_CLIENT_SECRET: &str = "sandboxOnlyXyz34";
/// The one redirect of that client.
pub const SCHEME_REDIRECT: &str = "com.scee.psxandroid.scecompcall://redirect";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OAuthClient {
    Loopback,
    Scheme,
}

impl OAuthClient {
    const ALL: [Self; 2] = [Self::Loopback, Self::Scheme];

    pub fn by_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|client| client.id() == id)
    }

    /// Who proves to be a client by `Authorization: Basic`.
    pub fn by_basic(header: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|client| {
            let credentials = STANDARD.encode(format!("{}:{}", client.id(), client.secret()));
            header.strip_prefix("Basic ") == Some(credentials.as_str())
        })
    }

    pub fn id(self) -> &'static str {
        match self {
            Self::Loopback => CLIENT_ID,
            Self::Scheme => SCHEME_CLIENT_ID,
        }
    }

    fn secret(self) -> &'static str {
        match self {
            Self::Loopback => CLIENT_SECRET,
            Self::Scheme => SCHEME_CLIENT_SECRET,
        }
    }

    /// The address to send the browser back to, if it is this client's.
    pub fn redirect(self, uri: &str) -> Option<Url> {
        let url = Url::parse(uri).ok()?;
        let registered = match self {
            Self::Loopback => is_loopback(&url),
            Self::Scheme => uri == SCHEME_REDIRECT,
        };
        registered.then_some(url)
    }
}

fn is_loopback(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "http" && loopback && url.port().is_some() && url.username().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_client_may_be_redirected_to_loopback_pages_alone() {
        let allows = |uri| OAuthClient::Loopback.redirect(uri).is_some();
        for good in ["http://127.0.0.1:8123/callback", "http://[::1]:8123/", "http://localhost:8123/x?y=z"] {
            assert!(allows(good), "{good}");
        }
        for bad in [
            "https://127.0.0.1:8123/",
            "http://127.0.0.1.example:8123/",
            "http://192.0.2.1:8123/",
            "javascript:alert(1)",
            "http://user@127.0.0.1:8123/",
            SCHEME_REDIRECT,
        ] {
            assert!(!allows(bad), "{bad}");
        }
    }

    #[test]
    fn the_scheme_client_has_one_redirect() {
        let redirect = OAuthClient::Scheme.redirect(SCHEME_REDIRECT).expect("its own");
        assert_eq!(redirect.as_str(), SCHEME_REDIRECT);
        for bad in [
            "http://127.0.0.1:8123/",
            "com.scee.psxandroid.scecompcall://redirect/x",
            "com.example://redirect",
        ] {
            assert!(OAuthClient::Scheme.redirect(bad).is_none(), "{bad}");
        }
    }
}

//! Where the service lives: the only file with a host name in it. Two instances exist, `live` and `sandbox`.

use std::net::IpAddr;

use url::{Host, Url};

use crate::model::ImageUrl;

/// The page that shared links lead to; calls about a link say they come from it.
pub(super) const PARTY_PAGE: &str = "https://party.playstation.com";
/// Where authorize sends the browser.
const SIGN_IN_PAGE: &str = "https://my.account.sony.com";
/// Where the push directory's hosts are.
const PUSH_DOMAIN: &str = ".playstation.net";
const PUSH_SOCKET: &str = "/np/pushNotification";

/// What a host of the service is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    PushSocket,
    Accounts,
    SignInPage,
    Mobile,
    Web,
    PartyPage,
    PushDirectory,
}

impl Role {
    /// The one that is told by its path first.
    const ALL: [Self; 7] = [
        Self::PushSocket,
        Self::Accounts,
        Self::SignInPage,
        Self::Mobile,
        Self::Web,
        Self::PartyPage,
        Self::PushDirectory,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::PushSocket => "push socket",
            Self::Accounts => "accounts",
            Self::SignInPage => "sign-in page",
            Self::Mobile => "mobile API",
            Self::Web => "web API",
            Self::PartyPage => "party page",
            Self::PushDirectory => "push directory",
        }
    }
}

/// The hosts of one service (protocol section 1).
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// Authorize and token.
    pub(super) accounts: Url,
    /// Everything with a Bearer token.
    pub(super) mobile: Url,
    /// What a party link leads to, without sign-in.
    pub(super) web: Url,
    /// Tells which push socket to use.
    pub(super) push_directory: Url,
    sandbox: bool,
}

/// A sandbox address that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidBase {
    #[error("not an address like http://127.0.0.1:8080")]
    Malformed(#[from] url::ParseError),
    #[error("a sandbox is served over plain http on a loopback or private address")]
    NotPrivate,
}

impl Endpoints {
    pub fn live() -> Self {
        let parse = |text| Url::parse(text).expect("a constant");
        Self {
            accounts: parse("https://ca.account.sony.com/"),
            mobile: parse("https://m.np.playstation.com/"),
            web: parse("https://web.np.playstation.com/"),
            push_directory: parse("https://mobile-pushcl.np.communication.playstation.net/"),
            sandbox: false,
        }
    }

    /// A sandbox the user named. Plain `http` is accepted for a loopback or private address alone.
    ///
    /// # Errors
    /// [`InvalidBase`] for anything else.
    pub fn sandbox(base: &str) -> Result<Self, InvalidBase> {
        let base = Url::parse(base)?;
        let private = match base.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private(),
            Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unique_local(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if base.scheme() != "http" || !private {
            return Err(InvalidBase::NotPrivate);
        }
        Ok(Self {
            accounts: base.clone(),
            mobile: base.clone(),
            web: base.clone(),
            push_directory: base,
            sandbox: true,
        })
    }

    /// Tells services apart where things are kept.
    pub fn name(&self) -> String {
        if self.sandbox { self.mobile.origin().ascii_serialization() } else { "live".into() }
    }

    pub fn is_sandbox(&self) -> bool {
        self.sandbox
    }

    /// The service is on this very computer, so media needs no other interface.
    pub fn is_loopback(&self) -> bool {
        match self.mobile.host() {
            Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
            Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }

    /// Whether a recorded call went to that part of this service. A sandbox is every part at once.
    pub(super) fn serves(&self, role: Role, url: &Url) -> bool {
        let at = |base: &Url| {
            url.host() == base.host() && url.port_or_known_default() == base.port_or_known_default()
        };
        let at_page = |page: &str| Url::parse(page).is_ok_and(|page| at(&page));
        match role {
            Role::PushSocket if url.path() != PUSH_SOCKET => false,
            _ if self.sandbox => at(&self.mobile),
            Role::PushSocket => url.host_str().is_some_and(|host| host.ends_with(PUSH_DOMAIN)),
            Role::Accounts => at(&self.accounts),
            Role::SignInPage => at_page(SIGN_IN_PAGE),
            Role::Mobile => at(&self.mobile),
            Role::Web => at(&self.web),
            Role::PartyPage => at_page(PARTY_PAGE),
            Role::PushDirectory => at(&self.push_directory),
        }
    }

    /// Which part of this service a recorded call went to.
    pub(super) fn role(&self, url: &Url) -> Option<Role> {
        Role::ALL.into_iter().find(|role| self.serves(*role, url))
    }

    /// `{mobile}/api` plus `path`, which starts with a slash.
    pub(super) fn api(&self, path: &str) -> Url {
        join(&self.mobile, "/api", path)
    }

    /// `{web}/api` plus `path`.
    pub(super) fn web(&self, path: &str) -> Url {
        join(&self.web, "/api", path)
    }

    pub(super) fn accounts(&self, path: &str) -> Url {
        join(&self.accounts, "", path)
    }

    pub(super) fn push_directory(&self, path: &str) -> Url {
        join(&self.push_directory, "", path)
    }

    /// Where a picture is fetched from: over TLS from a host with a name, whatever the address says; from a sandbox as it
    /// is, where it is the sandbox's own. `None` for anything else: a picture is no reason to knock at the user's network.
    pub(super) fn image(&self, image: &ImageUrl) -> Option<Url> {
        let mut url = Url::parse(image.as_str()).ok()?;
        if self.sandbox {
            return Some(url).filter(|url| url.origin() == self.mobile.origin());
        }
        let host = url.host().filter(|host| matches!(host, Host::Domain(name) if name.contains('.')));
        host.filter(|_| url.port().is_none())?;
        url.set_scheme("https").ok()?;
        Some(url)
    }

    /// The push socket on the host that the directory named.
    ///
    /// # Errors
    /// When `fqdn` is not a plain `host[:port]`.
    pub(super) fn push_socket(&self, fqdn: &str) -> Result<Url, url::ParseError> {
        let scheme = if self.sandbox { "ws" } else { "wss" };
        let url = Url::parse(&format!("{scheme}://{fqdn}{PUSH_SOCKET}"))?;
        let plain = url.path() == PUSH_SOCKET && url.username().is_empty() && url.query().is_none();
        if plain { Ok(url) } else { Err(url::ParseError::InvalidDomainCharacter) }
    }
}

fn join(base: &Url, prefix: &str, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{prefix}{path}"));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_accepted_for_private_addresses_alone() {
        for good in ["http://127.0.0.1:8080", "http://localhost:1", "http://10.77.0.2:9", "http://[::1]:5"] {
            assert!(Endpoints::sandbox(good).is_ok(), "{good}");
        }
        for bad in
            ["http://example.org", "https://127.0.0.1", "http://8.8.8.8:80", "ftp://127.0.0.1", "nonsense"]
        {
            assert!(Endpoints::sandbox(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_push_host_with_a_path_or_credentials_is_refused() {
        let live = Endpoints::live();
        assert!(live.push_socket("push.example.net").is_ok());
        for bad in ["evil.example/x?y=", "user@evil.example", "a b", ""] {
            assert!(live.push_socket(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_picture_is_fetched_over_tls_from_a_named_host_or_from_the_sandbox_itself() {
        let fetched = |endpoints: &Endpoints, url: &str| {
            endpoints.image(&url.parse().expect("an address")).map(String::from)
        };
        let live = Endpoints::live();
        let secure = Some("https://static.example/s.png?w=1".to_owned());
        assert_eq!(fetched(&live, "http://static.example/s.png?w=1"), secure);
        assert_eq!(fetched(&live, "https://static.example/s.png?w=1"), secure);
        for bad in ["http://127.0.0.1/", "https://[::1]/", "http://router/", "https://static.example:8443/"] {
            assert_eq!(fetched(&live, bad), None, "{bad}");
        }
        let sandbox = Endpoints::sandbox("http://127.0.0.1:8080").expect("a loopback address");
        assert!(fetched(&sandbox, "http://127.0.0.1:8080/avatars/1.png").is_some());
        for bad in ["http://127.0.0.1:8081/", "https://static.example/s.png", "https://127.0.0.1:8080/"] {
            assert_eq!(fetched(&sandbox, bad), None, "{bad}");
        }
    }

    #[test]
    fn each_part_of_the_live_service_is_told_by_its_host() {
        let live = Endpoints::live();
        for (url, role) in [
            ("https://ca.account.sony.com/api/authz/v3/oauth/token", Some(Role::Accounts)),
            ("https://my.account.sony.com/sonyacct/signin/", Some(Role::SignInPage)),
            ("https://m.np.playstation.com:443/api/x", Some(Role::Mobile)),
            (
                "https://mobile-pushcl.np.communication.playstation.net/np/serveraddr",
                Some(Role::PushDirectory),
            ),
            ("wss://1234.push.example.playstation.net/np/pushNotification", Some(Role::PushSocket)),
            ("https://1234.push.example.playstation.net/other", None),
            ("https://m.np.playstation.com.evil.example/api/x", None),
            ("https://m.np.playstation.com:444/api/x", None),
        ] {
            assert_eq!(live.role(&Url::parse(url).expect("a URL")), role, "{url}");
        }
    }
}

//! What the browser brings back, whichever way it comes: checked before anything is made of it. Pure.

use url::Url;

use crate::model::Secret;

/// Longer is no address of a sign-in.
const MAX_LENGTH: usize = 8 << 10;
const MAX_CODE: usize = 512;

/// The end of the browser's part.
#[derive(Debug, PartialEq, Eq)]
pub enum Redirect {
    Code(Secret),
    /// The user or the service said no.
    Denied,
}

/// Why an address is not the redirect that is waited for. Nothing was sent anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    #[error("neither an address nor a code")]
    NotARedirect,
    /// Another scheme, host or path, such as the sign-in page's own.
    #[error("an address of another page")]
    OtherPage,
    /// Its `state` is not ours: of an older attempt, or not of this program.
    #[error("the redirect of another sign-in")]
    OtherSignIn,
}

/// What a redirect must be like to be ours.
#[derive(Debug, Clone)]
pub struct Expected {
    pub redirect_uri: Url,
    /// Random, one for each attempt.
    pub state: Secret,
}

impl Expected {
    /// Reads an address that the browser, or the desktop for it, handed over.
    ///
    /// # Errors
    /// [`RedirectError`], and whoever brought it learns nothing more.
    pub fn read(&self, address: &str) -> Result<Redirect, RedirectError> {
        let address = address.trim();
        if address.len() > MAX_LENGTH {
            return Err(RedirectError::NotARedirect);
        }
        let url = Url::parse(address).map_err(|_| RedirectError::NotARedirect)?;
        self.read_url(&url)
    }

    /// The same for what a user pasted: the whole address, or the code alone, which carries no state.
    ///
    /// # Errors
    /// [`RedirectError`].
    pub fn read_pasted(&self, text: &str) -> Result<Redirect, RedirectError> {
        let text = text.trim();
        if is_code(text) { Ok(Redirect::Code(text.into())) } else { self.read(text) }
    }

    fn read_url(&self, url: &Url) -> Result<Redirect, RedirectError> {
        let ours = &self.redirect_uri;
        let same_page = url.scheme() == ours.scheme()
            && url.host() == ours.host()
            && url.port_or_known_default() == ours.port_or_known_default()
            && url.path().trim_end_matches('/') == ours.path().trim_end_matches('/')
            && url.username().is_empty()
            && url.password().is_none();
        if !same_page {
            return Err(RedirectError::OtherPage);
        }
        if only(url, "state").as_deref() != Some(self.state.expose()) {
            return Err(RedirectError::OtherSignIn);
        }
        match only(url, "code") {
            Some(code) if !code.is_empty() && code.len() <= MAX_CODE => Ok(Redirect::Code(code.into())),
            Some(_) => Err(RedirectError::NotARedirect),
            None => Ok(Redirect::Denied),
        }
    }
}

/// A parameter that is there twice is as good as absent: two readers might take different ones.
fn only(url: &Url, name: &str) -> Option<String> {
    let mut values = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// `v3.` and letters, as captured; the version may grow.
fn is_code(text: &str) -> bool {
    let Some((version, rest)) = text.split_once('.') else { return false };
    let digits = version.strip_prefix('v').unwrap_or_default();
    (1..=2).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (4..=MAX_CODE).contains(&rest.len())
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'))
}

/// The value of a signed-in browser session's cookie out of what a user pasted: the value, or the JSON that the service's
/// page shows around it.
pub fn pasted_npsso(text: &str) -> Option<Secret> {
    #[derive(serde::Deserialize)]
    struct Page {
        npsso: String,
    }
    let text = text.trim();
    if text.len() > MAX_LENGTH {
        return None;
    }
    let value = serde_json::from_str(text).map_or_else(|_| text.to_owned(), |page: Page| page.npsso);
    let fits = (16..=512).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then(|| value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(redirect_uri: &str) -> Expected {
        Expected { redirect_uri: Url::parse(redirect_uri).expect("an address"), state: "s1".into() }
    }

    fn scheme() -> Expected {
        expected("com.scee.psxandroid.scecompcall://redirect")
    }

    fn code(text: &str) -> Result<Redirect, RedirectError> {
        Ok(Redirect::Code(text.into()))
    }

    #[test]
    fn a_redirect_is_read_from_a_loopback_address_and_from_the_scheme() {
        let query = "code=v3.abcdef&cid=1&state=s1";
        let loopback = expected("http://127.0.0.1:4711/redirect");
        assert_eq!(loopback.read(&format!("http://127.0.0.1:4711/redirect?{query}")), code("v3.abcdef"));
        for form in ["redirect", "redirect/"] {
            let address = format!("com.scee.psxandroid.scecompcall://{form}?{query}");
            assert_eq!(scheme().read(&address), code("v3.abcdef"), "{address}");
        }
    }

    #[test]
    fn an_address_of_another_page_is_refused() {
        for other in [
            "com.scee.psxandroid.scecompcall://elsewhere?code=v3.abcdef&state=s1",
            "com.example.other://redirect?code=v3.abcdef&state=s1",
            "https://my.account.sony.com/sonyacct/signin/?state=s1",
            "com.scee.psxandroid.scecompcall://user@redirect?code=v3.abcdef&state=s1",
            "com.scee.psxandroid.scecompcall://redirect:8?code=v3.abcdef&state=s1",
            "com.scee.psxandroid.scecompcall://redirect/deeper?code=v3.abcdef&state=s1",
        ] {
            assert_eq!(scheme().read(other), Err(RedirectError::OtherPage), "{other}");
        }
    }

    #[test]
    fn a_redirect_counts_only_with_our_state_once() {
        for query in ["code=v3.abcdef&state=other", "code=v3.abcdef", "code=v3.abcdef&state=s1&state=s1", ""]
        {
            let address = format!("com.scee.psxandroid.scecompcall://redirect?{query}");
            assert_eq!(scheme().read(&address), Err(RedirectError::OtherSignIn), "{query}");
        }
    }

    #[test]
    fn a_redirect_without_a_code_is_a_no() {
        let denied = "com.scee.psxandroid.scecompcall://redirect?error=access_denied&state=s1";
        assert_eq!(scheme().read(denied), Ok(Redirect::Denied));
        let empty = "com.scee.psxandroid.scecompcall://redirect?code=&state=s1";
        assert_eq!(scheme().read(empty), Err(RedirectError::NotARedirect));
    }

    #[test]
    fn a_bare_code_may_be_pasted_and_nothing_else_passes_for_one() {
        assert_eq!(scheme().read_pasted("  v3.AbC-123_x \n"), code("v3.AbC-123_x"));
        for text in
            ["v3.", "v3.ab", "vx.abcdef", "abcdef", "v3.abc def", "v3.abc&x=y", "v.abcdef", "hello", ""]
        {
            assert_eq!(scheme().read_pasted(text), Err(RedirectError::NotARedirect), "{text}");
        }
        let long = format!("v3.{}", "a".repeat(MAX_LENGTH));
        assert_eq!(scheme().read_pasted(&long), Err(RedirectError::NotARedirect));
    }

    #[test]
    fn an_npsso_is_taken_bare_or_with_the_page_around_it() {
        let value = "Ab1".repeat(21);
        assert_eq!(pasted_npsso(&format!(" {value}\n")), Some(value.as_str().into()));
        assert_eq!(pasted_npsso(&format!(r#"{{"npsso":"{value}"}}"#)), Some(value.as_str().into()));
        for text in ["", "short", "with space and more letters", r#"{"error":"x"}"#, &"a".repeat(9000)] {
            assert_eq!(pasted_npsso(text), None, "{text}");
        }
    }
}

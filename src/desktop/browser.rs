//! The user's own browser: the sign-in page refuses embedded ones.

use url::Url;

/// No browser could be started.
#[derive(Debug, thiserror::Error)]
#[error("the browser did not open")]
pub struct BrowserError(#[source] std::io::Error);

/// Returns once the browser was started; it goes on by itself, and what it prints is not heard. A text browser has the terminal
/// this program was started in, and this returns when it ends.
///
/// # Errors
/// [`BrowserError`] where the system knows no browser.
pub fn open_browser(link: &Url) -> Result<(), BrowserError> {
    webbrowser::open(link.as_str()).map_err(BrowserError)
}

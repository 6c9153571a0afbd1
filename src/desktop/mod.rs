//! The operating system around the window: the browser, and the way back from it. Blocking calls; the client makes them off
//! its loop.

mod browser;
mod scheme;

pub use browser::{BrowserError, open_browser};
pub use scheme::{SCHEME, SchemeError, SchemeHandler};

//! The operating system around the window. Blocking calls; the client makes them off its loop.

mod browser;

pub use browser::{BrowserError, open_browser};

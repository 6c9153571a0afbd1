//! The operating system around the window: the browser, and the way back from it. Blocking calls, which the client makes off
//! its loop, but for the instances, whose futures it runs.

mod browser;
mod instance;
mod scheme;

pub use browser::{BrowserError, open_browser};
pub use instance::{HandedOver, Instance, InstanceError, hand_over, instances_folder};
pub use scheme::{SCHEME, SchemeError, SchemeHandler};

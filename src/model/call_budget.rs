//! How much of what the service bears is used up.

use std::time::Duration;

/// Calls made within the last `window`. Near `limit` the client waits rather than being sent away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallBudget {
    pub used: usize,
    pub limit: usize,
    pub window: Duration,
}

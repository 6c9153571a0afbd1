//! The caller's end of a running client: commands go in, snapshots and notices come out.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::{Command, Notice, Snapshot};
use crate::{model::VoiceStats, voice::Meters};

/// Commands that wait at most; a caller faster than this loses the newest, which is logged.
pub const COMMAND_BACKLOG: usize = 256;
/// Notices that wait at most.
pub const NOTICE_BACKLOG: usize = 256;

/// Wakes whoever draws. Called from any thread, often; must be cheap and never block.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// What the current voice connection did so far; `None` without one.
pub type StatsReader = Arc<dyn Fn() -> Option<VoiceStats> + Send + Sync>;

/// Never blocks; usable from a thread without a runtime.
pub struct Handle {
    pub commands: mpsc::Sender<Command>,
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    pub notices: mpsc::Receiver<Notice>,
    pub meters: Arc<Meters>,
    pub stats: StatsReader,
}

impl Handle {
    pub fn send(&self, command: Command) {
        if self.commands.try_send(command).is_err() {
            tracing::warn!("a command was dropped: the client is gone or far behind");
        }
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    /// The notices since the last call, oldest first.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::iter::from_fn(|| self.notices.try_recv().ok()).collect()
    }
}

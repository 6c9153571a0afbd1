//! The caller's end of a running client: commands go in, snapshots and notices come out.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::{Command, Notice, Snapshot};
use crate::{
    model::{CallBudget, ImageUrl, Picture, VoiceReport},
    voice::Meters,
};

/// Commands that wait at most; a caller faster than this loses the newest, which is logged.
pub const COMMAND_BACKLOG: usize = 256;
/// Notices that wait at most.
pub const NOTICE_BACKLOG: usize = 256;

/// Wakes whoever draws. Called from any thread, often; must be cheap and never block.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// How voice is, connection by connection.
pub type ReportReader = Arc<dyn Fn() -> VoiceReport + Send + Sync>;

/// How many calls the account in use made lately; `None` while nobody is signed in.
pub type BudgetReader = Arc<dyn Fn() -> Option<CallBudget> + Send + Sync>;

/// A picture that was asked for; `None`: it cannot be had.
pub type PictureArrival = (ImageUrl, Option<Picture>);

/// Pictures asked for and not looked for so far, at most; what is scrolled past need not arrive.
pub const PICTURE_BACKLOG: usize = 256;

/// Never blocks; usable from a thread without a runtime.
pub struct Handle {
    pub commands: mpsc::Sender<Command>,
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    pub notices: mpsc::Receiver<Notice>,
    pub meters: Arc<Meters>,
    pub report: ReportReader,
    pub budget: BudgetReader,
    pub wanted_pictures: mpsc::Sender<ImageUrl>,
    pub pictures: mpsc::Receiver<PictureArrival>,
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

    /// Asks for a picture, which comes by [`Handle::take_pictures`]. `false`: too many are waited for; ask again later.
    pub fn want_picture(&self, image: ImageUrl) -> bool {
        self.wanted_pictures.try_send(image).is_ok()
    }

    /// The pictures that arrived since the last call.
    pub fn take_pictures(&mut self) -> Vec<PictureArrival> {
        std::iter::from_fn(|| self.pictures.try_recv().ok()).collect()
    }

    /// The notices since the last call, oldest first.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::iter::from_fn(|| self.notices.try_recv().ok()).collect()
    }
}

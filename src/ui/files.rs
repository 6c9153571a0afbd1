//! Choosing a file or a folder: the desktop's own dialog, and files dropped on the window. The dialog runs beside the window, which goes
//! on drawing; it is polled when it asks for a frame. Main thread.

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{self, Poll, Waker},
    time::{Duration, Instant},
};

use egui::{Context, Ui};
use rfd::{AsyncFileDialog, FileHandle};

/// What a file is chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    FindClient,
    CheckCapture,
    SaveReport,
    RecordingFolder,
}

pub const REPORT_NAME: &str = "partyline-capture-report.txt";

type Answer = Pin<Box<dyn Future<Output = Option<PathBuf>>>>;

/// Nobody puts a dialog away this fast: there was none.
const AT_ONCE: Duration = Duration::from_millis(400);

/// One dialog at a time.
#[derive(Default)]
pub enum Picker {
    #[default]
    Idle,
    /// Pressed; the next frame opens it.
    Wanted(Purpose),
    Open {
        purpose: Purpose,
        since: Instant,
        answer: Answer,
    },
    Chosen(Purpose, PathBuf),
    /// The desktop has no such dialog.
    Unavailable,
}

impl Picker {
    pub fn want(&mut self, purpose: Purpose) {
        if !self.is_open() {
            *self = Self::Wanted(purpose);
        }
    }

    pub fn is_open(&self) -> bool {
        matches!(self, Self::Wanted(_) | Self::Open { .. })
    }

    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable)
    }

    /// What was chosen for `purpose`, once.
    pub fn take(&mut self, purpose: Purpose) -> Option<PathBuf> {
        match std::mem::take(self) {
            Self::Chosen(of, path) if of == purpose => Some(path),
            other => {
                *self = other;
                None
            }
        }
    }

    /// Opens the dialog that is wanted, and looks whether the one that is open is done.
    pub fn carry_out(&mut self, ctx: &Context, frame: &eframe::Frame) {
        if let Self::Wanted(purpose) = *self {
            *self = Self::Open { purpose, since: Instant::now(), answer: open(purpose, frame) };
        }
        self.look(&Arc::new(NextFrame(ctx.clone())).into(), Instant::now());
    }

    fn look(&mut self, waker: &Waker, now: Instant) {
        let Self::Open { purpose, since, answer } = self else { return };
        *self = match answer.as_mut().poll(&mut task::Context::from_waker(waker)) {
            Poll::Pending => return,
            Poll::Ready(Some(path)) => Self::Chosen(*purpose, path),
            Poll::Ready(None) if now.duration_since(*since) < AT_ONCE => Self::Unavailable,
            Poll::Ready(None) => Self::Idle,
        };
    }
}

fn open(purpose: Purpose, frame: &eframe::Frame) -> Answer {
    let dialog = AsyncFileDialog::new().set_parent(frame);
    match purpose {
        Purpose::FindClient | Purpose::CheckCapture => {
            let dialog = dialog.set_title("Choose a capture");
            path_of(dialog.add_filter("Captures", &["har"]).add_filter("All files", &["*"]).pick_file())
        }
        Purpose::RecordingFolder => path_of(dialog.set_title("Choose a folder").pick_folder()),
        Purpose::SaveReport => {
            path_of(dialog.set_title("Save the report").set_file_name(REPORT_NAME).save_file())
        }
    }
}

fn path_of(chosen: impl Future<Output = Option<FileHandle>> + 'static) -> Answer {
    Box::pin(async { chosen.await.map(|file| file.path().to_owned()) })
}

struct NextFrame(Context);

impl task::Wake for NextFrame {
    fn wake(self: Arc<Self>) {
        self.0.request_repaint();
    }
}

/// The file that was dropped on the window in this frame.
pub fn dropped(ui: &Ui) -> Option<PathBuf> {
    ui.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_owned()))
}

/// A file is held over the window.
pub fn is_hovered(ui: &Ui) -> bool {
    ui.input(|input| !input.raw.hovered_files.is_empty())
}

/// Where a report goes unless the user says otherwise.
pub fn default_report() -> PathBuf {
    let folders = directories::UserDirs::new();
    let folder = folders.as_ref().map(|f| f.document_dir().unwrap_or(f.home_dir()));
    folder.unwrap_or(Path::new("")).join(REPORT_NAME)
}

#[cfg(test)]
mod tests {
    use std::future;

    use super::*;

    /// What becomes of an open dialog that answers after `after`.
    fn answered(answer: impl Future<Output = Option<PathBuf>> + 'static, after: Duration) -> Picker {
        let since = Instant::now();
        let mut picker = Picker::Open { purpose: Purpose::FindClient, since, answer: Box::pin(answer) };
        picker.look(Waker::noop(), since + after);
        picker
    }

    #[test]
    fn a_file_is_had_once_and_by_who_asked_for_it() {
        let mut picker = answered(future::ready(Some("/a.har".into())), Duration::ZERO);
        assert_eq!(picker.take(Purpose::SaveReport), None);
        assert_eq!(picker.take(Purpose::FindClient), Some("/a.har".into()));
        assert_eq!(picker.take(Purpose::FindClient), None);
    }

    #[test]
    fn a_dialog_put_away_is_no_dialog_missing() {
        assert!(answered(future::pending(), Duration::from_secs(60)).is_open());
        assert!(matches!(answered(future::ready(None), Duration::from_secs(2)), Picker::Idle));
        assert!(answered(future::ready(None), Duration::from_millis(20)).is_unavailable());
    }
}

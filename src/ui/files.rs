//! Choosing a file: the desktop's own dialog, and files dropped on the window. The dialog runs beside the window, which goes
//! on drawing; it is polled when it asks for a frame. Main thread.

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
};

use egui::{Context, Ui};
use rfd::{AsyncFileDialog, FileHandle};

/// What a file is chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    FindClient,
    CheckCapture,
    SaveReport,
}

pub const REPORT_NAME: &str = "partyline-capture-report.txt";

type Answer = Pin<Box<dyn Future<Output = Option<FileHandle>>>>;

/// One dialog at a time.
#[derive(Default)]
pub enum Picker {
    #[default]
    Idle,
    /// Pressed; the next frame opens it.
    Wanted(Purpose),
    Open(Purpose, Answer),
    Chosen(Purpose, PathBuf),
}

impl Picker {
    pub fn want(&mut self, purpose: Purpose) {
        if !self.is_open() {
            *self = Self::Wanted(purpose);
        }
    }

    pub fn is_open(&self) -> bool {
        matches!(self, Self::Wanted(_) | Self::Open(..))
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
            *self = Self::Open(purpose, open(purpose, frame));
        }
        if let Self::Open(purpose, answer) = self {
            let waker = Arc::new(NextFrame(ctx.clone())).into();
            match answer.as_mut().poll(&mut task::Context::from_waker(&waker)) {
                Poll::Pending => {}
                Poll::Ready(Some(file)) => *self = Self::Chosen(*purpose, file.path().to_owned()),
                Poll::Ready(None) => *self = Self::Idle,
            }
        }
    }
}

fn open(purpose: Purpose, frame: &eframe::Frame) -> Answer {
    let dialog = AsyncFileDialog::new().set_parent(frame);
    match purpose {
        Purpose::FindClient | Purpose::CheckCapture => {
            let dialog = dialog.set_title("Choose a capture");
            Box::pin(dialog.add_filter("Captures", &["har"]).add_filter("All files", &["*"]).pick_file())
        }
        Purpose::SaveReport => {
            Box::pin(dialog.set_title("Save the report").set_file_name(REPORT_NAME).save_file())
        }
    }
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

//! A capture that is looked into: to check it, or to find an OAuth client in it. One at a time.

use std::{path::PathBuf, sync::Arc};

use super::{Attempt, Effect, Effects, State};
use crate::{
    client::{
        Capture, CaptureTrouble, ReportFile,
        input::{CaptureFindings, CapturePurpose},
    },
    model::{FoundClient, OAuthClient, Progress},
};

/// What the window shows of it, and what it must not.
#[derive(Default)]
pub struct CaptureDesk {
    attempt: Option<Attempt>,
    pub shown: Capture,
    found: Option<OAuthClient>,
}

impl State {
    pub(super) fn read_capture(&mut self, file: PathBuf, purpose: CapturePurpose, out: &mut Effects) {
        self.close_capture(out);
        let attempt = self.new_attempt();
        self.capture.attempt = Some(attempt);
        self.capture.shown = Capture::Reading(Progress { read: 0, total: 0 });
        out.push(Effect::ReadCapture { attempt, file, purpose });
    }

    pub(super) fn capture_progress(&mut self, attempt: Attempt, progress: Progress) {
        if self.capture.attempt == Some(attempt) {
            self.capture.shown = Capture::Reading(progress);
        }
    }

    pub(super) fn capture_read(&mut self, attempt: Attempt, result: Result<CaptureFindings, CaptureTrouble>) {
        if self.capture.attempt != Some(attempt) {
            return;
        }
        self.capture.attempt = None;
        self.capture.shown = match result {
            Ok(CaptureFindings::Report(report)) => {
                Capture::Checked { report: Arc::new(report), file: ReportFile::None }
            }
            Ok(CaptureFindings::Client(None)) => Capture::NoClient,
            Ok(CaptureFindings::Client(Some(found))) => self.client_found(found),
            Err(trouble) => Capture::Failed(trouble),
        };
    }

    fn client_found(&mut self, found: FoundClient) -> Capture {
        let others = found.others;
        let Some(client) = found.into_client() else { return Capture::Failed(CaptureTrouble::NoRedirect) };
        let OAuthClient { id, redirect, secret } = client.clone();
        self.capture.found = Some(client);
        Capture::FoundClient { id, redirect, masked_secret: secret.masked(), others }
    }

    /// The user said yes to what was shown.
    pub(super) fn use_found_client(&mut self, out: &mut Effects) {
        if let Some(client) = self.capture.found.take() {
            self.capture.shown = Capture::None;
            self.use_client(client, out);
        }
    }

    pub(super) fn save_report(&mut self, file: PathBuf, out: &mut Effects) {
        if let Capture::Checked { report, .. } = &self.capture.shown {
            out.push(Effect::SaveReport { report: Arc::clone(report), file });
        }
    }

    pub(super) fn report_saved(&mut self, saved: ReportFile) {
        if let Capture::Checked { file, .. } = &mut self.capture.shown {
            *file = saved;
        }
    }

    pub(super) fn close_capture(&mut self, out: &mut Effects) {
        if std::mem::take(&mut self.capture).attempt.is_some() {
            out.push(Effect::CancelCapture);
        }
    }
}

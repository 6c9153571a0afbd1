//! Captures that are looked into, and their reports.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use super::World;
use crate::{
    client::{
        CaptureTrouble, ReportFile, capture,
        failure::chain,
        input::{Attempt, CaptureFindings, CapturePurpose, Input},
    },
    model::{Progress, Report},
    psn::Endpoints,
};

/// As often as an eye follows.
const PROGRESS_EVERY: Duration = Duration::from_millis(50);

impl World {
    pub(super) fn read_capture(&mut self, attempt: Attempt, file: PathBuf, purpose: CapturePurpose) {
        self.reading_capture.cancel();
        self.reading_capture = self.running.child_token();
        let (endpoints, cancelled) = (Arc::clone(&self.service.endpoints), self.reading_capture.clone());
        let inputs = self.inputs.clone();
        self.tasks.spawn_blocking(move || {
            let mut told = None;
            let mut tell = |progress| {
                if told.is_none_or(|told: Instant| told.elapsed() >= PROGRESS_EVERY) {
                    told = Some(Instant::now());
                    let _ = inputs.try_send(Input::CaptureProgress { attempt, progress });
                }
            };
            let stop = || cancelled.is_cancelled();
            let read = match purpose {
                CapturePurpose::Check => {
                    let of = |endpoints: &Endpoints, tell: &mut dyn FnMut(Progress)| {
                        capture::check(&file, endpoints, tell, &stop)
                    };
                    let report = match of(&endpoints, &mut tell) {
                        // Somebody in a sandbox may well have a capture of the live service at hand.
                        Ok(report) if report.endpoints.is_empty() && endpoints.is_sandbox() => {
                            of(&Endpoints::live(), &mut tell)
                        }
                        other => other,
                    };
                    report.map(CaptureFindings::Report)
                }
                CapturePurpose::FindClient => {
                    capture::find_client(&file, &endpoints, &mut tell, &stop).map(CaptureFindings::Client)
                }
            };
            let result = read.map_err(|error| {
                tracing::info!(error = chain(&error), "a capture was not read");
                CaptureTrouble::from(&error)
            });
            let _ = inputs.blocking_send(Input::CaptureRead { attempt, result });
        });
    }

    pub(super) fn save_report(&self, report: Arc<Report>, file: PathBuf) {
        let inputs = self.inputs.clone();
        self.tasks.spawn_blocking(move || {
            let saved = match capture::save_report(&file, &report.to_string()) {
                Ok(()) => ReportFile::Saved(file),
                Err(error) => {
                    tracing::info!(error = chain(&error), "a report was not saved");
                    ReportFile::CannotSave
                }
            };
            let _ = inputs.blocking_send(Input::ReportSaved(saved));
        });
    }
}

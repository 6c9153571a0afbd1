//! Holding a capture of one's own against what Partyline knows of the service.

use std::path::PathBuf;

use egui::Ui;

use super::report;
use crate::{
    client::{Capture, Command, ReportFile},
    model::Report,
    ui::{
        Cx, capture,
        display::one_line,
        files::{self, Purpose},
        theme,
        theme::palette,
        widgets::{self, Button},
        wording::keeping,
    },
};

/// What is typed on this page.
#[derive(Debug, Default)]
pub struct Draft {
    capture: capture::Source,
    /// `None`: the usual place, until the page is seen.
    save_to: Option<String>,
}

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, draft: &mut Draft) {
    let snapshot = cx.snapshot;
    widgets::settings_card(ui, "Check a capture", |ui| {
        let text = "A capture is a recording of your own traffic (a HAR file). Partyline reads it the way it reads the \
                    service, and reports what differs. Nothing leaves this computer.";
        widgets::paragraph(ui, text, theme::small(), palette(ui).dim);
        match &snapshot.capture {
            Capture::Reading(progress) => return capture::reading(ui, cx, *progress),
            Capture::Failed(trouble) => capture::said(ui, keeping::capture_trouble(*trouble)),
            Capture::None | Capture::FoundClient { .. } | Capture::NoClient | Capture::Checked { .. } => {}
        }
        if let Some(file) = capture::choose(ui, cx, &mut draft.capture, Purpose::CheckCapture, "Check it") {
            cx.send(Command::CheckCapture(file));
        }
    });
    if let Capture::Checked { report, file } = &snapshot.capture {
        widgets::settings_card(ui, "Report", |ui| {
            summary(ui, report);
            keep(ui, cx, report, file, &mut draft.save_to);
            ui.add_space(8.0);
            report::show(ui, report);
        });
    }
}

fn summary(ui: &mut Ui, report: &Report) {
    let colours = palette(ui);
    let (what, color) = match report.findings() {
        _ if report.endpoints.is_empty() => ("Nothing in it that Partyline calls.".to_owned(), colours.warn),
        0 if report.is_clean() => ("Everything fits.".to_owned(), colours.live),
        0 => ("No differences in what could be read.".to_owned(), colours.warn),
        1 => ("One difference.".to_owned(), colours.warn),
        many => (format!("{many} differences."), colours.warn),
    };
    let response = widgets::line(ui, what, theme::strong(), color);
    widgets::announce(ui, &response);
    let unused: u64 = report.unused.values().sum();
    let ours = report.ours();
    let mut text = format!(
        "{} exchanges: {ours} of Partyline's calls, {unused} other calls of the service, {} with other hosts.",
        report.exchanges, report.other_hosts
    );
    if report.ends_early {
        text.push_str(" The file ends early; this is what comes before.");
    }
    widgets::paragraph(ui, text, theme::small(), colours.dim);
}

/// Saving it, copying it, putting it away.
fn keep(ui: &mut Ui, cx: &mut Cx<'_>, report: &Report, file: &ReportFile, save_to: &mut Option<String>) {
    let colours = palette(ui);
    let path = save_to.get_or_insert_with(|| files::default_report().to_string_lossy().into_owned());
    let entered = ui
        .horizontal(|ui| {
            let entered = capture::path_field(ui, path, "Where to save the report", "");
            capture::browse(ui, cx, Purpose::SaveReport);
            entered
        })
        .inner;
    let ready = !path.trim().is_empty();
    let mut pressed = false;
    ui.horizontal_wrapped(|ui| {
        pressed = ui.add_enabled(ready, Button::primary("Save the report")).clicked();
        if ui.add(Button::ghost("Copy").name("Copy the report")).clicked() {
            ui.ctx().copy_text(report.to_string());
        }
        if ui.add(Button::ghost("Close").name("Close the report")).clicked() {
            cx.send(Command::CloseCapture);
        }
    });
    if let Some(file) = cx.files.take(Purpose::SaveReport) {
        *path = file.to_string_lossy().into_owned();
        cx.send(Command::SaveReport(file));
    } else if ready && (pressed || entered) {
        cx.send(Command::SaveReport(PathBuf::from(path.trim())));
    }
    let text = match file {
        ReportFile::Saved(file) => format!("Saved as {}", one_line(&file.to_string_lossy())),
        ReportFile::CannotSave => "The report could not be written there. Choose another place.".to_owned(),
        ReportFile::None => {
            "It holds names of fields and counts, never a value: it can be shared.".to_owned()
        }
    };
    let response = widgets::paragraph(ui, text, theme::small(), colours.dim);
    widgets::announce(ui, &response);
}

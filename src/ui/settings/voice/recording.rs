//! What a recording is written as, and where.

use std::path::PathBuf;

use egui::Ui;

use super::hint;
use crate::{
    model::RecordingFormat,
    ui::{
        Cx, capture,
        display::one_line,
        files::Purpose,
        settings::{change, choices},
        widgets::{self, Button},
        wording::voice_path as words,
    },
};

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, typed: &mut String) {
    let settings = &cx.snapshot.settings;
    widgets::settings_card(ui, "Recording", |ui| {
        hint(ui, "On the page of a party you can record what you hear. Ask the others first.");
        ui.add_space(2.0);
        let all = [RecordingFormat::Opus, RecordingFormat::Wav];
        if let Some(format) = choices(ui, &all, settings.recording_format, words::recording_format) {
            change(cx, |settings| settings.recording_format = format);
        }
        hint(ui, words::recording_format_explained(settings.recording_format));
        ui.separator();
        match &settings.recording_folder {
            Some(folder) => hint(ui, &format!("Recordings go to {}.", one_line(&folder.to_string_lossy()))),
            None => hint(ui, "Recordings go to your folder for music."),
        }
        let entered = ui
            .horizontal(|ui| {
                let entered = capture::path_field(ui, typed, "Folder for recordings", "Another folder");
                if typed.trim().is_empty() {
                    capture::browse(ui, cx, Purpose::RecordingFolder);
                    return false;
                }
                ui.add(Button::primary("Use it")).clicked() || entered
            })
            .inner;
        let typed_folder = entered.then(|| PathBuf::from(std::mem::take(typed).trim()));
        if let Some(folder) = cx.files.take(Purpose::RecordingFolder).or(typed_folder) {
            change(cx, |settings| settings.recording_folder = Some(folder));
        }
        if settings.recording_folder.is_some() && ui.add(Button::ghost("Use the folder for music")).clicked()
        {
            change(cx, |settings| settings.recording_folder = None);
        }
    });
}

//! A capture (HAR) of the user's own: choosing it, reading it, and the yes to a client that was found in it.

use std::path::PathBuf;

use egui::{Align, Context, Layout, Ui, vec2};

use super::{
    Cx,
    display::one_line,
    files::{self, Purpose},
    theme,
    theme::palette,
    widgets::{self, Button, Pressed},
    wording::keeping,
};
use crate::{
    client::{Capture, Command},
    model::Progress,
};

const BUTTON_WIDTH: f32 = 112.0;

/// The path as typed.
#[derive(Debug, Default)]
pub struct Source(String);

/// A file is held over the window: the card that takes it says so.
pub fn is_wanted(ui: &Ui) -> bool {
    files::is_hovered(ui)
}

/// A path to type, "Browse", or a file dropped on the window. `press` is what happens to it. Returns the file once.
pub fn choose(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    source: &mut Source,
    purpose: Purpose,
    press: &str,
) -> Option<PathBuf> {
    let hint = match cx.files.is_unavailable() {
        _ if files::is_hovered(ui) => "Let go to read it",
        true => "No file dialog here: type the path",
        false => "Path of a .har file, or drop it here",
    };
    let pressed = ui
        .horizontal(|ui| {
            let entered = path_field(ui, &mut source.0, "Capture file", hint);
            // One button: it reads what is typed, and finds a file where nothing is.
            if source.0.trim().is_empty() {
                browse(ui, cx, purpose);
                return false;
            }
            ui.add(Button::primary(press).min_width(BUTTON_WIDTH)).clicked() || entered
        })
        .inner;
    if let Some(file) = cx.files.take(purpose).or_else(|| files::dropped(ui)) {
        source.0 = file.to_string_lossy().into_owned();
        return Some(file);
    }
    pressed.then(|| PathBuf::from(source.0.trim()))
}

/// A field for a path that leaves room for a button. Whether Enter was pressed in it.
pub fn path_field(ui: &mut Ui, path: &mut String, name: &str, hint: &str) -> bool {
    let room = ui.available_width() - BUTTON_WIDTH - ui.spacing().item_spacing.x;
    let size = vec2(room, theme::CONTROL_HEIGHT);
    let field = ui.allocate_ui(size, |ui| widgets::long_field(ui, path, name, hint)).inner;
    widgets::entered(ui, &field)
}

/// The button that opens the desktop's own dialog.
pub fn browse(ui: &mut Ui, cx: &mut Cx<'_>, purpose: Purpose) {
    let button = Button::ghost("Browse…").min_width(BUTTON_WIDTH);
    let possible = !cx.files.is_open() && !cx.files.is_unavailable();
    let response = ui.add_enabled(possible, button);
    if response.clicked() {
        cx.files.want(purpose);
        ui.ctx().request_repaint();
    }
    if cx.files.is_unavailable() {
        response.on_disabled_hover_text("This desktop has no file dialog. Type the path.");
    }
}

/// How far the reading is, and a way to stop it.
pub fn reading(ui: &mut Ui, cx: &Cx<'_>, Progress { read, total }: Progress) {
    let colours = palette(ui);
    let part = if total == 0 { 0.0 } else { read as f32 / total as f32 };
    ui.add_space(4.0);
    widgets::progress_bar(ui, "Reading the capture", part);
    let size = vec2(ui.available_width(), theme::CONTROL_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        if ui.add(Button::ghost("Cancel")).clicked() {
            cx.send(Command::CloseCapture);
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let text = match total {
                0 => "Opening the file…".to_owned(),
                _ => format!("Reading… {}", keeping::progress(read, total)),
            };
            widgets::line(ui, text, theme::small(), colours.dim);
        });
    });
}

/// What came of it, where that is not what one hoped for.
pub fn said(ui: &mut Ui, text: &str) {
    let response = widgets::paragraph(ui, text, theme::small(), palette(ui).warn);
    widgets::announce(ui, &response);
}

/// Names what was found; nothing of it is used before the user says yes.
pub fn found_dialog(ctx: &Context, cx: &Cx<'_>) {
    let Capture::FoundClient { id, redirect, masked_secret, others } = &cx.snapshot.capture else { return };
    let mut pressed = None;
    let close = widgets::dialog(ctx, "Use this client?", |ui| {
        let text = "This is who signed in in the capture. Used, it signs you in from now on.";
        widgets::paragraph(ui, text, theme::body(), palette(ui).dim);
        ui.add_space(4.0);
        for (name, value) in [("Client id", id), ("Redirect", redirect), ("Secret", masked_secret)] {
            widgets::fact(ui, name, &one_line(value));
        }
        let more = match others {
            0 => None,
            1 => Some(
                "One other client signs in there too; this is the one to sign in with from here.".to_owned(),
            ),
            more => Some(format!(
                "{more} other clients sign in there too; this is the one to sign in with from here."
            )),
        };
        if let Some(more) = more {
            widgets::paragraph(ui, more, theme::small(), palette(ui).dim);
        }
        pressed = widgets::dialog_buttons(ui, "Use this client", true);
    });
    match pressed {
        Some(Pressed::Confirm) => cx.send(Command::UseFoundClient),
        Some(Pressed::Cancel) => cx.send(Command::CloseCapture),
        None if close => cx.send(Command::CloseCapture),
        None => {}
    }
}

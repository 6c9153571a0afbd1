//! Everything about sound: devices, when the microphone is sent and what is done to it, recordings, packets.

mod devices;
mod recording;
mod talking;

use egui::Ui;

use super::{change, choices};
use crate::{
    model::Activation,
    ui::{Cx, connection::Sample, theme, theme::palette, widgets, wording::voice_path as words},
};

/// What the section keeps between frames.
#[derive(Default)]
pub struct State {
    pub hear_yourself: bool,
    /// While a threshold is dragged.
    activation: Option<Activation>,
    sample: Sample,
    /// A folder that is typed.
    folder: String,
}

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    talking::mode(ui, cx);
    devices::microphone(ui, cx, state);
    devices::speakers(ui, cx, state);
    talking::processing(ui, cx);
    devices::party_output(ui, cx);
    recording::show(ui, cx, &mut state.folder);
    frame_time(ui, cx);
}

fn frame_time(ui: &mut Ui, cx: &Cx<'_>) {
    widgets::settings_card(ui, "How soon the others hear you", |ui| {
        let chosen = cx.snapshot.settings.frame_millis;
        if let Some(millis) = choices(ui, &[10, 20, 40], chosen, words::frame_time) {
            change(cx, |settings| settings.frame_millis = millis);
        }
        ui.add_space(2.0);
        hint(ui, words::frame_time_explained(chosen));
        hint(ui, "Where the other side wants it otherwise, it is as they want. For connections from now on.");
    });
}

fn hint(ui: &mut Ui, text: &str) {
    widgets::paragraph(ui, text, theme::small(), palette(ui).dim);
}

fn warning(ui: &mut Ui, text: &str) {
    widgets::paragraph(ui, text, theme::small(), palette(ui).warn);
}

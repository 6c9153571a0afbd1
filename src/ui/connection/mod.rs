//! The page of the connections that carry voice: one row each, the open one with everything that is known. Read once a second
//! while it is open. Main thread.

mod link;
mod sample;

pub use sample::Sample;

use std::time::Instant;

use egui::{Align, Layout, Ui, vec2};

use super::{
    Cx, home, theme,
    theme::palette,
    widgets::{self, Button},
    wording::links as words,
};
use crate::{
    client::SignedIn,
    model::{OtherEnd, VoiceReport},
};

const WIDEST: f32 = 860.0;

/// What the page keeps between frames.
#[derive(Debug, Default)]
pub struct State {
    sample: Sample,
    /// Whose row is open; `None`: the first.
    open: Option<OtherEnd>,
    /// Addresses are personal: shown when they are asked for.
    addresses: bool,
}

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn) {
    let mut state = std::mem::take(&mut cx.nav.connection);
    let report = state.sample.read(cx, Instant::now());
    ui.ctx().request_repaint_after(sample::EVERY);

    let title_color = palette(ui).text;
    let title = |ui: &mut Ui| {
        widgets::line(ui, "Connection", theme::title(), title_color);
    };
    let actions = |ui: &mut Ui| {
        let copy = Button::ghost("Copy diagnostics");
        if ui.add(copy).on_hover_text("No name, id or address is in it").clicked() {
            ui.ctx().copy_text(words::diagnostics(&report, &cx.snapshot.settings));
        }
    };
    let escaped = widgets::escaped(ui, cx.nav.typing);
    if widgets::header(ui, Some(home::way_back("Back", signed_in)), title, actions) || escaped {
        cx.nav.leave_aside();
    }
    home::body(ui, WIDEST, |ui| {
        if report.links.is_empty() {
            nothing(ui, cx);
        } else {
            links(ui, signed_in, &report, &mut state);
        }
        devices(ui, &report);
    });
    cx.nav.connection = state;
}

fn nothing(ui: &mut Ui, cx: &Cx<'_>) {
    let colours = palette(ui);
    widgets::card(ui, false, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        widgets::line(ui, "No connection yet", theme::strong(), colours.text);
        let text = match cx.party() {
            Some(_) => "As soon as voice finds its way, you see here how good it is.",
            None => "In a party you see here how good the way to everybody is.",
        };
        widgets::paragraph(ui, text, theme::small(), colours.dim);
    });
}

fn links(ui: &mut Ui, signed_in: &SignedIn, report: &VoiceReport, state: &mut State) {
    let first = report.links.first().map(|link| link.with);
    let open = state.open.filter(|open| report.links.iter().any(|link| link.with == *open)).or(first);
    for link in &report.links {
        let is_open = open == Some(link.with);
        if link::show(ui, signed_in, link, is_open, &mut state.addresses) {
            state.open = Some(link.with);
        }
    }
}

/// What the devices add on either side.
fn devices(ui: &mut Ui, report: &VoiceReport) {
    ui.add_space(8.0);
    widgets::settings_card(ui, "This computer", |ui| {
        let size = vec2(ui.available_width(), 40.0);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Min), |ui| {
            ui.spacing_mut().item_spacing.x = 40.0;
            for (name, latency) in [
                ("Microphone, from the air to here", report.input_latency),
                ("Speakers, from here to the air", report.output_latency),
            ] {
                ui.vertical(|ui| {
                    ui.set_max_width(260.0);
                    widgets::fact(ui, name, &words::known_millis(latency));
                });
            }
        });
    });
}

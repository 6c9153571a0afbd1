//! The page of parties: mine, those I am invited to, those I can join, those of before. Main thread.

mod again;
mod current;
mod entering;
mod entry;
mod invitations;
mod open;

use egui::{Margin, ScrollArea, Ui};

pub use self::{entering::Entering, invitations::way_back};
use super::{
    Cx,
    dialogs::Dialog,
    problems, theme,
    theme::palette,
    widgets::{self, Button, Icon},
};
use crate::client::{LinkState, PartyState, SignedIn};

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn) {
    let colours = palette(ui);
    let free = signed_in.party == PartyState::None;
    let narrow = ui.available_width() < 480.0;
    let title = |ui: &mut Ui| {
        widgets::line(ui, "Parties", theme::title(), colours.text);
    };
    widgets::header(ui, None, title, |ui| {
        if free && ui.add(Button::primary("Start a party")).clicked() {
            cx.nav.dialog = Some(Dialog::start_party([]));
        }
        let link = Button::ghost("Join by link").icon(Icon::Link).icon_only(narrow);
        if ui.add(link).clicked() {
            cx.nav.dialog = Some(Dialog::link());
        }
    });
    body(ui, f32::INFINITY, |ui| {
        problems::show_page(ui, cx, signed_in);
        let mut anything = current::show(ui, cx, signed_in);
        anything |= invitations::show(ui, cx, &signed_in.invitations);
        anything |= open::show(ui, cx, signed_in);
        if !anything {
            empty(ui, signed_in);
        }
        again::show(ui, cx, signed_in);
    });
}

/// The scrolling part of a page below its header.
pub fn body(ui: &mut Ui, widest: f32, contents: impl FnOnce(&mut Ui)) {
    let margin = widgets::margin(ui);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        egui::Frame::new().inner_margin(Margin::same(margin as i8)).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 8.0;
            ui.set_width(ui.available_width().min(widest));
            contents(ui);
        });
    });
}

fn heading(ui: &mut Ui, text: &str) {
    widgets::caps_heading(ui, text);
    ui.add_space(2.0);
}

fn empty(ui: &mut Ui, signed_in: &SignedIn) {
    let colours = palette(ui);
    let (what, next) = match signed_in.link {
        LinkState::Offline => {
            ("Parties are out of reach", "They appear here once the service answers again.")
        }
        _ => (
            "No parties right now",
            "Start one and invite your friends. Invitations and parties you can join appear here.",
        ),
    };
    ui.add_space((ui.ctx().content_rect().height() * 0.12).max(16.0));
    ui.vertical_centered(|ui| {
        widgets::line(ui, what, theme::strong(), colours.text);
        ui.set_max_width(ui.available_width().min(420.0));
        widgets::paragraph(ui, next, theme::small(), colours.dim);
    });
    ui.add_space((ui.ctx().content_rect().height() * 0.08).max(16.0));
}

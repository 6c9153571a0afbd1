//! The page of the party I am in: who is here, who speaks, whom to invite. Main thread.

mod cards;
mod grid;
mod header;
mod menu;
mod voice;

use egui::{Align, Layout, Ui, vec2};

use super::{
    Cx, Page,
    dialogs::Dialog,
    home, problems, theme,
    theme::palette,
    widgets::{self, Button},
};
use crate::{
    client::{Party, SignedIn},
    model::{AccountId, PartyLink},
};

/// What the page keeps between frames.
#[derive(Debug, Default)]
pub struct State {
    /// The new name while it is typed.
    renaming: Option<String>,
    /// Of somebody, while it is dragged.
    volume: Option<(AccountId, u16)>,
}

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, party: &Party) {
    let escaped = cx.nav.party.renaming.is_none() && widgets::escaped(ui, cx.nav.typing);
    if header::show(ui, cx, signed_in, party) || escaped {
        cx.nav.page = Page::Parties;
    }
    home::body(ui, f32::INFINITY, |ui| {
        problems::show_page(ui, cx, signed_in);
        if let Some(link) = &party.link {
            shared(ui, link);
        }
        if grid::show(ui, cx, signed_in, party) {
            cx.nav.dialog = Some(Dialog::invite([]));
        }
    });
}

/// The link that was asked for, to be passed on.
fn shared(ui: &mut Ui, link: &PartyLink) {
    let address = link.to_string();
    widgets::card(ui, false, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        widgets::line(ui, "Link to this party", theme::strong(), palette(ui).text);
        let size = vec2(ui.available_width(), theme::CONTROL_HEIGHT);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            if ui.add(Button::ghost("Copy the link")).clicked() {
                ui.ctx().copy_text(address.clone());
            }
            widgets::read_only_field(ui, &address, "Link to this party");
        });
        let text = "Whoever has it can look inside, and come in as far as the party lets them.";
        widgets::paragraph(ui, text, theme::small(), palette(ui).dim);
    });
    ui.add_space(8.0);
}

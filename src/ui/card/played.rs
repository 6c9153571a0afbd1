//! What somebody played lately. Main thread.

use egui::{Sense, Ui, Vec2, vec2};

use super::Shown;
use crate::{
    client::{Command, Played},
    model::PlayedTitle,
    ui::{
        Cx,
        display::one_line,
        theme,
        theme::palette,
        widgets::{self, game_icon},
        wording,
    },
};

const ICON: f32 = 36.0;
/// Of what is older nobody asks.
const MOST: usize = 6;

impl Shown<'_> {
    pub(super) fn played(&self, ui: &mut Ui, cx: &Cx<'_>) {
        let colours = palette(ui);
        ui.add_space(8.0);
        widgets::caps_heading(ui, "Recently played");
        match &self.card.played {
            Played::Reading => (0..3).for_each(|_| skeleton(ui)),
            Played::Titles(titles) if titles.is_empty() => {
                widgets::line(ui, "Nothing lately.", theme::small(), colours.dim);
            }
            Played::Titles(titles) => titles.iter().take(MOST).for_each(|title| self.title(ui, title)),
            Played::Hidden => {
                let text = format!("{} keeps this private.", self.name);
                widgets::line(ui, text, theme::small(), colours.dim);
            }
            Played::NotLoaded => {
                ui.horizontal(|ui| {
                    widgets::text(ui, "It could not be loaded.", theme::small(), colours.dim);
                    if widgets::text_button(ui, "Try again").clicked() {
                        cx.send(Command::OpenCard(self.card.profile.account));
                    }
                });
            }
        }
    }

    fn title(&self, ui: &mut Ui, title: &PlayedTitle) {
        let colours = palette(ui);
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(ICON), Sense::hover());
            game_icon(ui, rect, title.game.icon.as_ref());
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                let when = wording::people::played(title, self.now);
                ui.add_space(if when.is_empty() { 9.0 } else { 0.0 });
                widgets::line(ui, one_line(&title.game.title), theme::body(), colours.text);
                if !when.is_empty() {
                    widgets::line(ui, when, theme::small(), colours.dim);
                }
            });
        });
    }
}

/// Where a game will be. It stands still: waiting costs no frames.
fn skeleton(ui: &mut Ui) {
    let color = palette(ui).line.gamma_multiply(0.6);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ICON), Sense::hover());
    let icon = egui::Rect::from_min_size(rect.min, Vec2::splat(ICON));
    ui.painter().rect_filled(icon, 6.0, color);
    for (top, width, height) in [(6.0, 140.0, 10.0), (23.0, 90.0, 8.0)] {
        let bar = egui::Rect::from_min_size(rect.min + vec2(ICON + 8.0, top), vec2(width, height));
        ui.painter().rect_filled(bar, height / 2.0, color);
    }
}

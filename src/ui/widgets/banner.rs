//! A card that says what is the matter, and what to press.

use egui::{Align, Color32, Frame, Layout, Margin, Stroke, Ui, Vec2};

use super::{Icon, announce, paragraph};
use crate::ui::theme::{CARD_RADIUS, palette, small, strong};

/// Below this there is no room for buttons beside the text.
const NARROW: f32 = 460.0;

/// The card's frame; `color` says how grave it is.
pub fn banner_frame(ui: &Ui, color: Color32) -> Frame {
    Frame::new()
        .fill(palette(ui).card)
        .stroke(Stroke::new(1.0, color.gamma_multiply(0.6)))
        .corner_radius(CARD_RADIUS)
        .inner_margin(Margin::symmetric(16, 12))
}

/// A mark, a sentence, and below it what it means; what to press stands on the right of it, or below where it is narrow.
/// `corner` comes last on the right in any width.
pub fn banner_row(
    ui: &mut Ui,
    color: Color32,
    what: &str,
    means: impl FnOnce(&mut Ui),
    corner: impl FnOnce(&mut Ui),
    press: impl FnOnce(&mut Ui),
) {
    ui.set_width(ui.available_width());
    ui.spacing_mut().item_spacing = Vec2::splat(8.0);
    let narrow = ui.available_width() < NARROW;
    let mut press = Some(press);
    // As high as the two lines of text, so that what to press sits in the middle of them.
    let size = Vec2::new(ui.available_width(), 48.0);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        corner(ui);
        if !narrow && let Some(press) = press.take() {
            press(ui);
        }
        ui.with_layout(Layout::left_to_right(Align::TOP), |ui| {
            let (mark, _) = ui.allocate_exact_size(Vec2::splat(20.0), egui::Sense::hover());
            Icon::Warning.paint(ui.painter(), mark, color);
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                let sentence = paragraph(ui, what, strong(), palette(ui).text);
                announce(ui, &sentence);
                means(ui);
            });
        });
    });
    if let Some(press) = press {
        ui.horizontal(press);
    }
}

/// The whole of it, for what has no details.
pub fn banner(ui: &mut Ui, color: Color32, what: &str, means: &str, press: impl FnOnce(&mut Ui)) {
    let explain = |ui: &mut Ui| {
        paragraph(ui, means, small(), palette(ui).dim);
    };
    banner_frame(ui, color).show(ui, |ui| banner_row(ui, color, what, explain, |_| {}, press));
}

//! A number on something: how much of it is new.

use egui::{Align2, Layout, Pos2, Rect, Response, Stroke, Ui, pos2, vec2};

use super::{Icon, icon_button, text::galley};
use crate::ui::theme::{palette, semibold};

const HEIGHT: f32 = 18.0;

/// A number on the accent, with `at` as its `anchor`. Returns where it is.
pub fn count_badge(ui: &Ui, at: Pos2, anchor: Align2, count: &str) -> Rect {
    let colours = palette(ui);
    let text = galley(ui.painter(), count, semibold(11.0), colours.on_accent, 40.0);
    let size = vec2((text.size().x + 10.0).max(HEIGHT), HEIGHT);
    let rect = anchor.anchor_size(at, size);
    ui.painter().rect_filled(rect, HEIGHT / 2.0, colours.accent);
    ui.painter().galley(
        Align2::CENTER_CENTER.anchor_size(rect.center(), text.size()).min,
        text,
        colours.on_accent,
    );
    rect
}

/// An icon that can be pressed, with a number on its corner while there is one. `name` is read out and holds the number.
pub fn marked_button(ui: &mut Ui, rect: Rect, icon: Icon, name: &str, mark: Option<&str>) -> Response {
    let response = super::place(ui, rect, Layout::default(), |ui| icon_button(ui, icon, name));
    if let Some(mark) = mark {
        // There is room for two letters before the next button.
        let mark = if mark.len() > 2 { "9+" } else { mark };
        let at = pos2(rect.center().x + 2.0, rect.center().y - 8.0);
        let behind = Stroke::new(2.0, palette(ui).panel);
        let drawn = count_badge(ui, at, Align2::LEFT_CENTER, mark);
        ui.painter().rect_stroke(drawn, HEIGHT / 2.0, behind, egui::StrokeKind::Outside);
    }
    response
}

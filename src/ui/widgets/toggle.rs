//! Something that is on or off, with what it does.

use egui::{Align2, Response, Sense, Ui, Vec2, WidgetInfo, accesskit::Role, vec2};

use super::{focus_ring, scroll_to_focus, tick};
use crate::ui::theme::{RADIUS, body, palette, small};

const BOX: f32 = 20.0;
const PADDING: f32 = 6.0;

/// A row that is pressed as a whole: a box, a title, and below it what it does.
pub fn toggle_row(ui: &mut Ui, title: &str, means: &str, on: bool) -> Response {
    let colours = palette(ui);
    let left = BOX + 14.0;
    let room = (ui.available_width() - left).max(60.0);
    let heading = ui.painter().layout(title.to_owned(), body(), colours.text, room);
    let text = ui.painter().layout(means.to_owned(), small(), colours.dim, room);
    let height = heading.size().y + 2.0 + text.size().y + 2.0 * PADDING;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, enabled, on, title));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(means));
    scroll_to_focus(&response);
    if !ui.is_rect_visible(rect) {
        return response;
    }

    if response.hovered() {
        let behind = rect.expand2(vec2(8.0, 0.0));
        ui.painter().rect_filled(behind, f32::from(RADIUS), colours.line.gamma_multiply(0.35));
    }
    focus_ring(ui, &response, rect, f32::from(RADIUS));
    let at = rect.left_top() + vec2(left, PADDING);
    let first_line = at.y + heading.size().y / 2.0;
    let place = Align2::LEFT_CENTER.anchor_size(egui::pos2(rect.left(), first_line), Vec2::splat(BOX));
    tick(ui, place, on);
    let below = at + vec2(0.0, heading.size().y + 2.0);
    ui.painter().galley(at, heading, colours.text);
    ui.painter().galley(below, text, colours.dim);
    response
}

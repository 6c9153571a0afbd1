//! One of several ways, each with what it means.

use egui::{Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role, vec2};

use super::{focus_ring, scroll_to_focus};
use crate::ui::theme::{RADIUS, palette, small, strong};

const PADDING: f32 = 12.0;
const MARK: f32 = 28.0;

/// A row that is pressed as a whole: a ring, a title, and below it what choosing it means.
pub fn choice_row(ui: &mut Ui, title: &str, means: &str, chosen: bool) -> Response {
    let colours = palette(ui);
    let room = (ui.available_width() - MARK - 2.0 * PADDING).max(60.0);
    let heading = ui.painter().layout(title.to_owned(), strong(), colours.text, room);
    let text = ui.painter().layout(means.to_owned(), small(), colours.dim, room);
    let height = heading.size().y + 3.0 + text.size().y + 2.0 * PADDING - 4.0;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, enabled, chosen, title));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(means));
    scroll_to_focus(&response);
    if !ui.is_rect_visible(rect) {
        return response;
    }

    let (fill, stroke) = match (chosen, response.hovered()) {
        (true, _) => (colours.accent.gamma_multiply(0.12), colours.accent),
        (false, true) => (colours.hover, colours.faint),
        (false, false) => (egui::Color32::TRANSPARENT, colours.line),
    };
    let painter = ui.painter();
    painter.rect(rect, f32::from(RADIUS), fill, Stroke::new(1.0, stroke), StrokeKind::Inside);
    focus_ring(ui, &response, rect, f32::from(RADIUS));
    let first_line = rect.top() + PADDING - 2.0 + heading.size().y / 2.0;
    let ring = egui::pos2(rect.left() + PADDING + 8.0, first_line);
    painter.circle_stroke(ring, 7.0, Stroke::new(1.5, if chosen { colours.accent } else { colours.faint }));
    if chosen {
        painter.circle_filled(ring, 3.5, colours.accent);
    }
    let at = rect.left_top() + vec2(PADDING + MARK, PADDING - 2.0);
    let below = at + vec2(0.0, heading.size().y + 3.0);
    painter.galley(at, heading, colours.text);
    painter.galley(below, text, colours.dim);
    response
}

//! How far something is.

use egui::{Response, Sense, Ui, WidgetInfo, accesskit::Role, vec2};

use crate::ui::theme::palette;

const HEIGHT: f32 = 10.0;

/// A bar of which `part` (0–1) is done. It moves only when the window is drawn for another reason.
pub fn progress_bar(ui: &mut Ui, name: &str, part: f32) -> Response {
    let colours = palette(ui);
    let part = part.clamp(0.0, 1.0);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    response.widget_info(|| WidgetInfo {
        value: Some(f64::from((part * 100.0).round())),
        ..WidgetInfo::labeled(Role::ProgressIndicator, true, name)
    });
    ui.painter().rect_filled(rect, HEIGHT / 2.0, colours.line);
    let done = rect.with_max_x(rect.left() + rect.width() * part);
    let painter = ui.painter().with_clip_rect(done.intersect(ui.clip_rect()));
    painter.rect_filled(rect, HEIGHT / 2.0, colours.accent);
    response
}

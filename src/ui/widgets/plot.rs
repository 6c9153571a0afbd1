//! A small curve of the last minute, one value a second.

use egui::{
    Align2, Pos2, Rect, Sense, Shape, Stroke, Ui, WidgetInfo, accesskit::Role, pos2, remap_clamp, vec2,
};

use super::paint_line;
use crate::ui::theme::{RADIUS, caps, palette};

const HEIGHT: f32 = 72.0;
const SECONDS: usize = 60;
const INSET: f32 = 8.0;
const CAPTION: f32 = 18.0;

/// `values`: oldest first, the newest at the right edge; a gap where nothing is known. The scale reaches from zero to the
/// largest value, and at least to `least_top`, so that small things look small. `words` say a value.
pub fn plot(
    ui: &mut Ui,
    name: &str,
    width: f32,
    values: &[Option<f32>],
    least_top: f32,
    words: impl Fn(f32) -> String,
) {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::hover());
    let values = &values[values.len().saturating_sub(SECONDS)..];
    let most = values.iter().flatten().copied().reduce(f32::max);
    let said = match most {
        Some(most) => format!("at most {}", words(most)),
        None => "not known yet".to_owned(),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{name}, last minute: {said}")));
    if !ui.is_rect_visible(rect) {
        return;
    }

    let painter = ui.painter();
    painter.rect_filled(rect, f32::from(RADIUS), colours.background);
    let (left, right) = (rect.left() + INSET, rect.right() - INSET);
    let caption_y = rect.top() + INSET / 2.0 + CAPTION / 2.0;
    let at = pos2(right, caption_y);
    let (number, _) = paint_line(painter, at, Align2::RIGHT_CENTER, &said, caps(), colours.dim, right - left);
    let room = number.left() - left - 6.0;
    paint_line(painter, pos2(left, caption_y), Align2::LEFT_CENTER, name, caps(), colours.dim, room);

    let inner =
        Rect::from_min_max(pos2(left, rect.top() + INSET + CAPTION), pos2(right, rect.bottom() - INSET));
    painter.hline(inner.x_range(), inner.bottom(), Stroke::new(1.0, colours.line));
    let top = most.unwrap_or(0.0).max(least_top);
    let first = SECONDS - values.len();
    let point = |index: usize, value: f32| {
        let x = remap_clamp((first + index) as f32, 0.0..=(SECONDS - 1) as f32, inner.left()..=inner.right());
        pos2(x, remap_clamp(value, 0.0..=top, inner.bottom()..=inner.top()))
    };
    let stroke = Stroke::new(1.5, colours.accent);
    let mut curve: Vec<Pos2> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        match value {
            Some(value) => curve.push(point(index, *value)),
            None => draw(ui, &mut curve, stroke),
        }
    }
    draw(ui, &mut curve, stroke);
}

/// One value alone is a point.
fn draw(ui: &Ui, curve: &mut Vec<Pos2>, stroke: Stroke) {
    match std::mem::take(curve).as_slice() {
        [] => {}
        [only] => {
            ui.painter().circle_filled(*only, stroke.width, stroke.color);
        }
        points => {
            ui.painter().add(Shape::line(points.to_vec(), stroke));
        }
    }
}

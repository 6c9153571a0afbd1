//! The level meter: a bar that is green where one should be, and turns amber where it gets loud.

use egui::{
    Color32, Mesh, Rect, Response, Sense, Shape, Stroke, Ui, WidgetInfo, accesskit::Role, pos2, vec2,
};

use crate::{model::Decibels, ui::theme::palette};

const FLOOR: f32 = -60.0;
/// Where loud begins, as a fraction of the bar: -15 dB.
const LOUD: f32 = 0.75;
const HEIGHT: f32 = 10.0;

/// How much of the bar a level fills, 0–1.
pub fn fraction(level: Decibels) -> f32 {
    ((level.0 - FLOOR) / -FLOOR).clamp(0.0, 1.0)
}

/// A bar of `width` that shows `level`. It moves only when the window is drawn for another reason.
pub fn meter(ui: &mut Ui, name: &str, level: Decibels, width: f32) -> Response {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::hover());
    let filled = fraction(level);
    response.widget_info(|| WidgetInfo {
        value: Some(f64::from((filled * 100.0).round())),
        ..WidgetInfo::labeled(Role::Meter, true, name)
    });

    ui.painter().rect_filled(rect, HEIGHT / 2.0, colours.line);
    if filled > 0.0 {
        let lit = rect.with_max_x(rect.left() + rect.width() * filled);
        let painter = ui.painter().with_clip_rect(lit.intersect(ui.clip_rect()));
        painter.rect_filled(rect, HEIGHT / 2.0, colours.live);
        if filled > LOUD {
            let loud = rect.with_min_x(rect.left() + rect.width() * LOUD);
            let body = loud.with_max_x(rect.right() - HEIGHT / 2.0);
            painter.rect_filled(loud, HEIGHT / 2.0, colours.warn);
            painter.add(gradient(body, colours.live, colours.warn));
        }
    }
    response
}

/// Lines across a meter, where something begins or ends.
pub fn meter_marks(ui: &Ui, meter: Rect, marks: &[(Decibels, Color32)]) {
    for (level, color) in marks {
        let x = meter.left() + meter.width() * fraction(*level);
        ui.painter().vline(x, meter.y_range().expand(4.0), Stroke::new(2.0, *color));
    }
}

fn gradient(rect: Rect, left: Color32, right: Color32) -> Shape {
    let mut mesh = Mesh::default();
    for (x, color) in [(rect.left(), left), (rect.right(), right)] {
        mesh.colored_vertex(pos2(x, rect.top()), color);
        mesh.colored_vertex(pos2(x, rect.bottom()), color);
    }
    mesh.add_triangle(0, 1, 2);
    mesh.add_triangle(1, 2, 3);
    Shape::mesh(mesh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_empty_and_full_scale_is_full() {
        assert_eq!(fraction(Decibels::SILENCE), 0.0);
        assert_eq!(fraction(Decibels(0.0)), 1.0);
        assert_eq!(fraction(Decibels(6.0)), 1.0);
        assert_eq!(fraction(Decibels(-30.0)), 0.5);
    }
}

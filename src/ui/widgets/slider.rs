//! A number on a rail.

use std::ops::RangeInclusive;

use egui::{Response, Slider, Ui, WidgetInfo, emath::Numeric};

/// `name` is read out with the value. Returns egui's own response: `changed` while it moves, `dragged` until it is let go.
pub fn slider<N: Numeric>(
    ui: &mut Ui,
    name: &str,
    value: &mut N,
    range: RangeInclusive<N>,
    step: f64,
    width: f32,
) -> Response {
    ui.spacing_mut().slider_width = width;
    let response = ui.add(Slider::new(value, range).step_by(step).show_value(false));
    let (value, enabled) = (value.to_f64(), ui.is_enabled());
    response.widget_info(|| WidgetInfo::slider(enabled, value, name));
    response
}

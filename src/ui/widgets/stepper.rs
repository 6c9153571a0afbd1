//! A small number that goes up and down by one.

use std::ops::RangeInclusive;

use egui::{Align, Layout, Sense, Ui, WidgetInfo, accesskit::Role, vec2};

use super::{Icon, icon_button, paint_line};
use crate::ui::theme::{CONTROL_HEIGHT, palette, strong};

const WIDTH: f32 = 84.0;

/// `words` say the number; `name` is read out. Returns whether it changed.
pub fn stepper(
    ui: &mut Ui,
    name: &str,
    value: &mut u32,
    range: RangeInclusive<u32>,
    words: impl Fn(u32) -> String,
) -> bool {
    let before = *value;
    let size = vec2(2.0 * 32.0 + WIDTH, CONTROL_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.add_enabled_ui(*value > *range.start(), |ui| {
            if icon_button(ui, Icon::Minus, "One place less").clicked() {
                *value = value.saturating_sub(1);
            }
        });
        let (rect, response) = ui.allocate_exact_size(vec2(WIDTH, CONTROL_HEIGHT), Sense::hover());
        let said = words(*value);
        response.widget_info(|| WidgetInfo {
            value: Some(f64::from(*value)),
            current_text_value: Some(said.clone()),
            ..WidgetInfo::labeled(Role::SpinButton, true, name)
        });
        let color = palette(ui).text;
        paint_line(ui.painter(), rect.center(), egui::Align2::CENTER_CENTER, &said, strong(), color, WIDTH);
        ui.add_enabled_ui(*value < *range.end(), |ui| {
            if icon_button(ui, Icon::Plus, "One place more").clicked() {
                *value = value.saturating_add(1);
            }
        });
    });
    *value = (*value).clamp(*range.start(), (*range.end()).max(*range.start()));
    *value != before
}

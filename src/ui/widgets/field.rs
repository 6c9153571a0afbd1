//! Text fields.

use egui::{Frame, Key, Margin, Response, Stroke, TextEdit, Ui, Vec2};

use super::Icon;
use crate::ui::theme::{CONTROL_HEIGHT, RADIUS, body, palette};

/// Longer than any name the service takes.
const MAX_CHARS: usize = 64;

/// One line of text. `name` is read out; `hint` stands in the empty field.
pub fn text_field(ui: &mut Ui, text: &mut String, name: &str, hint: &str) -> Response {
    field(ui, text, name, hint, 12)
}

/// Whether Enter was pressed in the field.
pub fn entered(ui: &Ui, field: &Response) -> bool {
    field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
}

/// A text field with a looking glass.
pub fn search_field(ui: &mut Ui, text: &mut String, hint: &str) -> Response {
    let response = field(ui, text, hint, hint, 38);
    let at = response.rect.left_center() + Vec2::new(22.0, 0.0);
    let place = egui::Rect::from_center_size(at, Vec2::splat(16.0));
    Icon::Search.paint(ui.painter(), place, palette(ui).faint);
    response
}

fn field(ui: &mut Ui, text: &mut String, name: &str, hint: &str, left: i8) -> Response {
    let colours = palette(ui);
    let width = ui.available_width();
    let id = ui.auto_id_with(name);
    let focused = ui.memory(|memory| memory.has_focus(id));
    let stroke = if focused { Stroke::new(2.0, colours.accent) } else { Stroke::new(1.0, colours.line) };
    let frame = Frame::new()
        .fill(colours.background)
        .stroke(stroke)
        .corner_radius(RADIUS)
        .inner_margin(Margin { left, right: 12, top: 0, bottom: 0 });
    let edit = TextEdit::singleline(text)
        .id(id)
        .font(body())
        .hint_text(egui::RichText::new(hint).color(colours.faint))
        .char_limit(MAX_CHARS)
        .frame(frame)
        .desired_width(width)
        .align(egui::Align2::LEFT_CENTER)
        .min_size(Vec2::new(0.0, CONTROL_HEIGHT));
    ui.add_sized([width, CONTROL_HEIGHT], edit).accessible_name(name)
}

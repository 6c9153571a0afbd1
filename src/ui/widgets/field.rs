//! Text fields.

use egui::{Frame, Key, Margin, Response, Stroke, TextBuffer, TextEdit, Ui, Vec2};

use super::Icon;
use crate::ui::theme::{CONTROL_HEIGHT, RADIUS, body, palette};

/// Longer than any name the service takes.
const MAX_NAME: usize = 64;
/// More than any path or address that is typed or pasted.
pub const MAX_LONG: usize = 4096;
const INSET: i8 = 12;

/// One line of text. `name` is read out; `hint` stands in the empty field.
pub fn text_field(ui: &mut Ui, text: &mut String, name: &str, hint: &str) -> Response {
    Field { limit: MAX_NAME, ..Field::new(name, hint) }.show(ui, text)
}

/// The same for a path or an address.
pub fn long_field(ui: &mut Ui, text: &mut String, name: &str, hint: &str) -> Response {
    Field::new(name, hint).show(ui, text)
}

/// A line to be read, selected and copied; in full under the pointer.
pub fn read_only_field(ui: &mut Ui, text: &str, name: &str) -> Response {
    let mut shown = text;
    Field::new(name, "").show(ui, &mut shown).on_hover_text(text)
}

/// Whether Enter was pressed in the field.
pub fn entered(ui: &Ui, field: &Response) -> bool {
    field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
}

/// A text field with a looking glass.
pub fn search_field(ui: &mut Ui, text: &mut String, hint: &str) -> Response {
    let response = Field { limit: MAX_NAME, left: 38, ..Field::new(hint, hint) }.show(ui, text);
    let at = response.rect.left_center() + Vec2::new(22.0, 0.0);
    let place = egui::Rect::from_center_size(at, Vec2::splat(16.0));
    Icon::Search.paint(ui.painter(), place, palette(ui).faint);
    response
}

/// What fields differ in.
pub struct Field<'a> {
    pub name: &'a str,
    pub hint: &'a str,
    /// In characters.
    pub limit: usize,
    pub masked: bool,
    pub left: i8,
    pub right: i8,
}

impl<'a> Field<'a> {
    pub fn new(name: &'a str, hint: &'a str) -> Self {
        Self { name, hint, limit: MAX_LONG, masked: false, left: INSET, right: INSET }
    }

    pub fn show(self, ui: &mut Ui, text: &mut dyn TextBuffer) -> Response {
        let colours = palette(ui);
        let width = ui.available_width();
        let id = ui.auto_id_with(self.name);
        let focused = ui.memory(|memory| memory.has_focus(id));
        let stroke = if focused { Stroke::new(2.0, colours.accent) } else { Stroke::new(1.0, colours.line) };
        let frame = Frame::new()
            .fill(colours.background)
            .stroke(stroke)
            .corner_radius(RADIUS)
            .inner_margin(Margin { left: self.left, right: self.right, top: 0, bottom: 0 });
        let edit = TextEdit::singleline(text)
            .id(id)
            .font(body())
            .hint_text(egui::RichText::new(self.hint).color(colours.faint))
            .char_limit(self.limit)
            .password(self.masked)
            .frame(frame)
            .desired_width(width)
            .align(egui::Align2::LEFT_CENTER)
            .min_size(Vec2::new(0.0, CONTROL_HEIGHT));
        ui.add_sized([width, CONTROL_HEIGHT], edit).accessible_name(self.name)
    }
}

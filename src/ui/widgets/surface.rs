//! What things sit on: cards, the header of a page, hairlines, and the shape of what is still on its way.

use egui::{
    Align2, Color32, Frame, InnerResponse, Layout, Margin, Rect, Sense, Stroke, StrokeKind, Ui, UiBuilder,
    Vec2, vec2,
};

use super::{Icon, icon_button, marked_button};
use crate::ui::theme::{CARD_RADIUS, HEADER_HEIGHT, ROW_HEIGHT, palette};

/// A raised area as wide as there is room. `accented`: it asks for something.
pub fn card<R>(ui: &mut Ui, accented: bool, contents: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let colours = palette(ui);
    Frame::new()
        .fill(colours.card)
        .stroke(Stroke::new(1.0, if accented { colours.accent } else { colours.line }))
        .corner_radius(CARD_RADIUS)
        .inner_margin(Margin::same(16))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            contents(ui)
        })
}

/// A card below a heading.
pub fn settings_card<R>(ui: &mut Ui, heading: &str, contents: impl FnOnce(&mut Ui) -> R) -> R {
    super::caps_heading(ui, heading);
    let inner = card(ui, false, contents).inner;
    ui.add_space(12.0);
    inner
}

/// The way back from a page.
pub struct Back<'a> {
    pub name: &'a str,
    /// What waits there: a number, and what it counts in words.
    pub waiting: Option<(String, String)>,
}

impl<'a> Back<'a> {
    /// Nothing waits there.
    pub fn named(name: &'a str) -> Self {
        Self { name, waiting: None }
    }

    /// Returns whether it was pressed.
    fn show(self, ui: &mut Ui) -> bool {
        let Some((mark, words)) = self.waiting else {
            return icon_button(ui, Icon::Back, self.name).clicked();
        };
        let at = ui.available_rect_before_wrap().left_center();
        let rect = Align2::LEFT_CENTER.anchor_size(at, Vec2::splat(32.0));
        let response = marked_button(ui, rect, Icon::Back, self.name, Some(&mark));
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(words.as_str()));
        ui.advance_cursor_after_rect(rect);
        ui.add_space(6.0);
        response.on_hover_text(words).clicked()
    }
}

/// Escape leads back as well. A dialog, a menu and a field take it for themselves; `typing`: the last frame ended in one.
pub fn escaped(ui: &Ui, typing: bool) -> bool {
    !typing
        && ui.memory(|memory| memory.top_modal_layer().is_none())
        && !egui::Popup::is_any_open(ui.ctx())
        && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape))
}

/// The header of a page: a way back where there is one, a title on the left, actions on the right, a hairline below.
/// Returns whether "back" was pressed.
pub fn header(
    ui: &mut Ui,
    back: Option<Back<'_>>,
    title: impl FnOnce(&mut Ui),
    actions: impl FnOnce(&mut Ui),
) -> bool {
    let rect = Rect::from_min_size(ui.max_rect().min, vec2(ui.max_rect().width(), HEADER_HEIGHT));
    hairline(ui, rect.left(), rect.right(), rect.bottom() - 0.5);
    let mut pressed = false;
    let inner = rect.shrink2(vec2(margin(ui), 0.0));
    place(ui, inner, Layout::right_to_left(egui::Align::Center), |ui| {
        actions(ui);
        let rest = Rect::from_min_max(inner.min, egui::pos2(ui.min_rect().left() - 12.0, inner.bottom()));
        let rest = if ui.min_rect().width() < 1.0 { inner } else { rest };
        place(ui, rest, Layout::left_to_right(egui::Align::Center), |ui| {
            if let Some(back) = back {
                pressed = back.show(ui);
            }
            title(ui);
        });
    });
    ui.advance_cursor_after_rect(rect);
    pressed
}

/// Lays `contents` out inside `rect` without moving what comes next.
pub fn place<R>(ui: &mut Ui, rect: Rect, layout: Layout, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let mut child = ui.new_child(UiBuilder::new().max_rect(rect).layout(layout));
    contents(&mut child)
}

/// The space at the sides of a page.
pub fn margin(ui: &Ui) -> f32 {
    if ui.ctx().content_rect().width() < 760.0 { 16.0 } else { 24.0 }
}

pub fn hairline(ui: &Ui, left: f32, right: f32, y: f32) {
    ui.painter().hline(left..=right, y, Stroke::new(1.0, palette(ui).line));
}

/// Where a row will be once it is here. It stands still: waiting costs no frames.
pub fn skeleton_row(ui: &mut Ui, collapsed: bool) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::hover());
    let color = palette(ui).line.gamma_multiply(0.6);
    let center = rect.left_center() + vec2(36.0, 0.0);
    ui.painter().circle_filled(center, 20.0, color);
    if !collapsed {
        let left = rect.left() + 68.0;
        for (top, width, height) in [(rect.top() + 14.0, 120.0, 10.0), (rect.top() + 32.0, 84.0, 8.0)] {
            let bar = Rect::from_min_size(egui::pos2(left, top), Vec2::new(width, height));
            ui.painter().rect_filled(bar, height / 2.0, color);
        }
    }
}

/// Where a card will be once its contents are here.
pub fn skeleton_card(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 86.0), Sense::hover());
    card_background(ui, rect);
    let color = palette(ui).line.gamma_multiply(0.6);
    ui.painter().circle_filled(rect.left_center() + vec2(42.0, 0.0), 26.0, color);
    for (top, width, height) in [(rect.top() + 28.0, 160.0, 10.0), (rect.top() + 48.0, 112.0, 8.0)] {
        let bar = Rect::from_min_size(egui::pos2(rect.left() + 84.0, top), Vec2::new(width, height));
        ui.painter().rect_filled(bar, height / 2.0, color);
    }
}

/// The outline of a place that can be filled.
pub fn dashed_outline(ui: &Ui, rect: Rect, color: Color32) {
    let radius = f32::from(CARD_RADIUS);
    let inner = rect.shrink(0.5);
    let stroke = Stroke::new(1.0, color);
    let painter = ui.painter();
    // Corners in one piece, sides in dashes.
    for (corner, from) in [
        (inner.left_top() + Vec2::splat(radius), 0.5),
        (inner.right_top() + vec2(-radius, radius), 0.75),
        (inner.right_bottom() - Vec2::splat(radius), 0.0),
        (inner.left_bottom() + vec2(radius, -radius), 0.25),
    ] {
        let from = from * std::f32::consts::TAU;
        let points = super::icon::arc(corner, radius, from, from + 0.25 * std::f32::consts::TAU);
        painter.add(egui::Shape::line(points, stroke));
    }
    let (l, r, t, b) = (inner.left(), inner.right(), inner.top(), inner.bottom());
    for (from, to) in [
        (egui::pos2(l + radius, t), egui::pos2(r - radius, t)),
        (egui::pos2(l + radius, b), egui::pos2(r - radius, b)),
        (egui::pos2(l, t + radius), egui::pos2(l, b - radius)),
        (egui::pos2(r, t + radius), egui::pos2(r, b - radius)),
    ] {
        painter.extend(egui::Shape::dashed_line(&[from, to], stroke, 4.0, 4.0));
    }
}

/// The border of something painted by hand.
pub fn card_background(ui: &Ui, rect: Rect) {
    let colours = palette(ui);
    let stroke = Stroke::new(1.0, colours.line);
    ui.painter().rect(rect, f32::from(CARD_RADIUS), colours.card, stroke, StrokeKind::Inside);
}

/// An arc that goes round ten times a second while something is on its way, and rests when that takes long: a network
/// that is away all night must not keep the window drawing.
pub fn waiting_arc(ui: &mut Ui, size: f32) {
    const STEP: std::time::Duration = std::time::Duration::from_millis(100);
    const RESTS_AFTER_SECONDS: f64 = 30.0;
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(size), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return;
    }
    let turn = (ui.input(|input| input.time) / 1.2).fract() as f32 * std::f32::consts::TAU;
    let points = super::icon::arc(rect.center(), size * 0.4, turn, turn + 0.7 * std::f32::consts::TAU);
    ui.painter().add(egui::Shape::line(points, Stroke::new(2.0, palette(ui).dim)));
    let (now, pass) = (ui.input(|input| input.time), ui.ctx().cumulative_pass_nr());
    // Since when it has been on screen without a break.
    let (since, _) = ui.data_mut(|data| {
        let seen = data.get_temp_mut_or(response.id, (now, pass));
        let went_on = now - seen.0 >= 0.0 && pass - seen.1 <= PASSES_OF_ONE_STAY;
        *seen = (if went_on { seen.0 } else { now }, pass);
        *seen
    });
    if now - since < RESTS_AFTER_SECONDS {
        ui.ctx().request_repaint_after(STEP);
    }
}

/// An arc that was away for more passes than this starts anew.
const PASSES_OF_ONE_STAY: u64 = 4;

//! Text: one line per fact, cut with an ellipsis where it does not fit, in full under the pointer.

use std::sync::Arc;

use egui::{
    Align2, Color32, FontId, Galley, Label, Painter, Pos2, Rect, Response, RichText, Sense, Stroke,
    StrokeKind, Ui, Vec2, WidgetInfo,
    accesskit::Role,
    text::{LayoutJob, TextFormat, TextWrapping},
};

use crate::ui::{
    bidi,
    theme::{self, palette},
};

/// A label of one line.
pub fn line(ui: &mut Ui, text: impl Into<String>, font: FontId, color: Color32) -> Response {
    ordered(ui, text.into(), in_order, |text| {
        Label::new(RichText::new(text).font(font).color(color)).truncate()
    })
}

/// The same, which can be pressed.
pub fn pressable_line(ui: &mut Ui, text: impl Into<String>, font: FontId, color: Color32) -> Response {
    ordered(ui, text.into(), in_order, |text| {
        Label::new(RichText::new(text).font(font).color(color)).truncate().sense(Sense::click())
    })
}

/// A label that takes the width it needs.
pub fn text(ui: &mut Ui, text: impl Into<String>, font: FontId, color: Color32) -> Response {
    ordered(ui, text.into(), in_order, |text| {
        Label::new(RichText::new(text).font(font).color(color)).extend()
    })
}

/// A label that wraps.
pub fn paragraph(ui: &mut Ui, text: impl Into<String>, font: FontId, color: Color32) -> Response {
    let height = font.size * 1.4;
    let width = ui.available_width();
    let painter = ui.painter().clone();
    let fits = |line: &str| painter.layout_no_wrap(line.to_owned(), font.clone(), color).size().x <= width;
    let order = |text: &str| bidi::lines(text, fits).join("\n");
    ordered(ui, text.into(), order, |text| {
        let text = RichText::new(text).font(font.clone()).color(color);
        Label::new(text.line_height(Some(height))).wrap()
    })
}

fn in_order(text: &str) -> String {
    bidi::line(text).into_owned()
}

/// A label of text of any direction: painted as `order` puts it, and read out as it is written.
fn ordered(
    ui: &mut Ui,
    text: String,
    order: impl FnOnce(&str) -> String,
    label: impl FnOnce(String) -> Label,
) -> Response {
    if !bidi::is_needed(&text) {
        return ui.add(label(text));
    }
    let response = ui.add(label(order(&text)));
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, enabled, &text));
    response
}

/// Has a screen reader say what changed, when it is done with what it says now.
pub fn announce(ui: &Ui, response: &Response) {
    let polite = |node: &mut egui::accesskit::Node| node.set_live(egui::accesskit::Live::Polite);
    ui.ctx().accesskit_node_builder(response.id, polite);
}

/// A line laid out by hand, at most `width` wide.
pub fn galley(painter: &Painter, text: &str, font: FontId, color: Color32, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::simple_singleline(bidi::line(text).into_owned(), font, color);
    job.wrap =
        TextWrapping { max_width: width.max(0.0), max_rows: 1, break_anywhere: true, ..Default::default() };
    painter.layout_job(job)
}

/// Paints one line with `at` as its left (or other) middle. Returns its rectangle and whether it was cut.
pub fn paint_line(
    painter: &Painter,
    at: Pos2,
    anchor: Align2,
    text: &str,
    font: FontId,
    color: Color32,
    width: f32,
) -> (Rect, bool) {
    let galley = galley(painter, text, font, color, width);
    let rect = anchor.anchor_size(at, galley.size());
    let cut = galley.elided;
    painter.galley(rect.min, galley, color);
    (rect, cut)
}

/// A quiet heading in capitals above a group.
pub fn caps_heading(ui: &mut Ui, text: &str) -> Response {
    ui.add(Label::new(caps(text, palette(ui).faint)).truncate())
}

/// The same painted by hand, with `at` as its left middle.
pub fn paint_caps(painter: &Painter, at: Pos2, text: &str, color: Color32) {
    let galley = painter.layout_job(caps(text, color));
    painter.galley(Align2::LEFT_CENTER.anchor_size(at, galley.size()).min, galley, color);
}

fn caps(text: &str, color: Color32) -> LayoutJob {
    let mut job = LayoutJob::default();
    let font_id = theme::caps();
    let format = TextFormat { font_id, color, extra_letter_spacing: 0.5, ..Default::default() };
    job.append(&text.to_uppercase(), 0.0, format);
    job
}

const PILL_PADDING: Vec2 = Vec2::new(9.0, 3.0);

/// How wide a pill is that has room.
pub fn pill_width(painter: &Painter, text: &str) -> f32 {
    galley(painter, text, theme::caps(), Color32::WHITE, f32::INFINITY).size().x + 2.0 * PILL_PADDING.x
}

/// A small outlined word, with `at` as its left middle, at most `width` wide.
pub fn pill(ui: &Ui, at: Pos2, text: &str, width: f32) -> Rect {
    let colours = palette(ui);
    let galley = galley(ui.painter(), text, theme::caps(), colours.dim, width - 2.0 * PILL_PADDING.x);
    let rect = Align2::LEFT_CENTER.anchor_size(at, galley.size() + 2.0 * PILL_PADDING);
    ui.painter().rect_stroke(rect, rect.height() / 2.0, Stroke::new(1.0, colours.line), StrokeKind::Inside);
    ui.painter().galley(rect.min + PILL_PADDING, galley, colours.dim);
    rect
}

/// The key on a keyboard that a hint names.
pub fn key_cap(ui: &mut Ui, key: &str) -> Response {
    let colours = palette(ui);
    let padding = Vec2::new(8.0, 2.0);
    let text =
        galley(ui.painter(), key, theme::small(), colours.text, ui.available_width() - 2.0 * padding.x);
    let (rect, response) = ui.allocate_exact_size(text.size() + 2.0 * padding + Vec2::Y, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, key));
    let stroke = Stroke::new(1.0, colours.line);
    ui.painter().rect(rect, 6.0, colours.line, stroke, StrokeKind::Inside);
    let top = Rect::from_min_max(rect.min, rect.max - Vec2::Y);
    ui.painter().rect(top, 6.0, colours.background, stroke, StrokeKind::Inside);
    ui.painter().galley(rect.min + padding, text, colours.text);
    response
}

/// A name and below it what it stands for, each on a line.
pub fn fact(ui: &mut Ui, name: &str, value: &str) {
    let colours = palette(ui);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        line(ui, name, theme::small(), colours.dim);
        line(ui, value, theme::body(), colours.text);
    });
}

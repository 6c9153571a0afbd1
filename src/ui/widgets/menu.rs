//! Menus and choices.

use egui::{
    Align2, Color32, Popup, PopupCloseBehavior, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, accesskit::Role, vec2,
};

use super::{Icon, focus_ring, paint_line, scroll_to_focus};
use crate::ui::theme::{CONTROL_HEIGHT, RADIUS, body, palette, strong};

const ITEM_HEIGHT: f32 = 36.0;

/// A menu that opens below `button` when it is pressed, and closes with what is pressed in it.
pub fn menu(button: &Response, name: &str, width: f32, contents: impl FnOnce(&mut Ui)) {
    open_below(button, name, width, PopupCloseBehavior::CloseOnClick, contents);
}

/// The same with more than items in it: `contents` closes it by [`Ui::close`].
pub fn menu_of_controls(button: &Response, name: &str, width: f32, contents: impl FnOnce(&mut Ui)) {
    open_below(button, name, width, PopupCloseBehavior::CloseOnClickOutside, contents);
}

fn open_below(
    button: &Response,
    name: &str,
    width: f32,
    closes: PopupCloseBehavior,
    contents: impl FnOnce(&mut Ui),
) {
    // Rows reach to the edge of the window; their menus should not.
    let anchor = button.rect.with_min_x(button.rect.left().max(8.0));
    Popup::menu(button)
        .anchor(anchor)
        .accessible_name(name)
        .width(width)
        .gap(4.0)
        .close_behavior(closes)
        .show(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.set_width(width);
            contents(ui);
        });
}

/// A menu that opens where `thing` is pressed with the other button of the mouse.
pub fn context_menu(thing: &Response, name: &str, width: f32, contents: impl FnOnce(&mut Ui)) {
    Popup::context_menu(thing)
        .accessible_name(name)
        .width(width)
        .close_behavior(PopupCloseBehavior::CloseOnClick)
        .show(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.set_width(width);
            contents(ui);
        });
}

/// A row of a menu; `chosen` is `Some` where the rows are alternatives.
pub fn menu_item(ui: &mut Ui, text: &str, chosen: Option<bool>) -> Response {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ITEM_HEIGHT), Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| match chosen {
        Some(chosen) => WidgetInfo::selected(Role::MenuItemRadio, enabled, chosen, text),
        None => WidgetInfo::labeled(Role::MenuItem, enabled, text),
    });
    scroll_to_focus(&response);
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 6.0, colours.line.gamma_multiply(0.7));
    }
    focus_ring(ui, &response, rect.shrink(2.0), 6.0);
    let mark = if chosen.is_some() { 24.0 } else { 0.0 };
    if chosen == Some(true) {
        let at = rect.right_center() - vec2(18.0, 0.0);
        Icon::Check.paint(
            ui.painter(),
            Align2::CENTER_CENTER.anchor_size(at, Vec2::splat(16.0)),
            colours.accent,
        );
    }
    let room = rect.width() - 20.0 - mark;
    let at = rect.left_center() + vec2(10.0, 0.0);
    let (_, cut) = paint_line(ui.painter(), at, Align2::LEFT_CENTER, text, body(), colours.text, room);
    if cut { response.on_hover_text(text) } else { response }
}

/// A field that shows one of several values and opens a menu of them. Returns the index that was picked.
pub fn select(ui: &mut Ui, name: &str, width: f32, options: &[String], chosen: usize) -> Option<usize> {
    let colours = palette(ui);
    let text = options.get(chosen).map_or("", String::as_str);
    let (rect, response) = ui.allocate_exact_size(vec2(width, CONTROL_HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo {
        current_text_value: Some(text.to_owned()),
        ..WidgetInfo::labeled(Role::ComboBox, true, name)
    });
    let stroke = Stroke::new(1.0, if response.hovered() { colours.faint } else { colours.line });
    ui.painter().rect(rect, f32::from(RADIUS), colours.background, stroke, StrokeKind::Inside);
    focus_ring(ui, &response, rect, f32::from(RADIUS));
    let at = rect.right_center() - vec2(20.0, 0.0);
    Icon::Down.paint(ui.painter(), Align2::CENTER_CENTER.anchor_size(at, Vec2::splat(16.0)), colours.dim);
    let at = rect.left_center() + vec2(12.0, 0.0);
    let (_, cut) =
        paint_line(ui.painter(), at, Align2::LEFT_CENTER, text, body(), colours.text, rect.width() - 48.0);
    let response = if cut { response.on_hover_text(text) } else { response };

    let mut picked = None;
    menu(&response, name, width - 14.0, |ui| {
        egui::ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for (index, option) in options.iter().enumerate() {
                if menu_item(ui, option, Some(index == chosen)).clicked() {
                    picked = Some(index);
                }
            }
        });
    });
    picked
}

/// A row of a list of pages, `chosen` being the one on show. As wide as its column, or as its text in a row of them.
pub fn nav_item(ui: &mut Ui, text: &str, chosen: bool) -> Response {
    let colours = palette(ui);
    let font = if chosen { strong() } else { body() };
    let galley = super::text::galley(ui.painter(), text, font, Color32::PLACEHOLDER, f32::INFINITY);
    let width = match ui.layout().is_horizontal() {
        // The bold text of a chosen item must not push its neighbours.
        true => {
            super::text::galley(ui.painter(), text, strong(), Color32::PLACEHOLDER, f32::INFINITY).size().x
                + 24.0
        }
        false => ui.available_width(),
    };
    let (rect, response) = ui.allocate_exact_size(vec2(width, 38.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, text));
    if chosen || response.hovered() {
        let fill = if ui.visuals().dark_mode { colours.card } else { colours.line.gamma_multiply(0.55) };
        ui.painter().rect_filled(rect, f32::from(RADIUS), fill);
    }
    focus_ring(ui, &response, rect.shrink(2.0), f32::from(RADIUS));
    let color = if chosen || response.hovered() { colours.text } else { colours.dim };
    let place = Align2::LEFT_CENTER.anchor_size(rect.left_center() + vec2(12.0, 0.0), galley.size());
    ui.painter().galley(place.min, galley, color);
    response
}

/// A box with or without its tick.
pub fn tick(ui: &Ui, rect: Rect, ticked: bool) {
    let colours = palette(ui);
    if ticked {
        ui.painter().rect_filled(rect, 5.0, colours.accent);
        Icon::Check.paint(ui.painter(), rect.shrink(2.0), colours.on_accent);
    } else {
        ui.painter().rect_stroke(rect, 5.0, Stroke::new(1.5, colours.faint), StrokeKind::Inside);
    }
}

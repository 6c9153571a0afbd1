//! A dialog over the window. Escape and a click beside it close it.

use egui::{
    Align, Context, Frame, Id, Key, Layout, Margin, Modal, ModalResponse, Modifiers, ScrollArea, Stroke, Ui,
};

use super::{Button, line};
use crate::ui::theme::{CARD_RADIUS, CONTROL_HEIGHT, palette, title};

/// Shows it for this frame. Returns `true` when it wants to close.
pub fn dialog(ctx: &Context, heading: &str, contents: impl FnOnce(&mut Ui)) -> bool {
    dialog_of(ctx, heading, heading, contents)
}

/// The same under a heading that may change: it stays the same dialog by its `kind`.
pub fn dialog_of(ctx: &Context, kind: &str, heading: &str, contents: impl FnOnce(&mut Ui)) -> bool {
    show(ctx, kind, heading, contents).should_close()
}

/// The same for what goes on outside of the window: a click beside it, on the way back from there, does not give it up.
pub fn firm_dialog(ctx: &Context, heading: &str, contents: impl FnOnce(&mut Ui)) -> bool {
    let response = show(ctx, heading, heading, contents);
    response.is_top_modal
        && !response.any_popup_open
        && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
}

/// The same without a heading: `name` is read out.
pub fn sheet(ctx: &Context, kind: &str, name: &str, contents: impl FnOnce(&mut Ui)) -> bool {
    modal(ctx, kind, name, contents).should_close()
}

fn show(ctx: &Context, kind: &str, heading: &str, contents: impl FnOnce(&mut Ui)) -> ModalResponse<()> {
    modal(ctx, kind, heading, |ui| {
        line(ui, heading, title(), palette(ui).text);
        ui.add_space(8.0);
        contents(ui);
    })
}

fn modal(ctx: &Context, kind: &str, name: &str, contents: impl FnOnce(&mut Ui)) -> ModalResponse<()> {
    let style = ctx.global_style();
    let frame = Frame::new()
        .fill(style.visuals.window_fill)
        .stroke(style.visuals.window_stroke)
        .corner_radius(CARD_RADIUS)
        .inner_margin(Margin::same(24));
    let id = Id::unique("dialog").with(kind);
    let area = Modal::default_area(id).accessible_name(name).role(egui::accesskit::Role::Dialog);
    let response = Modal::new(id).area(area).frame(frame).show(ctx, |ui| {
        let room = ctx.content_rect().size();
        ui.set_width((room.x - 96.0).min(440.0));
        ui.set_max_height(room.y - 96.0);
        // In the smallest window even a dialog scrolls.
        ScrollArea::vertical().id_salt(kind).max_height(room.y - 64.0).show(ui, contents);
    });
    let size = response.response.rect.size();
    let before = ctx.data_mut(|data| data.get_temp_mut_or(id, size).to_owned());
    if before != size {
        // It stands where its size of the pass before has its middle: draw again now, since no later frame may come.
        ctx.data_mut(|data| data.insert_temp(id, size));
        ctx.request_discard("a dialog has a new size");
    }
    response
}

/// What was pressed at the foot of a dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressed {
    Confirm,
    Cancel,
}

/// The foot of a dialog: what it does, and the way out of it.
pub fn dialog_buttons(ui: &mut Ui, confirm: &str, enabled: bool) -> Option<Pressed> {
    dialog_foot(ui, Button::primary(confirm), enabled)
}

/// The same with a button of the caller's.
pub fn dialog_foot(ui: &mut Ui, confirm: Button<'_>, enabled: bool) -> Option<Pressed> {
    foot(ui, confirm, enabled, "Cancel")
}

/// The same with a way out under a name of its own.
pub fn dialog_choice(ui: &mut Ui, confirm: Button<'_>, cancel: &str) -> Option<Pressed> {
    foot(ui, confirm, true, cancel)
}

fn foot(ui: &mut Ui, confirm: Button<'_>, enabled: bool, cancel: &str) -> Option<Pressed> {
    let mut pressed = None;
    ui.add_space(8.0);
    let size = egui::vec2(ui.available_width(), CONTROL_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        if ui.add_enabled(enabled, confirm).clicked() {
            pressed = Some(Pressed::Confirm);
        }
        if ui.add(Button::ghost(cancel)).clicked() {
            pressed = Some(Pressed::Cancel);
        }
    });
    pressed
}

/// A dialog's frame for what floats without being one.
pub fn floating_frame(ui: &Ui) -> Frame {
    let colours = palette(ui);
    Frame::new()
        .fill(colours.card)
        .stroke(Stroke::new(1.0, colours.line))
        .corner_radius(CARD_RADIUS)
        .inner_margin(Margin::symmetric(16, 12))
}

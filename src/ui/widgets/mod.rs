//! The pieces screens are made of. Each paints itself from [`super::theme`] and names itself for screen readers.

mod avatar;
mod banner;
mod button;
mod choice;
mod dialog;
mod field;
mod icon;
mod mark;
mod menu;
mod meter;
mod plot;
mod progress;
mod secret_field;
mod slider;
mod stepper;
mod surface;
mod text;
mod toggle;

pub use self::text::{
    announce, caps_heading, fact, key_cap, line, paint_caps, paint_line, paragraph, pill, pill_width,
    pressable_line, text,
};
pub use avatar::{Avatar, Badge, game_icon};
pub use banner::{banner, banner_frame, banner_row};
pub use button::{Button, button_pair, icon_button, text_button};
pub use choice::choice_row;
pub use dialog::{
    Pressed, dialog, dialog_buttons, dialog_choice, dialog_foot, dialog_of, firm_dialog, floating_frame,
    sheet,
};
pub use field::{entered, long_field, read_only_field, search_field, text_field};
pub use icon::Icon;
pub use mark::{count_badge, marked_button};
pub use menu::{context_menu, menu, menu_item, menu_of_controls, nav_item, select, tick};
pub use meter::{fraction as meter_fraction, meter, meter_marks};
pub use plot::plot;
pub use progress::progress_bar;
pub use secret_field::{SecretText, secret_field};
pub use slider::slider;
pub use stepper::stepper;
pub use surface::{
    Back, card, card_background, dashed_outline, escaped, hairline, header, margin, place, settings_card,
    skeleton_card, skeleton_row, waiting_arc,
};
pub use toggle::toggle_row;

use egui::{Rect, Response, Stroke, StrokeKind, Ui};

use super::theme::palette;

/// Brings what the keyboard has just reached into view.
pub fn scroll_to_focus(response: &Response) {
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
}

/// Shows where the keyboard is.
pub fn focus_ring(ui: &Ui, response: &Response, rect: Rect, radius: f32) {
    if response.has_focus() {
        let stroke = Stroke::new(2.0, palette(ui).accent);
        ui.painter().rect_stroke(rect.expand(2.0), radius + 2.0, stroke, StrokeKind::Outside);
    }
}

/// Gives a dialog's first field the focus when it appears.
pub fn focus_first(ui: &Ui, response: &Response) {
    let id = response.id.with("focused");
    let frame = ui.ctx().cumulative_frame_nr();
    let seen = ui.data_mut(|data| {
        let seen = data.get_temp::<u64>(id);
        data.insert_temp(id, frame);
        seen
    });
    if seen.is_none_or(|seen| seen + 1 < frame) {
        response.request_focus();
    }
}
